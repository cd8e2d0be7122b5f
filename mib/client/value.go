package client

import (
	"encoding/binary"

	"github.com/gosnmp/gosnmp"

	"netramet/internal/plaintext"
)

// Value is what a variable holds.
type Value struct {
	Missing  bool   // there is no such variable
	Num      uint64 // integers (negative ones as 0), counters, times
	Octets   []byte // OCTET STRING
	IsOctets bool
}

// Text returns the octets as text that can be shown anywhere.
func (v Value) Text() string { return plaintext.Clean(string(v.Octets)) }

// Int returns the number as an int.
func (v Value) Int() int { return int(min(v.Num, 1<<31-1)) }

// True reports whether a TruthValue is true(1).
func (v Value) True() bool { return v.Num == 1 }

// Unsigned64 reads a NtmUnsigned64; 0 if it is none.
func (v Value) Unsigned64() uint64 {
	if len(v.Octets) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(v.Octets)
}

// missing reports whether a variable binding says that there is no variable.
func missing(t gosnmp.Asn1BER) bool {
	return t == gosnmp.NoSuchObject || t == gosnmp.NoSuchInstance || t == gosnmp.EndOfMibView || t == gosnmp.Null
}

func toValue(p gosnmp.SnmpPDU) Value {
	if missing(p.Type) {
		return Value{Missing: true}
	}
	switch x := p.Value.(type) {
	case []byte:
		return Value{Octets: x, IsOctets: true}
	case int:
		return Value{Num: uint64(max(x, 0))}
	case uint:
		return Value{Num: uint64(x)}
	case uint32:
		return Value{Num: uint64(x)}
	case uint64:
		return Value{Num: x}
	}
	return Value{}
}
