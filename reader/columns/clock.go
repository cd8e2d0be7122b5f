package columns

import (
	"fmt"
	"time"

	"netramet/reader"
)

// clock writes the real times of uptimes of one meter. Uptimes are in centiseconds: so
// all times have one of a hundred fractions of a second, and mostly few minutes.
type clock struct {
	known  bool
	minute int64  // that of the meter's uptime 0, since 1970
	second uint64 // of that minute

	fractions [100]fraction // by the centiseconds of an uptime
	minutes   [64]minute    // those that times were in, by their last bits
}

// minute is what times of a minute begin with.
type minute struct {
	number uint64   // 1 for that of the meter's uptime 0; 0: there is none
	text   [24]byte // "2006-01-02T15:04:", and no meaning behind
}

// fraction is what a time ends with.
type fraction struct {
	carry uint64   // into the seconds
	text  [16]byte // ".000000000Z", and no meaning behind
}

// newClock returns a clock for the times of an interval.
func newClock(iv *reader.Interval) clock {
	s := iv.MeterStart
	if s.IsZero() {
		return clock{}
	}
	second := s.Unix() % 60
	if second < 0 { // before 1970
		second += 60
	}
	c := clock{known: true, minute: (s.Unix() - second) / 60, second: uint64(second)}
	for i := range c.fractions {
		nanos := s.Nanosecond() + i*1e7
		c.fractions[i].carry = uint64(nanos / 1e9)
		copy(c.fractions[i].text[:], fmt.Sprintf(".%09dZ", nanos%1e9))
	}
	return c
}

// begin is what times of a minute begin with.
func (c *clock) begin(number uint64) *minute {
	m := &c.minutes[number%uint64(len(c.minutes))]
	if m.number != number {
		m.number = number
		time.Unix((c.minute+int64(number)-1)*60, 0).UTC().AppendFormat(m.text[:0], "2006-01-02T15:04:")
	}
	return m
}

const (
	// longest is the longest uptime that has a real time: 348 years.
	longest = 1 << 40

	timeSize = len("2006-01-02T15:04:05.000000000Z")
	timeRoom = 40 // octets that put touches
)

// put writes the time of day of an uptime to b from at on, as RFC 3339 with
// nanoseconds, and returns where it ends. ok is false if it is not known.
func (c *clock) put(b []byte, at int, uptime uint64) (end int, ok bool) {
	if !c.known || uptime > longest {
		return at, false
	}
	f := &c.fractions[uptime%100]
	seconds := c.second + uptime/100 + f.carry
	of := byte(seconds % 60)
	b = b[at:][:timeRoom]
	*(*[24]byte)(b) = c.begin(1 + seconds/60).text
	b[17], b[18] = '0'+of/10, '0'+of%10
	*(*[16]byte)(b[19:]) = f.text
	return at + timeSize, true
}

// AppendTime appends a time as RFC 3339 with nanoseconds in UTC. ok is false for the
// zero time, which is unknown.
func AppendTime(b []byte, t time.Time) (_ []byte, ok bool) {
	if t.IsZero() {
		return b, false
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z"), true
}
