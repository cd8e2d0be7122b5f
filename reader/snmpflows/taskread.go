package snmpflows

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
)

// taskRead reads the flows of one rule set in order of FlowIndex, a datagram
// at a time.
type taskRead struct {
	m       *remotemeter.Meter
	plan    *plan
	ruleSet int
	filter  timeFilter

	after uint32    // FlowIndex of the newest flow fetched
	rows  []flowRow // fetched
	pos   int
	ended bool // the rule set has no more
}

// flowRow is one flow as fetched: a package for each part of the plan.
type flowRow struct {
	index uint32
	packs [][]byte
}

func (r *taskRead) start(m *remotemeter.Meter, p *plan, ruleSet int, t timeFilter) {
	*r = taskRead{m: m, plan: p, ruleSet: ruleSet, filter: t, rows: r.rows[:0]}
}

// next fills rec with the next flow; ok is false after the last.
func (r *taskRead) next(ctx context.Context, now uint64, rec *reader.Record) (ok bool, err error) {
	for {
		for r.pos == len(r.rows) {
			if r.ended {
				return false, nil
			}
			if err := r.fetch(ctx); err != nil {
				return false, err
			}
		}
		row := &r.rows[r.pos]
		r.pos++
		whole, err := r.record(row, now, rec)
		if err != nil {
			return false, r.m.Nonsense("the package of flow %d: %v", row.index, err)
		}
		if whole {
			return true, nil
		}
	}
}

// record unpacks a flow. whole is false if its parts are not one flow's: it
// was recovered between two readings, and its index given to another.
func (r *taskRead) record(row *flowRow, now uint64, rec *reader.Record) (whole bool, err error) {
	rec.Clear(r.plan.attrs + 2)
	var first uint64
	for i := range r.plan.parts {
		if row.packs[i] == nil {
			return false, nil
		}
		if err := r.plan.unpack(i, row.packs[i], now, rec); err != nil {
			return false, err
		}
		t := rec.Values[r.plan.first].Num
		if i > 0 && t != first {
			return false, nil
		}
		first = t
	}
	rec.RuleSet, rec.Index, rec.FirstTime, rec.PeerType = r.ruleSet, row.index, first, mib.PeerNone
	if r.plan.peer >= 0 {
		if n := rec.Values[r.plan.peer].Num; n <= 255 {
			rec.PeerType = mib.PeerType(n)
		}
	}
	rec.Values = rec.Values[:r.plan.attrs]
	return true, nil
}

// fetch gets the next flows, all of their parts.
func (r *taskRead) fetch(ctx context.Context) error {
	r.rows, r.pos = r.rows[:0], 0
	from := r.after
	for {
		i := 0
		err := r.fetchPart(ctx, 0, from, 0)
		for err == nil && i+1 < len(r.plan.parts) && len(r.rows) > 0 {
			i++
			err = r.fetchPart(ctx, i, from, r.rows[len(r.rows)-1].index)
		}
		if !client.IsTooLarge(err) {
			return err
		}
		// Not even one flow fits into a message.
		if !r.plan.shrink(i) {
			return r.tooLarge(i, err)
		}
		r.rows, r.after, r.ended = r.rows[:0], from, false
	}
}

// tooLarge explains that part i of one flow, a single attribute, is too large for a
// message.
func (r *taskRead) tooLarge(i int, err error) error {
	p := &r.plan.parts[i]
	data := 0
	for _, f := range p.fields {
		data += mostOctets(f.attr)
	}
	need := r.m.Envelope() + rowOctets(p.prefix(r.ruleSet, r.filter), ber.Size(data))
	return fmt.Errorf("%s of a flow does not fit into one message: messages of up to %d octets must get through, from the meter to here: %w",
		p.fields[len(p.fields)-1].attr, need, err)
}

// fetchPart reads packages of one part behind FlowIndex from. Part 0 says
// which flows there are; of the others, those up to last are wanted.
func (r *taskRead) fetchPart(ctx context.Context, i int, from, last uint32) error {
	part := &r.plan.parts[i]
	prefix := part.prefix(r.ruleSet, r.filter)
	below := client.Below(client.Name(strings.TrimSuffix(prefix, ".")))
	at := 0 // in r.rows, for parts other than the first
	for {
		vars, err := r.m.GetBulk(ctx, r.request(i, prefix, from))
		if client.IsStatus(err, client.NoSuchName) && !r.m.HasBulk() {
			vars, err = nil, nil // the end, in SNMPv1
		} else if err == nil && len(vars) == 0 {
			err = r.m.Nonsense("an empty answer about flows")
		}
		if err != nil {
			return err
		}
		ended, largest := len(vars) == 0, 0
		for k := range vars {
			v := &vars[k]
			if !below.Has(v) || v.Value.Missing {
				ended = true
				break
			}
			index, ok := below.Index(v)
			data := v.Value.Octets
			if !ok || index <= from || !v.Value.IsOctets {
				return r.m.Nonsense("%s after flow %d", v.Name(), from)
			}
			from = index
			largest = max(largest, len(data))
			if i == 0 {
				r.add(from, data)
				continue
			}
			for at < len(r.rows) && r.rows[at].index < from {
				at++
			}
			if at < len(r.rows) && r.rows[at].index == from {
				r.rows[at].packs[i] = data
			}
		}
		if largest > 0 {
			part.largest = largest
		}
		if i == 0 {
			r.after, r.ended = from, ended
			if !ended && len(r.plan.parts) == 1 {
				r.m.Ahead(r.request(i, prefix, from))
			}
			return nil
		}
		if ended || from >= last {
			return nil
		}
	}
}

// request asks for packages of part i, whose names have this prefix, behind FlowIndex
// from.
func (r *taskRead) request(i int, prefix string, from uint32) client.Bulk {
	return client.Bulk{
		After: []client.Name{client.Name(prefix + strconv.FormatUint(uint64(from), 10))},
		Row:   r.plan.row(i, prefix, r.m.Strict()), Divisible: true,
	}
}

// add appends a flow, with the memory of an earlier one.
func (r *taskRead) add(index uint32, data []byte) {
	n := len(r.rows)
	if n < cap(r.rows) {
		r.rows = r.rows[:n+1]
	} else {
		r.rows = append(r.rows, flowRow{})
	}
	row := &r.rows[n]
	row.index = index
	if len(row.packs) != len(r.plan.parts) {
		row.packs = make([][]byte, len(r.plan.parts))
	}
	clear(row.packs)
	row.packs[0] = data
}
