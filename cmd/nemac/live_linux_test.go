package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/netns"
)

// TestLive runs both programs on a link: in a network namespace of the test's own,
// between two interfaces that carry nothing but what the test sends.
func TestLive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	s := newSystem(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *system)
	}{
		{"Managed", liveManaged},
		{"End", liveEnd},
		{"Lost", liveLost},
		{"Batch", liveBatch},
		{"User", liveUser},
		{"Dry", liveDry},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			netns.Enter(t)
			netns.IP(t, "link set lo up")
			netns.Pair(t, "a0", "b0")
			part.run(t, s)
		})
	}
}

// perSource is a rule set with a flow for each network of the test's senders.
const perSource = "set live; if SourcePeerType == 1 { save SourcePeerAddress/24; count; } format FlowIndex FirstTime SourcePeerAddress ToPDUs FromPDUs;\n"

// sendLive sends n packets from four networks, from a number on.
func sendLive(t *testing.T, to *netns.Sender, from, n int) {
	t.Helper()
	for i := from; i < from+n; i++ {
		f := sourcetest.Frame(t, sourcetest.Ether("02:00:00:00:00:01", "02:00:00:00:00:02"),
			sourcetest.IPv4{Src: fmt.Sprintf("10.0.%d.%d", i%4, i%251+1), Dst: "10.9.9.9"}, sourcetest.UDP{Src: uint16(1000 + i%7), Dst: 53}, sourcetest.Payload(400))
		if err := to.Send(f.Data); err != nil {
			t.Fatal(err)
		}
	}
}

var fromTo = regexp.MustCompile(`^#Time: .* Flows from (\d+) to (\d+)$`)

// counted is what whole collections of a file say of packets in all: the newest counts
// of each flow. Collections follow each other without a gap.
func counted(t *testing.T, file string) (packets, collections int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	whole := text[:max(strings.LastIndex(string(text), "#EndData"), 0)]
	newest, to := map[string]int{}, 0
	for line := range strings.Lines(string(whole)) {
		line = strings.TrimSpace(line)
		f := strings.Fields(line)
		if m := fromTo.FindStringSubmatch(line); m != nil {
			from, _ := strconv.Atoi(m[1])
			if collections > 0 && from != to-1 {
				t.Errorf("%s: a collection is from %d, and the one before it to %d", filepath.Base(file), from, to)
			}
			to, _ = strconv.Atoi(m[2])
			collections++
		} else if len(f) == 5 && !strings.HasPrefix(line, "#") {
			if newest[f[0]+" "+f[1]], err = strconv.Atoi(f[3]); err != nil {
				t.Fatalf("%s: %q", filepath.Base(file), line)
			}
		}
	}
	for _, n := range newest {
		packets += n
	}
	return packets, collections
}

// awaitCounted waits until a file has so many packets, and fails if it gets more.
func awaitCounted(t *testing.T, file string, want int) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		got, _ := counted(t, file)
		if got == want {
			return
		}
		if got > want || time.Now().After(end) {
			t.Fatalf("%s has %d packets, want %d", filepath.Base(file), got, want)
		}
	}
}

// awaitCollections waits until a file has so many collections.
func awaitCollections(t *testing.T, file string, want int) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		_, n := counted(t, file)
		if n >= want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s has %d collections, want %d", filepath.Base(file), n, want)
		}
	}
}

// liveManaged: nemac collects from a meter whose link is loaded, goes silent, flaps, is
// removed and made again: every packet is collected, once.
func liveManaged(t *testing.T, s *system) {
	m := s.startMeter(t, "-i", "b0", "--linger", "0")
	rules := writeFile(t, "live.srl", perSource)
	flows := filepath.Join(t.TempDir(), "live.flows")
	n := s.startNemac(t, m.port, "-c1", "-r", rules, "-F", flows)
	m.expect(`msg="rule set runs".*ruleset=2`)
	sent := 0
	send := func(to *netns.Sender, n int) {
		sendLive(t, to, sent, n)
		sent += n
	}
	a := netns.NewSender(t, "a0")
	send(a, 5000)
	awaitCounted(t, flows, sent)
	_, silent := counted(t, flows)
	awaitCollections(t, flows, silent+2) // they go on in silence
	netns.IP(t, "link set b0 down")
	m.expect(`interface b0 is down`)
	netns.IP(t, "link set b0 up")
	m.expect(`interface b0 is up`)
	send(a, 1000)
	awaitCounted(t, flows, sent)
	netns.IP(t, "link del b0")
	m.expect(`interface b0 is gone`)
	netns.Pair(t, "a0", "b0")
	m.expect(`(?s)interface b0 is there again.*interface b0 is up`)
	send(netns.NewSender(t, "a0"), 1000)
	awaitCounted(t, flows, sent)
	n.terminate()
	n.wait()
	m.terminate()
	m.want(0)
	m.expect(fmt.Sprintf(`msg=end .*packets=%d .*lost=0`, sent))
}

// liveEnd: a meter that is told to end stays until nemac, whose collections are far apart,
// has the last packets, and no longer; the next meter is set up at once.
func liveEnd(t *testing.T, s *system) {
	m := s.startMeter(t, "-i", "b0", "--linger", "50")
	rules := writeFile(t, "live.srl", perSource)
	flows := filepath.Join(t.TempDir(), "live.flows")
	n := s.startNemac(t, m.port, "-c", "3600", "-r", rules, "-F", flows)
	m.expect(`msg="rule set runs".*ruleset=2`)
	awaitCollections(t, flows, 1)
	sendLive(t, netns.NewSender(t, "a0"), 0, 1000)
	m.terminate()
	m.want(0)
	m.expect(`(?s)msg="nothing more is metered; .* readers=1 .*msg="all is collected"`)
	awaitCounted(t, flows, 1000)
	m = &daemon{s.start(t, "", s.meter, "-m", m.port, "--listen", "127.0.0.1", "-i", "b0", "--linger", "50"), m.port}
	m.expect(`msg="rule set runs".*ruleset=2`)
	sendLive(t, netns.NewSender(t, "a0"), 0, 500)
	m.terminate()
	m.want(0)
	if text, err := os.ReadFile(flows); err != nil || strings.Count(string(text), "\n#Time: ") != 3 || !strings.Contains(string(text), "the meter was started again after") {
		t.Errorf("%v\n%s", err, text)
	}
	n.terminate()
	n.wait()
}

// liveLost: what a stopped meter's small ring has no room for is told by the log, once
// when it begins and once when it ends, and by the MIB.
func liveLost(t *testing.T, s *system) {
	m := s.startMeter(t, "-i", "b0", "--ring", "128k", "--block", "8k")
	const sent = 3000
	if err := m.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	sendLive(t, netns.NewSender(t, "a0"), 0, sent)
	if err := m.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	m.expect(`level=WARN msg="packets are lost.*interface=b0 lost=\d+`)
	port, _ := strconv.ParseUint(m.port, 10, 16)
	c, err := client.Dial(t.Context(), client.Options{Host: "127.0.0.1", Port: uint16(port), Security: client.Security{Version: client.V2c, Community: "private"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	columns := []mib.Obj{mib.ObjFlowInterfaceLostPackets, mib.ObjIfInUcastPkts, mib.ObjIfInDiscards}
	var names []client.Name
	for _, o := range columns {
		names = append(names, client.Inst(o, 1))
	}
	values, err := c.Get(t.Context(), names...)
	if err != nil {
		t.Fatal(err)
	}
	lost, taken := values[0].Num, values[1].Num
	if lost == 0 || lost+taken != sent || values[2].Num != lost {
		t.Errorf("%d lost, %d metered, %d discarded; %d were sent", lost, taken, values[2].Num, sent)
	}
	m.terminate()
	m.want(0)
	m.expect(fmt.Sprintf(`msg="no more packets are lost" interface=b0 lost=%d metered=%d `, lost, taken))
	if n := strings.Count(m.stderr(), "packets are lost"); n != 2 {
		t.Errorf("the log speaks of losses %d times:\n%s", n, m.stderr())
	}
}

// liveBatch: in one command each interval has its collection, also in silence, and
// SIGTERM ends the last one whole.
func liveBatch(t *testing.T, s *system) {
	rules := writeFile(t, "live.srl", perSource)
	flows := filepath.Join(t.TempDir(), "batch.flows")
	trace := filepath.Join(t.TempDir(), "batch.pcap")
	p := s.start(t, "", s.meter, "-i", "b0", "--lanes", "2", "-T1", "-F", flows, "--write", trace, "--filter", "net 10.0.0.0/22", rules)
	a := netns.NewSender(t, "a0")
	awaitCollections(t, flows, 2) // it is at work, and has said so in silence
	sendLive(t, a, 0, 4000)
	p.terminate()
	p.want(0)
	if got, _ := counted(t, flows); got != 4000 {
		t.Errorf("%d packets, want 4000", got)
	}
	p.expect(`netramet: 4000 packets, .* 0 lost, `)
	p.expect(`netramet: 4000 packets written to `)
	again := filepath.Join(t.TempDir(), "again.flows")
	s.start(t, "", s.meter, "-C", trace, "-F", again, rules).want(0)
	if got, _ := counted(t, again); got != 4000 {
		t.Errorf("%d packets of the trace that was written, want 4000", got)
	}
	few := filepath.Join(t.TempDir(), "few.flows")
	s.start(t, "", s.meter, "-s", "-i", "b0", "-T1", "-N2", "-F", few, rules).want(0)
	if _, n := counted(t, few); n != 2 {
		t.Errorf("%d collections, want 2", n)
	}
}

// liveUser: a meter that was started by root keeps nothing of it but the capability to
// capture, which is enough for an interface that comes back.
func liveUser(t *testing.T, s *system) {
	dir := t.TempDir()
	m := s.startMeter(t, "-i", "b0", "--user", "nobody")
	status, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", m.cmd.Process.Pid))
	if len(status) == 0 {
		t.Skip("no /proc to look at")
	}
	const raw = "0000000000002000"
	for _, name := range status {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		for _, want := range []string{`Uid:\s+([1-9]\d*)\s`, `CapPrm:\s+` + raw, `CapEff:\s+` + raw, `CapAmb:\s+0+\n`, `NoNewPrivs:\s+1`} {
			if !regexp.MustCompile(want).Match(text) {
				t.Errorf("%s: no %q in %s", name, want, text)
			}
		}
	}
	netns.IP(t, "link del b0")
	m.expect(`interface b0 is gone`)
	netns.Pair(t, "a0", "b0")
	m.expect(`(?s)interface b0 is there again.*interface b0 is up`)
	sendLive(t, netns.NewSender(t, "a0"), 0, 1000)
	m.terminate()
	m.want(0)
	m.expect(`msg=end .*packets=1000 `)

	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // the user must be able to come there
		t.Fatal(err)
	}
	rules := writeFile(t, "live.srl", perSource)
	flows := filepath.Join(dir, "user.flows")
	s.start(t, "", s.meter, "-s", "-i", "b0", "-T1", "-N2", "-F", flows, "--user", "nobody", rules).want(0)
	if _, n := counted(t, flows); n != 2 {
		t.Errorf("%d collections, want 2", n)
	}
}

// liveDry: what would hinder a live meter shows in a dry run.
func liveDry(t *testing.T, s *system) {
	rules := writeFile(t, "live.srl", perSource)
	p := s.start(t, "", s.meter, "-i", "b0", "-T1", "--dry-run", rules)
	p.want(0)
	p.expect(`all is in order for interface b0`)
	s.start(t, "", s.meter, "-i", "none0", "--dry-run", rules).want(1)
	m := s.startMeter(t, "-i", "b0")
	s.start(t, "", s.meter, "-i", "b0", "-m", m.port, "--listen", "127.0.0.1", "--dry-run").want(1)
}
