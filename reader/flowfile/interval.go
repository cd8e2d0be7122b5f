package flowfile

import (
	"time"

	"netramet/reader"
)

// Interval is what the file tells of a collection, the one read last. Times of
// #Time lines are to the second; the meter's start is what follows from the first
// one of its run, unless the header has it. It is valid once the collection's first
// record has been read, or io.EOF in place of it, and is asked for once.
func (r *Reader) Interval(c *Collection) reader.Interval {
	iv := reader.Interval{
		Number: c.Number, Time: c.Time, From: c.From, To: c.To, Stats: c.Stats, Notes: c.Notes,
		Meter: c.Meter, Octets: r.hdr.Octets, Fresh: c.Anew,
	}
	start, exact := r.startOf(c)
	again := c.Anew && (c.To < r.to || !near(start, r.start) || exact && r.exact && !start.Equal(r.start))
	iv.Restarted = again && !r.start.IsZero()
	if again || r.start.IsZero() {
		r.start, r.exact = start, exact
	}
	r.to = c.To
	iv.SetStart(r.start)
	return iv
}

// startOf works out the real time of the meter's uptime 0. A header has that of
// uptime 1, which is exact, where the meter wrote it, or nemac of a trace; nemac's, of a
// live meter, has its own start.
func (r *Reader) startOf(c *Collection) (start time.Time, exact bool) {
	if c.Time.IsZero() {
		return time.Time{}, false
	}
	iv := reader.Interval{MeterStart: r.hdr.Start.Add(-10 * time.Millisecond)}
	if end := iv.RealTime(c.To); !r.hdr.Start.IsZero() && end.Unix() == c.Time.Unix() {
		return iv.MeterStart, true
	}
	seconds, rest := c.To/100, time.Duration(c.To%100)
	return time.Unix(c.Time.Unix()-int64(seconds), 0).Add(-rest * 10 * time.Millisecond).UTC(), false
}

// near reports whether two times can be the start of one run of a meter.
func near(a, b time.Time) bool {
	d := a.Sub(b)
	return max(d, -d) <= slackSeconds*time.Second
}
