package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"netramet/internal/command"
	"netramet/internal/fileaccess"
	"netramet/mib"

	"github.com/spf13/pflag"
)

func noEnv(string) string { return "" }

func TestOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "community")
	if err := os.WriteFile(file, []byte("s3cret\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string {
		return map[string]string{"NEMAC_COMMUNITY": "fromenv", "NEMAC_AUTH_PASS": "envauthpass"}[name]
	}
	for _, tt := range []struct {
		name string
		args string
		want string // the header's options, or the error
		sec  string // community or passphrase
	}{
		{"the original's", "-c300 -r rules.lan -e rules.default -m 1614 meter private", "-c 300 -r rules.lan -e rules.default -m 1614", "private"},
		{"two rule files", "-ra -rb meter x", "-r a -r b", "x"},
		{"community of a file", "-ra meter @" + file, "-r a", "s3cret"},
		{"community of the environment", "-ra meter", "-r a", "fromenv"},
		{"user", "-v3 -u noc -l authNoPriv -a MD5 -A 12345678 -r a meter", "-r a -v 3 -l authNoPriv -a MD5", "12345678"},
		{"passphrase of the environment", "-v3 -u noc -l authNoPriv -r a meter", "-r a -v 3 -l authNoPriv", "envauthpass"},
		{"trace", "-Cra meter x", "-r a -C", "x"},
		{"no file of a secret", "-ra meter @/nonexistent/file", "community: file with a secret: open /nonexistent/file: no such file or directory", ""},
		{"no meter", "-ra", "no meter: name its host or address", ""},
		{"too much", "-ra a b c", "3 words that belong to no option, where METER and COMMUNITY are all (what holds blanks needs quotes)", ""},
		{"nothing to do", "meter x", "nothing to do: give a rule file with -r, or a rule set of the meter with --read-only", ""},
		{"both", "-ra --read-only b meter x", "-r runs rule sets and --read-only reads those of others: use one of them (--format gives a FORMAT)", ""},
		{"formats", "--read-only a --read-only b --read-only c --format x --format y meter x", "2 --format for 3 --read-only: give one, or as many", ""},
		{"short passphrase", "-v3 -u noc -A short -r a meter", "the authentication passphrase has fewer than 8 octets", ""},
		{"no such version", "-v4 -r a meter x", `-v: SNMP version "4" is not 1, 2c or 3`, ""},
		{"no user", "-v3 -r a meter", "SNMPv3 needs a user name", ""},
		{"no such protocol", "-v3 -u noc -a CRC -A 12345678 -r a meter", `authentication protocol "CRC" is none of MD5, SHA, SHA-224, SHA-256, SHA-384, SHA-512`, ""},
		{"interval", "-c0 -ra meter x", "-c 0: collections are 1 to 86400 seconds apart", ""},
		{"mark without standby", "-o 50 -ra meter x", "-o needs a standby rule file (-e)", ""},
		{"config and meter", "-f x meter", "with -f the meters stand in the file, not on the command line", ""},
		{"config and list", "-f x --list", "-f is for collecting: --list, --stop, --destroy, --check and --compile go without it", ""},
		{"inactivity", "-i 3000000000 -ra meter x", `-i "3000000000": it is at most 2147483647 seconds`, ""},
		{"reader timeout", "--reader-timeout=-5 -ra meter x", `--reader-timeout "-5": it is at least -1 seconds`, ""},
		{"rules without -r", "options.go meter x", "3 words that belong to no option, where METER and COMMUNITY are all (the first is a file: rule files are given with -r, and -C takes no trace, which is netramet's)", ""},
		{"too many words", "-ra meter x y", "3 words that belong to no option, where METER and COMMUNITY are all (what holds blanks needs quotes)", ""},
		{"two works", "--list --stop a meter x", "--list, --stop and --destroy, --check, --compile, --download-only: one of these at a time", ""},
		{"owner", "--owner a\u202eb -ra meter x", `--owner "a\u202eb" has characters that cannot be shown`, ""},
		{"datagram", "--datagram 100 -ra meter x", "--datagram 100: 484 to 65507", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parseOptions(strings.Fields(tt.args), env)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = o.text()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if err != nil || tt.sec == "" {
				return
			}
			if s := o.security; s.Community != tt.sec && s.AuthPass != tt.sec {
				t.Errorf("the secret %q is not in use", tt.sec)
			}
			if s := o.security.String() + o.ownerName(); strings.Contains(s, tt.sec) && tt.sec != "x" {
				t.Errorf("%q shows a secret", s)
			}
		})
	}
}

// TestHelpOnFullDisk: what could not be printed is an error.
func TestHelpOnFullDisk(t *testing.T) {
	full := writer(func([]byte) (int, error) { return 0, syscall.ENOSPC })
	for _, option := range []string{"-h", "-V", "--rules"} {
		var errs strings.Builder
		if status := run(t.Context(), []string{option}, nil, full, &errs); status != 1 || !strings.Contains(errs.String(), "nemac: no space left") {
			t.Errorf("%s: status %d: %s", option, status, &errs)
		}
	}
}

// TestInterruptedList: an interrupt is told in a word.
func TestInterruptedList(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs strings.Builder
	if status := run(ctx, []string{"--list", "127.0.0.1:1", "x"}, nil, io.Discard, &errs); status != 1 || errs.String() != "nemac: interrupted\n" {
		t.Errorf("status %d: %s", status, &errs)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestOwnerName(t *testing.T) {
	o, err := parseOptions([]string{"-r", "dir/a.srl", "-r", "b.srl", "meter", "x"}, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := o.ownerName(), ownerHead()+"meter:a.srl,b.srl"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	o.rules = []string{"@matrix=10.0.0.0/8", "dir/@hosts"} // what is shipped has no folder
	if got, want := o.ownerName(), ownerHead()+"meter:@matrix=10.0.0.0/8,@hosts"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	o.rules = []string{"b\xfcro\u202e.srl"} // meters hold UTF-8, and nemac reads what can be shown
	if got, want := o.ownerName(), ownerHead()+"meter:b?ro?.srl"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	o.rules = []string{"a.srl", "b.srl"}
	long := o.ownerName()
	o.rules = nil
	for range 50 {
		o.rules = append(o.rules, "długi.srl")
	}
	other := o.ownerName()
	o.rules[49] = "x"
	if n := o.ownerName(); len(n) > mib.MaxOwner || n == other || n == long {
		t.Errorf("%q has %d octets, the other is %q", n, len(n), other)
	}
}

const sample = `# two meters
gate @secret -m 1614 -r campus.srl   # the gateway
	-c 60 -F "gate flows.txt"

backbone  -v 3 -u noc -A 12345678 -r 'a b.srl' -r c.srl
`

func TestConfig(t *testing.T) {
	base := defaults()
	base.rules, base.keepalive = []string{"base.srl"}, 10
	text := strings.Replace(sample, "@secret", "pw", 1)
	all, err := parseConfig("m.conf", text, base, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d records", len(all))
	}
	g, b := all[0], all[1]
	if g.meter != "gate" || g.community != "pw" || g.port != 1614 || g.interval != 60 || g.flowFile != "gate flows.txt" || g.keepalive != 10 ||
		strings.Join(g.rules, "|") != "campus.srl" {
		t.Errorf("first record %+v", *g)
	}
	if b.meter != "backbone" || strings.Join(b.rules, "|") != "a b.srl|c.srl" || b.interval != 300 || b.security.User != "noc" || b.meterName != "backbone" {
		t.Errorf("second record %+v", *b)
	}
	if strings.Join(base.rules, "|") != "base.srl" {
		t.Errorf("the defaults became %q", base.rules)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "# nothing\n", "m.conf:1: no meter: each record begins with one, at the left margin"},
		{"indented", "\n  -c 60\n", "m.conf:2: an indented line goes on with a record, and there is none yet"},
		{"quote", "a b -r x\nc d -r \"y\n", "m.conf:2: no closing \" in this line"},
		{"unknown option", "a b -r x\nc d --nonesuch\n", "m.conf:2: unknown option --nonesuch"},
		{"bad value", "a b -r x -c many\n", "m.conf:1: -c \"many\": it is a number of seconds, or a time with its unit, as 90s, 5m, 36h or 2d, and at most 292 years"},
		{"global", "a b -r x -L log\n", "m.conf:1: --log-file is for the command line, not for one meter"},
		{"no rules", "a b\n", "m.conf:1: nothing to do: give a rule file with -r, or a rule set of the meter with --read-only"},
		{"twice", "a b -r x\n\na b -r x\n", "m.conf:3: the meter and owner a:161 " + ownerHead() + "a:x is that of line 1 already"},
		{"one file", "a b -r x -F f\nc d -r x -F f\n", "m.conf:2: -F f: line 1 writes there already; each meter needs its own file"},
		{"a flow file and an output", "a b -r x -F d/f\nc d -r x --to csv:d/../d/f\n", "m.conf:2: --to csv:d/../d/f: line 1 writes there already; each meter needs its own file: put %{meter} in its name"},
		{"an output and a flow file", "a b -r x --to csv:f\nc d -r x -F ./f\n", "m.conf:2: -F ./f: line 1 writes there already; each meter needs its own file"},
		{"one output", "a b -r x --to csv:f\nc d -r x --to jsonl:f\n", "m.conf:2: --to jsonl:f: line 1 writes there already; each meter needs its own file: put %{meter} in its name"},
		{"an output that is none", "a b -r x --to cvs:f\n", `m.conf:1: --to "cvs" is no kind of output: known are csv, jsonl, table, flows; did you mean csv?`},
		{"no community", "a -r x\n", "m.conf:1: no community: give it after the meter, in NEMAC_COMMUNITY, or as @FILE; or use SNMPv3 (-v 3 -u USER)"},
		{"help", "a b -h\n", "m.conf:1: -h is for the command line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseConfig("m.conf", tt.text, defaults(), noEnv)
			if err == nil || strings.Replace(err.Error(), "[a]:161", "a:161", 1) != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestSharedRules: what many meters share is read and warned of once, and two
// numbers that clash for one meter do not change it for another.
func TestSharedRules(t *testing.T) {
	known, warnings := ruleCache{}, &strings.Builder{}
	a := writeFile(t, "a.srl", "set 7; save DestPeerAddress/24; count;\n")
	b := writeFile(t, "b.srl", "set 7; count;\n")
	for range 2 {
		sets, err := known.readAll([]string{b, a}, warnings)
		if err != nil || sets[0].Number != 7 || sets[1].Number != 0 {
			t.Fatalf("error %v, rule sets %+v", err, sets)
		}
	}
	sets, err := known.readAll([]string{a}, warnings)
	if err != nil || sets[0].Number != 7 {
		t.Errorf("error %v, rule sets %+v", err, sets)
	}
	if n := strings.Count(warnings.String(), "without a test of PeerType"); n != 1 {
		t.Errorf("%d warnings of the file, want 1:\n%s", n, warnings)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(sample)
	f.Add("a b -r 'x y' \\\"q\\\"\n\t-c 60\n")
	f.Add("a\\ b \"c\\\"d\" 'e\\f' g#h #i\n")
	f.Fuzz(func(t *testing.T, text string) {
		records, err := splitRecords(text)
		if err != nil {
			return
		}
		// Words that are quoted again are the same words.
		var again strings.Builder
		for _, r := range records {
			for i, w := range r.words {
				if i > 0 {
					again.WriteByte(' ')
				}
				if strings.ContainsAny(w, "\n\r") {
					return // a carriage return inside a line has no quoting
				}
				again.WriteString(`"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(w) + `"`)
			}
			again.WriteByte('\n')
		}
		back, err := splitRecords(again.String())
		if err != nil || len(back) != len(records) {
			t.Fatalf("%d records, then %d: %v", len(records), len(back), err)
		}
		for i := range records {
			if a, b := strings.Join(records[i].words, "\x00"), strings.Join(back[i].words, "\x00"); a != b {
				t.Fatalf("%q, then %q", a, b)
			}
		}
	})
}

// TestImpossibleValues: each option that holds a number or a time refuses what it
// cannot be, on the command line with status 2, whatever the job.
func TestImpossibleValues(t *testing.T) {
	bad := map[string][]string{
		"interval":       {"-1", "0", "x", "1.5", "86401", "99999999999999999999", ""},
		"high-water":     {"-2", "101", "x", "4294967296", ""},
		"keepalive":      {"-1", "0", "x", "2147483648", ""},
		"inactivity":     {"-2", "x", "2147483648", ""},
		"flood-mark":     {"-2", "101", "x", "4294967296", ""},
		"port":           {"-1", "0", "65536", "snmp", ""},
		"wait":           {"-1", "x", "2147483648", ""},
		"retries":        {"-1", "101", "x", "4294967296", ""},
		"timeout":        {"-1s", "0", "x", "301", "999999h", ""},
		"datagram":       {"-1", "1", "483", "65508", "x", ""},
		"reader-timeout": {"-2", "x", "2147483648", ""},
		"top":            {"-1", "0", "10001", "x", ""},
		"every":          {"-1", "0", "x", "4294967296", ""},
	}
	newFlags(defaults()).VisitAll(func(f *pflag.Flag) {
		switch f.Value.Type() {
		case "bool", "string", "stringArray":
			return
		}
		if len(bad[f.Name]) == 0 {
			t.Errorf("--%s (%s) has no impossible value in this test", f.Name, f.Value.Type())
		}
	})
	for name, values := range bad {
		for _, v := range values {
			for _, rest := range [][]string{{"-r", "x.srl", "m", "c"}, {"--list", "m", "c"}, {"--check", "x.srl"}, {"-f", "no such file"}} {
				var out, errs bytes.Buffer
				args := append([]string{"--" + name + "=" + v}, rest...)
				if status := run(t.Context(), args, strings.NewReader(""), &out, &errs); status != command.StatusUsage {
					t.Errorf("%q: status %d: %s", args, status, &errs)
				}
			}
		}
	}
}

// TestOpenSecrets: who can read a file with secrets is told of it.
func TestOpenSecrets(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"config": "m c -r x.srl -c 0\n", "pass": "passphrase\n"} {
		for _, mode := range []fs.FileMode{0o600, 0o640, 0o644, 0o602} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(name, mode); err != nil {
				t.Fatal(err)
			}
			args := []string{"-f", name}
			if name == "pass" {
				args = []string{"-r", "no.srl", "m", "@pass"}
			}
			fi, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			open := fileaccess.OpenToAll(name, fi)
			var out, errs bytes.Buffer
			run(t.Context(), args, strings.NewReader(""), &out, &errs)
			if warned := strings.Contains(errs.String(), "nemac: warning: "+name+" holds secrets"); warned != (open != nil) {
				t.Errorf("%s, mode %o: %s", name, mode, &errs)
			}
		}
	}
}

// TestOpenConfig: a config file is told of for what it holds itself, and where everybody may
// change it.
func TestOpenConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pass", []byte("passphrase\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"m c -r x.srl\n":     true,
		"m @pass -r x.srl\n": false,
		"m -r x.srl\n":       false, // from the environment
		"m -v 3 -u u -A @pass -X @pass -r x.srl\n":                        false,
		"m -v 3 -u u -A passphrase -r x.srl\n":                            true,
		"m -v 3 -u u -A @pass -X passphrase -r x.srl\nn @pass -r x.srl\n": true,
	} {
		for _, mode := range []fs.FileMode{0o600, 0o644, 0o646} {
			if err := errors.Join(os.WriteFile("config", []byte(text), 0o600), os.Chmod("config", mode)); err != nil {
				t.Fatal(err)
			}
			fi, err := os.Stat("config")
			if err != nil {
				t.Fatal(err)
			}
			o := defaults()
			o.config = "config"
			if _, err := readConfig(o, strings.NewReader(""), func(name string) string {
				return map[string]string{"NEMAC_COMMUNITY": "secret"}[name]
			}); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			told := strings.Join(*o.warnings, "\n")
			open := fileaccess.OpenToAll("config", fi) != nil
			if got := strings.Contains(told, "config holds secrets"); got != (open && want) {
				t.Errorf("mode %o, %q: %q", mode, text, told)
			}
			if got := strings.Contains(told, "every user of this host can change config"); got != (open && !want && mode == 0o646) {
				t.Errorf("mode %o, %q: %q", mode, text, told)
			}
		}
	}
}
