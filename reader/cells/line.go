// Package cells writes flows as a meter's table has them, each as a line: text that all
// have, and values between, put where room was made for all of them at once. Whoever makes
// a line says where the values lie and what stands between; that is done once for all
// flows that are alike.
//
// It knows neither files nor formats. Packages reader/flowfile and reader/columns make
// lines, and what they write of values that come one by one uses Lead and Clock, too.
package cells

import (
	"encoding/binary"

	"netramet/internal/digits"
	"netramet/mib"
)

// Line is how flows that are alike are written.
type Line struct {
	places *mib.Places
	cells  []cell
	tail   Lead
	clock  *Clock
	others []Other
	room   int // octets that all cells but others touch at most

	text string // behind the last cell, while the line is made
}

// Other writes values that a Line has no cell for. See Line.Other.
type Other interface {
	// Append appends the value of a flow, with what stands around it.
	Append(b []byte, f *mib.Stored) ([]byte, error)
}

// cell is a value that differs from flow to flow, behind a text.
type cell struct {
	lead Lead
	kind kind
	at   uint16 // as in mib.Place; or in Line.others
	size uint8  // of Octets
}

// kind is how a value is stored and looks like.
type kind uint8

const (
	kindNumber kind = iota // of Stored.Numbers
	kindOctet              // a number of one octet
	kindPair               // of two
	kindDigits             // of any other size
	kindQuad               // an IPv4 address
	kindIPv6
	kindTime  // an uptime of Stored.Numbers, as a time of day
	kindTwice // a number, and behind the text of the next cell, whose value is the same mostly
	kindOther
)

// NewLine begins a line of flows with these places.
func NewLine(places *mib.Places) *Line { return &Line{places: places} }

// Text adds a text that all flows have.
func (l *Line) Text(text string) { l.text += text }

// Number adds a text and a number in decimal behind it. It returns false if there is no
// number at that place: then nothing was added.
func (l *Line) Number(text string, p *mib.Place) bool {
	switch {
	case p.In == mib.InNumbers:
		return l.add(text, kindNumber, p)
	case p.In == mib.InOctets && p.Number:
		return l.add(text, numberOf(p.Size), p)
	}
	return false
}

// Port is Number for octets that are an address.
func (l *Line) Port(text string, p *mib.Place) bool {
	if p.In != mib.InOctets || p.Size < 1 || p.Size > 2 {
		return false
	}
	return l.add(text, numberOf(p.Size), p)
}

func numberOf(size uint8) kind {
	switch size {
	case 1:
		return kindOctet
	case 2:
		return kindPair
	}
	return kindDigits
}

// Address is Number for an address of IPv4 or IPv6.
func (l *Line) Address(text string, p *mib.Place) bool {
	switch {
	case p.In != mib.InOctets || p.Number:
		return false
	case p.Size == 4:
		return l.add(text, kindQuad, p)
	case p.Size == 16:
		return l.add(text, kindIPv6, p)
	}
	return false
}

// Time is Number for the time of day of an uptime, which c knows. All times of a line are
// by one clock.
func (l *Line) Time(text string, p *mib.Place, c *Clock) bool {
	if p.In != mib.InNumbers {
		return false
	}
	l.clock = c
	return l.add(text, kindTime, p)
}

// Other adds values that somebody else writes.
func (l *Line) Other(o Other) {
	l.add("", kindOther, &mib.Place{})
	l.cells[len(l.cells)-1].at = uint16(len(l.others))
	l.others = append(l.others, o)
}

func (l *Line) add(text string, k kind, p *mib.Place) bool {
	c := cell{lead: NewLead(l.text + text), kind: k, at: uint16(p.At), size: p.Size}
	l.cells, l.text = append(l.cells, c), ""
	l.room += c.lead.Room() + max(digits.Room, timeRoom)
	return true
}

// End ends the making of the line. Counters that their amounts stand behind are the same
// in the first interval of a flow, which for many is the only one.
func (l *Line) End() {
	for i := 1; i < len(l.cells); i++ {
		c, next := &l.cells[i-1], &l.cells[i]
		if c.kind == kindNumber && next.kind == kindNumber && next.at >= uint16(mib.StoredAmounts) && next.at-c.at == uint16(mib.StoredAmounts-mib.StoredToOctets) {
			c.kind = kindTwice
		}
	}
	l.tail = NewLead(l.text)
	l.room += l.tail.Room()
}

// Append appends the line of a flow. It does not allocate. An error is that of an Other;
// then the line is cut off.
//
// It is a loop that needs all registers: inlined by a profile it is slower.
//
//go:noinline
func (l *Line) Append(b []byte, f *mib.Stored) ([]byte, error) {
	size := len(b)
	b, at := Roomy(b, l.room)
	list := l.cells
	for i := 0; i < len(list); i++ {
		c := &list[i]
		at = c.lead.Put(b, at)
		switch c.kind {
		case kindNumber:
			n := f.Numbers[c.at%mib.StoredNumbers]
			if n-10 < digits.Short-10 {
				text, size := digits.ShortText(n)
				binary.LittleEndian.PutUint64(b[at:at+8], text)
				at += size
				continue
			}
			at = digits.PutUint(b, at, n)
		case kindOctet:
			at = digits.PutOctet(b, at, f.Octets[c.at])
		case kindPair:
			n := uint64(f.Octets[c.at])<<8 | uint64(f.Octets[c.at+1])
			text, size := digits.ShortText(n)
			binary.LittleEndian.PutUint64(b[at:at+8], text)
			at += size
		case kindDigits:
			p := mib.Place{In: mib.InOctets, At: uint8(c.at), Size: c.size}
			at = digits.PutUint(b, at, p.Num(f))
		case kindQuad:
			at = digits.PutQuad(b, at, f.Octets[c.at:c.at+4])
		case kindIPv6:
			at = digits.PutIPv6(b, at, (*[16]byte)(f.Octets[c.at:c.at+16]))
		case kindTime:
			at = l.clock.Put(b, at, f.Numbers[c.at%mib.StoredNumbers])
		case kindTwice:
			i++
			n, next := f.Numbers[c.at%mib.StoredNumbers], &list[i]
			if other := f.Numbers[next.at%mib.StoredNumbers]; n != other || n >= digits.Short {
				at = digits.PutUint(b, at, n)
				at = digits.PutUint(b, next.lead.Put(b, at), other)
				continue
			}
			text, size := digits.ShortText(n)
			binary.LittleEndian.PutUint64(b[at:at+8], text)
			at = next.lead.Put(b, at+size)
			binary.LittleEndian.PutUint64(b[at:at+8], text)
			at += size
		case kindOther:
			text, err := l.others[c.at].Append(b[:at], f)
			if err != nil {
				return b[:size], err
			}
			b, at = Roomy(text, l.room)
		}
	}
	return b[:l.tail.Put(b, at)], nil
}

// Lines are those of one list of attributes, by number of their Places.
type Lines []*Line

// Of is the line of flows with these places; nil if there is none yet.
func (all Lines) Of(places *mib.Places) *Line {
	if n := places.Number; n < len(all) && all[n] != nil && all[n].places == places {
		return all[n]
	}
	return nil
}

// Add adds a line, in the place of one of earlier Places with the same number.
func (all *Lines) Add(l *Line) {
	for l.places.Number >= len(*all) {
		*all = append(*all, nil)
	}
	(*all)[l.places.Number] = l
}
