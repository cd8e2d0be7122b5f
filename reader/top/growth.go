package top

import (
	"slices"

	"netramet/reader"
	"netramet/reader/table"
)

// growth makes amounts of counters, for intervals that do not have them: it remembers
// what each flow had counted at the end of the last collection that was complete.
//
// Flows come in the order of their names, and so they are remembered: a collection
// merges what it sees into what was known, and is what is known when it is complete.
type growth struct {
	known, seen []grown
	at          int // of known, what is not merged yet
}

// grown is what a flow had counted.
type grown struct {
	ruleSet, index uint32
	first          uint64 // its FirstTime, by which it differs from others of that index
	counts         table.Counts
}

// before reports whether g comes before h.
func (g *grown) before(h *grown) bool {
	return g.ruleSet < h.ruleSet || g.ruleSet == h.ruleSet && g.index < h.index
}

// begin begins a collection. Where the meter or its rule sets are new, so are all
// flows.
func (g *growth) begin(iv *reader.Interval) {
	if iv.Restarted || iv.Fresh {
		g.known = g.known[:0]
	}
	g.seen, g.at = slices.Grow(g.seen[:0], len(g.known)), 0
}

// end completes the collection.
func (g *growth) end() {
	g.seen = append(g.seen, g.known[g.at:]...)
	g.known, g.seen = g.seen, g.known
}

// amount makes counters what was added to them in the interval; known is false if
// nobody can say, for the flow was there before.
func (g *growth) amount(iv *reader.Interval, rec *reader.Record, counts *table.Counts) (known bool) {
	f := grown{uint32(rec.RuleSet), rec.Index, rec.FirstTime, *counts}
	start := g.at
	for g.at < len(g.known) && g.known[g.at].before(&f) {
		g.at++
	}
	g.seen = append(g.seen, g.known[start:g.at]...)
	g.seen = append(g.seen, f)
	if g.at < len(g.known) && !f.before(&g.known[g.at]) {
		was := &g.known[g.at]
		if g.at++; was.first == f.first {
			counts.Less(&was.counts)
			return true
		}
	}
	return iv.From <= 1 || rec.FirstTime >= iv.From
}
