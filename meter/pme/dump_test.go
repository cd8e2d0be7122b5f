package pme

import (
	"errors"
	"strings"
	"testing"

	"netramet/ruleset/srl"
)

// TestDump: each rule has a line that shows how it is lowered.
func TestDump(t *testing.T) {
	rs, _, err := srl.Compile("dump.srl", []byte(`
		if SourcePeerType == 1 save; else ignore;
		if SourcePeerAddress == (10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24) save, store FlowKind := 'N';
		save SourceTransAddress;
		count;`), srl.Options{Optimise: -1})
	if err != nil {
		t.Fatal(err)
	}
	rs.Number = 7
	p, err := Load(rs, NewShapes())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := p.Dump(&b); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		"rule set 7: ", "1 hash groups",
		"SourcePeerType & ff == 01", "saves the rule's SourcePeerType",
		"group 0 of 4 rules: SourcePeerAddress & ffffff == 0a0000",
		"SourcePeerAddress & ffffff == 0a0003",
		"saves the packet's SourceTransAddress", "Ignore", "Count",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n != len(rs.Rules)+1 {
		t.Errorf("%d lines for %d rules", n, len(rs.Rules))
	}
	if err := p.Dump(failing{}); !errors.Is(err, errFull) {
		t.Errorf("a failing writer: %v", err)
	}
}

var errFull = errors.New("full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
