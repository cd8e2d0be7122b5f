//go:build unix

package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"netramet/internal/command"
)

// TestPipeWithoutReader interrupts runs that wait for the reader of a pipe they are to
// write to.
func TestPipeWithoutReader(t *testing.T) {
	for option, message := range map[string]string{
		"-F":             "netramet: flow file: ",
		"--to=csv:":      "netramet: csv:",
		"--to=jsonl:":    "netramet: jsonl:",
		"--to=table:":    "netramet: table:",
		"--to=flows:":    "netramet: flows:",
		"--write=pcap:":  "netramet: --write ",
		"--dump-streams": "netramet: --dump-streams: ",
		"-L":             "netramet: log: ",
	} {
		t.Run(option, func(t *testing.T) {
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Skip("no named pipe:", err)
			}
			args := []string{"-s", "-C", "../../testdata/office.pcap", option, pipe, "@ip"}
			if option == "-L" {
				args[5] = "-m0"
			}
			if strings.HasSuffix(option, ":") {
				args[3] += pipe
				args = append(args[:4], args[5:]...)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			waits := &onWrite{do: cancel}
			var stdout bytes.Buffer
			status := run(ctx, args, strings.NewReader(""), &stdout, waits)
			told, rest, _ := strings.Cut(waits.String(), "\n")
			if want := "netramet: waiting for somebody to read the pipe " + pipe; told != want {
				t.Errorf("told %q, want %q", told, want)
			}
			if status != command.StatusFailure || !strings.HasPrefix(rest, message) || strings.Count(rest, "\n") != 1 ||
				!strings.Contains(rest, "interrupted before the pipe had a reader") {
				t.Errorf("status %d, %q", status, rest)
			}
		})
	}
}

// onWrite does something with the first write.
type onWrite struct {
	bytes.Buffer
	do func()
}

func (w *onWrite) Write(p []byte) (int, error) {
	w.do()
	return w.Buffer.Write(p)
}
