package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// cut is the moment at which a nemac is killed: when it has sent datagram n.
type cut struct {
	n    int
	lost bool // the meter never sees that datagram; otherwise it does what it says
}

func (c cut) String() string {
	return fmt.Sprintf("%d,%s", c.n, map[bool]string{false: "done", true: "lost"}[c.lost])
}

// cuts spreads moments over a conversation of n datagrams.
func cuts(n, step int) (all []cut) {
	for k := 1; k <= n; k += step {
		all = append(all, cut{k, k/step%2 == 0})
	}
	return all
}

// systemKilled kills nemac in the middle and starts it again: its flow file is
// that of one run, wherever it was cut off.
func systemKilled(t *testing.T, s *system) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T60"}, ruleFiles("services.srl", "hosts.srl")
	counters, _ := s.batch(t, args, rules...)
	amounts, _ := s.batch(t, append(args, "--amounts"), rules...)
	whole := s.startMeter(t, args...)
	r := startRelay(t, whole.port, nil)
	s.follow(t, r.port, filepath.Join(t.TempDir(), "f.flows"), rules).want(0)
	whole.want(0)
	asked, _ := r.counts()
	step := 7
	if testing.Short() {
		step = 29
	}
	for i, c := range cuts(asked, step) {
		t.Run(c.String(), func(t *testing.T) {
			if i/2%2 == 0 {
				s.killAt(t, c, args, rules, amounts, "--amounts")
			} else {
				s.killAt(t, c, args, rules, counters)
			}
		})
	}
	t.Run("told to end", func(t *testing.T) { s.terminateAt(t, rules) })
}

// killAt kills the first nemac at c and has a second one finish.
func (s *system) killAt(t *testing.T, c cut, args, rules []string, want string, more ...string) {
	m := s.startMeter(t, args...)
	flows := filepath.Join(t.TempDir(), "f.flows")
	json, csv := flows+".jsonl", flows+".csv"
	more = append(more, "--wait=2", "--to", "jsonl:"+json, "--to", "csv:"+csv)
	var first *process
	started, killed := make(chan struct{}), make(chan struct{})
	r := startRelay(t, m.port, func(n int) bool {
		<-started
		if n != c.n {
			return true
		}
		first.kill()
		close(killed)
		return !c.lost
	})
	first = s.follow(t, r.port, flows, rules, more...)
	close(started)
	select {
	case <-killed:
	case <-first.ended: // there were fewer questions this time
	}
	if first.wait() != 0 {
		checkWhole(t, flows, want)
		second := s.follow(t, r.port, flows, rules, more...)
		if second.wait() != 0 && !m.over() {
			t.Errorf("the second nemac ended with %d", second.wait())
		}
	}
	m.want(0)
	checkFlows(t, flows, want)
	if more[0] != "--amounts" {
		flows = ""
	}
	checkAmounts(t, json, csv, flows)
}

// over reports whether the meter has read and handed out the whole trace.
func (d *daemon) over() bool { return strings.Contains(d.stderr(), `msg="all is collected"`) }

// terminateAt tells nemac to end in the middle, which is no failure, and has
// another finish. The signal takes effect some intervals later, so there are
// many of them.
func (s *system) terminateAt(t *testing.T, rules []string) {
	args := []string{"-C", testdata("office.pcap"), "-T1"}
	want, _ := s.batch(t, args, rules...)
	m := s.startMeter(t, args...)
	flows := filepath.Join(t.TempDir(), "f.flows")
	var first *process
	started := make(chan struct{})
	first = s.followUntil(t, m, flows, rules, "interval=2 ", 1, func() { <-started; first.terminate() })
	close(started)
	first.want(0)
	if n := checkWhole(t, flows, want); n < 2 || n > 299 {
		t.Errorf("%d collections before the end", n)
	}
	first.quiet()
	second := s.follow(t, m.port, flows, rules)
	second.want(0)
	m.want(0)
	checkFlows(t, flows, want)
}

// systemGone kills the meter in the middle: nemac reports it after its
// retries, and its file is whole.
func systemGone(t *testing.T, s *system) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T10"}, ruleFiles("5tuple.srl")
	want, _ := s.batch(t, args, rules...)
	for _, after := range []string{"msg=begin", `msg="flow file"`, "interval=1 ", "interval=9 "} {
		t.Run(after, func(t *testing.T) {
			t.Parallel() // silence must be longer than any pause of a busy machine
			m := s.startMeter(t, args...)
			flows := filepath.Join(t.TempDir(), "f.flows")
			n := s.followUntil(t, m, flows, rules, after, 2, m.kill, "--retries=2", "--wait=0")
			n.want(1)
			if got := checkWhole(t, flows, want); got == 0 && strings.HasPrefix(after, "interval") {
				t.Error("nothing was collected before")
			}
			if last := n.lastLine(); !strings.HasPrefix(last, "nemac: ") || !strings.Contains(last, "no answer from 127.0.0.1:") {
				t.Errorf("nemac says %q", last)
			}
		})
	}
	t.Run("nobody comes back", func(t *testing.T) { s.abandon(t, args, rules) })
}

// systemStartedAgain starts the meter again on its port within nemac's retries:
// nemac ends and says so, its file is whole, and the meter goes with the next
// nemac, to which it gives the trace from its beginning.
func systemStartedAgain(t *testing.T, s *system) {
	args := []string{"-C", testdata("office.pcap"), "-T10"}
	want, _ := s.batch(t, args, ruleFiles("5tuple.srl")...)
	secured := append(args, "--users", writeFile(t, "users", users))
	v3 := []string{"-v3", "-u", "noc", "-a", "SHA-256", "-A", "authauthauth", "-x", "AES", "-X", "privprivpriv"}
	for _, tt := range []struct {
		name          string
		meter, nemac  []string
		after         string
		first, beyond int // datagrams after that
	}{
		{"before the start", args, nil, `msg="flow file"`, 1, 5},
		{"first interval", args, nil, "interval=1 ", 1, 4},
		{"later", args, nil, "interval=9 ", 1, 6},
		{"another engine", secured, v3, "interval=1 ", 1, 3},
		{"the same engine", append(secured, "--state", filepath.Join(t.TempDir(), "state")), v3, "interval=9 ", 2, 3},
	} {
		for count := tt.first; count < tt.beyond; count++ { // whatever nemac is about
			t.Run(fmt.Sprint(tt.name, " ", count), func(t *testing.T) {
				s.startAgain(t, tt.meter, tt.nemac, tt.after, count, want)
			})
			if testing.Short() {
				break
			}
		}
	}
}

// startAgain kills the meter when nemac's log has a text and it has sent count
// datagrams since, and starts it again before that datagram comes there.
func (s *system) startAgain(t *testing.T, args, nemacArgs []string, after string, count int, want string) {
	rules := ruleFiles("5tuple.srl")
	m := s.startMeter(t, args...)
	flows := filepath.Join(t.TempDir(), "f.flows")
	var again *process
	free := false
	n := s.followUntil(t, m, flows, rules, after, count, func() {
		m.kill()
		again = s.start(t, "", s.meter, append([]string{"--listen", "127.0.0.1:" + m.port}, args...)...)
		free = again.expect(`msg=listening|the port is in use`)[0] == "msg=listening"
	}, nemacArgs...)
	n.want(1)
	if !free {
		t.Skip("somebody else took the port")
	}
	checkWhole(t, flows, want)
	if last := n.lastLine(); !strings.Contains(last, "the meter was started again") {
		t.Errorf("nemac says %q", last)
	}
	next := filepath.Join(t.TempDir(), "next.flows")
	s.follow(t, m.port, next, rules, nemacArgs...).want(0)
	again.want(0)
	checkFlows(t, next, want)
}

// followUntil starts nemac and does something when its log has a text and it
// has asked count times since. nemac waits meanwhile.
func (s *system) followUntil(t *testing.T, m *daemon, flows string, rules []string, text string, count int, do func(), more ...string) *process {
	t.Helper()
	var n *process
	started := make(chan struct{})
	since := 0
	r := startRelay(t, m.port, func(int) bool {
		<-started
		if since > 0 || strings.Contains(n.stderr(), text) {
			if since++; since == count {
				do()
			}
		}
		return true
	})
	n = s.follow(t, r.port, flows, rules, more...)
	close(started)
	return n
}

// abandon has nemac die for good: the meter goes on without it when its
// reader's time is over.
func (s *system) abandon(t *testing.T, args, rules []string) {
	m := s.startMeter(t, args...)
	var n *process
	started := make(chan struct{})
	n = s.followUntil(t, m, filepath.Join(t.TempDir(), "f.flows"), rules, "interval=3 ", 1, func() { <-started; n.kill() }, "--reader-timeout=1")
	close(started)
	m.expect(`level=WARN msg="row removed" table=reader`)
	m.expect(`msg="all is collected"`)
	m.want(0)
}

// lastLine is the last line of standard error.
func (p *process) lastLine() string {
	lines := strings.Split(strings.TrimSpace(p.stderr()), "\n")
	return lines[len(lines)-1]
}
