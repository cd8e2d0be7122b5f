package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"netramet/internal/command"
)

// TestImpossibleValues: each option that holds a number or a time refuses what it
// cannot be, with status 2.
func TestImpossibleValues(t *testing.T) {
	const large = "99999999999999999999"
	bad := map[string][]string{
		"interval":          {"-1", "x", "1.5", large, ""},
		"intervals":         {"-1", "x", large, ""},
		"max-flows":         {"-1", "0", "x", "2147483648", large, ""},
		"max-streams":       {"-1", "0", "x", "2147483648", large, ""},
		"stream-timeout":    {"-1", "0", "0.001", "never", large, ""},
		"stream-multiplier": {"-1", "0", "x", "1000001", large, ""},
		"stream-short":      {"-1", "0.001", "x", large, ""},
		"stream-grace":      {"-1", "0", "0.001", "x", large, ""},
		"queue-tcp":         {"-1", "0", "16385", "x", large, ""},
		"queue-other":       {"-1", "0", "16385", "x", large, ""},
		"dns-ports":         {"-1", "0", "65536", "x", "53,", "", "1,2,3,4,5,6,7,8,9"},
		"sample":            {"-1", "0", "x", "4294967296", ""},
		"seed":              {"-1", "x", large, ""},
		"inactivity":        {"-1", "x", large, ""},
		"max-gap":           {"-1s", "0", "x", "9999999999999h", ""},
		"fcs":               {"-1", "1", "5", "x", large, ""},
		"explain":           {"-1", "0", "x", large, ""},
		"lanes":             {"-1", "0", "65", "x", "4294967296", ""},
		"start":             {"", "x", "90", "14", "24:00", "+-1s", "2026-02-30", large},
		"end":               {"", "x", "90", "14", "24:00", "+-1s", "2026-02-30", large},
		"snap":              {"-1", "0", "x", "4294967296", ""},
		"port":              {"-1", "65536", "snmp", ""},
		"readers":           {"-1", "0", "257", "x", "4294967296", ""},
		"linger":            {"-1", "x", large, ""},
		"meter-id":          {"-1", "x", "4294967296", "1.2.3", "::1", ""},
		"top":               {"-1", "0", "10001", "x", ""},
		"ring":              {"-1", "0", "x", "2G", "1.5M", large, ""},
		"block":             {"-1", "0", "x", "2G", "1k5", large, ""},
	}
	var o options
	onlyManaged := []string{"port", "readers", "linger"}
	onlyFiles := []string{"explain"}
	newFlags(&o).VisitAll(func(f *pflag.Flag) {
		switch f.Value.Type() {
		case "bool", "string", "stringArray", "stringSlice":
			return
		}
		if len(bad[f.Name]) == 0 {
			t.Errorf("--%s (%s) has no impossible value in this test", f.Name, f.Value.Type())
		}
	})
	for name, values := range bad {
		for _, v := range values {
			for _, rules := range [][]string{nil, {projectRules("no such.srl")}} {
				if rules == nil && slices.Contains(onlyFiles, name) || rules != nil && slices.Contains(onlyManaged, name) {
					continue
				}
				args := append([]string{"-C", filepath.Join("no such", "trace"), "--" + name + "=" + v}, rules...)
				if status, errs := runToEnd(t, args...); status != command.StatusUsage {
					t.Errorf("%q: status %d: %s", args, status, errs)
				}
			}
		}
	}
}

// TestOpenUsersFile: a users file that all can read is warned of, at the start
// and at a reload.
func TestOpenUsersFile(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("community secret write from 127.0.0.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := startMeter(t, "-C", office, "--users", users)
	if log, _ := m.log.look(); strings.Contains(log, "holds secrets") {
		t.Errorf("of mode 600: %s", log)
	}
	if err := os.Chmod(users, 0o644); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(users); err != nil || fi.Mode().Perm() != 0o644 {
		t.Skip("modes mean nothing here")
	}
	m = startMeter(t, "-C", office, "--users", users)
	m.waitLog(`level=WARN msg="users file" error=".* holds secrets, and every user of this host can read it: chmod 600 .*"`)
}
