package client

import (
	"context"
	"maps"
	"math"
	"slices"

	"netramet/mib"
	"netramet/mib/ber"
)

// maxRows bounds what is read of a table: the meter's hold 256 rows.
const maxRows = 4096

// columnReps is how many rows of a column are asked for at once. Of what may lie
// behind it, names have up to longIndex octets more, and values longText.
const (
	columnReps = 32
	longIndex  = 8
	longText   = 127
)

// Table reads columns of a table with one integer as index. The rows come in
// order of index, each with a Value per column; what a row does not have is
// Missing. A table that the meter does not know is empty.
func (c *Client) Table(ctx context.Context, columns ...mib.Obj) ([]uint32, [][]Value, error) {
	rows := map[uint32][]Value{}
	for i, col := range columns {
		err := c.column(ctx, col, func(index uint32, v Value) error {
			row, ok := rows[index]
			if !ok {
				if len(rows) >= maxRows {
					return c.Nonsense("more than %d rows in the table of %s", maxRows, col)
				}
				row = make([]Value, len(columns))
				for k := range row {
					row[k].Missing = true
				}
				rows[index] = row
			}
			row[i] = v
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	order := slices.Sorted(maps.Keys(rows))
	values := make([][]Value, len(order))
	for i, index := range order {
		values[i] = rows[index]
	}
	return order, values, nil
}

// column reads one column from its beginning to its end.
func (c *Client) column(ctx context.Context, col mib.Obj, row func(index uint32, v Value) error) error {
	after, last := Inst(col), int64(-1)
	below := Below(after)
	// Behind the last row come other objects, which may be larger.
	octets := max(Inst(col, math.MaxUint32).Most(), ber.Size(after.Octets()+longIndex+ber.Size(longText)))
	for {
		vars, err := c.GetBulk(ctx, Bulk{After: []Name{after}, Row: octets, Most: columnReps})
		if IsStatus(err, NoSuchName) { // the end, in SNMPv1
			return nil
		}
		if err != nil {
			return err
		}
		if len(vars) == 0 {
			return c.Nonsense("an empty answer about %s", col)
		}
		for i := range vars {
			v := &vars[i]
			if !below.Has(v) || v.Value.Missing {
				return nil
			}
			index, ok := below.Index(v)
			if !ok || int64(index) <= last {
				return c.Nonsense("%s after %s", v.Name(), after)
			}
			if err := row(index, v.Value); err != nil {
				return err
			}
			last, after = int64(index), Inst(col, index)
		}
	}
}
