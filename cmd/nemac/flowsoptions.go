package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"netramet/internal/timeopt"
	"netramet/ruleset/srl"
)

// flowsOptions are those of --flows, which asks flow data files.
type flowsOptions struct {
	files    []string
	where    string
	by       []string
	every    uint32 // seconds
	ruleSets []string
	counters bool

	ordered   bool // --sort was given
	condition *srl.Condition
	groups    []srl.Group
	warnings  string
}

func (q *flowsOptions) declare(f *pflag.FlagSet) {
	f.StringArrayVar(&q.files, "flows", nil, "ask the flow data of `FILE` and of those behind it, instead of a meter; - is standard input")
	f.StringVar(&q.where, "where", "", "of --flows: only flows for which `CONDITION` holds, as in SRL: 'SourcePeerAddress == 10.0/8 && ToOctets > 1000'")
	f.StringArrayVar(&q.by, "by", nil, "of --flows: a row for each value of `ATTRIBUTES`, with commas between: SourcePeerAddress/24,DestTransAddress")
	f.Var(timeopt.Seconds(&q.every, 0, math.MaxUint32), "every", "of --flows: rows for each `TIME` of the clock (UTC), as 5m; zero where nothing flowed")
	f.StringArrayVar(&q.ruleSets, "ruleset", nil, "of --flows: flows of the rule set with this number or `NAME`; may be given several times")
	f.BoolVar(&q.counters, "counters", false, "of --flows: records as they stand, not what counters grew by")
}

// flowsOnly are the options that are for --flows alone; flowsToo go with it.
var (
	flowsOnly = []string{"where", "by", "every", "ruleset", "counters"}
	flowsToo  = map[string]bool{"flows": true, "where": true, "by": true, "every": true, "ruleset": true, "counters": true,
		"top": true, "sort": true, "exact": true, "prefixes": true, "flow-file": true, "to": true, "names": true, "utc": true, "help": true, "version": true}
)

// checkFlows checks the options of --flows, and that there are no others. asked is
// whether it was given.
func (o *options) checkFlows(f *pflag.FlagSet) (asked bool, err error) {
	q := &o.flows
	if !f.Changed("flows") {
		for _, name := range flowsOnly {
			if f.Changed(name) {
				return false, fmt.Errorf("--%s is for --flows, which asks flow data files", name)
			}
		}
		return false, nil
	}
	f.Visit(func(fl *pflag.Flag) {
		if !flowsToo[fl.Name] && err == nil {
			name := "--" + fl.Name
			if fl.Shorthand != "" {
				name = "-" + fl.Shorthand
			}
			err = fmt.Errorf("%s is about meters, and --flows asks files: give one of them", name)
		}
	})
	if err != nil {
		return true, err
	}
	q.files = append(q.files, o.operands...)
	if q.ordered, err = o.top.CheckRows(f); err != nil {
		return true, err
	}
	switch {
	case q.counters && (len(q.by) > 0 || q.every > 0):
		return true, errors.New("--counters shows records as they stand: --by and --every go without it")
	case f.Changed("every") && q.every == 0:
		return true, errors.New("--every 0: it is a length of time, as 60, 5m or 1h")
	case f.Changed("where") && strings.TrimSpace(q.where) == "":
		return true, errors.New("--where: the condition is empty")
	}
	if err = o.checkAnswer(f); err != nil {
		return true, err
	}
	if q.where != "" {
		c, diags, err := srl.ParseCondition("--where", q.where)
		if err != nil {
			return true, err
		}
		q.condition, q.warnings = c, diags.Warnings()
	}
	if len(q.by) > 0 {
		q.groups, err = srl.ParseGroups("--by", strings.Join(q.by, ","))
	}
	return true, err
}

func (q *flowsOptions) step() time.Duration { return time.Duration(q.every) * time.Second }

// checkAnswer checks what the answer goes to.
func (o *options) checkAnswer(f *pflag.FlagSet) error {
	if err := o.to.Check(f, o.flowFile); err != nil {
		return err
	}
	for _, s := range o.to.Specs {
		if s.HasMeter() {
			return fmt.Errorf("--to %s: an answer is one, whatever meters it is of: name the file without %%{meter}", s)
		}
	}
	return nil
}
