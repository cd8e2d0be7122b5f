package join

import (
	"fmt"
	"math"
	"time"

	"netramet/sources/wire"
)

// maxNotes is how many gaps and overlaps are told of.
const maxNotes = 20

// leastGap is the least silence that is called a gap.
const leastGap = int64(time.Second)

// span is what a file covers, in Unix nanoseconds; valid once it has a packet with
// a time.
type span struct {
	name        string
	any         bool
	first, last int64 // stamp of the first packet, largest stamp
	silence     int64 // the longest between two packets
}

// cover adds frames of the file.
func (s *span) cover(frames []wire.Frame) {
	for i := range frames {
		t := frames[i].Time
		switch {
		case t == wire.NoTime:
		case !s.any:
			s.any, s.first, s.last = true, t, t
		case t > s.last:
			s.silence = max(s.silence, since(t, s.last))
			s.last = t
		}
	}
}

// since is a difference of stamps, at most the largest number.
func since(t, before int64) int64 {
	if d := t - before; d >= 0 {
		return d
	}
	return math.MaxInt64
}

// seams tells what is odd between two files, once each.
type seams struct {
	note func(string)
	told int
}

// between looks at two files that follow each other. A gap is a silence of more than
// a second, and longer than any in the first file.
func (s *seams) between(a, b *span) {
	switch {
	case b.first < a.first:
		s.tell("%s is out of order: it begins at %s, and %s before it at %s; --merge sorts packets by time", b.name, clock(b.first), a.name, clock(a.first))
	case b.first < a.last:
		s.tell("%s overlaps %s: it begins at %s, and the other ends at %s; --merge sorts packets by time", b.name, a.name, clock(b.first), clock(a.last))
	default:
		s.gap(a, b)
	}
}

// gap looks for a gap alone.
func (s *seams) gap(a, b *span) {
	if b.first <= a.last {
		return
	}
	if silence := since(b.first, a.last); silence > max(leastGap, a.silence) {
		s.tell("gap of %s between %s, which ends at %s, and %s, which begins at %s", lasting(time.Duration(silence)), a.name, clock(a.last), b.name, clock(b.first))
	}
}

// lasting is a duration as people read it, from two days on in days.
func lasting(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return d.Round(time.Millisecond).String()
	}
	return fmt.Sprintf("%d days and %v", d/day, (d % day).Round(time.Millisecond))
}

func (s *seams) tell(format string, args ...any) {
	s.told++
	switch {
	case s.note == nil || s.told > maxNotes+1:
	case s.told > maxNotes:
		s.note("more gaps, overlaps or files out of order: they are not told one by one")
	default:
		s.note(fmt.Sprintf(format, args...))
	}
}

func clock(t int64) string { return time.Unix(0, t).UTC().Format("2006-01-02 15:04:05.999999") }
