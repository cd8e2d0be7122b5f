package amounts

import (
	"slices"
	"strings"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/ruleset"
)

// InPlace returns an output before a flow data file, which gets amounts in the place of
// counters. Behind what FORMAT asks for it gets FlowIndex and FirstTime, if FORMAT has them
// not: nobody else could go on from the file after a restart.
func InPlace(file reader.Output) *Output { return &Output{to: file, place: &inPlace{}} }

// inPlace makes records of amounts.
type inPlace struct {
	tasks []named
	rec   []reader.Value
}

// named is how a task is handed on.
type named struct {
	asked, format *ruleset.Format
	more          []mib.Attr // of format, behind those of asked
}

// begin makes an interval and tasks those of a file of amounts.
func (p *inPlace) begin(iv reader.Interval, tasks []reader.Task, overlaps bool) (reader.Interval, []reader.Task) {
	if overlaps {
		iv.Notes = append(slices.Clip(iv.Notes), flowfile.NoteOverlap)
	}
	old := p.tasks
	p.tasks = nil
	tasks = slices.Clone(tasks)
	for i := range tasks {
		t := &tasks[i]
		n := named{asked: t.Shown()}
		if i < len(old) && old[i].asked == n.asked { // outputs know a format again
			n = old[i]
		} else {
			n.name()
		}
		p.tasks = append(p.tasks, n)
		t.Format, t.Asked = n.format, nil
	}
	return iv, tasks
}

// name makes the format that says which flow is which.
func (n *named) name() {
	f := &ruleset.Format{Attrs: slices.Clone(n.asked.Attrs), Seps: slices.Clone(n.asked.Seps)}
	for _, a := range []mib.Attr{mib.AttrFlowIndex, mib.AttrFirstTime} {
		if slices.Contains(f.Attrs, a) {
			continue
		}
		tail := &f.Seps[len(f.Seps)-1]
		if f.Attrs[len(f.Attrs)-1].IsDistribution() && strings.TrimSpace(*tail) == "" {
			*tail += " /" // numbers do not end at a blank
		}
		*tail += " "
		f.Attrs, f.Seps, n.more = append(f.Attrs, a), append(f.Seps, ""), append(n.more, a)
	}
	n.format = f
}

// values are those of a record of task number i, with amounts. They are valid until the
// next call.
func (p *inPlace) values(rec *reader.Record, i int, places []place, amounts *Counts) []reader.Value {
	n := &p.tasks[i]
	asked := len(n.asked.Attrs)
	p.rec = append(p.rec[:0], rec.Values[:asked]...)
	for _, c := range places {
		if c.value < asked {
			p.rec[c.value].Num = amounts[c.counter]
		}
	}
	for _, a := range n.more {
		v := reader.Value{Num: rec.FirstTime}
		if a == mib.AttrFlowIndex {
			v.Num = uint64(rec.Index)
		}
		p.rec = append(p.rec, v)
	}
	return p.rec
}
