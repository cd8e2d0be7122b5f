package capfile

import (
	"fmt"
	"io"
	"math/bits"
)

// bzip2Block is the size of a block's run-length coded data, in octets: level
// 1's 100,000 less room for the run that is being coded. Small blocks, so
// that a test's trace has several.
const bzip2Block = 100_000 - 300

// bzip2Writer writes bzip2 at level 1, simply and slowly: the standard
// library only reads it. A block has two equal Huffman tables, the fewest
// the format allows.
type bzip2Writer struct {
	out      bitWriter
	block    []byte // after the first run-length coding
	run      int    // length of the run at hand, 0..255
	last     byte   // its octet
	crc      uint32 // of the block's plain octets
	combined uint32 // of all blocks before
	started  bool
}

func newBzip2(w io.Writer) *bzip2Writer {
	return &bzip2Writer{out: bitWriter{w: w}, crc: 0xffffffff}
}

func (b *bzip2Writer) Write(p []byte) (int, error) {
	b.start()
	for _, c := range p {
		if b.run > 0 && (c != b.last || b.run == 255) {
			b.endRun()
			if len(b.block) >= bzip2Block {
				b.endBlock()
			}
		}
		b.last = c
		b.run++
	}
	return len(p), b.out.err
}

func (b *bzip2Writer) start() {
	if !b.started {
		b.started = true
		b.out.bytes("BZh1")
	}
}

// endRun codes a run: four equal octets are followed by a count of more.
func (b *bzip2Writer) endRun() {
	for range b.run {
		b.crc = b.crc<<8 ^ bzip2CRC[byte(b.crc>>24)^b.last]
	}
	for range min(b.run, 4) {
		b.block = append(b.block, b.last)
	}
	if b.run >= 4 {
		b.block = append(b.block, byte(b.run-4))
	}
	b.run = 0
}

// Close writes the last block and the trailer.
func (b *bzip2Writer) Close() error {
	b.start()
	b.endRun()
	b.endBlock()
	b.out.put(0x177245, 24)
	b.out.put(0x385090, 24)
	b.out.put(b.combined, 32)
	b.out.flush()
	if b.out.err != nil {
		return fmt.Errorf("bzip2: %w", b.out.err)
	}
	return nil
}

// endBlock writes the block: Burrows-Wheeler transform, move to front with
// zero runs, Huffman code.
func (b *bzip2Writer) endBlock() {
	if len(b.block) == 0 {
		return
	}
	crc := ^b.crc
	b.combined = bits.RotateLeft32(b.combined, 1) ^ crc
	sorted, origin := burrowsWheeler(b.block)
	symbols, used := moveToFront(sorted)

	b.out.put(0x314159, 24)
	b.out.put(0x265359, 24)
	b.out.put(crc, 32)
	b.out.put(0, 1) // not randomised
	b.out.put(uint32(origin), 24)
	b.octetMap(used)

	size := 0
	for _, u := range used {
		if u {
			size++
		}
	}
	counts := make([]int, size+2) // RUNA, RUNB, size-1 places, end of block
	for _, s := range symbols {
		counts[s]++
	}
	lengths := huffmanLengths(counts)
	codes := canonicalCodes(lengths)
	selectors := (len(symbols) + 49) / 50
	b.out.put(2, 3)
	b.out.put(uint32(selectors), 15)
	for range selectors {
		b.out.put(0, 1) // table 0, each time
	}
	for range 2 {
		b.table(lengths)
	}
	for _, s := range symbols {
		b.out.put(codes[s], lengths[s])
	}
	b.block, b.crc = b.block[:0], 0xffffffff
}

// octetMap writes which octets occur: a map of sixteens, then their maps.
func (b *bzip2Writer) octetMap(used [256]bool) {
	var all uint32
	var rows [16]uint32
	for i, u := range used {
		if u {
			rows[i/16] |= 0x8000 >> (i % 16)
			all |= 0x8000 >> (i / 16)
		}
	}
	b.out.put(all, 16)
	for _, r := range rows {
		if r != 0 {
			b.out.put(r, 16)
		}
	}
}

// table writes code lengths as steps from the one before.
func (b *bzip2Writer) table(lengths []uint) {
	at := lengths[0]
	b.out.put(uint32(at), 5)
	for _, l := range lengths {
		for ; at < l; at++ {
			b.out.put(0b10, 2)
		}
		for ; at > l; at-- {
			b.out.put(0b11, 2)
		}
		b.out.put(0, 1)
	}
}

// bitWriter writes bits, the highest first, and keeps the first error.
type bitWriter struct {
	w    io.Writer
	acc  uint64
	n    uint // bits in acc, under 8 between calls
	hold []byte
	err  error
}

func (w *bitWriter) put(v uint32, n uint) {
	w.acc = w.acc<<n | uint64(v)
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.hold = append(w.hold, byte(w.acc>>(w.n-8)))
	}
	if len(w.hold) >= 1<<15 {
		w.send()
	}
}

func (w *bitWriter) bytes(s string) {
	for i := range len(s) {
		w.put(uint32(s[i]), 8)
	}
}

// flush fills the last octet with zeros and sends everything.
func (w *bitWriter) flush() {
	w.put(0, -w.n&7)
	w.send()
}

func (w *bitWriter) send() {
	if w.err == nil {
		_, w.err = w.w.Write(w.hold)
	}
	w.hold = w.hold[:0]
}

// bzip2CRC is the table of bzip2's CRC-32: the polynomial of Ethernet, but the
// highest bit first, which hash/crc32 does not do.
var bzip2CRC = func() (t [256]uint32) {
	for i := range t {
		c := uint32(i) << 24
		for range 8 {
			if c&(1<<31) != 0 {
				c = c<<1 ^ 0x04c11db7
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()
