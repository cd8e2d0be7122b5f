package reader

import (
	"slices"

	"netramet/mib"
)

// Value is one attribute's value, of the kind that the attribute's class says.
//
//   - Numbers, counters and times are in Num.
//   - Addresses and masks are the first Len octets of Octets.
//   - A distribution's counters are in the record: Record.Numbers. Octets hold its
//     specification, the six octets each of mask and value of the rule that asked
//     for it (RFC 2724 §3.2), where that is known: flow data files do not have it.
type Value struct {
	Num    uint64
	first  uint32 // of its numbers in Record.numbers
	count  uint32 // of its numbers; 0: none
	Len    uint8
	Octets [mib.MaxAddress]byte
}

// Record is one flow, valid until the next call of Next. Who fills it begins with
// Clear, so that one Record holds one flow after the other in the same memory.
type Record struct {
	RuleSet   int
	Index     uint32       // FlowIndex
	FirstTime uint64       // with RuleSet and Index it names the flow for ever
	PeerType  mib.PeerType // 0 if the rule set does not save it
	Values    []Value      // one for each attribute of the task's Format

	// Amounts are what was added in the interval to those of Values that are
	// counters, 0 for the others; valid iff Interval.Amounts. They are not for who
	// fills the record, but for outputs behind package reader/amounts.
	Amounts []uint64
	// Baseline says that the amounts cannot be known, because the flow was there
	// before its reader: they are all 0.
	Baseline bool

	numbers []uint64 // of all values
}

// Clear makes r a record of n values, all of them zero.
func (r *Record) Clear(n int) {
	values := slices.Grow(r.Values[:0], n)[:n]
	clear(values)
	*r = Record{Values: values, Amounts: r.Amounts[:0], numbers: r.numbers[:0]}
}

// Numbers returns the counters of value i: of a distribution those of its buckets
// in order, then that of what lies over the upper limit. It has none if the flow
// does not have the distribution.
func (r *Record) Numbers(i int) []uint64 {
	v := &r.Values[i]
	end := v.first + v.count
	return r.numbers[v.first:end:end]
}

// AddNumbers adds counters to value i. It is cheapest if all those of one value
// are added before those of the next.
func (r *Record) AddNumbers(i int, n ...uint64) {
	v := &r.Values[i]
	if at := uint32(len(r.numbers)); v.first+v.count != at {
		r.numbers = append(r.numbers, r.Numbers(i)...)
		v.first = at
	}
	r.numbers = append(r.numbers, n...)
	v.count += uint32(len(n))
}
