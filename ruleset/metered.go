package ruleset

import (
	"errors"
	"fmt"
	"strconv"
)

// Limits of all rule sets of one meter together.
const (
	// MaxRuleSets is how many there may be: numbers 2 to MaxNumber.
	MaxRuleSets = MaxNumber - 1
	// MaxAllRules bounds the memory that managers can make a meter take.
	MaxAllRules = 2_000_000
)

// Metered reports why this project's meter would not run a rule set that has no
// error (Verify): other meters may. nil if it would.
func (rs *RuleSet) Metered() error {
	if len(rs.Rules) == 0 {
		return errors.New("the rule set has no rules")
	}
	return nil
}

// MeteredTogether reports why this project's meter would not hold so many rule
// sets at once.
func MeteredTogether(sets []*RuleSet) error {
	rules := 0
	for _, rs := range sets {
		rules += len(rs.Rules)
	}
	switch {
	case len(sets) > MaxRuleSets:
		return fmt.Errorf("%d rule sets are more than the %d that a meter holds", len(sets), MaxRuleSets)
	case rules > MaxAllRules:
		return fmt.Errorf("%d rules of all rule sets are more than the %d that a meter holds", rules, MaxAllRules)
	}
	return nil
}

// InsistsOnNumber reports whether the file says SET and a number, and nothing
// else: that is its name too. Beside a name, a number only says which one it
// would like.
func (rs *RuleSet) InsistsOnNumber() bool {
	return rs.Number != 0 && rs.Name == strconv.Itoa(rs.Number)
}
