package sources

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io"

	lzo "github.com/anchore/go-lzo"
)

// maxLzopBlock bounds what a block of lzop may have the decoder allocate. The
// lzop program writes blocks of 256 KiB.
const maxLzopBlock = 16 << 20

const lzopMagic = "\x89LZO\x00\x0d\x0a\x1a\x0a"

// The flags of a member of lzop that matter here.
const (
	lzopPlainAdler  = 0x0001
	lzopPackedAdler = 0x0002
	lzopExtraField  = 0x0040
	lzopPlainCRC    = 0x0100
	lzopPackedCRC   = 0x0200
	lzopFilter      = 0x0800
	lzopHeaderCRC   = 0x1000
)

// lzop reads the blocks of lzop's container, one member after the other.
type lzop struct {
	flags  uint32
	inside bool // of a member
}

func openLzop(r *bufio.Reader) (io.ReadCloser, error) {
	return readBlocks(r, new(lzop)), nil
}

// next implements blockFormat. Behind the last member may be zeros.
func (z *lzop) next(r *bufio.Reader, b *block) error {
	for {
		if !z.inside {
			if err := skipZeros(r); err != nil {
				return err
			}
			if err := z.header(r); err != nil {
				return noEOF(err)
			}
			z.inside = true
		}
		size, err := readUint32(r)
		if err != nil {
			return noEOF(err)
		}
		if size != 0 {
			return noEOF(z.block(r, b, size))
		}
		z.inside = false // the mark of the member's end
	}
}

// check implements blockFormat: blocks do not depend on each other.
func (z *lzop) check(*block, func(func(*block)) bool) error { return nil }

// summed reads a header and takes its checksum.
type summed struct {
	r   *bufio.Reader
	buf []byte // all that was read
	err error
}

func (s *summed) octets(n int) []byte {
	at := len(s.buf)
	s.buf = append(s.buf, make([]byte, n)...)
	if s.err == nil {
		_, s.err = io.ReadFull(s.r, s.buf[at:])
	}
	return s.buf[at:]
}

func (s *summed) number(octets int) (n uint32) {
	for _, o := range s.octets(octets) {
		n = n<<8 | uint32(o)
	}
	return n
}

// verify reads the checksum of what was read.
func (s *summed) verify(what string, crc bool) error {
	all := s.buf
	want := s.number(4)
	if s.err != nil {
		return noEOF(s.err)
	}
	got := adler32.Checksum(all)
	if crc {
		got = crc32.ChecksumIEEE(all)
	}
	if got != want {
		return fmt.Errorf("lzop: checksum of the %s is %08x, want %08x", what, got, want)
	}
	return nil
}

// header reads the header of a member.
func (z *lzop) header(r *bufio.Reader) error {
	magic := make([]byte, len(lzopMagic))
	if _, err := io.ReadFull(r, magic); err != nil {
		return err
	}
	if string(magic) != lzopMagic {
		return errors.New("lzop: neither the end nor another member")
	}
	const oldest, newest, levels = 0x0900, 0x1040, 0x0940
	h := summed{r: r}
	version, need := h.number(2), uint32(0)
	h.number(2) // version of the library
	if version >= levels {
		need = h.number(2)
	}
	method := h.number(1)
	if version >= levels {
		h.number(1)
	}
	z.flags = h.number(4)
	filter := uint32(0)
	if z.flags&lzopFilter != 0 {
		filter = h.number(4)
	}
	h.octets(8) // mode and time
	if version >= levels {
		h.octets(4)
	}
	h.octets(int(h.number(1))) // the file's name
	if err := h.verify("header", z.flags&lzopHeaderCRC != 0); err != nil {
		return err
	}
	switch {
	case version < oldest:
		return fmt.Errorf("lzop: version %#x", version)
	case need > newest:
		return unsupported(fmt.Sprintf("lzop: needs version %#x: not supported by this version", need))
	case method < 1 || method > 3:
		return unsupported(fmt.Sprintf("lzop: method %d is not LZO1X: not supported by this version", method))
	case filter != 0:
		return unsupported(fmt.Sprintf("lzop: filter %d: not supported by this version", filter))
	}
	return z.extra(r)
}

// extra passes the extra field, if there is one. Its checksum covers its length.
func (z *lzop) extra(r *bufio.Reader) error {
	if z.flags&lzopExtraField == 0 {
		return nil
	}
	h := summed{r: r}
	size := h.number(4)
	const most = 1 << 20
	if h.err == nil && size > most {
		return fmt.Errorf("lzop: an extra field of %d octets", size)
	}
	h.octets(int(min(size, most)))
	return h.verify("extra field", z.flags&lzopHeaderCRC != 0)
}

// lzopSums are the checksums of a block in the order in which they are stored.
type lzopSums struct{ plainAdler, plainCRC, packedAdler, packedCRC uint32 }

// block reads a block that has size octets when it is undone.
func (z *lzop) block(r *bufio.Reader, b *block, size uint32) error {
	packed, err := readUint32(r)
	if err != nil {
		return err
	}
	switch {
	case size == 1<<32-1:
		return unsupported("lzop: a part of a split file: not supported by this version")
	case packed == 0 || packed > size:
		return fmt.Errorf("lzop: a block of %d octets takes %d", size, packed)
	case size > maxLzopBlock:
		return unsupported(fmt.Sprintf(
			"lzop with a block above the limit of %d MiB: not supported by this version", maxLzopBlock>>20))
	}
	stored := packed == size
	var sums lzopSums
	for _, s := range []struct {
		flag  uint32
		there bool
		sum   *uint32
	}{
		{lzopPlainAdler, true, &sums.plainAdler}, {lzopPlainCRC, true, &sums.plainCRC},
		{lzopPackedAdler, !stored, &sums.packedAdler}, {lzopPackedCRC, !stored, &sums.packedCRC},
	} {
		if z.flags&s.flag != 0 && s.there {
			if *s.sum, err = readUint32(r); err != nil {
				return err
			}
		}
	}
	if b.packed, err = readPacked(r, b.packed, int(packed)); err != nil {
		return err
	}
	flags := z.flags
	b.undo = func(b *block) { b.plain, b.err = undoLzop(b.packed, b.plain, int(size), flags, sums) }
	return nil
}

// undoLzop undoes one block. A block with a wrong checksum is not handed over.
func undoLzop(packed, room []byte, size int, flags uint32, sums lzopSums) ([]byte, error) {
	verify := func(what string, data []byte, adler, crc uint32, wantAdler, wantCRC uint32) error {
		if got := uint32(0); flags&adler != 0 {
			if got = adler32.Checksum(data); got != wantAdler {
				return fmt.Errorf("lzop: adler32 of a block's %s data is %08x, want %08x", what, got, wantAdler)
			}
		}
		if flags&crc != 0 {
			if got := crc32.ChecksumIEEE(data); got != wantCRC {
				return fmt.Errorf("lzop: crc32 of a block's %s data is %08x, want %08x", what, got, wantCRC)
			}
		}
		return nil
	}
	plain := append(room[:0], packed...)
	if len(packed) < size {
		if err := verify("compressed", packed, lzopPackedAdler, lzopPackedCRC, sums.packedAdler, sums.packedCRC); err != nil {
			return nil, err
		}
		plain = roomFor(room, size)
		n, err := lzo.Decompress(packed, plain)
		if err == nil && n != size {
			err = fmt.Errorf("lzop: a block of %d octets has %d", size, n)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := verify("plain", plain, lzopPlainAdler, lzopPlainCRC, sums.plainAdler, sums.plainCRC); err != nil {
		return nil, err
	}
	return plain, nil
}

func readUint32(r *bufio.Reader) (uint32, error) {
	var b [4]byte
	_, err := io.ReadFull(r, b[:])
	return binary.BigEndian.Uint32(b[:]), err
}

// roomFor is a slice of size octets, buf's if it is large enough.
func roomFor(buf []byte, size int) []byte {
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	return buf[:size]
}

// readPacked reads size octets into buf's room. What is not there is not
// allocated for on the stream's word.
func readPacked(r io.Reader, buf []byte, size int) ([]byte, error) {
	buf = buf[:0]
	for len(buf) < size {
		at, step := len(buf), min(size-len(buf), chunkSize)
		buf = append(buf, make([]byte, step)...)
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			return buf[:0], noEOF(err)
		}
	}
	return buf, nil
}

// noEOF is err where the end is none.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
