package amounts

import (
	"math/rand/v2"
	"testing"

	"netramet/reader/lines"
)

// randomFlow is a short flow mostly.
func randomFlow(r *rand.Rand) (f lines.Flow) {
	f = lines.Flow{RuleSet: uint8(r.IntN(256)), Has: uint8(r.IntN(64)), Index: r.Uint32(), FirstTime: r.Uint64() >> 32}
	for i := range 4 {
		f.Counts[i] = r.Uint64() >> (32 + r.IntN(32))
	}
	switch at := r.IntN(40); {
	case at == 0:
		f.FirstTime = 1<<64 - 1
	case at <= len(f.Counts):
		f.Counts[at-1] = 1 << (at * 10)
	}
	return f
}

// TestList: what a list gives is what it was given, each time that it is filled anew.
func TestList(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var l list
	for _, n := range []int{0, 1, 100, 30_000, 0, 7, 60_000, 2} {
		l.empty()
		want := make([]lines.Flow, n)
		for i := range want {
			want[i] = randomFlow(r)
			l.add(&want[i])
		}
		from, more := l.read()
		for i := range want {
			if !more || from.flow != want[i] {
				t.Fatalf("flow %d of %d is %+v (there: %v), not %+v", i, n, from.flow, more, want[i])
			}
			more = from.advance()
		}
		if more {
			t.Errorf("more than %d flows", n)
		}
	}
	if n := testing.AllocsPerRun(3, func() {
		l.empty()
		f := randomFlow(r)
		for range 10_000 {
			l.add(&f)
		}
	}); n > 0 {
		t.Errorf("%v allocations in a list that was longer before", n)
	}
}
