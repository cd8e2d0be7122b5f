package capfile

import (
	"encoding/binary"
	"fmt"
	"io"

	"netramet/sources/wire"
)

type snoopWriter struct {
	w       io.Writer
	written int64
}

// NewSnoop writes the file header of a snoop trace of Ethernet frames (RFC 1761)
// and returns the writer of its records.
func NewSnoop(w io.Writer) (Writer, error) {
	h := append([]byte("snoop\x00\x00\x00"), 0, 0, 0, 2, 0, 0, 0, 4)
	if _, err := w.Write(h); err != nil {
		return nil, fmt.Errorf("snoop: file header: %w", err)
	}
	return &snoopWriter{w: w}, nil
}

// Write writes a record, padded to four octets.
func (s *snoopWriter) Write(f *wire.Frame) error {
	t := max(f.Time, 0)
	padded := (len(f.Data) + 3) &^ 3
	be := binary.BigEndian
	r := be.AppendUint32(nil, f.WireLen)
	r = be.AppendUint32(r, uint32(len(f.Data)))
	r = be.AppendUint32(r, uint32(24+padded))
	r = be.AppendUint32(r, 0) // drops
	r = be.AppendUint32(r, uint32(t/1e9))
	r = be.AppendUint32(r, uint32(t%1e9/1000))
	r = append(r, f.Data...)
	r = append(r, make([]byte, padded-len(f.Data))...)
	if _, err := s.w.Write(r); err != nil {
		return fmt.Errorf("snoop: record %d: %w", s.written+1, err)
	}
	s.written++
	return nil
}
