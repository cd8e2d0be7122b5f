package rulefile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"

	"netramet/internal/filekind"
)

// notRules says what a file is that cannot be a rule file, as the end of "FILE
// is ...", "" if it may be one. What is given in place of rules most often is a
// trace, and a file of an editor that writes another character set.
func notRules(src []byte) string {
	if is := filekind.Trace(src); is != "" {
		return is + ": give it with -C"
	}
	if is := compressed(src); is != "" {
		return is
	}
	if is := filekind.UTF16(src); is != "" {
		return is
	}
	for _, m := range []struct{ magic, is string }{
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
	return err == nil && (filekind.Trace(src) != "" || filekind.Trace(unzipped(src)) != "")
}

const plainText = ": rules are plain text"

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
			return filekind.WideText
		}
	}
	line := 1 + bytes.Count(src[:at], []byte("\n"))
	return fmt.Sprintf("no text: octet %d is NUL, in line %d", at+1, line)
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
			if is := filekind.Trace(unzipped(src)); is != "" {
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
