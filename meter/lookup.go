package meter

import (
	"fmt"

	"netramet/meter/packet"
	"netramet/meter/pme"
)

// Place is where a packet would be counted.
type Place struct {
	Verdict pme.Verdict
	Order   pme.Order        // the order that matched, valid unless NoMatch
	Index   uint32           // FlowIndex; 0 if the flow would be a new one
	Dir     packet.Direction // Source: the To counters, Dest: the From counters
}

// Lookup says where a packet would be counted under an active rule set, by the
// algorithm of RFC 2722 §4.3, and changes nothing, not even a counter. The packet's Rest and
// Origin must be valid.
func (s *State) Lookup(ruleSet int, p *packet.Packet) (Place, error) {
	r, err := s.ruleSet(ruleSet)
	if err != nil {
		return Place{}, err
	}
	if r.program == nil {
		return Place{}, fmt.Errorf("%w: %d", ErrNotActive, ruleSet)
	}
	t := &s.m.flows
	var key, back pme.Key
	verdict, order := matchBothWays(pme.NewMatcher(r.program), p, &key)
	pl := Place{Verdict: verdict, Order: order, Dir: packet.Direction(order)}
	switch verdict {
	case pme.Unshaped: // no flow has a key of that shape
		pl.Verdict = pme.Count
	case pme.Count:
		r.shapes.Reverse(key.Bytes(), &back)
		h := t.hash(key.Bytes(), back.Bytes())
		if slot, dir, ok := t.place(h, key.Bytes(), back.Bytes(), order); ok {
			pl.Index, pl.Dir = slot+1, dir
		}
	}
	return pl, nil
}
