// Package timeopt is the options of both commands that hold a time. All are
// written alike: as a number of seconds, or with units, as 90s, 5m, 1h30m or 2d.
package timeopt

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// errSyntax says how a time is written.
var errSyntax = errors.New("it is a number of seconds, or a time with its unit, as 90s, 5m, 36h or 2d, and at most 292 years")

const day = 24 * time.Hour

// Parse reads a time. Days are of 24 hours.
func Parse(text string) (time.Duration, error) {
	if text == "" {
		return 0, errSyntax
	}
	if last := text[len(text)-1]; last >= '0' && last <= '9' {
		text += "s"
	}
	days := time.Duration(0)
	if before, rest, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(before, 10, 32)
		if err != nil || n > uint64(math.MaxInt64/day) {
			return 0, errSyntax
		}
		days = time.Duration(n) * day
		if text = rest; text == "" {
			return days, nil
		}
		if text[0] == '-' || text[0] == '+' {
			return 0, errSyntax
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d > math.MaxInt64-days {
		return 0, errSyntax
	}
	return days + d, nil
}

// Whole are the types that hold an option of whole seconds.
type Whole interface{ ~int | ~uint32 }

// seconds is an option of whole seconds.
type seconds[T Whole] struct {
	p           *T
	least, most int64
}

// Seconds makes *p, which holds the default, an option of whole seconds from
// least to most. It implements pflag.Value.
func Seconds[T Whole](p *T, least, most int64) *seconds[T] {
	return &seconds[T]{p, least, most}
}

// Set takes the option's text.
func (s *seconds[T]) Set(text string) error {
	d, err := Parse(text)
	if err != nil {
		return err
	}
	switch n := int64(d / time.Second); {
	case d%time.Second != 0:
		return errors.New("it is in whole seconds")
	case n < s.least:
		return fmt.Errorf("it is at least %d seconds", s.least)
	case n > s.most:
		return fmt.Errorf("it is at most %d seconds", s.most)
	default:
		*s.p = T(n)
		return nil
	}
}

// String prints the seconds as a number, so that a header tells the same
// measurement alike however it was written.
func (s *seconds[T]) String() string {
	if s.p == nil {
		return "0" // pflag asks an empty value
	}
	return strconv.FormatInt(int64(*s.p), 10)
}

// Type names the kind of option for pflag.
func (s *seconds[T]) Type() string { return "seconds" }

// length is an option that may have a fraction of a second.
type length time.Duration

// Length makes *p, which holds the default, an option that holds a time. It
// implements pflag.Value.
func Length(p *time.Duration) *length { return (*length)(p) }

// Set takes the option's text.
func (l *length) Set(text string) error {
	d, err := Parse(text)
	if err == nil {
		*l = length(d)
	}
	return err
}

// String prints the time with its units.
func (l *length) String() string { return time.Duration(*l).String() }

// Type names the kind of option for pflag.
func (l *length) Type() string { return "duration" }
