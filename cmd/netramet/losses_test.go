package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/meter/pme"
)

// TestLossesToldOnce logs a full flow table, and each rule set that a limit
// stops, once.
func TestLossesToldOnce(t *testing.T) {
	var buf bytes.Buffer
	log := slog.New(slog.NewTextHandler(&buf, nil))
	var told toldLosses
	told.tell(losses{}, log)
	if buf.Len() > 0 {
		t.Errorf("told of nothing: %s", &buf)
	}
	for range 2 {
		told.tell(losses{full: "noon", most: 5, stopped: []stoppedRules{{2, 10}}}, log)
	}
	told.tell(losses{full: "noon", most: 5, stopped: []stoppedRules{{2, 11}, {3, 1}}}, log)
	told.tell(losses{full: "noon", most: 5}, log) // both are destroyed
	told.tell(losses{full: "noon", most: 5, stopped: []stoppedRules{{3, 7}}}, log)
	told.tell(losses{full: "noon", most: 5, flooded: "one", mark: 95}, log)
	told.tell(losses{full: "noon", most: 5, flooded: "one", mark: 95}, log)
	got := buf.String()
	for _, want := range []string{"at=one floodmark=95", "at=noon flows=5", "ruleset=2 matches=10", "ruleset=3 matches=1\n", "ruleset=3 matches=7"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not told once:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n != 5 {
		t.Errorf("%d lines:\n%s", n, got)
	}
}

// TestLossesOfMeter finds the rule set that pushes too much for IPv4.
func TestLossesOfMeter(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"all.srl":  "count;",
		"much.srl": "if SourcePeerType == 1 {" + strings.Repeat("if SourcePeerType == 1 store FlowKind := 1;", pme.MaxQueue+1) + "} count;",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	status, stderr := runToEnd(t, "-s", "-C", office, "-F", dir+"/out", dir+"/all.srl", dir+"/much.srl")
	if want := "netramet: rule set 3: a limit stopped "; status != command.StatusFailure || !strings.Contains(stderr, want) || strings.Contains(stderr, "rule set 2") {
		t.Errorf("status %d: %s", status, stderr)
	}
	var l losses
	control.New(meter.Config{}, control.Config{}).View(func(s *control.State) { l = lossesOf(s) })
	if l.full != "" || l.stopped != nil {
		t.Errorf("an idle meter lost %+v", l)
	}
}
