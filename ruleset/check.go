package ruleset

import (
	"fmt"
	"slices"
)

// Field names the part of a rule that a Finding is about.
type Field uint8

// The parts of a rule.
const (
	FieldRule Field = iota // the rule as a whole
	FieldSelector
	FieldMask
	FieldValue
	FieldAction
	FieldParameter
)

// Finding is a mistake in a rule set, told by rule; Validate and ReadText
// make messages of it, and so may a compiler that knows where in its own
// source a rule comes from.
type Finding struct {
	Severity Severity
	Rule     int // number, from 1; 0 if the whole rule set is meant
	Field    Field
	Message  string // begins with a small letter, without the rule's number
	Hint     string
}

func (f *Finding) message() string {
	if f.Rule == 0 {
		return f.Message
	}
	return fmt.Sprintf("rule %d: %s", f.Rule, f.Message)
}

// Validate checks a rule set that has no text: the same as Check, as messages
// that name rules by number.
func (rs *RuleSet) Validate() Diags {
	name := "rule set"
	if rs.Name != "" {
		name += " " + rs.Name
	}
	var ds Diags
	for _, f := range rs.Check() {
		ds = append(ds, Diag{Severity: f.Severity, File: name, Message: f.message(), Hint: f.Hint})
	}
	return ds
}

// Check looks for mistakes: what Verify finds, and warnings of rules that are
// most likely not meant so.
func (rs *RuleSet) Check() []Finding {
	c := &checker{rules: rs.Rules}
	if len(rs.Rules) <= MaxRules {
		c.checkVariables()
	}
	g := c.verify()
	switch {
	case len(rs.Rules) == 0:
		c.add(Warning, 0, FieldRule, "", "there are no rules, nothing is ever counted")
	case g != nil:
		c.warnOverflow(g)
		c.checkTests(g)
		c.checkParameters()
		if !c.failed { // what errors cut off is not worth a warning
			c.reportShadows(g)
			c.reportContradictions(g)
			c.reportUnreached(g)
			c.reportTwice(g)
			for _, o := range g.overwritten(rs.Rules) {
				c.add(Warning, o.Rule, FieldRule, "", "this has no effect: rule %d saves %s again before any Count", o.By, rs.Rules[o.Rule-1].Selector)
			}
		}
	}
	return c.sorted()
}

// checker collects findings.
type checker struct {
	rules  []Rule
	found  []Finding
	failed bool // an error was found

	mayOverflow bool // there is a way on which a match pushes too much
}

func (c *checker) sorted() []Finding {
	slices.SortStableFunc(c.found, func(a, b Finding) int { return a.Rule - b.Rule })
	return c.found
}

func (c *checker) add(sev Severity, rule int, field Field, hint, format string, args ...any) {
	if sev == Error {
		c.failed = true
	}
	if len(c.found) < maxMessages || sev == Error && len(c.found) < 2*maxMessages {
		c.found = append(c.found, Finding{sev, rule, field, fmt.Sprintf(format, args...), hint})
	}
}

// checkVariables warns of variables that are used but never set: they stay
// Null, whose test always succeeds.
func (c *checker) checkVariables() {
	var set, told [256]bool
	for i := range c.rules {
		if c.rules[i].Assigns() {
			set[c.rules[i].Selector] = true
		}
	}
	for i := range c.rules {
		a := c.rules[i].Selector
		if a.IsVariable() && !set[a] && !told[a] {
			told[a] = true
			c.add(Warning, i+1, FieldSelector, "", "%s is used, but no rule sets it; it stands for Null", a)
		}
	}
}
