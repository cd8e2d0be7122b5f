package top

import (
	"netramet/reader"
	"netramet/reader/table"
)

// growth makes amounts of counters, for intervals that do not have them: it remembers
// what each flow had counted at the end of the last collection that was complete.
type growth struct {
	flows map[flowName]*grown
	made  uint64 // collections that were begun
	done  uint64 // the last of them that was complete
}

// flowName is a flow's rule set and index, which it may have from another one that
// was recovered.
type flowName struct {
	ruleSet int
	index   uint32
}

// grown is what a flow had counted.
type grown struct {
	first uint64 // its FirstTime
	was   table.Counts
	now   table.Counts
	made  uint64 // the collection of now
}

// begin begins a collection. Where the meter or its rule sets are new, so are all
// flows.
func (g *growth) begin(iv *reader.Interval) {
	if g.flows == nil || iv.Restarted || iv.Fresh {
		g.flows = map[flowName]*grown{}
	}
	g.made++
}

// end completes the collection.
func (g *growth) end() { g.done = g.made }

// amount makes counters what was added to them in the interval; known is false if
// nobody can say, for the flow was there before.
func (g *growth) amount(iv *reader.Interval, rec *reader.Record, counts *table.Counts) (known bool) {
	name := flowName{rec.RuleSet, rec.Index}
	f := g.flows[name]
	switch {
	case f == nil:
		f = &grown{first: rec.FirstTime}
		g.flows[name] = f
	case f.first != rec.FirstTime:
		*f = grown{first: rec.FirstTime}
	}
	before := f.made == 0 && iv.From > 1 && rec.FirstTime < iv.From
	if f.made <= g.done {
		f.was = f.now
	}
	f.now, f.made = *counts, g.made
	if before {
		return false
	}
	counts.Less(&f.was)
	return true
}
