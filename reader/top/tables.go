package top

import (
	"bytes"

	"netramet/reader/table"
)

// Tables are those of one collection, in order of rule set number.
type Tables []*table.Table

// aside is how many lines a table has beside its rows, at least: title, headings, a
// rule, what the others have, the sum, and an empty one before the next table.
const aside = 6

// AppendTo adds the tables' lines, of at most width columns of a terminal and, if
// height is not 0, as few that all are seen on a screen of so many lines: each table
// then has rows for at least one flow, and the others add up in one line.
func (t Tables) AppendTo(dst []byte, width, height int) []byte {
	most := 0
	if height > 0 && len(t) > 0 {
		most = max((height+1)/len(t)-aside, 1)
	}
	for begin := len(dst); ; most-- {
		for i, one := range t {
			if i > 0 {
				dst = append(dst, '\n')
			}
			dst = one.AppendTo(dst, width, most)
		}
		if most <= 1 || bytes.Count(dst[begin:], []byte("\n")) <= height {
			return dst
		}
		dst = dst[:begin] // titles and notes take more lines than one
	}
}
