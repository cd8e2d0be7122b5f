package top

import (
	"slices"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/table"
	"netramet/ruleset"
)

// Asked are the formats of tasks, by rule set, before Widen added to them.
type Asked map[int]*ruleset.Format

// Widen returns tasks that read what a table by key needs, beside what they read
// already, which asked gets. What is added stands behind all else, so that Narrow can
// take it away.
func (asked Asked) Widen(tasks []reader.Task, key table.Key) []reader.Task {
	need := []mib.Attr{mib.AttrToOctets, mib.AttrFromOctets, mib.AttrToPDUs, mib.AttrFromPDUs, mib.AttrLastActiveTime}
	if key.By == table.ByAttribute {
		need = append(need, key.Attr)
	}
	wide := slices.Clone(tasks)
	for i := range wide {
		f := wide[i].Format
		if f == nil {
			f = ruleset.DefaultFormat()
		}
		asked[wide[i].RuleSet] = f
		w := &ruleset.Format{Attrs: slices.Clone(f.Attrs), Seps: slices.Clone(f.Seps)}
		for _, a := range need {
			if !slices.Contains(w.Attrs, a) {
				w.Attrs = append(w.Attrs, a)
				w.Seps[len(w.Seps)-1] += " "
				w.Seps = append(w.Seps, "")
			}
		}
		if len(w.Attrs) > len(f.Attrs) {
			wide[i].Format = w
		}
	}
	return wide
}

// Narrow is an output that gives another one what tasks asked for before Widen.
type Narrow struct {
	reader.Output
	Asked Asked
	rec   reader.Record
}

// Begin starts a collection. See reader.Output.
func (n *Narrow) Begin(iv reader.Interval, tasks []reader.Task) error {
	tasks = slices.Clone(tasks)
	for i := range tasks {
		if f := n.Asked[tasks[i].RuleSet]; f != nil {
			tasks[i].Format = f
		}
	}
	return n.Output.Begin(iv, tasks)
}

// Record takes one flow. See reader.Output.
func (n *Narrow) Record(rec *reader.Record) error {
	f := n.Asked[rec.RuleSet]
	if f == nil || len(f.Attrs) == len(rec.Values) {
		return n.Output.Record(rec)
	}
	n.rec = *rec // which Output does not keep
	n.rec.Values = rec.Values[:len(f.Attrs)]
	if len(rec.Amounts) > len(f.Attrs) {
		n.rec.Amounts = rec.Amounts[:len(f.Attrs)]
	}
	return n.Output.Record(&n.rec)
}
