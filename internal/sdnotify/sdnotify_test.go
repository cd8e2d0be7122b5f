package sdnotify

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manager is what a service manager hears.
type manager struct {
	t    *testing.T
	conn *net.UnixConn
}

func listen(t *testing.T, name string) manager {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Skipf("no socket of this kind here: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	t.Setenv("WATCHDOG_USEC", "")
	t.Setenv("WATCHDOG_PID", "")
	return manager{t, conn}
}

// hears returns the next message, which has been sent.
func (m manager) hears() string {
	m.t.Helper()
	buf := make([]byte, 4096)
	if err := m.conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		m.t.Fatal(err)
	}
	n, err := m.conn.Read(buf)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(buf[:n])
}

// TestNotifier: what a service manager hears, on both kinds of sockets.
func TestNotifier(t *testing.T) {
	names := map[string]string{"path": filepath.Join(t.TempDir(), "n")}
	if runtime.GOOS == "linux" {
		names["abstract"] = fmt.Sprintf("@netramet-test-%d", os.Getpid())
	}
	for kind, name := range names {
		t.Run(kind, func(t *testing.T) {
			m := listen(t, name)
			t.Setenv("WATCHDOG_USEC", "30000000")
			t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
			n, err := Open()
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			if n.Every() != 10*time.Second {
				t.Errorf("a sign of life every %v", n.Every())
			}
			now := time.Unix(1e9, 0)
			for _, tt := range []struct {
				what string
				do   func()
				want string
			}{
				{"ready", func() { n.Ready("metering eth0") }, "READY=1\nSTATUS=metering eth0\n"},
				{"ready, in two lines", func() { n.Ready("a\nREADY=1") }, "READY=1\nSTATUS=a; READY=1\n"},
				{"alive", func() { n.Alive(now) }, "WATCHDOG=1\n"},
				{"alive again, too soon", func() { n.Alive(now.Add(9 * time.Second)) }, ""},
				{"alive again", func() { n.Alive(now.Add(10 * time.Second)) }, "WATCHDOG=1\n"},
				{"stopping", n.Stopping, "STOPPING=1\n"},
			} {
				tt.do()
				if tt.want == "" {
					continue // else the next one hears it
				}
				if got := m.hears(); got != tt.want {
					t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
				}
			}
		})
	}
}

// TestNobody: without a service manager nothing happens, and one that cannot be
// reached is told.
func TestNobody(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n, err := Open()
	if n != nil || err != nil {
		t.Fatalf("%v, %v", n, err)
	}
	n.Ready("")
	n.Alive(time.Now())
	n.Stopping()
	if n.Every() != 0 || n.Close() != nil {
		t.Error("it waits for something")
	}
	for _, name := range []string{filepath.Join(t.TempDir(), "none"), "relative", "vsock:2:1"} {
		t.Setenv("NOTIFY_SOCKET", name)
		if n, err := Open(); n != nil || err == nil || !strings.Contains(err.Error(), "NOTIFY_SOCKET") {
			t.Errorf("%s: %v, %v", name, n, err)
		}
	}
}

// TestWatchdog: only what is meant for this process counts, and what makes sense.
func TestWatchdog(t *testing.T) {
	own := strconv.Itoa(os.Getpid())
	for _, tt := range []struct {
		usec, pid string
		want      time.Duration
	}{
		{"", "", 0}, {"3000000", "", 3 * time.Second}, {"3000000", own, 3 * time.Second}, {"3000000", "1", 0},
		{"0", own, 0}, {"-5", own, 0}, {"x", own, 0}, {"9223372036854775807", own, 0},
	} {
		t.Setenv("WATCHDOG_USEC", tt.usec)
		t.Setenv("WATCHDOG_PID", tt.pid)
		if got := watchdog(); got != tt.want {
			t.Errorf("%q of %q: %v, want %v", tt.usec, tt.pid, got, tt.want)
		}
	}
}
