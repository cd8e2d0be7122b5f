package control

import (
	"fmt"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
)

// Run stages a new rule set and a task that runs it: what a command does with the
// rule sets that it is given. Both rows have the rule set's number, and no Owner.
// The rules belong to the meter from then on. The error is a *RowError.
func (c *Change) Run(rs *ruleset.RuleSet) error {
	number := uint32(rs.Number)
	r, why := c.RuleSet(number, mib.RowCreateAndGo)
	if r.old != mib.RowNone {
		return r.refuse(RuleSetTable, InconsistentValue, fmt.Errorf("there is a rule set %d already", rs.Number))
	}
	if why == Granted {
		why = r.SetRules(rs.Rules)
	}
	if why == Granted {
		why = r.SetName(rs.Name)
	}
	if why != Granted {
		return r.refuse(RuleSetTable, why, fmt.Errorf("rule set number %d of %d rules cannot be held", rs.Number, len(rs.Rules)))
	}
	return c.runTask(number)
}

// runTask stages the task of a rule set's number that runs it.
func (c *Change) runTask(number uint32) error {
	t, why := c.Task(number, mib.RowCreateAndGo)
	if why == Granted {
		why = t.SetCurrent(int64(number))
	}
	if why != Granted {
		return t.refuse(TaskTable, why, fmt.Errorf("rule set %d cannot be run", number))
	}
	return nil
}

// Read stages a reader of a rule set, in the row of its number, that keeps a mark
// of what it has collected: Collected sets it. The error is a *RowError.
func (c *Change) Read(ruleSet int) error {
	r, why := c.Reader(uint32(ruleSet), mib.RowCreateAndGo)
	if why == Granted {
		why = r.SetRuleSet(int64(ruleSet))
	}
	if why != Granted {
		return r.refuse(ReaderTable, why, fmt.Errorf("rule set %d cannot be read", ruleSet))
	}
	return nil
}

// Collected stages that the reader that Read has made has every change before an
// uptime. The error is a *RowError.
func (c *Change) Collected(ruleSet int, before meter.Uptime) error {
	r, why := c.Reader(uint32(ruleSet), mib.RowNone)
	if why == Granted {
		why = r.SetMark(uint64(before))
	}
	if why != Granted {
		return r.refuse(ReaderTable, why, fmt.Errorf("rule set %d is not read, or not up to %d", ruleSet, before))
	}
	return nil
}
