package reader_test

import (
	"slices"
	"testing"

	"netramet/reader"
)

// TestNumbers: each value has the numbers that were added to it, in whatever order
// values were filled, and none that the record had before.
func TestNumbers(t *testing.T) {
	var rec reader.Record
	for range 2 {
		rec.Clear(4)
		rec.AddNumbers(2, 1, 2)
		rec.AddNumbers(0, 3)
		rec.AddNumbers(0, 4, 5)
		rec.AddNumbers(2, 6) // behind those of another
		rec.AddNumbers(3)
		for i, want := range [][]uint64{{3, 4, 5}, nil, {1, 2, 6}, nil} {
			if got := rec.Numbers(i); !slices.Equal(got, want) {
				t.Errorf("value %d has %d, want %d", i, got, want)
			}
		}
		if first := rec.Numbers(0); len(append(first, 9)) != 4 || !slices.Equal(rec.Numbers(2), []uint64{1, 2, 6}) {
			t.Errorf("adding to one value's numbers changed another's: %d", rec.Numbers(2))
		}
	}
	rec.Clear(2)
	if len(rec.Values) != 2 || len(rec.Numbers(0)) != 0 || rec.Values[1] != (reader.Value{}) {
		t.Errorf("a cleared record has %+v", rec.Values)
	}
}

// TestRecordMemory: filling a record again takes no new memory.
func TestRecordMemory(t *testing.T) {
	var rec reader.Record
	counters := make([]uint64, 256)
	fill := func() {
		rec.Clear(12)
		for i := range 6 {
			rec.AddNumbers(i, counters...)
		}
	}
	fill()
	if n := testing.AllocsPerRun(100, fill); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}
