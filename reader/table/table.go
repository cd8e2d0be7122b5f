// Package table lays flows out as a table with headings: a row for each flow, what
// all others have together, and the sum.
//
// It formats and aligns; which flows have rows, and in what order, its callers say
// (package reader/top, or whoever hands records to an Output). It knows no terminal,
// only how wide a line may be, and opens nothing.
package table

import (
	"slices"
	"strings"
	"time"

	"netramet/reader"
)

// Options say how tables look.
type Options struct {
	Key   Key            // of the order that rows come in: its column is the first of numbers
	Exact bool           // numbers in full, in place of four digits with a prefix of the SI
	Zone  *time.Location // of times; nil: UTC
	Unit  string         // what a row is of; "": flow
}

func (o *Options) zone() *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// Layout is what all tables of a task have in common.
type Layout struct {
	Places
	opts    Options
	task    reader.Task
	shown   []shown
	metrics []metric
}

// NewLayout returns the layout for a task. Tables show the attributes that its FORMAT
// asks for, and that by which flows are ordered.
func NewLayout(t reader.Task, o Options) *Layout {
	l := &Layout{Places: PlacesOf(t.Format), opts: o, task: t}
	for _, s := range shownOf(t) {
		if slices.Contains(t.Shown().Attrs, s.attr) || o.Key.By == ByAttribute && o.Key.Attr == s.attr {
			l.shown = append(l.shown, s)
		}
	}
	l.metrics = metrics(&l.Places, o.Key)
	return l
}

// Table is the flows of one task in one interval. It keeps no record.
type Table struct {
	*Layout
	iv    reader.Interval
	rows  []row
	said  []bool // of shown: some flow has a value that says something
	flows int    // with rows and without
	total Counts
	known int // flows that were there before
	past  struct {
		flows  int // with rows that are laid out already, and not among rows
		counts Counts
	}
}

// row is one flow's.
type row struct {
	cells  []string // of shown
	counts Counts
	rate   uint64
}

// New returns a table without rows.
func (l *Layout) New(iv reader.Interval) *Table {
	return &Table{Layout: l, iv: iv, said: make([]bool, len(l.shown))}
}

// Row adds a flow, with its counters, below the others.
func (t *Table) Row(rec *reader.Record, counts *Counts) {
	r := row{cells: make([]string, len(t.shown)), counts: *counts, rate: t.Rate(&t.iv, rec, counts)}
	for i := range t.shown {
		var ok bool
		r.cells[i], ok = t.shown[i].cell(&t.opts, &t.iv, rec)
		t.said[i] = t.said[i] || ok
	}
	t.rows = append(t.rows, r)
}

// Total says how many flows there are, with rows or without, and their sum; known are
// further flows, of which it is unknown what they counted in the interval.
func (t *Table) Total(flows int, all *Counts, known int) {
	t.flows, t.total, t.known = flows, *all, known
}

// AppendTo adds the table's lines, of at most width columns of a terminal, and with
// rows for at most most flows; 0 is as many as there are.
func (t *Table) AppendTo(dst []byte, width, most int) []byte {
	n := len(t.rows)
	if most > 0 {
		n = min(n, most)
	}
	if t.past.flows == 0 {
		dst = t.appendTitle(dst, width, t.howMany(n))
	}
	if t.flows == 0 {
		return dst
	}
	g := t.grid(n)
	if t.isEmpty(g) {
		return appendFilled(dst, strings.Fields("no column: "+t.whyEmpty()), 1, width)
	}
	t.appendFeet(g, n)
	return g.appendTo(dst, width)
}

// isEmpty reports whether no column shows anything.
func (t *Table) isEmpty(g *tableGrid) bool { return len(g.at) == 0 && len(t.metrics) == 0 }

// whyEmpty says why a table has no columns.
func (t *Table) whyEmpty() string {
	var left []string
	for _, a := range t.task.Shown().Attrs {
		if a.IsDistribution() {
			left = append(left, a.String())
		}
	}
	if len(left) == 0 {
		return "nothing that the FORMAT asks for tells flows apart here"
	}
	return "distributions are in no table, but in csv and jsonl: " + strings.Join(left, ", ")
}

// appendPart adds the rows that there are, and takes them from the table, which goes
// on.
func (t *Table) appendPart(dst []byte, width int) []byte {
	if t.past.flows == 0 {
		dst = t.appendTitle(dst, width, "")
	}
	if g := t.grid(len(t.rows)); !t.isEmpty(g) {
		dst = g.appendTo(dst, width)
	}
	for i := range t.rows {
		t.past.counts.Add(&t.rows[i].counts)
	}
	t.past.flows += len(t.rows)
	clear(t.said)
	t.rows = t.rows[:0]
	return dst
}
