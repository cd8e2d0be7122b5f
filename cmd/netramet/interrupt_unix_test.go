//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"netramet/internal/command"
)

// TestInterruptNamedPipe interrupts a run that waits for somebody to open the
// other end of a named pipe, or to write to it.
func TestInterruptNamedPipe(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "all.srl")
	if err := os.WriteFile(rules, []byte("count;"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		writer bool // somebody has it open, and says nothing
		status int
		stderr string
	}{
		{"nobody writes", []string{rules}, false, command.StatusFailure, "netramet: interrupted\n"},
		{"a silent writer", []string{rules}, true, command.StatusFailure, "netramet: interrupted\n"},
		{"managed", []string{"-m0"}, false, command.StatusOK, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Skip(err)
			}
			open := func() *os.File {
				f, err := os.OpenFile(pipe, os.O_RDWR, 0) // both ends: it does not wait for the other
				if err != nil {
					t.Fatal(err)
				}
				return f
			}
			if tt.writer {
				defer open().Close()
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			var stdout, stderr bytes.Buffer
			status := run(ctx, append([]string{"-C", pipe}, tt.args...), strings.NewReader(""), &stdout, &stderr)
			if status != tt.status || stderr.String() != tt.stderr || stdout.Len() > 0 {
				t.Errorf("status %d\n%s%s", status, &stdout, &stderr)
			}
			open().Close() // what was given up ends, too
		})
	}
}

// TestHangUp ends a run like an interrupt when its terminal goes away. It is
// not parallel: a managed meter in this process would hear the signal too.
func TestHangUp(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("this system ignores SIGHUP for us")
	}
	ctx, stop := untilHangUp(t.Context())
	defer stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
}
