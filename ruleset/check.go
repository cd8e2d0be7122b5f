package ruleset

import (
	"fmt"
	"slices"

	"netramet/mib"
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

// Check looks for mistakes. Errors are rules that a meter would refuse or
// that cannot do what they are meant to (RFC 2722 §4.4); warnings are rules
// that are most likely not meant so. What depends on the way through the
// rules is only looked at when each rule by itself is right.
func (rs *RuleSet) Check() []Finding {
	c := &checker{rules: rs.Rules}
	if len(rs.Rules) > MaxRules {
		c.add(Error, 0, FieldRule, "", "%d rules are more than %d", len(rs.Rules), MaxRules)
		return c.found
	}
	for i := range rs.Rules {
		c.checkRule(i+1, &rs.Rules[i])
	}
	c.checkVariables()
	if !c.failed {
		c.checkFlow()
	}
	slices.SortStableFunc(c.found, func(a, b Finding) int { return a.Rule - b.Rule })
	return c.found
}

// checker collects findings.
type checker struct {
	rules  []Rule
	found  []Finding
	failed bool      // an error was found
	set    [256]bool // variables that a rule assigns to
}

func (c *checker) add(sev Severity, rule int, field Field, hint, format string, args ...any) {
	if sev == Error {
		c.failed = true
	}
	if len(c.found) < maxMessages || sev == Error && len(c.found) < 2*maxMessages {
		c.found = append(c.found, Finding{sev, rule, field, fmt.Sprintf(format, args...), hint})
	}
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
		if p := int(r.Parameter); p == 0 || p > len(c.rules) {
			c.add(Error, n, FieldParameter, "", "%s goes to rule %d; there are %d rules", r.Action, p, len(c.rules))
		}
	case r.Action == mib.ActionReturn && r.Parameter == 0:
		c.add(Error, n, FieldParameter, "Return, 1 continues with the rule after the Gosub",
			"Return, 0 would execute the Gosub again")
	}
	switch {
	case r.assigns():
		c.checkAssign(n, r)
	case r.pushes():
		c.checkPush(n, r)
	case !r.Selector.Is(mib.UseTest):
		c.add(Error, n, FieldSelector, "", "%s cannot be tested", r.Selector)
	}
}

// pushes reports whether r puts a value in the flow's key or description.
func (r *Rule) pushes() bool {
	switch r.Action {
	case mib.ActionCount, mib.ActionCountPkt,
		mib.ActionPushRuleTo, mib.ActionPushRuleToAct, mib.ActionPushPktTo, mib.ActionPushPktToAct:
		return r.Selector != mib.AttrNull
	}
	return false
}

// assigns reports whether r sets a meter variable.
func (r *Rule) assigns() bool {
	return r.Action == mib.ActionAssign || r.Action == mib.ActionAssignAct
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
		c.add(Error, n, field, "as in FromPacketSize & 1.0.25!1500 = 60.0!0", "%v", err)
	}
}

// CheckDistribution checks the six octets of mask and value that describe
// distribution a (RFC 2724 §3.2): transform, scale, lower and upper limit;
// number of buckets and parameters. With an error, field is the part that is
// wrong.
func CheckDistribution(a mib.Attr, mask, value Octets) (field Field, err error) {
	lower := int(mask[2])<<8 | int(mask[3])
	upper := int(mask[4])<<8 | int(mask[5])
	switch transform := mask[0]; {
	case transform != 1 && transform != 2:
		return FieldMask, fmt.Errorf("transform %d of %s is neither 1 (linear) nor 2 (logarithmic)", transform, a)
	case upper <= lower:
		return FieldMask, fmt.Errorf("the limits %d and %d of %s are not in order", lower, upper, a)
	case transform == 2 && lower == 0:
		return FieldMask, fmt.Errorf("the lower limit of the logarithmic %s is 0", a)
	case mask[1] > maxScale:
		return FieldMask, fmt.Errorf("the scale factor %d of %s is larger than %d", mask[1], a, maxScale)
	case value[0] < 2:
		return FieldValue, fmt.Errorf("%s has %d buckets, it needs two", a, value[0])
	}
	return FieldRule, nil
}

// maxScale keeps 65535 * 10^scale within 63 bits.
const maxScale = 14

// checkVariables warns of variables that are used but never set: they stay
// Null, whose test always succeeds.
func (c *checker) checkVariables() {
	for i := range c.rules {
		if c.rules[i].assigns() {
			c.set[c.rules[i].Selector] = true
		}
	}
	var told [256]bool
	for i := range c.rules {
		a := c.rules[i].Selector
		if a.IsVariable() && !c.set[a] && !told[a] {
			told[a] = true
			c.add(Warning, i+1, FieldSelector, "", "%s is used, but no rule sets it; it stands for Null", a)
		}
	}
}
