package sources

import (
	"bytes"
	"fmt"
	"strings"
)

// format is one row of the table of trace formats.
type format struct {
	name string
	// magic recognises the format by the first octets of a trace; nil if it has
	// no magic number, and is read on demand only (format:path).
	magic func(head []byte) bool
	// start reads the header and sets t.parser; nil if the format is known
	// but cannot be read.
	start func(t *trace) error
}

// sniffLen is how many octets of the start of a stream are looked at to
// recognise its format or compression.
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
func openTrace(st *stored, want *format, opt Options) (*trace, error) {
	u, err := unwrap(st)
	if err != nil {
		return nil, err
	}
	t := &trace{
		name: st.name, file: st, packed: u, compressed: len(u.layers) > 0,
		fcs: opt.FCS, first: max(opt.FirstInterface, 1),
	}
	t.feed.r = u.r
	f, err := chooseFormat(st.name, u.head, u.layers, want)
	if err == nil {
		t.format = f.name
		err = f.start(t)
	}
	if err != nil {
		t.packed.close()
		return nil, err
	}
	return t, nil
}

// chooseFormat is the format of a stream that begins with head. A demanded one
// that has no magic number is taken at its word, unless the stream has that of
// another format.
func chooseFormat(name string, head []byte, layers []string, want *format) (*format, error) {
	f := formatByMagic(head)
	if f == nil && want != nil && want.magic == nil && len(head) > 0 {
		f = want
	}
	switch {
	case f == nil:
		return nil, unknownFormat(name, head, layers, want)
	case want != nil && f.name != want.name:
		return nil, fmt.Errorf("%s: is a %s trace, not %s", name, f.name, want.name)
	case f.start == nil:
		return nil, unsupported(fmt.Sprintf("%s: %s trace: not supported by this version", name, f.name))
	}
	return f, nil
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
