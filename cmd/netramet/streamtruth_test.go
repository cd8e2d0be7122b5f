package main

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/internal/command"
)

// dumpedStream is a line about a stream, ours or of the independent tool.
type dumpedStream struct {
	ends        [2]netip.AddrPort // in order of number
	first, last int64             // Unix ns
	pdus        uint64
	reason      string // ours
	opened      uint64 // the tool's: SYNs
	closings    uint64 // the tool's: FINs and RSTs
}

func (s *dumpedStream) order(o *dumpedStream) int {
	return cmp.Or(s.ends[0].Compare(o.ends[0]), s.ends[1].Compare(o.ends[1]), cmp.Compare(s.first, o.first))
}

func twoEnds(a, b netip.AddrPort) [2]netip.AddrPort {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return [2]netip.AddrPort{a, b}
}

// dumpStreams meters a trace and returns its TCP streams.
func dumpStreams(t *testing.T, trace string, options ...string) (list []dumpedStream) {
	t.Helper()
	dir := t.TempDir()
	rules, dump := filepath.Join(dir, "rules.srl"), filepath.Join(dir, "streams")
	if err := os.WriteFile(rules, []byte("count;"), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args := append([]string{"-s", "-C", trace, "--dump-streams", dump, rules}, options...)
	if status := run(context.Background(), args, nil, &stdout, &stderr); status != command.StatusOK {
		t.Fatalf("netramet %q: status %d\n%s", args, status, &stderr)
	}
	for _, c := range tsv(t, dump) {
		if c[4] == "6" && c[1] != "0" {
			list = append(list, dumpedStream{ends: twoEnds(addrPort(c[0], c[1]), addrPort(c[2], c[3])),
				first: nanoseconds(c[5]), last: nanoseconds(c[6]), pdus: number(c[7]) + number(c[8]), reason: c[11]})
		}
	}
	slices.SortFunc(list, func(a, b dumpedStream) int { return a.order(&b) })
	return list
}

func truthStreams(t *testing.T, file string) (list []dumpedStream) {
	t.Helper()
	for _, c := range tsv(t, file) {
		list = append(list, dumpedStream{ends: twoEnds(addrPort(c[1], c[2]), addrPort(c[3], c[4])),
			first: nanoseconds(c[5]), last: nanoseconds(c[6]), pdus: number(c[8]), opened: number(c[10]), closings: number(c[11]) + number(c[12])})
	}
	slices.SortFunc(list, func(a, b dumpedStream) int { return a.order(&b) })
	return list
}

// TestStreamsAgainstTruth: our TCP streams are those of an independent tool, which knows
// no time-outs and no closing, cut where a stream timed out, where it was closed and where
// a new SYN came; and of those that time out there are none with --stream-timeout=none.
func TestStreamsAgainstTruth(t *testing.T) {
	dir := sharedTraces(t)
	rows := manifest(t, dir)
	truths := truthOf(t, dir, rows)
	compared := 0
	for _, row := range rows {
		file := filepath.Join(dir, "truth", truths[row.file]+".tcp_streams.tsv")
		if _, err := os.Stat(file); err != nil || !row.covered() {
			continue
		}
		compared++
		for _, options := range [][]string{nil, {"--stream-timeout=none"}} {
			t.Run(row.file+strings.Join(options, " "), func(t *testing.T) {
				compareStreams(t, dumpStreams(t, filepath.Join(dir, row.file), options...), truthStreams(t, file), options == nil)
			})
		}
	}
	if compared < 17 {
		t.Errorf("%d traces compared, want at least 17", compared)
	}
}

// compareStreams holds streams against the tool's: each of those is one of ours or
// several, and the reason of each cut is one of those there may be, and true.
func compareStreams(t *testing.T, got, want []dumpedStream, timeouts bool) {
	t.Helper()
	cuts := map[string]int{}
	for _, w := range want {
		n, pdus := 0, uint64(0)
		for n < len(got) && pdus < w.pdus && got[n].ends == w.ends {
			pdus += got[n].pdus
			n++
		}
		if n == 0 || pdus != w.pdus || !sameStamp(got[0].first, w.first) || !sameStamp(got[n-1].last, w.last) {
			t.Fatalf("stream %+v: %d streams of ours have %d PDUs\n%+v", w, n, pdus, got[:min(n+1, len(got))])
		}
		for i := range n - 1 {
			cuts[got[i].reason]++
			if why := wrongCut(&got[i], &got[i+1], &w, timeouts); why != "" {
				t.Errorf("stream %+v is cut between %+v and %+v, but %s", w, got[i], got[i+1], why)
			}
		}
		got = got[n:]
	}
	if len(got) > 0 {
		t.Errorf("%d streams of ours that are none: %+v", len(got), got[0])
	}
	if len(cuts) > 0 {
		t.Logf("%d streams, cut for %v", len(want), cuts)
	}
}

// sameStamp allows for tools that round to the microsecond.
func sameStamp(a, b int64) bool { return max(a-b, b-a) < 1000 }

// wrongCut says why a stream cannot have ended where the next one of the tool's stream
// begins; "" if it can.
func wrongCut(s, next, of *dumpedStream, timeouts bool) string {
	gap := time.Duration(next.first - s.last)
	switch s.reason {
	case "timeout":
		mean := time.Duration(s.last-s.first) / time.Duration(s.pdus)
		switch {
		case !timeouts:
			return "streams do not time out"
		// Uptimes are rounded to 10 ms.
		case gap < 5*time.Second-10*time.Millisecond || gap < 20*mean-200*time.Millisecond:
			return "it was not idle for so long"
		}
	case "close":
		if of.closings == 0 {
			return "nothing closes it"
		}
		if gap < 10*time.Millisecond && of.opened < 2 {
			return "nothing comes behind the grace, and no SYN"
		}
	case "syn":
		if of.opened < 1 {
			return "there is no SYN"
		}
	default:
		return "that is no reason to go on with another one"
	}
	return ""
}
