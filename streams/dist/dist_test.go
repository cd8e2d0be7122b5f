package dist

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type name string

func (n name) String() string { return string(n) }

// spec reads a specification as it stands in a rule: mask, value.
func spec(t *testing.T, mask, value [6]byte) Spec {
	t.Helper()
	s := SpecOf(mask, value)
	if err := s.Check(name("it")); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestExamples: those of RFC 2724 §3.2.
func TestExamples(t *testing.T) {
	for _, tt := range []struct {
		name        string
		mask, value [6]byte
		buckets     int
		first       []uint64 // limits
		last        []uint64
	}{
		// FromPacketSize & 1.0.25!1500 = 60.0!0: "bucket counts of 60 buckets, 25 to 1500".
		{"packet size", [6]byte{1, 0, 0, 25, 0x05, 0xdc}, [6]byte{60}, 60, []uint64{25, 50, 75, 100}, []uint64{1475, 1500}},
		// ToInterArrivalTime & 2.3.1!1800 = 60.0.0!0: 1 ms to 1.8 s.
		{"interarrival time", [6]byte{2, 3, 0, 1, 0x07, 0x08}, [6]byte{60}, 60, []uint64{1000, 1135, 1289}, []uint64{1585252, 1800000}},
		// FromBitRate & 2.3.1!10000 = 60.5.0!0: 1 kb/s to 10 Mb/s.
		{"bit rate", [6]byte{2, 3, 0, 1, 0x27, 0x10}, [6]byte{60, 5}, 60, []uint64{1000, 1168, 1366}, []uint64{8554672, 10000000}},
		{"the DNS rule set", [6]byte{1, 3, 0, 1, 0x02, 0xbc}, [6]byte{100, 11}, 100, []uint64{1000, 8060, 15121}, []uint64{692939, 700000}},
		{"two buckets", [6]byte{2, 0, 0, 3, 0, 4}, [6]byte{2}, 2, []uint64{3, 4}, []uint64{3, 4}},
		{"more buckets than values", [6]byte{1, 0, 0, 0, 0, 2}, [6]byte{5}, 5, []uint64{0, 0, 1, 1, 2}, []uint64{1, 2}},
		{"largest", [6]byte{1, 14, 0, 0, 0xff, 0xff}, [6]byte{255}, 255, []uint64{0}, []uint64{65535 * 1e14}},
		{"whole powers", [6]byte{2, 14, 0, 1, 0x80, 0}, [6]byte{16}, 16, []uint64{1e14, 2e14, 4e14}, []uint64{16384e14, 32768e14}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := spec(t, tt.mask, tt.value)
			limits := s.Limits()
			if len(limits) != tt.buckets {
				t.Fatalf("%d buckets, want %d", len(limits), tt.buckets)
			}
			if got := limits[:len(tt.first)]; !slices.Equal(got, tt.first) {
				t.Errorf("first limits %d, want %d", got, tt.first)
			}
			if got := limits[len(limits)-len(tt.last):]; !slices.Equal(got, tt.last) {
				t.Errorf("last limits %d, want %d", got, tt.last)
			}
		})
	}
}

func TestSpecOf(t *testing.T) {
	got := SpecOf([6]byte{2, 3, 1, 4, 0xff, 5}, [6]byte{60, 11, 1, 2, 3, 4})
	want := Spec{Transform: Logarithmic, Scale: 3, Lower: 0x104, Upper: 0xff05, Buckets: 60, Parameter1: 11, Parameter2: 0x102, Parameter3: 0x304}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestCheck(t *testing.T) {
	good := Spec{Transform: Linear, Lower: 1, Upper: 2, Buckets: 2}
	for _, tt := range []struct {
		name   string
		change func(*Spec)
		want   string
	}{
		{"sound", func(*Spec) {}, ""},
		{"from 0", func(s *Spec) { s.Lower = 0 }, ""},
		{"no transform", func(s *Spec) { s.Transform = 0 }, "transform 0 of x is neither 1 (linear) nor 2 (logarithmic)"},
		{"limits equal", func(s *Spec) { s.Upper = 1 }, "the limits 1 and 1 of x are not in order"},
		{"limits exchanged", func(s *Spec) { s.Lower = 3 }, "the limits 3 and 2 of x are not in order"},
		{"logarithm of 0", func(s *Spec) { s.Transform, s.Lower = Logarithmic, 0 }, "the lower limit of the logarithmic x is 0"},
		{"scale", func(s *Spec) { s.Scale = 15 }, "the scale factor 15 of x is larger than 14"},
		{"one bucket", func(s *Spec) { s.Buckets = 1 }, "x has 1 bucket, at least two are needed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, got := good, ""
			tt.change(&s)
			if err := s.Check(name("x")); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func anySpec(t *rapid.T) Spec {
	lower := rapid.Uint16Range(1, 1<<16-2).Draw(t, "lower")
	return Spec{
		Transform: Transform(rapid.IntRange(1, 2).Draw(t, "transform")),
		Scale:     uint8(rapid.IntRange(0, MaxScale).Draw(t, "scale")),
		Lower:     lower,
		Upper:     rapid.Uint16Range(lower+1, 1<<16-1).Draw(t, "upper"),
		Buckets:   uint8(rapid.IntRange(2, 255).Draw(t, "buckets")),
	}
}

// TestLimits: they begin and end as specified, are in order, and are the real limits
// rounded down, as arithmetic of 1,000 bits has them.
func TestLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		limits := s.Limits()
		scale := uint64(math.Pow10(int(s.Scale)))
		if limits[0] != uint64(s.Lower)*scale || limits[len(limits)-1] != uint64(s.Upper)*scale {
			t.Fatalf("from %d to %d", limits[0], limits[len(limits)-1])
		}
		if !slices.IsSorted(limits) {
			t.Fatalf("not in order: %d", limits)
		}
		i := rapid.IntRange(0, len(limits)-1).Draw(t, "i")
		n := len(limits) - 1
		if s.Transform == Linear {
			// limit <= L + (U-L)*i/n < limit+1, times n
			exact := big.NewInt(int64(uint64(s.Upper-s.Lower) * scale))
			exact.Mul(exact, big.NewInt(int64(i)))
			exact.Add(exact, new(big.Int).Mul(big.NewInt(int64(limits[0])), big.NewInt(int64(n))))
			if want := exact.Div(exact, big.NewInt(int64(n))).Uint64(); limits[i] != want {
				t.Fatalf("limit %d is %d, want %d", i, limits[i], want)
			}
			return
		}
		within := func(v uint64) bool {
			return isWithin(v, limits[0], limits[n], uint64(i), uint64(n))
		}
		if !within(limits[i]) || within(limits[i]+1) {
			t.Fatalf("limit %d is %d", i, limits[i])
		}
	})
}

// TestBucket: the first bucket whose limit is not below the value; a value equal to
// a limit belongs to that bucket, one above the last is an overflow.
func TestBucket(t *testing.T) {
	l := Limits{25, 50, 50, 75}
	for v, want := range map[uint64]int{0: 0, 24: 0, 25: 0, 26: 1, 50: 1, 51: 3, 75: 3, 76: 4, 1<<64 - 1: 4} {
		if got := l.Bucket(v); got != want {
			t.Errorf("%d goes to bucket %d, want %d", v, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := anySpec(t)
		limits := s.Limits()
		v := rapid.Uint64().Draw(t, "v")
		if rapid.Bool().Draw(t, "near") {
			v = limits[rapid.IntRange(0, len(limits)-1).Draw(t, "limit")] + rapid.Uint64Range(0, 2).Draw(t, "more") - 1
		}
		want := len(limits)
		for i := len(limits) - 1; i >= 0; i-- {
			if v <= limits[i] {
				want = i
			}
		}
		if got := limits.Bucket(v); got != want {
			t.Fatalf("%d goes to bucket %d, want %d", v, got, want)
		}
	})
}

// TestArena: pieces are zero when they are given, keep what is written while others
// come and go, and their memory is used again.
func TestArena(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type piece struct {
			ref  Ref
			n    int
			mark uint64
		}
		var a Arena
		var pieces []piece
		for mark := uint64(1); mark < 400; mark++ {
			if len(pieces) > 0 && rapid.IntRange(0, 2).Draw(t, "free") == 0 {
				i := rapid.IntRange(0, len(pieces)-1).Draw(t, "which")
				a.Free(pieces[i].ref, pieces[i].n)
				pieces = slices.Delete(pieces, i, i+1)
				continue
			}
			p := piece{n: rapid.IntRange(3, MaxCounters).Draw(t, "n"), mark: mark}
			p.ref = a.New(p.n)
			for i, c := range a.At(p.ref, p.n) {
				if c != 0 {
					t.Fatalf("counter %d of a new piece is %d", i, c)
				}
				a.At(p.ref, p.n)[i] = mark
			}
			pieces = append(pieces, p)
		}
		inUse := 0
		for _, p := range pieces {
			inUse += int(blocksOf(p.n)) * 64
			for i, c := range a.At(p.ref, p.n) {
				if c != p.mark {
					t.Fatalf("counter %d is %d, want %d", i, c, p.mark)
				}
			}
		}
		if a.InUse() != inUse || a.Bytes() < inUse {
			t.Fatalf("%d octets in use of %d, want %d", a.InUse(), a.Bytes(), inUse)
		}
	})
}

// TestArenaIsUsedAgain: what comes and goes takes no more memory.
func TestArenaIsUsedAgain(t *testing.T) {
	var a Arena
	var refs [300]Ref
	for range 100 {
		for i := range refs {
			refs[i] = a.New(100 + i%3*50)
		}
		for i := range refs {
			a.Free(refs[i], 100+i%3*50)
		}
	}
	if max := 1 << 20; a.Bytes() > max || a.InUse() != 0 {
		t.Errorf("%d octets, want at most %d; %d in use", a.Bytes(), max, a.InUse())
	}
}
