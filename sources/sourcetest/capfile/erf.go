package capfile

import (
	"fmt"
	"io"

	"netramet/sources/internal/layout"
	"netramet/sources/wire"
)

// ERF says what an ERF file of Ethernet frames looks like.
type ERF struct {
	Extensions int  // extension headers of each record
	Provenance bool // a provenance record before each hundredth frame
	Colour     bool // records of the coloured type, whose loss counter is none
}

type erfWriter struct {
	w       io.Writer
	o       ERF
	written int64
}

// NewERF returns the writer of the records; the format has no header.
func NewERF(w io.Writer, o ERF) Writer { return &erfWriter{w: w, o: o} }

// record writes one record: header, extension headers, body, and, where all of
// the frame is there, octets up to a multiple of eight: those of a cut one would
// be taken for more of it. The length on the wire counts a check sequence.
func (e *erfWriter) record(typ uint8, f *wire.Frame, body []byte, onWire int) error {
	length := layout.ERFHeaderLen + 8*e.o.Extensions + len(body)
	if len(f.Data) == int(f.WireLen) {
		length = (length + 7) &^ 7
	}
	if length > 0xffff {
		return fmt.Errorf("erf: record %d: %d octets are too many", e.written+1, len(body))
	}
	if e.o.Extensions > 0 {
		typ |= 0x80
	}
	colour := uint16(0)
	if e.o.Colour {
		colour = 0xbeef
	}
	h := layout.AppendERF(nil, layout.ERF{
		Time: max(f.Time, 0), Type: typ, Port: max(f.Interface, 1) - 1, Length: uint16(length), Loss: colour, Wire: uint16(onWire),
	})
	for i := range e.o.Extensions {
		x := [8]byte{5, 0, 0, 1, 0, 0, 0, byte(i)}
		if i+1 < e.o.Extensions {
			x[0] |= 0x80
		}
		h = append(h, x[:]...)
	}
	h = append(h, body...)
	h = append(h, make([]byte, length-len(h))...)
	_, err := e.w.Write(h)
	return err
}

// Write writes a record of an Ethernet frame.
func (e *erfWriter) Write(f *wire.Frame) error {
	typ := uint8(2)
	if e.o.Colour {
		typ = 11
	}
	if e.o.Provenance && e.written%100 == 0 {
		if err := e.record(27, f, make([]byte, 40), 0); err != nil {
			return err
		}
	}
	body := append([]byte{0, 0}, f.Data...)
	if err := e.record(typ, f, body, int(f.WireLen)+4); err != nil {
		return fmt.Errorf("erf: record %d: %w", e.written+1, err)
	}
	e.written++
	return nil
}
