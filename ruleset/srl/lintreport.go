package srl

import (
	"fmt"
	"slices"
	"strings"

	"netramet/mib"
	"netramet/ruleset"
)

// report says what the ways through the program have not reached or made
// true.
func (l *linter) report() {
	told := l.c.warnings
	l.stmts(l.prog.main.body)
	for _, s := range l.prog.subs {
		if s.callers == 0 {
			l.c.warnf(s.at, "", "subroutine %s is never called", s.name)
			continue
		}
		if l.falls[s] {
			l.c.warnf(s.end, "write RETURN", "subroutine %s ends without a RETURN", s.name)
		}
		l.stmts(s.body)
	}
	if !l.count && (!l.counts || l.c.warnings == told) { // else those warnings say why
		l.c.warnf(place{}, "flows are made by COUNT", "the program has no COUNT that can be reached: it counts nothing")
	}
	if l.what != "" {
		more := ""
		if l.more > 0 {
			more = fmt.Sprintf(" (and %d more)", l.more)
		}
		l.c.warnf(l.address, "IPv4 and IPv6 addresses can begin alike: test SourcePeerType first",
			"%s is reached without a test of PeerType%s", l.what, more)
	}
}

// stmts reports about a list of statements.
func (l *linter) stmts(list []*stmt) {
	for i, s := range list {
		if l.reached[s] {
			l.stmt(s)
			continue
		}
		if s.kind == stmtEmpty {
			continue
		}
		// What is never reached because of what tests have told may be written
		// for safety's sake, if it does no more than give up.
		if i == 0 || !l.reached[list[i-1]] || l.open[s] && givesUp(s) {
			return
		}
		l.c.warnf(s.at, "", "this statement can never be reached")
		return
	}
}

// givesUp reports whether s only ends the program or leaves something.
func givesUp(s *stmt) bool {
	switch s.kind {
	case stmtIgnore, stmtNoMatch, stmtReturn, stmtExit, stmtEmpty:
		return true
	case stmtBlock:
		for _, k := range s.body {
			if !givesUp(k) {
				return false
			}
		}
		return true
	}
	return false
}

func (l *linter) stmt(s *stmt) {
	switch s.kind {
	case stmtIf:
		l.ifStmt(s)
	case stmtBlock:
		l.stmts(s.body)
	case stmtSave:
		l.neverPaired(s)
	case stmtCall:
		for _, k := range s.cases {
			if !l.open[k] && k.kind != stmtEmpty {
				l.c.warnf(k.at, "", "this statement can never be reached")
			}
			l.stmts([]*stmt{k})
		}
	}
}

func (l *linter) ifStmt(s *stmt) {
	for i, a := range s.arms {
		if i > 0 && !l.made(a.test) {
			if a.then == nil || !givesUp(a.then) {
				l.c.warnf(a.at, "", "this test can never be reached: those before it take every packet")
			}
			return
		}
		l.expr(a.test)
		if a.then != nil {
			l.stmts([]*stmt{a.then})
		}
	}
	if last := s.arms[len(s.arms)-1]; !last.save && last.then.kind == stmtEmpty && len(s.body) == 0 {
		l.c.warnf(last.then.at, "", "this IF does nothing when its condition holds")
	}
	if len(s.body) > 0 && !l.reached[s.body[0]] && !givesUp(s.body[0]) {
		l.c.warnf(s.body[0].at, "", "this statement can never be reached: the tests before it take every packet")
	}
	l.stmts(s.body)
}

// made reports whether the first test of x is made on some way.
func (l *linter) made(x *expr) bool {
	for x.kind != exprTest {
		x = x.kids[0]
	}
	return l.tests[x] != nil
}

// expr reports the tests in a condition that cannot succeed.
func (l *linter) expr(x *expr) {
	for _, k := range x.kids {
		l.expr(k)
	}
	v := l.tests[x]
	if v == nil || x.kind != exprTest {
		return
	}
	var never []int
	for i, holds := range v.holds {
		if !holds {
			never = append(never, i)
		}
	}
	switch {
	case len(never) == 0:
	case len(never) == len(v.holds):
		l.neverTrue(v)
		return
	default:
		l.someNever(v, never)
	}
	l.nested(v)
}

// neverTrue reports a test that no way lets succeed.
func (l *linter) neverTrue(v *outcome) {
	r := v.reasons[0]
	for _, o := range v.reasons { // the plainest one
		if o.why == whyFamily {
			r = o
		}
	}
	switch r.why {
	case whyKnown:
		l.c.warnf(v.x.at, "&& asks for both, || for one of them; a list stands in parentheses: == (1, 2)",
			"this test can never succeed after the one %s: %s has one value", l.c.whereabouts(r.at, v.x.at), v.attr)
	case whyTaken:
		l.c.warnf(v.x.at, "", "this test can never succeed: the one %s takes every packet that it would take", l.c.whereabouts(r.at, v.x.at))
	case whyVariable:
		l.c.warnf(v.x.at, "STORE sets it", "this test can never succeed: %s is %d here", v.attr, r.has)
	case whyFamily:
		l.foreign(v, 0, r, 0)
	}
}

// someNever reports operands of a list that cannot fit. A list that a DEFINE
// names may serve in several places, so its entries need not fit all of them.
// The same holds for values that an earlier test has let through only in part.
func (l *linter) someNever(v *outcome, never []int) {
	told := 0
	for n, i := range never {
		op, r := &v.x.ops[i], v.reasons[i]
		if op.at.macro > 0 || r.why == whyKnown || r.why == whyVariable {
			continue
		}
		if told++; told > 1 {
			continue
		}
		if r.why == whyFamily {
			l.foreign(v, i, r, len(never)-n-1)
			continue
		}
		l.c.warnf(op.at, "", "%s can never fit: the test %s takes every packet that it would take%s",
			op, l.c.whereabouts(r.at, v.x.at), andMore(len(never)-n-1))
	}
}

// foreign reports an address of the family that does not get here.
func (l *linter) foreign(v *outcome, i int, r reason, more int) {
	op := &v.x.ops[i]
	what, gets := "is an IPv6 address", "IPv4"
	switch op.family() {
	case mib.PeerIPv4:
		what, gets = "is an IPv4 address", "IPv6"
	case 0:
		what = "is longer than the four octets of an IPv4 address"
	}
	l.c.warnf(op.at, "", "%s %s, but only %s gets here, by the test %s%s",
		op, what, gets, l.c.whereabouts(r.at, v.x.at), andMore(more))
}

func andMore(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more of this list)", n)
}

// nested reports entries of a list that lie inside an earlier one.
func (l *linter) nested(v *outcome) {
	ops := l.patterns(v.x, v.attr)
	if len(ops) < 2 {
		return
	}
	first, by, more := -1, 0, 0
	seen, masks := make(map[pattern]int), []ruleset.Octets(nil)
	for i, p := range ops {
		if j, ok := insideEarlier(p, seen, masks); ok {
			if more++; first < 0 {
				first, by = i, j
			}
			continue
		}
		seen[p] = i
		if len(masks) < maxMasks && !slices.Contains(masks, p.mask) {
			masks = append(masks, p.mask)
		}
	}
	if first < 0 {
		return
	}
	a, b := &v.x.ops[first], &v.x.ops[by]
	if ops[first] == ops[by] {
		l.c.warnf(a.at, "", "%s stands in this list already%s", a, andMore(more-1))
		return
	}
	l.c.warnf(a.at, "the first entry that fits wins: put the smaller one first, or leave it out",
		"%s lies inside %s, which stands before it in this list: it is never looked at%s", a, b, andMore(more-1))
}

// insideEarlier finds the entry among those seen that all that fits p fits.
func insideEarlier(p pattern, seen map[pattern]int, masks []ruleset.Octets) (int, bool) {
	for i := range masks {
		if m := &masks[i]; !m.Outside(&p.mask) {
			if j, ok := seen[p.part(m)]; ok {
				return j, true
			}
		}
	}
	return 0, false
}

// family is the address family that the operand is written in, 0 if either
// may be meant.
func (op *operand) family() mib.PeerType {
	switch dots := strings.Count(op.text, "."); {
	case op.value.Octets.IsZero():
	case strings.Contains(op.text, ":"):
		return mib.PeerIPv6
	case dots > 0 && dots < mib.PeerIPv4.AddressSize() && !strings.ContainsAny(op.text, "-!"):
		return mib.PeerIPv4
	}
	return 0
}

// String is the operand as it is written.
func (op *operand) String() string {
	if op.kind == widthMask {
		return fmt.Sprintf("%s/%d", op.text, op.width)
	}
	return op.text
}

// whereabouts says where what is at at stands, in a message about place from.
func (c *compiler) whereabouts(at, from place) string {
	f := c.files[at.file]
	line := f.Line(int(at.offset) - 1)
	if at.file == from.file && line == f.Line(int(from.offset)-1) {
		if at.offset > from.offset {
			return "further on"
		}
		return "before it"
	}
	if at.file != from.file {
		return fmt.Sprintf("in line %d of %s", line, f.Name)
	}
	return fmt.Sprintf("in line %d", line)
}
