package mib

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A declaration is what a module's text says of one object, in the form that
// both the text and our table can be brought into.
type declaration struct {
	Name, Syntax, Access, Status, Index, Place string
}

var (
	comments   = regexp.MustCompile(`--[^\n]*`)
	quoted     = regexp.MustCompile(`"[^"]*"`)
	objectType = regexp.MustCompile(`(\w+) OBJECT-TYPE\s+SYNTAX\s+([^"]*?)\s+(?:UNITS\s+""\s+)?MAX-ACCESS\s+([\w-]+)\s+STATUS\s+(\w+)\s+DESCRIPTION\s+""\s+(?:(INDEX|AUGMENTS)\s+\{\s*([^}]*?)\s*\}\s+)?(?:DEFVAL\s+\{[^}]*\}\s+)?::= \{ (\w+) (\d+) \}`)
	identifier = regexp.MustCompile(`(\w+)\s+OBJECT IDENTIFIER ::= \{ (\w+) (\d+) \}`)
	convention = regexp.MustCompile(`(\w+) ::= TEXTUAL-CONVENTION\s[^:]*?SYNTAX\s+([^"]*?)\s*\n\n`)
	group      = regexp.MustCompile(`(\w+) OBJECT-GROUP\s+OBJECTS\s+\{([^}]*)\}`)
	blanks     = regexp.MustCompile(`\s+`)
)

// ownModule returns the text of NETRAMET-MIB without comments and strings.
func ownModule(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("NETRAMET-MIB.txt")
	if err != nil {
		t.Fatal(err)
	}
	return quoted.ReplaceAllString(comments.ReplaceAllString(string(text), ""), `""`)
}

// plain brings a SYNTAX into one spelling.
func plain(syntax string) string {
	s := blanks.ReplaceAllString(syntax, " ")
	return strings.NewReplacer("{ ", "{", " }", "}", ", ", ",", " (", "(").Replace(s)
}

// TestOwnModule holds our table against NETRAMET-MIB.txt: what the one has the
// other has too, with the same place, syntax, access and index.
func TestOwnModule(t *testing.T) {
	text := ownModule(t)
	var fromText []declaration
	for _, m := range objectType.FindAllStringSubmatch(text, -1) {
		fromText = append(fromText, declaration{m[1], plain(m[2]), m[3], m[4], m[5] + plain(m[6]), m[7] + "." + m[8]})
	}
	if n := strings.Count(text, " OBJECT-TYPE\n"); n != len(fromText) || n == 0 {
		t.Fatalf("%d of %d objects in the text were understood", len(fromText), n)
	}
	var fromTable []declaration
	for _, o := range Objects() {
		if x := o.Info(); x.Module == "NETRAMET-MIB" && x.Kind != KindNode {
			fromTable = append(fromTable, declare(t, x))
		}
	}
	byName := func(a, b declaration) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(fromText, byName)
	slices.SortFunc(fromTable, byName)
	if d := cmp.Diff(fromText, fromTable); d != "" {
		t.Errorf("module text (-) and objects.txt (+) differ:\n%s", d)
	}
	for _, m := range identifier.FindAllStringSubmatch(text, -1) {
		if m[2] == "ntmConformance" {
			continue // groups are no objects
		}
		o, ok := LookupObject(m[1])
		if !ok || place(t, o.Info()) != m[2]+"."+m[3] {
			t.Errorf("%s is at %s.%s in the text", m[1], m[2], m[3])
		}
	}
	if got := dotted(ObjNetrametMIB.OID()); got != "1.3.6.1.4.1.411.2720" ||
		!strings.Contains(text, "::= { iso org(3) dod(6) internet(1) private(4) enterprises(1) auckland(411) 2720 }") {
		t.Errorf("netrametMIB is at %s", got)
	}
}

// declare turns an object of our table into a declaration.
func declare(t *testing.T, x *Object) declaration {
	d := declaration{Name: x.Name, Status: "current", Place: place(t, x)}
	d.Access = []string{"not-accessible", "read-only", "read-write", "read-create"}[x.Access]
	entryType := func(entry string) string { return strings.ToUpper(entry[:1]) + entry[1:] }
	switch x.Kind {
	case KindTable:
		entry, _ := LookupObject(strings.TrimSuffix(x.Name, "Table") + "Entry")
		d.Syntax = "SEQUENCE OF " + entryType(entry.String())
		return d
	case KindEntry:
		d.Syntax = entryType(x.Name)
		if x.HasAugment {
			d.Index = "AUGMENTS" + x.Augments.String()
			return d
		}
		var names []string
		for _, i := range x.Index {
			names = append(names, i.String())
		}
		d.Index = "INDEX" + strings.Join(names, ",")
		return d
	}
	d.Syntax = syntaxText(x)
	return d
}

// syntaxText renders the type of an object as NETRAMET-MIB spells it.
func syntaxText(x *Object) string {
	if x.Type == "enum" {
		var names []string
		for _, e := range x.Enums {
			names = append(names, fmt.Sprintf("%s(%d)", e.Name, e.Value))
		}
		return "INTEGER {" + strings.Join(names, ",") + "}"
	}
	if x.Type == "Octets" {
		return "OCTET STRING"
	}
	full := map[Syntax]int64{SyntaxGauge32: 1<<32 - 1}[x.Syntax]
	if full > 0 && (x.Min != 0 || x.Max != full) {
		return fmt.Sprintf("%s(%d..%d)", x.Type, x.Min, x.Max)
	}
	return x.Type
}

// place renders an object's place as "parent.n".
func place(t *testing.T, x *Object) string {
	t.Helper()
	parent, exact := search(x.OID[:len(x.OID)-1])
	if !exact {
		t.Errorf("%s has no parent", x.Name)
		return ""
	}
	return parent.String() + "." + strconv.Itoa(int(x.OID[len(x.OID)-1]))
}

// TestOwnConventions: the textual conventions say what objects.txt does.
func TestOwnConventions(t *testing.T) {
	got := map[string]string{}
	for _, m := range convention.FindAllStringSubmatch(ownModule(t), -1) {
		got[m[1]] = plain(m[2])
	}
	phase := *ObjNtmTraceState.Info()
	phase.Type = "enum"
	want := map[string]string{
		"NtmUnsigned64": fmt.Sprintf("OCTET STRING(SIZE(%d))", ObjNtmReaderTime.Info().Max),
		"NtmTracePhase": syntaxText(&phase),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestOwnGroups: each object that can be read is in one conformance group.
func TestOwnGroups(t *testing.T) {
	in := map[string]string{}
	for _, m := range group.FindAllStringSubmatch(ownModule(t), -1) {
		for _, name := range strings.FieldsFunc(m[2], func(c rune) bool { return c == ',' || c <= ' ' }) {
			if in[name] != "" {
				t.Errorf("%s is in %s and %s", name, in[name], m[1])
			}
			in[name] = m[1]
		}
	}
	n := 0
	for _, o := range Objects() {
		if x := o.Info(); x.Module == "NETRAMET-MIB" && x.Access > NotAccessible {
			n++
			if in[x.Name] == "" {
				t.Errorf("%s is in no group", x.Name)
			}
		}
	}
	if n != len(in) {
		t.Errorf("%d objects in groups, %d can be read", len(in), n)
	}
}
