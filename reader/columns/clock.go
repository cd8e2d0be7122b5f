package columns

import (
	"fmt"
	"time"

	"netramet/reader"
)

// clock writes the real times of uptimes of one meter. Uptimes are in centiseconds: so
// all times have one of a hundred fractions of a second, and mostly few minutes.
type clock struct {
	known   bool
	seconds int64 // of the meter's uptime 0, since 1970

	fractions [100]fraction // by the centiseconds of an uptime
	minutes   [64]minute    // those that times were in, by their last bits
}

// minute is what times of a minute begin with.
type minute struct {
	at   int64 // since 1970; that of 0 is made each time
	text [len("2006-01-02T15:04:")]byte
}

// fraction is what a time ends with.
type fraction struct {
	carry int64 // into the seconds
	text  [len(".000000000Z")]byte
}

// newClock returns a clock for the times of an interval.
func newClock(iv *reader.Interval) clock {
	s := iv.MeterStart
	if s.IsZero() {
		return clock{}
	}
	c := clock{known: true, seconds: s.Unix()}
	for i := range c.fractions {
		nanos := int64(s.Nanosecond()) + int64(i)*1e7
		c.fractions[i].carry = nanos / 1e9
		copy(c.fractions[i].text[:], fmt.Sprintf(".%09dZ", nanos%1e9))
	}
	return c
}

func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// begin is what times of a minute begin with.
func (c *clock) begin(at int64) *minute {
	m := &c.minutes[uint64(at)%uint64(len(c.minutes))]
	if m.at != at || at == 0 {
		m.at = at
		time.Unix(at*60, 0).UTC().AppendFormat(m.text[:0], "2006-01-02T15:04:")
	}
	return m
}

// longest is the longest uptime that has a real time: 348 years.
const longest = 1 << 40

// append appends the time of day of an uptime, as RFC 3339 with nanoseconds. ok is
// false if it is not known.
func (c *clock) append(b []byte, uptime uint64) (_ []byte, ok bool) {
	if !c.known || uptime > longest {
		return b, false
	}
	f := &c.fractions[uptime%100]
	seconds := c.seconds + int64(uptime/100) + f.carry
	at := floor(seconds, 60)
	of := byte(seconds - at*60)
	b = append(b, c.begin(at).text[:]...)
	b = append(b, '0'+of/10, '0'+of%10)
	return append(b, f.text[:]...), true
}

// AppendTime appends a time as RFC 3339 with nanoseconds in UTC. ok is false for the
// zero time, which is unknown.
func AppendTime(b []byte, t time.Time) (_ []byte, ok bool) {
	if t.IsZero() {
		return b, false
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z"), true
}
