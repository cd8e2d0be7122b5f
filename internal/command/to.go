package command

import (
	"errors"
	"fmt"
	"path/filepath"
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
	texts []string
	names string
}

// Declare declares the options.
func (t *To) Declare(f *pflag.FlagSet, how string) {
	f.StringArrayVar(&t.texts, "to", t.texts, how+" `KIND:FILE`, or KIND:- for standard output: csv, jsonl (JSON Lines), table or flows; may be repeated; FILE may tell of the time, as day/%Y%m%d.csv; without -F nothing else is written")
	if t.names == "" {
		t.names = columns.RTFM.String()
	}
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

// All are the outputs of a meter, with the flow file of -F if flowFile is not "".
func (t *To) All(meter, flowFile string) (all []outputs.Spec) {
	if flowFile != "" {
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
