package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
)

// signalled closes written with the first octets it gets.
type signalled struct {
	bytes.Buffer
	written chan struct{}
}

func (s *signalled) Write(p []byte) (int, error) {
	if s.Len() == 0 {
		close(s.written)
	}
	return s.Buffer.Write(p)
}

// TestInterrupt interrupts a run that waits for a pipe to say more: what came
// is metered and collected, and the exit status tells.
func TestInterrupt(t *testing.T) {
	trace, err := os.ReadFile(filepath.Join("..", "..", "testdata", "office.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(t.TempDir(), "all.srl")
	if err := os.WriteFile(rules, []byte("count; format FlowIndex ToPDUs;"), 0o666); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	go w.Write(trace[:len(trace)/2]) // and then nothing, without an end
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stdout := &signalled{written: make(chan struct{})}
	go func() {
		<-stdout.written // the first minute has been collected
		cancel()
	}()
	var stderr bytes.Buffer
	if status := run(ctx, []string{"-C", "-", "-T60", rules}, r, stdout, &stderr); status != command.StatusFailure {
		t.Errorf("status %d", status)
	}
	if !strings.HasSuffix(stderr.String(), "netramet: interrupted\n") {
		t.Errorf("standard error: %s", &stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if !strings.HasPrefix(lines[len(lines)-1], "#EndData: stdin ") || strings.Count(stdout.String(), "#Time") < 2 {
		t.Errorf("flow data:\n%s", stdout)
	}
}

// TestInterruptAtOnce interrupts a run whose trace has not even begun.
func TestInterruptAtOnce(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "all.srl")
	if err := os.WriteFile(rules, []byte("count;"), 0o666); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	status := run(ctx, []string{"-C", "-", rules}, r, &stdout, &stderr)
	if status != command.StatusFailure || stderr.String() != "netramet: interrupted\n" || stdout.Len() > 0 {
		t.Errorf("status %d\n%s%s", status, &stdout, &stderr)
	}
}
