package layout

import "encoding/binary"

// ERFHeaderLen is the length of a record's header.
const ERFHeaderLen = 16

// ERF is the header of a record of Endace's Extensible Record Format.
type ERF struct {
	Time   int64 // Unix ns, from 1970 to 2106
	Type   uint8
	Port   uint8  // 0 to 3
	Length uint16 // of the record, header and padding included
	Loss   uint16 // or what takes its place
	Wire   uint16 // octets on the wire
}

// AppendERF appends a record's header.
func AppendERF(buf []byte, h ERF) []byte {
	const varying = 4 // the flag of records that are not all of one length
	whole, rest := uint64(h.Time/1e9), uint64(h.Time%1e9)
	buf = binary.LittleEndian.AppendUint64(buf, whole<<32|(rest<<32+5e8)/1e9)
	buf = append(buf, h.Type, varying|h.Port)
	buf = binary.BigEndian.AppendUint16(buf, h.Length)
	buf = binary.BigEndian.AppendUint16(buf, h.Loss)
	return binary.BigEndian.AppendUint16(buf, h.Wire)
}
