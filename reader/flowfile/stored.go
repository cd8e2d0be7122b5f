package flowfile

import (
	"encoding/binary"
	"errors"
	"fmt"

	"netramet/internal/digits"
	"netramet/mib"
	"netramet/reader"
)

// storedPlan is a plan for stored flows that are alike. What all of them have is text
// between the values.
type storedPlan struct {
	places *mib.Places
	cells  []storedCell
	tail   string
	peer   *mib.Place // of the peer type
	shown  bool       // the record shows it
	room   int        // as of a plan
}

// storedCell is a value that differs from flow to flow.
type storedCell struct {
	lead  lead
	in    cellKind
	at    uint8 // as in mib.Place
	value *storedValue
}

// cellKind is how a value is stored and looks like.
type cellKind uint8

const (
	cellOther cellKind = iota
	cellNumber
	cellOctet // a number of one octet
	cellPair  // of two: a port
	cellQuad  // an IPv4 address
	cellIPv6
)

// storedValue is a value in any form.
type storedValue struct {
	column *column
	place  *mib.Place
}

// Stored prints flow records. It does not allocate. See reader.StoredOutput.
func (w *Writer) Stored(list []reader.Stored) error {
	if w.err != nil {
		return w.err
	}
	if !w.inside {
		return errors.New("flowfile: a record outside a collection")
	}
	for i := range list {
		f := &list[i]
		t, err := w.turnTo(f.RuleSet, f.Index, len(f.Places.List)-1)
		if err != nil {
			return err
		}
		size := len(w.buf)
		if w.buf, err = t.plan.storedAs(f.Places).append(w.buf, f); err != nil {
			w.buf = w.buf[:size]
			return fmt.Errorf("flowfile: flow %d of rule set %d: %w", f.Index, f.RuleSet, err)
		}
		if len(w.buf) >= flushAt {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// storedAs returns the plan for flows whose values lie at places.
func (p *plan) storedAs(places *mib.Places) *storedPlan {
	n := places.Number
	if n < len(p.stored) && p.stored[n] != nil && p.stored[n].places == places {
		return p.stored[n]
	}
	for n >= len(p.stored) {
		p.stored = append(p.stored, nil)
	}
	p.stored[n] = p.newStored(places)
	return p.stored[n]
}

func (p *plan) newStored(places *mib.Places) *storedPlan {
	s := &storedPlan{places: places, peer: &places.List[len(p.cols)], shown: p.peer >= 0}
	if s.shown {
		s.peer = &places.List[p.peer]
	}
	text := ""
	for i := range p.cols {
		c, place := &p.cols[i], &places.List[i]
		text += c.sep
		if fixed, ok := c.fixed(place); ok {
			text += fixed
			continue
		}
		cell := storedCell{lead: newLead(text), in: kindOf(c.form, place), at: place.At, value: &storedValue{c, place}}
		s.cells = append(s.cells, cell)
		s.room += cell.lead.room() + digits.Room
		text = ""
	}
	s.tail = text + p.tail + "\n"
	return s
}

// fixed is the text of a value that all flows have, if no peer type may change it.
func (c *column) fixed(place *mib.Place) (text string, ok bool) {
	if place.In != mib.InFixed || c.form == formPeer || c.form == formDist {
		return "", false
	}
	b, err := c.appendValue(nil, &place.Fixed, mib.PeerNone, false)
	return string(b), err == nil
}

func kindOf(f form, place *mib.Place) cellKind {
	switch {
	case place.In == mib.InNumbers && f == formNumber:
		return cellNumber
	case place.In != mib.InOctets:
	case f == formNumber && place.Size == 1:
		return cellOctet
	case f == formPort && place.Size == 2:
		return cellPair
	case f == formPeer && place.Size == 4:
		return cellQuad
	case f == formPeer && place.Size == 16:
		return cellIPv6
	}
	return cellOther
}

// append appends the record of a flow. It is a loop that needs all registers: inlined by a
// profile it is slower.
//
//go:noinline
func (p *storedPlan) append(b []byte, f *reader.Stored) ([]byte, error) {
	t := peerType(p.peer.Num(f))
	b, at := roomy(b, p.room)
	for i := range p.cells {
		c := &p.cells[i]
		at = c.lead.put(b, at)
		in := c.in
		if t == mib.PeerNSAP {
			in = cellOther
		}
		switch in {
		case cellNumber:
			at = digits.PutUint(b, at, f.Numbers[c.at%uint8(mib.StoredNumbers)])
		case cellOctet:
			at = digits.PutOctet(b, at, f.Octets[c.at])
		case cellPair:
			at = digits.PutUint(b, at, uint64(binary.BigEndian.Uint16(f.Octets[c.at:])))
		case cellQuad:
			at = digits.PutQuad(b, at, f.Octets[c.at:])
		case cellIPv6:
			at = digits.PutIPv6(b, at, (*[16]byte)(f.Octets[c.at:]))
		default:
			text, err := c.value.append(b[:at], f, t, p.shown)
			if err != nil {
				return b, err
			}
			b, at = roomy(text, p.room)
		}
	}
	return append(b[:at], p.tail...), nil
}

// append appends the value of a flow.
func (s *storedValue) append(b []byte, f *reader.Stored, t mib.PeerType, shown bool) ([]byte, error) {
	var v reader.Value
	s.place.Read(f, &v)
	return s.column.appendValue(b, &v, t, shown)
}
