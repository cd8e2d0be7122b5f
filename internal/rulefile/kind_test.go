package rulefile

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// wide is text in UTF-16, least significant octet first.
func wide(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func zipped(t *testing.T, data string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestNotRules(t *testing.T) {
	const program = "if SourcePeerType == 1 save;"
	pcap := "\xD4\xC3\xB2\xA1\x02\x00\x04\x00" + strings.Repeat("\x00", 8) + "\xFF\xFF\x00\x00\x01\x00\x00\x00"
	erf := "\x01\x02\x03\x04\x10\x20\x30\x40\x02\x04\x00\x14\x00\x00\x00\x40abcd"
	for _, tt := range []struct{ name, src, want string }{
		{"rules", program, ""},
		{"empty", "", ""},
		{"text that begins like a program", "MZ: { count; }", ""},
		{"text that begins like bzip2", "BZhosts: { count; }", ""},
		{"UTF-8 with a mark", "\uFEFFcount;", ""},
		{"Latin-1", "count; # caf\xE9", ""},
		{"NUL", program + "\x00", "no text: octet 29 is NUL, in line 1"},
		{"NUL further down", "count;\n\x00", "no text: octet 8 is NUL, in line 2"},
		{"UTF-16 with a mark", "\xFF\xFE" + wide(program), "UTF-16 text: save it as UTF-8"},
		{"UTF-16, the other order", "\xFE\xFF\x00i\x00f", "UTF-16 text"},
		{"UTF-16 without a mark", wide(program), "UTF-16 text"},
		{"pcap", pcap, "a pcap trace: give it with -C"},
		{"pcap with nanoseconds", "\xA1\xB2\x3C\x4D", "a pcap trace: give it with -C"},
		{"pcapng", "\x0A\x0D\x0D\x0A\x1C\x00\x00\x00", "a pcapng trace: give it with -C"},
		{"snoop", "snoop\x00\x00\x00\x00\x00\x00\x02", "a snoop trace: give it with -C"},
		{"ERF", erf + erf, "an ERF trace: give it with -C"},
		{"ERF cut short", erf + erf[:18], "an ERF trace: give it with -C"},
		{"pcap in gzip", zipped(t, pcap), "a pcap trace packed with gzip: give it with -C"},
		{"rules in gzip", zipped(t, program), "packed with gzip"},
		{"zstd", "\x28\xB5\x2F\xFD\x00", "packed with zstd"},
		{"program", "\x7FELF\x02\x01\x01\x00", "a compiled program"},
		{"web page", "\n<!DOCTYPE html>\n<html>", "an HTML page"},
		{"office document", "PK\x03\x04\x14\x00", "a ZIP archive or an office document"},
		{"flow data file", "##NeTraMet v1\n#Format: flowindex\n", "a flow data file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := notRules([]byte(tt.src)); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestIncludedErrors: what is wrong in an included file is shown by a path that
// opens, with the way there, in both languages.
func TestIncludedErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("main.srl", "count;\ninclude \"sub/a.srl\";")
	write("sub/a.srl", "\n\ninclude \"sub/b.srl\";")
	write("sub/b.srl", "save SourcePort;")
	write("main.rules", "RULES Null & 0 = 0: Count, 0;\nINCLUDE \"sub/a.rules\";")
	write("sub/a.rules", "SourcePort & 255 = 1: Count, 0;")
	write("pcap.srl", "include \"trace\"; count;")
	write("trace", "\xD4\xC3\xB2\xA1\x02\x00\x04\x00")
	for file, want := range map[string][]string{
		"main.srl": {"sub/b.srl:1:6: 'sourceport' is no attribute", "\n    included at " + filepath.Join(dir, "sub/a.srl:3") +
			"\n    included at " + filepath.Join(dir, "main.srl:2")},
		"main.rules": {"sub/a.rules:1:1: unknown attribute", "\n    included at " + filepath.Join(dir, "main.rules:2")},
		"pcap.srl":   {"pcap.srl:1:9: include: " + filepath.Join(dir, "trace") + " is a pcap trace: give it with -C"},
	} {
		_, err := Read("prog", filepath.Join(dir, file))
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: got %v\nwant %s", file, err, w)
			}
		}
	}
}
