package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
	"netramet/mib"
)

// TestManagedToldToEnd tells a meter to end while its trace, a pipe, waits for
// more: the running interval is closed, and its reader has it. All intervals but
// that one, which holds what had been read by then, are what one command writes.
func TestManagedToldToEnd(t *testing.T) {
	whole, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(t.TempDir(), "half.pcap")
	if err := os.WriteFile(half, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	written := make(chan struct{})
	go func() {
		defer close(written)
		w.Write(whole[:len(whole)/2])
	}()
	m := startMeterOn(t, r, "-C", "-", "-T60", "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	x.collect(x.next().Start) // one interval is over
	<-written
	m.cancel()
	n, last := x.follow()
	if last.State != mib.TraceEndOfFile || !strings.Contains(last.Error, "interrupted") || n == 0 {
		t.Errorf("%d collections, trace %+v", n, last)
	}
	x.leave()
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	m.waitLog(`msg="told to end`)
	want, _ := batchData(t, "-C", half, "-T60", projectRules("hosts.srl"))
	_, got, _ := strings.Cut(x.out.String(), "\n")
	// How much had been read by then depends on the pipe.
	if last.Interval < 2 || !strings.HasSuffix(got, fmt.Sprintf("\n#EndData: x %d\n", last.Interval)) {
		t.Errorf("the last of %d intervals is not whole:\n%s", last.Interval, got)
	}
	if before := got[:strings.LastIndex(got, "#Time: ")]; !strings.HasPrefix(want, before) {
		compareData(t, "told to end", before, want)
	}
}

// TestManagedSays: whoever left the rule files out reads what the command does now.
func TestManagedSays(t *testing.T) {
	m := startMeter(t, "-C", office)
	m.waitLog(`no rule files, so this is the managed meter: it waits for a manager \(nemac\)" addr=` + m.addr.String())
	m.waitLog(`name rule files: netramet -C TRACE RULES`)
}
