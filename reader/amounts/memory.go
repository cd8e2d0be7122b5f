package amounts

import (
	"math"
	"time"

	"netramet/reader"
	"netramet/reader/lines"
)

// Counts are counters, in the order of lines.Counters.
type Counts = [len(lines.Counters)]uint64

// Memory is what each flow had counted at the end of the last collection that was
// complete.
//
// Flows come in the order of rule set and FlowIndex, and so they are remembered: a
// collection merges what it sees into what was known, and is what is known when it is
// complete. A flow that is gone stays until its index is used again: there are never
// more than the meter ever held at once.
type Memory struct {
	known, seen list
	old         reading // of known
	more        bool    // old has a flow that is not merged yet
	now, was    lines.Flow
	forgets     bool
	since       uint64 // flows that are not known and began then or later are new
	sure        bool
	overlaps    bool // the interval begins before the end of the one that is known
	lost        bool // there was something, but nobody knows what

	run, next run     // of known, of the collection under way
	taken     *recall // until the first collection; or nil
}

// run is what a meter's run is known by.
type run struct {
	meter string
	start time.Time // of its uptime 0; the zero time is unknown
	to    uint64    // uptime at the end of a collection; 0: there was none
	// floor is an uptime: flows that began before it and are not known may have been
	// written where nothing was taken up from.
	floor uint64
	// until is an uptime: had a collection begun behind the last one and before then, it would
	// stand in a file that was taken up from. If the next one begins later, a file may be
	// missing.
	until uint64
}

// slack is how far two estimates of one start may lie apart: clocks are corrected, and
// answers take time.
const slack = 10 * time.Second

// goesOn reports whether a collection is of the run that r is of, and none before it
// is missing what r knows.
func (r *run) goesOn(iv *reader.Interval) bool {
	switch {
	case r.to == 0 || iv.Restarted || iv.Fresh || iv.Meter != r.meter:
		return false
	case iv.From+1 == r.to:
		return true // where the last one ended
	case iv.To < r.to || iv.From+1 > max(r.to, r.until):
		return false
	}
	return r.isOf(iv)
}

// isOf reports whether an interval can be of the run.
func (r *run) isOf(iv *reader.Interval) bool {
	return iv.Meter == r.meter && r.start.IsZero() == iv.MeterStart.IsZero() && iv.MeterStart.Sub(r.start).Abs() <= slack
}

// Begin begins a collection. Where the meter or its rule sets are new, so are all
// flows.
func (m *Memory) Begin(iv *reader.Interval) {
	if m.taken != nil {
		m.recall(iv)
	}
	m.begin(iv)
	m.seen.empty()
	m.old, m.more = m.known.read()
	m.more = m.more && !m.forgets
}

// begin finds out how the collection goes on from what is known.
func (m *Memory) begin(iv *reader.Interval) {
	goesOn := m.run.goesOn(iv)
	m.forgets = m.run.to > 0 && !goesOn
	m.overlaps = goesOn && iv.From+1 < m.run.to
	m.next = run{meter: iv.Meter, start: iv.MeterStart, to: iv.To, until: math.MaxUint64}
	switch m.sure = true; {
	case goesOn:
		m.next.floor = m.run.floor
		m.since = max(m.run.to-1, m.run.floor) // the centisecond of the last collection went on behind it
	case iv.Fresh || iv.Restarted || iv.From <= 1 && !m.lost:
		m.since = 0
	default:
		m.since, m.sure = iv.From, false
	}
}

// Sure reports whether the collection under way goes on from what is known, or begins
// with the counters. Else a reader of before may have had part of it, without the meter's
// knowledge.
func (m *Memory) Sure() bool { return m.sure }

// End completes the collection: what it saw is what the next one goes on from.
func (m *Memory) End() {
	for ; m.more; m.more = m.old.advance() {
		m.seen.add(&m.old.flow)
	}
	m.known, m.seen, m.run, m.lost = m.seen, m.known, m.next, false
}

// before reports whether f comes before g.
func before(f, g *lines.Flow) bool {
	return f.RuleSet < g.RuleSet || f.RuleSet == g.RuleSet && f.Index < g.Index
}

// pass remembers what is known of flows before one, and returns what that was, valid until
// the next call; nil if it was not known.
func (m *Memory) pass(f *lines.Flow) (was *lines.Flow) {
	for ; m.more; m.more = m.old.advance() {
		old := &m.old.flow
		if !before(old, f) {
			if !before(f, old) {
				m.was, was = *old, &m.was
				m.more = m.old.advance()
			}
			break
		}
		m.seen.add(old)
	}
	return was
}

// Amount makes counters what was added to them since the collection before; has says
// which of them the flow has. known is false if nobody can say, for the flow was there
// before: then they are 0.
func (m *Memory) Amount(rec *reader.Record, counts *Counts, has uint8) (known bool) {
	f := &m.now
	f.RuleSet, f.Has, f.Index, f.FirstTime, f.Counts = uint8(rec.RuleSet), has, rec.Index, rec.FirstTime, *counts
	known = m.amount(f)
	*counts = f.Counts
	return known
}

// amount makes the counters of a flow what was added to them, as Amount does.
func (m *Memory) amount(f *lines.Flow) (known bool) {
	var was *lines.Flow
	if m.more {
		was = m.pass(f)
	}
	m.seen.add(f)
	if was == nil || was.FirstTime != f.FirstTime {
		if known = f.FirstTime >= m.since; !known {
			f.Counts = Counts{}
		}
		return known
	}
	for i := range f.Counts {
		if f.Has>>i&1 == 0 {
			continue
		}
		if was.Has>>i&1 == 0 || f.Counts[i] < was.Counts[i] {
			f.Counts = Counts{} // it was not read before, or is of another flow
			return false
		}
		f.Counts[i] -= was.Counts[i]
	}
	return true
}
