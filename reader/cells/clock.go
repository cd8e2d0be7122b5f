package cells

import (
	"fmt"
	"time"
)

// Clock writes the real times of uptimes of one meter. Uptimes are in centiseconds: so
// all times have one of a hundred fractions of a second, and mostly few minutes.
type Clock struct {
	known  bool
	minute int64  // that of the meter's uptime 0, since 1970
	second uint64 // of that minute

	fractions [100]fraction // by the centiseconds of an uptime
	minutes   [64]minute    // those that times were in, by their last bits
}

// minute is what times of a minute begin with.
type minute struct {
	number uint64 // 1 for that of the meter's uptime 0; 0: there is none
	text   [16]byte
}

// fraction is what a time ends with.
type fraction struct {
	carry uint64   // into the seconds
	text  [16]byte // "000000000Z", and no meaning behind
}

// seconds are those of a minute, between what stands before and behind them.
var seconds = func() (t [60][4]byte) {
	for n := range t {
		copy(t[n][:], fmt.Sprintf(":%02d.", n))
	}
	return t
}()

// NewClock returns a clock of a meter whose uptime 0 was at start; the zero time is
// unknown.
func NewClock(start time.Time) *Clock {
	c := &Clock{}
	if start.IsZero() {
		return c
	}
	second := start.Unix() % 60
	if second < 0 { // before 1970
		second += 60
	}
	c.known, c.minute, c.second = true, (start.Unix()-second)/60, uint64(second)
	for i := range c.fractions {
		nanos := start.Nanosecond() + i*1e7
		c.fractions[i].carry = uint64(nanos / 1e9)
		copy(c.fractions[i].text[:], fmt.Sprintf("%09dZ", nanos%1e9))
	}
	return c
}

// begin is what times of a minute begin with.
func (c *Clock) begin(number uint64) *minute {
	m := &c.minutes[number%uint64(len(c.minutes))]
	if m.number != number {
		c.learn(m, number)
	}
	return m
}

//go:noinline
func (c *Clock) learn(m *minute, number uint64) {
	m.number = number
	time.Unix((c.minute+int64(number)-1)*60, 0).UTC().AppendFormat(m.text[:0], "2006-01-02T15:04")
}

const (
	// LongestUptime is the longest that has a real time: 348 years.
	LongestUptime = 1 << 40

	timeSize = len("2006-01-02T15:04:05.000000000Z")
	timeRoom = 36 // octets that Put touches
)

// Knows reports whether an uptime has a real time that is known.
func (c *Clock) Knows(uptime uint64) bool { return c.known && uptime <= LongestUptime }

// Put writes the time of day of an uptime that the clock knows to b from at on, as RFC
// 3339 with nanoseconds, and returns where it ends.
func (c *Clock) Put(b []byte, at int, uptime uint64) (end int) {
	f := &c.fractions[uptime%100]
	since := c.second + uptime/100 + f.carry
	b = b[at : at+timeRoom]
	*(*[16]byte)(b) = c.begin(1 + since/60).text
	*(*[4]byte)(b[16:]) = seconds[since%60]
	*(*[16]byte)(b[20:]) = f.text
	return at + timeSize
}
