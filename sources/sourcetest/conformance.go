package sourcetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	"netramet/sources/wire"
)

// maxReads stops a source that never ends: a Read without frames is allowed,
// but not for ever.
const maxReads = 1 << 20

// Run tests what every source owes its reader. Open opens a new source over
// the same traffic each time, which must end cleanly; want is that traffic.
//
// Allocation is tested if there are more than 64 batches.
func Run(t *testing.T, open func(t *testing.T) Source, want []wire.Frame) {
	t.Helper()
	for _, held := range []int{1, 4, 8} {
		t.Run(fmt.Sprintf("%d batches in flight", held), func(t *testing.T) { testFlight(t, open(t), want, held) })
	}
	t.Run("released out of order", func(t *testing.T) { testOutOfOrder(t, open(t), want) })
	t.Run("end repeats", func(t *testing.T) { testEnd(t, open(t), want) })
	t.Run("close", func(t *testing.T) { testClose(t, open(t)) })
	t.Run("allocations", func(t *testing.T) { testAllocs(t, open(t), len(want)) })
}

// poisonAndRelease does to a batch what a later user of its memory may do.
func poisonAndRelease(b *wire.Batch) {
	for _, f := range b.Frames {
		for i := range f.Data {
			f.Data[i] = Poison
		}
	}
	b.Release()
}

// flight is batches in flight and what they must hold.
type flight struct {
	batch *wire.Batch
	want  []wire.Frame
}

// check compares a batch with what it must hold.
func (f flight) check(t *testing.T) {
	t.Helper()
	if len(f.batch.Frames) != len(f.want) {
		t.Fatalf("batch of %d frames has changed to %d", len(f.want), len(f.batch.Frames))
	}
	for i, got := range f.batch.Frames {
		if d := Difference(got, f.want[i]); d != "" {
			t.Fatalf("frame %d of %d in its batch: %s", i+1, len(f.want), d)
		}
	}
}

// Difference says in which field two frames differ, "" if in none.
func Difference(got, want wire.Frame) string {
	same := got.Time == want.Time && got.WireLen == want.WireLen && got.LinkType == want.LinkType &&
		got.Interface == want.Interface && got.Flags == want.Flags && got.VLAN == want.VLAN
	switch {
	case !bytes.Equal(got.Data, want.Data):
		return fmt.Sprintf("data is % x, want % x", got.Data, want.Data)
	case !same:
		got.Data, want.Data = nil, nil
		return fmt.Sprintf("is %+v, want %+v", got, want)
	}
	return ""
}

// read reads one batch and takes its frames off want.
func read(t *testing.T, s Source, b *wire.Batch, want *[]wire.Frame) (flight, error) {
	t.Helper()
	err := s.Read(b)
	n := len(b.Frames)
	if n > wire.BatchSize {
		t.Fatalf("a batch of %d frames", n)
	}
	if n > len(*want) {
		t.Fatalf("%d frames more than expected", n-len(*want))
	}
	f := flight{b, (*want)[:n]}
	f.check(t)
	*want = (*want)[n:]
	return f, err
}

// testFlight keeps batches in flight and releases the oldest.
func testFlight(t *testing.T, s Source, want []wire.Frame, held int) {
	defer s.Close()
	all := want
	spare := make([]*wire.Batch, 0, held)
	for range held {
		spare = append(spare, new(wire.Batch))
	}
	var inFlight []flight
	for range maxReads {
		if len(spare) == 0 {
			oldest := inFlight[0]
			oldest.check(t)
			poisonAndRelease(oldest.batch)
			spare = append(spare, oldest.batch)
			inFlight = slices.Delete(inFlight, 0, 1)
			for _, f := range inFlight {
				f.check(t)
			}
		}
		b := spare[len(spare)-1]
		spare = spare[:len(spare)-1]
		f, err := read(t, s, b, &want)
		inFlight = append(inFlight, f)
		if err == nil {
			continue
		}
		if err != io.EOF {
			t.Fatalf("Read: %v, want io.EOF", err)
		}
		for _, f := range inFlight {
			f.check(t)
		}
		checkTotals(t, s, all, want)
		return
	}
	t.Fatal("the source does not end")
}

// checkTotals checks that nothing is missing and that the counts agree.
func checkTotals(t *testing.T, s Source, all, missing []wire.Frame) {
	t.Helper()
	if len(missing) > 0 {
		t.Fatalf("%d of %d frames are missing", len(missing), len(all))
	}
	octets := uint64(0)
	for _, f := range all {
		octets += uint64(f.WireLen)
	}
	if st := s.Stats(); st.Frames != uint64(len(all)) || st.Octets != octets || st.Damaged != 0 {
		t.Errorf("stats are %+v, want %d frames, %d octets, no damage", st, len(all), octets)
	}
}

// testOutOfOrder releases the younger of two batches first, and one twice.
func testOutOfOrder(t *testing.T, s Source, want []wire.Frame) {
	defer s.Close()
	older, younger := new(wire.Batch), new(wire.Batch)
	for range maxReads {
		f, err := read(t, s, older, &want)
		if err == nil {
			_, err = read(t, s, younger, &want)
		}
		poisonAndRelease(younger)
		younger.Release()
		f.check(t)
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatalf("Read: %v, want io.EOF", err)
		}
	}
	t.Fatal("the source does not end")
}

// drain reads to the end and returns what it was.
func drain(s Source, b *wire.Batch) error {
	for range maxReads {
		if err := s.Read(b); err != nil {
			return err
		}
	}
	return errors.New("the source does not end")
}

func testEnd(t *testing.T, s Source, want []wire.Frame) {
	defer s.Close()
	b := new(wire.Batch)
	for i := range 3 {
		if err := drain(s, b); err != io.EOF {
			t.Fatalf("Read %d at the end: %v, want io.EOF", i+1, err)
		}
		if i > 0 && len(b.Frames) > 0 {
			t.Fatalf("Read %d after the end: %d frames", i, len(b.Frames))
		}
	}
	checkTotals(t, s, want, nil)
}

func testClose(t *testing.T, s Source) {
	b := new(wire.Batch)
	if err := s.Read(b); err != nil && err != io.EOF {
		t.Fatalf("Read: %v", err)
	}
	before := make([]byte, 0)
	for _, f := range b.Frames {
		before = append(before, f.Data...)
	}
	for i := range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close %d: %v", i+1, err)
		}
	}
	after := make([]byte, 0)
	for _, f := range b.Frames {
		after = append(after, f.Data...)
	}
	if !bytes.Equal(before, after) {
		t.Error("Close has changed a batch in flight")
	}
	for i := range 2 {
		if err := s.Read(b); !errors.Is(err, os.ErrClosed) || len(b.Frames) != 0 {
			t.Errorf("Read %d after Close: %d frames, %v, want os.ErrClosed", i+1, len(b.Frames), err)
		}
	}
	s.Stats()
	b.Release()
}

// testAllocs reads with eight batches in flight, some for warming up.
func testAllocs(t *testing.T, s Source, frames int) {
	defer s.Close()
	const inFlight, warm, runs = 8, 16, 32
	if frames < 64*wire.BatchSize {
		t.Skipf("%d frames are too few to tell", frames)
	}
	ring := make([]wire.Batch, inFlight)
	next := 0
	step := func() {
		if err := s.Read(&ring[next]); err != nil {
			t.Errorf("Read: %v", err)
		}
		next = (next + 1) % inFlight
	}
	for range warm {
		step()
	}
	// The run that AllocsPerRun does before it counts makes 33.
	if n := testing.AllocsPerRun(runs, step); n != 0 {
		t.Errorf("%v allocations a Read, want none", n)
	}
}
