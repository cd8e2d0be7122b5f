// Package outputs opens what collections are written to, by what users write on a
// command line: a kind and a file, as csv:flows.csv.
//
// It knows the kinds; how each is written is the business of packages reader/jsonl,
// reader/csv, reader/table and reader/flowfile. Commands call it.
package outputs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"netramet/internal/spelling"
	"netramet/mib"
	"netramet/reader/lines"
)

// The kinds.
const (
	JSONL = "jsonl"
	CSV   = "csv"
	Table = "table"
	Flows = "flows"
)

// Kinds are all of them.
var Kinds = []string{CSV, JSONL, Table, Flows}

// Spec is one output as it was asked for.
type Spec struct {
	BestEffort bool   // the collection counts as collected though this output failed
	Kind       string // one of Kinds
	Path       string // "-" is standard output
}

// String is the output as a user would write it.
func (s Spec) String() string {
	if s.BestEffort {
		return "besteffort:" + s.Kind + ":" + s.Path
	}
	return s.Kind + ":" + s.Path
}

// Needs are the attributes that outputs show whatever FORMATs ask for, see reader.Widen.
func Needs(specs []Spec) []mib.Attr {
	if slices.ContainsFunc(specs, func(s Spec) bool { return s.Kind != Flows }) {
		return []mib.Attr{mib.AttrLastActiveTime} // that of last_time, and of rates
	}
	return nil
}

// meterVerb stands for the meter's name in the name of a file.
const meterVerb = "%{meter}"

// HasMeter reports whether the file's name holds that of the meter.
func (s Spec) HasMeter() bool { return strings.Contains(s.Path, meterVerb) }

// For is the output for a meter, whose name must be good for a file's.
func (s Spec) For(meter string) Spec {
	s.Path = strings.ReplaceAll(s.Path, meterVerb, strings.ReplaceAll(meter, "%", "%%"))
	return s
}

// Writes reports whether the output may write to the file at path.
func (s Spec) Writes(path string) bool {
	if s.Path == "-" || path == "-" {
		return false
	}
	if s.Kind != JSONL && s.Kind != CSV {
		return SameFile(s.Path, path)
	}
	name, err := lines.ParseName(s.Path, nil)
	switch {
	case err != nil:
		return false
	case !name.Varies():
		return SameFile(name.At(time.Time{}), path)
	}
	there, _ := name.Existing() // of a name that was parsed
	return name.Matches(path) || slices.ContainsFunc(there, func(file string) bool { return SameFile(file, path) })
}

// SameFile reports whether two names are of one file, there or not yet. Pipes and
// devices are none.
func SameFile(a, b string) bool {
	if x, err := os.Stat(a); err == nil {
		y, err := os.Stat(b)
		return err == nil && os.SameFile(x, y) && x.Mode().IsRegular()
	}
	x, errX := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	return errX == nil && errY == nil && x == y
}

// Parse reads [besteffort:|required:]KIND:FILE.
func Parse(text string) (s Spec, err error) {
	rest := text
	if after, is := strings.CutPrefix(rest, "besteffort:"); is {
		s.BestEffort, rest = true, after
	} else {
		rest = strings.TrimPrefix(rest, "required:")
	}
	var found bool
	s.Kind, s.Path, found = strings.Cut(rest, ":")
	switch {
	case found && !slices.Contains(Kinds, s.Kind):
		hint := ""
		if near := spelling.Nearest(s.Kind, Kinds, 2); len(near) > 0 {
			hint = "; did you mean " + near[0] + "?"
		}
		return s, fmt.Errorf("%q is no kind of output: known are %s%s", s.Kind, strings.Join(Kinds, ", "), hint)
	case !found || s.Path == "":
		return s, fmt.Errorf("%q: it is a kind and a file, as csv:flows.csv, or jsonl:- for standard output (kinds: %s)", text, strings.Join(Kinds, ", "))
	case s.Path == "-":
		return s, nil
	}
	n, err := lines.ParseName(s.For("meter").Path, nil)
	switch {
	case err == nil && n.Varies() && (s.Kind == Table || s.Kind == Flows):
		err = fmt.Errorf("%q: the name of a file of kind %s does not change with time, as that of csv and jsonl may", s.Path, s.Kind)
	case s.Kind == Flows:
		err = nil // other percent signs are those of the name
	case err != nil:
		err = fmt.Errorf("%q: %w", s.Path, err)
	}
	return s, err
}
