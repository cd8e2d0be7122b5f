// Package srl compiles the Simple Ruleset Language (RFC 2723), with the
// statements NeTraMet adds to it, to rule sets.
//
// It owns the language: lexer and macros (scan.go, macro.go), grammar
// (grammar.go), names and types (resolve.go), code (emit.go) and the
// optimiser (optimise.go, order.go). It opens no file: includes come through
// Options.Open. It runs nothing. The commands call it, through Read, for every
// rule file; messages carry a place in the source and a hint where the mistake
// is a known one.
package srl

import (
	"cmp"
	"fmt"
	"slices"

	"netramet/ruleset"
)

// Limits of a program. What is over one is an error, never a crash.
const (
	MaxSource     = ruleset.MaxSource // octets of one file
	MaxDepth      = ruleset.MaxDepth
	MaxIncludes   = ruleset.MaxIncludes
	MaxName       = 255      // octets of a name
	MaxMacros     = 20       // macros inside each other
	MaxExpansion  = 64 << 20 // octets of macro and include text scanned in all
	MaxTokens     = 2 << 20  // tokens after expansion
	MaxStatements = 1 << 18  // statements: each is a rule or more before it is optimised
	MaxNesting    = 400      // blocks, parentheses, calls and IFs inside each other
	MaxCalls      = 16       // subroutines inside each other
	MaxParams     = 64       // parameters of a subroutine
	MaxVersions   = 4096     // versions of subroutines, one for each kind of arguments
)

// maxDiags bounds the errors kept, and the warnings; ruleset.MaxDiags of them
// are shown. Warnings never take an error's place: a program with errors that
// nobody told of would pass for a right one.
const maxDiags = 100

// defaultOptimise is the level where neither caller nor program names one.
const defaultOptimise = 2

// Options are the caller's choices.
type Options struct {
	// Open returns the contents of an included file, whose name is as the
	// program writes it. "standard.srl" never gets here, it is embedded.
	// nil: there are no other files.
	Open func(name string) ([]byte, error)

	// Path is how messages name such a file; nil: as the program writes it.
	Path func(name string) string

	// Optimise is the level of optimisation: 0 none, 1 jumps are threaded
	// and needless rules dropped, 2 also operands are put in an order that
	// forms the meter's hash groups; -1 what the program's "optimise n;"
	// says, else 2.
	Optimise int
}

// Compile translates an SRL program. file is the name used in messages.
// The diagnostics are in order of place and hold warnings too; the error is
// their Err. The rule set is nil iff there is an error.
func Compile(file string, src []byte, opt Options) (*ruleset.RuleSet, ruleset.Diags, error) {
	c := &compiler{open: opt.Open, path: opt.Path}
	rs := c.compile(file, src, opt.Optimise)
	diags := c.diags()
	if err := diags.Err(); err != nil {
		return nil, diags, err
	}
	return rs, diags, nil
}

// diags are the messages in order of place.
func (c *compiler) diags() ruleset.Diags {
	slices.SortStableFunc(c.found, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.at.file, b.at.file), cmp.Compare(a.at.offset, b.at.offset))
	})
	diags := make(ruleset.Diags, len(c.found))
	for i, f := range c.found {
		diags[i] = f.diag
	}
	return diags
}

// compiler is the state of one compilation.
type compiler struct {
	open     func(string) ([]byte, error)
	path     func(string) string // nil: names as they are written
	files    []*source
	macros   []*macro // every macro ever defined; place.macro counts from 1 here
	toks     []token
	found    []found
	alone    bool // a condition or a list of attributes is read, not a program
	errors   int  // all, also those not kept
	warnings int  // kept
}

type found struct {
	at   place
	diag ruleset.Diag
}

func (c *compiler) compile(file string, src []byte, level int) *ruleset.RuleSet {
	if !c.scan(file, src) {
		return nil
	}
	units := c.parse()
	if c.errors > 0 {
		return nil
	}
	prog := c.resolve(units)
	if c.errors > 0 {
		return nil
	}
	c.unused()
	c.lint(prog)
	rs := &prog.out
	if level < 0 {
		level = rs.Optimise
	}
	if level < 0 {
		level = defaultOptimise
	}
	ops := c.emit(prog, level)
	if c.errors > 0 {
		return nil
	}
	if level > 0 {
		ops = optimise(ops, level)
	}
	if len(ops) > ruleset.MaxRules {
		c.errorf(place{}, "write lists with masks, or split the program into several rule sets",
			"the program needs %d rules, a rule set holds %d", len(ops), ruleset.MaxRules)
		return nil
	}
	rs.Rules = assemble(ops)
	c.verify(ops, rs.Rules)
	rs.Origins = make([]ruleset.Origin, len(ops))
	for i := range ops {
		rs.Origins[i] = c.origin(ops[i].at)
	}
	c.overwritten(ops, rs.Rules)
	for _, u := range rs.Unsaved() {
		c.warnf(prog.columns[slices.Index(rs.Format.Attrs, u.Attr)], "", "%s", u)
	}
	return rs
}

// overwritten warns of statements and tests all of whose saves are made again.
func (c *compiler) overwritten(ops []op, rules []ruleset.Rule) {
	left := make(map[place]int) // rules that push, by what they were made for
	for i := range rules {
		if rules[i].Pushes() {
			left[ops[i].at]++
		}
	}
	for _, o := range ruleset.Overwritten(rules) {
		at, by := ops[o.Rule-1].at, ops[o.By-1].at
		if left[at]--; left[at] == 0 && at != by {
			c.warnf(at, "what is saved last counts", "saving %s here has no effect: it is saved again %s before any COUNT",
				rules[o.Rule-1].Selector, c.whereabouts(by, at))
		}
	}
}

// verify has the rules judged as a meter does; what is found stands where the
// rule comes from.
func (c *compiler) verify(ops []op, rules []ruleset.Rule) {
	for _, f := range ruleset.Foresee(rules) {
		at := place{}
		if f.Rule > 0 {
			at = ops[f.Rule-1].at
		}
		if f.Severity == ruleset.Error {
			c.errorf(at, f.Hint, "%s", f.Message)
		} else {
			c.warnf(at, f.Hint, "%s", f.Message)
		}
	}
}

// errorf reports an error at a place.
func (c *compiler) errorf(at place, hint, format string, args ...any) {
	c.errors++
	c.report(ruleset.Error, at, hint, fmt.Sprintf(format, args...))
}

// warnf reports a warning at a place.
func (c *compiler) warnf(at place, hint, format string, args ...any) {
	c.report(ruleset.Warning, at, hint, fmt.Sprintf(format, args...))
}

func (c *compiler) report(sev ruleset.Severity, at place, hint, msg string) {
	if sev == ruleset.Error && c.errors > maxDiags || sev == ruleset.Warning && c.warnings >= maxDiags {
		return
	}
	if at.macro > 0 {
		m := c.macros[at.macro-1]
		msg += fmt.Sprintf(" (in the text of %s, defined at %s)", m.name, c.where(m.at))
	}
	f := c.files[at.file]
	d := ruleset.Diag{Severity: sev, File: f.Name, Message: msg, Hint: hint}
	if at != (place{}) {
		d = f.Diag(int(at.offset)-1, sev, msg, hint)
	}
	if slices.ContainsFunc(c.found, func(f found) bool { return f.at == at && f.diag.Message == d.Message && f.diag.Severity == sev }) {
		return
	}
	c.found = append(c.found, found{at, d})
	if sev == ruleset.Warning {
		c.warnings++
	}
}

// origin is a place for those who know nothing of the compiler's.
func (c *compiler) origin(at place) ruleset.Origin {
	if at == (place{}) {
		return ruleset.Origin{}
	}
	return ruleset.Origin{Text: &c.files[at.file].Text, Offset: int(at.offset) - 1}
}

// where is a place as "file:line".
func (c *compiler) where(at place) string { return c.origin(at).String() }
