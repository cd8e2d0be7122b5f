package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// model is what objects.txt says.
type model struct {
	types   map[string]syntax
	objects []*object
	byName  map[string]*object

	module string
	entry  *object // of the table whose columns are being read
}

// syntax is a type: a base type with limits, or an enumeration.
type syntax struct {
	base     string // a key of bases
	name     string // as it is called where it is used
	min, max int64
	enums    []enum
}

type enum struct {
	name  string
	value int64
}

// object is one line of objects.txt, or the entry of a table.
type object struct {
	name, module, kind string
	oid                []uint32
	syntax             syntax
	access             string // a key of accesses
	index              []string
	augments           string
	table              *object // of a column or an entry
	deprecated         bool
}

// bases are the base types: the Go name of their Syntax, and their limits.
var bases = map[string]struct {
	syntax   string
	min, max int64
}{
	"Integer32":  {"SyntaxInteger", math.MinInt32, math.MaxInt32},
	"Octets":     {"SyntaxOctets", 0, 65535},
	"ObjectID":   {"SyntaxObjectID", 0, 0},
	"Counter32":  {"SyntaxCounter32", 0, math.MaxUint32},
	"Gauge32":    {"SyntaxGauge32", 0, math.MaxUint32},
	"Unsigned32": {"SyntaxGauge32", 0, math.MaxUint32},
	"TimeTicks":  {"SyntaxTimeTicks", 0, math.MaxUint32},
	"Counter64":  {"SyntaxCounter64", 0, math.MaxInt64},
}

// accesses are the words for MAX-ACCESS with the Go names.
var accesses = map[string]string{"no": "NotAccessible", "ro": "ReadOnly", "rw": "ReadWrite", "rc": "ReadCreate"}

// parse reads objects.txt. Errors tell the line.
func parse(text string) (*model, error) {
	m := &model{types: map[string]syntax{}, byName: map[string]*object{}}
	for name, b := range bases {
		m.types[name] = syntax{base: name, name: name, min: b.min, max: b.max}
	}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		number, line := i+1, lines[i]
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + lines[i]
		}
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) > 0 {
			if err := m.statement(f); err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
		}
	}
	return m, m.finish()
}

// statement takes one line.
func (m *model) statement(f []string) error {
	deprecated := f[len(f)-1] == "deprecated"
	if deprecated {
		f = f[:len(f)-1]
	}
	want := map[string]int{"module": 2, "node": 3, "scalar": 5}
	if n, ok := want[f[0]]; ok && len(f) != n {
		return fmt.Errorf("%s takes %d words", f[0], n-1)
	}
	switch f[0] {
	case "module":
		m.module = f[1]
		return nil
	case "type":
		return m.defineType(f)
	case "node":
		_, err := m.place(f[1], "Node", f[2])
		return err
	case "scalar":
		o, err := m.place(f[1], "Scalar", f[2])
		if err != nil {
			return err
		}
		o.deprecated = deprecated
		return m.describe(o, f[3], f[4])
	case "table":
		return m.table(f, deprecated)
	}
	if m.entry == nil || len(f) != 4 {
		return fmt.Errorf("%q is no statement", f[0])
	}
	o, err := m.place(f[1], "Column", m.entry.name+"."+f[0])
	if err != nil {
		return err
	}
	o.deprecated, o.table = deprecated, m.entry.table
	return m.describe(o, f[2], f[3])
}

// table takes "table NAME PARENT.N ENTRY index|augments NAME...".
func (m *model) table(f []string, deprecated bool) error {
	if len(f) < 6 || f[4] != "index" && f[4] != "augments" {
		return fmt.Errorf("table takes a name, a place, an entry and an index")
	}
	t, err := m.place(f[1], "Table", f[2])
	if err != nil {
		return err
	}
	e, err := m.place(f[3], "Entry", f[1]+".1")
	if err != nil {
		return err
	}
	t.deprecated, e.deprecated = deprecated, deprecated
	e.table = t
	if f[4] == "augments" {
		e.augments = f[5]
	} else {
		e.index = f[5:]
	}
	m.entry = e
	return nil
}

// place makes an object at "parent.n..." or at a numeric place.
func (m *model) place(name, kind, at string) (*object, error) {
	if m.byName[name] != nil {
		return nil, fmt.Errorf("%s is there already", name)
	}
	if m.module == "" {
		return nil, fmt.Errorf("%s belongs to no module", name)
	}
	o := &object{name: name, module: m.module, kind: kind, access: "no"}
	parts := strings.Split(at, ".")
	if p := m.byName[parts[0]]; p != nil {
		o.oid, parts = slices.Clone(p.oid), parts[1:]
	}
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no place below an object", name, at)
		}
		o.oid = append(o.oid, uint32(n))
	}
	for _, other := range m.objects {
		if slices.Equal(other.oid, o.oid) {
			return nil, fmt.Errorf("%s is at the place of %s", name, other.name)
		}
	}
	m.objects, m.byName[name] = append(m.objects, o), o
	if kind != "Column" {
		m.entry = nil // the columns of the table before are over
	}
	return o, nil
}

// describe gives an object type and access.
func (m *model) describe(o *object, typ, access string) (err error) {
	if accesses[access] == "" {
		return fmt.Errorf("%s: access %q is not no, ro, rw or rc", o.name, access)
	}
	o.access = access
	if o.syntax, err = m.parseSyntax(typ); err != nil {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	return nil
}

// defineType takes "type NAME SYNTAX" and "type NAME enum a(1) b(2) ...".
func (m *model) defineType(f []string) error {
	if len(f) < 3 || len(f) > 3 && f[2] != "enum" {
		return fmt.Errorf("type takes a name and a syntax")
	}
	if _, ok := m.types[f[1]]; ok {
		return fmt.Errorf("type %s is there already", f[1])
	}
	text := f[2]
	if text == "enum" {
		text = "enum{" + strings.Join(f[3:], ",") + "}"
	}
	s, err := m.parseSyntax(text)
	if err != nil {
		return fmt.Errorf("type %s: %w", f[1], err)
	}
	s.name = f[1]
	m.types[f[1]] = s
	return nil
}

// parseSyntax reads "Name", "Name(n)", "Name(lo..hi)" or "enum{a(1),...}".
func (m *model) parseSyntax(text string) (s syntax, err error) {
	if body, ok := strings.CutPrefix(text, "enum{"); ok {
		body, ok = strings.CutSuffix(body, "}")
		if !ok {
			return s, fmt.Errorf("%q has no end", text)
		}
		return parseEnum(body)
	}
	name, limits, limited := strings.Cut(text, "(")
	s, ok := m.types[name]
	if !ok {
		return s, fmt.Errorf("type %q is not known", name)
	}
	if !limited {
		return s, nil
	}
	limits, ok = strings.CutSuffix(limits, ")")
	lo, hi, isRange := strings.Cut(limits, "..")
	if !isRange {
		hi = lo
	}
	min, err1 := strconv.ParseInt(lo, 10, 64)
	max, err2 := strconv.ParseInt(hi, 10, 64)
	if !ok || err1 != nil || err2 != nil || min > max || min < s.min || max > s.max {
		return s, fmt.Errorf("limits of %q", text)
	}
	s.min, s.max = min, max
	return s, nil
}

// parseEnum reads "a(1),b(2)". Values rise.
func parseEnum(body string) (s syntax, err error) {
	s = syntax{base: "Integer32", name: "enum"}
	for _, item := range strings.Split(body, ",") {
		name, value, ok := strings.Cut(item, "(")
		value, ok2 := strings.CutSuffix(value, ")")
		n, err := strconv.ParseInt(value, 10, 32)
		if !ok || !ok2 || err != nil || name == "" {
			return s, fmt.Errorf("%q is no name(number)", item)
		}
		if k := len(s.enums); k > 0 && n <= s.enums[k-1].value {
			return s, fmt.Errorf("%s does not rise", item)
		}
		s.enums = append(s.enums, enum{name, n})
	}
	s.min, s.max = s.enums[0].value, s.enums[len(s.enums)-1].value
	return s, nil
}

// finish checks the names that lines refer to, gives augmenting tables their
// index, and sorts by OID.
func (m *model) finish() error {
	for _, o := range m.objects {
		if o.augments != "" {
			base := m.byName[o.augments]
			if base == nil || base.kind != "Entry" || len(base.index) == 0 {
				return fmt.Errorf("%s augments %s, which is no entry with an index", o.name, o.augments)
			}
			o.index = base.index
		}
		for _, i := range o.index {
			if x := m.byName[i]; x == nil || x.kind != "Column" {
				return fmt.Errorf("%s: index %s is no column", o.name, i)
			}
		}
	}
	slices.SortFunc(m.objects, func(a, b *object) int { return slices.Compare(a.oid, b.oid) })
	return nil
}
