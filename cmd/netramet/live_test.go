package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
)

// collections is standard output that tells of each collection.
type collections struct {
	bytes.Buffer
	ended chan struct{}
}

func (c *collections) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	for range bytes.Count(p, []byte("#EndData")) {
		c.ended <- struct{}{}
	}
	return n, err
}

// TestFollow meters a file that grows: collections come as it does, and an
// interrupt is the end of the trace, with a collection of what there is.
func TestFollow(t *testing.T) {
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := os.Create(filepath.Join(t.TempDir(), "growing.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer trace.Close()
	half := len(data) / 2 // inside a record
	if _, err := trace.Write(data[:half]); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, stderr := &collections{ended: make(chan struct{}, 10)}, new(bytes.Buffer)
	status := make(chan int)
	go func() {
		status <- run(ctx, []string{"-C", trace.Name(), "--follow", "-T60", projectRules("hosts.srl")}, strings.NewReader(""), stdout, stderr)
	}()
	<-stdout.ended
	if _, err := trace.Write(data[half:]); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-stdout.ended
	}
	cancel()
	if got := <-status; got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	if !strings.HasPrefix(stderr.String(), "netramet: ") || strings.Contains(stderr.String(), "interrupted") || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("standard error: %s", stderr)
	}
	want, _ := batchData(t, "-C", office, "-T60", projectRules("hosts.srl"))
	got := strings.ReplaceAll(stdout.String(), " growing.pcap ", " x ")
	_, got, _ = strings.Cut(got, "\n")
	fourth := func(s string) string {
		return strings.Join(strings.SplitAfter(s, "#EndData: x ")[:4], "")
	}
	compareData(t, "the first four minutes", fourth(got), fourth(want))
	if lines := strings.Split(strings.TrimSpace(got), "\n"); lines[len(lines)-1] != "#EndData: x 5" {
		t.Errorf("flow data ends with %q", lines[len(lines)-1])
	}
}

// TestTCP meters what a server sends, and ends where it does.
func TestTCP(t *testing.T) {
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	uri := "tcp://" + l.Addr().String()
	for name, sent := range map[string][]byte{"whole": data, "cut": data[:len(data)-1]} {
		served := make(chan struct{})
		go func() {
			defer close(served)
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write(sent) // what of it fails is seen by the other side
			c.Close()
		}()
		got, status := batchData(t, "-C", uri, "-T60", projectRules("hosts.srl"))
		<-served
		want, _ := batchData(t, "-C", office, "-T60", projectRules("hosts.srl"))
		switch {
		case name == "cut" && status != command.StatusFailure:
			t.Errorf("%s: status %d", name, status)
		case name == "whole":
			compareData(t, name, got, want)
			if status != command.StatusOK {
				t.Errorf("%s: status %d", name, status)
			}
		}
	}
	l.Close()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), []string{"-C", uri, projectRules("hosts.srl")}, strings.NewReader(""), &stdout, &stderr)
	if status != command.StatusFailure || stderr.String() != "netramet: "+uri+": connection refused\n" || stdout.Len() > 0 {
		t.Errorf("nobody there: status %d, %s", status, &stderr)
	}
}
