package sources

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// shapes are of chunks that records of some octets cross in many ways.
var shapes = []chunkShape{{0, 3}, {7, 64}, {40, 1000}, {300, 4096}}

// openAhead opens what a reader has as a file that is read ahead.
func openAhead(r io.Reader, into chunkShape) (Source, error) {
	t, err := openTrace(&stored{name: "standard input", r: r, ahead: into}, nil, Options{})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// sameAhead reads a trace as a pipe, and ahead into chunks.
func sameAhead(t *testing.T, what string, open func() io.Reader, shapes ...chunkShape) {
	t.Helper()
	want, wantStats, wantErr := readSome(t, open())
	for _, shape := range shapes {
		got, st, err := readSomeFrom(t, func() (Source, error) { return openAhead(open(), shape) })
		what := fmt.Sprintf("%s, chunks %+v", what, shape)
		same(t, what, want, got, wantErr, err)
		if errors.Is(wantErr, ErrDamaged) {
			wantStats.BytesRead, st.BytesRead = 0, 0 // as much as chunks are long
		}
		if st != wantStats {
			t.Fatalf("%s: %+v, want %+v", what, st, wantStats)
		}
	}
}

// TestReadAheadSame: frames, errors and counts are those of a trace that is not read
// ahead, whatever the chunks, also where it was cut, damaged, or cannot be read on.
func TestReadAheadSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	frames := manyFrames(25, 50, 1500)
	for i := range frames {
		if r.IntN(4) == 0 {
			frames[i].Data = octets(r.IntN(1400), byte(i))
			frames[i].WireLen = uint32(len(frames[i].Data))
		}
	}
	broken := errors.New("input/output error")
	for _, f := range capfile.Formats() {
		file, err := f.Encode(frames)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(f.Name, func(t *testing.T) {
			sameAhead(t, "whole", func() io.Reader { return bytes.NewReader(file) }, shapes...)
			for range 8 {
				n, shape := r.IntN(len(file)), shapes[r.IntN(len(shapes))]
				sameAhead(t, fmt.Sprint("cut at ", n), func() io.Reader { return bytes.NewReader(file[:n]) }, shape)
				sameAhead(t, fmt.Sprint("broken at ", n), func() io.Reader {
					return io.MultiReader(bytes.NewReader(file[:n]), failing{broken})
				}, shape)
				flipped := slices.Clone(file)
				flipped[n] ^= 1 << r.IntN(8)
				sameAhead(t, fmt.Sprint("flipped at ", n), func() io.Reader { return bytes.NewReader(flipped) }, shape)
			}
		})
	}
}

// TestReadAheadSkips: blocks that are passed over may be longer than many chunks.
func TestReadAheadSkips(t *testing.T) {
	file := join(ngSection(le), ngInterfaceBlock(le, 1, 0))
	for i := range 5 {
		file = append(file, ngEnhanced(le, 0, uint64(i), 60, octets(60, byte(i)))...)
		file = append(file, ngBlock(le, 0x99, octets(30_000, 1))...)
	}
	for _, n := range []int{len(file), len(file) - 10, len(file) - 20_000} {
		sameAhead(t, fmt.Sprint("up to ", n), func() io.Reader { return bytes.NewReader(file[:n]) }, shapes...)
	}
}

// TestReadAheadConforms runs the suite that every source passes.
func TestReadAheadConforms(t *testing.T) {
	many := manyFrames(70*wire.BatchSize, 140, 200)
	mixed := append(manyFrames(1500, 1400, 1500), frame(5e9, octets(2*chunkSize, 3), 2*chunkSize, 1, 1))
	mixed = append(mixed, manyFrames(200, 9000, 9000)...)
	mixed = append(mixed, frame(5e9, octets(MaxCapLen, 3), MaxCapLen, 1, 1), frame(5e9, octets(MaxCapLen, 4), MaxCapLen, 1, 1))
	for _, row := range []struct {
		name   string
		file   []byte
		frames []wire.Frame
	}{
		{"many", pcapOf(many), many},
		{"sizes mixed", pcapngOf(mixed), mixed},
	} {
		path := save(t, "trace", row.file)
		t.Run(row.name, func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
				s, err := Open(path, Options{ReadAhead: true})
				if err != nil {
					t.Fatal(err)
				}
				if s.(*trace).feed.supply == nil {
					t.Fatal("is not read ahead")
				}
				return s
			}, row.frames)
		})
		t.Run(row.name+", small chunks", func(t *testing.T) {
			sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
				s, err := openAhead(bytes.NewReader(row.file), chunkShape{200, 64 << 10})
				if err != nil {
					t.Fatal(err)
				}
				return s
			}, row.frames)
		})
	}
}

// TestReadAheadOf: a large file that is not compressed is read ahead, and nothing else.
func TestReadAheadOf(t *testing.T) {
	large := pcapOf(manyFrames(leastSupplied/60, 60, 60))
	small := large[:leastSupplied-1]
	random := make([]byte, 2*leastSupplied) // which no compression makes smaller
	rand.NewChaCha8([32]byte{}).Read(random)
	packed := pack(t, join(pcapHead(le, pcapMicro, 2, 4, 65535, 1), random), "gzip")
	for _, row := range []struct {
		name string
		file []byte
		opt  Options
		want bool
	}{
		{"large", large, Options{ReadAhead: true}, true},
		{"not asked for", large, Options{}, false},
		{"small", small, Options{ReadAhead: true}, false},
		{"compressed", packed, Options{ReadAhead: true}, false},
		{"followed", large, Options{ReadAhead: true, Follow: FollowGrowth}, false},
	} {
		s, err := Open(save(t, "trace", row.file), row.opt)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got := s.(*trace).feed.supply != nil; got != row.want {
			t.Errorf("%s: read ahead %v, want %v", row.name, got, row.want)
		}
	}
}

// TestReadAheadClose closes a trace whose file says nothing while a Read waits, and
// one that nobody reads. No goroutine may be left.
func TestReadAheadClose(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	frames := manyFrames(100, 60, 60)
	if _, err := w.Write(pcapOf(frames)); err != nil {
		t.Fatal(err)
	}
	s, err := openTrace(&stored{name: "pipe", r: r, file: r, ahead: chunkShape{100, 500}}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for got := 0; got < 90; {
		b := new(wire.Batch)
		if err := s.Read(b); err != nil {
			t.Fatal(err)
		}
		got += len(b.Frames)
	}
	done := make(chan error)
	go func() {
		var err error
		for err == nil {
			err = s.Read(new(wire.Batch))
		}
		done <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("blocked Read: %v, want os.ErrClosed", err)
	}

	unread, err := Open(save(t, "trace", pcapOf(manyFrames(leastSupplied/60, 60, 60))), Options{ReadAhead: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := unread.Close(); err != nil {
		t.Error(err)
	}
}
