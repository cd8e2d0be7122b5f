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
	Statistics bool // a #Stats record with each collection
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
