package main

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// systemErrors: what cannot work says so, with the right exit status, and
// leaves nothing on the meter that would hold others up.
func systemErrors(t *testing.T, s *system) {
	trace := s.startMeter(t, "-C", testdata("office.pcap"), "-T60")
	hosts := testdata("hosts.srl")
	faulty := writeFile(t, "faulty.srl", "save SourcePeerAdress;\ncount;\n")
	dir := t.TempDir()
	file := writeFile(t, "file", "")
	at := []string{"-m", trace.port, "127.0.0.1", "private"}
	log := []string{"-L", filepath.Join(dir, "log"), "-F", filepath.Join(dir, "flows")}
	quick := []string{"--wait=0", "--retries=1", "--timeout=50ms"} // where no answer is waited for
	for _, tt := range []struct {
		name   string
		status int
		says   string // a regular expression for standard error
		args   [][]string
	}{
		{"no meter there", 1, `nothing listens on that port`,
			[][]string{{"-C", "-r", hosts, "-m", freePort(t), "127.0.0.1", "private"}, quick, log}},
		{"no such host", 1, `meter no-such-host\.invalid.*(no such host|lookup)`,
			[][]string{{"-C", "-r", hosts, "no-such-host.invalid", "private"}, quick, log}},
		{"wrong community", 1, `does not accept the community`,
			[][]string{{"-C", "-r", hosts, "-m", trace.port, "127.0.0.1", "wrong"}, quick, log}},
		{"community that may only read", 1, `may not`,
			[][]string{{"-C", "-r", hosts, "-m", trace.port, "127.0.0.1", "public"}, log}},
		{"no -C on a trace", 1, `reads a trace: use -C`, [][]string{{"-r", hosts}, at, log}},
		{"v1 on a trace", 1, `needs SNMPv2c or v3`, [][]string{{"-C", "-v1", "-r", hosts}, at, log}},
		{"v3 user unknown", 1, `does not accept the user`, [][]string{{"-C", "-v3", "-u", "noc", "-A", "authauthauth",
			"-r", hosts, "-m", trace.port, "127.0.0.1"}, log}},
		{"faulty rules", 1, `faulty\.srl:1:6: .*\n.*save SourcePeerAdress;\n +\^`, [][]string{{"-C", "-r", faulty}, at, log}},
		{"no rules", 1, `nonesuch\.srl: no such file`, [][]string{{"-C", "-r", "nonesuch.srl"}, at, log}},
		{"no directory for the flow file", 1, `no such file or directory`,
			[][]string{{"-C", "-r", hosts, "-F", filepath.Join(dir, "none", "flows"), "-L", filepath.Join(dir, "log")}, at}},
		{"a file for a directory", 1, `not a directory`,
			[][]string{{"-C", "-r", hosts, "-F", filepath.Join(file, "flows"), "-L", filepath.Join(dir, "log")}, at}},
		{"no directory for the log", 1, `log file: .*no such file`, [][]string{{"-C", "-r", hosts, "-L", filepath.Join(dir, "none", "log")}, at}},
		{"a rule set that is not there", 1, `runs no rule set "campus"`, [][]string{{"-C", "--read-only=campus", "--wait=0"}, at, log}},
		{"nothing to do", 2, `nothing to do`, [][]string{{"-C"}, at, log}},
		{"no meter named", 2, `no meter`, [][]string{{"-C", "-r", hosts}, log}},
		{"no community", 2, `no community`, [][]string{{"-C", "-r", hosts, "127.0.0.1"}, log}},
		{"unknown option", 2, `--colour`, [][]string{{"--colour"}, at}},
		{"bad number", 2, `often`, [][]string{{"-c", "often", "-r", hosts}, at}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var args []string
			for _, a := range tt.args {
				args = append(args, a...)
			}
			p := s.start(t, "", s.nemac, args...)
			p.want(tt.status)
			if !regexp.MustCompile(tt.says).MatchString(p.stderr()) || p.stdout.Len() > 0 {
				t.Errorf("it says %s%s", p.stderr(), &p.stdout)
			}
			if strings.Count(p.stderr(), "127.0.0.1:") > 1 {
				t.Errorf("it names the meter more than once: %s", p.stderr())
			}
			if tt.status == 2 && !strings.Contains(p.stderr(), "Try 'nemac -h'.") {
				t.Errorf("no hint: %s", p.stderr())
			}
		})
	}
	// None of those was ready to start the trace, and none left a row.
	list := s.start(t, "", s.nemac, append([]string{"--list"}, at...)...)
	list.want(0)
	if out := list.stdout.String(); strings.Contains(out, "nemac@") || !strings.Contains(out, "waitRuleSet, interval 0") {
		t.Errorf("something is left on the meter:\n%s", out)
	}
	t.Run("nonsense", func(t *testing.T) { s.nonsense(t, hosts) })
	t.Run("noisy", func(t *testing.T) { s.noisy(t) })
}

// nonsense has something answer that is no meter.
func (s *system) nonsense(t *testing.T, rules string) {
	for _, tt := range []struct {
		name   string
		answer func(question []byte, n int) []byte
	}{
		{"nothing", func([]byte, int) []byte { return nil }},
		{"an echo", func(q []byte, _ int) []byte { return q }},
		{"noise", func(_ []byte, n int) []byte { return noise(n) }},
		{"half the question", func(q []byte, _ int) []byte { return q[:len(q)/2] }},
		{"flipped bits", func(q []byte, n int) []byte { q[n%len(q)] ^= 1 << (n % 8); return q }},
		{"an answer without values", func(q []byte, _ int) []byte {
			// GetRequest and GetBulkRequest become a Response.
			for i := range q {
				if q[i] == 0xa0 || q[i] == 0xa5 {
					q[i] = 0xa2
					break
				}
			}
			return q
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := answering(t, tt.answer)
			p := s.startNemac(t, port, "-C", "--wait=0", "--retries=2", "--timeout=30ms", "-r", rules, "-F", filepath.Join(t.TempDir(), "f"))
			p.want(1)
			if last := p.lastLine(); !strings.HasPrefix(last, "nemac: ") || !strings.Contains(last, "127.0.0.1:"+port) {
				t.Errorf("it says %s", last)
			}
		})
	}
}

// noisy has datagrams that mean nothing come between question and answer: the
// flow file is the same.
func (s *system) noisy(t *testing.T) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T60"}, ruleFiles("hosts.srl")
	want, _ := s.batch(t, args, rules...)
	for _, tt := range []struct {
		name string
		make func(n int, answer []byte) []byte
	}{
		{"noise", func(n int, _ []byte) []byte { return noise(n) }},
		{"nothing", func(int, []byte) []byte { return nil }},
		{"half an answer", func(_ int, answer []byte) []byte { return answer[:len(answer)/2] }},
		{"a flipped bit", func(n int, answer []byte) []byte { answer[n%min(len(answer), 20)] ^= 1 << (n % 8); return answer }},
		{"the answer twice", func(_ int, answer []byte) []byte { return answer }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.startMeter(t, args...)
			r := startRelay(t, m.port, nil)
			r.mu.Lock()
			r.noise = tt.make
			r.mu.Unlock()
			flows := filepath.Join(t.TempDir(), "f")
			s.follow(t, r.port, flows, rules).want(0)
			m.want(0)
			checkFlows(t, flows, want)
		})
	}
}

// noise is octets that mean nothing.
func noise(n int) []byte {
	b := make([]byte, 40+n%200)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b) // it never fails
	return b
}

// answering is the port of something that answers each datagram.
func answering(t testing.TB, answer func(question []byte, n int) []byte) (port string) {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { c.Close(); <-ended })
	go func() {
		defer close(ended)
		b := make([]byte, 1<<16)
		for i := 0; ; i++ {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = c.WriteTo(answer(b[:n], i), from) // who asked may have gone
		}
	}()
	_, port, _ = net.SplitHostPort(c.LocalAddr().String())
	return port
}

// systemDisk: a disk that is full loses nothing: what is in the file is whole,
// and another nemac goes on from there.
func systemDisk(t *testing.T, s *system) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T60"}, ruleFiles("5tuple.srl")
	want, _ := s.batch(t, args, rules...)
	t.Run("full from the beginning", func(t *testing.T) {
		if _, err := os.Stat("/dev/full"); err != nil {
			t.Skip("no /dev/full on this system")
		}
		m := s.startMeter(t, args...)
		n := s.follow(t, m.port, "/dev/full", rules, "--retries=0")
		n.want(1)
		if last := n.lastLine(); !strings.Contains(last, "/dev/full: no space left on device") {
			t.Errorf("it says %s", last)
		}
	})
	for _, kib := range []string{"1", "8", "12"} {
		t.Run("full at "+kib+" KiB", func(t *testing.T) {
			if _, err := os.Stat("/bin/sh"); err != nil {
				t.Skip("no shell to limit the size of files")
			}
			m := s.startMeter(t, args...)
			flows := filepath.Join(t.TempDir(), "f.flows")
			// POSIX has ulimit -f count units of 512 octets.
			n := s.start(t, "", "/bin/sh", "-c", `ulimit -f $((`+kib+` * 2)); exec "$0" "$@"`, s.nemac,
				"-C", "-m", m.port, "-L", "-", "-F", flows, "-r", rules[0], "--meter-name=m", "--retries=0", "127.0.0.1", "private")
			n.want(1)
			if last := n.lastLine(); !strings.Contains(last, "file too large") {
				t.Errorf("it says %s", last)
			}
			t.Logf("%d collections; %s", checkWhole(t, flows, want), n.lastLine())
			n = s.follow(t, m.port, flows, rules)
			n.want(0)
			m.want(0)
			checkFlows(t, flows, want)
		})
		if testing.Short() {
			break
		}
	}
}
