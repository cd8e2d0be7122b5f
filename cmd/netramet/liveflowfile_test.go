package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netramet/reader"
	"netramet/sources/join"
)

// TestLiveFlowFile: what was metered of a link stays when its meter is started again, and
// is told apart from what comes then, however soon; a trace is metered anew.
func TestLiveFlowFile(t *testing.T) {
	begun := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, source string
		want         int // collections
	}{
		{"live", "-C netflow://127.0.0.1:0", 2},
		{"a trace", "-C t.pcap", 1},
	} {
		file := filepath.Join(t.TempDir(), "f.flows")
		for run := range 2 {
			o, err := parseOptions(append(strings.Fields(tt.source), "-T10", "-F", file, "@hosts"))
			if err != nil {
				t.Fatal(err)
			}
			o.meterName, o.parts = "m", []join.Part{{Path: "t.pcap"}}
			out, err := openOutput(t.Context(), o, stdio{err: io.Discard}, file)
			if err != nil {
				t.Fatal(err)
			}
			iv := reader.Interval{Number: 1, Meter: "m", From: 1, To: 201 + uint64(run), Fresh: true}
			iv.MeterStart = begun.Add(time.Duration(3*run) * time.Second)
			iv.Time = iv.RealTime(iv.To)
			out.SetStart(iv.MeterStart)
			if err := errors.Join(out.Begin(iv, nil), out.End(), out.(io.Closer).Close()); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if ends, heads := strings.Count(string(text), "#EndData"), strings.Count(string(text), "##NeTraMet"); ends != tt.want || heads != tt.want {
			t.Errorf("%s: %d collections, %d headers, want %d\n%s", tt.name, ends, heads, tt.want, text)
		}
	}
}
