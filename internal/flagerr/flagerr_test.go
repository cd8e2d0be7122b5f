package flagerr

import (
	"testing"

	"github.com/spf13/pflag"
)

func TestExplain(t *testing.T) {
	for _, tt := range []struct{ arg, want string }{
		{"--count=x", `--count "x": it is a whole number from 0`},
		{"--count=-1", `--count "-1": it is a whole number from 0`},
		{"--count=99999999999", `--count "99999999999": the number is too large`},
		{"--level=1.5", `--level "1.5": it is a whole number`},
		{"--gap=9", `--gap "9": it is a length of time with its unit, as 36h or 90m, and at most 292 years`},
		{"--quiet=maybe", `--quiet "maybe": it is true or false`},
		{"--other", "unknown flag: --other"},
	} {
		f := pflag.NewFlagSet("test", pflag.ContinueOnError)
		f.Uint32("count", 0, "")
		f.Int("level", 0, "")
		f.Duration("gap", 0, "")
		f.Bool("quiet", false, "")
		if err := Explain(f.Parse([]string{tt.arg})); err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.arg, err, tt.want)
		}
	}
	if err := Explain(nil); err != nil {
		t.Error(err)
	}
}
