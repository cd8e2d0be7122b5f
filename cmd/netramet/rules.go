package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"netramet/internal/command"
	"netramet/meter/pme"
	"netramet/reader"
	"netramet/ruleset"
	"netramet/ruleset/library"
)

// readRules reads the rule files and gives every rule set a number. Warnings go
// to warn.
func (o *options) readRules(warn io.Writer) ([]*ruleset.RuleSet, error) {
	sets, err := o.readRuleFiles(warn)
	if err != nil {
		return nil, err
	}
	return sets, numberRuleSets(sets, o.rules)
}

// readRuleFiles reads the rule files, whose included ones it notes in
// o.ruleFiles.
func (o *options) readRuleFiles(warn io.Writer) ([]*ruleset.RuleSet, error) {
	var sets []*ruleset.RuleSet
	var failed []string
	warnOfTwice(o.rules, warn)
	for _, file := range o.rules {
		f, err := command.ReadRules("netramet", file, warn)
		o.ruleFiles = append(o.ruleFiles, f.Paths...)
		if err != nil {
			failed = append(failed, err.Error())
			continue
		}
		sets = append(sets, f.Rules)
	}
	if len(failed) > 0 {
		return nil, command.RuleErrors(failed)
	}
	return sets, nil
}

// warnOfTwice says which rule files are named twice, by whatever names: each packet
// counts under both, in flows that are alike.
func warnOfTwice(files []string, warn io.Writer) {
	var seen []os.FileInfo
	for i, file := range files {
		if library.Names(file) {
			if slices.Contains(files[:i], file) {
				fmt.Fprintf(warn, "netramet: warning: %s is given twice: its flows are metered and written twice\n", file)
			}
			continue
		}
		fi, err := os.Stat(file)
		if err != nil || !fi.Mode().IsRegular() {
			continue // reading it says what there is to say
		}
		if slices.ContainsFunc(seen, func(other os.FileInfo) bool { return os.SameFile(fi, other) }) {
			fmt.Fprintf(warn, "netramet: warning: %s is given twice: its flows are metered and written twice\n", file)
		}
		seen = append(seen, fi)
	}
}

// numberRuleSets gives every rule set a number (decision 8). One that a file
// insists on, and another has, is an error; one that stands beside a name is
// taken if it is free, else the lowest free one from 2, which those without a
// number get.
func numberRuleSets(sets []*ruleset.RuleSet, files []string) error {
	taken := map[int]string{}
	for i, rs := range sets {
		if !rs.InsistsOnNumber() {
			continue
		}
		if other, ok := taken[rs.Number]; ok {
			return fmt.Errorf("%s: rule set number %d is %s's already; change one of the two 'set' statements", files[i], rs.Number, other)
		}
		taken[rs.Number] = files[i]
	}
	for i, rs := range sets {
		switch {
		case rs.Number == 0 || rs.InsistsOnNumber():
		case taken[rs.Number] != "":
			rs.Number = 0
		default:
			taken[rs.Number] = files[i]
		}
	}
	next := 2
	for i, rs := range sets {
		if rs.Number != 0 {
			continue
		}
		for taken[next] != "" {
			next++
		}
		if next > ruleset.MaxNumber {
			return fmt.Errorf("%s: more than %d rule sets", files[i], ruleset.MaxRuleSets)
		}
		rs.Number, taken[next] = next, files[i]
	}
	return nil
}

// tasksOf are the reader's tasks: one for each rule set.
func tasksOf(sets []*ruleset.RuleSet) []reader.Task {
	tasks := make([]reader.Task, len(sets))
	for i, rs := range sets {
		tasks[i] = reader.Task{RuleSet: rs.Number, Name: rs.Name, Format: rs.OutputFormat(), Statistics: rs.Statistics, Saved: rs.Saved()}
	}
	return tasks
}

// compileRules prints the rule sets: as low-level rules, with the numbers that
// their files give and no others, or as the meter runs them.
func compileRules(o *options, std stdio) error {
	sets, err := o.readRuleFiles(std.err)
	if err != nil {
		return err
	}
	var numbered []*ruleset.RuleSet
	for _, rs := range sets {
		copied := *rs
		numbered = append(numbered, &copied)
	}
	if err := numberRuleSets(numbered, o.rules); err != nil {
		return err
	}
	for i, rs := range sets {
		if i > 0 {
			fmt.Fprintln(std.out)
		}
		if o.form == formLowered {
			err = dumpProgram(std.out, numbered[i])
		} else {
			err = ruleset.Print(std.out, rs)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dumpProgram prints a rule set as the meter runs it.
func dumpProgram(w io.Writer, rs *ruleset.RuleSet) error {
	p, err := pme.Load(rs, pme.NewShapes())
	if err != nil {
		return err
	}
	return p.Dump(w)
}
