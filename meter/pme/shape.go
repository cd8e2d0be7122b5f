package pme

import (
	"bytes"
	"encoding/binary"
	"slices"

	"netramet/mib"
)

const (
	// MaxShapes is the number of shapes a table holds: more ways through one
	// rule set than anybody writes, and at some hundred octets a shape little
	// memory for rule sets that save what nobody means. A key gives its number
	// two octets, and 0 is no shape.
	MaxShapes = 1 << 15

	keyHeader = 3 // octets before the values: rule set, shape
)

// Shapes is the table of the key shapes of one rule set. A shape is what one
// path through a program saves: a list of attributes with their masks and
// lengths, in order of attribute number. Masks are part of a shape's identity
// and so of every key's, and cost no room in it.
//
// Matcher.Match adds shapes; nobody else may use the table meanwhile. All other
// methods only read, so that any number of goroutines may.
type Shapes struct {
	list  []shape // shape n is list[n-1]
	byKey map[string]uint16
}

// slot is one attribute of a shape.
type slot struct {
	attr mib.Attr // never a Dest type: mib.Attr.Slot
	size uint8    // octets in the key
	off  uint8    // where in the key
	to   uint8    // where in the reversed key
	mask [mib.MaxAddress]byte
}

type shape struct {
	slots   []slot
	attrs   []mib.Attr
	partner uint16 // the shape of the reversed key
	size    uint8  // octets of the whole key
}

// NewShapes returns an empty table.
func NewShapes() *Shapes { return &Shapes{byKey: make(map[string]uint16)} }

// Len returns the number of shapes.
func (s *Shapes) Len() int { return len(s.list) }

// Reverse writes to out the key of the same flow seen from its other end:
// every Source/Dest pair of attributes is exchanged. out.Distributions stays
// as it is. out.Len is 0 iff key is no key of these shapes.
func (s *Shapes) Reverse(key []byte, out *Key) {
	sh := s.of(key)
	if sh == nil {
		out.Len = 0
		return
	}
	out.Len = len(key)
	out.Buf[0] = key[0]
	binary.BigEndian.PutUint16(out.Buf[1:], sh.partner)
	for i := range sh.slots {
		sl := &sh.slots[i]
		from, to := key[sl.off:], out.Buf[sl.to:]
		switch sl.size { // the usual sizes, each one move
		case 1:
			to[0] = from[0]
		case 2:
			binary.LittleEndian.PutUint16(to, binary.LittleEndian.Uint16(from))
		case 4:
			binary.LittleEndian.PutUint32(to, binary.LittleEndian.Uint32(from))
		case 16:
			binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
			binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
		default:
			copy(to[:sl.size], from)
		}
	}
}

// Value returns the value saved for a, in its natural length, as part of key.
// A Dest type gives the Source type's value, FlowRuleSet the rule set's
// number. ok is false iff the key does not save a.
func (s *Shapes) Value(key []byte, a mib.Attr) (v []byte, ok bool) {
	at, size, ok := s.Place(key, a)
	if !ok {
		return nil, false
	}
	return key[at : at+size : at+size], true
}

// Place returns where the value for a lies in key, and in every key of its shape:
// Value(key, a) is key[at:][:size].
func (s *Shapes) Place(key []byte, a mib.Attr) (at, size uint8, ok bool) {
	if a == mib.AttrFlowRuleSet {
		return 0, 1, s.of(key) != nil
	}
	if sh := s.of(key); sh != nil {
		if sl := sh.find(a); sl != nil {
			return sl.off, sl.size, true
		}
	}
	return 0, 0, false
}

// Mask returns the mask that a was saved with, in a's natural length. It
// belongs to the table. ok is false iff the key does not save a.
func (s *Shapes) Mask(key []byte, a mib.Attr) (m []byte, ok bool) {
	sh := s.of(key)
	if sh == nil {
		return nil, false
	}
	sl := sh.find(a)
	if sl == nil {
		return nil, false
	}
	return sl.mask[:sl.size:sl.size], true
}

// Attrs returns the attributes that the key saves, in order of number; of a
// pair of types only the Source one is told. The slice belongs to the table.
func (s *Shapes) Attrs(key []byte) []mib.Attr {
	if sh := s.of(key); sh != nil {
		return sh.attrs
	}
	return nil
}

// ShapeOf returns the number of a key's shape.
func ShapeOf(key []byte) int { return int(key[1])<<8 | int(key[2]) }

// of returns the shape of key, nil if there is none of the key's size.
func (s *Shapes) of(key []byte) *shape {
	if len(key) < keyHeader {
		return nil
	}
	n := ShapeOf(key)
	if n == 0 || n > len(s.list) || int(s.list[n-1].size) != len(key) {
		return nil
	}
	return &s.list[n-1]
}

func (sh *shape) find(a mib.Attr) *slot {
	a = a.Slot()
	for i := range sh.slots {
		if sh.slots[i].attr == a {
			return &sh.slots[i]
		}
	}
	return nil
}

// known returns the number of the shape of an identity, 0 if there is none.
func (s *Shapes) known(identity []byte) uint16 { return s.byKey[string(identity)] }

// add adds the shape with these slots, in order of attribute number, and sees to
// it that the reversed shape exists too. It returns its number, 0 if the table
// is full. slots is not kept; its offsets are not read.
func (s *Shapes) add(slots []slot) uint16 {
	own := slices.Clone(slots)
	back := reversed(own)
	own, back = place(own), place(back)
	connect(own, back)
	connect(back, own)

	text, backText := appendIdentity(nil, own), appendIdentity(nil, back)
	same := bytes.Equal(text, backText)
	if room := MaxShapes - len(s.list); room < 1 || (room < 2 && !same) {
		return 0
	}
	n := s.append(own, string(text))
	partner := n
	if !same {
		partner = s.append(back, string(backText))
	}
	s.list[n-1].partner, s.list[partner-1].partner = partner, n
	return n
}

func (s *Shapes) append(slots []slot, identity string) uint16 {
	sh := shape{slots: slots, size: keyHeader}
	for i := range slots {
		sh.attrs = append(sh.attrs, slots[i].attr)
		sh.size += slots[i].size
	}
	s.list = append(s.list, sh)
	n := uint16(len(s.list))
	s.byKey[identity] = n
	return n
}

// appendIdentity appends what distinguishes shapes: attribute, length and mask
// of each slot.
func appendIdentity(b []byte, slots []slot) []byte {
	for i := range slots {
		sl := &slots[i]
		b = append(b, byte(sl.attr), sl.size)
		b = append(b, sl.mask[:sl.size]...)
	}
	return b
}

// reversed returns the slots of the other direction, in order of number.
func reversed(slots []slot) []slot {
	back := slices.Clone(slots)
	for i := range back {
		// A Source type's partner is the Dest type, whose slot is the
		// Source type's again.
		back[i].attr = back[i].attr.Reverse().Slot()
	}
	slices.SortFunc(back, func(a, b slot) int { return int(a.attr) - int(b.attr) })
	return back
}

// place gives the slots their offsets. All attributes together take less than
// 150 octets, so that an octet holds an offset and a Key holds all.
func place(slots []slot) []slot {
	off := uint8(keyHeader)
	for i := range slots {
		slots[i].off = off
		off += slots[i].size
	}
	return slots
}

// connect tells the slots of a shape where they go in its partner.
func connect(slots, partner []slot) {
	for i := range slots {
		want := slots[i].attr.Reverse().Slot()
		for j := range partner {
			if partner[j].attr == want {
				slots[i].to = partner[j].off
			}
		}
	}
}
