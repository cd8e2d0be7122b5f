package table

import (
	"strconv"

	"netramet/mib"
)

// metric is a column of what was counted, or its rate.
type metric struct {
	column
	unit  string
	share bool // what follows is the share that it is of all
	of    func(*row) uint64
	sums  bool // it can be added up
}

// metrics are those of a FORMAT, that by which flows are ordered, or octets, with the
// shares, first.
func metrics(p *Places, key Key) []metric {
	octets := group(p.toOctets >= 0, p.fromOctets >= 0, "Octets", "To", "From", "B", func(d *Direction) uint64 { return d.Octets })
	pdus := group(p.toPDUs >= 0, p.fromPDUs >= 0, "PDUs", "To PDUs", "From PDUs", "", func(d *Direction) uint64 { return d.PDUs })
	lost := group(p.toLost >= 0, p.fromLost >= 0, "Lost", "To lost", "From lost", "", func(d *Direction) uint64 { return d.Lost })
	var rate []metric
	if p.last >= 0 && len(octets) > 0 {
		rate = []metric{{column: column{head: "Rate", right: true, extra: true, rank: 75}, unit: "B/s", of: func(r *row) uint64 { return r.rate }}}
	}
	groups := [][]metric{octets, pdus, lost, rate}
	switch {
	case key.By == ByPDUs, isOne(key, mib.AttrToPDUs, mib.AttrFromPDUs):
		groups = [][]metric{pdus, octets, lost, rate}
	case key.By == ByRate:
		groups = [][]metric{rate, octets, pdus, lost}
	case isOne(key, mib.AttrToLostPDUs, mib.AttrFromLostPDUs):
		groups = [][]metric{lost, octets, pdus, rate}
	}
	var all []metric
	for _, g := range groups {
		place := len(all)
		for i, m := range g {
			if m.rank == 0 { // the further behind, the less missed
				m.extra, m.rank = true, 50+4*place+min(i, 1)
			}
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return nil
	}
	first := 0
	for i, m := range all {
		if key.By == ByAttribute && m.head == counterHeads[key.Attr] {
			first = i
		}
	}
	front := all[first]
	copy(all[1:first+1], all[:first])
	front.extra, front.rank, front.share = false, 0, front.sums
	all[0] = front
	if !front.sums && len(all) > 1 { // rates have no shares, but their octets
		all[1].extra, all[1].rank, all[1].share = false, rankShare, true
	}
	return all
}

func isOne(key Key, list ...mib.Attr) bool {
	for _, a := range list {
		if key.By == ByAttribute && key.Attr == a {
			return true
		}
	}
	return false
}

// counterHeads are the headings of the counters' columns.
var counterHeads = map[mib.Attr]string{
	mib.AttrToOctets: "To", mib.AttrFromOctets: "From", mib.AttrToPDUs: "To PDUs", mib.AttrFromPDUs: "From PDUs",
	mib.AttrToLostPDUs: "To lost", mib.AttrFromLostPDUs: "From lost",
}

// group is what is counted in two directions: their sum, and each of them; what the
// FORMAT has of it.
func group(to, from bool, sum, toHead, fromHead, unit string, of func(*Direction) uint64) (all []metric) {
	m := func(head string, of func(*row) uint64) metric {
		return metric{column: column{head: head, right: true}, unit: unit, of: of, sums: true}
	}
	if to && from {
		all = append(all, m(sum, func(r *row) uint64 { return add(of(&r.counts.To), of(&r.counts.From)) }))
	}
	if to {
		all = append(all, m(toHead, func(r *row) uint64 { return of(&r.counts.To) }))
	}
	if from {
		all = append(all, m(fromHead, func(r *row) uint64 { return of(&r.counts.From) }))
	}
	return all
}

// text is a metric's cell.
func (m *metric) text(o *Options, n uint64) string {
	if o.Exact {
		return strconv.FormatUint(n, 10)
	}
	return string(appendScaled(nil, n, m.unit))
}
