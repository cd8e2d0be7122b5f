package capfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"

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

// Block types.
const (
	blockInterface  = 1
	blockOldPacket  = 2
	blockSimple     = 3
	blockNames      = 4
	blockStatistics = 5
	blockEnhanced   = 6
	blockSection    = 0x0a0d0d0a
	blockCustom     = 0x40000bad
)

// Options of an interface description.
const (
	optName       = 2
	optResolution = 9
	optOffset     = 14
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
	block   []byte // scratch for one block
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
	p.begin(blockSection)
	p.u32(0x1a2b3c4d)
	p.u16(1)
	p.u16(0)
	p.u64(math.MaxUint64) // length not given
	if p.o.Extras {
		p.option(4, []byte("netramet capfile")) // shb_userappl
		p.option(0, nil)
	}
	if err := p.end("section header"); err != nil {
		return err
	}
	for i, in := range p.o.Interfaces {
		p.begin(blockInterface)
		p.u16(uint16(in.LinkType))
		p.u16(0)
		p.u32(in.SnapLen)
		if in.Name != "" {
			p.option(optName, []byte(in.Name))
		}
		if p.o.Resolution != 6 {
			p.option(optResolution, []byte{p.o.Resolution})
		}
		if p.o.Offset != 0 {
			p.option(optOffset, p.o.Order.AppendUint64(nil, uint64(p.o.Offset)))
		}
		p.option(0, nil)
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
	p.begin(blockNames)
	p.u16(1) // an IPv4 record
	p.u16(4 + 5)
	p.block = append(p.block, 192, 0, 2, 1, 'h', 'o', 's', 't', 0)
	p.pad()
	p.u32(0) // end of the records
	if err := p.end("name resolution"); err != nil {
		return err
	}
	p.begin(blockCustom)
	p.u32(32473) // the private enterprise number for examples (RFC 5612)
	p.block = append(p.block, "anything"...)
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
		p.begin(blockEnhanced)
		p.u32(uint32(f.Interface - 1))
		p.u32(high)
		p.u32(low)
		p.u32(uint32(len(f.Data)))
		p.u32(f.WireLen)
	case OldBlock:
		p.begin(blockOldPacket)
		p.u16(uint16(f.Interface - 1))
		p.u16(0xffff) // drops unknown
		p.u32(high)
		p.u32(low)
		p.u32(uint32(len(f.Data)))
		p.u32(f.WireLen)
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
		p.begin(blockSimple)
		p.u32(f.WireLen)
	}
	p.block = append(p.block, f.Data...)
	p.pad()
	if p.o.Extras && p.o.Block != SimpleBlock {
		p.option(1, []byte("a comment"))
		p.option(0, nil)
	}
	if err := p.end(fmt.Sprintf("packet %d", p.written+1)); err != nil {
		return err
	}
	p.written++
	return nil
}

// statistics writes an interface statistics block without options.
func (p *PcapngWriter) statistics(id uint32) error {
	p.begin(blockStatistics)
	p.u32(id)
	p.u32(0)
	p.u32(0)
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

// begin starts a block; end fills in its length.
func (p *PcapngWriter) begin(kind uint32) {
	p.block = p.block[:0]
	p.u32(kind)
	p.u32(0)
}

func (p *PcapngWriter) end(what string) error {
	p.pad()
	n := uint32(len(p.block) + 4)
	p.u32(n)
	p.o.Order.PutUint32(p.block[4:], n)
	if _, err := p.w.Write(p.block); err != nil {
		return fmt.Errorf("pcapng: %s: %w", what, err)
	}
	return nil
}

func (p *PcapngWriter) option(code uint16, value []byte) {
	p.u16(code)
	p.u16(uint16(len(value)))
	p.block = append(p.block, value...)
	p.pad()
}

func (p *PcapngWriter) pad() {
	for len(p.block)%4 != 0 {
		p.block = append(p.block, 0)
	}
}

func (p *PcapngWriter) u16(v uint16) { p.block = p.o.Order.AppendUint16(p.block, v) }
func (p *PcapngWriter) u32(v uint32) { p.block = p.o.Order.AppendUint32(p.block, v) }
func (p *PcapngWriter) u64(v uint64) { p.block = p.o.Order.AppendUint64(p.block, v) }
