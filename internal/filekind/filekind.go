// Package filekind tells by its beginning what a file is that was given in the place of
// another one. It opens none; packages that read text, or traces, call it to explain what is
// wrong.
package filekind

import (
	"bytes"
	"encoding/binary"
)

// WideText is what text of two octets a character is, and what to do with it.
const WideText = "UTF-16 text: save it as UTF-8 or plain ASCII"

// UTF16 is WideText if src begins with the mark of such text; else "".
func UTF16(src []byte) string {
	if bytes.HasPrefix(src, []byte("\xFF\xFE")) || bytes.HasPrefix(src, []byte("\xFE\xFF")) {
		return WideText
	}
	return ""
}

// traceMagics are the first octets of capture files.
var traceMagics = []struct{ magic, is string }{
	{"\xA1\xB2\xC3\xD4", "a pcap trace"}, {"\xD4\xC3\xB2\xA1", "a pcap trace"},
	{"\xA1\xB2\x3C\x4D", "a pcap trace"}, {"\x4D\x3C\xB2\xA1", "a pcap trace"},
	{"\xA1\xB2\xCD\x34", "a pcap trace"}, {"\x34\xCD\xB2\xA1", "a pcap trace"},
	{"\x0A\x0D\x0D\x0A", "a pcapng trace"},
	{"snoop\x00\x00\x00", "a snoop trace"},
}

// Trace says what kind of trace begins with src; "" if it is none.
func Trace(src []byte) string {
	for _, m := range traceMagics {
		if bytes.HasPrefix(src, []byte(m.magic)) {
			return m.is
		}
	}
	if isERF(src) {
		return "an ERF trace"
	}
	return ""
}

// isERF reports whether src begins like a trace of ERF records, which have no
// magic: a time (the seconds in octets 4 to 7, least significant octet first), a
// type, flags, the record's length, losses and the length on the wire. Each
// record leads to another like it, or to the end.
func isERF(src []byte) bool {
	const header, records = 16, 3
	found := 0
	for ; len(src) > 0 && found < records; found++ {
		if len(src) < header {
			return false
		}
		seconds := binary.LittleEndian.Uint32(src[4:])
		kind, size := src[8]&0x7F, int(binary.BigEndian.Uint16(src[10:]))
		if seconds == 0 || kind == 0 || kind > 48 || size < header || bytes.IndexByte(src[:header], 0) < 0 {
			return false
		}
		src = src[min(size, len(src)):]
	}
	return found > 0
}
