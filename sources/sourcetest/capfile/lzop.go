package capfile

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"io"
)

// lzopBlock is the plain size of a block, in octets; small, so that a test's
// trace has several.
const lzopBlock = 20_011

// The flags of lzop's members that LzopMember takes.
const (
	LzopPlainAdler  = 0x0001
	LzopPackedAdler = 0x0002
	LzopExtraField  = 0x0040
	LzopPlainCRC    = 0x0100
	LzopPackedCRC   = 0x0200
	LzopMultipart   = 0x0400
	LzopFilter      = 0x0800
	LzopHeaderCRC   = 0x1000
)

// lzopWriter writes one member as lzop does, with a simple search for matches.
type lzopWriter struct {
	w       io.Writer
	flags   uint32
	block   []byte
	started bool
}

// LzopMember is a member with the checksums and fields that flags say.
func LzopMember(data []byte, flags uint32) []byte {
	var out buffer
	w := lzopWriter{w: &out, flags: flags}
	_, _ = w.Write(data) // a buffer takes all
	_ = w.Close()
	return out
}

func (z *lzopWriter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), lzopBlock-len(z.block))
		z.block = append(z.block, rest[:n]...)
		rest = rest[n:]
		if len(z.block) == lzopBlock {
			if err := z.flush(); err != nil {
				return len(p) - len(rest), err
			}
		}
	}
	return len(p), nil
}

func (z *lzopWriter) flush() error {
	out := z.header()
	if len(z.block) > 0 {
		out = append(out, lzopPart(z.block, z.flags)...)
		z.block = z.block[:0]
	}
	_, err := z.w.Write(out)
	return err
}

func (z *lzopWriter) Close() error {
	if err := z.flush(); err != nil {
		return err
	}
	_, err := z.w.Write([]byte{0, 0, 0, 0})
	return err
}

// header is the header before the first block, and nothing before others.
func (z *lzopWriter) header() []byte {
	if z.started {
		return nil
	}
	z.started = true
	sum := adler32.Checksum
	if z.flags&LzopHeaderCRC != 0 {
		sum = crc32.ChecksumIEEE
	}
	be := binary.BigEndian
	head := []byte("\x10\x30\x20\x80\x09\x40\x01\x05") // versions, method, level
	head = be.AppendUint32(head, z.flags)
	if z.flags&LzopFilter != 0 {
		head = be.AppendUint32(head, 0)
	}
	head = append(head, make([]byte, 12)...) // mode, time
	head = append(head, "\x05trace"...)
	out := append([]byte("\x89LZO\x00\x0d\x0a\x1a\x0a"), head...)
	out = be.AppendUint32(out, sum(head))
	if z.flags&LzopExtraField != 0 {
		extra := []byte("\x00\x00\x00\x05extra")
		out = be.AppendUint32(append(out, extra...), sum(extra))
	}
	return out
}

// lzopPart is one block of a member, stored where it does not get smaller.
func lzopPart(plain []byte, flags uint32) []byte {
	packed := lzo1x(plain)
	stored := len(packed) >= len(plain)
	if stored {
		packed = plain
	}
	be := binary.BigEndian
	out := be.AppendUint32(nil, uint32(len(plain)))
	out = be.AppendUint32(out, uint32(len(packed)))
	if flags&LzopPlainAdler != 0 {
		out = be.AppendUint32(out, adler32.Checksum(plain))
	}
	if flags&LzopPlainCRC != 0 {
		out = be.AppendUint32(out, crc32.ChecksumIEEE(plain))
	}
	if flags&LzopPackedAdler != 0 && !stored {
		out = be.AppendUint32(out, adler32.Checksum(packed))
	}
	if flags&LzopPackedCRC != 0 && !stored {
		out = be.AppendUint32(out, crc32.ChecksumIEEE(packed))
	}
	return append(out, packed...)
}

// lzo1x codes literals, and matches of at least 9 octets in the last 16 KiB,
// which need one kind of instruction only.
func lzo1x(p []byte) (out []byte) {
	last := map[[9]byte]int{}
	start := 0 // of the literals at hand
	for i := 0; i+9 <= len(p); {
		key := [9]byte(p[i:])
		from, ok := last[key]
		last[key] = i
		// A first match needs literals before it, and a run at least 4.
		if !ok || i-from > 1<<14 || i-start < 4 {
			i++
			continue
		}
		n := 9
		for i+n < len(p) && p[from+n] == p[i+n] {
			n++
		}
		out = lzoLiterals(out, p[start:i], start == 0)
		out = lzoCount(out, 0x20, n-2, 31)
		out = binary.LittleEndian.AppendUint16(out, uint16(i-from-1)<<2)
		i += n
		start = i
	}
	if start < len(p) {
		rest := p[start:]
		if len(rest) < 4 && start > 0 {
			// The match's last octets give way: they count fewer literals.
			return p
		}
		out = lzoLiterals(out, rest, start == 0)
	}
	return append(out, 0x11, 0, 0)
}

// lzoLiterals codes a run of at least 4 literals.
func lzoLiterals(out, p []byte, first bool) []byte {
	if first && len(p) <= 238 {
		out = append(out, byte(len(p)+17))
	} else {
		out = lzoCount(out, 0, len(p)-3, 15)
	}
	return append(out, p...)
}

// lzoCount codes a count that may not fit the instruction's bits.
func lzoCount(out []byte, code byte, n, most int) []byte {
	if n <= most {
		return append(out, code|byte(n))
	}
	out = append(out, code)
	for n -= most; n > 255; n -= 255 {
		out = append(out, 0)
	}
	return append(out, byte(n))
}
