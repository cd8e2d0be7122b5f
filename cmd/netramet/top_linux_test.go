package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"netramet/internal/screen/screentest"
)

// TestTopTerminal: on a terminal each interval's table stands in place of the one
// before, the last one stays, and an interrupt leaves the terminal as it was.
func TestTopTerminal(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "office.pcap")
	if err := os.WriteFile(trace, data, 0o666); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(self, append([]string{"-s", "-C", trace, "--top=3", projectRules("hosts.srl")}, args...)...)
		cmd.Args[0] = "netramet" // by which TestMain knows it
		cmd.Env = append(os.Environ(), "COLUMNS=80", "TERM=xterm")
		return cmd
	}
	table := func(args ...string) string {
		t.Helper()
		out, err := command(args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		tables := strings.Split(string(out), "\n\n")
		return strings.TrimRight(tables[len(tables)-1], "\n")
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"to the end", []string{"-T60"}, table("-T60")},
		{"interrupted", []string{"-T60", "--follow"}, table("-T60")},
		{"once", nil, table()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			master, tty := screentest.OpenPTY(t, 80, 24)
			before := screentest.Modes(t, tty)
			e := &screentest.Emulator{Width: 80}
			done := make(chan struct{})
			go func() { defer close(done); e.Follow(master) }()
			if _, err := io.WriteString(tty, "$ netramet\n"); err != nil {
				t.Fatal(err)
			}
			cmd := command(tt.args...)
			cmd.Stdout, cmd.Stderr = tty, tty
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if tt.name == "interrupted" {
				e.Await(t, "$ netramet\n"+table("-T60", "-N4"))
				if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			e.Await(t, "$ netramet\n"+tt.want)
			if after := screentest.Modes(t, tty); after != before {
				t.Errorf("the terminal's modes were %v and are %v", before, after)
			}
			tty.Close()
			<-done
			if odd := e.Odd(); len(odd) > 0 {
				t.Errorf("control sequences %q", odd)
			}
		})
	}
}
