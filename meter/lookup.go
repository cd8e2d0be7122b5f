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
// algorithm of RFC 2722 §4.3, and changes nothing, not even a counter. The packet's Rest must be
// valid.
func (s *State) Lookup(ruleSet int, p *packet.Packet) (Place, error) {
	r, err := s.ruleSet(ruleSet)
	if err != nil {
		return Place{}, err
	}
	if !r.active {
		return Place{}, fmt.Errorf("%w: %d", ErrNotActive, ruleSet)
	}
	m, o := s.m, new(outcome)
	m.match(pme.NewMatcher(r.program), r.shapes, p, o)
	pl := Place{Verdict: o.verdict, Order: o.order, Dir: packet.Direction(o.order)}
	switch o.verdict {
	case pme.Unshaped: // no flow has a key of that shape
		pl.Verdict = pme.Count
		return pl, nil
	case pme.Count:
	default:
		return pl, nil
	}
	if slot, ok := m.flows.find(o.hash, o.key.Bytes()); ok {
		pl.Index = slot + 1
	} else if slot, ok := m.flows.find(o.hash, o.back.Bytes()); ok && o.order == pme.WireOrder {
		pl.Index, pl.Dir = slot+1, packet.Dest
	}
	return pl, nil
}
