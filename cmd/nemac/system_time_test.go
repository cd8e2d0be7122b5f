package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/sources/wire"
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
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("random ", seed), func(t *testing.T) { s.timeRandom(t, seed, rules) })
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

// timeRandom has bursts of a few flows that come back, pauses of seconds to
// years between them, and intervals and idle times of any length.
func (s *system) timeRandom(t *testing.T, seed uint64, rules []string) {
	rng := rand.New(rand.NewPCG(seed, 0))
	pick := func(from ...time.Duration) time.Duration { return from[rng.IntN(len(from))] }
	const day = 24 * time.Hour
	var frames []wire.Frame
	after := time.Duration(0)
	for range 4 + rng.IntN(5) {
		frames = append(frames, burst(t, 1+rng.Uint64N(3), 20+rng.IntN(60), time.Minute, after)...)
		after += 2*time.Minute + pick(0, time.Second, time.Hour, day, 30*day, 497*day, 498*day, 1500*day, 3000*day)
	}
	seconds := func(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }
	args := []string{"-C", pcapFile(t, frames),
		"-T" + seconds(pick(0, 10*time.Second, 7*time.Minute, 13*time.Hour, 100*day, 497*day, 700*day, 4000*day)),
		"--inactivity=" + seconds(pick(30*time.Second, 10*time.Minute, 2*day, 600*day, 4000*day))}
	t.Log(args)
	s.run(t, args, rules)
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

// TestLateReader: a reader of a live meter whose uptime has wrapped several times
// gets all flows in its first collection, with their times, in every version of
// SNMP.
func TestLateReader(t *testing.T) {
	m := startMeter(t, "", meter.Config{MaxGap: 1 << 62, Inactivity: 1 << 62}, 1)
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	rules := writeFile(t, "pairs.srl", hostRules+hostFormat)
	if status, _, errs := nemac(t, t.Context(), "--download-only", "-L", log, "-r", rules, "-m", m.port, "127.0.0.1", "private"); status != 0 {
		t.Fatal(errs)
	}
	for i := range 5 {
		b := wire.Batch{Frames: burst(t, uint64(i%3), 100, time.Minute, time.Duration(i)*day400)}
		if stop := m.meter.Feed(&b); stop != meter.Taken {
			t.Fatal(stop)
		}
	}
	var all []string
	var uptime meter.Uptime
	m.meter.View(func(s *control.State) {
		uptime = s.Uptime()
		var f meter.Flow
		for i := s.NextFlow(7, 0, 0); i != 0; i = s.NextFlow(7, 0, i) {
			s.Flow(i, &f)
			all = append(all, fmt.Sprint(f.FirstTime, " ", f.PDUs[0]))
		}
	})
	for _, who := range [][]string{
		{"-v1", "127.0.0.1", "private"}, {"127.0.0.1", "private"},
		{"-v3", "-unoc", "-aSHA-256", "-Aauthauthauth", "-xAES", "-Xprivprivpriv", "127.0.0.1"},
	} {
		ctx, end := context.WithCancel(t.Context())
		flows := filepath.Join(dir, "flows"+who[0])
		args := append([]string{"--read-only=7", "--format", rules, "-F", flows, "-L", "-", "-m", m.port, "--owner", "late" + who[0]}, who...)
		status := run(ctx, args, strings.NewReader(""), io.Discard, endAt{"msg=collected", end})
		end()
		b := blocks(t, flows)
		if status != 0 || len(b) != 1 {
			t.Fatalf("%s: status %d, %d collections", who[0], status, len(b))
		}
		var got []string
		for _, r := range b[0].records {
			f := strings.Fields(r)
			got = append(got, f[0]+" "+f[3])
		}
		if !slices.Equal(got, all) {
			t.Errorf("%s: flows\n%q, want\n%q", who[0], got, all)
		}
		if want := fmt.Sprintf(" from 1 to %d\n", uptime); !strings.HasSuffix(b[0].time, want) {
			t.Errorf("%s: %q, want%q", who[0], b[0].time, want)
		}
	}
}

// endAt calls end when a text is written.
type endAt struct {
	text string
	end  func()
}

func (e endAt) Write(b []byte) (int, error) {
	if strings.Contains(string(b), e.text) {
		e.end()
	}
	return len(b), nil
}
