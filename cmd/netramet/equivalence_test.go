package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/internal/command"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

// timedRules show when things happened, untimedRules only what.
const (
	timedRules = `
		set timed; save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
		save SourceTransType; save SourceTransAddress; save DestTransAddress; count; statistics;
		format FlowIndex FirstTime LastActiveTime SourcePeerType SourcePeerAddress DestPeerAddress
			SourceTransType SourceTransAddress DestTransAddress ToPDUs FromPDUs ToOctets FromOctets;`
	untimedRules = `
		set untimed; save SourcePeerType; save SourcePeerAddress; save DestAdjacentAddress; save VLANid; count;
		format FlowIndex SourcePeerType SourcePeerAddress DestAdjacentAddress VLANid ToPDUs FromPDUs ToOctets FromOctets;`
)

// equivalence is one trace in many guises.
type equivalence struct {
	dir   string
	rules []string
}

// TestEquivalence meters the same traffic in every format and compression,
// from a file and from a pipe, and gets the same flow data.
func TestEquivalence(t *testing.T) {
	frames := equivalentFrames(t)
	e := equivalence{dir: t.TempDir()}
	for name, src := range map[string]string{"timed.srl": timedRules, "untimed.srl": untimedRules} {
		file := filepath.Join(e.dir, name)
		if err := os.WriteFile(file, []byte(src), 0o666); err != nil {
			t.Fatal(err)
		}
		e.rules = append(e.rules, file)
	}
	slices.Sort(e.rules)
	first, err := capfile.Formats()[0].Encode(frames)
	if err != nil {
		t.Fatal(err)
	}
	want := e.file(t, first, "-T20")
	if strings.Count(want, "#EndData") < 3 || strings.Count(want, "\n") < 200 {
		t.Fatalf("the traffic tests little:\n%s", want)
	}
	wantUntimed := untimed(e.file(t, first))
	for i, format := range capfile.Formats() {
		data, err := format.Encode(frames)
		if err != nil {
			t.Fatal(err)
		}
		for j, compression := range capfile.Compressions() {
			if testing.Short() && i > 0 && j > 0 {
				continue // each format and each compression once
			}
			t.Run(format.Name+"/"+compression, func(t *testing.T) {
				packed, err := capfile.CompressAll(data, compression)
				if err != nil {
					t.Fatal(err)
				}
				if format.Timeless {
					compareData(t, "file", untimed(e.file(t, packed)), wantUntimed)
					compareData(t, "pipe", untimed(e.pipe(t, packed)), wantUntimed)
					return
				}
				compareData(t, "file", e.file(t, packed, "-T20"), want)
				compareData(t, "pipe", e.pipe(t, packed, "-T20"), want)
			})
		}
	}
}

// equivalentFrames are frames that every format can hold: from one interface,
// with stamps of whole microseconds, sound and cut.
func equivalentFrames(t *testing.T) []wire.Frame {
	t.Helper()
	g, err := traffic.NewRealistic(traffic.Options{Seed: 5, Duration: time.Minute, Flows: 120, Snap: 80})
	if err != nil {
		t.Fatal(err)
	}
	packets, err := traffic.Collect(g, 1500)
	if err != nil {
		t.Fatal(err)
	}
	frames := traffic.Frames(packets)
	for i := range frames {
		frames[i].Time -= frames[i].Time % 1000
	}
	return frames
}

// file meters a trace in a file.
func (e *equivalence) file(t *testing.T, data []byte, options ...string) string {
	t.Helper()
	file := filepath.Join(e.dir, "trace")
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return e.meter(t, nil, append(options, "-C", file))
}

// pipe meters a trace from a pipe, in pieces that fit nothing.
func (e *equivalence) pipe(t *testing.T, data []byte, options ...string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sent := make(chan error, 1)
	go func() {
		var err error
		for piece := range slices.Chunk(data, 4001) {
			if _, err = w.Write(piece); err != nil {
				break
			}
		}
		w.Close()
		sent <- err
	}()
	out := e.meter(t, r, append(options, "-C", "-"))
	if err := <-sent; err != nil {
		t.Error(err)
	}
	return out
}

// meter runs the command and returns the flow data from its second line on;
// the first one says how the trace was named.
func (e *equivalence) meter(t *testing.T, stdin *os.File, options []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := append([]string{"-s", "--meter-name", "meter"}, options...)
	if status := run(context.Background(), append(args, e.rules...), stdin, &stdout, &stderr); status != command.StatusOK || stderr.Len() > 0 {
		t.Fatalf("netramet %q: status %d\n%s", args, status, &stderr)
	}
	header, rest, _ := strings.Cut(stdout.String(), "\n")
	if !strings.HasPrefix(header, "##NeTraMet ") {
		t.Fatalf("header %q", header)
	}
	return rest
}

// untimed is the part of flow data that no time is in: the records of rule set
// "untimed".
func untimed(data string) string {
	_, records, _ := strings.Cut(data, "#Ruleset: 3 untimed\n")
	_, records, _ = strings.Cut(records, "\n") // #Format
	records, _, _ = strings.Cut(records, "#")
	return records
}

func compareData(t *testing.T, from, got, want string) {
	t.Helper()
	if want == "" {
		t.Fatal("nothing to compare with")
	}
	if d := firstDifference(got, want); d != "" {
		t.Errorf("from a %s: %s", from, d)
	}
}
