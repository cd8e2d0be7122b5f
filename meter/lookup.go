package meter

import (
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

// Lookup tells where a packet would be counted under a rule set, by the
// algorithm of RFC 2722 §4.3, and counts nothing. The packet's Rest must be
// valid.
func (s *State) Lookup(ruleSet int, p *packet.Packet) (Place, error) {
	r, err := s.ruleSet(ruleSet)
	if err != nil {
		return Place{}, err
	}
	m, o := s.m, &s.m.outcomes[roundSize]
	m.match(r, p, o)
	pl := Place{Verdict: o.verdict, Order: o.order, Dir: packet.Direction(o.order)}
	if o.verdict != pme.Count {
		return pl, nil
	}
	if slot, ok := m.flows.find(o.hash, o.key.Bytes()); ok {
		pl.Index = slot + 1
	} else if slot, ok := m.flows.find(o.hash, o.back.Bytes()); ok && o.order == pme.WireOrder {
		pl.Index, pl.Dir = slot+1, packet.Dest
	}
	return pl, nil
}
