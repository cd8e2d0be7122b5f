package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"netramet/cmd/nemac/internal/session"
	"netramet/internal/rulefile"
	"netramet/reader/flowfile"
	"netramet/ruleset"
)

// ruleErrors marks an error whose text names its file and place itself.
type ruleErrors struct{ error }

func (e ruleErrors) Unwrap() error { return e.error }

// readRules reads rule files. Warnings go to warn.
func readRules(files []string, warn io.Writer) ([]*ruleset.RuleSet, error) {
	var sets []*ruleset.RuleSet
	var failed []string
	numbers := map[int]string{}
	for _, file := range files {
		rs, diags, err := rulefile.Read("nemac", file)
		if w := diags.Warnings(); w != "" {
			fmt.Fprintln(warn, w)
		}
		if err == nil {
			if err = flowfile.CheckFormat(rs.OutputFormat()); err != nil {
				err = fmt.Errorf("%s: %w", file, err)
			}
		}
		if err == nil && rs.Number > 0 {
			if other, taken := numbers[rs.Number]; taken {
				fmt.Fprintf(warn, "%s: warning: rule set number %d is %s's too; the meter gives it another\n", file, rs.Number, other)
				rs.Number = 0
			} else {
				numbers[rs.Number] = file
			}
		}
		if err != nil {
			failed = append(failed, err.Error())
			continue
		}
		sets = append(sets, rs)
	}
	if len(failed) > 0 {
		return nil, ruleErrors{errors.New(strings.Join(failed, "\n"))}
	}
	return sets, nil
}

// readFormats makes what --read-only reads, with the FORMATs of --format: of
// each file the FORMAT and STATISTICS count, not its rules.
func readFormats(o *options) ([]session.Read, error) {
	var formats []*ruleset.RuleSet
	for _, file := range o.formats {
		sets, err := readRules([]string{file}, io.Discard) // what its rules do is no matter
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
	sets, err := readRules(o.rules, std.err)
	if err != nil {
		return err
	}
	for i, rs := range sets {
		if !o.compile {
			fmt.Fprintf(std.out, "%s: ok, %d rules\n", o.rules[i], len(rs.Rules))
			continue
		}
		if i > 0 {
			fmt.Fprintln(std.out)
		}
		if err := ruleset.Print(std.out, rs); err != nil {
			return err
		}
	}
	return nil
}
