// Package reader is the METER READER of RFC 2722: it makes one collection
// pass over a meter's flows and hands the records to an output.
//
// It knows neither sockets nor the meter: Flows is what it reads from, the
// SNMP client (package mib/client) and the in-process reader (package reader/local)
// being the two implementations. Package reader/flowfile is the first output.
package reader

import (
	"context"
	"time"

	"netramet/ruleset"
)

// Task is one rule set whose flows are read.
type Task struct {
	RuleSet    int    // number on the meter, 1..255
	Name       string // flowRuleInfoName
	Format     *ruleset.Format
	Statistics bool  // a #Stats record with each collection
	Names      Namer // what numbers are called; nil if none has a name
	// Asked is what the rule set's FORMAT asks for, where Format has more behind it, for
	// the sake of some output; nil: all of Format. Outputs show what is asked.
	Asked *ruleset.Format
	// Saved says which attributes flows may have: a column of another one is empty. nil
	// is that nobody knows.
	Saved *ruleset.Saved
}

// Interval describes one collection.
type Interval struct {
	Number uint64    // of the grid in trace mode, else counted from 1
	Time   time.Time // of the collection: packet time in trace mode and batch
	From   uint64    // centiseconds of uptime: what changed since then is read
	To     uint64    // centiseconds of uptime at the collection
	Stats  []Stat    // the meter's figures, in order; empty if not asked for
	Notes  []string  // what the user should know of it, a line each; mostly none
	// Fresh says that the rule sets are new on the meter, so that their counters
	// begin with this collection, whatever was collected before.
	Fresh bool

	Meter string // its name
	// MeterStart is the real time, packet time in trace mode and batch, of the
	// meter's uptime 0. It is found once for a run of the meter, so that times that
	// are worked out from uptimes do not jitter. The zero time is unknown.
	MeterStart time.Time
	// Begin is the real time where the interval begins, as To is where it ends: the
	// end of the collection before, or uptime 1. The zero time is unknown.
	Begin      time.Time
	Restarted  bool // the meter was started again since the collection before
	Octets     OctetMode
	SampleRate uint32 // one packet in so many is metered; 0 is unknown, or not the same on all interfaces
	Amounts    bool   // Record.Amounts are valid
}

// RealTime is the time of day of an uptime of the meter, in UTC and to the
// centisecond; the zero time if that is unknown.
func (iv *Interval) RealTime(uptime uint64) time.Time {
	const perSecond, longest = 100, 1 << 40 // an uptime has at most 348 years
	if iv.MeterStart.IsZero() || uptime > longest {
		return time.Time{}
	}
	// In two steps: a Duration has no more than 292 years.
	whole := time.Unix(iv.MeterStart.Unix()+int64(uptime/perSecond), int64(iv.MeterStart.Nanosecond()))
	return whole.Add(time.Duration(uptime%perSecond) * time.Second / perSecond).UTC()
}

// End is the real time where the interval ends: that of To, or Time where the
// meter's start is unknown.
func (iv *Interval) End() time.Time {
	if t := iv.RealTime(iv.To); !t.IsZero() {
		return t
	}
	return iv.Time
}

// SetStart sets MeterStart, and Begin by it: the collection before ended at From,
// but for the centisecond by which the two overlap (RFC 2123 §4.2).
func (iv *Interval) SetStart(start time.Time) {
	iv.MeterStart = start
	iv.Begin = iv.RealTime(iv.From + 1)
	if iv.From <= 1 {
		iv.Begin = iv.RealTime(1) // that of a trace's first packet
	}
}

// Stat is one figure of a #Stats record.
type Stat struct {
	Name  string
	Value string
}

// Flows is a meter's flow table as a reader sees it. Calls come in the order
// Begin, Next until io.EOF, Commit; a collection that is not committed is read
// again by the next Begin, from the same place.
type Flows interface {
	// Begin starts a collection of all tasks, in order of rule set number.
	Begin(ctx context.Context, tasks []Task) (Interval, error)
	// Next fills rec with the next flow, ordered by (rule set, FlowIndex);
	// io.EOF after the last.
	Next(ctx context.Context, rec *Record) error
	// Commit acknowledges the collection: its flows may be recovered.
	Commit(ctx context.Context) error
}
