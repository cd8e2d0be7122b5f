package pme

import (
	"errors"
	"fmt"
	"strings"

	"netramet/ruleset"
)

// RuleError is what Load says of one rule. It prints the rule too.
type RuleError struct {
	Number int // from 1
	Rule   ruleset.Rule
	Reason string
}

func (e *RuleError) Error() string {
	rule := strings.TrimSuffix(e.Rule.String(), ";")
	return fmt.Sprintf("rule %d: %s: %s", e.Number, rule, e.Reason)
}

// verify gives the judgement of ruleset.Verify as an error. A set to run also
// has rules, and a number that fits into a key.
func verify(rs *ruleset.RuleSet) error {
	switch n := len(rs.Rules); {
	case n == 0:
		return errors.New("pme: the rule set has no rules")
	case rs.Number < 0 || rs.Number > ruleset.MaxNumber:
		return fmt.Errorf("pme: rule set number %d is not in 0..%d", rs.Number, ruleset.MaxNumber)
	}
	var errs []error
	more := 0
	for _, f := range ruleset.Verify(rs.Rules) {
		switch {
		case len(errs) == ruleset.MaxDiags:
			more++
		case f.Rule == 0:
			errs = append(errs, errors.New(f.Message))
		default:
			errs = append(errs, &RuleError{f.Rule, rs.Rules[f.Rule-1], f.Message})
		}
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("... and %d more faults", more))
	}
	if errs == nil {
		return nil
	}
	return fmt.Errorf("pme: %w", errors.Join(errs...))
}
