package table

import (
	"fmt"
	"slices"
	"strings"

	"netramet/mib"
)

// tableGrid is a table's cells.
type tableGrid struct {
	grid
	at    []int // of shown, the columns that show their cells
	front int   // how many of them stand before the numbers
}

// grid is the table's cells, with rows for n flows.
func (t *Table) grid(n int) *tableGrid {
	g := &tableGrid{}
	for i, s := range t.shown {
		if t.said[i] && !s.extra {
			g.at, g.columns = append(g.at, i), append(g.columns, t.ranked(i))
		}
	}
	if g.front = len(g.at); g.front == 0 {
		g.columns = append(g.columns, column{}) // for what the last lines are
	}
	g.labels = len(g.columns)
	least := 0
	for i := range g.columns {
		if g.columns[i].rank < g.columns[least].rank {
			least = i
		}
	}
	g.columns[least].rank = 0
	for i := range t.metrics {
		g.columns = append(g.columns, t.metrics[i].column)
		if t.shares(&t.metrics[i]) {
			g.columns = append(g.columns, column{head: "Share", right: true, rank: rankShare})
		}
	}
	for i, s := range t.shown {
		if t.said[i] && s.extra {
			g.at, g.columns = append(g.at, i), append(g.columns, s.column)
		}
	}
	for i := range t.rows[:n] {
		g.rows = append(g.rows, t.cells(g, &t.rows[i], ""))
	}
	return g
}

// appendFeet adds what the flows without rows have together, and the sum of all.
func (t *Table) appendFeet(g *tableGrid, n int) {
	g.feet = 1
	if rest := t.flows - t.past.flows - n; rest > 0 {
		others := row{counts: t.total}
		others.counts.Less(&t.past.counts)
		for i := range t.rows[:n] {
			others.counts.Less(&t.rows[i].counts)
		}
		label := "1 other"
		if rest > 1 {
			label = fmt.Sprintf("%d others", rest)
		}
		g.feet = 2
		g.rows = append(g.rows, t.cells(g, &others, label))
	}
	all := row{counts: t.total}
	if begin := beginOf(&t.iv); t.iv.To > begin {
		all.rate = perSecond(t.total.Octets(), t.iv.To-begin)
	}
	g.rows = append(g.rows, t.cells(g, &all, "Total"))
}

// shares reports whether a metric has shares: there is a sum, and it is known where the
// first flows have their rows.
func (t *Table) shares(m *metric) bool {
	return m.share && t.past.flows == 0 && m.of(&row{counts: t.total}) > 0
}

// ranked is column i of shown. A peer type is not missed where each flow that has one
// has an address too, which tells it.
func (t *Table) ranked(i int) column {
	c := t.shown[i].column
	if a := t.shown[i].attr; a != mib.AttrSourcePeerType && a != mib.AttrDestPeerType {
		return c
	}
	var addresses []int
	for j, s := range t.shown {
		if s.attr == mib.AttrSourcePeerAddress || s.attr == mib.AttrDestPeerAddress {
			addresses = append(addresses, j)
		}
	}
	for _, r := range t.rows {
		bare := func(j int) bool { return r.cells[j] == none }
		if !bare(i) && !slices.ContainsFunc(addresses, func(j int) bool { return !bare(j) }) {
			return c
		}
	}
	c.extra, c.rank = true, rankTold
	return c
}

// cells are those of a row, or of a line with a label and sums.
func (t *Table) cells(g *tableGrid, r *row, label string) []string {
	cells := make([]string, 0, len(g.columns))
	if label != "" {
		cells = append(cells, label)
	}
	front := g.at[:g.front]
	for _, i := range front[min(len(cells), len(front)):] {
		cells = append(cells, r.cell(i))
	}
	if len(front) == 0 && label == "" {
		cells = append(cells, "")
	}
	for i := range t.metrics {
		m := &t.metrics[i]
		n, text := m.of(r), ""
		if label == "" || m.sums || n > 0 {
			text = m.text(&t.opts, n)
		}
		cells = append(cells, text)
		if t.shares(m) {
			cells = append(cells, string(appendShare(nil, n, m.of(&row{counts: t.total}))))
		}
	}
	for _, i := range g.at[len(front):] {
		cells = append(cells, r.cell(i))
	}
	return cells
}

// cell is one of the row's; lines of sums have none.
func (r *row) cell(i int) string {
	if r.cells == nil {
		return ""
	}
	return strings.TrimSpace(r.cells[i])
}
