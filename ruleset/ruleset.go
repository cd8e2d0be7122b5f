// Package ruleset holds rule sets as data: what the SRL compiler emits, a
// manager downloads and a .rules file stores. It reads and prints the
// low-level text form and checks a rule set for mistakes.
//
// It runs nothing (package pme does) and opens no file (its callers do).
package ruleset

import "netramet/mib"

// Limits of a rule set (decision 8).
const (
	MaxRules  = 65535 // flowRuleParameter addresses no more
	MaxNumber = 255   // flowDataRuleSet is 1..255
	MaxName   = 127   // octets of flowRuleInfoName
)

// Octets is a rule's mask or value: left-justified, octets to the right of
// what was given are zero (RFC 2720 RuleAddress; the digest's §3.1).
type Octets [mib.MaxAddress]byte

// Rule is one PME instruction, exactly a row of flowRuleTable:
// "Selector & Mask = Value: Action, Parameter" (RFC 2722 §4.4).
type Rule struct {
	Selector  mib.Attr
	Mask      Octets
	Value     Octets
	Action    mib.Action
	Parameter uint16 // rule number from 1, Return's slot, or 0 where unused
}

// RuleSet is a rule set and what its file says of collecting its flows.
// Rule number n is Rules[n-1].
type RuleSet struct {
	Number int    // from "set n", 2..255; 0 if the file gives none
	Name   string // from "set name"; the text after set (flowRuleInfoName)
	Rules  []Rule

	// Origins is where each rule comes from, if it was compiled from a program;
	// nil if not.
	Origins []Origin

	Format     *Format  // nil: the default format (decision 20)
	FormatAt   []Origin // where Format's attributes stand; nil if not known
	Statistics bool     // "statistics;": a #Stats record with each collection
	Optimise   int      // "optimise n;": 0 none .. 2 all; -1 not given

	// Kinds is what values of FlowKind stand for, a word each, where that is known.
	Kinds map[uint64]string
}

// Format is a FORMAT statement: attributes and the text between them.
type Format struct {
	Attrs []mib.Attr
	// Seps has one more entry than Attrs: Seps[0] stands before the first
	// value, Seps[i] between values i-1 and i, the last one after all. A
	// string in the statement takes the place of the default, one space.
	Seps []string
}

// DefaultFormat is used where a rule set has none (decision 20). The
// distributions a rule set saves are added by Format in their order.
func DefaultFormat() *Format {
	return &Format{
		Attrs: []mib.Attr{
			mib.AttrFlowRuleSet, mib.AttrFlowIndex, mib.AttrFirstTime, mib.AttrLastActiveTime,
			mib.AttrSourcePeerType, mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress,
			mib.AttrSourceTransType, mib.AttrSourceTransAddress, mib.AttrDestTransAddress,
			mib.AttrFlowKind,
			mib.AttrToPDUs, mib.AttrFromPDUs,
			mib.AttrToOctets, mib.AttrFromOctets,
		},
		Seps: []string{"", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", ""},
	}
}
