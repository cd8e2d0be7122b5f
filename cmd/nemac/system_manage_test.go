package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// systemManage: looking at a meter, changing what is on it, and looking after
// several.
func systemManage(t *testing.T, s *system) {
	t.Run("list, stop, destroy", func(t *testing.T) { s.manage(t) })
	for at := 1; at <= 8; at++ { // a collection, at any of its messages
		t.Run(fmt.Sprintf("destroyed under a reader %d", at), func(t *testing.T) { s.destroyUnder(t, at) })
		if testing.Short() {
			break
		}
	}
	t.Run("config file", func(t *testing.T) { s.configFile(t) })
	t.Run("full flow table", func(t *testing.T) {
		m := s.startMeter(t, "-C", testdata("office.pcap"), "-T60", "-f20")
		n := s.follow(t, m.port, filepath.Join(t.TempDir(), "f"), ruleFiles("5tuple.srl"))
		n.want(0)
		contains(t, n.stderr(), `level=WARN msg="the meter's flow table was full.*packets=\d+`)
		m.want(1)
	})
	t.Run("flood mode", func(t *testing.T) {
		m := s.startMeter(t, "-C", testdata("office.pcap"), "-T60", "-f20")
		flows := filepath.Join(t.TempDir(), "f")
		n := s.follow(t, m.port, flows, ruleFiles("5tuple.srl"), "--flood-mark=50")
		n.want(0)
		contains(t, n.stderr(), `level=WARN msg="the meter was in flood mode.*packets=[1-9]`)
		m.want(1)
		contains(t, m.stderr(), `flood mode at .*[1-9]\d* packets of new flows were refused`, `flooded=[1-9]`)
		for _, text := range []string{n.stderr(), m.stderr()} {
			if strings.Contains(text, "table was full") || strings.Contains(text, "table full") {
				t.Errorf("flood mode is told as a full table:\n%s", text)
			}
		}
		contains(t, afterHeader(t, flows), `^# the meter is in flood mode, for its flow table was over 50 % full`)
	})
	t.Run("rules only", func(t *testing.T) {
		check := s.start(t, "", s.nemac, "--check", testdata("hosts.srl"), testdata("services.srl"))
		check.want(0)
		compile := s.start(t, "", s.nemac, "--compile", testdata("services.srl"))
		compile.want(0)
		batch := s.start(t, "", s.meter, "--compile", testdata("services.srl"))
		batch.want(0)
		if got := check.stdout.String(); strings.Count(got, ": ok, ") != 2 {
			t.Errorf("--check says %s", got)
		}
		got := compile.stdout.String()
		if want := batch.stdout.String(); got != want || got == "" {
			t.Errorf("--compile: differs from netramet's: %s", firstDifference(got, want))
		}
	})
}

// do runs nemac on a meter to its end and returns all that it printed.
func (s *system) do(t *testing.T, m *daemon, status int, args ...string) string {
	t.Helper()
	p := s.start(t, "", s.nemac, append(args, "-m", m.port, "127.0.0.1", "private")...)
	p.want(status)
	return p.stdout.String() + p.stderr()
}

func contains(t *testing.T, text string, expressions ...string) {
	t.Helper()
	for _, e := range expressions {
		if !regexp.MustCompile(`(?m)` + e).MatchString(text) {
			t.Errorf("no %q in\n%s", e, text)
		}
	}
}

// manage looks at and ends what somebody else runs, who then ends too.
func (s *system) manage(t *testing.T) {
	m := s.startMeter(t, "-C", testdata("office.pcap"), "-T60", "--readers=2")
	contains(t, s.do(t, m, 0, "--list"), `^meter +127\.0\.0\.1:`+m.port+` +netramet .*office\.pcap`, `^trace +waitRuleSet, interval 0$`, `^flows +0 of `,
		`^read +0 packets, 0 octets$`, `^streams +0 of `, `^memory +\d+ KiB$`)
	// What SNMPv1 has no type for is unknown, and not 0.
	contains(t, s.do(t, m, 0, "--list", "-v1"), `^trace +waitRuleSet, interval unknown$`, `^flows +0 of `,
		`^read +unknown$`, `^ignored +unknown$`, `^streams +0 of `, `^memory +\d+ KiB$`)
	log := filepath.Join(t.TempDir(), "log")
	n := s.follow(t, m.port, filepath.Join(t.TempDir(), "f"), ruleFiles("hosts.srl"), "--owner=campus")
	n.expect(`msg="flow file"`)
	s.do(t, m, 0, "--download-only", "-L", log, "-r", testdata("services.srl"))
	contains(t, s.do(t, m, 0, "--list"), `^2 +hosts +active +7 +0 +campus$`, `^3 +services +active +71 +0 +nemac@`, // rule sets
		`^1 +2 +0 .*active +campus$`, `^2 +3 +0 .*active +nemac@`, // tasks
		`^1 +2 +60 s .*active +campus$`) // reader
	contains(t, s.do(t, m, 1, "--stop=hosts"), `belongs to "campus".*--force`)
	contains(t, s.do(t, m, 1, "--destroy=7"), `no rule set "7"`)
	contains(t, s.do(t, m, 1, "--destroy=1", "--force"), `rule set 1 is built into the meter`)
	contains(t, s.do(t, m, 0, "--stop=services"), `task 2 ended`)
	contains(t, s.do(t, m, 0, "--destroy=services"), `rule set 3 services removed`)
	list := s.do(t, m, 0, "--list")
	if strings.Contains(list, "services") {
		t.Errorf("something is left of it:\n%s", list)
	}
	// A name may be another's number, which goes first.
	s.do(t, m, 0, "--download-only", "-L", log, "-r", writeFile(t, "two.srl", "set 2; count;\n"))
	contains(t, s.do(t, m, 1, "--destroy=2"), `rule set 2 belongs to "campus"`)
	contains(t, s.do(t, m, 0, "--destroy=3"), `rule set 3 2 removed`)
	n.terminate()
	n.want(0)
	m.terminate()
	m.want(0)
}

// destroyUnder removes a rule set that a nemac is collecting: that one cannot
// go on, and says so; another one does not notice.
func (s *system) destroyUnder(t *testing.T, at int) {
	args := []string{"-C", testdata("office.pcap"), "-T10"}
	victims, others := writeFile(t, "pairs.srl", hostRules+hostFormat), writeFile(t, "protocols.srl", protocolRules)
	wantVictims, _ := s.batch(t, args, victims)
	wantOthers, _ := s.batch(t, args, others)
	m := s.startMeter(t, append(args, "--readers=2")...)
	destroyed := make(chan int, 1)
	dir := t.TempDir()
	victim := s.followUntil(t, m, filepath.Join(dir, "victims"), []string{victims}, "interval=3 ", at, func() {
		p := s.start(t, "", s.nemac, "--destroy=7", "--force", "-m", m.port, "127.0.0.1", "private")
		<-p.ended
		destroyed <- p.cmd.ProcessState.ExitCode()
	}, "--owner=victim")
	// The other one collects the last intervals when the first has seen what
	// happened, for the meter goes on.
	other := s.followUntil(t, m, filepath.Join(dir, "others"), []string{others}, "interval=12 ", 1, func() { <-victim.ended }, "--owner=other", "--timeout=20s")
	victim.want(1)
	if status := <-destroyed; status != 0 {
		t.Errorf("--destroy ended with %d", status)
	}
	contains(t, victim.lastLine(), "our reader row is not on the meter any more")
	if n := checkWhole(t, filepath.Join(dir, "victims"), wantVictims); n == 0 {
		t.Error("nothing was collected before")
	}
	other.want(0)
	m.want(0)
	// New flows take the indices of those that went, so the order differs.
	if got := afterHeader(t, filepath.Join(dir, "others")); sortedLines(got) != sortedLines(wantOthers) {
		t.Errorf("the other's flows differ from batch mode: %s", firstDifference(sortedLines(got), sortedLines(wantOthers)))
	}
}

func sortedLines(text string) string {
	return strings.Join(slices.Sorted(strings.Lines(text)), "")
}

// configFile looks after three meters of which one is not there: it delays
// none of the others.
func (s *system) configFile(t *testing.T) {
	args := []string{"-C", testdata("office.pcap"), "-T10"}
	dir := t.TempDir()
	var meters []*daemon
	var wants []string
	conf := "# the meters of a campus\n"
	for i, rules := range []string{"hosts.srl", "services.srl"} {
		file, err := filepath.Abs(testdata(rules))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := s.batch(t, args, file)
		m := s.startMeter(t, args...)
		meters, wants = append(meters, m), append(wants, want)
		conf += "127.0.0.1 private -m " + m.port + "\n    -r '" + file + "' -F flows." + string(rune('0'+i)) + " # comment\n"
	}
	conf += "127.0.0.1 private -m " + freePort(t) + " -r \"" + ruleFileOf(t, "hosts.srl") + "\" --wait=1 --timeout=50ms\n"
	if err := os.WriteFile(filepath.Join(dir, "meters.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	n := s.start(t, dir, s.nemac, "-C", "-f", "meters.conf", "-L", "log", "--meter-name=m")
	n.want(1)
	contains(t, n.stderr(), `^nemac: .*127\.0\.0\.1:.*nothing listens on that port$`)
	contains(t, n.stderr(), `^nemac: waiting for the meter, for up to 1s: `)
	if strings.Count(n.stderr(), "\n") != 2 {
		t.Errorf("it says more than what is wrong:\n%s", n.stderr())
	}
	for i, m := range meters {
		m.want(0)
		checkFlows(t, filepath.Join(dir, "flows."+string(rune('0'+i))), wants[i])
	}
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(log), `msg="end of the trace"`); got != 2 {
		t.Errorf("%d meters came to the end:\n%s", got, log)
	}
}

func ruleFileOf(t testing.TB, name string) string {
	t.Helper()
	file, err := filepath.Abs(testdata(name))
	if err != nil {
		t.Fatal(err)
	}
	return file
}
