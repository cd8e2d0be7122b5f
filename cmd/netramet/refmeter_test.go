package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"netramet/meter"
	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
	"netramet/sources/wire"
)

// refMeter is the meter written down as plainly as the RFCs and docs/decisions.md
// allow: one map, the naive interpreter for every packet, no
// streams, no rounds, no batches. It is the oracle of the real meter: both
// must give the same flow data file, octet for octet.
type refMeter struct {
	cfg meter.Config
	// What cfg.Origins has, in a list.
	prefixes []refPrefix
	sets     []*ruleset.RuleSet // in order of number

	flows map[string]*refFlow // by rule set and key
	slots []*refFlow          // by FlowIndex-1; nil: free
	freed []refFreed          // oldest first
	walk  int                 // slot that recovery looks at next

	streams            []*refStream
	counts             meter.Counts
	perSet             map[int]*meter.RuleSetCounts
	begun, busy        bool
	start, clock, tick int64 // Unix ns; tick: the last grid point passed
	before             int64 // ns of the first interval that lie before start
	uptime             int64
	closed             uint64

	// The collection being read, and up to when the reader has everything.
	iv        reader.Interval
	from      uint64
	collected int64
	left      []*refFlow
	tasks     []reader.Task
}

type refFlow struct {
	index        int
	set          int
	key          string
	saved        []pme.Saved
	pdus, octets [2]uint64
	first, last  int64
	changed      int64 // last, or later
	dists        []refDist
	packets      []refPacket // since the flow keeps distributions
	samples      int         // of rates, so far
}

type refFreed struct {
	slot int
	at   int64
}

func newRefMeter(cfg meter.Config, sets []*ruleset.RuleSet) *refMeter {
	r := &refMeter{cfg: cfg, sets: slices.Clone(sets), flows: map[string]*refFlow{}, perSet: map[int]*meter.RuleSetCounts{}, uptime: 1, from: 1}
	slices.SortFunc(r.sets, func(a, b *ruleset.RuleSet) int { return a.Number - b.Number })
	for _, s := range sets {
		r.perSet[s.Number] = &meter.RuleSetCounts{}
	}
	return r
}

// run meters a whole trace, collecting into out.
func (r *refMeter) run(frames []wire.Frame, tasks []reader.Task, out output) error {
	collect := func(number uint64) error {
		r.iv = reader.Interval{Number: number, Time: time.Unix(0, r.start+(r.uptime-1)*1e7).UTC(), From: r.from, To: uint64(r.uptime)}
		if r.begun {
			out.SetStart(time.Unix(0, r.start).UTC())
		}
		_, _, err := reader.Collect(context.Background(), r, tasks, out)
		return err
	}
	times := refTimes(frames, r.cfg.MaxGap)
	for i := range frames {
		f := &frames[i]
		t := times[i].clock
		if !r.begun && t != wire.NoTime {
			r.begun, r.start, r.clock = true, t, t
			if r.cfg.Align {
				r.start = t - (t%1e8+1e8)%1e8
				each := int64(r.cfg.Interval)
				r.before, r.uptime = (r.start%each+each)%each, 1+(t-r.start)/1e7
			}
			r.tick = r.start
		}
		for r.cfg.Interval > 0 && r.begun && (t-r.start+r.before)/int64(r.cfg.Interval) > int64(r.closed) {
			n := uint64(t-r.start+r.before) / uint64(r.cfg.Interval)
			if r.busy {
				n = r.closed + 1
			}
			if r.cfg.MaxIntervals > 0 {
				n = min(n, r.cfg.MaxIntervals)
			}
			r.moveTo(r.start - r.before + int64(n)*int64(r.cfg.Interval))
			r.closed, r.busy = n, false
			if n == r.cfg.MaxIntervals {
				r.endStreams(func(*refStream) (int64, bool) { return r.uptime, true })
			}
			if err := collect(n); err != nil {
				return err
			}
			if n == r.cfg.MaxIntervals {
				return nil
			}
		}
		r.moveTo(t)
		times[i].count(&r.counts)
		r.busy = true
		r.meter(f, times[i])
	}
	for _, f := range r.flows {
		f.tick(r.uptime, r.inactivity())
	}
	r.endStreams(func(*refStream) (int64, bool) { return r.uptime, true })
	return collect(r.closed + 1)
}

// moveTo passes the grid points up to t and sets the clock to t.
func (r *refMeter) moveTo(t int64) {
	if !r.begun {
		return
	}
	const grid = int64(100 * time.Millisecond)
	passed := (t-r.start)/grid - (r.tick-r.start)/grid
	if passed > 0 {
		r.tick = r.start + (t-r.start)/grid*grid
		now := 1 + (r.tick-r.start)/1e7
		r.endStreams(func(s *refStream) (int64, bool) { return s.due(), s.due() <= now })
		for _, f := range r.flows {
			f.tick(now, r.inactivity())
		}
		r.recover(now, passed)
	}
	r.clock, r.uptime = t, 1+(t-r.start)/1e7
}

func (r *refMeter) inactivity() int64 { return int64(r.cfg.Inactivity / (10 * time.Millisecond)) }

// recover frees idle flows that have been collected, a share of the table for
// each grid point passed.
func (r *refMeter) recover(now, passed int64) {
	inactivity := r.inactivity()
	n := int64(len(r.slots))
	if n == 0 || now <= inactivity || r.collected == 0 || len(r.flows) == 0 {
		return
	}
	for range min(n, passed*(256+n/32)) {
		if r.walk >= len(r.slots) {
			r.walk = 0
		}
		f := r.slots[r.walk]
		idle := func() bool { return f != nil && now-f.last >= inactivity && f.changed < r.collected }
		if idle() { // its streams end, if they are idle too
			r.endStreams(func(s *refStream) (int64, bool) { return now, slices.Contains(s.flows, f) && now-s.last >= inactivity })
		}
		if idle() && !r.hasStreams(f) {
			delete(r.flows, f.key)
			r.slots[r.walk] = nil
			r.freed = append(r.freed, refFreed{r.walk, now})
			r.perSet[f.set].Recovered++
		}
		r.walk++
	}
}

func (r *refMeter) meter(f *wire.Frame, t refTime) {
	var p packet.Packet
	p.DecodeTo(f, r.cfg.Depth)
	if t.bad || t.none {
		p.Time = t.clock
	}
	p.DecodeRest(f)
	p.Origin.MeterID = r.cfg.MeterID
	for i := range p.PeerAddress {
		p.Origin.ASN[i], p.Origin.Prefix[i] = r.originOf(&p, i)
	}
	octets := uint64(p.FrameOctets)
	if r.cfg.Octets == meter.PeerOctets || octets == 0 {
		octets = uint64(p.PeerOctets)
	}
	r.counts.Packets++
	r.counts.Octets += octets
	if p.Fault == packet.FaultLinkType {
		r.counts.Unsupported++
		return
	}
	s, dir := r.stream(&p)
	if s != nil {
		s.add(dir, r.uptime, p.Time, octets)
	}
	for _, rs := range r.sets {
		if f, flowDir := r.meterUnder(rs, &p, octets); f != nil && s != nil {
			s.join(f, dir, flowDir)
		}
	}
}

// refPrefix is a line of a table of prefixes.
type refPrefix struct {
	prefix netip.Prefix
	asn    uint32
}

// originOf looks through all prefixes for the longest that holds an address.
func (r *refMeter) originOf(p *packet.Packet, end int) (asn uint32, length uint8) {
	a, ok := netip.AddrFromSlice(p.PeerAddress[end][:p.PeerLen])
	if !ok || p.PeerType > mib.PeerIPv6 {
		return 0, 0
	}
	longest := -1
	for _, l := range r.prefixes {
		if l.prefix.Contains(a) && l.prefix.Bits() > longest {
			longest, asn = l.prefix.Bits(), l.asn
		}
	}
	return asn, uint8(max(longest, 0))
}

// meterUnder is RFC 2722 §4.3. It returns the flow that counts the packet, and its
// direction there.
func (r *refMeter) meterUnder(rs *ruleset.RuleSet, p *packet.Packet, octets uint64) (*refFlow, packet.Direction) {
	c := r.perSet[rs.Number]
	out := pme.Interpret(rs, p, pme.WireOrder, nil)
	reversed := out.Verdict == pme.NoMatch
	if reversed {
		out = pme.Interpret(rs, p, pme.Reversed, nil)
	}
	switch out.Verdict {
	case pme.Ignore:
		c.Ignored++
		return nil, 0
	case pme.NoMatch:
		c.NotMatched++
		return nil, 0
	}
	key := refKey(rs.Number, out.Saved)
	f, dir := r.flows[key], packet.Source
	if reversed {
		dir = packet.Dest
	} else if f == nil {
		if back := r.flows[refKey(rs.Number, refReverse(out.Saved))]; back != nil {
			f, dir = back, packet.Dest
		}
	}
	if f == nil {
		if f = r.create(rs.Number, key, out.Saved); f == nil {
			c.RefusedPDUs++
			c.RefusedOctets += octets
			return nil, 0
		}
		c.Created++
	}
	f.pdus[dir]++
	f.octets[dir] += octets
	f.last, f.changed = r.uptime, r.uptime
	f.ask(out.Distributions, r.uptime)
	if len(f.dists) > 0 {
		before := f.backward()
		f.packets = append(f.packets, refPacket{r.uptime, p.Time, dir, octets})
		f.tick(r.uptime, r.inactivity())
		r.counts.Backward += f.backward() - before
	}
	return f, dir
}

func (r *refMeter) create(set int, key string, saved []pme.Saved) *refFlow {
	if len(r.flows) >= r.cfg.MaxFlows {
		return nil
	}
	slot := len(r.slots)
	if len(r.freed) > 0 && r.freed[0].at < r.uptime {
		slot, r.freed = r.freed[0].slot, r.freed[1:]
	} else {
		r.slots = append(r.slots, nil)
	}
	f := &refFlow{index: slot + 1, set: set, key: key, saved: saved, first: r.uptime}
	r.slots[slot], r.flows[key] = f, f
	return f
}

// refKey spells out everything that distinguishes two flows.
func refKey(set int, saved []pme.Saved) string {
	var b strings.Builder
	fmt.Fprint(&b, set)
	for _, s := range saved {
		fmt.Fprintf(&b, " %d&%x=%x", s.Attr, s.Mask, s.Value)
	}
	return b.String()
}

// refReverse exchanges every attribute that has a Source/Dest pair.
func refReverse(saved []pme.Saved) []pme.Saved {
	back := slices.Clone(saved)
	for i := range back {
		back[i].Attr = back[i].Attr.Reverse().Slot()
	}
	slices.SortFunc(back, func(a, b pme.Saved) int { return int(a.Attr) - int(b.Attr) })
	return back
}

// Begin, Next and Commit make refMeter a reader.Flows.
func (r *refMeter) Begin(_ context.Context, tasks []reader.Task) (reader.Interval, error) {
	r.left, r.tasks = nil, tasks
	for _, t := range tasks {
		for _, f := range r.slots {
			if f != nil && f.set == t.RuleSet && uint64(f.changed) >= r.iv.From {
				r.left = append(r.left, f)
			}
		}
	}
	return r.iv, nil
}

func (r *refMeter) Next(_ context.Context, rec *reader.Record) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	f := r.left[0]
	r.left = r.left[1:]
	task := r.tasks[slices.IndexFunc(r.tasks, func(t reader.Task) bool { return t.RuleSet == f.set })]
	rec.Clear(len(task.Format.Attrs))
	rec.RuleSet, rec.Index, rec.FirstTime = f.set, uint32(f.index), uint64(f.first)
	rec.PeerType = mib.PeerType(f.number(mib.AttrSourcePeerType))
	for i, a := range task.Format.Attrs {
		if d := f.dist(a); d != nil {
			var backward uint64
			rec.AddNumbers(i, f.counters(d, r.uptime, r.inactivity(), &backward)...)
			continue
		}
		rec.Values[i] = f.value(a, rec.PeerType)
	}
	return nil
}

func (r *refMeter) Commit(context.Context) error {
	r.from, r.collected = r.iv.To-1, int64(r.iv.To)
	return nil
}

func (f *refFlow) find(a mib.Attr) *pme.Saved {
	i := slices.IndexFunc(f.saved, func(s pme.Saved) bool { return s.Attr == a.Slot() })
	if i < 0 {
		return nil
	}
	return &f.saved[i]
}

func (f *refFlow) number(a mib.Attr) (n uint64) {
	if s := f.find(a); s != nil {
		for _, b := range s.Value {
			n = n<<8 | uint64(b)
		}
	}
	return n
}

func (f *refFlow) value(a mib.Attr, peer mib.PeerType) (v reader.Value) {
	numbers := map[mib.Attr]uint64{
		mib.AttrFlowIndex: uint64(f.index), mib.AttrFlowRuleSet: uint64(f.set),
		mib.AttrFirstTime: uint64(f.first), mib.AttrLastActiveTime: uint64(f.last),
		mib.AttrToPDUs: f.pdus[0], mib.AttrFromPDUs: f.pdus[1],
		mib.AttrToOctets: f.octets[0], mib.AttrFromOctets: f.octets[1],
	}
	for _, d := range f.dists {
		numbers[mib.AttrDistributions] |= 1 << (d.Attr - mib.AttrToPacketSize)
	}
	info, _ := mib.Info(a)
	addr, isMask := a, info.Class == mib.ClassMask
	if isMask {
		for _, b := range mib.Attrs() {
			if bi, _ := mib.Info(b); bi.Mask == a {
				addr = b
			}
		}
	}
	if info.Class != mib.ClassAddress && !isMask {
		if n, ok := numbers[a]; ok {
			return reader.Value{Num: n}
		}
		return reader.Value{Num: f.number(a)}
	}
	octets := make([]byte, mib.MaxAddress)[:addr.UsualSize()]
	if addr.UsualSize() == mib.MaxAddress && addr != mib.AttrSourceSubscriberID && addr != mib.AttrDestSubscriberID {
		octets = octets[:4]
		if n := peer.AddressSize(); n > 0 {
			octets = octets[:n]
		}
	}
	if s := f.find(addr); s != nil {
		octets = s.Value
		if isMask {
			octets = s.Mask
		}
	}
	v.Len = uint8(copy(v.Octets[:], octets))
	return v
}
