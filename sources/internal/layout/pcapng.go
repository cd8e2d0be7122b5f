package layout

// Types of pcapng blocks.
const (
	BlockInterface  = 1
	BlockOldPacket  = 2
	BlockSimple     = 3
	BlockNames      = 4
	BlockStatistics = 5
	BlockEnhanced   = 6
	BlockSection    = 0x0a0d0d0a
	BlockCustom     = 0x40000bad

	// ByteOrderMagic begins the body of a section header.
	ByteOrderMagic = 0x1a2b3c4d
)

// Codes of options.
const (
	OptEnd     = 0
	OptComment = 1

	OptHardware    = 2 // of a section
	OptSystem      = 3
	OptApplication = 4

	OptName        = 2 // of an interface
	OptDescription = 3
	OptResolution  = 9
	OptOffset      = 14
)

// Blocks appends pcapng blocks to Buf, one after the other.
type Blocks struct {
	Order Order
	Buf   []byte
	start int // of the block that is begun
}

// Begin begins a block.
func (b *Blocks) Begin(kind uint32) {
	b.start = len(b.Buf)
	b.U32(kind)
	b.U32(0) // its length, which End knows
}

// End ends the block.
func (b *Blocks) End() {
	b.Pad()
	n := uint32(len(b.Buf) - b.start + 4)
	b.U32(n)
	b.Order.PutUint32(b.Buf[b.start+4:], n)
}

// Option appends an option.
func (b *Blocks) Option(code uint16, value []byte) {
	b.U16(code)
	b.U16(uint16(len(value)))
	b.Octets(value)
}

// Text appends an option that is a text, unless it is empty.
func (b *Blocks) Text(code uint16, text string) {
	if text != "" {
		b.Option(code, []byte(text))
	}
}

// Octets appends octets, filled up to a multiple of four.
func (b *Blocks) Octets(p []byte) {
	b.Buf = append(b.Buf, p...)
	b.Pad()
}

// Pad fills the block up to a multiple of four octets.
func (b *Blocks) Pad() {
	for (len(b.Buf)-b.start)%4 != 0 {
		b.Buf = append(b.Buf, 0)
	}
}

// U16 appends a number of 16 bits.
func (b *Blocks) U16(v uint16) { b.Buf = b.Order.AppendUint16(b.Buf, v) }

// U32 appends a number of 32 bits.
func (b *Blocks) U32(v uint32) { b.Buf = b.Order.AppendUint32(b.Buf, v) }

// U64 appends a number of 64 bits.
func (b *Blocks) U64(v uint64) { b.Buf = b.Order.AppendUint64(b.Buf, v) }
