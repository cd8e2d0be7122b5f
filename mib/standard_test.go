package mib

import (
	"encoding/xml"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// moduleTexts is the folder with the IETF's modules, relative to this package.
const moduleTexts = "../../shared/reference/mibs"

// smiModule is what smidump says of a module (smidump -f xml).
type smiModule struct {
	Typedefs []smiTypedef `xml:"typedefs>typedef"`
	Nodes    struct {
		Nodes   []smiObject `xml:"node"`
		Scalars []smiObject `xml:"scalar"`
		Tables  []struct {
			smiObject
			Row struct {
				smiObject
				Linkage struct {
					Index    []smiName `xml:"index"`
					Augments *smiName  `xml:"augments"`
				} `xml:"linkage"`
				Columns []smiObject `xml:"column"`
			} `xml:"row"`
		} `xml:"table"`
	} `xml:"nodes"`
}

type smiName struct {
	Module string `xml:"module,attr"`
	Name   string `xml:"name,attr"`
}

type smiTypedef struct {
	Name   string    `xml:"name,attr"`
	Base   string    `xml:"basetype,attr"`
	Parent *smiName  `xml:"parent"`
	Ranges []smiSpan `xml:"range"`
	Enums  []struct {
		Name   string `xml:"name,attr"`
		Number int32  `xml:"number,attr"`
	} `xml:"namednumber"`
}

type smiSpan struct {
	Min string `xml:"min,attr"`
	Max string `xml:"max,attr"`
}

type smiObject struct {
	Name   string `xml:"name,attr"`
	OID    string `xml:"oid,attr"`
	Status string `xml:"status,attr"`
	Access string `xml:"access"`
	Syntax struct {
		Type    *smiName    `xml:"type"`
		Typedef *smiTypedef `xml:"typedef"`
	} `xml:"syntax"`

	kind     Kind
	index    []string
	augments string
}

// modules are the modules that smidump has read, with their objects and types.
type modules struct {
	objects map[string][]smiObject // by module
	types   map[smiName]smiTypedef
}

// loadModules has smidump, of the libsmi tools, read the modules of our objects
// and those that they import types from.
func loadModules(t *testing.T) *modules {
	t.Helper()
	if _, err := os.Stat(filepath.Join(moduleTexts, "FLOW-METER-MIB.txt")); err != nil {
		t.Skipf("the IETF's module texts are not in %s", moduleTexts)
	}
	if _, err := exec.LookPath("smidump"); err != nil {
		t.Skip("smidump, of the libsmi tools, is not here")
	}
	m := &modules{objects: map[string][]smiObject{}, types: map[smiName]smiTypedef{}}
	names := []string{"SNMPv2-TC", "RMON2-MIB", "IANAifType-MIB"} // types of theirs
	for _, o := range Objects() {
		if name := o.Info().Module; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		file := filepath.Join(moduleTexts, name+".txt")
		if name == "NETRAMET-MIB" {
			file = name + ".txt"
		}
		m.load(t, name, file)
	}
	return m
}

func (m *modules) load(t *testing.T, name, file string) {
	t.Helper()
	cmd := exec.Command("smidump", "-k", "-f", "xml", file)
	cmd.Env = append(os.Environ(), "SMIPATH="+moduleTexts)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("smidump %s: %v", file, err)
	}
	var x smiModule
	if err := xml.Unmarshal(out, &x); err != nil {
		t.Fatalf("smidump %s: %v", file, err)
	}
	for _, d := range x.Typedefs {
		m.types[smiName{name, d.Name}] = d
	}
	add := func(o smiObject, k Kind) {
		o.kind = k
		m.objects[name] = append(m.objects[name], o)
	}
	for _, o := range x.Nodes.Nodes {
		add(o, KindNode)
	}
	for _, o := range x.Nodes.Scalars {
		add(o, KindScalar)
	}
	for _, o := range x.Nodes.Tables {
		add(o.smiObject, KindTable)
		row := o.Row.smiObject
		for _, i := range o.Row.Linkage.Index {
			row.index = append(row.index, i.Name)
		}
		if a := o.Row.Linkage.Augments; a != nil {
			row.augments = a.Name
		}
		add(row, KindEntry)
		for _, c := range o.Row.Columns {
			add(c, KindColumn)
		}
	}
}

// smiType is a type followed to SMIv2's own.
type smiType struct {
	name   string // as the object's clause spells it; empty if it has no name
	base   string // smidump's: Integer32, Unsigned32, OctetString, Enumeration ...
	ranges []smiSpan
	enums  []Enum
	// syntax is an application type of SMIv2 met on the way: Counter32 ...
	syntax Syntax
}

var applicationTypes = map[string]Syntax{
	"Counter32": SyntaxCounter32, "Gauge32": SyntaxGauge32, "Unsigned32": SyntaxGauge32,
	"TimeTicks": SyntaxTimeTicks, "Counter64": SyntaxCounter64, "Integer32": SyntaxInteger,
}

var baseTypes = map[string]Syntax{
	"Integer32": SyntaxInteger, "Enumeration": SyntaxInteger, "OctetString": SyntaxOctets, "Bits": SyntaxOctets,
	"ObjectIdentifier": SyntaxObjectID, "Unsigned32": SyntaxGauge32, "Unsigned64": SyntaxCounter64,
}

func (m *modules) typeOf(o smiObject) smiType {
	var r smiType
	if d := o.Syntax.Typedef; d != nil {
		m.follow(&r, *d)
		return r
	}
	r.name = o.Syntax.Type.Name
	m.followName(&r, *o.Syntax.Type)
	return r
}

func (m *modules) followName(r *smiType, n smiName) {
	if s, ok := applicationTypes[n.Name]; ok {
		r.syntax = s
		return
	}
	if d, ok := m.types[n]; ok {
		m.follow(r, d)
		return
	}
	r.base = n.Name // SMIv2's own: OctetString, ObjectIdentifier
}

// follow adds what d says and its parents do not say more narrowly.
func (m *modules) follow(r *smiType, d smiTypedef) {
	if len(r.ranges) == 0 {
		r.ranges = d.Ranges
	}
	if len(r.enums) == 0 {
		for _, e := range d.Enums {
			r.enums = append(r.enums, Enum{e.Name, e.Number})
		}
		slices.SortFunc(r.enums, func(a, b Enum) int { return int(a.Value - b.Value) })
	}
	if r.base == "" {
		r.base = d.Base
	}
	if d.Parent != nil {
		if r.name == "" {
			r.name = d.Parent.Name
		}
		m.followName(r, *d.Parent)
	}
}

func (r smiType) syntaxOf() Syntax {
	if r.syntax != SyntaxNone {
		return r.syntax
	}
	return baseTypes[r.base]
}

// TestStandardModules holds our objects and the modules' texts together.
func TestStandardModules(t *testing.T) {
	m := loadModules(t)
	t.Run("ours are theirs", func(t *testing.T) { testObjectsInModules(t, m) })
	t.Run("theirs are ours", func(t *testing.T) { testModulesInObjects(t, m) })
}

// testObjectsInModules holds every object of ours against its module's text:
// place, kind, access, type, limits, names of values, index.
func testObjectsInModules(t *testing.T, m *modules) {
	for _, o := range Objects() {
		x := o.Info()
		if x.Kind == KindNode {
			continue // smidump leaves out the nodes that are defined by value
		}
		i := slices.IndexFunc(m.objects[x.Module], func(n smiObject) bool { return n.Name == x.Name })
		if i < 0 {
			t.Errorf("%s is not in %s", x.Name, x.Module)
			continue
		}
		n := m.objects[x.Module][i]
		if n.OID != dotted(x.OID) {
			t.Errorf("%s is %s in its module, %s with us", x.Name, n.OID, dotted(x.OID))
		}
		if n.kind != x.Kind {
			t.Errorf("%s is of kind %d in its module, %d with us", x.Name, n.kind, x.Kind)
		}
		if x.Kind == KindEntry {
			compareIndex(t, x, n)
		}
		if x.Syntax == SyntaxNone {
			continue
		}
		compareAccess(t, x, n)
		compareType(t, x, m.typeOf(n))
	}
}

// testModulesInObjects: FLOW-METER-MIB and NETRAMET-MIB have no object that we
// lack.
func testModulesInObjects(t *testing.T, m *modules) {
	for _, name := range []string{"FLOW-METER-MIB", "NETRAMET-MIB"} {
		count := 0
		for _, n := range m.objects[name] {
			if n.kind == KindNode {
				continue
			}
			count++
			if o, ok := LookupObject(n.Name); !ok || o.Info().Module != name {
				t.Errorf("%s of %s is not in objects.txt", n.Name, name)
			}
		}
		if count < 50 {
			t.Errorf("%s has only %d objects", name, count)
		}
	}
}

var smiAccess = map[string]Access{"noaccess": NotAccessible, "readonly": ReadOnly, "readwrite": ReadWrite}

func compareAccess(t *testing.T, x *Object, n smiObject) {
	t.Helper()
	want := x.Access
	if want == ReadCreate { // smidump does not distinguish the two
		want = ReadWrite
	}
	if got, ok := smiAccess[n.Access]; !ok || got != want {
		t.Errorf("%s: access %s in its module, %d with us", x.Name, n.Access, x.Access)
	}
	if deprecated := n.Status != "current"; deprecated != x.Deprecated {
		t.Errorf("%s: status %s in its module", x.Name, n.Status)
	}
}

func compareType(t *testing.T, x *Object, r smiType) {
	t.Helper()
	if got := r.syntaxOf(); got != x.Syntax {
		t.Errorf("%s: type %s (%s) in its module, %#x with us", x.Name, r.name, r.base, x.Syntax)
	}
	if _, own := unnamedTypes[r.name]; !own && x.Type != "enum" && r.name != x.Type {
		t.Errorf("%s: type %s in its module, %s with us", x.Name, r.name, x.Type)
	}
	// ifType's 200 names are the module's own affair; Integer32 has none.
	if x.Type != "Integer32" && x.Name != "ifType" && !slices.Equal(r.enums, x.Enums) {
		t.Errorf("%s: %v in its module, %v with us", x.Name, r.enums, x.Enums)
	}
	if len(x.Enums) > 0 || x.Syntax == SyntaxObjectID || len(r.ranges) == 0 {
		return
	}
	low, high := bound(t, r.ranges[0].Min), bound(t, r.ranges[len(r.ranges)-1].Max)
	if low != x.Min || high != x.Max {
		t.Errorf("%s: %d..%d in its module, %d..%d with us", x.Name, low, high, x.Min, x.Max)
	}
}

// unnamedTypes are names of types that are SMIv2's own or smidump's for them, which
// objects.txt need not repeat.
var unnamedTypes = map[string]struct{}{"": {}, "OctetString": {}, "ObjectIdentifier": {}, "Enumeration": {}, "IANAifType": {}}

// bound is a limit as smidump writes it; what is above an int64 is the largest.
func bound(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		if _, err := strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("limit %q: %v", s, err)
		}
		return math.MaxInt64
	}
	return n
}

func compareIndex(t *testing.T, x *Object, n smiObject) {
	t.Helper()
	if x.HasAugment {
		if got, want := n.augments, x.Augments.String(); got != want {
			t.Errorf("%s: augments %q in its module, %q with us", x.Name, got, want)
		}
		return
	}
	var want []string
	for _, i := range x.Index {
		want = append(want, i.String())
	}
	if !slices.Equal(n.index, want) {
		t.Errorf("%s: index %v in its module, %v with us", x.Name, n.index, want)
	}
}
