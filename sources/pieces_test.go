package sources

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"netramet/sources/wire"
)

// TestPieces: a file that is read in pieces, by two goroutines, for a while or to its end, gives what it
// gives otherwise: frames, counts, and what it ends with.
func TestPieces(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	small := manyFrames(20_000, 100, 64)
	var large []wire.Frame // some of them longer than what is between two pieces, or than a piece
	for i, size := range []int{1500, 40_000, 3, 60_000, 300_000, 900, 600_000, 0, 250_000, 64} {
		for range 3 {
			large = append(large, frame(int64(1_000_000_000+i)*1_000_000_000, octets(size, byte(i)), uint32(size), wire.LinkEthernet, 1))
		}
	}
	damaged := pcapOf(small)
	for i := range 8 {
		damaged[24+100*(16+64)+8+i] = 0xff // a length that cannot be
	}
	for _, tt := range []struct {
		name string
		file []byte
	}{
		{"pcap", pcapOf(small)},
		{"pcapng", pcapngOf(small)},
		{"snoop", encoded(t, "snoop", small)},
		{"erf", encoded(t, "erf", small)},
		{"long records", pcapOf(large)},
		{"long records of pcapng", pcapngOf(large)},
		{"damaged", damaged},
		{"one piece", pcapOf(small[:10])},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "trace")
			for run := range 40 {
				file := tt.file
				if run%2 > 0 {
					file = file[:24+rnd.IntN(len(file)-24)]
				}
				if err := os.WriteFile(path, file, 0o600); err != nil {
					t.Fatal(err)
				}
				want, wantStats, wantErr := readFile(t, path)
				got, stats, err := readPieces(t, path, rnd)
				if fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Fatalf("%d octets of %d: %v, want %v", len(file), len(tt.file), err, wantErr)
				}
				// How far beyond damage was read is not told.
				if err != io.EOF {
					stats.BytesRead = wantStats.BytesRead
				}
				if stats != wantStats {
					t.Errorf("%d octets of %d: %+v, want %+v", len(file), len(tt.file), stats, wantStats)
				}
				checkFrames(t, got, want)
			}
		})
	}
}

// readPieces reads a trace by turns as always and in pieces.
func readPieces(t *testing.T, path string, rnd *rand.Rand) (all []wire.Frame, stats wire.SourceStats, end error) {
	s, err := Open(path, Options{})
	if err != nil {
		return nil, stats, err
	}
	defer s.Close()
	d := s.(Divider)
	read := func(b *wire.Batch) (n int, err error) {
		err = s.Read(b)
		all = appendCopies(all, b)
		n = len(b.Frames)
		b.Release()
		return n, err
	}
	var b wire.Batch
	for end == nil {
		for range 1 + rnd.IntN(5) {
			if _, end = read(&b); end != nil {
				return all, s.Stats(), end
			}
		}
		if !d.Divide() {
			t.Fatal("cannot be divided")
		}
		most := int64(1 + rnd.IntN(12))
		pieces := [2][4]Piece{}
		fetched := [2]chan *Piece{make(chan *Piece, 1), make(chan *Piece, 1)}
		for by := range pieces {
			go func() {
				for n := int64(by); n < most; n += 2 {
					p := &pieces[by][n/2%4]
					d.Fetch(p, n)
					fetched[by] <- p
				}
			}()
		}
		for n := range most {
			d.Parse(<-fetched[n%2])
			for end == nil {
				var frames int
				if frames, end = read(&b); frames == 0 && end == nil {
					break
				}
			}
		}
		d.Unite(most)
	}
	return all, s.Stats(), end
}

// TestNotDivided: what is no plain file cannot be divided.
func TestNotDivided(t *testing.T) {
	dir := t.TempDir()
	file := pcapOf(manyFrames(1000, 100, 64))
	packed := filepath.Join(dir, "packed")
	if err := os.WriteFile(packed, pack(t, file, "gzip"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, file, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for name, opt := range map[string]Options{packed: {}, "-": {Stdin: in}} {
		s, err := Open(name, opt)
		if err != nil {
			t.Fatal(err)
		}
		var b wire.Batch
		if err := s.Read(&b); err != nil {
			t.Fatal(err)
		}
		if s.(Divider).Divide() {
			t.Errorf("%s: divided", name)
		}
		b.Release()
		s.Close()
	}
}
