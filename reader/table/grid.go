package table

// gap is how many blanks lie between two columns.
const gap = 2

// leastText and leastCut are the widths to which texts are cut before columns fall
// away that are not extra, and before those fall away that tell flows apart.
const (
	leastText = 15 // that of an IPv4 address
	leastCut  = 9
)

// rankApart is the rank of columns that tell flows apart.
const rankApart = 1

// column is one column of a grid.
type column struct {
	head  string
	right bool // it is of numbers
	cut   bool // its texts may be cut
	// extra columns fall away before any text is cut, the others when that was not
	// enough; those of a higher rank first, and those of rank 0 never.
	extra bool
	rank  int
}

// grid is cells in columns. Each row has a cell for each column.
type grid struct {
	columns []column
	rows    [][]string
	labels  int // how many of the first columns the first cell of a foot may take
	feet    int // how many of the last rows, the feet, lie below a rule
}

// widths returns the widths of all columns, 0 for those that are not shown: such
// that a line has at most width columns of a terminal, if width is not 0 and as
// far as that can be.
func (g *grid) widths(width int) []int {
	w := make([]int, len(g.columns))
	for i := range g.columns {
		w[i] = max(textWidth(g.columns[i].head), 1)
		for j, row := range g.rows {
			if i >= g.labels || j < len(g.rows)-g.feet {
				w[i] = max(w[i], textWidth(row[i]))
			}
		}
	}
	g.roomForLabels(w)
	if width <= 0 {
		return w
	}
	for lineWidth(w) > width && g.drop(w, true, 1) {
	}
	g.shrink(w, width, leastText)
	for lineWidth(w) > width && g.drop(w, false, rankApart+1) {
		g.roomForLabels(w)
	}
	g.shrink(w, width, leastCut)
	for lineWidth(w) > width && g.drop(w, false, rankApart) {
		g.roomForLabels(w)
	}
	return w
}

// roomForLabels makes the first column as wide as the labels of feet need it.
func (g *grid) roomForLabels(w []int) {
	first := 0
	for first < g.labels-1 && w[first] == 0 {
		first++
	}
	for _, row := range g.rows[len(g.rows)-g.feet:] {
		w[first] += max(textWidth(row[0])-lineWidth(w[:g.labels]), 0)
	}
}

// lineWidth is the width of a line.
func lineWidth(widths []int) (sum int) {
	for _, w := range widths {
		if w > 0 {
			sum += w + gap
		}
	}
	return max(sum-gap, 0)
}

// drop takes the columns away that are missed least, of those that are extra or of
// the others, with a rank of at least low; false if there are none. Of columns of the
// same rank that are extra, all go at once: one direction says little without the other.
func (g *grid) drop(w []int, extra bool, low int) bool {
	least := -1
	for i, c := range g.columns {
		if w[i] > 0 && c.extra == extra && c.rank >= low && (least < 0 || c.rank >= g.columns[least].rank) {
			least = i
		}
	}
	if least < 0 {
		return false
	}
	for i, c := range g.columns {
		if i == least || extra && c.extra && c.rank == g.columns[least].rank {
			w[i] = 0
		}
	}
	return true
}

// shrink cuts texts, the longest first, until a line has no more than width columns
// or all texts are cut to least.
func (g *grid) shrink(w []int, width, least int) {
	for over := lineWidth(w) - width; over > 0; over-- {
		longest := -1
		for i, c := range g.columns {
			if c.cut && w[i] > least && (longest < 0 || w[i] > w[longest]) {
				longest = i
			}
		}
		if longest < 0 {
			return
		}
		w[longest]--
	}
}

// appendTo adds the grid's lines, headings first, in at most width columns of a
// terminal; 0 is as many as it needs. No line ends in blanks.
func (g *grid) appendTo(dst []byte, width int) []byte {
	w := g.widths(width)
	heads := make([]string, len(g.columns))
	for i := range g.columns {
		heads[i] = g.columns[i].head
	}
	dst = g.appendLine(dst, heads, w, width)
	for i, row := range g.rows {
		if i == len(g.rows)-g.feet {
			dst = appendRule(dst, lineWidth(w), width)
		}
		if i >= len(g.rows)-g.feet {
			dst = g.appendFoot(dst, row, w, width)
			continue
		}
		dst = g.appendLine(dst, row, w, width)
	}
	return dst
}

// appendLine adds one line of cells. Of a table that is too wide even so, the right
// end is missing.
func (g *grid) appendLine(dst []byte, cells []string, w []int, width int) []byte {
	begin, end, at, edge := len(dst), len(dst), 0, 0
	for i, cell := range cells {
		if w[i] == 0 {
			continue
		}
		room := w[i]
		if width > 0 {
			room = min(room, width-edge)
		}
		if room <= 0 {
			break
		}
		start := edge
		if g.columns[i].right {
			start += max(room-textWidth(cell), 0)
		}
		if cell != "" {
			dst = appendBlanks(dst, start-at)
			var took int
			dst, took = appendCut(dst, cell, room)
			at, end = start+took, len(dst)
		}
		edge += w[i] + gap
	}
	if end > begin {
		dst = dst[:end]
	}
	return append(dst, '\n')
}

// appendFoot adds a line whose first cell reaches over the columns for labels.
func (g *grid) appendFoot(dst []byte, cells []string, w []int, width int) []byte {
	joined := grid{columns: append([]column{{}}, g.columns[g.labels:]...)}
	label := append([]int{lineWidth(w[:g.labels])}, w[g.labels:]...)
	return joined.appendLine(dst, append([]string{cells[0]}, cells[g.labels:]...), label, width)
}

func appendRule(dst []byte, line, width int) []byte {
	if width > 0 {
		line = min(line, width)
	}
	for range line {
		dst = append(dst, '-')
	}
	return append(dst, '\n')
}
