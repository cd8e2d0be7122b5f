package capfile

import (
	"encoding/binary"
	"io"
)

// lz4Linked writes a frame of lz4 whose blocks reach back into those before
// them. Its blocks are small; the first is stored, and each of the others is
// one run of literals and one match, or literals alone.
type lz4Linked struct {
	w       io.Writer
	window  []byte
	started bool
}

const lz4LinkedBlock = 3001

func (z *lz4Linked) start() []byte {
	if z.started {
		return nil
	}
	z.started = true
	// Version 1, blocks that depend on others, of up to 64 KiB; the checksum of
	// these two octets.
	return []byte("\x04\x22\x4d\x18\x40\x40\xc0")
}

func (z *lz4Linked) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), lz4LinkedBlock)
		out := append(z.start(), z.block(rest[:n])...)
		if _, err := z.w.Write(out); err != nil {
			return len(p) - len(rest), err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

// block codes a block: the longest match of its middle that is easily found,
// with literals before and behind.
func (z *lz4Linked) block(p []byte) []byte {
	from, at, n := z.match(p)
	z.window = append(z.window, p...)
	z.window = z.window[max(0, len(z.window)-60_000):]
	var out []byte
	if n > 0 {
		out = lz4Sequence(out, p[:at], from, n)
		p = p[at+n:]
	}
	out = lz4Sequence(out, p, 0, 0)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(out))), out...)
}

// match finds where the window holds what begins somewhere in p, how far back,
// and for how long. Five literals must be behind it.
func (z *lz4Linked) match(p []byte) (back, at, n int) {
	if len(p) < 32 || len(z.window) < 16 {
		return 0, 0, 0
	}
	seen := map[[12]byte]int{}
	for i := 0; i+12 <= len(z.window); i++ {
		seen[[12]byte(z.window[i:])] = i
	}
	for at = 0; at+12+12 < len(p); at++ {
		from, ok := seen[[12]byte(p[at:])]
		if !ok {
			continue
		}
		for n = 12; at+n+12 < len(p) && from+n < len(z.window) && z.window[from+n] == p[at+n]; {
			n++
		}
		return len(z.window) + at - from, at, n
	}
	return 0, 0, 0
}

// lz4Sequence codes literals and a match, or literals alone.
func lz4Sequence(out, literals []byte, back, n int) []byte {
	token, long, more := byte(0), len(literals) >= 15, n-4
	if token = byte(len(literals)) << 4; long {
		token = 15 << 4
	}
	if n > 0 {
		token |= byte(min(more, 15))
	}
	out = append(out, token)
	if long {
		out = lz4Length(out, len(literals)-15)
	}
	out = append(out, literals...)
	if n == 0 {
		return out
	}
	out = binary.LittleEndian.AppendUint16(out, uint16(back))
	if more >= 15 {
		out = lz4Length(out, more-15)
	}
	return out
}

func lz4Length(out []byte, n int) []byte {
	for ; n >= 255; n -= 255 {
		out = append(out, 255)
	}
	return append(out, byte(n))
}

func (z *lz4Linked) Close() error {
	_, err := z.w.Write(append(z.start(), 0, 0, 0, 0))
	return err
}
