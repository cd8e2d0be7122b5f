package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// flowData is a flow data file of two collections.
const flowData = `##NeTraMet v1:  -  gw eth0  octets=frame zone=UTC  9 flows  starting at 09:00:00 Mon 5 Jan 2026
#Format: flowruleset flowindex firsttime lastactivetime  sourcepeeraddress desttransaddress  topdus frompdus  tooctets fromoctets
#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001
#Ruleset: 2 all
2 1 1 6000  10.0.0.1 80  5 4  500 4000
2 2 3000 3100  10.0.0.2 443  1 0  100 0
#EndData: gw 1
#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001
#Ruleset: 2 all
2 1 1 12000  10.0.0.1 80  8 7  800 7000
#EndData: gw 2
`

// TestFlows: what the command shows, and to which stream.
func TestFlows(t *testing.T) {
	t.Setenv("COLUMNS", "")
	dir := t.TempDir()
	file := filepath.Join(dir, "f.flows")
	if err := os.WriteFile(file, []byte(flowData), 0o600); err != nil {
		t.Fatal(err)
	}
	json := filepath.Join(dir, "out.jsonl")
	out, asn, prefixes := filepath.Join(dir, "out.flows"), filepath.Join(dir, "asn.flows"), filepath.Join(dir, "prefixes")
	asnData := strings.Replace(strings.ReplaceAll(flowData, "2 1 1 ", "2 1 1 64500 "), "firsttime lastactivetime", "firsttime destasn lastactivetime", 1)
	if err := os.WriteFile(asn, []byte(strings.Replace(asnData, "2 2 3000", "2 2 3000 64501", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(prefixes, []byte("10.0.0.0/24 64500 ACME Ltd\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty.flows")
	if err := os.WriteFile(empty, []byte(strings.Replace(flowData[:strings.Index(flowData, "#Time")], "09:00:00 Mon 5 Jan 2026", "--:--:-- --- -- --- ----", 1)+
		"#Time: --:--:-- --- -- --- ---- gw Flows from 1 to 1\n#Ruleset: 2 all\n#EndData: gw 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		stdout []string // parts
		stderr string
	}{
		{"a table", []string{"--flows", file}, 0, []string{"all (2)  gw  2026-01-05 09:00:00-09:02:00 UTC  2 flows", "10.0.0.1     80", "Total"}, ""},
		{"two files and standard input", []string{"--flows", file, "-"}, 0, []string{"2 flows"}, "2 collections are left out"},
		{"top", []string{"--flows", file, "--top", "1", "--exact"}, 0, []string{"1 of 2 flows", "7800", "1 other", "7900"}, ""},
		{"top of each collection", []string{"--flows", file, "--counters", "--top", "1"}, 0, []string{"4.6 kB  100.0 %", "\n\nall (2)  gw  2026-01-05 09:01:00-09:02:00 UTC  1 flow\n"}, ""},
		{"top in a file's header", []string{"--flows", file, "--top", "1", "--sort", "pdus", "-F", "-"}, 0, []string{"  --top 1 --sort pdus --flows " + file + "  gw -  octets=frame"}, ""},
		{"a file without packets", []string{"--flows", empty, "-F", "-"}, 0, []string{"  0 flows  starting at --:--:-- --- -- --- ----\n", "#EndData: gw 1"}, ""},
		{"by", []string{"--flows", file, "--by", "DestTransAddress", "--by", "SourcePeerAddress/24"}, 0, []string{"10.0.0.0/24", "443"}, ""},
		{"every", []string{"--flows", file, "--every", "1m"}, 0, []string{"09:00:00", "09:01:00"}, ""},
		{"where", []string{"--flows", file, "--where", "ToOctets > 400 && DestTransAddress == www"}, 0, []string{"1 flow"}, ""},
		{"flow data", []string{"--flows", file, "--by", "DestTransAddress", "-F", "-"}, 0, []string{"##NeTraMet v", "  --flows " + file + " --by DestTransAddress  gw -  octets=frame zone=UTC", "#Format: desttransaddress firsttime lastactivetime  d_topdus d_frompdus d_tooctets d_fromoctets\n", "\n80 1 12000  8 7 800 7000\n"}, ""},
		{"flow data in a file", []string{"--flows", file, "--every", "1m", "-F", out}, 0, nil, ""},
		{"asked again", []string{"--flows", out, "--every", "2m", "-F", "-"}, 0, []string{"\n9 7 900 7000\n"}, ""},
		{"counters", []string{"--flows", file, "--counters", "-F", "-"}, 0, []string{"\n2 1 10.0.0.1 80 1 6000  5 4 500 4000\n", "\n2 1 10.0.0.1 80 1 12000  8 7 800 7000\n"}, ""},
		{"over what is asked", []string{"--flows", file, "-F", filepath.Join(dir, ".", "f.flows")}, 1, nil, "is one of the files that are asked: the answer ("},
		{"CSV", []string{"--flows", file, "--by", "DestTransAddress", "--to", "csv:-"}, 0, []string{"schema,meter,", ",dest_trans_address,", "to_octets,to_octets_amount,", ",80,", ",800,800,7000,7000,false\r\n", ",100,100,0,0,true\r\n"}, ""},
		{"CSV of two times", []string{"--flows", file, "--every", "1m", "--to", "csv:-"}, 0, []string{",2026-01-05T09:01:00.000000000Z,2026-01-05T09:02:00.000000000Z,", ",300,300,3000,3000,true\r\n"}, ""},
		{"JSON Lines in a file", []string{"--flows", file, "--every", "1m", "--to", "jsonl:" + json}, 0, nil, ""},
		{"asked again as JSON Lines", []string{"--flows", json, "--every", "1h", "-F", "-"}, 0, []string{"\n9 7 900 7000\n"}, ""},
		{"a table in so many words", []string{"--flows", file, "--to", "table:-"}, 0, []string{"2 flows"}, ""},
		{"JSON Lines over what is asked", []string{"--flows", json, "--to", "jsonl:" + json}, 1, nil, "is one of the files that are asked: the answer ("},
		{"names", []string{"--flows", asn, "--by", "DestASN", "--prefixes", prefixes}, 0, []string{"ACME Ltd", "64501"}, ""},
		{"not there", []string{"--flows", filepath.Join(dir, "none")}, 1, nil, "nemac: open " + filepath.Join(dir, "none") + ": no such file"},
		{"not held", []string{"--flows", file, "--by", "FlowKind"}, 1, nil, "--by:1:1: the flow data does not hold FlowKind\n    FlowKind\n    ^\n" + file + " holds FlowRuleSet, "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(context.Background(), tt.args, strings.NewReader(flowData), &stdout, &stderr)
			if status != tt.status || !strings.Contains(stderr.String(), tt.stderr) || tt.stderr == "" && stderr.Len() > 0 {
				t.Errorf("status %d, %s", status, &stderr)
			}
			for _, part := range tt.stdout {
				if !strings.Contains(stdout.String(), part) {
					t.Errorf("no %q in\n%s", part, &stdout)
				}
			}
		})
	}
}

func TestFlowsOptions(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"--flows a b --by SourcePeerAddress/24 --where ToOctets>5 --every 5m --sort pdus --top 3 --exact --ruleset 2 -F - --utc", ""},
		{"--where x", "--where is for --flows, which asks flow data files"},
		{"--every 5m -r a meter x", "--every is for --flows, which asks flow data files"},
		{"--flows a -r b", "-r is about meters, and --flows asks files: give one of them"},
		{"--flows a --list", "--list is about meters, and --flows asks files: give one of them"},
		{"--flows a --counters --every 5m", "--counters shows records as they stand: --by and --every go without it"},
		{"--flows a --every 0", "--every 0: it is a length of time, as 60, 5m or 1h"},
		{"--flows a --every x", `--every "x": it is a number of seconds, or a time with its unit, as 90s, 5m, 36h or 2d, and at most 292 years`},
		{"--flows a --top=0", `--top "0": it is a whole number from 1`},
		{"--flows a --sort size", `--sort: "size" is not octets, pdus, rate or an attribute`},
		{"--flows a --by x", "--by:1:1: 'x' is no attribute\n    x\n    ^"},
		{"--flows a --to csv:- --to besteffort:jsonl:x%H.jsonl --to table:x --names ecs -F y", ""},
		{"--flows a --to xml:-", `--to "xml" is no kind of output: known are csv, jsonl, table, flows`},
		{"--flows a --to csv:- -F -", "-F - and --to csv:- both go to standard output: give one a file"},
		{"--flows a --to csv:%{meter}", "--to csv:%{meter}: an answer is one, whatever meters it is of: name the file without %{meter}"},
		{"--flows a --names otel", "--names is for the outputs of --to: give that too"},
		{"--flows a --where ToOctets", "--where:1:9: expected '==' after ToOctets\n    ToOctets\n            ^"},
	} {
		_, err := parseOptions(strings.Fields(tt.args), noEnv)
		if got := errorText(err); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.args, got, tt.want)
		}
	}
	if _, err := parseOptions([]string{"--flows", "a", "--where", " "}, noEnv); errorText(err) != "--where: the condition is empty" {
		t.Errorf("an empty condition: %v", err)
	}
}

// TestFlowsTo: an answer goes to any number of outputs, each of which is there when it
// is whole.
func TestFlowsTo(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("f.flows", []byte(flowData), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(status int, says string, args ...string) (stdout string) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(context.Background(), append([]string{"--flows", "f.flows"}, args...), nil, &out, &errs); got != status || !strings.Contains(errs.String(), says) {
			t.Errorf("%q: status %d, %s", args, got, &errs)
		}
		return out.String()
	}
	holds := func(name, part string) {
		t.Helper()
		if b, err := os.ReadFile(name); err != nil || !strings.Contains(string(b), part) {
			t.Errorf("%s: %q, %v; want %q in it", name, b, err, part)
		}
	}
	ask(0, "", "--every", "1m", "--to", "csv:%H%M.csv", "--names", "ecs", "--to", "jsonl:a.jsonl", "-F", "a.flows", "--to", "table:a.txt")
	holds("0900.csv", ",2026-01-05T09:01:00.000000000Z,")
	holds("0901.csv", ",2026-01-05T09:02:00.000000000Z,")
	holds("0901.csv", "source.packets")
	holds("a.jsonl", `"type":"interval"`)
	holds("a.flows", "#EndData")
	holds("a.txt", "Total")
	table := ask(0, "", "--top", "1", "--to", "table:a.txt", "--to", "table:-")
	holds("a.txt", "1 other")
	holds("a.txt", table)

	// What there was stands where there is no answer, and nothing else is left.
	left, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"csv:a.txt", "jsonl:a.txt", "table:a.txt", "flows:a.txt"} {
		ask(1, "does not hold FlowKind", "--by", "FlowKind", "--to", kind)
		holds("a.txt", table)
	}
	now, err := os.ReadDir(".")
	if err != nil || len(now) != len(left) {
		t.Errorf("%v, %v; want %v", now, err, left)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
