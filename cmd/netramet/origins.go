package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"

	"netramet/meter/origin"
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
	"netramet/sources"
)

// readOrigins reads the table of --prefixes, nil where there is none.
func (o *options) readOrigins() (*origin.Table, error) {
	if o.prefixes == "" {
		return nil, nil
	}
	f, err := sources.OpenPlain(o.prefixes)
	if err != nil {
		return nil, fmt.Errorf("--prefixes: %w", err)
	}
	defer f.Close()
	t, err := origin.Read(f, o.prefixes)
	if err != nil {
		return nil, fmt.Errorf("--prefixes: %w", err)
	}
	return t, nil
}

// tasksOf are those of tasksOf, with what numbers are called, and with all that some
// output shows.
func (o *options) tasksOf(sets []*ruleset.RuleSet) []reader.Task {
	tasks := tasksOf(sets)
	var table reader.Namer
	if names := o.origins.Names(); names.Len() > 0 {
		table = names
	}
	for i, rs := range sets {
		tasks[i].Names = reader.NamesOf(table, rs)
	}
	return reader.Widen(tasks, slices.Concat(o.top.Needs(), o.to.Needs())...)
}

// fromPrefixes are the attributes that --prefixes gives their values.
var fromPrefixes = map[mib.Attr]bool{
	mib.AttrSourceASN: true, mib.AttrDestASN: true, mib.AttrSourcePrefix: true, mib.AttrDestPrefix: true,
}

// warnWithoutOrigins says which rule sets ask for what only --prefixes gives.
func (o *options) warnWithoutOrigins(sets []*ruleset.RuleSet, w io.Writer) {
	if o.prefixes != "" || o.hasRecords() {
		return
	}
	for i, rs := range sets {
		if a := asked(rs, fromPrefixes); a != mib.AttrNull {
			fmt.Fprintf(w, "netramet: warning: %s: %v is always 0: give a table of prefixes with --prefixes\n", o.rules[i], a)
		}
	}
}

// asked is the first attribute of a set that rules test, save or give to a variable,
// Null if they do none.
func asked(rs *ruleset.RuleSet, of map[mib.Attr]bool) mib.Attr {
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if of[r.Selector] {
			return r.Selector
		}
		if a := mib.Attr(r.Value[0]); r.Assigns() && of[a] {
			return a
		}
	}
	return mib.AttrNull
}

// meterID is the value of --meter-id: a number, or an address of IPv4.
type meterID uint32

// Set implements pflag.Value.
func (m *meterID) Set(text string) error {
	if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
		octets := a.As4()
		*m = meterID(binary.BigEndian.Uint32(octets[:]))
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return fmt.Errorf("it is a number from 0 to %d, or an IPv4 address", uint32(1<<32-1))
	}
	*m = meterID(n)
	return nil
}

// String is the number.
func (m *meterID) String() string { return strconv.FormatUint(uint64(*m), 10) }

// Type implements pflag.Value.
func (m *meterID) Type() string { return "uint32" }
