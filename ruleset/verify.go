package ruleset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"netramet/mib"
	"netramet/streams/dist"
)

// Limits of a rule set and of one match, which a meter has for all.
const (
	// MaxReturns is the depth of the return stack: Gosubs inside Gosubs.
	MaxReturns = 32
	// MaxQueue is the length of the pattern queue: pushes not yet popped.
	MaxQueue = 128
	// MaxDistributions is the number of different distribution
	// specifications that one rule set may save.
	MaxDistributions = 64
)

// Verify returns what is wrong with rules: the one judgement of what a meter
// runs, which rule text, the SRL compiler and the meter itself ask (RFC 2722
// §4.4). All are errors: rules that cannot be run, or cannot do what they are
// meant to. What depends on the way through the rules is only looked at when
// each rule by itself is right. Rules that nobody has written yet, none at all,
// have no error.
func Verify(rules []Rule) []Finding {
	c := &checker{rules: rules}
	c.verify()
	return slices.DeleteFunc(c.sorted(), func(f Finding) bool { return f.Severity != Error })
}

// Foresee returns what Verify does, or a warning of packets for which a match
// would pass a limit. To look for them takes some time.
func Foresee(rules []Rule) []Finding {
	c := &checker{rules: rules}
	if g := c.verify(); g != nil {
		c.warnOverflow(g)
	}
	return c.sorted()
}

// verify returns the rules' control flow, nil if it was not looked at.
func (c *checker) verify() *Graph {
	if len(c.rules) > MaxRules {
		c.add(Error, 0, FieldRule, "", "%d rules are more than %d", len(c.rules), MaxRules)
		return nil
	}
	for i := range c.rules {
		c.checkRule(i+1, &c.rules[i])
	}
	if !c.failed {
		c.checkDistributions()
	}
	if c.failed || len(c.rules) == 0 {
		return nil
	}
	g := graphOf(c.rules)
	if !g.Complete() {
		return nil
	}
	c.reportReturns(g)
	c.reportRecursion(g)
	c.reportLoops(g)
	c.reportEntries(g)
	if !c.failed {
		c.reportQueue(g)
	}
	return g
}

// checkRule checks what a rule says by itself.
func (c *checker) checkRule(n int, r *Rule) {
	if _, ok := mib.Info(r.Selector); !ok {
		c.add(Error, n, FieldSelector, "", "there is no attribute %d", r.Selector)
		return
	}
	if !r.Action.Valid() {
		c.add(Error, n, FieldAction, "", "there is no action %d", r.Action)
		return
	}
	if size := MaskSize(r.Selector); r.Mask.Last() > size {
		c.add(Error, n, FieldMask, "", "the mask is longer than the %d octets of %s", size, r.Selector)
	} else if r.Value.Last() > size {
		c.add(Error, n, FieldValue, "", "the value is longer than the %d octets of %s", size, r.Selector)
	}
	switch {
	case r.Action.Goes():
		if p := int(r.Parameter); p == 0 || p > len(c.rules)+1 {
			c.add(Error, n, FieldParameter, "", "%s goes to rule %d; there are %d rules", r.Action, p, len(c.rules))
		}
	case r.Action == mib.ActionReturn && r.Parameter == 0:
		c.add(Error, n, FieldParameter, "Return, 1 continues with the rule after the Gosub",
			"Return, 0 would execute the Gosub again")
	}
	switch {
	case r.Assigns():
		c.checkAssign(n, r)
	case r.Pushes():
		c.checkPush(n, r)
	case !r.Selector.Is(mib.UseTest):
		c.add(Error, n, FieldSelector, "", "%s cannot be tested", r.Selector)
	}
	if err := CheckValue(r.Selector, &r.Value, &r.Mask); err != nil {
		c.add(Error, n, FieldValue, "", "%v", err)
	}
}

func (c *checker) checkAssign(n int, r *Rule) {
	if !r.Selector.IsVariable() {
		c.add(Error, n, FieldSelector, "PushRuleTo sets Class and Kind attributes",
			"%s sets the variables V1 to V5 only, not %s", r.Action, r.Selector)
		return
	}
	a := mib.Attr(r.Value[0])
	if r.Value.Last() > 1 || a.IsVariable() || !a.Is(mib.UseTest) {
		c.add(Error, n, FieldValue, "the value is the name of an attribute, as in v1 & 0 = SourcePeerAddress",
			"%s gives %s something else than an attribute that rules can test", r.Action, r.Selector)
	}
}

func (c *checker) checkPush(n int, r *Rule) {
	if !r.Selector.Is(mib.UseSave) {
		c.add(Error, n, FieldSelector, "", "%s saves %s, which cannot be saved", r.Action, r.Selector)
		return
	}
	if r.Selector.IsDistribution() {
		c.checkDistribution(n, r)
	}
}

func (c *checker) checkDistribution(n int, r *Rule) {
	if r.Action != mib.ActionPushPktTo && r.Action != mib.ActionPushPktToAct && r.Action != mib.ActionCountPkt {
		c.add(Warning, n, FieldAction, "", "distributions are asked for by PushPktTo or PushPktToAct, not %s", r.Action)
	}
	if field, err := CheckDistribution(r.Selector, r.Mask, r.Value); err != nil {
		value, mask, _ := strings.Cut(ExampleOf(r.Selector), " & ")
		c.add(Error, n, field, fmt.Sprintf("as in %s & %s = %s", r.Selector, mask, value), "%v", err)
	}
}

// UnusedParameter says which parameter of distribution a is there for nothing, with a hint;
// "" if none is.
func UnusedParameter(a mib.Attr, mask, value Octets) (warning, hint string) {
	spec := dist.SpecOf([6]byte(mask[:]), [6]byte(value[:]))
	usesFirst := a.IsRate() || a.IsTurnaround()
	for i, p := range []uint16{uint16(spec.Parameter1), spec.Parameter2, spec.Parameter3} {
		if p == 0 || i == 0 && usesFirst {
			continue
		}
		if usesFirst {
			hint = "parameter 1 is the second octet: " + ExampleOf(a)
		}
		return fmt.Sprintf("parameter %d of %s is %d, and nothing uses it", i+1, a, p), hint
	}
	return "", ""
}

// checkParameters warns of parameters of distributions that nothing uses.
func (c *checker) checkParameters() {
	for i := range c.rules {
		r := &c.rules[i]
		if !r.Selector.IsDistribution() || !r.Pushes() {
			continue
		}
		if warning, hint := UnusedParameter(r.Selector, r.Mask, r.Value); warning != "" {
			c.add(Warning, i+1, FieldValue, hint, "%s", warning)
		}
	}
}

// ExampleOf is a value and a mask that distribution a may be saved with, as SRL has them,
// for hints.
func ExampleOf(a mib.Attr) string {
	switch {
	case a.IsRate():
		return "48.10.0!0 & 1.6.1!24"
	case a.IsTurnaround():
		return "100.6.0!0 & 1.3.1!700"
	case a == mib.AttrToPacketSize || a == mib.AttrFromPacketSize:
		return "60.0.0!0 & 1.0.25!1500"
	}
	return "50.0.0!0 & 2.4.1!12000"
}

// CheckDistribution checks the six octets of mask and value that describe
// distribution a (RFC 2724 §3.2): transform, scale, lower and upper limit;
// number of buckets and parameters. With an error, field is the part that is
// wrong.
func CheckDistribution(a mib.Attr, mask, value Octets) (field Field, err error) {
	spec := dist.SpecOf([6]byte(mask[:]), [6]byte(value[:]))
	err = spec.Check(a)
	switch {
	case errors.Is(err, dist.ErrBuckets):
		return FieldValue, err
	case err != nil:
		return FieldMask, err
	}
	switch p := spec.Parameter1; {
	case a.IsRate() && p == 0:
		return FieldValue, fmt.Errorf("parameter 1 of %s, the seconds between two samples, is 0", a)
	case a.IsTurnaround() && !mib.Pairing(p).Known():
		return FieldValue, fmt.Errorf("parameter 1 of %s is %d, which pairs no packets: %s", a, p, mib.PairingNames())
	}
	return FieldRule, nil
}

// checkDistributions: a match tells in 64 bits which distributions it saved.
func (c *checker) checkDistributions() {
	type spec struct {
		attr        mib.Attr
		mask, value Octets
	}
	seen := make(map[spec]bool)
	for i := range c.rules {
		r := &c.rules[i]
		if !r.Selector.IsDistribution() {
			continue
		}
		if seen[spec{r.Selector, r.Mask, r.Value}] = true; len(seen) > MaxDistributions {
			c.add(Error, i+1, FieldRule, "", "a rule set may save at most %d different distributions", MaxDistributions)
			return
		}
	}
}
