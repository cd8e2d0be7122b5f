package meterview

import (
	"slices"

	"netramet/mib"
	"netramet/mib/agent"
)

// rowTable is a conceptual table whose index is one number.
type rowTable struct {
	columns []uint32 // that can be read, in order

	// next returns the index of the first row after an index, 0 if there is
	// none. Rows that the principal may not see do not exist.
	next func(q *agent.Request, after uint32) uint32

	// read reads a column of a row, or returns NoSuchInstance if the row does
	// not have it.
	read func(q *agent.Request, column, row uint32, val *agent.Value) agent.Status
}

// readable returns the columns of a table that can be read, in order.
func readable(table mib.Obj) (columns []uint32) {
	for n := range uint32(128) {
		if o, ok := table.Column(n); ok && o.Info().Access != mib.NotAccessible {
			columns = append(columns, n)
		}
	}
	return columns
}

// rowWork is the work for a row of such a table, in flows looked at.
const rowWork = 10

// Get implements agent.Table.
func (t *rowTable) Get(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	if len(inst) == 0 || !slices.Contains(t.columns, inst[0]) {
		return agent.NoSuchObject
	}
	if len(inst) != 2 || inst[1] == 0 || t.next(q, inst[1]-1) != inst[1] {
		return agent.NoSuchInstance
	}
	return t.read(q, inst[0], inst[1], val)
}

// Next implements agent.Table.
func (t *rowTable) Next(q *agent.Request, after []uint32, next *agent.Name, val *agent.Value) agent.Status {
	for _, column := range t.columns {
		row := uint32(0)
		if len(after) > 0 {
			if column < after[0] {
				continue
			}
			if column == after[0] && len(after) > 1 {
				row = after[1]
			}
		}
		for row = t.next(q, row); row != 0; row = t.next(q, row) {
			q.Spend(rowWork)
			if st := t.read(q, column, row, val); st != agent.NoSuchInstance {
				next.Set(column, row)
				return st
			}
		}
	}
	return agent.EndOfMibView
}

// columnFrom returns the first of some columns, in order, that is at least
// column; 0 if there is none.
func columnFrom(columns []uint32, column uint32) uint32 {
	for _, c := range columns {
		if c >= column {
			return c
		}
	}
	return 0
}
