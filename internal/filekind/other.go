package filekind

import "bytes"

// others are files that are given for traces, by what stands at an offset, and what to do
// with them.
var others = []struct {
	at        int
	magic, is string
}{
	{257, "ustar", "a tar archive: unpack it first (tar -xOf writes what is in it to a pipe)"},
	{0, "7z\xBC\xAF\x27\x1C", "a 7z archive: unpack it first"},
	{0, "Rar!\x1A\x07", "a rar archive: unpack it first"},
	{0, "LZIP", "compressed with lzip, which is not read: unpack it first"},
	{0, "\x5D\x00\x00", "compressed with lzma, which is not read: unpack it first, as with xz -dc"},
	{0, "\x0C\xA5", "flow data of nfdump: nfreplay sends it to -C netflow://ADDRESS:PORT"},
	{0, "\xA5\x0C", "flow data of nfdump: nfreplay sends it to -C netflow://ADDRESS:PORT"},
	{0, "GMBU", foreign}, {0, "RTSS", foreign}, // Microsoft's Network Monitor
	{0, "TRSNIFF data    \x1A", foreign},
	{0, "iptrace 1.0", foreign}, {0, "iptrace 2.0", foreign},
	{0, "##NeTraMet", "a flow data file: it is what a run writes, and nemac --flows asks it"},
}

const foreign = "a trace of a format that is not read: editcap makes a pcapng trace of it"

// Other says what begins with src, and what to do with it, if that is no trace that can be
// read, but something that is taken for one; else "".
func Other(src []byte) string {
	for _, o := range others {
		if len(src) > o.at && bytes.HasPrefix(src[o.at:], []byte(o.magic)) {
			return o.is
		}
	}
	return ""
}
