// Package columns is the one table of what the columns of flow data are called, and
// how their values are written: for each attribute that a FORMAT may name, and for
// what every row has beside them.
//
// It knows neither files nor formats: packages reader/jsonl and reader/csv write
// rows by it, and docs/columns.md shows it.
package columns

import (
	"strings"

	"netramet/mib"
)

// Schema is the number of this table. It grows when a column changes its name, its
// type or its unit, or goes; columns that come do not change it.
const Schema = 1

// Type is the kind of value of a column.
type Type uint8

// The types.
const (
	Number  Type = iota // unsigned, up to 64 bits, decimal
	Address             // text: RFC 5952 for IP, hexadecimal octets with colons else
	Time                // text: RFC 3339 in UTC, to the nanosecond
	Text                // UTF-8
	Bool                // true or false
	Numbers             // a list of Number
)

// String is the type's name in the documentation.
func (t Type) String() string {
	return [...]string{"number", "address", "time", "text", "bool", "numbers"}[t]
}

// Names are sets of names of columns.
type Names uint8

// The sets. A column without a name in a set has its RTFM name there.
const (
	RTFM Names = iota // the attribute's name in snake case
	ECS               // Elastic Common Schema 8
	OTel              // OpenTelemetry semantic conventions 1
)

var namesNames = [...]string{RTFM: "rtfm", ECS: "ecs", OTel: "otel"}

// String is the name of the set.
func (n Names) String() string { return namesNames[n] }

// NamesNamed finds a set by its name.
func NamesNamed(name string) (n Names, ok bool) {
	for i, known := range namesNames {
		if strings.EqualFold(name, known) {
			return Names(i), true
		}
	}
	return 0, false
}

// IPFIX are the information elements (IANA's registry) of a column's value.
type IPFIX struct {
	Element uint16 // 0: none
	IPv6    uint16 // where IPv6 has another one than IPv4; else 0
	// Reverse says that the value is of the packets from Dest to Source, whose
	// element is that of RFC 5103, enterprise 29305.
	Reverse bool
	Delta   uint16 // the element of the amount of the interval; 0: the column has no amount
}

// Column is what is known of a column.
type Column struct {
	Attr  mib.Attr // AttrNull: a column that every row has
	Name  string   // in the set RTFM
	Type  Type
	Unit  string // octets, packets, centiseconds; "" where there is none
	IPFIX IPFIX
	ECS   string // "": none
	OTel  string // "": none
	About string // one line, for users
}

// In is the column's name in a set.
func (c *Column) In(n Names) string {
	switch {
	case n == ECS && c.ECS != "":
		return c.ECS
	case n == OTel && c.OTel != "":
		return c.OTel
	}
	return c.Name
}

// Of returns the column of an attribute; ok is false if a FORMAT cannot name it.
func Of(a mib.Attr) (c *Column, ok bool) {
	c = byAttr[a]
	return c, c != nil
}

// ByName finds the column that has a name, as a column or as an attribute, in any
// case.
func ByName(name string) (c *Column, ok bool) {
	if a, ok := mib.Lookup(name); ok {
		return Of(a)
	}
	name = strings.ToLower(name)
	for _, list := range [][]Column{always, attributes} {
		for i := range list {
			if list[i].Name == name {
				return &list[i], true
			}
		}
	}
	return nil, false
}

// All returns the columns that every row has and then those of attributes, by
// number. They must not be changed.
func All() (every, attrs []Column) { return always, attributes }

var byAttr = func() (t [256]*Column) {
	for i := range attributes {
		t[attributes[i].Attr] = &attributes[i]
	}
	return t
}()
