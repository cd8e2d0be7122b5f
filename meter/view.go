package meter

import (
	"encoding/binary"
	"time"

	"netramet/meter/pme"
	"netramet/mib"
	"netramet/streams"
	"netramet/streams/pair"
)

// Flow is one flow's record, filled by State.Flow. Octets of its key belong to
// the meter and are valid inside the View or Update only.
type Flow struct {
	Index      uint32 // FlowIndex, from 1
	RuleSet    int
	FirstTime  Uptime
	LastActive Uptime
	Changed    Uptime    // of any counter
	PDUs       [2]uint64 // To, From
	Octets     [2]uint64

	key    []byte
	shapes *pme.Shapes // of the rule set
	dists  *flowDists  // nil: it keeps no distributions
}

// Uptime is the meter's uptime now, in centiseconds: packet time since the
// first packet, plus one.
func (s *State) Uptime() Uptime { return s.m.in.uptime }

// Clock is the packet time now, and whether any packet has had one.
func (s *State) Clock() (time.Time, bool) {
	return time.Unix(0, s.m.in.clock).UTC(), s.m.in.begun
}

// Start is the time of the first packet.
func (s *State) Start() (time.Time, bool) {
	return time.Unix(0, s.m.in.start).UTC(), s.m.in.begun
}

// TimeOf is the packet time, to the centisecond, of an uptime.
func (s *State) TimeOf(up Uptime) time.Time {
	return time.Unix(0, up.Time(s.m.in.start)).UTC()
}

// Interval is the reading interval that has just ended: its number from 1, the
// packet time and the uptime of its end. The packet time is the zero time where
// no packet told one.
func (s *State) Interval() (number uint64, end time.Time, to Uptime) {
	e := s.m.in.lastEnd
	if !s.m.in.begun {
		return e.number, time.Time{}, e.to
	}
	return e.number, time.Unix(0, e.at).UTC(), e.to
}

// Period is the length of a reading interval, 0 if the whole trace is one.
func (s *State) Period() time.Duration { return s.m.cfg.Interval }

// Counts are the meter's packet counts.
func (s *State) Counts() Counts { return s.m.counts }

// Streams are the stream table's counts.
func (s *State) Streams() (sum streams.Stats) {
	for i := range s.m.lanes {
		sum.Add(s.m.lanes[i].streams.Stats())
	}
	return sum
}

// StreamConfig says when streams end.
func (s *State) StreamConfig() streams.Config { return s.m.lanes[0].streams.Config() }

// Pairs are the counts of requests and replies of all streams.
func (s *State) Pairs() (all pair.Stats) {
	for i := range s.m.lanes {
		all.Add(s.m.lanes[i].streams.Pairs())
	}
	return all
}

// Lane is what NETRAMET-MIB shows of a lane.
type Lane struct {
	Packets uint64 // that went through it
	Flows   int    // that it has counted in and which are in the table
	Streams uint64 // alive
}

// Lanes is how many lanes there are.
func (s *State) Lanes() int { return len(s.m.lanes) }

// Lane returns a lane by number, from 1.
func (s *State) Lane(number int) Lane {
	l := &s.m.lanes[number-1]
	return Lane{Packets: l.packets, Flows: s.m.flows.held[number-1], Streams: l.streams.Stats().Live}
}

// Table says how full a table is.
type Table struct {
	Slots   uint64 // records that it has memory for, used or not: the most that were used at once
	Buckets uint64 // of its index, of which at most half are used
}

// StreamTable is the stream table, those of all lanes together.
func (s *State) StreamTable() (t Table) {
	for i := range s.m.lanes {
		of := s.m.lanes[i].streams
		t.Slots += uint64(of.Slots())
		t.Buckets += uint64(of.Buckets())
	}
	return t
}

// FlowTable is the flow table.
func (s *State) FlowTable() Table {
	return Table{Slots: uint64(s.m.flows.records.Len()), Buckets: uint64(s.m.flows.index.Buckets())}
}

// FlowsInUse is the number of flows in the table, but for those of destroyed
// rule sets whose memory has not come back yet.
func (s *State) FlowsInUse() int { return s.m.flowsInUse() }

// MaxFlows is the most flows the table holds.
func (s *State) MaxFlows() int { return s.m.flows.max }

// MaxStreams is the most streams that can be alive at once.
func (s *State) MaxStreams() int { return s.m.cfg.Streams.MaxStreams }

// OctetMode says what octet counters count.
func (s *State) OctetMode() OctetMode { return s.m.cfg.Octets }

// Memory is what the flow and stream tables and the remembered verdicts hold,
// in octets.
func (s *State) Memory() int {
	n := s.m.flows.memory()
	for i := range s.m.lanes {
		n += s.m.lanes[i].streams.Bytes() + s.m.lanes[i].sideMemory() + s.m.lanes[i].members.memory()
	}
	return n
}

// AnyRuleSet makes a search find the flows of all rule sets.
const AnyRuleSet = 0

// blocks says, by block of 256 flows, which rule sets may have flows in it,
// hidden ones included, so that searches skip blocks of other rule sets' flows.
// A bit is set with a flow's creation and cleared when recovery has walked
// through the block and met no flow of the rule set.
type blocks [][ruleset255 / 64]uint64

func (b *blocks) add(slot uint32, ruleSet int) {
	for int(slot>>blockShift) >= len(*b) {
		*b = append(*b, [ruleset255 / 64]uint64{})
	}
	(*b)[slot>>blockShift][ruleSet/64] |= 1 << (ruleSet % 64)
}

func (b blocks) has(block uint32, ruleSet int) bool {
	return ruleSet == AnyRuleSet || b[block][ruleSet/64]>>(ruleSet%64)&1 != 0
}

// hasAny is has for a bit set of rule sets.
func (b blocks) hasAny(block uint32, ruleSets *[ruleset255 / 64]uint64) bool {
	var any uint64
	for i, bits := range ruleSets {
		any |= b[block][i] & bits
	}
	return any != 0
}

// blockWalk gathers what rule sets have flows in the block that a walk over
// slots, by index, goes through. It sees only blocks that it walks from end to
// end: flows that are made between two walks are in nobody's way.
type blockWalk struct {
	blocks blocks
	slots  uint32 // of the flow table
	whole  bool   // from the block's start
	met    [ruleset255 / 64]uint64
}

// at begins the visit of a slot.
func (w *blockWalk) at(slot uint32) {
	if slot&(1<<blockShift-1) == 0 {
		w.whole, w.met = true, [ruleset255 / 64]uint64{}
	}
}

// meet notes a flow in the slot.
func (w *blockWalk) meet(ruleSet uint8) { w.met[ruleSet/64] |= 1 << (ruleSet % 64) }

// leave ends the visit of a slot.
func (w *blockWalk) leave(slot uint32) {
	if next := slot + 1; w.whole && (next&(1<<blockShift-1) == 0 || next == w.slots) {
		w.blocks[slot>>blockShift] = w.met
		w.whole = false
	}
}

// SearchBudget is work for one View, for SearchFlow: flows looked at and blocks
// skipped. It takes less than a millisecond.
const SearchBudget = 1 << 15

// SearchFlow looks for the first flow after index after, of a rule set or of
// AnyRuleSet, that has changed at or after since. It returns the flow's index;
// or 0, and where to go on (as after) if the budget is used up and more is
// left, or 0 if there is no such flow. A budget above 0 brings the search
// forward; what is left of it is returned in it, and may be less than 0.
//
// Skipping a block costs the read of two words, so that the search for changes
// in a table of millions, of which few have changed, is short.
func (s *State) SearchFlow(ruleSet int, since Uptime, after uint32, budget *int) (found, more uint32) {
	t, m := &s.m.flows, s.m
	slots := t.records.Len()
	for slot := after; slot < slots; *budget-- {
		block := slot >> blockShift
		end := min((block+1)<<blockShift, slots)
		if *budget <= 0 && slot > 0 {
			return 0, slot
		}
		if t.newestIn(block) < since || !m.blocks.has(block, ruleSet) {
			slot = end
			continue
		}
		*budget -= int(end - slot)
		if slot = t.search(ruleSet, since, slot, end); slot < end {
			*budget += int(end - slot - 1) // the rest of the block was not looked at
			return slot + 1, 0
		}
	}
	return 0, 0
}

// search looks in a block for the first flow from slot on that SearchFlow would find. It
// returns its slot, or end.
func (t *flowTable) search(ruleSet int, since Uptime, slot, end uint32) uint32 {
	of := t.records.Span(slot, end)
	for i := range of {
		p := &of[i]
		if p.keyLen == 0 || int(p.ruleSet) != ruleSet && ruleSet != AnyRuleSet {
			continue
		}
		if at := slot + uint32(i); (p.last >= since || t.changed(at) >= since) && !t.hidden(p) {
			return at
		}
	}
	return end
}

// NextFlow is SearchFlow to its end, however long that takes; 0 if there is no
// such flow.
func (s *State) NextFlow(ruleSet int, since Uptime, after uint32) uint32 {
	for {
		budget := SearchBudget
		found, more := s.SearchFlow(ruleSet, since, after, &budget)
		if found != 0 || more == 0 {
			return found
		}
		after = more
	}
}

// Flow fills f with the flow of an index; false if there is none.
func (s *State) Flow(flowIndex uint32, f *Flow) bool {
	t := &s.m.flows
	if flowIndex == 0 || flowIndex > t.records.Len() {
		return false
	}
	p := t.record(flowIndex - 1)
	if p.keyLen == 0 || t.hidden(p) {
		return false
	}
	slot := flowIndex - 1
	sum := t.sum(slot)
	f.Index, f.RuleSet, f.FirstTime = flowIndex, int(p.ruleSet), p.first
	f.PDUs, f.Octets, f.LastActive = sum.pdus, sum.octets, sum.last
	f.Changed = f.LastActive
	f.key, f.shapes = t.key(slot), s.m.ruleSets[p.ruleSet].shapes
	if _, f.dists = t.dists.find(slot); f.dists != nil {
		f.Changed = max(f.Changed, f.dists.changed)
	}
	if t.own.kept {
		f.LastActive = max(t.ownLast(slot), f.FirstTime)
	}
	return true
}

// zeroOctets is what addresses and masks read as where none is saved.
var zeroOctets [mib.MaxAddress]byte

// Value is one attribute of a flow, filled by State.Attr. Octets and Numbers are
// valid inside the View or Update only, until the Value is filled again.
type Value struct {
	Num    uint64 // numbers, counters, times
	Octets []byte // addresses and masks, of natural length: zeros where the rule set saves none
	// Numbers are the counters of a distribution: its buckets, then the overflow;
	// Octets, then, its specification, mask and value of the rule, six octets each
	// (RFC 2724 §3.2). A flow without the distribution has neither.
	Numbers []uint64
}

// Attr reads one attribute of a flow into v, whose memory it uses again. What a
// flow does not have is zero.
func (s *State) Attr(f *Flow, a mib.Attr, v *Value) {
	*v = Value{Numbers: v.Numbers[:0]}
	switch a.Class() {
	case mib.ClassAddress:
		v.Octets = s.address(f, a)
	case mib.ClassMask:
		v.Octets = s.mask(f, maskOf[a])
	case mib.ClassDistribution:
		s.distribution(f, a, v)
	default:
		v.Num = s.number(f, a)
	}
}

// number is an attribute that is a number, a counter or a time.
func (s *State) number(f *Flow, a mib.Attr) uint64 {
	if n, ok := f.own(a); ok {
		return n
	}
	if v, ok := f.shapes.Value(f.key, a); ok {
		return bigEndian(v)
	}
	return 0
}

// own is an attribute of every flow, whatever its rule set saves.
func (f *Flow) own(a mib.Attr) (n uint64, ok bool) {
	switch a {
	case mib.AttrFlowIndex:
		return uint64(f.Index), true
	case mib.AttrFlowStatus:
		return 2, true // current
	case mib.AttrFlowTimeMark:
		return uint64(f.Changed), true
	case mib.AttrFlowRuleSet:
		return uint64(f.RuleSet), true
	case mib.AttrToOctets:
		return f.Octets[0], true
	case mib.AttrToPDUs:
		return f.PDUs[0], true
	case mib.AttrFromOctets:
		return f.Octets[1], true
	case mib.AttrFromPDUs:
		return f.PDUs[1], true
	case mib.AttrFirstTime:
		return uint64(f.FirstTime), true
	case mib.AttrLastActiveTime:
		return uint64(f.LastActive), true
	case mib.AttrToLostPDUs, mib.AttrFromLostPDUs:
		return f.lostOf(a), true
	case mib.AttrDistributions:
		if f.dists != nil {
			n = uint64(f.dists.kept)
		}
		return n, true
	}
	return 0, false
}

// distribution reads a distribution. One that has had no sample has no counters yet.
func (s *State) distribution(f *Flow, a mib.Attr, v *Value) {
	counters, spec := s.m.distribution(f.dists, a)
	if spec == nil {
		return
	}
	v.Octets = spec.octets[:]
	v.Numbers = append(v.Numbers, counters...)
	for len(v.Numbers) < spec.counters() {
		v.Numbers = append(v.Numbers, 0)
	}
}

func (s *State) address(f *Flow, a mib.Attr) []byte {
	if v, ok := f.shapes.Value(f.key, a); ok {
		return v
	}
	return zeroOctets[:s.naturalSize(f, a)]
}

func (s *State) mask(f *Flow, of mib.Attr) []byte {
	if v, ok := f.shapes.Mask(f.key, of); ok {
		return v
	}
	return zeroOctets[:s.naturalSize(f, of)]
}

// PeerType is the flow's peer type, 0 if its rule set does not save it.
func (s *State) PeerType(f *Flow) mib.PeerType {
	return mib.PeerType(s.number(f, mib.AttrSourcePeerType))
}

// naturalSize is the size of an address that is not saved.
func (s *State) naturalSize(f *Flow, a mib.Attr) int {
	if a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress {
		if n := s.PeerType(f).AddressSize(); n > 0 {
			return n
		}
		return 4
	}
	return a.UsualSize()
}

// maskOf finds, by mask attribute, the address whose mask it is.
var maskOf = func() (t [256]mib.Attr) {
	for _, a := range mib.Attrs() {
		if info, _ := mib.Info(a); info.Mask != mib.AttrNull {
			t[info.Mask] = a
		}
	}
	return t
}()

// bigEndian reads a number of up to 8 octets.
func bigEndian(b []byte) uint64 {
	var w [8]byte
	copy(w[8-len(b):], b)
	return binary.BigEndian.Uint64(w[:])
}
