package reading

import (
	"testing"
	"time"
)

// TestPace: a trace goes the way that takes less time, and if this changes, the other one
// soon after; collections count for neither.
func TestPace(t *testing.T) {
	const batch = 256
	clock := time.Unix(0, 0)
	p := newPace()
	p.now = func() time.Time { return clock }
	perFrame := map[bool]time.Duration{}
	var went map[bool]int
	run := func(frames int) {
		went = map[bool]int{}
		for range frames / batch {
			went[p.ahead] += batch
			clock = clock.Add(batch * perFrame[p.ahead])
			if went[p.ahead]%(8*batch) == 0 && went[p.ahead] < tryFor/2 {
				clock = clock.Add(time.Second)
				p.spoil()
				continue
			}
			p.note(batch)
		}
	}
	for _, tt := range []struct {
		name         string
		ahead, plain time.Duration
		want         bool
	}{
		{"pays", 50, 70, true},
		{"differs by little", 73, 70, true},
		{"does not pay", 100, 70, false},
		{"pays again", 50, 70, true},
	} {
		perFrame[true], perFrame[false] = tt.ahead, tt.plain
		run(2 * settledFor) // it is found out meanwhile
		run(4 * settledFor)
		if share := float64(went[tt.want]) / (4 * settledFor); share < 0.9 {
			t.Errorf("%s: %.2f of the frames went that way", tt.name, share)
		}
	}
}
