package meter

import (
	"math"
	"slices"
	"testing"
	"time"

	"netramet/sources/wire"
)

// seconds are stamps by the second; noTime stands for none.
func seconds(s ...int64) (stamps []int64) {
	for _, n := range s {
		if n != wire.NoTime {
			n *= 1e9
		}
		stamps = append(stamps, n)
	}
	return stamps
}

// apart are n stamps from a first one on.
func apart(first, step int64, n int) (s []int64) {
	for i := range n {
		s = append(s, first+int64(i)*step)
	}
	return seconds(s...)
}

// TestBelieved: decision 6, with a gap of 600 s.
func TestBelieved(t *testing.T) {
	const gap, none = int64(600 * time.Second), int64(wire.NoTime)
	tests := []struct {
		name   string
		stamp  int64 // seconds
		behind []int64
		later  bool // believed far ahead of the clock
		first  bool // believed as the first stamp
	}{
		{"nothing behind", 5000, nil, true, true},
		{"one behind agrees", 5000, seconds(5001), true, true},
		{"one behind is just not before", 5000, seconds(4400), true, true},
		{"one behind is before", 5000, seconds(4399), false, false},
		{"a tie", 5000, seconds(1, 5001), true, true},
		{"more are before", 5000, seconds(1, 5001, 2), false, false},
		{"a frame without a time has no vote", 5000, seconds(1, none, none), false, false},
		{"none has a time", 5000, seconds(none, none), true, true},
		{"those later do not speak against it", 5000, apart(90000, 90000, 16), true, true},
		{"0, and one at 0", 0, seconds(0), true, true},
		{"0, and one just not later", 0, seconds(600), true, true},
		{"0, and one later", 0, seconds(601), true, false},
		{"0, and all in one year", 0, apart(1420070400, 1, 16), true, false},
		{"0, and all in one year, days apart", 0, apart(1420070400, 172800, 16), true, false},
		{"several of 0, and more in one year", 0, slices.Concat(seconds(0, 0, 0, 0), apart(1420070400, 1, 12)), true, false},
		{"as many of 0 as in one year", 0, slices.Concat(seconds(0, 0, 0), apart(1420070400, 1, 3)), true, true},
		{"counted from 0, hours apart", 0, apart(7200, 7200, 16), true, true},
		{"counted from 0, years apart", 0, apart(31536000, 31536000, 16), true, true},
		{"counted from 0, minutes apart", 0, apart(60, 60, 16), true, true},
		{"counted from 0, a pause near the end", 0, slices.Concat(apart(1, 1, 14), seconds(7200, 7201)), true, true},
		{"0, and before 1970", 0, apart(-9000, 1, 16), false, false},
		{"1 is a time", 1, apart(1420070400, 1, 16), true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := believed(tt.stamp*1e9, tt.behind, gap); got != tt.later {
				t.Errorf("ahead of the clock: %v, want %v", got, tt.later)
			}
			if got := believedFirst(tt.stamp*1e9, tt.behind, gap); got != tt.first {
				t.Errorf("as the first: %v, want %v", got, tt.first)
			}
		})
	}
}

// TestMoreThan: no stamps are so far apart that the sum goes wrong.
func TestMoreThan(t *testing.T) {
	const least, most = math.MinInt64 + 1, math.MaxInt64
	for _, tt := range []struct {
		gap, a, b int64
		want      bool
	}{
		{10, 11, 0, true}, {10, 10, 0, false}, {10, 0, 11, false}, {10, 0, 0, false},
		{10, most, least, true}, {most, most, least, true}, {most, most, 0, false}, {most, most, -1, true}, {10, least, most, false},
	} {
		if got := moreThan(tt.gap, tt.a, tt.b); got != tt.want {
			t.Errorf("moreThan(%d, %d, %d) = %v", tt.gap, tt.a, tt.b, got)
		}
	}
	if believedFirst(0, []int64{most, most}, 10) || !believedFirst(0, []int64{least, most}, 10) {
		t.Error("stamps at the ends of time")
	}
}

// TestHeldFrames: the queue keeps copies in order, and uses its memory again.
func TestHeldFrames(t *testing.T) {
	var h heldFrames
	next, data := int64(0), []byte{0}
	push := func() {
		data[0] = byte(next)
		h.push(&wire.Frame{Time: next, Data: data}, nil)
		data[0] = 0xdd
		next++
	}
	for !h.full() {
		push()
	}
	if h.n != jury+1 {
		t.Fatalf("%d frames held", h.n)
	}
	var buf [jury]int64
	for want := range int64(40) {
		f, behind := &h.front().Frame, h.behind(&buf)
		if f.Time != want || f.Data[0] != byte(want) || len(behind) != jury || behind[0] != want+1 || behind[jury-1] != want+jury {
			t.Fatalf("frame %d: %+v, behind %v", want, f, behind)
		}
		h.pop()
		push()
	}
	if n := testing.AllocsPerRun(50, func() { h.pop(); push() }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	for h.n > 0 {
		if got := len(h.behind(&buf)); got != h.n-1 {
			t.Errorf("%d behind of %d held", got, h.n)
		}
		h.pop()
	}
}
