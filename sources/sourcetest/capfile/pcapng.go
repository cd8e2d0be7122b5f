package capfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"

	"netramet/sources/internal/layout"
	"netramet/sources/wire"
)

// BlockKind is the kind of block that holds packets in pcapng.
type BlockKind uint8

// The kinds.
const (
	EnhancedBlock BlockKind = iota
	SimpleBlock             // no time, always the first interface
	OldBlock                // the obsolete packet block
)

// Pcapng says what a pcapng file looks like.
type Pcapng struct {
	Order Order // nil is little-endian
	Block BlockKind
	// Resolution is the if_tsresol octet: n is 10^-n s, 0x80|n is 2^-n s.
	// 6 is not written, being the default.
	Resolution uint8
	// Offset is if_tsoffset, seconds; 0 is not written.
	Offset     int64
	Interfaces []Interface
	// SectionEvery starts a new section, in the other byte order, after so
	// many packets; 0 is one section.
	SectionEvery int
	// Extras adds blocks and options that hold no packets: name resolution,
	// interface statistics, a custom block, comments.
	Extras bool
}

// PcapngWriter writes a pcapng file.
type PcapngWriter struct {
	w       io.Writer
	o       Pcapng
	b       layout.Blocks // one at a time
	written int64
}

// NewPcapng writes the section header and the interface descriptions and
// returns the writer of the packets.
func NewPcapng(w io.Writer, o Pcapng) (*PcapngWriter, error) {
	if o.Order == nil {
		o.Order = binary.LittleEndian
	}
	if max := map[bool]uint8{false: 19, true: 0x80 | 63}[o.Resolution&0x80 != 0]; o.Resolution > max {
		return nil, fmt.Errorf("pcapng: resolution %#x is finer than 64 bits can hold", o.Resolution)
	}
	p := &PcapngWriter{w: w, o: o}
	return p, p.section()
}

// section writes a section header and its interface descriptions.
func (p *PcapngWriter) section() error {
	p.begin(layout.BlockSection)
	p.b.U32(layout.ByteOrderMagic)
	p.b.U16(1)
	p.b.U16(0)
	p.b.U64(math.MaxUint64) // length not given
	if p.o.Extras {
		p.b.Option(4, []byte("netramet capfile")) // shb_userappl
		p.b.Option(0, nil)
	}
	if err := p.end("section header"); err != nil {
		return err
	}
	for i, in := range p.o.Interfaces {
		p.begin(layout.BlockInterface)
		p.b.U16(uint16(in.LinkType))
		p.b.U16(0)
		p.b.U32(in.SnapLen)
		if in.Name != "" {
			p.b.Option(layout.OptName, []byte(in.Name))
		}
		if p.o.Resolution != 6 {
			p.b.Option(layout.OptResolution, []byte{p.o.Resolution})
		}
		if p.o.Offset != 0 {
			p.b.Option(layout.OptOffset, p.o.Order.AppendUint64(nil, uint64(p.o.Offset)))
		}
		p.b.Option(0, nil)
		if err := p.end(fmt.Sprintf("interface %d", i+1)); err != nil {
			return err
		}
	}
	if p.o.Extras {
		return p.names()
	}
	return nil
}

// names writes a name resolution block and a custom block.
func (p *PcapngWriter) names() error {
	p.begin(layout.BlockNames)
	p.b.U16(1) // an IPv4 record
	p.b.U16(4 + 5)
	p.b.Buf = append(p.b.Buf, 192, 0, 2, 1, 'h', 'o', 's', 't', 0)
	p.b.Pad()
	p.b.U32(0) // end of the records
	if err := p.end("name resolution"); err != nil {
		return err
	}
	p.begin(layout.BlockCustom)
	p.b.U32(32473) // the private enterprise number for examples (RFC 5612)
	p.b.Buf = append(p.b.Buf, "anything"...)
	return p.end("custom block")
}

// Write writes a packet.
func (p *PcapngWriter) Write(f *wire.Frame) error {
	if n := p.o.SectionEvery; n > 0 && p.written > 0 && p.written%int64(n) == 0 {
		p.flip()
		if err := p.section(); err != nil {
			return err
		}
	}
	if f.Interface == 0 || int(f.Interface) > len(p.o.Interfaces) {
		return fmt.Errorf("pcapng: packet %d: interface %d of %d", p.written+1, f.Interface, len(p.o.Interfaces))
	}
	if p.o.Extras && p.written%10 == 5 {
		if err := p.statistics(uint32(f.Interface - 1)); err != nil {
			return err
		}
	}
	high, low := uint32(0), uint32(0)
	if f.Time != wire.NoTime {
		t, err := p.ticks(f.Time)
		if err != nil {
			return fmt.Errorf("pcapng: packet %d: %w", p.written+1, err)
		}
		high, low = uint32(t>>32), uint32(t)
	}
	switch p.o.Block {
	case EnhancedBlock:
		p.begin(layout.BlockEnhanced)
		p.b.U32(uint32(f.Interface - 1))
		p.b.U32(high)
		p.b.U32(low)
		p.b.U32(uint32(len(f.Data)))
		p.b.U32(f.WireLen)
	case OldBlock:
		p.begin(layout.BlockOldPacket)
		p.b.U16(uint16(f.Interface - 1))
		p.b.U16(0xffff) // drops unknown
		p.b.U32(high)
		p.b.U32(low)
		p.b.U32(uint32(len(f.Data)))
		p.b.U32(f.WireLen)
	case SimpleBlock:
		// The captured length is not stored: it is the smaller of the
		// interface's snap length and the wire length.
		want := f.WireLen
		if s := p.o.Interfaces[0].SnapLen; s != 0 {
			want = min(want, s)
		}
		if int(want) != len(f.Data) {
			return fmt.Errorf("pcapng: packet %d: a simple block would say %d captured octets, not %d", p.written+1, want, len(f.Data))
		}
		p.begin(layout.BlockSimple)
		p.b.U32(f.WireLen)
	}
	p.b.Buf = append(p.b.Buf, f.Data...)
	p.b.Pad()
	if p.o.Extras && p.o.Block != SimpleBlock {
		p.b.Option(1, []byte("a comment"))
		p.b.Option(0, nil)
	}
	if err := p.end(fmt.Sprintf("packet %d", p.written+1)); err != nil {
		return err
	}
	p.written++
	return nil
}

// statistics writes an interface statistics block without options.
func (p *PcapngWriter) statistics(id uint32) error {
	p.begin(layout.BlockStatistics)
	p.b.U32(id)
	p.b.U32(0)
	p.b.U32(0)
	return p.end("interface statistics")
}

// flip changes the byte order.
func (p *PcapngWriter) flip() {
	if p.o.Order.String() == binary.LittleEndian.String() {
		p.o.Order = binary.BigEndian
	} else {
		p.o.Order = binary.LittleEndian
	}
}

// ticks converts Unix nanoseconds to the interface's units. Decimal units cut
// off; binary ones round up, so that a reader that cuts off (or rounds)
// comes back to the same nanosecond when the unit is finer than one.
func (p *PcapngWriter) ticks(t int64) (uint64, error) {
	t -= p.o.Offset * 1e9
	if t < 0 {
		return 0, fmt.Errorf("time %d ns lies before the offset", t)
	}
	r := p.o.Resolution
	if r&0x80 != 0 {
		hi, lo := bits.Mul64(uint64(t), 1<<(r&0x7f))
		lo, carry := bits.Add64(lo, 1e9-1, 0)
		if hi += carry; hi >= 1e9 {
			return 0, fmt.Errorf("time %d ns does not fit in units of 2^-%d s", t, r&0x7f)
		}
		q, _ := bits.Div64(hi, lo, 1e9)
		return q, nil
	}
	u := uint64(t)
	for ; r > 9; r-- {
		hi, lo := bits.Mul64(u, 10)
		if hi != 0 {
			return 0, fmt.Errorf("time %d ns does not fit in units of 10^-%d s", t, p.o.Resolution)
		}
		u = lo
	}
	for ; r < 9; r++ {
		u /= 10
	}
	return u, nil
}

// begin starts a block; end writes it.
func (p *PcapngWriter) begin(kind uint32) {
	p.b.Order, p.b.Buf = p.o.Order, p.b.Buf[:0]
	p.b.Begin(kind)
}

func (p *PcapngWriter) end(what string) error {
	p.b.End()
	if _, err := p.w.Write(p.b.Buf); err != nil {
		return fmt.Errorf("pcapng: %s: %w", what, err)
	}
	return nil
}
