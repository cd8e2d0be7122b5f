package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestLibrary: shipped rule sets are listed, and stand in place of rule files.
func TestLibrary(t *testing.T) {
	for _, tt := range []struct {
		args   string
		status int
		out    string // is in what is printed
		errs   string
	}{
		{"--rules", 0, "\n@matrix[=NETWORK,...] ", ""},
		{"--rules @hosts @ip", 0, "# @hosts: ", ""},
		{"--rules @hots", 1, "", "nemac: --rules @hots: no rule set of that name"},
		{"--rules @hosts 127.0.0.1", 2, "", "no community"},
		{"--check @hosts @matrix=10.0.0.0/8", 0, "@hosts: ok, ", ""},
		{"--compile @ip", 0, "SET ip;\n", ""},
		{"--check @hots", 1, "", "nemac: rule set @hots: no rule set of that name is shipped: did you mean @hosts?"},
		{"-r @customers --prefixes nowhere 127.0.0.1 public", 1, "", "nemac: --prefixes: open nowhere: "},
		{"-r @customers --prefixes bad 127.0.0.1 public", 1, "", `nemac: --prefixes: bad:1: "One" is no number`},
		{"-r @matrix=10/8 127.0.0.1 public", 1, "", `nemac: rule set @matrix: network 1: "10/8" is none`},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Setenv("NEMAC_METER", "")
			t.Setenv("NEMAC_COMMUNITY", "")
			t.Chdir(t.TempDir())
			if err := os.WriteFile("bad", []byte("10.0.0.0/8 One\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			if status := run(t.Context(), strings.Fields(tt.args), nil, &out, &errs); status != tt.status {
				t.Errorf("status %d: %s", status, &errs)
			}
			if !strings.Contains(out.String(), tt.out) || !strings.Contains(errs.String(), tt.errs) || tt.errs == "" && errs.Len() > 0 {
				t.Errorf("%s\n%s", &out, &errs)
			}
		})
	}
}
