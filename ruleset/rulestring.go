package ruleset

import "fmt"

// String is the rule as one line of the low-level language, its parameter as
// a number.
func (r Rule) String() string {
	return fmt.Sprintf("%v & %s = %s: %v, %d;", r.Selector, r.maskText(), r.valueText(), r.Action, r.Parameter)
}
