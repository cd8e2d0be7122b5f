// Package pme is the packet matching engine of RFC 2722 §4.4: it verifies a
// rule set, lowers it into a Program, matches packets against it and builds
// the packed keys that name their flows.
//
// It owns programs, keys and the tables of key shapes. It never counts a
// packet, knows no flow table, reads no clock and does no I/O. A Program never
// changes once it is loaded; the meter runs it by a Matcher in each of its
// lanes, twice at most per packet (RFC 2722 §4.3). Interpret runs the same rules step by step, in the RFC's
// words and without any of the Program's code: it explains matches to people
// and is the oracle of the tests.
//
// Where the RFCs are silent:
//   - Running past the last rule is NoMatch; a goto target may be one past it.
//   - An Assign rule has no test: its value field is its operand.
//   - A meter variable that holds nothing stands for the Null attribute.
//   - Class and Kind attributes read as their newest entry in the pattern
//     queue, 0 without one.
//   - Exceeding a limit (steps, return stack, pattern queue, shapes) gives
//     Ignore and is counted.
package pme

import (
	"netramet/mib"
	"netramet/ruleset"
)

// Limits of one match. Exceeding one makes the verdict Ignore.
const (
	// MaxReturns is the depth of the return stack: Gosubs inside Gosubs.
	MaxReturns = ruleset.MaxReturns
	// MaxQueue is the length of the pattern queue: pushes not yet popped.
	MaxQueue = ruleset.MaxQueue
	// MaxDistributions is the number of different distribution
	// specifications one rule set may save.
	MaxDistributions = ruleset.MaxDistributions

	stepsPerRule = 32
	stepsFloor   = 1024
	stepsCeiling = 1 << 20
)

// MaxSteps returns the most rules that one match of a set of n rules may run;
// rules that a hash group passes over count as run. A rule set without loops
// and with fewer than 32 subroutine calls on a path cannot reach it.
func MaxSteps(n int) int { return min(n*stepsPerRule+stepsFloor, stepsCeiling) }

// Order says which end of a packet is taken as the source of a match.
type Order uint8

// The two orders of RFC 2722 §4.3.
const (
	// WireOrder matches S->D: the packet's source is the source, and
	// MatchingStoD is 1.
	WireOrder Order = 0
	// Reversed matches D->S: the ends exchanged, and MatchingStoD is 0.
	Reversed Order = 1
)

// Verdict is the result of a match.
type Verdict uint8

// The verdicts of RFC 2722 §4.3; Count is its "Suc".
const (
	NoMatch Verdict = iota // did not match; the other order may
	Ignore                 // matched, and is not to be counted
	Count                  // matched; the key names the flow
	// Unshaped: matched, but the flow's key is of a shape that no key has had
	// before. Only MatchKnown gives it; Match makes the shape.
	Unshaped
)

// String returns the verdict's name.
func (v Verdict) String() string {
	switch v {
	case NoMatch:
		return "NoMatch"
	case Ignore:
		return "Ignore"
	case Count:
		return "Count"
	case Unshaped:
		return "Unshaped"
	}
	return "verdict?"
}

// Key is a flow key in its caller's memory: the rule set's number (1 octet),
// the shape (2 octets, big-endian), then the saved values as the shape lays
// them out. Two matches belong to one flow iff their Bytes are equal.
type Key struct {
	// Len is the number of octets of Buf that belong to the key; what
	// follows them is undefined.
	Len int
	// Distributions has bit i set iff this match saved
	// Program.Distributions()[i]. It is not part of the key.
	Distributions uint64
	Buf           [256]byte
}

// Bytes returns the key's octets, in the key's own memory.
func (k *Key) Bytes() []byte { return k.Buf[:k.Len] }

// Needs is a set of what a packet must hold before Match may see it.
type Needs uint8

// What a packet may have to hold.
const (
	// NeedsRest: a tested or saved attribute lives in packet.Rest, so DecodeRest
	// must have run.
	NeedsRest Needs = 1 << iota
	// NeedsOrigin: one lives in packet.Origin, which must have been filled.
	NeedsOrigin
)

// Distribution is a distribution that rules save (RFC 2724 §3.2): the six
// octets each of the mask and the value of the rule that pushes it.
type Distribution struct {
	Attr        mib.Attr
	Mask, Value [6]byte
}

// Counters of a Matcher, since it was made. They are plain numbers: one
// goroutine matches and reads them.
type Counters struct {
	// Matches is the number of matches made; one that ends Unshaped is not
	// counted, for it is made again.
	Matches uint64
	// Rules is the number of rules run; the look-up in a hash group is one.
	Rules uint64
	// Lookups is how many of Rules were look-ups in a hash group, and Probes
	// how many table entries they compared.
	Lookups, Probes uint64

	// StepErrors counts matches stopped after MaxSteps rules.
	StepErrors uint64
	// StackErrors counts matches stopped by a Return without a Gosub or
	// more than MaxReturns Gosubs.
	StackErrors uint64
	// QueueErrors counts matches stopped by more than MaxQueue pushes.
	QueueErrors uint64
	// ShapeErrors counts matches whose key found no room in Shapes.
	ShapeErrors uint64
}

// Stopped is the number of matches that a limit stopped; their verdict is Ignore.
func (c *Counters) Stopped() uint64 {
	return c.StepErrors + c.StackErrors + c.QueueErrors + c.ShapeErrors
}

// Program is a rule set ready to run. It does not change after Load, so any
// number of matchers may run it at once.
type Program struct {
	code     []instr
	groups   groupTables
	effects  []uint32 // see effect
	maxSteps int
	number   uint8
	facts    facts

	shapes *Shapes
	covers []cover // what pushes save, by number; see instr.save
}

// Matcher is the machine that runs a program. It belongs to one goroutine.
type Matcher struct {
	*Program
	Counters Counters

	ways  ways
	built *plan // of the last match's key; nil: there was none
	paths pathTable
	adds  bool // this match may add a shape

	regs [256]uint64
	// The pattern queue, and the values that its computed attributes had before
	// they were pushed. queueHash[i] is the hash of the first i entries.
	queue     [MaxQueue]pushed
	queueOld  [MaxQueue]uint8
	queueHash [MaxQueue + 1]uint64
	returns   [MaxReturns]returnPoint
}

// NewMatcher returns a matcher of the program.
func NewMatcher(p *Program) *Matcher {
	m := &Matcher{Program: p}
	m.regs[regRuleSet] = uint64(p.number)
	m.paths.init()
	m.ways.nodes = make([]node, 1)
	return m
}

// pushed is an entry of the pattern queue: instr.save with the attribute
// filled in, and the index of the rule.
type pushed struct{ save, rule uint32 }

// Load verifies rs and lowers it. shapes is the table of the rule set's keys and
// is never nil; Load only keeps it. rs is not kept. rs.Number becomes the key's
// first octet. An error names every faulty rule, up to ruleset.MaxDiags of them.
func Load(rs *ruleset.RuleSet, shapes *Shapes) (*Program, error) {
	if err := verify(rs); err != nil {
		return nil, err
	}
	return compile(rs, shapes, minGroup), nil
}

// Varying returns the attributes that the rules test or save and that a
// stream does not fix, in order of number. Apart from them, verdict and key depend
// on what a stream fixes: peer type and addresses and what their origin is, transport
// type and ports, the order of the match, computed attributes and constants. The
// slice belongs to the program.
func (p *Program) Varying() []mib.Attr { return p.facts.varying }

// MayNotMatch reports whether a match can end with NoMatch, so that a packet is matched with
// its ends exchanged: false only if there is no way through the rules to that.
func (p *Program) MayNotMatch() bool { return p.facts.mayNotMatch }

// Needs returns what a packet must hold before Match may see it.
func (p *Program) Needs() Needs { return p.facts.needs }

// Distributions returns the distributions that the rules save, each
// specification once, in order of the first rule that saves it. They are not
// part of flow keys; Key.Distributions says which ones a match saved. The
// slice belongs to the program.
func (p *Program) Distributions() []Distribution { return p.facts.distributions }

// NumRules returns the number of rules.
func (p *Program) NumRules() int { return len(p.code) }
