package main

import (
	"time"

	"netramet/meter"
	"netramet/sources/wire"
)

// refTime is when decision 6 has a frame metered.
type refTime struct {
	clock           int64 // Unix ns; wire.NoTime: before the first stamp that counts
	late, bad, none bool
}

func (t refTime) count(c *meter.Counts) {
	for _, n := range []struct {
		is    bool
		count *uint64
	}{{t.late, &c.Late}, {t.bad, &c.BadStamps}, {t.none, &c.NoStamps}} {
		if n.is {
			*n.count++
		}
	}
}

// refTimes is decision 6 with the whole trace at hand: nothing is held, for
// what follows can be looked at.
func refTimes(frames []wire.Frame, maxGap time.Duration) []refTime {
	times := make([]refTime, len(frames))
	clock := int64(wire.NoTime)
	for i, f := range frames {
		t := &times[i]
		switch {
		case f.Time == wire.NoTime:
			t.none = true
		case clock == wire.NoTime && refBadFirst(f.Time, refBehind(frames, i), maxGap),
			clock != wire.NoTime && refAhead(f.Time, clock, maxGap) && !refBelieved(f.Time, refBehind(frames, i), maxGap):
			t.bad = true
		case f.Time < clock:
			t.late = true
		default:
			clock = f.Time
		}
		t.clock = clock
	}
	return times
}

// refBehind are the stamps of the 16 frames behind frame i, or of all there
// are; those without a time say nothing.
func refBehind(frames []wire.Frame, i int) (stamps []int64) {
	for j := i + 1; j < len(frames) && j <= i+16; j++ {
		if frames[j].Time != wire.NoTime {
			stamps = append(stamps, frames[j].Time)
		}
	}
	return stamps
}

// refAhead reports that a is more than a gap later than b. Times of random
// traces are far from the ends of 64 bits.
func refAhead(a, b int64, gap time.Duration) bool { return time.Duration(a-b) > gap }

// refBelieved: unless more of the frames behind lie more than a gap before the
// stamp than not.
func refBelieved(stamp int64, behind []int64, gap time.Duration) bool {
	votes := 0
	for _, b := range behind {
		if refAhead(stamp, b, gap) {
			votes--
		} else {
			votes++
		}
	}
	return votes >= 0
}

// refBadFirst: a first stamp that most of those behind it lie before, or 0
// where most of them agree on a time long after it. They agree where they lie
// nearer to the first such time than 0 does.
func refBadFirst(stamp int64, behind []int64, gap time.Duration) bool {
	if !refBelieved(stamp, behind, gap) {
		return true
	}
	if stamp != 0 {
		return false
	}
	for _, common := range behind {
		if !refAhead(common, 0, gap) {
			continue
		}
		agree := 0
		for _, b := range behind {
			if refAhead(b, 0, gap) && b < 2*common {
				agree++
			}
		}
		return 2*agree > len(behind)
	}
	return false
}
