package sources

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	lz4block "github.com/pierrec/lz4/v4"
)

const (
	lz4Magic       = "\x04\x22\x4d\x18"
	lz4LegacyMagic = "\x02\x21\x4c\x18"

	// lz4Legacy is the plain size of the blocks of legacy frames; those of
	// others are smaller.
	lz4Legacy = 8 << 20
	// lz4Window is how far a block can reach back into those before it.
	lz4Window = 64 << 10
)

// The flags of a frame.
const (
	lz4Dictionary  = 0x01
	lz4ContentSum  = 0x04
	lz4ContentSize = 0x08
	lz4BlockSum    = 0x10
	lz4Independent = 0x20
)

// isLz4 also takes skippable frames that a frame of lz4 follows; zstd has the
// same ones.
func isLz4(head []byte) bool {
	for isSkippable(head) {
		n := uint64(binary.LittleEndian.Uint32(head[4:])) + 8
		if n > uint64(len(head)) {
			return false
		}
		head = head[n:]
	}
	return bytes.HasPrefix(head, []byte(lz4Magic)) || bytes.HasPrefix(head, []byte(lz4LegacyMagic))
}

// isSkippable recognises the head of a frame of zstd or lz4 that holds no data.
func isSkippable(head []byte) bool {
	return len(head) >= 8 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18"))
}

// lz4 reads the blocks of lz4's frames, one frame after the other.
type lz4 struct {
	// Of the frame that is read.
	frame  lz4Frame
	window []byte // its last plain octets, for blocks that depend on them

	// Of the frame that is handed over, which is behind.
	content xxh32
	octets  uint64
}

// lz4Frame is what the header of a frame says.
type lz4Frame struct {
	inside   bool
	legacy   bool
	flags    byte
	blockMax int
	size     uint64
}

func openLz4(r *bufio.Reader) (io.ReadCloser, error) {
	return readBlocks(r, new(lz4)), nil
}

// lz4Note says what of a block its frame's end is checked against.
type lz4Note struct {
	flags byte
	end   bool   // no octets; what follows is of the whole frame
	size  uint64 // of the frame's content
	sum   uint32 // of the frame's content
}

// next implements blockFormat. The end of a frame is a block without octets.
// Between frames, and behind the last, may be zeros.
func (z *lz4) next(r *bufio.Reader, b *block) error {
	for {
		if !z.frame.inside {
			if err := skipZeros(r); err != nil {
				return err
			}
			if err := z.header(r); err != nil {
				return noEOF(err)
			}
			continue
		}
		word, err := lz4Word(r)
		f := &z.frame
		switch {
		case err != nil && f.legacy:
			return err // such frames have no mark of their end
		case err != nil:
			return noEOF(err)
		case f.legacy && (word == 0 || word > uint32(lz4block.CompressBlockBound(lz4Legacy))):
			f.inside = false // zeros, or the magic number of the next frame
			continue
		}
		r.Discard(4)
		switch {
		case f.legacy:
			return noEOF(z.block(r, b, int(word), false))
		case word == 0:
			f.inside = false
			return noEOF(z.end(r, b))
		}
		return noEOF(z.block(r, b, int(word&^(1<<31)), word>>31 != 0))
	}
}

// lz4Word looks at the next number; io.EOF says that there is nothing left.
func lz4Word(r *bufio.Reader) (uint32, error) {
	p, err := r.Peek(4)
	if len(p) == 4 {
		return binary.LittleEndian.Uint32(p), nil
	}
	if len(p) > 0 {
		err = noEOF(err)
	}
	return 0, err
}

// header reads a frame's header, or passes a frame that holds no data.
func (z *lz4) header(r *bufio.Reader) error {
	head, err := r.Peek(8)
	switch {
	case isSkippable(head):
		r.Discard(8)
		_, err := io.CopyN(io.Discard, r, int64(binary.LittleEndian.Uint32(head[4:])))
		return err
	case bytes.HasPrefix(head, []byte(lz4LegacyMagic)):
		z.frame = lz4Frame{inside: true, legacy: true, flags: lz4Independent, blockMax: lz4Legacy}
		r.Discard(4)
		return nil
	case len(head) < 4 || len(head) < 8 && bytes.HasPrefix(head, []byte(lz4Magic)):
		return noEOF(err)
	case !bytes.HasPrefix(head, []byte(lz4Magic)):
		return errors.New("lz4: neither the end nor another frame")
	}
	f := lz4Frame{inside: true, flags: head[4]}
	size := 2
	if f.flags&lz4ContentSize != 0 {
		size += 8
	}
	if f.flags&lz4Dictionary != 0 {
		size += 4
	}
	all := make([]byte, 4+size+1)
	if _, err := io.ReadFull(r, all); err != nil {
		return err
	}
	desc := all[4 : 4+size]
	if got := byte(xxh32Of(desc) >> 8); got != all[4+size] {
		return fmt.Errorf("lz4: checksum of the header is %02x, want %02x", got, all[4+size])
	}
	class := desc[1] >> 4
	switch {
	case f.flags>>6 != 1 || f.flags&0x02 != 0 || desc[1]&0x8f != 0 || class < 4:
		return unsupported(fmt.Sprintf("lz4: a frame of another kind (%02x %02x): not supported by this version", desc[0], desc[1]))
	case f.flags&lz4Dictionary != 0:
		return unsupported("lz4 with a dictionary: not supported by this version")
	}
	if f.flags&lz4ContentSize != 0 {
		f.size = binary.LittleEndian.Uint64(desc[2:])
	}
	f.blockMax = 1 << (8 + 2*class)
	z.frame, z.window = f, z.window[:0]
	return nil
}

// block reads a block. Those that depend on others are undone at once.
func (z *lz4) block(r *bufio.Reader, b *block, packed int, stored bool) error {
	f := z.frame
	if most := f.blockMax; packed > most && !f.legacy {
		return fmt.Errorf("lz4: a block of %d octets, above the %d of its frame", packed, most)
	}
	var err error
	if b.packed, err = readPacked(r, b.packed, packed); err != nil {
		return err
	}
	sum := uint32(0)
	if f.flags&lz4BlockSum != 0 {
		if sum, err = lz4Word(r); err != nil {
			return err
		}
		r.Discard(4)
	}
	b.note = lz4Note{flags: f.flags}
	undo := func(b *block, window []byte) {
		if f.flags&lz4BlockSum != 0 {
			if got := xxh32Of(b.packed); got != sum {
				b.err = fmt.Errorf("lz4: checksum of a block is %08x, want %08x", got, sum)
				return
			}
		}
		if stored {
			b.plain = append(b.plain[:0], b.packed...)
			return
		}
		b.plain, b.err = undoLz4(b.packed, b.plain, f.blockMax, window)
	}
	if f.flags&lz4Independent != 0 {
		b.undo = func(b *block) { undo(b, nil) }
		return nil
	}
	undo(b, z.window)
	z.window = append(z.window, b.plain...)
	z.window = z.window[:copy(z.window, z.window[max(0, len(z.window)-lz4Window):])]
	return b.err
}

// undoLz4 undoes one block. Its size is not known, so that room is made as it
// proves to be needed.
func undoLz4(packed, room []byte, most int, window []byte) ([]byte, error) {
	if n := len(packed); n < most/255 { // so that an int of 32 bits holds the product
		most = min(most, 255*n+16) // no sequence gives more than 255 octets for one
	}
	plain := roomFor(room, most)
	n, err := lz4block.UncompressBlockWithDict(packed, plain, window)
	if err != nil {
		return nil, err
	}
	return plain[:n], nil
}

// end reads the end of a frame.
func (z *lz4) end(r *bufio.Reader, b *block) error {
	note := lz4Note{flags: z.frame.flags, end: true, size: z.frame.size}
	if note.flags&lz4ContentSum != 0 {
		var err error
		if note.sum, err = lz4Word(r); err != nil {
			return err
		}
		r.Discard(4)
	}
	b.note = note
	return nil
}

// check implements blockFormat: it holds a frame against what its end says.
func (z *lz4) check(b *block, _ func(func(*block)) bool) error {
	note, ok := b.note.(lz4Note)
	if !ok {
		return nil
	}
	if !note.end {
		z.octets += uint64(len(b.plain))
		if note.flags&lz4ContentSum != 0 {
			z.content.write(b.plain)
		}
		return nil
	}
	sum, octets := z.content.sum(), z.octets
	z.content, z.octets = xxh32{}, 0
	switch {
	case note.flags&lz4ContentSum != 0 && sum != note.sum:
		return fmt.Errorf("lz4: checksum of a frame is %08x, want %08x", sum, note.sum)
	case note.flags&lz4ContentSize != 0 && octets != note.size:
		return fmt.Errorf("lz4: a frame of %d octets, want %d", octets, note.size)
	}
	return nil
}
