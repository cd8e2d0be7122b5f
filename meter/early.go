package meter

import "netramet/streams"

// Where there is one lane and tables are not large, packets are counted as soon as
// their streams are found, if these remember verdicts: one pass over a packet takes
// less time than passes that wait for memory together, if there is little to wait
// for. Flows that keep distributions are not counted so: what they observe goes in
// order.
//
// So those packets are counted before the ones ahead of them that have to be
// admitted. Sums do not mind; but a packet that makes a flow beside its reverse
// changes what packets behind it count in. Those are taken back then, and the
// rest of the round goes its usual way.

// earlyTables is up to what size tables are taken to lie near enough to the
// processor, in streams and flows of a rule set, some 100 octets each. Where packets
// of a flow follow each other it could be any; where they are scattered, as on no
// link, half a million flows cost a fifth more without the passes that wait together.
const earlyTables = 1 << 18

// earlyCount is a packet that was counted, under a rule set, before those ahead of
// it were admitted.
type earlyCount struct {
	packet uint16 // in the round, and in the lane
	run    uint8
	last   Uptime // of its tally before
	word   word
}

// latePacket is a packet for which no verdict of a rule set is remembered.
type latePacket struct {
	packet uint16 // in the round, and in the lane
	run    uint8
}

// mayCountEarly reports whether the lane can count packets as soon as it judges
// them, and whether that pays.
func (l *lane) mayCountEarly() bool {
	return l.alone && !l.flows.own.kept && !l.observes && !l.streams.Measures() && len(l.runs) > 0 &&
		int(l.flows.records.Len())/len(l.runs)+int(l.streams.Slots()) <= earlyTables
}

// judgeEarly is judge for a lane that may count early: the verdicts that are
// remembered are counted by, and nothing is left of them to count.
func (l *lane) judgeEarly(r *round, mine []uint16) {
	for j := range l.runs {
		clear(l.runs[j].verdicts[:len(mine)])
	}
	l.late = l.late[:0]
	var seen streams.Seen
	for k := range mine {
		l.countEarly(r, uint16(k), &seen)
	}
	for _, x := range l.late {
		l.match(r, int(x.run), int(x.packet), x.packet)
	}
	l.findFlows(r, 0)
}

// countEarly finds the stream of packet k, tells it, and counts the packet under
// the rule sets whose verdict it remembers. It uses the memory of seen.
func (l *lane) countEarly(r *round, k uint16, seen *streams.Seen) {
	key, a := &r.keys[k], &r.amounts[k]
	l.packets += a.pdus
	id, fresh := l.streams.FindOne(key)
	l.ids[k] = id
	if id != streams.NoStream {
		if fresh {
			l.forgetSide(id)
		}
		seen.Uptime, seen.Dir, seen.TCPFlags = a.uptime, key.Dir, key.TCPFlags
		l.streams.Note(id, seen)
	}
	for j := range l.runs {
		run := &l.runs[j]
		if id != streams.NoStream && run.words >= 0 {
			w := *l.word(run, id, key.Dir)
			if l.epoch.holds(w) && l.remembers(run, id, key.Dir, &r.packets[k]) && l.countIfNamed(run, earlyCount{packet: k, run: uint8(j), word: w}, a) {
				continue
			}
		}
		l.late = append(l.late, latePacket{packet: k, run: uint8(j)})
	}
}

// countIfNamed counts a packet by a verdict of the present epoch, if that still
// holds.
func (l *lane) countIfNamed(run *laneRun, e earlyCount, a *amount) bool {
	if w := e.word; w.isFlow() {
		t := l.flows.tally(w.ref())
		if t.generation != w.generation() {
			return false
		}
		e.last = t.last
	}
	l.counted = append(l.counted, e)
	l.countBy(run, e.word, a)
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
		run, a := &l.runs[e.run], r.amounts[e.packet]
		a.pdus, a.octets, a.uptime = -a.pdus, -a.octets, 0 // counters are counted modulo 2^64
		l.countBy(run, e.word, &a)
		if e.word.isFlow() {
			l.flows.tally(e.word.ref()).last = e.last
		}
		run.verdicts[e.packet] = e.word
	}
	l.counted = l.counted[:n]
}
