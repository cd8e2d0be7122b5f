package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// forEver keeps flows in the table all through the trace.
const forEver = "--inactivity=500000000"

// day400 is less than what 32 bits of centiseconds hold, three of it are more.
const day400 = 400 * 24 * time.Hour

// systemTime: traces longer than the 497 days after which 32 bits of
// centiseconds begin anew. Flows live through several of these, others begin
// and end between, and some readers come late.
func systemTime(t *testing.T, s *system) {
	trace := benchTrace(t, 100, 90*time.Second, 6, day400) // wraps four times
	rules := []string{writeFile(t, "hosts.srl", hostRules+hostFormat), writeFile(t, "protocols.srl", protocolRules), testdata("5tuple.srl"), testdata("peertype.rules")}
	for _, interval := range []string{"60", "3600", "86400", "34560000", "42949672", "42949673", "100000000", "4294967295", "0"} {
		t.Run("T"+interval, func(t *testing.T) {
			s.run(t, []string{"-C", trace, "-T" + interval, forEver}, rules)
		})
		if testing.Short() {
			break
		}
	}
	t.Run("flows recovered", func(t *testing.T) {
		s.run(t, []string{"-C", trace, "-T30", "--inactivity=40"}, rules)
	})
	t.Run("small messages", func(t *testing.T) {
		s.run(t, []string{"-C", trace, "-T3600", forEver}, rules, "--datagram=484")
	})
	t.Run("killed and gone on", func(t *testing.T) { s.timeResumed(t, trace, rules) })
	t.Run("a late reader", func(t *testing.T) { s.timeLate(t, trace) })
}

// behindTwo is in nemac's log when the third interval of 400 days has begun, at
// 2.4 times 2^32 centiseconds; -T is 30.
const behindTwo = "interval=34560"

// timeResumed kills nemac behind the second wrap; the next one goes on from the
// marks on the meter.
func (s *system) timeResumed(t *testing.T, trace string, rules []string) {
	args := []string{"-C", trace, "-T30", forEver}
	want, _ := s.batch(t, args, rules...)
	m := s.startMeter(t, args...)
	flows := filepath.Join(t.TempDir(), "f.flows")
	var first *process
	started := make(chan struct{})
	first = s.followUntil(t, m, flows, rules, behindTwo, 3, func() { <-started; first.kill() })
	close(started)
	first.wait()
	if n := checkWhole(t, flows, want); n == 0 {
		t.Fatal("nothing was collected before")
	}
	s.follow(t, m.port, flows, rules).want(0)
	m.want(0)
	checkFlows(t, flows, want)
}

// timeLate has a second reader begin behind the second wrap: its first
// collection has all flows there are, and the later ones are the first
// reader's, record for record.
func (s *system) timeLate(t *testing.T, trace string) {
	dir := t.TempDir()
	pairs := writeFile(t, "pairs.srl", hostRules+hostFormat)
	m := s.startMeter(t, "-C", trace, "-T30", forEver)
	var late *process
	one := s.followUntil(t, m, filepath.Join(dir, "one"), []string{pairs}, behindTwo, 1, func() {
		late = s.startNemac(t, m.port, "-C", "-F", filepath.Join(dir, "late"), "--read-only=7", "--format", pairs)
		late.expect(`msg="flow file"`)
	})
	one.want(0)
	late.want(0)
	m.want(0)
	first, second := blocks(t, filepath.Join(dir, "one")), blocks(t, filepath.Join(dir, "late"))
	if len(second) < 4 || len(second) >= len(first) {
		t.Fatalf("%d collections, and %d of the late reader", len(first), len(second))
	}
	// All flows are those that any collection so far has had.
	seen := map[string]bool{}
	for _, b := range first[:len(first)-len(second)+1] {
		for _, r := range b.records {
			seen[name(r)] = true
		}
	}
	got := map[string]bool{}
	for _, r := range second[0].records {
		got[name(r)] = true
	}
	if len(got) != len(seen) {
		t.Errorf("the late reader's first collection has %d flows, all are %d", len(got), len(seen))
	}
	for i, b := range second[1:] {
		same := first[len(first)-len(second)+1+i]
		if strings.Join(b.records, "") != strings.Join(same.records, "") || b.time != same.time {
			t.Errorf("late collection %d\n%s%s\nis not\n%s%s", i+2, b.time, b.records, same.time, same.records)
		}
	}
}

// block is a collection of a flow data file.
type block struct {
	time    string
	records []string
}

// blocks reads the collections of a file.
func blocks(t testing.TB, file string) (all []block) {
	t.Helper()
	for line := range strings.Lines(afterHeader(t, file)) {
		switch {
		case strings.HasPrefix(line, "#Time"):
			all = append(all, block{time: line})
		case !strings.HasPrefix(line, "#"):
			b := &all[len(all)-1]
			b.records = append(b.records, line)
		}
	}
	return all
}

// name is what names a flow in a record of hostFormat.
func name(record string) string { return strings.Join(strings.Fields(record)[:3], " ") }
