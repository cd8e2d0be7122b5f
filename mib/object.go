package mib

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:generate go run ./smigen -o zobjects.go objects.txt

// Obj names one SNMP object of objects.txt: a table, a column, a scalar, or a
// place in the tree above them. The constants Obj... are generated, in the
// order of their OIDs; so are Col..., the columns' own sub-identifiers.
type Obj uint16

// Kind is what an object is.
type Kind uint8

// The kinds of objects.
const (
	KindNode   Kind = iota // a place in the tree
	KindScalar             // its one instance is OID.0
	KindTable              // a conceptual table
	KindEntry              // its row: columns are OID.n
	KindColumn             // instances are OID.index
)

// Syntax is the type of an object's values; its number is that of the BER tag.
type Syntax uint8

// The types of SMIv2 that occur. The narrower ones of a module (TruthValue,
// TimeStamp) are told by Object.Type.
const (
	SyntaxNone      Syntax = 0 // tables, entries and nodes have no value
	SyntaxInteger   Syntax = 0x02
	SyntaxOctets    Syntax = 0x04
	SyntaxObjectID  Syntax = 0x06
	SyntaxCounter32 Syntax = 0x41
	SyntaxGauge32   Syntax = 0x42 // also Unsigned32
	SyntaxTimeTicks Syntax = 0x43 // centiseconds
	SyntaxCounter64 Syntax = 0x46
)

// Access is an object's MAX-ACCESS (RFC 2578 §7.3).
type Access uint8

// The kinds of access, each including the ones before.
const (
	NotAccessible Access = iota
	ReadOnly
	ReadWrite
	ReadCreate
)

// Enum is one named value of an enumeration.
type Enum struct {
	Name  string
	Value int32
}

// Object describes one SNMP object as its module declares it. What a meter
// accepts or answers beyond that is described in docs/mib.md. Objects are shared
// and must not be changed.
type Object struct {
	Name   string
	Module string
	OID    []uint32
	Kind   Kind

	Syntax Syntax
	Type   string // the type's name in objects.txt; "enum" if it has none
	Access Access

	// Min and Max bound the value, or for octets their number; valid iff
	// Syntax is not SyntaxNone or SyntaxObjectID. For Counter64, Max is the
	// largest int64.
	Min, Max int64
	Enums    []Enum // in order of value; empty if the value is no enumeration

	// Index holds the objects that make the index of an entry, in order. The
	// entry of an augmenting table has the index of the one it augments.
	Index      []Obj
	Augments   Obj // valid iff HasAugment
	HasAugment bool

	Table Obj // that a column or an entry is of, see Obj.Table

	Deprecated bool
}

// Objects returns all objects in the order of their OIDs.
func Objects() []Obj {
	all := make([]Obj, len(objects))
	for i := range all {
		all[i] = Obj(i)
	}
	return all
}

// Info returns the object's description. It must not be changed.
func (o Obj) Info() *Object { return &objects[o] }

// OID returns the object's identifier. It must not be changed.
func (o Obj) OID() []uint32 { return objects[o].OID }

// String returns the object's name.
func (o Obj) String() string {
	if int(o) < len(objects) {
		return objects[o].Name
	}
	return fmt.Sprintf("object(%d)", uint16(o))
}

// Table returns the table that a column or an entry is of; false for other
// objects.
func (o Obj) Table() (Obj, bool) {
	switch objects[o].Kind {
	case KindEntry, KindColumn:
		return objects[o].Table, true
	}
	return 0, false
}

// Column returns the column with the sub-identifier n of the table or entry o.
func (o Obj) Column(n uint32) (Obj, bool) {
	parent := objects[o].OID
	switch objects[o].Kind {
	case KindTable:
		parent = objects[o+1].OID // the entry follows its table
	case KindEntry:
	default:
		return 0, false
	}
	c, exact := search(append(parent[:len(parent):len(parent)], n))
	return c, exact
}

// LookupObject finds an object by name, as its module spells it.
func LookupObject(name string) (Obj, bool) {
	o, ok := objectByName[name]
	return o, ok
}

var objectByName = func() map[string]Obj {
	m := make(map[string]Obj, len(objects))
	for i := range objects {
		m[objects[i].Name] = Obj(i)
	}
	return m
}()

// FindObject returns the object with the longest OID that oid begins with, and
// what follows it in oid: for an instance the scalar's 0 or the column's index.
// ok is false if oid begins with no object.
func FindObject(oid []uint32) (o Obj, rest []uint32, ok bool) {
	// A shorter OID sorts before those it is the beginning of, so what oid
	// begins with stands somewhere before its place; each step up in the tree
	// is one search.
	for n := len(oid); n > 0; n-- {
		if o, exact := search(oid[:n]); exact {
			return o, oid[n:], true
		}
	}
	return 0, oid, false
}

// search finds the object of that OID; if there is none, exact is false.
func search(oid []uint32) (o Obj, exact bool) {
	i, exact := slices.BinarySearchFunc(objects[:], oid, func(x Object, oid []uint32) int {
		return slices.Compare(x.OID, oid)
	})
	return Obj(i), exact
}

// OIDName renders an OID for people: the name of the object it begins with,
// then the rest in numbers ("flowRuleInfoStatus.7").
func OIDName(oid []uint32) string {
	var b strings.Builder
	o, rest, ok := FindObject(oid)
	if ok {
		b.WriteString(o.String())
	}
	for i, n := range rest {
		if i > 0 || ok {
			b.WriteByte('.')
		}
		b.WriteString(strconv.FormatUint(uint64(n), 10))
	}
	return b.String()
}

// Writable reports whether instances of the object may be set.
func (x *Object) Writable() bool { return x.Access >= ReadWrite }

// ValidNumber reports whether v is in the object's range, and named if it is
// an enumeration.
func (x *Object) ValidNumber(v int64) bool {
	if v < x.Min || v > x.Max {
		return false
	}
	if len(x.Enums) == 0 {
		return true
	}
	_, ok := x.EnumName(v)
	return ok
}

// ValidSize reports whether octets of that number suit the object.
func (x *Object) ValidSize(n int) bool {
	return x.Syntax == SyntaxOctets && int64(n) >= x.Min && int64(n) <= x.Max
}

// EnumName returns the name of a value of an enumeration.
func (x *Object) EnumName(v int64) (string, bool) {
	for _, e := range x.Enums {
		if int64(e.Value) == v {
			return e.Name, true
		}
	}
	return "", false
}
