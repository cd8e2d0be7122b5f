package columns

import (
	"time"

	"netramet/reader"
)

// clock writes the real times of uptimes of one meter.
type clock struct {
	known   bool
	seconds int64 // of the meter's uptime 0, since 1970
	nanos   uint64

	day  int64 // that text is of
	text [11]byte
}

// newClock returns a clock for the times of an interval.
func newClock(iv *reader.Interval) clock {
	s := iv.MeterStart
	if s.IsZero() {
		return clock{}
	}
	c := clock{known: true, seconds: s.Unix(), nanos: uint64(s.Nanosecond())}
	c.setDay(floor(c.seconds, daySeconds))
	return c
}

const daySeconds = 24 * 60 * 60

func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

func (c *clock) setDay(day int64) {
	c.day = day
	copy(c.text[:], time.Unix(day*daySeconds, 0).UTC().Format("2006-01-02T"))
}

// longest is the longest uptime that has a real time: 348 years.
const longest = 1 << 40

// append appends the time of day of an uptime, as RFC 3339 with nanoseconds. ok is
// false if it is not known.
func (c *clock) append(b []byte, uptime uint64) (_ []byte, ok bool) {
	if !c.known || uptime > longest {
		return b, false
	}
	nanos := c.nanos + uptime%100*1e7
	return c.appendUnix(b, c.seconds+int64(uptime/100)+int64(nanos/1e9), uint32(nanos%1e9)), true
}

func (c *clock) appendUnix(b []byte, seconds int64, nanos uint32) []byte {
	day := floor(seconds, daySeconds)
	if day != c.day {
		c.setDay(day)
	}
	of := uint32(seconds - day*daySeconds)
	b = append(b, c.text[:]...)
	b = two(b, of/3600)
	b = two(append(b, ':'), of/60%60)
	b = two(append(b, ':'), of%60)
	b = append(b, '.', byte('0'+nanos/100_000_000))
	for _, by := range [...]uint32{1_000_000, 10_000, 100, 1} {
		b = two(b, nanos/by%100)
	}
	return append(b, 'Z')
}

func two(b []byte, n uint32) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// AppendTime appends a time as RFC 3339 with nanoseconds in UTC. ok is false for the
// zero time, which is unknown.
func AppendTime(b []byte, t time.Time) (_ []byte, ok bool) {
	if t.IsZero() {
		return b, false
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z"), true
}
