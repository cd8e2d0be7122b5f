package snmpflows

import (
	"context"
	"fmt"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
)

// row is the index of a task's reader row.
func (f *Flows) row(t reader.Task) uint32 { return uint32(f.rows[t.RuleSet]) }

// owns reports whether a row that has this Owner is ours.
func (f *Flows) owns(owner client.Value) bool {
	return !owner.Missing && (f.cfg.Owner == "" || owner.Text() == f.cfg.Owner)
}

// means reports whether a rule set that has this Owner is the one to be read.
func (f *Flows) means(ruleSet int, owner client.Value) bool {
	want, known := f.cfg.SetOwners[ruleSet]
	return !owner.Missing && (!known || owner.Text() == want)
}

// look reads the LastTime of the rows of the tasks, in 64 bits if the meter
// tells them, and more variables with them. It sees that the rows are ours, and
// the rule sets those that we mean: on a meter that was started again, their
// numbers may be those of another manager, who came before us.
func (f *Flows) look(ctx context.Context, more ...client.Name) (times []uint64, v []client.Value, err error) {
	const each = 5
	var names []client.Name
	for _, t := range f.tasks {
		row := f.row(t)
		names = append(names, remotemeter.ReaderOwner(int(row)), client.Inst(mib.ObjFlowRuleInfoOwner, uint32(t.RuleSet)),
			client.Inst(mib.ObjFlowReaderLastTime, row), client.Inst(mib.ObjNtmReaderTime, row), client.Inst(mib.ObjNtmReaderLastTime, row))
	}
	v, err = f.m.Get(ctx, append(names, more...)...)
	if err != nil {
		return nil, nil, err
	}
	f.wide = f.cfg.Marks
	for i, t := range f.tasks {
		owner, set, last, mark, wideLast := v[each*i], v[each*i+1], v[each*i+2], v[each*i+3], v[each*i+4]
		if !f.owns(owner) || !f.means(t.RuleSet, set) || last.Missing {
			return nil, nil, fmt.Errorf("%w (row %d, rule set %d)", remotemeter.ErrNoRow, f.row(t), t.RuleSet)
		}
		if m := mark.Unsigned64(); f.cfg.Marks && m != f.told && m != f.mark {
			return nil, nil, fmt.Errorf("%w (row %d)", ErrTaken, f.row(t))
		}
		if f.wide = f.wide && !wideLast.Missing; f.wide {
			last.Num = wideLast.Unsigned64()
		}
		times = append(times, last.Num)
	}
	return times, v[each*len(f.tasks):], nil
}
