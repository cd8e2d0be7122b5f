package meter

import (
	"slices"

	"netramet/mib"
)

// ReadStored reads the next flows behind index after, of a rule set, that have changed at
// or after since, as many as there is room for. It returns how many there are, and the
// index of the last flow that was looked at: where it goes on, if there may be more. Their
// Octets are copies, in the memory that into has.
func (s *State) ReadStored(ruleSet int, since Uptime, after uint32, l *Layout, into []mib.Stored) (n int, last uint32) {
	t, m := &s.m.flows, s.m
	slots := t.records.Len()
	for slot := after; slot < slots; {
		block := slot >> blockShift
		end := min((block+1)<<blockShift, slots)
		if t.newestIn(block) < since || !m.blocks.has(block, ruleSet) {
			slot = end
			continue
		}
		for slot < end {
			if n == len(into) {
				return n, slot
			}
			if slot = t.search(ruleSet, since, slot, end); slot < end {
				s.store(slot, l, &into[n])
				n++
				slot++
			}
		}
	}
	return n, slots
}

// store reads a flow.
func (s *State) store(slot uint32, l *Layout, f *mib.Stored) {
	t := &s.m.flows
	p, sum := t.record(slot), t.sum(slot)
	if t.own.kept {
		sum.last = max(t.ownLast(slot), p.first)
	}
	f.RuleSet, f.Index = int(p.ruleSet), slot+1
	n := &f.Numbers
	n[mib.StoredIndex], n[mib.StoredRuleSet] = uint64(slot+1), uint64(p.ruleSet)
	n[mib.StoredToPDUs], n[mib.StoredFromPDUs] = sum.pdus[0], sum.pdus[1]
	n[mib.StoredToOctets], n[mib.StoredFromOctets] = sum.octets[0], sum.octets[1]
	n[mib.StoredFirstTime], n[mib.StoredLastActive] = uint64(p.first), uint64(sum.last)
	f.Octets = t.copyKey(slot, p, f.Octets[:0])
	f.Places = l.of(s.m.ruleSets[p.ruleSet].shapes, f.Octets)
}

// copyKey appends a flow's key to an empty slice.
func (t *flowTable) copyKey(slot uint32, p *record, to []byte) []byte {
	if p.keyLen > shortKey {
		return append(to, t.long.get(p.long, int(p.keyLen))...)
	}
	to = slices.Grow(to, shortKey)[:shortKey] // all of it: a copy of one size
	*(*[shortKey]byte)(to) = *t.short.At(slot)
	return to[:p.keyLen]
}
