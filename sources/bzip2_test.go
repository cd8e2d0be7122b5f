package sources

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"io"
	"testing"
	"testing/iotest"

	"netramet/sources/sourcetest/capfile"
)

// bzip2Both undoes data with our blocks and with the standard library.
func bzip2Both(t testing.TB, data []byte) (got, want []byte, gotErr, wantErr error) {
	r, err := openBzip2(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, gotErr = io.ReadAll(io.LimitReader(r, 8<<20))
	want, wantErr = io.ReadAll(io.LimitReader(bzip2.NewReader(bytes.NewReader(data)), 8<<20))
	return got, want, gotErr, wantErr
}

// TestBzip2Blocks: what is undone in blocks is what is undone in one go, also
// where a block is longer than is held.
func TestBzip2Blocks(t *testing.T) {
	noise := octets(500_000, 9)
	for name, data := range map[string][]byte{
		"nothing":        nil,
		"noise":          noise,
		"one long run":   make([]byte, 20<<20),
		"runs and noise": join(make([]byte, 3<<20), noise, make([]byte, 5<<20), noise),
	} {
		t.Run(name, func(t *testing.T) {
			packed := pack(t, data, "bzip2")
			r, _ := openBzip2(bufio.NewReader(iotest.HalfReader(bytes.NewReader(packed))))
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d octets, %v, want %d", len(got), err, len(data))
			}
		})
	}
}

// TestBzip2FalseMagic: octets of a block that look like the begin of another do
// not end it. They are found where a bit of the block's own magic number is.
func TestBzip2FalseMagic(t *testing.T) {
	z := &bzip2Blocks{level: '9'}
	r := bufio.NewReader(bytes.NewReader(pack(t, octets(3000, 9), "bzip2")))
	var head, data, end block
	for _, b := range []*block{&head, &data, &end} {
		if err := z.next(r, b); err != nil {
			t.Fatal(err)
		}
	}
	undoBzip2(&data)
	want := bytes.Clone(data.plain)
	if len(want) != 3000 || data.err != nil {
		t.Fatalf("%d octets, %v", len(want), data.err)
	}
	part, packed := data.note.(bzip2Part), bytes.Clone(data.packed)
	for _, cut := range []int{48 + 32 + 1, 200, part.bits / 2, part.bits - 9} {
		one, two := part, part
		one.bits, two.bits = cut, part.bits-cut
		two.lead = (part.lead + cut) % 8
		first := &block{packed: bytes.Clone(packed[:(part.lead+cut+7)/8]), note: one}
		second := &block{packed: bytes.Clone(packed[(part.lead+cut)/8:]), note: two}
		undoBzip2(first)
		if !first.note.(bzip2Part).short {
			t.Errorf("cut at bit %d: not found to be short: %v", cut, first.err)
		}
		sum := bzip2Blocks{begun: true, inside: true}
		err := sum.check(first, func(use func(*block)) bool { use(second); return true })
		if err != nil || first.err != nil || !bytes.Equal(first.plain, want) {
			t.Errorf("cut at bit %d: %d octets, %v, %v", cut, len(first.plain), err, first.err)
		}
	}
}

// TestBzip2Crafted: a block made of octets that look like the begins of others, each of
// which is tried, takes no more time for that than a few blocks.
func TestBzip2Crafted(t *testing.T) {
	w := bitWriter{out: []byte("BZh9")}
	w.put(bzip2Data>>24, 24)
	w.put(bzip2Data&(1<<24-1), 24)
	w.put(0, 32) // checksum
	w.put(0, 25) // not randomised; origin
	for range 17 {
		w.put(1<<16-1, 16) // all octets are used
	}
	const selectors = 1000 // of 50 symbols each
	w.put(2, 3)            // tables
	w.put(selectors, 15)
	for range selectors {
		w.put(0, 1)
	}
	for range 2 { // codes of 8 bits are octets but for the last two, behind which are codes of 9
		w.put(8, 5)
		for n := range 258 {
			if n == 254 {
				w.put(2, 2) // longer by one
			}
			w.put(0, 1)
		}
	}
	for range 50 * selectors / 6 {
		w.put(bzip2Data>>24, 24)
		w.put(bzip2Data&(1<<24-1), 24)
	}
	w.put(0, 7)
	z := &bzip2Blocks{level: '9'}
	r := bufio.NewReader(bytes.NewReader(w.out))
	var head, data block
	for _, b := range []*block{&head, &data} {
		if err := z.next(r, b); err != nil {
			t.Fatal(err)
		}
	}
	undoBzip2(&data)
	z.inside, z.begun = true, true
	joined := 0
	if err := z.check(&data, func(use func(*block)) bool {
		var next block
		if z.next(r, &next) != nil {
			return false
		}
		joined++
		use(&next)
		return true
	}); err != nil || data.err == nil || joined > maxBzip2Joins {
		t.Errorf("%d blocks were tried; %v, %v", joined, err, data.err)
	}
}

// TestBzip2Overwritten: octets of a block that became a magic number give what they
// give in one go, also where they lead to an end of the block behind them.
func TestBzip2Overwritten(t *testing.T) {
	packed := pack(t, octets(191, 9), "bzip2")
	for at := 250; at < len(packed)-20; at++ {
		data := bytes.Clone(packed)
		copy(data[at:], "\x31\x41\x59\x26\x53\x59")
		if got, want, gotErr, wantErr := bzip2Both(t, data); !bytes.Equal(got, want) || gotErr == nil || gotErr.Error() != wantErr.Error() {
			t.Errorf("at %d: %d octets, %v; want %d, %v", at, len(got), gotErr, len(want), wantErr)
		}
	}
}

// FuzzBzip2 holds the blocks against the standard library. Where data is damaged,
// one of them may give more of it.
func FuzzBzip2(f *testing.F) {
	small, _ := capfile.CompressAll(octets(300, 9), "bzip2")
	large, _ := capfile.CompressAll(octets(210_000, 9), "bzip2")
	f.Add(small)
	f.Add(join(small, small))
	f.Add(large[:len(large)-3])
	f.Add(join(large, []byte("BZh9")))
	f.Add(join(small[:250], []byte("\x31\x41\x59\x26\x53\x59"), small[256:]))
	f.Fuzz(func(t *testing.T, data []byte) {
		if !isBzip2(data) || bytes.Contains(data, []byte{0}) && len(data) > 1<<20 {
			return
		}
		got, want, gotErr, wantErr := bzip2Both(t, data)
		if wantErr == nil && (gotErr != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%d octets, %v, want %d", len(got), gotErr, len(want))
		}
		n := min(len(got), len(want))
		if !bytes.Equal(got[:n], want[:n]) {
			t.Fatalf("%d and %d octets differ (%v, %v)", len(got), len(want), gotErr, wantErr)
		}
	})
}
