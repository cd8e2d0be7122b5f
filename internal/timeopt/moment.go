package timeopt

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// errMoment says how a moment of a trace is written.
var errMoment = errors.New("it is a time, as 2026-01-05T14:00:00Z or '2026-01-05 14:00:00', a time of day, as 14:00, or a time after the trace's first packet, as +90s or +1h30m")

// Moment is an option that names a moment of a trace: a date and time, a time of
// day, or a time after the first packet. The zero value names none. It implements
// pflag.Value.
type Moment struct {
	text string
	kind momentKind
	at   int64 // Unix ns of a date; ns after the first packet, or after midnight
	unit int64 // ns of the smallest unit that a time of day was written in
}

type momentKind uint8

const (
	momentNone momentKind = iota
	momentDate
	momentAfterFirst
	momentOfDay
)

// Set takes the option's text. Dates and times are in UTC unless they name a zone.
func (m *Moment) Set(text string) error {
	parsed := Moment{text: text}
	if after, ok := strings.CutPrefix(text, "+"); ok {
		d, err := Parse(after)
		if err != nil || d < 0 {
			return errMoment
		}
		parsed.kind, parsed.at = momentAfterFirst, int64(d)
	} else if !parsed.date(text) && !parsed.timeOfDay(text) {
		return errMoment
	}
	*m = parsed
	return nil
}

func (m *Moment) date(text string) bool {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		for _, zone := range []string{"", "Z07:00", " Z07:00", "-0700", " -0700"} {
			t, err := time.Parse(layout+zone, text)
			if err != nil {
				continue
			}
			m.kind, m.at = momentDate, t.UnixNano()
			return time.Unix(0, m.at).Equal(t) // 64 bits hold 1678 to 2262
		}
	}
	return false
}

func (m *Moment) timeOfDay(text string) bool {
	midnight, _ := time.Parse("15:04", "00:00")
	for layout, unit := range map[string]time.Duration{"15:04": time.Minute, "15:04:05": time.Second} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if strings.ContainsAny(text, ".,") {
			unit = 1
		}
		m.kind, m.at, m.unit = momentOfDay, int64(t.Sub(midnight)), int64(unit)
		return true
	}
	return false
}

// String is the moment as it was written.
func (m *Moment) String() string { return m.text }

// Type names the kind of option for pflag.
func (m *Moment) Type() string { return "moment" }

// Given reports whether the option was given.
func (m *Moment) Given() bool { return m.kind != momentNone }

// Comparable reports whether Between of the two depends on no trace.
func (m *Moment) Comparable(other *Moment) bool {
	return m.kind == other.kind && (m.kind == momentDate || m.kind == momentAfterFirst)
}

// Between is the window [from, to) in Unix nanoseconds that two moments mean in a
// trace whose first packet is of the time first. One that was not given is the
// lowest, or the highest, number of 64 bits.
//
// A time of day is the first one: for a start, that at or after the first packet,
// as exact as it was written, so that 14:00 is the beginning of a trace from
// 14:00:00.3 on; for an end, that after the start, or after the first packet. Of two
// times of day, a window that the trace begins in is the first one.
func Between(start, end *Moment, first int64) (from, to int64, err error) {
	from, to = math.MinInt64, math.MaxInt64
	after := first
	if start.Given() {
		from = start.in(first, first-modulo(first, max(start.unit, 1)))
		after = from
	}
	if end.Given() {
		to = end.in(first, plus(after, 1))
	}
	if start.kind == momentOfDay && end.kind == momentOfDay && first < to-int64(day) {
		from, to = from-int64(day), to-int64(day)
	}
	if from >= to {
		return 0, 0, fmt.Errorf("the start, %s, is not before the end, %s", clock(from), clock(to))
	}
	return from, to, nil
}

// in is the moment in a trace, at or after a time where it comes every day.
func (m *Moment) in(first, after int64) int64 {
	switch m.kind {
	case momentAfterFirst:
		return plus(first, m.at)
	case momentOfDay:
		return plus(after, modulo(m.at-modulo(after, int64(day)), int64(day)))
	}
	return m.at
}

// plus adds a length of time that is not negative, up to the end of time.
func plus(t, length int64) int64 {
	if t > math.MaxInt64-length {
		return math.MaxInt64
	}
	return t + length
}

// modulo is what is left of t above the next multiple of n below it.
func modulo(t, n int64) int64 { return (t%n + n) % n }

func clock(t int64) string { return time.Unix(0, t).UTC().Format("2006-01-02 15:04:05.999999999") }
