package dag

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

func TestConformance(t *testing.T) {
	frames, octets := ethernet(t, 70*wire.BatchSize)
	for _, row := range []struct {
		name  string
		write int
	}{
		{"all at once", len(octets)},
		{"in pieces that cut records", 40_001},
	} {
		t.Run(row.name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
				return ended{sourceOf(&linear{t: t, octets: bytes.Clone(octets), write: row.write, end: errEnd}), errEnd}
			}, frames)
		})
	}
}

// TestAsFile: a card gives what a file of its records gives, however they come.
func TestAsFile(t *testing.T) {
	for name, octets := range cards(90) {
		want, counts := ofFile(t, octets)
		for _, write := range []int{7, 1000, len(octets)} {
			m := &linear{t: t, octets: bytes.Clone(octets), write: write, end: errEnd}
			s := sourceOf(m)
			if write > 7 {
				m.silences = 1
			}
			got, err := readAll(ended{s, errEnd})
			if err != io.EOF {
				t.Fatalf("%s, %d octets at a time: %v", name, write, err)
			}
			same(t, got, want)
			st := s.Stats()
			st.BytesAll, counts.BytesAll = 0, 0
			if st != counts {
				t.Errorf("%s, %d octets at a time: counts are %+v, want %+v", name, write, st, counts)
			}
			if err := s.Close(); err != nil || m.closed != 1 {
				t.Errorf("%s: Close: %v, memory closed %d times", name, err, m.closed)
			}
		}
	}
}

// TestHostile: what is no record ends the source behind all that came before it.
func TestHostile(t *testing.T) {
	whole := record(2, 0, 1e9, 0, 64, body(62))
	with := func(at int, octets ...byte) []byte {
		r := bytes.Clone(whole)
		copy(r[at:], octets)
		return r
	}
	for _, row := range []struct {
		name   string
		octets []byte
		frames int
		want   string
	}{
		{"length 0", slices.Concat(whole, with(10, 0, 0), whole), 1, "stream 0: record at octet 78 since the start: damaged: record length 0 is below"},
		{"length 15", slices.Concat(whole, with(10, 0, 15)), 1, "damaged: record length 15 is below"},
		{"length of the header alone", with(10, 0, 16), 0, "record length 16 is below"},
		{"beyond the top", slices.Concat(whole, whole, with(10, 0xff, 0xff)), 2, "stream 0 has ended: the card was pulled, inside a record of which 78 octets are there"},
		{"half a header", slices.Concat(whole, whole[:7]), 1, "inside a record of which 7 octets are there"},
		{"no such type", slices.Concat(whole, with(8, 99)), 1, "record type 99 is not one of ERF"},
		{"extension headers without end", slices.Concat(whole, record(0x82, 0, 1e9, 0, 64, bytes.Repeat([]byte{0xff}, 300))), 1, "more than 16 extension headers"},
		{"zeros", slices.Concat(whole, make([]byte, 4096)), 1, "record type 0 is not one of ERF"},
		{"nothing at all", nil, 0, "stream 0 has ended: the card was pulled"},
	} {
		for _, write := range []int{1, 50, 1 << 20} {
			s := sourceOf(&linear{t: t, octets: bytes.Clone(row.octets), write: write, end: errEnd})
			got, err := readAll(s)
			if err == nil || !strings.Contains(err.Error(), row.want) || len(got) != row.frames {
				t.Errorf("%s, %d octets at a time: %d frames, %v; want %d, %s", row.name, write, len(got), err, row.frames, row.want)
			}
			var b wire.Batch
			if again := s.Read(&b); again == nil || again.Error() != err.Error() {
				t.Errorf("%s: Read again: %v, want %v", row.name, again, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSeveral: streams are read in turn, and one that ends ends the source when
// the others have been read.
func TestSeveral(t *testing.T) {
	frames, octets := ethernet(t, 3000)
	a := &linear{t: t, octets: bytes.Clone(octets), write: 5000, end: errEnd}
	b := &linear{t: t, octets: bytes.Clone(octets), write: 3000} // falls silent
	s := sourceOf(a, b)
	got, err := readAll(s)
	if !errors.Is(err, errEnd) || !strings.Contains(err.Error(), "stream 0 has ended") {
		t.Fatal(err)
	}
	if len(got) != 2*len(frames) {
		t.Fatalf("%d frames of %d", len(got), 2*len(frames))
	}
	seen := map[int64]int{}
	for _, f := range got {
		seen[f.Time]++
	}
	for at, n := range seen {
		if n != 2 {
			t.Fatalf("the frame of %d came %d times", at, n)
		}
	}
	if err := s.Close(); err != nil || a.closed+b.closed != 2 {
		t.Errorf("Close: %v, closed %d and %d times", err, a.closed, b.closed)
	}
}

// TestDrainBounded: a stream that never falls silent does not keep one that has
// failed from being told.
func TestDrainBounded(t *testing.T) {
	s := sourceOf(&linear{t: t, end: errEnd}, endless(record(2, 0, 1e9, 0, 64, body(9000))))
	defer s.Close()
	var b wire.Batch
	defer b.Release()
	var err error
	for octets := 0; err == nil; octets += len(b.Frames) * 9000 {
		if err = s.Read(&b); octets > 2*drainMost {
			t.Fatal("the failure is not told")
		}
	}
	if !errors.Is(err, errEnd) {
		t.Fatal(err)
	}
}

// endless is memory that is full of one record again and again.
type endless []byte

func (e endless) Advance(int) ([]byte, error) { return bytes.Repeat(e, 2*wire.BatchSize), nil }
func (endless) Close() error                  { return nil }

// TestSilence: a silent stream gives empty batches, and time to close it.
func TestSilence(t *testing.T) {
	frames, octets := ethernet(t, 1)
	m := &linear{t: t, octets: octets, write: len(octets)}
	s := sourceOf(m)
	var b wire.Batch
	if err := s.Read(&b); err != nil || len(b.Frames) != len(frames) {
		t.Fatalf("%d frames, %v", len(b.Frames), err)
	}
	for range 3 {
		if err := s.Read(&b); err != nil || len(b.Frames) != 0 {
			t.Fatalf("a silent stream: %d frames, %v", len(b.Frames), err)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		var err error
		for err == nil {
			err = s.Read(&b)
		}
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read: %v, want os.ErrClosed", err)
		}
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if m.closed != 1 {
		t.Errorf("the memory was closed %d times", m.closed)
	}
}

// TestOrder: memory goes back in the order in which it was handed out, and not
// before its batch is released.
func TestOrder(t *testing.T) {
	_, octets := ethernet(t, 4*wire.BatchSize)
	m := &linear{t: t, octets: octets, write: len(octets)}
	s := sourceOf(m)
	batches := make([]wire.Batch, 4)
	ends := []int{}
	for i := range 3 {
		if err := s.Read(&batches[i]); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.rings[0].parsed)
	}
	back := func(want int) {
		t.Helper()
		if err := s.Read(&batches[3]); err != nil {
			t.Fatal(err)
		}
		batches[3].Release()
		if m.tail != want {
			t.Fatalf("%d octets went back, want %d", m.tail, want)
		}
	}
	batches[1].Release()
	back(0) // the oldest is held
	batches[0].Release()
	batches[0].Release()
	back(ends[1])
	if err := s.Close(); err != nil || m.closed != 0 {
		t.Fatalf("Close: %v; the memory was closed under a batch", err)
	}
	batches[2].Release()
	if m.closed != 1 {
		t.Errorf("the memory was closed %d times behind the last batch", m.closed)
	}
}

// TestTooMany: batches that nobody releases are bounded, and the source goes on
// when they are.
func TestTooMany(t *testing.T) {
	frames, octets := ethernet(t, 2*maxFlight)
	s := sourceOf(&linear{t: t, octets: octets, write: 100, end: errEnd})
	defer s.Close()
	var held []*wire.Batch
	var err error
	got := 0
	for err == nil {
		held = append(held, &wire.Batch{})
		err = s.Read(held[len(held)-1])
		got += len(held[len(held)-1].Frames)
	}
	if !errors.Is(err, sources.ErrTooManyBatches) || len(held) != maxFlight+1 {
		t.Fatalf("%d batches, %v", len(held), err)
	}
	for _, b := range held {
		b.Release()
	}
	rest, err := readAll(s)
	if !errors.Is(err, errEnd) || got+len(rest) != len(frames) {
		t.Fatalf("%d and %d frames of %d, %v", got, len(rest), len(frames), err)
	}
}

// TestPorts: names, and losses of each port.
func TestPorts(t *testing.T) {
	octets := slices.Concat(record(2, 0, 1e9, 5, 64, body(62)), record(2, 2, 1e9, 7, 64, body(62)), record(2, 2, 1e9, 70, 64, body(62)))
	s := newSource(Options{Cards: []Card{{Device: "/dev/dag0"}, {Device: "/dev/dag3"}}, FirstInterface: 7})
	s.pause, s.silence = 1, 4
	s.addRing("a", &linear{t: t, octets: bytes.Clone(octets), write: 1000, end: errEnd}, 0, sources.FCSAsFormat)
	s.addRing("b", &linear{t: t, octets: bytes.Clone(octets[:78]), write: 1000, end: errEnd}, 1, sources.FCSAsFormat)
	defer s.Close()
	got, err := readAll(s)
	if !errors.Is(err, errEnd) {
		t.Fatal(err)
	}
	var numbers []uint8
	for _, f := range got {
		numbers = append(numbers, f.Interface)
	}
	if !slices.Equal(numbers, []uint8{7, 9, 9, 11}) {
		t.Errorf("interfaces are %v", numbers)
	}
	if names := strings.Join(s.InterfaceNames(), " "); names != "dag0:A dag0:B dag0:C dag0:D dag3:A" {
		t.Errorf("names are %s", names)
	}
	var lost []uint64
	for _, i := range s.Interfaces() {
		lost = append(lost, i.Dropped)
	}
	if !slices.Equal(lost, []uint64{5, 0, 77, 0, 5}) || s.Stats().Dropped != 87 {
		t.Errorf("lost are %d, %d in all", lost, s.Stats().Dropped)
	}
}

// FuzzMemory reads any octets, in pieces of any size, some batches held.
func FuzzMemory(f *testing.F) {
	for _, octets := range cards(3) {
		f.Add(octets, uint16(100), uint8(0))
		f.Add(octets, uint16(7), uint8(3))
	}
	f.Add(record(2, 0, 1, 0, 0, nil), uint16(1), uint8(1))
	f.Fuzz(func(t *testing.T, octets []byte, write uint16, held uint8) {
		given := len(octets)
		m := &linear{t: t, octets: bytes.Clone(octets), write: int(write) + 1, end: errEnd}
		s := sourceOf(m)
		s.silence = 0 // a machine that is busy takes long for a thousand timers
		batches := make([]wire.Batch, int(held%8)+1)
		var err error
		reads := 0
		for ; err == nil && reads <= 2*given+64; reads++ {
			b := &batches[reads%len(batches)]
			err = s.Read(b)
			for _, f := range b.Frames {
				if len(f.Data) > 1<<16 || f.Interface < 1 || f.Interface > 4 {
					t.Fatalf("a frame of %d octets on interface %d", len(f.Data), f.Interface)
				}
			}
		}
		if err == nil {
			t.Fatalf("no end after %d reads of %d octets", reads, given)
		}
		for i := range batches {
			batches[i].Release()
		}
		if err := s.Close(); err != nil || m.closed != 1 {
			t.Fatalf("Close: %v, closed %d times", err, m.closed)
		}
	})
}
