package meter

import (
	"netramet/internal/slab"
	"netramet/meter/packet"
)

// tally is what one lane has counted of a flow, and all that counting touches.
type tally struct {
	pdus   [2]uint64 // To, From
	octets [2]uint64
	// last is the uptime of the last PDU. It is also the change time of a flow of
	// plain counters, which nothing but a PDU changes (decision 5).
	last Uptime
	// generation is that of the verdicts that name this tally and still hold.
	generation uint16
	lane       uint8 // that counts here

	// Of a flow's own record, see there.
	keyLen  uint8
	life    uint16
	ruleSet uint8
}

// tallyRef names a tally: that of a flow's own record by the flow's slot, or one
// of parts by furtherPart and its place there.
type tallyRef uint32

const furtherPart tallyRef = 1 << 31

// part is the tally of a flow in a lane that is not the one which made the
// flow. It shares its cache line with no other lane's.
type part struct {
	tally
	flow uint32 // slot
	next uint32 // place+1 of the flow's next part, or of the next free one; 0: none
	_    [8]byte
}

const partSize = 64

// parts are the parts of all flows. They come and go between rounds only.
type parts struct {
	all   slab.Slab[part]
	first slab.Slab[uint32] // by slot of flow, place+1 of its first part; 0: none
	free  uint32            // place+1 of a free one; 0: none
}

// of returns the place+1 of a flow's first part. Where no flow has any, the list
// of firsts is empty.
func (x *parts) of(slot uint32) uint32 {
	if slot >= x.first.Len() {
		return 0
	}
	return *x.first.At(slot)
}

// tally returns a tally by name.
func (t *flowTable) tally(ref tallyRef) *tally {
	if ref&furtherPart == 0 {
		return &t.records.At(uint32(ref)).tally
	}
	return &t.parts.all.At(uint32(ref &^ furtherPart)).tally
}

// slotOf is the slot of the flow that a tally is of.
func (t *flowTable) slotOf(ref tallyRef) uint32 {
	if ref&furtherPart != 0 {
		return t.parts.all.At(uint32(ref &^ furtherPart)).flow
	}
	return uint32(ref)
}

// names reports whether a verdict names a tally of the present generation.
func (t *flowTable) names(w word) bool {
	return t.tally(w.ref()).generation == w.generation()
}

// refOf returns the tally of a flow in a lane; false if the lane has none.
func (t *flowTable) refOf(slot uint32, lane uint8) (tallyRef, bool) {
	if t.record(slot).lane == lane {
		return tallyRef(slot), true
	}
	for at := t.parts.of(slot); at != 0; {
		p := t.parts.all.At(at - 1)
		if p.lane == lane {
			return tallyRef(at-1) | furtherPart, true
		}
		at = p.next
	}
	return 0, false
}

// addPart makes the tally of a flow in a lane that has none.
func (t *flowTable) addPart(slot uint32, lane uint8) tallyRef {
	x := &t.parts
	at := x.free
	if at != 0 {
		x.free = x.all.At(at - 1).next
	} else {
		at = x.all.Grow() + 1
	}
	x.first.Extend(slot + 1)
	first := x.first.At(slot)
	p := x.all.At(at - 1)
	// Its generation goes on, so that no verdict names two flows' parts.
	*p = part{flow: slot, next: *first, tally: tally{lane: lane, generation: p.generation}}
	*first = at
	t.held[lane]++
	t.own.begin(tallyRef(at-1) | furtherPart)
	return tallyRef(at-1) | furtherPart
}

// dropParts frees the parts of a flow.
func (t *flowTable) dropParts(slot uint32) {
	x := &t.parts
	for at := x.of(slot); at != 0; {
		p := x.all.At(at - 1)
		next := p.next
		p.next, x.free = x.free, at
		t.held[p.lane]--
		at = next
	}
	if slot < x.first.Len() {
		*x.first.At(slot) = 0
	}
}

// eachTally calls f with the tallies of a flow.
func (t *flowTable) eachTally(slot uint32, f func(*tally)) {
	f(&t.record(slot).tally)
	for at := t.parts.of(slot); at != 0; {
		p := t.parts.all.At(at - 1)
		f(&p.tally)
		at = p.next
	}
}

// sum is what all lanes have counted of a flow.
func (t *flowTable) sum(slot uint32) (all tally) {
	all = t.record(slot).tally
	for at := t.parts.of(slot); at != 0; {
		p := t.parts.all.At(at - 1)
		for dir := range all.pdus {
			all.pdus[dir] += p.pdus[dir]
			all.octets[dir] += p.octets[dir]
		}
		all.last = max(all.last, p.last)
		at = p.next
	}
	return all
}

// changed is the uptime of a flow's last change.
func (t *flowTable) changed(slot uint32) Uptime {
	last := t.lastActive(slot)
	if _, d := t.dists.find(slot); d != nil {
		last = max(last, d.changed)
	}
	return last
}

// lastActive is the uptime of a flow's last PDU in any lane.
func (t *flowTable) lastActive(slot uint32) Uptime {
	last := t.record(slot).last
	for at := t.parts.of(slot); at != 0; {
		p := t.parts.all.At(at - 1)
		last = max(last, p.last)
		at = p.next
	}
	return last
}

// count adds the PDUs of a record to a lane's tally of a flow.
func (t *flowTable) count(ref tallyRef, lane uint8, dir packet.Direction, a *amount) {
	ta := t.tally(ref)
	ta.pdus[dir&1] += a.pdus
	ta.octets[dir&1] += a.octets
	t.touchAt(ref, ta, lane, a.uptime, a.last)
}

// countOne is count of one packet.
func (t *flowTable) countOne(ref tallyRef, lane uint8, dir packet.Direction, octets uint64, at Uptime) {
	ta := t.tally(ref)
	ta.pdus[dir&1]++
	ta.octets[dir&1] += octets
	t.touchAt(ref, ta, lane, at, at)
}

// touchAt notes a tally's last PDU, which came at one uptime and was of another.
func (t *flowTable) touchAt(ref tallyRef, ta *tally, lane uint8, at, last Uptime) {
	// Packets of a round that had to be admitted are counted before others.
	ta.last = max(ta.last, at)
	newest := &t.newest[lane][t.slotOf(ref)>>blockShift]
	*newest = max(*newest, at)
	if t.own.kept {
		t.own.note(ref, last)
	}
}
