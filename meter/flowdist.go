package meter

import (
	"netramet/internal/slab"
	"netramet/mib"
	"netramet/sources/wire"
	"netramet/streams/dist"
)

// flowDists is what a flow keeps beside its counters if a match of its asked for
// distributions. Flows that did not ask have none.
type flowDists struct {
	slot       uint32    // of the flow
	streams    uint32    // that feed it and live
	members    memberRef // the first one of these
	histograms uint32    // place+1 of the first one; of a free flowDists, of the next free one; 0: none
	asked      distSet
	kept       distSet // those of asked whose histograms are there
	wants      wants
	ruleSet    uint8
	latest     uint8 // direction of the last packet
	seen       bool  // there was a packet
	// changed is the uptime of the last change that no packet of the flow came with.
	changed Uptime
	active  Uptime   // of the last packet
	last    [2]int64 // Unix ns of the last packet of each direction; wire.NoTime: none
	pairs   pairWish
	lost    [2]uint64 // requests, To and From
}

// wants says what a flow has to be told.
type wants uint8

const (
	wantsPackets wants = 1 << iota // each packet
	wantsStreams                   // what its streams were, and their pairs
)

func wantsOf(m measure) wants {
	if m == measuresStream || m == measuresPair {
		return wantsStreams
	}
	return wantsPackets
}

// histogram is one distribution of a flow.
type histogram struct {
	counters dist.Ref // 0 until there is a sample
	next     uint32   // place+1 of the flow's next one, or of the next free one; 0: none
	owner    uint32   // place+1 of the flowDists; 0: the flow has gone, and a timer is left
	spec     uint16
	measure  measure
	dir      uint8
	buckets  uint8 // without the one for overflow
	armed    bool  // a rate that is in the wheel

	// Of a rate:
	timer uint32 // place+1 of the next one with a timer of the same tick
	end   Uptime // of the interval under way
	sum   uint64 // of the interval so far
}

// distTable holds the distributions of all flows. It changes between rounds only;
// what lanes look at meanwhile are asked and wants.
type distTable struct {
	of         slab.Slab[uint32] // by slot of flow, place+1 of its flowDists; 0: none
	flows      slab.Slab[flowDists]
	histograms slab.Slab[histogram]
	arena      dist.Arena
	rates      rateWheel

	freeFlows, freeHistograms uint32 // place+1; 0: none

	asks uint32 // how often a flow asked for more than it had, see fed
}

// find returns the distributions of a flow and their place; nil if it has none.
func (t *distTable) find(slot uint32) (place uint32, d *flowDists) {
	if slot >= t.of.Len() {
		return 0, nil
	}
	at := *t.of.At(slot)
	if at == 0 {
		return 0, nil
	}
	return at - 1, t.flows.At(at - 1)
}

// has reports whether a flow keeps all of a set of distributions.
func (t *distTable) has(slot uint32, set distSet) bool {
	_, d := t.find(slot)
	return d != nil && d.asked&set == set
}

// begin gives a flow that has none its distributions.
func (t *distTable) begin(slot uint32, ruleSet uint8) (place uint32, d *flowDists) {
	place = t.freeFlows
	if place == 0 {
		place = t.flows.Grow()
	} else {
		place--
		t.freeFlows = t.flows.At(place).histograms
	}
	d = t.flows.At(place)
	*d = flowDists{slot: slot, ruleSet: ruleSet, last: [2]int64{wire.NoTime, wire.NoTime}}
	t.of.Extend(slot + 1)
	*t.of.At(slot) = place + 1
	return place, d
}

// drop forgets a flow's distributions.
func (t *distTable) drop(slot uint32) {
	place, d := t.find(slot)
	if d == nil {
		return
	}
	*t.of.At(slot) = 0
	for at := d.histograms; at != 0; {
		h := t.histograms.At(at - 1)
		next := h.next
		h.owner = 0
		if h.counters != 0 {
			t.arena.Free(h.counters, int(h.buckets)+1)
			h.counters = 0
		}
		if !h.armed { // else its timer frees it
			t.freeHistogram(at)
		}
		at = next
	}
	d.histograms, t.freeFlows = t.freeFlows, place+1
}

func (t *distTable) freeHistogram(at uint32) {
	h := t.histograms.At(at - 1)
	h.next, t.freeHistograms = t.freeHistograms, at
}

// add gives a flow a distribution, behind those it has.
func (t *distTable) add(place uint32, number uint16, s *distSpec) uint32 {
	at := t.freeHistograms
	if at == 0 {
		at = t.histograms.Grow() + 1
	} else {
		t.freeHistograms = t.histograms.At(at - 1).next
	}
	d := t.flows.At(place)
	*t.histograms.At(at - 1) = histogram{owner: place + 1, spec: number, measure: s.measure, dir: s.dir, buckets: uint8(len(s.limits))}
	link := &d.histograms
	for *link != 0 {
		link = &t.histograms.At(*link - 1).next
	}
	*link = at
	d.kept |= distBit(s.Attr)
	return at
}

// distribution returns the counters of a flow's distribution and its specification; nil
// if the flow does not have it. There are no counters before the first sample.
func (m *Meter) distribution(d *flowDists, a mib.Attr) (counters []uint64, s *distSpec) {
	if d == nil {
		return nil, nil
	}
	h, s := m.histogram(d, a)
	if h != nil && h.counters != 0 {
		counters = m.flows.dists.arena.At(h.counters, s.counters())
	}
	return counters, s
}

// histogram returns a flow's distribution and its specification; nil if the flow does
// not have it.
func (m *Meter) histogram(d *flowDists, a mib.Attr) (*histogram, *distSpec) {
	if d.kept&distBit(a) == 0 {
		return nil, nil
	}
	specs := m.ruleSets[d.ruleSet].dists
	for at := d.histograms; at != 0; {
		h := m.flows.dists.histograms.At(at - 1)
		if s := &specs.list[h.spec]; s.Attr == a {
			return h, s
		}
		at = h.next
	}
	return nil, nil
}

// sample adds n times a value to a flow's distribution.
func (m *Meter) sample(h *histogram, s *distSpec, value, n uint64) {
	arena := &m.flows.dists.arena
	if h.counters == 0 {
		h.counters = arena.New(s.counters())
	}
	arena.At(h.counters, s.counters())[s.limits.Bucket(value)] += n
}

// distChanged notes a change of a flow's distributions that no packet of its came
// with, for those who look for changes.
func (m *Meter) distChanged(d *flowDists, at Uptime) {
	d.changed = max(d.changed, at)
	newest := &m.flows.newest[0][d.slot>>blockShift]
	*newest = max(*newest, at)
}

// memory is what the distributions take, in octets.
func (t *distTable) memory() int {
	return 4*int(t.of.Len()) + flowDistsSize*int(t.flows.Len()) + histogramSize*int(t.histograms.Len()) + t.arena.Bytes() + t.rates.memory()
}

// Sizes in octets.
const (
	flowDistsSize = 104
	histogramSize = 40
)
