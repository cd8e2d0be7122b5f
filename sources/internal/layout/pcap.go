package layout

// The magic numbers of pcap files.
const (
	PcapMicro    = 0xa1b2c3d4
	PcapNano     = 0xa1b23c4d
	PcapModified = 0xa1b2cd34
)

// AppendPcapHeader appends a file header.
func AppendPcapHeader(buf []byte, o Order, magic, snapLen, link uint32) []byte {
	buf = o.AppendUint32(buf, magic)
	buf = o.AppendUint16(buf, 2)
	buf = o.AppendUint16(buf, 4)
	buf = append(buf, 0, 0, 0, 0, 0, 0, 0, 0) // time zone, accuracy: always 0
	buf = o.AppendUint32(buf, snapLen)
	return o.AppendUint32(buf, link)
}

// AppendPcapRecord appends the standard record header.
func AppendPcapRecord(buf []byte, o Order, seconds, fraction, captured, onWire uint32) []byte {
	buf = o.AppendUint32(buf, seconds)
	buf = o.AppendUint32(buf, fraction)
	buf = o.AppendUint32(buf, captured)
	return o.AppendUint32(buf, onWire)
}
