package jsonl

import (
	"path/filepath"
	"testing"

	"netramet/internal/golden"
	"netramet/reader/columns"
	"netramet/reader/lines"
	"netramet/reader/lines/linestest"
)

func newRTFM() lines.Format { return New(columns.RTFM) }

func TestFormat(t *testing.T) { linestest.TestFormat(t, newRTFM) }

func TestNamesOfOthers(t *testing.T) {
	linestest.TestFormat(t, func() lines.Format { return New(columns.ECS) })
	file := linestest.Write(t, New(columns.ECS), linestest.Sample())
	if found, _, err := linestest.Scan(newRTFM(), file); err == nil {
		t.Errorf("%d collections with names of ECS are read by those of RTFM", len(found))
	}
}

func FuzzScan(f *testing.F) { linestest.Fuzz(f, newRTFM) }

func TestGolden(t *testing.T) {
	for _, names := range []columns.Names{columns.RTFM, columns.ECS} {
		golden.Compare(t, filepath.Join("testdata", names.String()+".jsonl"), linestest.Write(t, New(names), linestest.Sample()))
	}
}

func TestNoAllocation(t *testing.T) { linestest.TestNoAllocation(t, newRTFM()) }

func TestUnknownRuleSet(t *testing.T) { linestest.TestUnknownRuleSet(t, newRTFM()) }

func BenchmarkRecord(b *testing.B) { linestest.Benchmark(b, newRTFM()) }
