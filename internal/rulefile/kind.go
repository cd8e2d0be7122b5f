package rulefile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
)

// notRules says what a file is that cannot be a rule file, as the end of "FILE
// is ...", "" if it may be one. What is given in place of rules most often is a
// trace, and a file of an editor that writes another character set.
func notRules(src []byte) string {
	if is := traceKind(src); is != "" {
		return is + ": give it with -C"
	}
	if is := compressed(src); is != "" {
		return is
	}
	for _, m := range []struct{ magic, is string }{
		{"\xFF\xFE", "UTF-16 text" + saveAsUTF8},
		{"\xFE\xFF", "UTF-16 text" + saveAsUTF8},
		{"\x7FELF", "a compiled program"},
		{"MZ", "a compiled program"},
		{"\xCF\xFA\xED\xFE", "a compiled program"},
		{"\xCA\xFE\xBA\xBE", "a compiled program"},
		{"PK\x03\x04", "a ZIP archive or an office document" + plainText},
		{"%PDF", "a PDF document" + plainText},
		{`{\rtf`, "an RTF document" + plainText},
	} {
		if bytes.HasPrefix(src, []byte(m.magic)) && (m.magic != "MZ" || bytes.IndexByte(src, 0) >= 0) {
			return m.is
		}
	}
	head := strings.ToLower(strings.TrimSpace(string(src[:min(len(src), 512)])))
	switch {
	case strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html"):
		return "an HTML page, not the rules it shows: fetch the plain file"
	case strings.HasPrefix(head, "<?xml"):
		return "XML"
	case strings.HasPrefix(head, "##netramet"):
		return "a flow data file: it is what a run writes"
	}
	return nulKind(src)
}

// IsTrace reports whether a file is there and holds a trace.
func IsTrace(file string) bool {
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return false // looking into a pipe would take something out of it
	}
	src, err := readFile(file)
	return err == nil && (traceKind(src) != "" || traceKind(unzipped(src)) != "")
}

const (
	saveAsUTF8 = ": save it as UTF-8 or plain ASCII"
	plainText  = ": rules are plain text"
)

// nulKind tells text of two octets a character from a stray NUL.
func nulKind(src []byte) string {
	at := bytes.IndexByte(src, 0)
	if at < 0 {
		return ""
	}
	head := src[:min(len(src), 64)]
	for odd := range 2 { // every second octet is NUL
		wide := len(head) >= 4
		for i, b := range head {
			wide = wide && (b == 0) == (i%2 == odd)
		}
		if wide {
			return "UTF-16 text" + saveAsUTF8
		}
	}
	line := 1 + bytes.Count(src[:at], []byte("\n"))
	return fmt.Sprintf("no text: octet %d is NUL, in line %d", at+1, line)
}

// traceMagics are the first octets of capture files.
var traceMagics = []struct{ magic, is string }{
	{"\xA1\xB2\xC3\xD4", "a pcap trace"}, {"\xD4\xC3\xB2\xA1", "a pcap trace"},
	{"\xA1\xB2\x3C\x4D", "a pcap trace"}, {"\x4D\x3C\xB2\xA1", "a pcap trace"},
	{"\xA1\xB2\xCD\x34", "a pcap trace"}, {"\x34\xCD\xB2\xA1", "a pcap trace"},
	{"\x0A\x0D\x0D\x0A", "a pcapng trace"},
	{"snoop\x00\x00\x00", "a snoop trace"},
}

func traceKind(src []byte) string {
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

// compressed says what kind of compression src has, and what is inside if that
// is easily told.
func compressed(src []byte) string {
	for _, m := range []struct{ magic, is string }{
		{"\x1F\x8B", "gzip"}, {"BZh", "bzip2"}, {"\x28\xB5\x2F\xFD", "zstd"},
		{"\xFD7zXZ\x00", "xz"}, {"\x04\x22\x4D\x18", "lz4"}, {"\x89LZO\x00", "lzop"},
	} {
		if !bytes.HasPrefix(src, []byte(m.magic)) || m.is == "bzip2" && !bytes.Contains(src[:min(len(src), 10)], []byte("1AY&SY")) {
			continue
		}
		if m.is == "gzip" {
			if is := traceKind(unzipped(src)); is != "" {
				return is + " packed with gzip: give it with -C"
			}
		}
		return "packed with " + m.is + ": give a trace with -C, unpack rules"
	}
	return ""
}

// unzipped is the beginning of what is packed in src.
func unzipped(src []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil
	}
	head := make([]byte, 4096)
	n, _ := io.ReadFull(z, head) // as much as there is
	return head[:n]
}
