package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// systemIntervals: a thousand intervals cost little more than one. What is
// asserted is how often the meter is asked; the times are only told.
func systemIntervals(t *testing.T, s *system) {
	seconds := 1000
	if testing.Short() {
		seconds = 100
	}
	trace, rules := benchTrace(t, 3*seconds, time.Duration(seconds)*time.Second, 1, 0), ruleFiles("hosts.srl")
	// follow returns how many collections there were and what they cost.
	follow := func(t *testing.T, interval string) (collections, asked int, took time.Duration) {
		args := []string{"-C", trace, "-T" + interval}
		want, _ := s.batch(t, args, rules...)
		m := s.startMeter(t, args...)
		r := startRelay(t, m.port, nil)
		flows := filepath.Join(t.TempDir(), "f.flows")
		begun := time.Now()
		n := s.follow(t, r.port, flows, rules)
		n.want(0)
		m.want(0)
		took = time.Since(begun)
		checkFlows(t, flows, want)
		asked, answered := r.counts()
		if strings.Contains(n.stderr(), "resent=0") && answered != asked {
			t.Errorf("%d questions, %d answers", asked, answered)
		}
		return strings.Count(n.stderr(), "msg=collected"), asked, took
	}
	_, once, tookOnce := follow(t, "100000")
	n, asked, took := follow(t, "1")
	if n != seconds {
		t.Errorf("%d collections, want %d", n, seconds)
	}
	// A collection is its data, its acknowledgement, and few questions whether
	// the next interval is over.
	each := float64(asked-once) / float64(n-1)
	t.Logf("one collection: %d messages, %v; %d collections: %d messages (%.1f for each more), %v (%v for each more)",
		once, tookOnce, n, asked, each, took, (took-tookOnce)/time.Duration(n-1))
	if each > 10 {
		t.Errorf("%.1f messages for each interval", each)
	}
}
