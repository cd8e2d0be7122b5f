//go:build unix

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPulse: a session is alive while it asks for the time or sleeps, however long it
// means to, and has ten minutes for anything else.
func TestPulse(t *testing.T) {
	p := newPulse()
	now := time.Now()
	if !p.beats(now) || p.beats(now.Add(stuckAfter+time.Minute)) {
		t.Error("at its start")
	}
	p.due.Store(now.Add(time.Hour + stuckAfter).UnixNano()) // as Sleep does
	if !p.beats(now.Add(time.Hour)) || p.beats(now.Add(time.Hour+stuckAfter+time.Minute)) {
		t.Error("asleep")
	}
	if err := p.Sleep(t.Context(), -1); err != nil || p.beats(now.Add(2*stuckAfter)) {
		t.Error("awake again", err)
	}
	p.ended.Store(true)
	if !p.beats(now.Add(1000 * time.Hour)) {
		t.Error("ended")
	}
}

// TestServiceManager: what systemd hears of both programs.
func TestServiceManager(t *testing.T) {
	s := newSystem(t)
	dir, err := os.MkdirTemp(t.TempDir(), "") // short enough for a socket's name
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "n")
	if len(socket) > 100 {
		t.Skipf("%s is too long a name for a socket", socket)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Skipf("no socket of this kind here: %v", err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "100000")
	t.Setenv("WATCHDOG_PID", "")
	hear := func(want string) {
		t.Helper()
		buf := make([]byte, 4096)
		for {
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("no %q: %v", want, err)
			}
			if got := string(buf[:n]); strings.Contains(got, want) {
				return
			} else if got != "WATCHDOG=1\n" {
				t.Fatalf("it says %q, want %q", got, want)
			}
		}
	}
	m := s.startMeter(t, "-C", testdata("office.pcap"))
	hear("READY=1\nSTATUS=metering trace office.pcap\n")
	hear("WATCHDOG=1\n")
	n := s.follow(t, m.port, filepath.Join(dir, "flows"), ruleFiles("hosts.srl"))
	hear("READY=1\nSTATUS=collecting from 127.0.0.1:" + m.port + "\n")
	for stopped := 0; stopped < 2; stopped++ { // one after the other, as they end
		hear("STOPPING=1\n")
	}
	n.want(0)
	m.want(0)
}

// TestUnits: the units are what systemd wants, and give the programs no more than they
// need.
func TestUnits(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	for unit, exposure := range map[string]string{"netramet@.service": "20", "nemac.service": "15"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "systemd", unit))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), unit)
		for _, program := range []string{"netramet", "nemac"} { // which are not installed here
			text = []byte(strings.ReplaceAll(string(text), "/usr/local/bin/"+program+" ", "/bin/true "))
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"verify", file}, {"security", "--offline=true", "--threshold=" + exposure, file}} {
			out, err := exec.Command(analyze, args...).CombinedOutput()
			if err != nil && (strings.Contains(string(out), "nrecognized option") || strings.Contains(string(out), "nknown")) {
				t.Skipf("this systemd-analyze cannot: %s", out)
			}
			if err != nil {
				t.Errorf("%s: systemd-analyze %s: %v\n%s", unit, args[0], err, out)
			}
		}
	}
}
