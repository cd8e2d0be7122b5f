package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netramet/cmd/nemac/internal/session"
	"netramet/internal/command"
	"netramet/mib/remotemeter"
)

// TestMeterOperand takes METER in all forms.
func TestMeterOperand(t *testing.T) {
	for _, tt := range []struct {
		args   string
		target string // host and port, or a part of the error
	}{
		{"gw", "gw:161"},
		{"gw.example.net.", "gw.example.net.:161"},
		{"gw:1614", "gw:1614"},
		{"-m1614 gw", "gw:1614"},
		{"-m1614 gw:1614", "gw:1614"},
		{"192.0.2.1", "192.0.2.1:161"},
		{"192.0.2.1:1614", "192.0.2.1:1614"},
		{"::1", "[::1]:161"},
		{"-m1614 ::1", "[::1]:1614"},
		{"[::1]", "[::1]:161"},
		{"[::1]:1614", "[::1]:1614"},
		{"2001:db8::1614", "[2001:db8::1614]:161"},
		{"fe80::1%eth0", "[fe80::1%eth0]:161"},
		{"[fe80::1%eth0]:1614", "[fe80::1%eth0]:1614"},
		{"-m1615 gw:1614", `METER says port 1614 and -m says 1615`},
		{"gw:", `METER "gw:": port "" is no number from 1 to 65535`},
		{"gw:0", `port "0" is no number`},
		{"gw:65536", `port "65536" is no number`},
		{"gw:snmp", `port "snmp" is no number`},
		{":1614", `METER ":1614": no host`},
		{"[::1", `no closing ]`},
		{"[::1]1614", `"1614" behind the bracket`},
		{"[::1]:", `port "" is no number`},
		{"[gw]:1614", `"gw" is no IPv6 address, and only such stand in brackets`},
		{"[192.0.2.1]", `"192.0.2.1" is no IPv6 address`},
		{"::1::2", `several colons but is no IPv6 address`},
		{"fe80::zz", `several colons`},
		{"udp:gw:161", `several colons`},
		{"192.0.2.256", `"192.0.2.256" is no IPv4 address`},
		{"192.0.2:161", `"192.0.2" is no IPv4 address`},
		{"http://gw", `port "//gw" is no number`},
		{"gw/24", `"/" is in no host name`},
		{"gw%eth0", `"%" is in no host name`},
		{"noc@gw", `"@" is in no host name`},
	} {
		o, err := parseOptions(strings.Fields("-ra "+tt.args+" private"), noEnv)
		switch {
		case err != nil && !strings.Contains(err.Error(), tt.target):
			t.Errorf("%s: %v, want %s", tt.args, err, tt.target)
		case err == nil && o.target() != tt.target:
			t.Errorf("%s: %s, want %s", tt.args, o.target(), tt.target)
		case err == nil && (o.meterName != o.meter || strings.ContainsAny(o.meter, "[]")):
			t.Errorf("%s: the meter's name is %s", tt.args, o.meterName)
		}
	}
}

// TestPortOfRecord: the port of a record's METER goes before -m of the command line,
// which is for those that have none.
func TestPortOfRecord(t *testing.T) {
	base, err := parseOptions(strings.Fields("-f x -m 1614 -ra"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	all, err := parseConfig("x", "one private\ntwo:1615 private\n[::1]:1616 private\n", base, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"one:1614", "two:1615", "[::1]:1616"} {
		if got := all[i].target(); got != want {
			t.Errorf("record %d is %s, want %s", i, got, want)
		}
	}
	if _, err := parseConfig("x", "one:1615 private -m 1616\n", base, noEnv); err == nil || !strings.Contains(err.Error(), "x:1: METER says port 1615 and -m says 1616") {
		t.Errorf("error %v", err)
	}
}

// TestFailsBefore: what fails before anything was collected leaves no file of a number
// of its own, and says what it waited for.
func TestFailsBefore(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // it never answers
	rules, err := filepath.Abs(testdata("hosts.srl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	status, _, stderr := nemac(t, t.Context(), "-C", "-c60", "--wait=1", "--retries=0", "--timeout=10ms", "-r", rules, conn.LocalAddr().String(), "private")
	for _, want := range []string{
		"nemac: warning: -c has no effect with -C",
		"nemac: waiting for the meter, for up to 1s: no answer from " + conn.LocalAddr().String(),
		"does not accept the community",
	} {
		if status != command.StatusFailure || !strings.Contains(stderr, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, stderr)
		}
	}
	if n := strings.Count(stderr, "waiting for"); n != 1 {
		t.Errorf("it says %d times that it waits:\n%s", n, stderr)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	// A log that the user named stays.
	nemac(t, t.Context(), "-C", "--wait=0", "--retries=0", "--timeout=10ms", "-L", "log", "-r", rules, conn.LocalAddr().String(), "private")
	if text, err := os.ReadFile("log"); err != nil || !strings.Contains(string(text), "msg=end") {
		t.Errorf("the log has %q, %v", text, err)
	}
}

// keepalives is a clock that passes some keepalives at once, and ends with them.
type keepalives struct {
	session.WallClock
	left int
	end  context.CancelFunc
}

func (k *keepalives) Sleep(ctx context.Context, _ time.Duration) error {
	if k.left--; k.left < 0 {
		k.end()
	}
	return ctx.Err()
}

// TestManyUnreachable: of several meters, one that is not there is tried again, and told of once.
func TestManyUnreachable(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // it never answers
	o, err := parseOptions([]string{"--wait=0", "--retries=0", "--timeout=1ms", "-L", "log", "-r", "x", conn.LocalAddr().String(), "private"}, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var log, stderr bytes.Buffer
	j := &job{o: o, std: stdio{err: &stderr}, cfg: session.Config{
		Owner: o.ownerName(), Clock: &keepalives{left: 3, end: cancel},
		Dial: func(ctx context.Context) (*remotemeter.Meter, error) { return remotemeter.Dial(ctx, o.clientOptions()) },
	}}
	if err := j.run(ctx, slog.New(slog.NewTextHandler(&log, nil)), true); err != nil {
		t.Error(err)
	}
	if n := strings.Count(stderr.String(), "cannot be reached"); n != 1 || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("told %d times:\n%s", n, &stderr)
	}
	if n := strings.Count(log.String(), "cannot be reached"); n != 1 {
		t.Errorf("the log says it %d times:\n%s", n, &log)
	}
}
