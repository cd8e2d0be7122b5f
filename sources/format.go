package sources

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"netramet/internal/filekind"
)

// format is one row of the table of trace formats.
type format struct {
	name string
	// magic recognises the format by the first octets of a trace; nil if it has
	// no magic number.
	magic func(head []byte) bool
	// guess recognises a format without a magic number by its first records, as
	// far as they lie in guessLen octets; nil if it is read on demand only
	// (format:path).
	guess func(head []byte) bool
	// start reads the header, if the format has one, and sets t.parser.
	start func(t *trace) error
}

// sniffLen is how many octets of the start of a stream are looked at to
// recognise its format or compression.
const sniffLen = 16

// guessLen is how many octets of a stream without a magic number are looked at.
const guessLen = 4096

// formats returns the table, in the order in which formats are tried.
func formats() []format {
	return []format{
		{name: "pcap", magic: isPcap, start: startPcap},
		{name: "pcapng", magic: isPcapNG, start: startPcapNG},
		{name: "snoop", magic: hasPrefix("snoop\x00\x00\x00"), start: startSnoop},
		{name: "tsh", guess: layoutTSH.guess, start: startFixed(layoutTSH)},
		{name: "legacypos", guess: layoutPOS.guess, start: startFixed(layoutPOS)},
		{name: "legacyeth", guess: layoutEthernet.guess, start: startFixed(layoutEthernet)},
		{name: "erf", guess: guessErf, start: startErf},
		{name: "legacyatm", guess: layoutATM.guess, start: startFixed(layoutATM)},
		{name: "nzix", guess: guessNZIX, start: startFixed(layoutNZIX)},
		{name: "duck", guess: isDuck, start: refuseDuck},
	}
}

// Formats returns the names of the formats that Open reads.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		if f.name != "duck" {
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

func formatByGuess(head []byte) *format {
	for _, f := range formats() {
		if f.guess != nil && f.guess(head) {
			return &f
		}
	}
	return nil
}

// isDuck recognises a file of DUCK records, the states of a DAG card's clock,
// which hold no packets: its version, and then the first state's commands.
func isDuck(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\x0d\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00"))
}

// refuseDuck says why there is nothing to meter.
func refuseDuck(t *trace) error {
	return unsupported(t.name + ": duck: DAG clock records, which hold no packets")
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
	f, err := chooseFormat(st.name, &u, want)
	if err == nil && st.live {
		a := readLive(u.r)
		t.feed.r, t.packed.decoders = a, append([]io.Closer{a}, u.decoders...)
	}
	if err == nil {
		t.format = f.name
		t.info.Format, t.info.Compression = f.name, u.layers
		err = f.start(t)
	}
	if err != nil {
		t.packed.close()
		return nil, err
	}
	return t, nil
}

// chooseFormat is the format of a stream. A demanded one that has no magic number
// is taken at its word, unless the stream has that of another format.
func chooseFormat(name string, u *unwrapped, want *format) (*format, error) {
	head := u.head
	f := formatByMagic(head)
	switch {
	case f != nil || len(head) == 0:
	case want == nil:
		f = formatByGuess(u.guessed())
	case want.magic == nil:
		f = want
	}
	switch {
	case f == nil:
		return nil, unknownFormat(name, u, want)
	case want != nil && f.name != want.name:
		return nil, fmt.Errorf("%s: is a %s trace, not %s", name, f.name, want.name)
	}
	return f, nil
}

// unknownFormat says what could be made of a stream that is no known trace.
func unknownFormat(name string, u *unwrapped, want *format) error {
	head, layers, unpacked := u.head, u.layers, ""
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
	if is := filekind.Other(u.guessed()); is != "" {
		return fmt.Errorf("%s: is not a trace of a known format%s, but %s", name, unpacked, is)
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
// one is reported as such.
func isPcapNG(head []byte) bool { return bytes.HasPrefix(head, []byte("\x0a\x0d\x0d\x0a")) }
