package table

import (
	"math"
	"math/bits"
	"slices"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// Counts are the counters of a flow, or sums of them.
type Counts struct {
	To, From Direction
}

// Direction is what was counted in one direction.
type Direction struct {
	Octets, PDUs, Lost uint64
}

// Octets is the sum of both directions.
func (c *Counts) Octets() uint64 { return add(c.To.Octets, c.From.Octets) }

// PDUs is the sum of both directions.
func (c *Counts) PDUs() uint64 { return add(c.To.PDUs, c.From.PDUs) }

// Of is the counter that attribute a reads, 0 if a is none.
func (c *Counts) Of(a mib.Attr) uint64 {
	switch a {
	case mib.AttrToOctets:
		return c.To.Octets
	case mib.AttrFromOctets:
		return c.From.Octets
	case mib.AttrToPDUs:
		return c.To.PDUs
	case mib.AttrFromPDUs:
		return c.From.PDUs
	case mib.AttrToLostPDUs:
		return c.To.Lost
	case mib.AttrFromLostPDUs:
		return c.From.Lost
	}
	return 0
}

// Add adds d to c.
func (c *Counts) Add(d *Counts) {
	c.To.add(&d.To)
	c.From.add(&d.From)
}

// Less takes d, which is part of c, from c.
func (c *Counts) Less(d *Counts) {
	c.To.less(&d.To)
	c.From.less(&d.From)
}

func (n *Direction) add(d *Direction) {
	n.Octets, n.PDUs, n.Lost = add(n.Octets, d.Octets), add(n.PDUs, d.PDUs), add(n.Lost, d.Lost)
}

func (n *Direction) less(d *Direction) {
	n.Octets, n.PDUs, n.Lost = n.Octets-min(n.Octets, d.Octets), n.PDUs-min(n.PDUs, d.PDUs), n.Lost-min(n.Lost, d.Lost)
}

// add adds numbers up to the largest that there is.
func add(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry > 0 {
		return math.MaxUint64
	}
	return sum
}

// Places are where a FORMAT has the counters, and the time of a flow's last packet;
// -1 where it has not.
type Places struct {
	toOctets, fromOctets, toPDUs, fromPDUs, toLost, fromLost, last int
}

// PlacesOf returns those of a FORMAT.
func PlacesOf(f *ruleset.Format) Places {
	at := func(a mib.Attr) int { return slices.Index(f.Attrs, a) }
	return Places{
		at(mib.AttrToOctets), at(mib.AttrFromOctets), at(mib.AttrToPDUs), at(mib.AttrFromPDUs),
		at(mib.AttrToLostPDUs), at(mib.AttrFromLostPDUs), at(mib.AttrLastActiveTime),
	}
}

// Counts reads the counters of rec: the amounts of the interval where there are
// some. It does not allocate.
func (p *Places) Counts(iv *reader.Interval, rec *reader.Record) (c Counts) {
	c.To = Direction{count(iv, rec, p.toOctets), count(iv, rec, p.toPDUs), count(iv, rec, p.toLost)}
	c.From = Direction{count(iv, rec, p.fromOctets), count(iv, rec, p.fromPDUs), count(iv, rec, p.fromLost)}
	return c
}

func count(iv *reader.Interval, rec *reader.Record, i int) uint64 {
	switch {
	case i < 0:
		return 0
	case iv.Amounts:
		return rec.Amounts[i]
	}
	return rec.Values[i].Num
}

// Rate is a flow's octets per second: those of c over the time from its first packet,
// or from the interval's begin where that is later, to its last packet, but at least
// over one second.
func (p *Places) Rate(iv *reader.Interval, rec *reader.Record, c *Counts) uint64 {
	const second = 100 // centiseconds
	begin, length := max(rec.FirstTime, beginOf(iv)), uint64(second)
	if p.last >= 0 {
		if last := rec.Values[p.last].Num; last > begin {
			length = max(length, last-begin)
		}
	}
	return perSecond(c.Octets(), length)
}

// beginOf is the uptime where an interval begins: but for the first, two share the
// centisecond of From.
func beginOf(iv *reader.Interval) uint64 {
	if iv.From <= 1 {
		return iv.From
	}
	return iv.From + 1
}

// perSecond is how many of n come in a second of so many centiseconds, a half rounded up.
func perSecond(n, centiseconds uint64) uint64 {
	hi, lo := bits.Mul64(n, 100)
	if hi >= centiseconds {
		return math.MaxUint64
	}
	rate, rest := bits.Div64(hi, lo, centiseconds)
	if rest >= centiseconds-rest && rate < math.MaxUint64 {
		rate++
	}
	return rate
}
