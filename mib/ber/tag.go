// Package ber is the codec of SNMP's subset of the Basic Encoding Rules
// (X.690; RFC 3416 §3, RFC 3417 §8): the tags, a Reader that decodes in place
// and a Writer that encodes backwards.
//
// It owns no memory. A Reader hands out sub-slices of the caller's message
// and decodes OBJECT IDENTIFIERs into the caller's storage; a Writer fills a
// buffer of the caller from its end, so that every length is known when it is
// written and a message is stopped at the exact octet. Nothing here allocates,
// and errors are fixed values, so that bad input costs no more than good.
//
// It knows no messages, objects or security; mib/agent does.
package ber

import (
	"errors"
	"fmt"
)

// Tag is the identifier octet of a BER value. SNMP needs no tag of more than
// one octet.
type Tag uint8

// The types of SMIv2 (RFC 2578 §7.1), the exceptions of a variable binding
// (RFC 3416 §3) and the SEQUENCE.
const (
	Integer     Tag = 0x02 // Integer32, enumerations, TruthValue ...
	OctetString Tag = 0x04
	Null        Tag = 0x05
	ObjectID    Tag = 0x06
	Sequence    Tag = 0x30
	IPAddress   Tag = 0x40 // exactly 4 octets
	Counter32   Tag = 0x41
	Gauge32     Tag = 0x42 // also Unsigned32
	TimeTicks   Tag = 0x43
	Opaque      Tag = 0x44
	Counter64   Tag = 0x46

	NoSuchObject   Tag = 0x80
	NoSuchInstance Tag = 0x81
	EndOfMibView   Tag = 0x82
)

// The PDUs (RFC 1157 §4.1, RFC 3416 §3).
const (
	GetRequest     Tag = 0xA0
	GetNextRequest Tag = 0xA1
	Response       Tag = 0xA2
	SetRequest     Tag = 0xA3
	TrapV1         Tag = 0xA4
	GetBulkRequest Tag = 0xA5
	InformRequest  Tag = 0xA6
	TrapV2         Tag = 0xA7
	Report         Tag = 0xA8
)

var tagNames = map[Tag]string{
	Integer: "INTEGER", OctetString: "OCTET STRING", Null: "NULL",
	ObjectID: "OBJECT IDENTIFIER", Sequence: "SEQUENCE", IPAddress: "IpAddress",
	Counter32: "Counter32", Gauge32: "Gauge32", TimeTicks: "TimeTicks",
	Opaque: "Opaque", Counter64: "Counter64", NoSuchObject: "noSuchObject",
	NoSuchInstance: "noSuchInstance", EndOfMibView: "endOfMibView",
	GetRequest: "GetRequest", GetNextRequest: "GetNextRequest",
	Response: "Response", SetRequest: "SetRequest", TrapV1: "Trap (v1)",
	GetBulkRequest: "GetBulkRequest", InformRequest: "InformRequest",
	TrapV2: "SNMPv2-Trap", Report: "Report",
}

// String returns the name the standards use, or "tag(0xNN)".
func (t Tag) String() string {
	if n, ok := tagNames[t]; ok {
		return n
	}
	return fmt.Sprintf("tag(%#02x)", uint8(t))
}

// MaxOID is the largest number of sub-identifiers (RFC 3416 §4.1).
const MaxOID = 128

// The faults of decoding and encoding. They are fixed values without a
// position: a stream of bad messages must not cost an allocation each.
var (
	ErrTruncated = errors.New("ber: value ends beyond its container")
	ErrTag       = errors.New("ber: unexpected tag")
	ErrLength    = errors.New("ber: bad length")
	ErrInteger   = errors.New("ber: integer out of range")
	ErrOID       = errors.New("ber: bad object identifier")
	ErrTrailing  = errors.New("ber: octets after the last value")
	ErrFull      = errors.New("ber: buffer full")
	ErrValue     = errors.New("ber: value does not suit its tag")
)

// Value is one value of a variable binding. Which fields count depends on Tag:
//
//	Int    Integer
//	Uint   Counter32, Gauge32, TimeTicks, Counter64
//	Bytes  OctetString, IPAddress (4 octets), Opaque
//	OID    ObjectID
//
// Null and the three exceptions have none. After decoding, Bytes points into
// the message; OID is the caller's storage.
type Value struct {
	Tag   Tag
	Int   int64
	Uint  uint64
	Bytes []byte
	OID   []uint32
}
