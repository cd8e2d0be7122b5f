package flowfile

import (
	"encoding/binary"
	"slices"
)

// lead is the text that stands before a value. Mostly it is short: then it is copied in
// a block of one size, and the value overwrites what is behind the end of the text.
type lead struct {
	block uint64 // the text, if it fits, its first octet in the lowest one
	size  uint8  // of the text, in block
	long  string // the text, if it does not fit
}

const leadSize = 8 // of the block

func newLead(text string) (l lead) {
	if len(text) > leadSize {
		return lead{long: text}
	}
	var b [leadSize]byte
	l.size = uint8(copy(b[:], text))
	l.block = binary.LittleEndian.Uint64(b[:])
	return l
}

// room is how many octets put touches.
func (l *lead) room() int { return leadSize + len(l.long) }

// put writes the text to b from at on, and returns where it ends.
func (l *lead) put(b []byte, at int) int {
	binary.LittleEndian.PutUint64(b[at:], l.block)
	if l.long != "" {
		return at + copy(b[at:], l.long)
	}
	return at + int(l.size)
}

// roomy returns b with room octets behind its end at least, and where that is.
func roomy(b []byte, room int) (_ []byte, at int) {
	at = len(b)
	b = slices.Grow(b, room)
	return b[:cap(b)], at
}
