package traffic

import "math/bits"

// linkStarts says which flow begins when. Flows that are large are there from
// the trace's first tenth on, as they are when somebody begins to capture on a
// link; the others come all the time, large and small in turn.
type linkStarts struct {
	large, small starters
}

// starters are flows of neighbouring ranks that begin one after the other.
type starters struct {
	rank, flows int   // the ranks are from rank on
	stride      int   // from the rank of one to that of the next; has no factor in common with flows
	span        int64 // ns in which they begin
	salt        uint64
	begun       int
}

// largeFlow is from how many packets on a flow is large.
const largeFlow = 256

func newLinkStarts(sizes linkSizes, flows int, duration int64, salt uint64) linkStarts {
	large := sizes.over(largeFlow)
	return linkStarts{
		large: newStarters(0, large, duration/10, salt),
		small: newStarters(large, flows-large, duration-duration/64, salt),
	}
}

func newStarters(rank, flows int, span int64, salt uint64) starters {
	s := starters{rank: rank, flows: flows, span: span, salt: salt, stride: 1}
	// Near the golden section of the flows, neighbours in time have ranks far
	// apart, and every part of the trace has its share of all sizes.
	for try := flows - int(int64(flows)*382/1000); try > 1; try-- {
		if coprime(try, flows) {
			s.stride = try
			break
		}
	}
	return s
}

func coprime(a, b int) bool {
	for b != 0 {
		a, b = b, a%b
	}
	return a == 1
}

// next is the flow that begins next and when, in ns from the trace's beginning;
// ok is false when all have begun.
func (l *linkStarts) next() (from *starters, at int64, ok bool) {
	a, b := &l.large, &l.small
	switch {
	case a.begun == a.flows && b.begun == b.flows:
		return nil, 0, false
	case b.begun == b.flows || a.begun < a.flows && a.at() <= b.at():
		return a, a.at(), true
	}
	return b, b.at(), true
}

// at is when the next one begins: each has an equal part of the span, and
// begins anywhere in it but the first, which begins it.
func (s *starters) at() int64 {
	part := func(i int) int64 {
		hi, lo := bits.Mul64(uint64(i), uint64(s.span))
		at, _ := bits.Div64(hi, lo, uint64(s.flows))
		return int64(at)
	}
	from, to := part(s.begun), part(s.begun+1)
	if s.begun == 0 || to <= from {
		return from
	}
	return from + int64(mix(uint64(s.begun)^s.salt)%uint64(to-from))
}

// begin counts the next one as begun and gives its rank.
func (s *starters) begin() int {
	hi, lo := bits.Mul64(uint64(s.begun), uint64(s.stride))
	_, at := bits.Div64(hi, lo, uint64(s.flows))
	s.begun++
	return s.rank + int(at)
}
