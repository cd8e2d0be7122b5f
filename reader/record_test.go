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

// TestTake: a record that takes another's flow has all of it, and the other has
// memory that may be filled.
func TestTake(t *testing.T) {
	fill := func(r *reader.Record, n uint64, numbers ...uint64) {
		r.Clear(2)
		r.Index, r.FirstTime, r.Values[1].Num = uint32(n), n, n
		r.Amounts = append(r.Amounts, 0, n)
		if numbers != nil {
			r.AddNumbers(0, numbers...)
		}
	}
	var to, from reader.Record
	for n, numbers := range [][]uint64{nil, {1, 2}, {3}, nil, nil, {4}} {
		n := uint64(n + 1)
		fill(&from, n, numbers...)
		to.Take(&from)
		if to.Index != uint32(n) || to.FirstTime != n || to.Values[1].Num != n || to.Amounts[1] != n || !slices.Equal(to.Numbers(0), numbers) {
			t.Errorf("flow %d is taken as %+v", n, to)
		}
	}
}
