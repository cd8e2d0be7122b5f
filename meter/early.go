package meter

import "netramet/streams"

// Where there is one lane, one rule set whose verdicts streams remember, and
// tables are not large, packets are counted as soon as their streams are found, if
// these remember a verdict: one pass over a packet takes less time than passes
// that wait for memory together, if there is little to wait for. Flows that keep
// distributions are not counted so: what they observe goes in order.
//
// So those packets are counted before the ones ahead of them that have to be
// admitted. Sums do not mind; but a packet that makes a flow beside its reverse
// changes what packets behind it count in. Those are taken back then, and the
// rest of the round goes its usual way.

// earlyTables is up to what size tables are taken to lie near enough to the
// processor, in flows and streams, some 100 octets each. Where packets of a flow
// follow each other it could be any; where they are scattered, as on no link, half
// a million flows cost a fifth more without the passes that wait together.
const earlyTables = 1 << 18

// earlyCount is a packet that was counted before those ahead of it were admitted.
type earlyCount struct {
	packet uint16 // in the round, and in the lane
	last   Uptime // of its tally before
	word   word
}

// mayCountEarly reports whether the lane can count packets as soon as it judges
// them, and whether that pays.
func (l *lane) mayCountEarly() bool {
	return l.alone && !l.observes && !l.streams.Measures() && len(l.runs) == 1 && l.runs[0].words == 0 &&
		l.flows.records.Len()+l.streams.Slots() <= earlyTables
}

// countEarly finds the streams of the round's packets, tells them, and counts the
// packets whose verdict is remembered. It returns the places of the others.
func (l *lane) countEarly(r *round) []uint16 {
	run, unknown := &l.runs[0], l.unknown[:0]
	l.counted = l.counted[:0]
	var seen streams.Seen
	for k := range l.ids {
		key, a := &r.keys[k], &r.amounts[k]
		l.packets += a.pdus
		run.verdicts[k] = 0
		id := l.streams.FindOne(key)
		l.ids[k] = id
		if id != streams.NoStream {
			seen.Uptime, seen.Dir, seen.TCPFlags = a.uptime, key.Dir, key.TCPFlags
			l.streams.Note(id, &seen)
			w := word(l.streams.Attached(id)[key.Dir&1])
			if l.epoch.holds(w) && l.countIfNamed(run, uint16(k), w, a) {
				continue
			}
		}
		unknown = append(unknown, uint16(k))
	}
	return unknown
}

// countIfNamed counts a packet by a verdict of the present epoch, if that still
// holds.
func (l *lane) countIfNamed(run *laneRun, k uint16, w word, a *amount) bool {
	var last Uptime
	if w.isFlow() {
		t := l.flows.tally(w.ref())
		if t.generation != w.generation() {
			return false
		}
		last = t.last
	}
	l.counted = append(l.counted, earlyCount{packet: k, last: last, word: w})
	l.countBy(run, w, a)
	return true
}

// takeBack makes the packets behind one of the round, as far as they are counted,
// packets that are judged and not counted. Their tallies become what they were:
// packets that were admitted meanwhile count in flows that were made in this round,
// which no stream remembered, since no rule set asks for distributions.
func (l *lane) takeBack(r *round, behind uint16) {
	n := len(l.counted)
	for ; n > 0 && l.counted[n-1].packet > behind; n-- {
		e := &l.counted[n-1]
		run, a := &l.runs[0], r.amounts[e.packet]
		a.pdus, a.octets, a.uptime = -a.pdus, -a.octets, 0 // counters are counted modulo 2^64
		l.countBy(run, e.word, &a)
		if e.word.isFlow() {
			l.flows.tally(e.word.ref()).last = e.last
		}
		run.verdicts[e.packet] = e.word
	}
	l.counted = l.counted[:n]
}
