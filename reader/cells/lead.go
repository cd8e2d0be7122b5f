package cells

import "slices"

// Lead is text that stands before a value. Mostly it is short: then it is copied in a
// block of one size, and the value overwrites what is behind the end of the text.
type Lead struct {
	block [longSize]byte // the text, if it fits
	size  uint8          // of the text, in block
	text  string         // if it does not fit
}

const (
	leadSize = 16
	longSize = 32
)

// NewLead returns a text as a Lead.
func NewLead(text string) (l Lead) {
	if len(text) <= longSize {
		l.size = uint8(copy(l.block[:], text))
		return l
	}
	l.size, l.text = longSize+1, text
	return l
}

// Room is how many octets Put touches.
func (l *Lead) Room() int {
	if l.size <= leadSize {
		return leadSize
	}
	return max(longSize, len(l.text))
}

// Put writes the text to b from at on, and returns where it ends.
func (l *Lead) Put(b []byte, at int) int {
	if l.size > leadSize {
		return l.long(b, at)
	}
	*(*[leadSize]byte)(b[at : at+leadSize]) = *(*[leadSize]byte)(l.block[:])
	return at + int(l.size)
}

func (l *Lead) long(b []byte, at int) int {
	if l.size > longSize {
		return at + copy(b[at:], l.text)
	}
	*(*[longSize]byte)(b[at : at+longSize]) = l.block
	return at + int(l.size)
}

// Roomy returns b with room octets behind its end at least, and where that is.
func Roomy(b []byte, room int) (_ []byte, at int) {
	at = len(b)
	b = slices.Grow(b, room)
	return b[:cap(b)], at
}
