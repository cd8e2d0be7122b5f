package cells

import "slices"

// Lead is text that stands before a value. Mostly it is short: then it is copied in a
// block of one size, and the value overwrites what is behind the end of the text.
type Lead struct {
	block [leadSize]byte // the text, if it fits
	size  uint8          // of the text, in block
	long  *long          // the text, if it does not fit
}

// long is text that is longer, copied in a block of another size if it fits there.
type long struct {
	block [longSize]byte
	text  string
}

const (
	leadSize = 16
	longSize = 48
)

// NewLead returns a text as a Lead.
func NewLead(text string) (l Lead) {
	if len(text) <= leadSize {
		l.size = uint8(copy(l.block[:], text))
		return l
	}
	l.long = &long{text: text}
	copy(l.long.block[:], text)
	return l
}

// Room is how many octets Put touches.
func (l *Lead) Room() int {
	if l.long == nil {
		return leadSize
	}
	return max(longSize, len(l.long.text))
}

// Put writes the text to b from at on, and returns where it ends.
func (l *Lead) Put(b []byte, at int) int {
	if l.long != nil {
		return l.long.put(b, at)
	}
	*(*[leadSize]byte)(b[at : at+leadSize]) = l.block
	return at + int(l.size)
}

func (l *long) put(b []byte, at int) int {
	if len(l.text) > longSize {
		return at + copy(b[at:], l.text)
	}
	*(*[longSize]byte)(b[at : at+longSize]) = l.block
	return at + len(l.text)
}

// Roomy returns b with room octets behind its end at least, and where that is.
func Roomy(b []byte, room int) (_ []byte, at int) {
	at = len(b)
	b = slices.Grow(b, room)
	return b[:cap(b)], at
}
