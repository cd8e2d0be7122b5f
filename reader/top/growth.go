package top

import (
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/table"
)

// grown makes counters what was added to them in the interval, by what is remembered of
// them; known is false if nobody can say.
func grown(m *amounts.Memory, rec *reader.Record, c *table.Counts) (known bool) {
	const all = 1<<len(amounts.Counts{}) - 1 // those that a flow does not have stay 0
	n := amounts.Counts{c.To.Octets, c.To.PDUs, c.From.Octets, c.From.PDUs, c.To.Lost, c.From.Lost}
	known = m.Amount(rec, &n, all)
	*c = table.Counts{
		To:   table.Direction{Octets: n[0], PDUs: n[1], Lost: n[4]},
		From: table.Direction{Octets: n[2], PDUs: n[3], Lost: n[5]},
	}
	return known
}
