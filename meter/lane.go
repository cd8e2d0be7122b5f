package meter

import (
	"cmp"
	"slices"

	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/streams"
)

// lane is what one worker owns: the streams of its share of the packets, their
// remembered verdicts, a matcher for each running rule set, and what it counts.
// Which lane a packet belongs to is a function of its stream's key alone.
//
// judge and count may run at the same time in all lanes. What lanes share does
// not change meanwhile: the index and the keys of the flow table, the shapes of
// the rule sets, the epoch.
type lane struct {
	number  uint8
	alone   bool // there is no other
	cfg     *Config
	flows   *flowTable
	epoch   *epoch
	streams *streams.Table
	packets uint64 // that went through it
	// side holds the words of the second and further remembered rule sets;
	// those of the first lie in the stream itself. traits says for which packets
	// the words of rule sets hold that depend on them.
	side   sides[sideWords]
	traits sides[sideTraits]
	runs   []laneRun

	// Of one round. Packets of the lane are numbered from 0.
	ids     []streams.ID
	pending []pending
	next    int    // of pending, to be admitted
	keys    []byte // of pending: each key and its reverse

	unknown           [together]uint16
	fresh             []streams.ID
	matched, reversed pme.Key // of the packet being matched
	sink              uint64  // keeps reads alive that only bring memory near

	observes     bool // some rule set's flows keep distributions
	asks         []ask
	asked        int // of asks, noted among observations
	observations []observation
	members      members
	applied      int // of observations

	tells bool // of streams that end
	ended []endedStream

	matches    bool // packets in pairs
	tellsPairs bool // of all streams
	paired     []notedPair
}

// together is how many packets go through one pass before the next one begins,
// so that the processor has the reads of many in flight.
const together = 64

// laneRun is a running rule set as a lane has it.
type laneRun struct {
	rules *ruleSet
	work  *laneWork
	memory
	origin   bool      // its rules ask for packet.Origin
	mayFail  bool      // to match: packets do not overtake others by a verdict of kindReverse then
	known    [2]word   // by direction, of the stream of the packets being metered
	tally    [2]*tally // that these name; nil: none
	verdicts []word    // by packet of the lane in the round; 0: nothing to count
	observed []word    // of those that were pending; nil: the rule set's flows keep no distributions
}

// laneWork is what a lane has done for a rule set since it was loaded.
type laneWork struct {
	matcher                   *pme.Matcher // nil if the rule set is not active
	pdus, ignored, notMatched uint64
	ruled                     uint64 // those whose rules were run, no verdict being remembered
}

// pending is a packet that counts under a rule set in a flow which is not there
// yet, or in none that the lane has a part of.
type pending struct {
	packet uint16 // in the round
	place  uint16 // in the lane
	run    uint8
	order  pme.Order
	shaped bool // hash and key are valid
	// absent: the index had nothing under the hash when the lane looked.
	absent bool
	met    met // valid from approachFlows to findFlow
	keyLen uint8
	hash   uint32
	key    uint32 // where in lane.keys
	saved  uint64 // distributions that the match saved
	// verdict is what its stream is to remember once it is admitted, which the
	// lane writes there: admission keeps off what only the lane touches.
	verdict word
}

// before is the order of admission.
func (p *pending) before(o *pending) bool {
	return p.packet < o.packet || p.packet == o.packet && p.run < o.run
}

// keysOf returns the key of a pending packet and its reverse.
func (l *lane) keysOf(p *pending) (key, back []byte) {
	at, n := p.key, uint32(p.keyLen)
	return l.keys[at : at+n], l.keys[at+n : at+2*n]
}

// run adds a rule set to those that the lane runs.
func (l *lane) run(r *ruleSet, mem memory) {
	run := laneRun{
		rules: r, work: r.lanes[l.number], memory: mem, origin: r.program.Needs()&pme.NeedsOrigin != 0,
		verdicts: make([]word, cap(l.ids)), mayFail: r.program.MayNotMatch(),
	}
	if len(r.dists.list) > 0 {
		run.observed, l.observes = make([]word, cap(l.ids)), true
	}
	l.runs = append(l.runs, run)
}

// judge finds the streams of the lane's packets and what each rule set says of
// them: it leaves, for each packet, a verdict that names the flow to count in,
// or an entry in pending. It changes nothing that any other lane sees.
func (l *lane) judge(r *round) {
	mine := r.of[l.number]
	l.pending, l.next, l.keys = l.pending[:0], 0, l.keys[:0]
	l.ids = l.ids[:len(mine)]
	l.asks, l.asked = l.asks[:0], 0
	for j := range l.runs {
		clear(l.runs[j].observed)
	}
	for from := 0; from < len(mine); from += together {
		group := mine[from:min(from+together, len(mine))]
		l.findStreams(r, group, l.ids[from:])
		for j := range l.runs {
			l.judgeGroup(r, j, from, group)
		}
	}
	if len(l.runs) > 1 {
		slices.SortFunc(l.pending, func(a, b pending) int {
			return cmp.Or(int(a.packet)-int(b.packet), int(a.run)-int(b.run))
		})
	}
}

func (l *lane) findStreams(r *round, group []uint16, ids []streams.ID) {
	l.fresh = l.streams.Find(r.keys, group, ids, l.fresh[:0])
	for _, id := range l.fresh {
		l.forgetSide(id)
	}
}

// judgeGroup is judge for some packets, from place from on, and one rule set.
func (l *lane) judgeGroup(r *round, j, from int, group []uint16) {
	run := &l.runs[j]
	verdicts := run.verdicts[from : from+len(group)]
	unknown := l.recall(r, run, from, group, verdicts)
	first := len(l.pending)
	for _, k := range unknown {
		run.work.ruled += r.pdus(group[k])
		l.match(r, j, from+int(k), group[k])
	}
	l.findFlows(r, first)
}

// findFlows looks for the flows of the packets that are pending, from the first on,
// and leaves those that the lane cannot count yet.
func (l *lane) findFlows(r *round, first int) {
	found := l.pending[first:]
	l.approachFlows(found)
	rest := found[:0]
	for i := range found {
		if p := &found[i]; !l.findFlow(r, p) {
			p.absent = p.shaped && !p.met.ok
			rest = append(rest, *p)
		}
	}
	l.pending = l.pending[:first+len(rest)]
}

// approachFlows reads what a search for the flows of pending packets reads: most of them
// need the flow table, and the place of each in it is far from the others'.
func (l *lane) approachFlows(found []pending) {
	var sum uint64
	for i := range found {
		sum += l.flows.index.Touch(found[i].hash)
	}
	for i := range found {
		p := &found[i]
		if p.met = l.flows.meet(p.hash); p.met.ok {
			sum += l.flows.touch(p.met.slot)
		}
	}
	l.sink = sum
}

// recall fills verdicts with those that the streams remember and that hold, and
// returns the places in the group of the other packets.
func (l *lane) recall(r *round, run *laneRun, from int, group []uint16, verdicts []word) []uint16 {
	unknown := l.unknown[:0]
	if run.words < 0 {
		clear(verdicts)
		for k := range group {
			unknown = append(unknown, uint16(k))
		}
		return unknown
	}
	for k, i := range group {
		verdicts[k] = 0
		if id := l.ids[from+k]; id != streams.NoStream {
			if w := *l.word(run, id, r.keys[i].Dir); l.epoch.holds(w) && l.remembers(run, id, r.keys[i].Dir, &r.packets[i]) {
				verdicts[k] = w
			}
		}
	}
	for k, w := range verdicts {
		if w.isFlow() && !l.flows.names(w) {
			verdicts[k], w = 0, 0
		}
		if w == 0 {
			unknown = append(unknown, uint16(k))
		}
	}
	return unknown
}

// match runs the rules of run j over packet i of the round, at a place of the
// lane, in wire order and, if they do not match, reversed.
func (l *lane) match(r *round, j, place int, i uint16) {
	run, p := &l.runs[j], &r.packets[i]
	if run.origin {
		l.cfg.FillOrigin(p)
	}
	verdict, order := matchBothWays(run.work.matcher, p, &l.matched)
	switch verdict {
	case pme.Ignore:
		l.remember(r, run, place, i, l.epoch.noFlowWord(ignored))
	case pme.NoMatch:
		l.remember(r, run, place, i, l.epoch.noFlowWord(notMatched))
	default:
		e := pending{packet: i, place: uint16(place), run: uint8(j), order: order}
		if verdict == pme.Count {
			l.keep(&e, run.work.matcher)
		}
		l.pending = append(l.pending, e)
	}
}

// matchBothWays is the order of RFC 2722 §4.3.
func matchBothWays(with *pme.Matcher, p *packet.Packet, key *pme.Key) (pme.Verdict, pme.Order) {
	verdict := with.MatchKnown(p, pme.WireOrder, key)
	if verdict != pme.NoMatch {
		return verdict, pme.WireOrder
	}
	return with.MatchKnown(p, pme.Reversed, key), pme.Reversed
}

// keep puts the key in l.matched, which the matcher has just made, and its reverse to the
// pending packet.
func (l *lane) keep(e *pending, by *pme.Matcher) {
	key := l.matched.Bytes()
	by.Reverse(&l.matched, &l.reversed)
	back := l.reversed.Bytes()
	e.shaped, e.hash, e.saved = true, l.flows.hash(key, back), l.matched.Distributions
	e.key, e.keyLen = uint32(len(l.keys)), uint8(len(key))
	l.keys = append(append(l.keys, key...), back...)
}

// findFlow looks for the flow that a packet counts in, and reports whether the
// lane can count in it.
func (l *lane) findFlow(r *round, p *pending) bool {
	if !p.shaped || !p.met.ok {
		return false
	}
	key, back := l.keysOf(p)
	slot, dir, ok := l.flows.placeFrom(p.met, p.hash, key, back, p.order)
	run := &l.runs[p.run]
	if !ok || p.saved != 0 && !l.flows.dists.has(slot, run.rules.dists.attrs(p.saved)) {
		return false
	}
	ref, ok := l.flows.refOf(slot, l.number)
	if ok {
		l.remember(r, run, int(p.place), p.packet, l.flows.flowWord(l.epoch, slot, ref, dir, p.order))
	}
	return ok
}

// remember gives a packet its verdict, to be counted by, and its stream too.
func (l *lane) remember(r *round, run *laneRun, place int, i uint16, w word) {
	run.verdicts[place] = w
	l.toStream(r, run, place, i, w)
}

func (l *lane) toStream(r *round, run *laneRun, place int, i uint16, w word) {
	if id := l.ids[place]; run.words >= 0 && id != streams.NoStream {
		*l.word(run, id, r.keys[i].Dir) = w
		l.noteTraits(run, id, r.keys[i].Dir, &r.packets[i])
	}
}

// sweepSome is a part of sweep; it answers whether that was the rest.
func (l *lane) sweepSome(at Uptime) (done bool) {
	done = l.streams.Sweep(at)
	if l.streams.Measures() {
		l.takeEvents(noPacket)
	}
	return done
}

// sweep ends the streams that time out by an uptime.
func (l *lane) sweep(at Uptime) {
	for !l.sweepSome(at) {
		continue
	}
}

// count tells the streams of the lane's packets about them and counts the
// packets by their verdicts.
func (l *lane) count(r *round) {
	mine := r.of[l.number]
	l.noteStreams(r)
	for i := range l.pending {
		if p := &l.pending[i]; p.verdict != 0 {
			l.toStream(r, &l.runs[p.run], int(p.place), p.packet, p.verdict)
		}
	}
	for j := range l.runs {
		run := &l.runs[j]
		for k, i := range mine {
			if w := run.verdicts[k]; w != 0 {
				l.countBy(r, run, w, i)
			}
		}
	}
}

// countBy counts packet i of the round by its verdict, which must hold.
func (l *lane) countBy(r *round, run *laneRun, w word, i uint16) {
	if !w.isFlow() {
		run.work.countOther(w, r.pdus(i))
		return
	}
	if c := r.counted[i]; c.after != isRecord {
		run.work.pdus++
		l.flows.countOne(w.ref(), l.number, w.dir(), uint64(c.octets), r.begun+Uptime(c.after))
		return
	}
	a := &r.amounts[i]
	run.work.pdus += a.pdus
	l.flows.count(w.ref(), l.number, w.dir(), a)
}

// countOther counts packets by a verdict that names no flow.
func (work *laneWork) countOther(w word, pdus uint64) {
	if w.ref() == ignored {
		work.ignored += pdus
	} else {
		work.notMatched += pdus
	}
}
