package reader

import (
	"slices"

	"netramet/mib"
)

// Value is one attribute's value. A distribution's counters are in the record:
// Record.Numbers. Its Octets hold its specification, the six octets each of mask and value
// of the rule that asked for it (RFC 2724 §3.2), where that is known: flow data files do
// not have it.
type Value = mib.Value

// Record is one flow, valid until the next call of Next. Who fills it begins with
// Clear or Renew, so that one Record holds one flow after the other in the same memory.
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
	spans   []span   // which of them are whose
}

// span is the numbers of one value, by their place among all.
type span struct{ value, first, end int }

// Clear makes r a record of n values, all of them zero.
func (r *Record) Clear(n int) {
	r.Renew(n)
	clear(r.Values)
}

// Renew is Clear for who fills all of the values: they are whatever they were.
func (r *Record) Renew(n int) {
	r.RuleSet, r.Index, r.FirstTime, r.PeerType, r.Baseline = 0, 0, 0, 0, false
	r.Values = slices.Grow(r.Values[:0], n)[:n]
	r.Amounts, r.numbers, r.spans = r.Amounts[:0], r.numbers[:0], r.spans[:0]
}

// Fill makes r a flow as a meter's table has it. Behind the attributes of its Places stands
// the peer type.
func (r *Record) Fill(from *Stored) {
	n := len(from.Places.List) - 1
	r.Renew(n + 1)
	from.Places.Read(from, r.Values)
	r.RuleSet, r.Index, r.FirstTime = from.RuleSet, from.Index, from.Numbers[mib.StoredFirstTime]
	r.PeerType, r.Values = mib.PeerType(r.Values[n].Num), r.Values[:n]
}

// Take makes r the flow that from is, and gives from r's memory in exchange.
func (r *Record) Take(from *Record) {
	r.RuleSet, r.Index, r.FirstTime, r.PeerType = from.RuleSet, from.Index, from.FirstTime, from.PeerType
	r.Values, from.Values = from.Values, r.Values
	r.Amounts, r.Baseline = append(r.Amounts[:0], from.Amounts...), from.Baseline
	if len(r.spans)+len(from.spans) > 0 { // few flows have distributions
		r.numbers, from.numbers = from.numbers, r.numbers
		r.spans, from.spans = from.spans, r.spans
	}
}

// Numbers returns the counters of value i: of a distribution those of its buckets
// in order, then that of what lies over the upper limit. It has none if the flow
// does not have the distribution.
func (r *Record) Numbers(i int) []uint64 {
	for _, s := range r.spans {
		if s.value == i {
			return r.numbers[s.first:s.end:s.end]
		}
	}
	return nil
}

// AddNumbers adds counters to value i. It is cheapest if all those of one value
// are added before those of the next.
func (r *Record) AddNumbers(i int, n ...uint64) {
	at := slices.IndexFunc(r.spans, func(s span) bool { return s.value == i })
	if at < 0 {
		at = len(r.spans)
		r.spans = append(r.spans, span{i, len(r.numbers), len(r.numbers)})
	}
	s := &r.spans[at]
	if all := len(r.numbers); s.end != all {
		r.numbers = append(r.numbers, r.numbers[s.first:s.end]...)
		s.first = all
	}
	r.numbers = append(r.numbers, n...)
	s.end = len(r.numbers)
}
