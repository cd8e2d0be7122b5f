package join

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// between are numbers from one up to another, by a step.
func between(from, to, step int64) (all []int64) {
	for n := from; n < to; n += step {
		all = append(all, n)
	}
	return all
}

// conform runs the suite that every source passes.
func conform(t *testing.T, order Order, parts []Part, want []wire.Frame) {
	sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
		s, err := Open(parts, Options{Order: order})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, want)
}

func TestConformance(t *testing.T) {
	const many = 70 * wire.BatchSize
	long, short := framesAt(1, between(0, many, 1)...), framesAt(2, between(many, many+300, 1)...)
	behind := framesAt(2, between(many, many+300, 1)...)
	even, odd := framesAt(1, between(0, many, 2)...), framesAt(2, between(1, many, 2)...)
	var mixed []wire.Frame
	for i := range even {
		mixed = append(mixed, even[i], odd[i])
	}
	large := framesAt(3, between(0, 8, 2)...)
	for i := range large {
		large[i].Data = bytes.Repeat([]byte{9, byte(i)}, 1<<(10+3*i)) // up to 1 MiB
		large[i].WireLen = uint32(len(large[i].Data))
	}
	small := framesAt(4, between(1, 8, 2)...)
	var sizes []wire.Frame
	for i := range small {
		sizes = append(sizes, large[i], small[i])
	}
	for _, row := range []struct {
		name  string
		order Order
		files [][]byte
		want  []wire.Frame
	}{
		{"sequence", Sequence, [][]byte{encode(t, "pcapng", long), encode(t, "erf", short)}, append(slices.Clone(long), on(short, 2)...)},
		{"by time", ByTime, [][]byte{encode(t, "pcap-ns", even), encode(t, "pcapng", odd)}, mixed},
		{"by time, sizes mixed", ByTime, [][]byte{encode(t, "pcap-ns", large), encode(t, "pcap-ns", small)}, sizes},
		{"by time, one after the other", ByTime, [][]byte{encode(t, "pcap-ns", long), encode(t, "pcap-ns", behind)}, append(slices.Clone(long), behind...)},
	} {
		t.Run(row.name, func(t *testing.T) { conform(t, row.order, save(t, row.files...), row.want) })
	}
}

// TestMergeOrder merges random files, out of order, with equal stamps and without
// any, and holds the result against the naive merge of all of them.
func TestMergeOrder(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			var files [][]byte
			var lists [][]wire.Frame
			for n := range 2 + r.IntN(2*maxKept) {
				at := r.Int64N(5000)
				var millis []int64
				for range r.IntN(40) {
					millis = append(millis, at)
					at = max(0, at+r.Int64N(20)-3)
				}
				frames := framesAt(byte(n), millis...)
				for i := range frames {
					frames[i].Time = frames[i].Time / 1000 * 1000
				}
				format := []string{"pcap", "pcapng", "pcap-ns"}[r.IntN(3)]
				files, lists = append(files, encode(t, format, frames)), append(lists, frames)
			}
			parts := save(t, files...)
			got, _, err := joinedFrames(t, parts, ByTime)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i].Interface = 1
			}
			same(t, got, naiveMerge(lists))
			again, _, _ := joinedFrames(t, parts, ByTime)
			for i := range again {
				again[i].Interface = 1
			}
			same(t, again, got)
		})
	}
}

// naiveMerge takes, again and again, the first of the frames that are next in their
// lists which has the lowest time.
func naiveMerge(lists [][]wire.Frame) (all []wire.Frame) {
	for {
		best := -1
		for i, l := range lists {
			if len(l) > 0 && (best < 0 || l[0].Time < lists[best][0].Time) {
				best = i
			}
		}
		if best < 0 {
			return all
		}
		all, lists[best] = append(all, lists[best][0]), lists[best][1:]
	}
}

// TestMergeWithoutTimes: packets without a time follow the packet before them.
func TestMergeWithoutTimes(t *testing.T) {
	const no = wire.NoTime
	simple := func(frames []wire.Frame) []byte {
		var out bytes.Buffer
		w, err := capfile.NewPcapng(&out, capfile.Pcapng{Block: capfile.SimpleBlock, Interfaces: []capfile.Interface{{LinkType: wire.LinkEthernet}}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range frames {
			if err := w.Write(&frames[i]); err != nil {
				t.Fatal(err)
			}
		}
		return out.Bytes()
	}
	without, with := framesAt(1, 0), framesAt(2, 1, 2)
	got, _, err := joinedFrames(t, save(t, encode(t, "pcapng", with), simple(without)), ByTime)
	if err != nil {
		t.Fatal(err)
	}
	without[0].Time = no
	same(t, got, append(without, with...))
}

// TestMergeLarge: of large files that follow each other few are open at once, whose
// decompression takes memory.
func TestMergeLarge(t *testing.T) {
	var files [][]byte
	count := 0
	for n := range int64(40) {
		frames := framesAt(byte(n), n*10, n*10+9)
		files, count = append(files, encode(t, "pcap", frames)), count+len(frames)
	}
	parts := save(t, files...)
	for i := range parts {
		parts[i].Size = keptSize / 2
	}
	src, err := Open(parts, Options{Order: ByTime})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if got, err := readAll(t, src); err != io.EOF || len(got) != count || !slices.IsSortedFunc(got, func(a, b wire.Frame) int { return int(a.Time - b.Time) }) {
		t.Errorf("%d frames of %d: %v", len(got), count, err)
	}
	if most := src.(*merge).most; most > 4 {
		t.Errorf("%d files were open at once", most)
	}
}

// TestMany merges more files than may be open at once, which follow each other,
// and refuses as many that overlap.
func TestMany(t *testing.T) {
	var files [][]byte
	var want []wire.Frame
	for n := range int64(maxOverlap + 100) {
		frames := framesAt(byte(n), n*10, n*10+9, n*10+15) // overlaps the next one
		files, want = append(files, encode(t, "pcap", frames)), append(want, frames...)
	}
	parts := save(t, files...)
	src, err := Open(parts, Options{Order: ByTime})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	got, err := readAll(t, src)
	if err != io.EOF || len(got) != len(want) || !slices.IsSortedFunc(got, func(a, b wire.Frame) int { return int(a.Time - b.Time) }) {
		t.Errorf("%d frames of %d: %v", len(got), len(want), err)
	}
	if most := src.(*merge).most; most > maxKept+3 {
		t.Errorf("%d files were open at once", most)
	}
	if got, _, err := joinedFrames(t, parts, Sequence); err != nil || len(got) != len(want) {
		t.Errorf("in sequence %d frames of %d: %v", len(got), len(want), err)
	}

	files = files[:0]
	for n := range int64(maxOverlap + 1) {
		files = append(files, encode(t, "pcap", framesAt(byte(n), n, 100_000)))
	}
	got, _, err = joinedFrames(t, save(t, files...), ByTime)
	if err == nil || !strings.Contains(err.Error(), "more than 512 files overlap at 1970-01-01 00:00:01.512: merge some of them first") || len(got) != maxOverlap {
		t.Errorf("%d frames, %v", len(got), err)
	}
}

// TestFaults: what is wrong with some files is told at the end, and all that can be
// read of all of them is.
func TestFaults(t *testing.T) {
	first, last := framesAt(1, 0, 10, 20), framesAt(3, 100, 110)
	whole := encode(t, "pcap", first)
	step := 1
	if testing.Short() {
		step = 5
	}
	for _, order := range []Order{Sequence, ByTime} {
		for n := 0; n < len(whole); n += step {
			parts := save(t, whole[:n], encode(t, "pcap", last))
			got, _, err := joinedFrames(t, parts, order)
			const header, record = 24, 16
			left, at := 0, header
			for at+record+len(first[left].Data) <= n {
				at += record + len(first[left].Data)
				left++
			}
			clean := at == n
			if clean != (err == nil) || n > header && !clean && !(errors.Is(err, sources.ErrDamaged) && errors.Is(err, io.ErrUnexpectedEOF)) {
				t.Fatalf("cut at %d: %v", n, err)
			}
			if err != nil && !strings.Contains(err.Error(), parts[0].Path) {
				t.Fatalf("cut at %d: %v does not name the file", n, err)
			}
			same(t, got, append(slices.Clone(first[:left]), last...))
		}
	}
}

// TestManyFaults: files that are no traces are passed over, ten of them are named,
// and nothing else than such files is an error at once.
func TestManyFaults(t *testing.T) {
	var files [][]byte
	for range 15 {
		files = append(files, []byte("this is a file of something else, a README perhaps"))
	}
	want := framesAt(1, 0, 10)
	parts := save(t, append(files, encode(t, "pcap", want))...)
	for _, order := range []Order{Sequence, ByTime} {
		got, _, err := joinedFrames(t, parts, order)
		same(t, got, want)
		if err == nil || strings.Count(err.Error(), "\n") != maxFaults || !strings.HasSuffix(err.Error(), "\n5 more files could not be read, or not to their ends") {
			t.Errorf("%v", err)
		}
		if _, err := Open(parts[:15], Options{Order: order}); err == nil || !strings.Contains(err.Error(), "is not a trace") {
			t.Errorf("no trace among the files: %v", err)
		}
	}
	gone := save(t, encode(t, "pcap", want), encode(t, "pcap", want))
	if err := os.Remove(gone[1].Path); err != nil {
		t.Fatal(err)
	}
	got, _, err := joinedFrames(t, gone, Sequence)
	same(t, got, want)
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a file that has gone: %v", err)
	}
}

// TestCloseBlocked: Close ends a Read that waits for a pipe, and an Open that waits
// for one is not in the way.
func TestCloseBlocked(t *testing.T) {
	frames := framesAt(1, 0, 10)
	parts := save(t, encode(t, "pcap", frames))
	for _, order := range []Order{Sequence, ByTime} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		go w.Write(encode(t, "pcapng", framesAt(2, 5))) // and then nothing, without an end
		all := append([]Part{{URI: "-", Path: "-"}}, parts...)
		src, err := Open(all, Options{Order: order, Source: sources.Options{Stdin: r}})
		if err != nil {
			t.Fatal(err)
		}
		b := new(wire.Batch)
		for src.Stats().Frames < map[Order]uint64{Sequence: 1, ByTime: 2}[order] {
			if err := src.Read(b); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error)
		go func() { done <- src.Read(b) }()
		if err := src.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, os.ErrClosed) {
			t.Errorf("blocked Read: %v, want os.ErrClosed", err)
		}
	}
}

// TestTooManyBatches: a merge bounds what batches in flight hold, and goes on when
// one is released.
func TestTooManyBatches(t *testing.T) {
	even, odd := framesAt(1, between(0, 60_000, 2)...), framesAt(2, between(1, 60_000, 2)...)
	src, err := Open(save(t, encode(t, "pcap", even), encode(t, "pcap", odd)), Options{Order: ByTime})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var flight []*wire.Batch
	for err == nil {
		b := new(wire.Batch)
		if err = src.Read(b); err == nil {
			flight = append(flight, b)
		}
	}
	if !errors.Is(err, sources.ErrTooManyBatches) || len(flight) != maxBuffers {
		t.Fatalf("%d batches in flight, then %v", len(flight), err)
	}
	n := 0
	for _, b := range flight {
		n += len(b.Frames)
		b.Release()
	}
	for err = nil; err == nil; {
		b := flight[0]
		err = src.Read(b)
		n += len(b.Frames)
	}
	if err != io.EOF || n != len(even)+len(odd) {
		t.Errorf("%d frames of %d, %v", n, len(even)+len(odd), err)
	}
}

// TestOnePart: a part alone is what sources.Open opens, with its own messages.
func TestOnePart(t *testing.T) {
	parts := save(t, encode(t, "pcap", framesAt(1, 0)))
	src, err := Open(parts, Options{Order: ByTime})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, joined := src.(interface{ end() error }); joined {
		t.Error("one part is joined with none")
	}
	if _, err := Open(nil, Options{}); err == nil {
		t.Error("no part is opened")
	}
}
