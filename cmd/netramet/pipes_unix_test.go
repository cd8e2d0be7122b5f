//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
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

// TestPipeWithoutWriter interrupts runs that wait for the writer of a pipe they are to read.
func TestPipeWithoutWriter(t *testing.T) {
	for name, args := range map[string][]string{
		"alone":   {"-s", "-C", "PIPE", "@ip"},
		"second":  {"-s", "-C", "../../testdata/office.pcap", "-C", "PIPE", "@ip"},
		"info":    {"--info", "PIPE"},
		"managed": {"-C", "PIPE", "-m0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Skip("no named pipe:", err)
			}
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "PIPE", pipe)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			waits := &onWrite{do: cancel}
			var stdout bytes.Buffer
			run(ctx, args, strings.NewReader(""), &stdout, waits)
			if w, err := os.OpenFile(pipe, os.O_WRONLY, 0); err == nil { // when the reader that was given up is there
				w.Close()
			}
			if told, _, _ := strings.Cut(waits.String(), "\n"); told != "netramet: waiting for somebody to write to the pipe "+pipe {
				t.Errorf("told %q", waits)
			}
			if n := strings.Count(waits.String(), "waiting for"); n != 1 {
				t.Errorf("told %d times", n)
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
