package main

import (
	"fmt"
	"io"

	"netramet/meter/pme"
	"netramet/mib"
	"netramet/ruleset"
)

// stepPrinter prints the rules that were run for a packet, under the lines of
// the program that they were compiled from. Failed tests take one line each,
// and long rows of them two.
type stepPrinter struct {
	w    io.Writer
	rs   *ruleset.RuleSet
	line string // of the program, printed last

	// A row of failed tests of one attribute, those that follow the first one.
	attr mib.Attr
	rest []string
	last int // rule
}

// maxShown is how many failed tests in a row are shown before they are folded.
const maxShown = 5

// step prints one rule.
func (e *stepPrinter) step(s *pme.Step) {
	rule := e.rs.Rules[s.Rule-1].String()
	// A test of Null, and Assign's, always succeeds and is not worth a word.
	tested := s.Tested && s.Attr != mib.AttrNull && s.Op != mib.ActionAssign && s.Op != mib.ActionAssignAct
	if tested && !s.Succeeded {
		e.failed(s, rule)
		return
	}
	e.flush()
	e.origin(s.Rule)
	fmt.Fprintf(e.w, "    %5d  %s\n", s.Rule, rule)
	say := func(format string, args ...any) {
		fmt.Fprintf(e.w, "           | "+format+"\n", args...)
	}
	if tested {
		say("yes: %v is %s", s.Attr, octetsText(s.Attr, s.Got[:s.Size]))
	}
	if s.Popped != nil {
		say("drops %v = %s", s.Popped.Attr, octetsText(s.Popped.Attr, s.Popped.Value))
	}
	if s.Pushed != nil {
		say("saves %v = %s", s.Pushed.Attr, octetsText(s.Pushed.Attr, s.Pushed.Value))
	}
	if s.Note != "" {
		say("%s", s.Note)
	}
	if s.Next > 0 && !s.Testing {
		say("rule %d's test is skipped", s.Next)
	}
}

// failed prints or folds a failed test: of a row on one attribute and, where
// that is known, of one line of the program, the first and the last are shown.
func (e *stepPrinter) failed(s *pme.Step, rule string) {
	text := fmt.Sprintf("    %5d  %s  [no: %s]", s.Rule, rule, octetsText(s.Attr, s.Got[:s.Size]))
	if s.Attr == e.attr && e.last == s.Rule-1 && e.originOf(s.Rule) == e.originOf(e.last) {
		e.rest, e.last = append(e.rest, text), s.Rule
		return
	}
	e.flush()
	e.origin(s.Rule)
	fmt.Fprintln(e.w, text)
	e.attr, e.last = s.Attr, s.Rule
}

// flush ends a row of failed tests.
func (e *stepPrinter) flush() {
	if n := len(e.rest); n >= maxShown {
		fmt.Fprintf(e.w, "           ... %d more tests of %v fail\n", n-1, e.attr)
		e.rest = e.rest[n-1:]
	}
	for _, text := range e.rest {
		fmt.Fprintln(e.w, text)
	}
	e.attr, e.rest, e.last = mib.AttrNull, nil, 0
}

// originOf is the program's line that a rule was compiled from, "" if there is
// none.
func (e *stepPrinter) originOf(rule int) string {
	if rule < 1 || rule > len(e.rs.Origins) {
		return ""
	}
	return e.rs.Origins[rule-1].String()
}

// origin prints that line where it is another one than before.
func (e *stepPrinter) origin(rule int) {
	if line := e.originOf(rule); line != "" && line != e.line {
		e.line = line
		fmt.Fprintf(e.w, "    %s  %s\n", line, e.rs.Origins[rule-1].SourceLine())
	}
}
