package capfile

import (
	"encoding/binary"
	"fmt"
	"io"

	"netramet/sources/internal/layout"
	"netramet/sources/wire"
)

// RecordForm is the form of a pcap file's record headers. All but Standard
// come from libpcap patches of around the year 2000.
type RecordForm uint8

// The forms, with the size of the record header in octets.
const (
	Standard RecordForm = iota // 16
	Modified                   // 24, own magic number (Kuznetzov's patch ss991029)
	RedHat61                   // 24, but the magic number of Standard (ss990417)
	SuSE63                     // 28, the magic number of Modified (ss990915)
	Nokia                      // 20, but the magic number of Standard
)

// Pcap says what a pcap file looks like.
type Pcap struct {
	Order    Order // nil is little-endian
	Nano     bool  // times in nanoseconds, by the magic number
	Records  RecordForm
	LinkType wire.LinkType
	SnapLen  uint32 // of the file header; 0 stands for 262144
}

// PcapWriter writes a pcap file.
type PcapWriter struct {
	w       io.Writer
	o       Pcap
	header  []byte // scratch for one record header
	written int64
}

// NewPcap writes the file header and returns the writer of the records.
func NewPcap(w io.Writer, o Pcap) (*PcapWriter, error) {
	if o.Order == nil {
		o.Order = binary.LittleEndian
	}
	if o.SnapLen == 0 {
		o.SnapLen = 262144
	}
	magic := uint32(layout.PcapMicro)
	switch {
	case o.Nano && o.Records != Standard:
		return nil, fmt.Errorf("pcap: record form %d has no nanoseconds", o.Records)
	case o.Nano:
		magic = layout.PcapNano
	case o.Records == Modified || o.Records == SuSE63:
		magic = layout.PcapModified
	}
	h := layout.AppendPcapHeader(nil, o.Order, magic, o.SnapLen, uint32(o.LinkType))
	if _, err := w.Write(h); err != nil {
		return nil, fmt.Errorf("pcap: file header: %w", err)
	}
	return &PcapWriter{w: w, o: o, header: make([]byte, 0, 28)}, nil
}

// Write writes a record. A frame without a time gets time 0.
func (p *PcapWriter) Write(f *wire.Frame) error {
	t := f.Time
	if t == wire.NoTime {
		t = 0
	}
	sec, frac := t/1e9, t%1e9
	if frac < 0 {
		sec, frac = sec-1, frac+1e9
	}
	if !p.o.Nano {
		frac /= 1000
	}
	order := p.o.Order
	h := layout.AppendPcapRecord(p.header[:0], order, uint32(sec), uint32(frac), uint32(len(f.Data)), f.WireLen)
	switch p.o.Records {
	case Standard:
	case Nokia:
		h = append(h, 0, 0, 0, 0)
	case Modified, RedHat61, SuSE63:
		h = order.AppendUint32(h, uint32(f.Interface))
		h = append(h, etherType(f)...)
		h = append(h, 0) // packet type: to this host
		if p.o.Records == SuSE63 {
			h = append(h, 0, 0, 0, 0) // two CPUs, padding
		}
		h = append(h, 0)
	}
	p.header = h[:0]
	if _, err := p.w.Write(h); err != nil {
		return fmt.Errorf("pcap: record %d: %w", p.written+1, err)
	}
	if _, err := p.w.Write(f.Data); err != nil {
		return fmt.Errorf("pcap: record %d: %w", p.written+1, err)
	}
	p.written++
	return nil
}

// etherType gives the protocol field of the patched record headers, which is
// in network byte order as the kernel gave it.
func etherType(f *wire.Frame) []byte {
	if f.LinkType == wire.LinkEthernet && len(f.Data) >= 14 {
		return f.Data[12:14]
	}
	return []byte{0, 0}
}
