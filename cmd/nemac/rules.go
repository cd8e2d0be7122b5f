package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"netramet/cmd/nemac/internal/session"
	"netramet/internal/command"
	"netramet/ruleset"
)

// ruleCache is the rule files read so far, by name: many meters share them, and
// what is to be warned of is told once. A rule set in it is not changed.
type ruleCache map[string]*ruleset.RuleSet

// read reads a rule file. Warnings go to warn.
func (known ruleCache) read(file string, warn io.Writer) (*ruleset.RuleSet, error) {
	if rs, ok := known[file]; ok {
		return rs, nil
	}
	f, err := command.ReadRules("nemac", file, warn)
	if err != nil {
		return nil, err
	}
	known[file] = f.Rules
	return f.Rules, nil
}

// readAll reads the rule files of one meter.
func (known ruleCache) readAll(files []string, warn io.Writer) ([]*ruleset.RuleSet, error) {
	var sets []*ruleset.RuleSet
	var failed []string
	numbers := map[int]string{}
	for _, file := range files {
		rs, err := known.read(file, warn)
		if err != nil {
			failed = append(failed, err.Error())
			continue
		}
		if other, taken := numbers[rs.Number]; taken && rs.Number > 0 {
			if rs.InsistsOnNumber() {
				fmt.Fprintf(warn, "%s: warning: rule set number %d is %s's too; the meter gives it another\n", file, rs.Number, other)
			}
			free := *rs
			free.Number, rs = 0, &free
		}
		numbers[rs.Number] = file
		sets = append(sets, rs)
	}
	if len(failed) > 0 {
		return nil, command.RuleErrors(failed)
	}
	return sets, nil
}

// readFormats makes what --read-only reads, with the FORMATs of --format: of
// each file the FORMAT and STATISTICS count, not its rules.
func readFormats(o *options) ([]session.Read, error) {
	known := ruleCache{} // of its own, for its files are read without warnings
	var formats []*ruleset.RuleSet
	for _, file := range o.formats {
		sets, err := known.readAll([]string{file}, io.Discard) // what its rules do is no matter
		if err != nil {
			return nil, err
		}
		if sets[0].Format == nil {
			return nil, fmt.Errorf("%s: no FORMAT statement", file)
		}
		formats = append(formats, sets[0])
	}
	var all []session.Read
	for i, name := range o.readOnly {
		r := session.Read{Name: name}
		if len(formats) > 0 {
			f := formats[min(i, len(formats)-1)]
			r.Format, r.Statistics = f.OutputFormat(), f.Statistics
		}
		all = append(all, r)
	}
	return all, nil
}

// showRules is --check and --compile.
func showRules(o *options, std stdio) error {
	known := ruleCache{}
	sets, err := known.readAll(o.rules, std.err)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(std.out) // it keeps the first error of a write
	if !o.compile {
		return errors.Join(checkRules(o.rules, sets, out), out.Flush())
	}
	for i := range sets {
		rs := known[o.rules[i]] // with the number that its file gives
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := ruleset.Print(out, rs); err != nil {
			return err
		}
	}
	return out.Flush()
}

// checkRules says of rule files without an error whether this project's meter
// would take them.
func checkRules(files []string, sets []*ruleset.RuleSet, out io.Writer) error {
	var refused []string
	for i, rs := range sets {
		if err := rs.Metered(); err != nil {
			refused = append(refused, fmt.Sprintf("%s: NeTraMet would refuse it: %v", files[i], err))
			continue
		}
		fmt.Fprintf(out, "%s: ok, %d rules\n", files[i], len(rs.Rules))
	}
	if err := ruleset.MeteredTogether(sets); err != nil {
		refused = append(refused, "NeTraMet would refuse some of them: "+err.Error())
	}
	if len(refused) > 0 {
		return command.RuleErrors(refused)
	}
	return nil
}
