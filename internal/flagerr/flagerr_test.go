package flagerr

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// even is an option whose value checks itself.
type even struct{ text string }

func (e *even) String() string { return e.text }
func (e *even) Type() string   { return "even" }
func (e *even) Set(s string) error {
	if len(s)%2 != 0 {
		return errors.New("it has an odd length")
	}
	e.text = s
	return nil
}

func TestExplain(t *testing.T) {
	for _, tt := range []struct{ arg, want string }{
		{"--count=x", `--count "x": it is a whole number, and not negative`},
		{"--count=-1", `--count "-1": it is a whole number, and not negative`},
		{"--count=99999999999", `--count "99999999999": the number is too large`},
		{"--level=1.5", `--level "1.5": it is a whole number`},
		{"--level=4294967297", `--level "4294967297": the number is too large`},
		{"--gap=9", `--gap "9": it has an odd length`},
		{"--quiet=maybe", `--quiet "maybe": it is true or false`},
		{"--other", "unknown option --other"},
		{"--cuont=1", "unknown option --cuont; did you mean --count?"},
		{"--Count", "unknown option --Count; did you mean --count?"},
		{"--meter_name", "unknown option --meter_name; did you mean --meter-name?"},
		{"--met", "unknown option --met; did you mean --meter-name?"},
		{"--c", "unknown option --c; did you mean -c, that is --count?"},
		{"--z", "unknown option --z"},
		{"-count", "-count: long names have two dashes; did you mean --count?"},
		{"-count=5", "-count=5: long names have two dashes; did you mean --count?"},
		{"-cuont", "-cuont: long names have two dashes; did you mean --count?"},
		{"-cx", `-c "x": it is a whole number, and not negative`},
		{"-qc=x", `-c "x": it is a whole number, and not negative`},
		{"-q=maybe", `-q "maybe": it is true or false`},
		{"-quiet", "unknown option -u in -uiet; did you mean --quiet?"},
		{"-z", "unknown option -z"},
		{"-c", "-c needs a value: -c uint32"},
		{"-qc", "-c needs a value: -c uint32"},
		{"--meter-name", "--meter-name needs a value: --meter-name NAME"},
	} {
		f := pflag.NewFlagSet("test", pflag.ContinueOnError)
		f.Uint32P("count", "c", 0, "")
		f.Int32("level", 0, "")
		f.Var(&even{}, "gap", "")
		f.BoolP("quiet", "q", false, "")
		f.String("meter-name", "", "`NAME` of it")
		if err := Explain(f.Parse([]string{tt.arg}), f, []string{tt.arg}); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.arg, err, tt.want)
		}
	}
	for _, tt := range []struct{ args, want string }{
		{"--count=1 --count=2", `--count "2": given twice; it holds one value`},
		{"-c1 --count 2", `--count "2": given twice; it holds one value`},
		{"--gap=1s --gap=2s", `--gap "2s": given twice; it holds one value`},
		{"--count=1 -c2", `-c "2": given twice; it holds one value`},
		{"-qc1 -qc 2", `-c "2": given twice; it holds one value`},
		{"--quiet --quiet=false", `--quiet "false": given twice; it holds one value`},
		{"--quiet -q", ""}, {"-c1 --count=1", ""}, {"--file=a --file=b", ""}, {"-c1 --gap=1s", ""},
	} {
		f := pflag.NewFlagSet("test", pflag.ContinueOnError)
		f.Uint32P("count", "c", 0, "")
		f.Duration("gap", 0, "")
		f.BoolP("quiet", "q", false, "")
		files := f.StringArray("file", nil, "")
		Once(f)
		err := Explain(f.Parse(strings.Fields(tt.args)), f, strings.Fields(tt.args))
		if (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.args, err, tt.want)
		}
		if strings.Contains(tt.args, "file") && len(*files) != 2 {
			t.Errorf("%s: %q", tt.args, *files)
		}
	}
	if err := Explain(nil, nil, nil); err != nil {
		t.Error(err)
	}
}
