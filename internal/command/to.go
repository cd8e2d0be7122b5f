package command

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"netramet/mib"
	"netramet/reader/columns"
	"netramet/reader/outputs"
)

// To is what --to and --names say.
type To struct {
	Specs []outputs.Spec // once Check was called
	Names columns.Names
	// Amounts says that counters of flow files are what was added in the interval.
	Amounts bool

	texts []string
	names string
}

// Declare declares the options.
func (t *To) Declare(f *pflag.FlagSet, how string) {
	f.StringArrayVar(&t.texts, "to", t.texts, how+" `KIND:FILE`, or KIND:- for standard output: csv, jsonl (JSON Lines), table or flows; may be repeated; a FILE of csv or jsonl may tell of the time, as day/%Y%m%d.csv; without -F nothing else is written")
	if t.names == "" {
		t.names = columns.RTFM.String()
	}
	f.BoolVar(&t.Amounts, "amounts", t.Amounts, "write what was added in the interval in the place of counters to flow files (-F, --to flows:); csv and jsonl have both")
	f.StringVar(&t.names, "names", t.names, "name columns of csv and jsonl by `SET`: rtfm, ecs (Elastic) or otel (OpenTelemetry)")
}

// Check reads the options. flowFile is what -F says, "" if that is not given.
func (t *To) Check(f *pflag.FlagSet, flowFile string) error {
	names, ok := columns.NamesNamed(t.names)
	switch {
	case !ok:
		return fmt.Errorf("--names %q: it is rtfm, ecs or otel", t.names)
	case f.Changed("names") && len(t.texts) == 0:
		return errors.New("--names is for the outputs of --to: give that too")
	}
	t.Names, t.Specs = names, nil
	for _, text := range t.texts {
		s, err := outputs.Parse(text)
		if err != nil {
			return fmt.Errorf("--to %w", err)
		}
		for _, other := range t.Specs {
			if same(s.Path, other.Path) {
				return twice(s.Path, "--to "+other.String(), "--to "+s.String())
			}
		}
		if flowFile != "" && same(s.Path, flowFile) {
			return twice(s.Path, "-F "+flowFile, "--to "+s.String())
		}
		t.Specs = append(t.Specs, s)
	}
	isFlows := func(s outputs.Spec) bool { return s.Kind == outputs.Flows }
	if t.Amounts && flowFile == "" && (t.Given() || f.Changed("top")) && !slices.ContainsFunc(t.Specs, isFlows) {
		return errors.New("--amounts is for flow files, and none is written: give -F, or leave it out; csv and jsonl have amounts beside counters, and --top shows them")
	}
	return nil
}

func twice(path, a, b string) error {
	if path == "-" {
		return fmt.Errorf("%s and %s both go to standard output: give one a file", a, b)
	}
	return fmt.Errorf("%s and %s are one file: give each its own", a, b)
}

func same(a, b string) bool {
	return a == b || a != "-" && b != "-" && filepath.Clean(a) == filepath.Clean(b)
}

// Needs are the attributes that must be read for the outputs, beside FORMAT.
func (t *To) Needs() []mib.Attr { return outputs.Needs(t.Specs) }

// Given reports whether there are outputs.
func (t *To) Given() bool { return len(t.Specs) > 0 }

// Stdout returns the option that writes to standard output, "" if none does.
func (t *To) Stdout() string {
	for _, s := range t.Specs {
		if s.Path == "-" {
			return "--to " + s.String()
		}
	}
	return ""
}

// Plain reports whether all flow data goes to a single flow file, as it is.
func (t *To) Plain() bool { return !t.Given() && !t.Amounts }

// All are the outputs of a meter, with the flow file of -F if flowFile is not "". One of
// amounts is there without -F and --to, too, and its Path is "".
func (t *To) All(meter, flowFile string) (all []outputs.Spec) {
	if flowFile != "" || t.Amounts && !t.Given() {
		all = append(all, outputs.Spec{Kind: outputs.Flows, Path: flowFile})
	}
	for _, s := range t.Specs {
		all = append(all, s.For(FileBase(meter)))
	}
	return all
}

// FileBase makes a file name's beginning of a meter's name, without what a shell
// or a file system takes for something else: an IPv6 address has colons, and its
// zone a percent sign.
func FileBase(meter string) string {
	base := strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("/\\:%*?\"'<>|$&;()[]{}~!#`", r) {
			return '_'
		}
		return r
	}, strings.Trim(meter, "[]"))
	if strings.HasPrefix(base, "-") {
		base = "_" + base // no option
	}
	return base
}
