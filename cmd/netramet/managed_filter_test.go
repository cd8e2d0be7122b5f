package main

import (
	"strings"
	"testing"

	"netramet/internal/command"
)

// TestManagedFilter: the managed meter filters as one command does, and its log
// says how many packets it has left out.
func TestManagedFilter(t *testing.T) {
	t.Parallel()
	m := startMeter(t, "-C", office, "-T60", "--filter", "udp or icmp", "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	x.follow()
	x.leave()
	want, _ := batchData(t, "-C", office, "-T60", "--filter", "udp or icmp", projectRules("hosts.srl"))
	_, got, _ := strings.Cut(x.out.String(), "\n")
	compareData(t, "filtered", got, want)
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	m.waitLog(`msg=end .* filtered=[1-9]`)
}

// TestManagedFilterMisfit: a filter that means nothing on the trace's link type
// is told to readers and the log, and the meter ends with status 1.
func TestManagedFilterMisfit(t *testing.T) {
	t.Parallel()
	m := startMeter(t, "-C", office, "--filter", "inbound", "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	if _, last := x.follow(); !strings.Contains(last.Error, "--filter: inbound: ") {
		t.Errorf("trace %+v", last)
	}
	x.leave()
	if got := m.wait(); got != command.StatusFailure {
		t.Errorf("status %d", got)
	}
	m.waitLog(`level=ERROR msg="the filter does not fit the trace`)
}
