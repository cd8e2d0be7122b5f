package sources

import (
	"bytes"
	"fmt"
	"strings"
)

// format is one row of the table of trace formats.
type format struct {
	name  string
	magic func(head []byte) bool // nil if the format has no magic number
	// start reads the header and sets t.parser; nil if the format is known
	// but cannot be read.
	start func(t *trace) error
}

// sniffLen is how much of the start of a stream formats and compressions are
// told by.
const sniffLen = 16

// formats returns the table, in the order in which formats are tried.
func formats() []format {
	return []format{
		{"pcap", isPcap, startPcap},
		{"pcapng", isPcapNG, startPcapNG},
		{"snoop", hasPrefix("snoop\x00\x00\x00"), nil},
		{"erf", nil, nil},
		{"tsh", nil, nil},
	}
}

// Formats returns the names of the formats that Open reads.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		if f.start != nil {
			names = append(names, f.name)
		}
	}
	return names
}

func formatByName(name string) *format {
	for _, f := range formats() {
		if f.name == name {
			return &f
		}
	}
	return nil
}

func formatByMagic(head []byte) *format {
	for _, f := range formats() {
		if f.magic != nil && f.magic(head) {
			return &f
		}
	}
	return nil
}

func hasPrefix(magic string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
}

// openTrace finds out compression and format and reads the header.
func openTrace(st *stored, want *format) (*trace, error) {
	r, head, layers, err := unwrap(st)
	if err != nil {
		return nil, err
	}
	t := &trace{name: st.name, file: st, compressed: len(layers) > 0}
	t.feed.r = r
	f := formatByMagic(head)
	switch {
	case f == nil:
		return nil, unknownFormat(st.name, head, layers, want)
	case want != nil && f.name != want.name:
		return nil, fmt.Errorf("%s: is a %s trace, not %s", st.name, f.name, want.name)
	case f.start == nil:
		return nil, unsupported(fmt.Sprintf("%s: %s trace: not supported by this version", st.name, f.name))
	}
	t.format = f.name
	if err := f.start(t); err != nil {
		return nil, err
	}
	return t, nil
}

// unknownFormat says what could be made of a stream that is no known trace.
func unknownFormat(name string, head []byte, layers []string, want *format) error {
	unpacked := ""
	if len(layers) > 0 {
		unpacked = " (unpacked from " + strings.Join(layers, " in ") + ")"
	}
	switch {
	case len(head) == 0 && len(layers) == 0:
		return fmt.Errorf("%s: is empty", name)
	case len(head) == 0:
		return fmt.Errorf("%s: holds nothing%s", name, unpacked)
	case want != nil:
		return fmt.Errorf("%s: is not a %s trace%s", name, want.name, unpacked)
	}
	return fmt.Errorf("%s: is not a trace of a known format%s; known: %s",
		name, unpacked, strings.Join(Formats(), ", "))
}

// The magic numbers of pcap, as a writer with the reader's byte order stores
// them.
const (
	pcapMicro    = 0xa1b2c3d4
	pcapNano     = 0xa1b23c4d
	pcapModified = 0xa1b2cd34 // Kuznetsov's patches: longer record headers
)

// pcapOrder returns the magic number and the byte order it was written in.
func pcapOrder(head []byte) (magic uint32, order byteOrder, ok bool) {
	if len(head) < 4 {
		return 0, littleEndian, false
	}
	for _, order := range []byteOrder{littleEndian, bigEndian} {
		switch m := order.u32(head); m {
		case pcapMicro, pcapNano, pcapModified:
			return m, order, true
		}
	}
	return 0, littleEndian, false
}

func isPcap(head []byte) bool {
	_, _, ok := pcapOrder(head)
	return ok
}

// isPcapNG tells by the type of the section header, which reads the same in
// both byte orders, and not by its byte-order magic, so that a damaged or cut
// one is told as such.
func isPcapNG(head []byte) bool { return bytes.HasPrefix(head, []byte("\x0a\x0d\x0d\x0a")) }
