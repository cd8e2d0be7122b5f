package sources

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// A block of bzip2 begins with one of these magic numbers of 48 bits, at
	// any bit: data, or the end of a stream.
	bzip2Data = 0x314159265359
	bzip2End  = 0x177245385090
	bzip2Mask = 1<<48 - 1

	// maxBzip2Packed is more than the largest block takes: 900,000 octets in
	// codes of 20 bits, and its tables.
	maxBzip2Packed = 5 << 19
	// maxBzip2Plain is how much of a block is undone ahead of its turn; more
	// is in those of long runs only.
	maxBzip2Plain = 1 << 20
	// maxBzip2Joins is how many octets in a block may look like the begin of another,
	// for the block is undone anew for each of them.
	maxBzip2Joins = 16
	// maxBzip2Zeros is how many of the zeros behind a stream are kept.
	maxBzip2Zeros = 64
)

// bzip2Blocks cuts streams of bzip2 at the magic numbers. Octets of compressed
// data can look like one, once in thirty terabytes by chance; a block that proves
// to be too short is put together with the next ones. So what lies between the
// magic numbers is given a meaning only in its turn.
type bzip2Blocks struct {
	// Of the stream that is cut.
	window uint64 // its last octets
	since  int    // bits of them behind the last magic number
	carry  []byte // the octets read that the next block begins with
	lead   int    // bits of them that do not belong to it
	level  byte   // what the last header says
	err    error

	// Of the stream that is handed over.
	inside bool   // of a stream
	begun  bool   // there was one
	sum    uint32 // of its blocks up to now
}

// bzip2Part is what lies between two magic numbers; it begins with one, but for
// the first.
type bzip2Part struct {
	lead  int // bits of packed before it
	bits  int
	level byte
	whole bool  // another part follows, so that this one is all there
	short bool  // the decoder found that it is not
	cause error // why not whole: what ended the stream
}

func openBzip2(r *bufio.Reader) (io.ReadCloser, error) {
	return readBlocks(r, &bzip2Blocks{level: '9'}), nil
}

// next implements blockFormat.
func (z *bzip2Blocks) next(r *bufio.Reader, b *block) error {
	if z.err != nil {
		return z.err
	}
	b.packed = append(b.packed[:0], z.carry...)
	part := bzip2Part{lead: z.lead, level: z.level}
	data := part.magic(b.packed) == bzip2Data
	for zeros := 0; !part.whole && z.err == nil; {
		o, err := r.ReadByte()
		if err != nil {
			z.err = err
			break
		}
		z.window, z.since = z.window<<8|uint64(o), z.since+8
		if zeros++; o != 0 {
			zeros = 0
		}
		if !data && zeros > maxBzip2Zeros {
			continue
		}
		b.packed = append(b.packed, o)
		if spare := z.found(); spare >= 0 {
			part.whole = true
			part.bits = 8*len(b.packed) - spare - 48 - part.lead
			z.begin(b.packed, part)
		} else if len(b.packed) > maxBzip2Packed {
			z.err = errors.New("bzip2: a block without an end")
		}
	}
	if !part.whole {
		part.bits, part.cause = 8*len(b.packed)-part.lead, z.err
	}
	b.packed = b.packed[:(part.lead+part.bits+7)/8]
	if !data && part.whole && isBzip2(b.packed[max(0, len(b.packed)-4):]) {
		z.level = b.packed[len(b.packed)-1]
	}
	b.note = part
	if data {
		b.undo = undoBzip2
	}
	return nil
}

// found looks for a magic number that ends in the last octet, and returns how
// many bits follow it, or -1.
func (z *bzip2Blocks) found() int {
	for spare := range 8 {
		m := z.window >> spare & bzip2Mask
		if (m == bzip2Data || m == bzip2End) && z.since >= spare+48 {
			z.since = spare
			return spare
		}
	}
	return -1
}

// begin keeps what was read of the part behind the one at hand.
func (z *bzip2Blocks) begin(packed []byte, part bzip2Part) {
	at := part.lead + part.bits
	z.carry = append(z.carry[:0], packed[at/8:]...)
	z.lead = at % 8
}

// magic is the magic number that the part begins with.
func (p bzip2Part) magic(packed []byte) uint64 { return bitsAt(packed, p.lead, 48) }

// bitsAt is the number of up to 48 bits at a bit of data; bits that are not
// there are 0.
func bitsAt(data []byte, at, bits int) uint64 {
	var word [8]byte
	if at/8 < len(data) {
		copy(word[:], data[at/8:])
	}
	return binary.BigEndian.Uint64(word[:]) << (at % 8) >> (64 - bits)
}

// stream makes a stream of the block alone, from its first bit. If the block is
// all there, the stream has an end; data is how many octets there are before it.
func (p bzip2Part) stream(packed []byte) (s *bzip2Source) {
	w := bitWriter{out: append(make([]byte, 0, len(packed)+16), 'B', 'Z', 'h', p.level)}
	for at := 0; at < p.bits; at += 8 {
		n := min(8, p.bits-at)
		w.put(bitsAt(packed, p.lead+at, n), n)
	}
	s = &bzip2Source{end: len(w.out)}
	if p.whole {
		w.put(bzip2End>>24, 24)
		w.put(bzip2End&(1<<24-1), 24)
		w.put(uint64(p.sum(packed)), 32) // of the stream, which has one block
	}
	w.put(0, 7) // fills the last octet
	s.octets = w.out
	return s
}

// sum is the checksum that a block has behind its magic number.
func (p bzip2Part) sum(packed []byte) uint32 { return uint32(bitsAt(packed, p.lead+48, 32)) }

// bitWriter appends bits to octets.
type bitWriter struct {
	out  []byte
	bits uint64
	held int
}

func (w *bitWriter) put(value uint64, bits int) {
	w.bits, w.held = w.bits<<bits|value, w.held+bits
	for ; w.held >= 8; w.held -= 8 {
		w.out = append(w.out, byte(w.bits>>(w.held-8)))
	}
}

// bzip2Source is what a decoder reads of one block.
type bzip2Source struct {
	octets []byte
	pos    int
	end    int // of the block's own octets
}

// ReadByte implements io.ByteReader, which the decoder asks for.
func (s *bzip2Source) ReadByte() (byte, error) {
	if s.pos == len(s.octets) {
		return 0, io.EOF
	}
	s.pos++
	return s.octets[s.pos-1], nil
}

// Read implements io.Reader; the decoder does not call it.
func (s *bzip2Source) Read(p []byte) (int, error) {
	n := copy(p, s.octets[s.pos:])
	if s.pos += n; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// undoBzip2 undoes a block of data.
func undoBzip2(b *block) {
	part := b.note.(bzip2Part)
	src := part.stream(b.packed)
	dec := bzip2.NewReader(src)
	plain, n := roomFor(b.plain, maxBzip2Plain), 0
	var err error
	for n < len(plain) && err == nil {
		var m int
		m, err = dec.Read(plain[n:])
		n += m
	}
	b.plain, b.more, b.err = plain[:n], nil, nil
	ended := new(below)
	if part.cause != io.EOF {
		ended.err = part.cause
	}
	switch {
	case err == nil:
		b.more = &layer{io.NopCloser(dec), ended}
	case err != io.EOF:
		b.err = ended.cause(err)
	}
	// What follows the block's own octets may have ended it, too: with the wrong sum.
	part.short = part.whole && err != nil && err != io.EOF && src.pos > src.end
	b.note = part
}

// check implements blockFormat.
func (z *bzip2Blocks) check(b *block, follow func(use func(next *block)) bool) error {
	part, ok := b.note.(bzip2Part)
	if !ok { // the end
		if z.inside || !z.begun {
			return noEOF(b.err)
		}
		return nil
	}
	switch magic := part.magic(b.packed); {
	case !z.begun:
		z.begun = true
		return z.between(b.packed, part)
	case magic == bzip2Data && z.inside:
		for n := 0; n < maxBzip2Joins && part.short && len(b.packed) < maxBzip2Packed && follow(func(next *block) { bzip2Join(b, next) }); n++ {
			part = b.note.(bzip2Part)
		}
		z.sum = z.sum<<1 | z.sum>>31
		z.sum ^= part.sum(b.packed)
		return nil
	case magic == bzip2End && z.inside:
		return z.ending(b.packed, part)
	}
	return errors.New("bzip2: a block outside of a stream")
}

// bzip2Join puts a block together with what follows it, for it has proved to be
// too short, and undoes it again.
func bzip2Join(b, next *block) {
	part := b.note.(bzip2Part)
	part.short = false
	if more, ok := next.note.(bzip2Part); ok {
		b.packed = append(b.packed[:(part.lead+part.bits)/8], next.packed...)
		part.bits += more.bits
		part.whole = more.whole
		b.note = part
		undoBzip2(b)
		return
	}
	b.note = part
}

// ending looks at the end of a stream.
func (z *bzip2Blocks) ending(packed []byte, part bzip2Part) error {
	const size = 48 + 32
	if part.bits < size && !part.whole {
		return noEOF(part.cause)
	}
	if got := part.sum(packed); got != z.sum {
		return fmt.Errorf("bzip2: checksum of a stream is %08x, want %08x", z.sum, got)
	}
	z.inside, z.sum = false, 0
	behind := packed[min(len(packed), (part.lead+size+7)/8):]
	return z.between(bytes.TrimLeft(behind, "\x00"), part)
}

// between looks at what is between two streams, and before the first: nothing, or
// the header of the next.
func (z *bzip2Blocks) between(head []byte, part bzip2Part) error {
	switch {
	case part.whole && len(head) == 4 && isBzip2(head) && (part.lead+part.bits)%8 == 0:
		z.inside = true
		return nil
	case !part.whole && (len(head) == 0 || part.cause != io.EOF):
		return nil // what ended the stream comes next
	case !part.whole && beginsBzip2(head):
		return io.ErrUnexpectedEOF
	}
	return errors.New("bzip2: neither the end nor another stream")
}

// beginsBzip2 reports whether a stream that was cut may begin like that.
func beginsBzip2(head []byte) bool {
	level := byte('9')
	if len(head) > 3 {
		level = head[3]
	}
	for _, magic := range []uint64{bzip2Data, bzip2End} {
		begin := binary.BigEndian.AppendUint64([]byte{'B', 'Z', 'h', level}, magic<<16)[:10]
		if '1' <= level && level <= '9' && bytes.HasPrefix(begin, head) {
			return true
		}
	}
	return false
}
