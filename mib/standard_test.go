package mib

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sleepinggenius2/gosmi"
	"github.com/sleepinggenius2/gosmi/types"
)

// moduleTexts is the folder with the IETF's modules, relative to the folder
// that holds go.mod.
const moduleTexts = "../shared/reference/mibs"

// loadModules makes gosmi know the modules of our objects.
func loadModules(t *testing.T) {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := root; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			root = dir
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
	}
	texts := filepath.Join(root, moduleTexts)
	if _, err := os.Stat(filepath.Join(texts, "FLOW-METER-MIB.txt")); err != nil {
		t.Skipf("the IETF's module texts are not in %s", moduleTexts)
	}
	gosmi.Init()
	t.Cleanup(gosmi.Exit)
	gosmi.SetPath(texts)
	gosmi.AppendPath(filepath.Join(root, "mib"))
	modules := map[string]bool{}
	for _, o := range Objects() {
		modules[o.Info().Module] = true
	}
	for name := range modules {
		if _, err := gosmi.LoadModule(name); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

var smiAccess = map[types.Access]Access{
	types.AccessNotAccessible: NotAccessible, types.AccessReadOnly: ReadOnly, types.AccessReadWrite: ReadWrite,
}

var smiKinds = map[types.NodeKind]Kind{
	types.NodeNode: KindNode, types.NodeScalar: KindScalar, types.NodeTable: KindTable,
	types.NodeRow: KindEntry, types.NodeColumn: KindColumn,
}

// TestStandardModules holds our objects and the modules' texts together.
func TestStandardModules(t *testing.T) {
	loadModules(t)
	t.Run("ours are theirs", testObjectsInModules)
	t.Run("theirs are ours", testModulesInObjects)
}

// testObjectsInModules holds every object of ours against its module's text:
// place, kind, access, type, limits, names of values, index.
func testObjectsInModules(t *testing.T) {
	for _, o := range Objects() {
		x := o.Info()
		module, err := gosmi.GetModule(x.Module)
		if err != nil {
			t.Fatalf("%s: %v", x.Module, err)
		}
		n, err := gosmi.GetNode(x.Name, module)
		if err != nil {
			t.Errorf("%s is not in %s", x.Name, x.Module)
			continue
		}
		// gosmi does not follow the place of NETRAMET-MIB, which is spelled out
		// from the root; TestOwnModule checks it.
		if got := n.RenderNumeric(); got != dotted(x.OID) && x.Module != "NETRAMET-MIB" {
			t.Errorf("%s is %s in its module, %s with us", x.Name, got, dotted(x.OID))
		}
		if kind, ok := smiKinds[n.Kind]; !ok || kind != x.Kind {
			t.Errorf("%s is of kind %v in its module, %d with us", x.Name, n.Kind, x.Kind)
		}
		if x.Kind == KindEntry {
			compareIndex(t, x, n)
		}
		if x.Syntax == SyntaxNone {
			continue
		}
		compareAccess(t, x, n)
		compareType(t, x, n)
	}
}

// testModulesInObjects: FLOW-METER-MIB and NETRAMET-MIB have no object that we
// lack.
func testModulesInObjects(t *testing.T) {
	for _, name := range []string{"FLOW-METER-MIB", "NETRAMET-MIB"} {
		module, err := gosmi.GetModule(name)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, kind := range []types.NodeKind{types.NodeScalar, types.NodeTable, types.NodeRow, types.NodeColumn} {
			for _, n := range module.GetNodes(kind) {
				count++
				if o, ok := LookupObject(n.Name); !ok || o.Info().Module != name {
					t.Errorf("%s of %s is not in objects.txt", n.Name, name)
				}
			}
		}
		if count < 50 {
			t.Errorf("%s has only %d objects", name, count)
		}
	}
}

func compareAccess(t *testing.T, x *Object, n gosmi.SmiNode) {
	t.Helper()
	want := x.Access
	if want == ReadCreate { // gosmi does not tell the two apart
		want = ReadWrite
	}
	if got, ok := smiAccess[n.Access]; !ok || got != want {
		t.Errorf("%s: access %v in its module, %d with us", x.Name, n.Access, x.Access)
	}
	if deprecated := n.Status != types.StatusCurrent; deprecated != x.Deprecated {
		t.Errorf("%s: status %v in its module", x.Name, n.Status)
	}
}

// signUnknown reports whether a number may be INTEGER or Unsigned32: gosmi
// takes an INTEGER with limits from 0 for Unsigned32.
func signUnknown(n gosmi.SmiNode) bool {
	r := n.Type.Ranges
	return n.Type.BaseType == types.BaseTypeUnsigned32 && len(r) > 0 && r[len(r)-1].MaxValue <= math.MaxInt32
}

// baseOf returns the syntax of a type of gosmi, which follows a type's parents
// to one of SMIv2's own.
func baseOf(n gosmi.SmiNode) Syntax {
	switch n.Type.BaseType {
	case types.BaseTypeInteger32, types.BaseTypeEnum:
		return SyntaxInteger
	case types.BaseTypeOctetString:
		return SyntaxOctets
	case types.BaseTypeObjectIdentifier:
		return SyntaxObjectID
	case types.BaseTypeUnsigned64:
		return SyntaxCounter64
	case types.BaseTypeUnsigned32:
		switch n.Type.Name {
		case "Counter32":
			return SyntaxCounter32
		case "TimeTicks", "TimeStamp", "TimeFilter":
			return SyntaxTimeTicks
		}
		return SyntaxGauge32
	}
	return SyntaxNone
}

func compareType(t *testing.T, x *Object, n gosmi.SmiNode) {
	t.Helper()
	unsure := signUnknown(n) && (x.Syntax == SyntaxInteger || x.Syntax == SyntaxGauge32)
	if got := baseOf(n); got != x.Syntax && !unsure {
		t.Errorf("%s: type %s (%v) in its module, %#x with us", x.Name, n.Type.Name, n.Type.BaseType, x.Syntax)
	}
	builtIn := strings.ContainsAny(n.Type.Name, " ") || slices.Contains([]string{"Enumeration", "OctetString", "ObjectIdentifier", "IANAifType"}, n.Type.Name)
	if !builtIn && x.Type != "enum" && n.Type.Name != x.Type && !unsure {
		t.Errorf("%s: type %s in its module, %s with us", x.Name, n.Type.Name, x.Type)
	}
	if x.Type != "Integer32" && x.Name != "ifType" {
		compareEnum(t, x, n)
	}
	ranges := n.Type.Ranges
	if len(x.Enums) > 0 || x.Syntax == SyntaxObjectID || len(ranges) == 0 {
		return
	}
	min, max := ranges[0].MinValue, ranges[len(ranges)-1].MaxValue
	if x.Syntax == SyntaxCounter64 && max == -1 { // 2^64-1 in an int64
		max = x.Max
	}
	if min != x.Min || max != x.Max {
		t.Errorf("%s: %d..%d in its module, %d..%d with us", x.Name, min, max, x.Min, x.Max)
	}
}

func compareEnum(t *testing.T, x *Object, n gosmi.SmiNode) {
	t.Helper()
	var got []Enum
	if n.Type.Enum != nil {
		for _, v := range n.Type.Enum.Values {
			got = append(got, Enum{v.Name, int32(v.Value)})
		}
	}
	slices.SortFunc(got, func(a, b Enum) int { return int(a.Value - b.Value) })
	if !slices.Equal(got, x.Enums) {
		t.Errorf("%s: %v in its module, %v with us", x.Name, got, x.Enums)
	}
}

func compareIndex(t *testing.T, x *Object, n gosmi.SmiNode) {
	t.Helper()
	var got, want []string
	for _, i := range n.GetIndex() {
		got = append(got, i.Name)
	}
	for _, i := range x.Index {
		want = append(want, i.String())
	}
	if x.HasAugment && len(got) == 0 { // gosmi does not follow AUGMENTS
		return
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: index %v in its module, %v with us", x.Name, got, want)
	}
}
