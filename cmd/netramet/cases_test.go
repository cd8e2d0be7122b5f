package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// caseExpect is what stands beside a case: a note and, for most, lines of
// "key: value" and flows.
type caseExpect struct {
	rules, message string
	status         int
	flows          []string
}

var (
	caseStatus = regexp.MustCompile(`(?m)^exit status: (\d)$`)
	caseRules  = regexp.MustCompile(`(?m)^rule set: (\S+)$`)
	caseText   = regexp.MustCompile(`(?m)^message: (.*)$`)
	caseFlow   = regexp.MustCompile(`(?m)^\((\d+), '(.*)', '(.*)', (\d+), (\d+), (\d+), (\d+), (\d+), (\d+), (\d+), (\d+)\)$`)
)

func readExpect(t *testing.T, file string) (e caseExpect, whole bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	status, rules := caseStatus.FindSubmatch(text), caseRules.FindSubmatch(text)
	if status == nil || rules == nil {
		return e, false // a note only
	}
	e.status, e.rules = int(status[1][0]-'0'), string(rules[1])
	if m := caseText.FindSubmatch(text); m != nil && string(m[1]) != "None" {
		e.message = string(m[1])
	}
	for _, m := range caseFlow.FindAllSubmatch(text, -1) {
		e.flows = append(e.flows, string(bytes.Join(m[1:], []byte(" "))))
	}
	slices.Sort(e.flows)
	return e, true
}

// caseFlows meters a case and prints its flows as readExpect does.
func caseFlows(t *testing.T, trace, rules string) (flows []string, status int, stderr string) {
	t.Helper()
	// The flow whose time a case is about, and when it was last active.
	caseTimes := map[string]struct{ ports, last string }{
		"55-sparse-2days.pcap": {"171000", "328320001"}, "55b-two-packets.pcap": {"171000", "17280001"},
		"12-hour-ahead.pcap": {"171000", "9901"}, "10-first-future.pcap": {"171000", "3901"},
	}
	rows := map[string][]string{} // by what tells a flow: frame octets of both directions, then peer octets
	var order []string
	for _, octets := range []string{"frame", "peer"} {
		var out, errs bytes.Buffer
		status = run(t.Context(), []string{"-C", trace, "--octets", octets, rules}, strings.NewReader(""), &out, &errs)
		stderr = errs.String()
		for line := range strings.Lines(out.String()) {
			f := strings.Fields(line)
			if strings.HasPrefix(line, "#") || len(f) != 14 {
				continue
			}
			if want, ok := caseTimes[filepath.Base(trace)]; ok && f[4]+f[7] == want.ports && f[13] != want.last {
				t.Errorf("last active at %s, want %s", f[13], want.last)
			}
			key := strings.Join([]string{f[4], f[5], f[6], f[7], f[8], f[9], f[10]}, " ")
			if len(rows[key]) == 0 {
				order = append(order, key)
			}
			rows[key] = append(rows[key], f[11]+" "+f[12])
		}
	}
	for _, key := range order {
		flows = append(flows, key+" "+strings.Join(rows[key], " "))
	}
	slices.Sort(flows)
	return flows, status, stderr
}

// TestCases meters the cases that lie beside the project and demands their
// right answers.
func TestCases(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "cases", "packets")
	files, err := filepath.Glob(filepath.Join(dir, "*.expect"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the shared cases are not there: ../shared/cases/packets")
	}
	// Messages that have become errors of their own (decision 21a).
	other := map[string]int{"57-radiotap-only": statusFailure}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".expect")
		t.Run(name, func(t *testing.T) {
			want, whole := readExpect(t, file)
			traces, _ := filepath.Glob(filepath.Join(dir, name+".pcap*"))
			if !whole || want.rules != "five.srl" || len(traces) != 1 {
				t.Skip("has no flows to compare with")
			}
			if status, ok := other[name]; ok {
				want.status = status
			}
			if name == "56-228" { // its note tells of one flow more
				want.flows = slices.Insert(want.flows, 0, "0 0.0.0.0 0.0.0.0 0 0 1 0 48 0 48 0")
			}
			flows, status, stderr := caseFlows(t, traces[0], filepath.Join(dir, want.rules))
			if status != want.status {
				t.Errorf("status %d, want %d", status, want.status)
			}
			if ok, err := regexp.MatchString(want.message, stderr); err != nil || !ok {
				t.Errorf("no %q in %q", want.message, stderr)
			}
			if got, want := fmt.Sprintf("%q", flows), fmt.Sprintf("%q", want.flows); got != want {
				t.Errorf("flows\n got %s\nwant %s", got, want)
			}
		})
	}
}
