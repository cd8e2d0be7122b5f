package srl

import (
	"maps"

	"netramet/mib"
	"netramet/ruleset"
)

// twice warns of SAVEs of a distribution that was saved before on every way there, with
// other parameters: a flow keeps one distribution of each attribute, the first one that
// it is given. It looks only at what stands before it in the same list of statements, or
// in one around that: nothing skips those.
func (c *compiler) twice(list []*stmt, before map[mib.Attr]*stmt) {
	before = maps.Clone(before)
	for _, s := range list {
		switch s.kind {
		case stmtSave:
			c.savedTwice(s, before)
		case stmtIf:
			for _, a := range s.arms {
				if a.then != nil {
					c.twice([]*stmt{a.then}, before)
				}
			}
			c.twice(s.body, before)
		case stmtBlock:
			c.twice(s.body, before)
		case stmtCall:
			for _, k := range s.cases {
				c.twice([]*stmt{k}, before)
			}
		}
	}
}

// savedTwice looks at a SAVE, and adds it to those before what follows.
func (c *compiler) savedTwice(s *stmt, before map[mib.Attr]*stmt) {
	a := s.ref.attr
	if s.ref.param >= 0 || !a.IsDistribution() {
		return
	}
	first := before[a]
	if first == nil {
		before[a] = s
		return
	}
	value, mask, _, _ := s.op.place(a)
	value1, mask1, _, _ := first.op.place(a)
	if value == value1 && mask == mask1 {
		return
	}
	c.warnf(s.at, ruleset.FirstCounts(a), "saving %s here has no effect: it is saved %s with other parameters", a, c.whereabouts(first.at, s.at))
}
