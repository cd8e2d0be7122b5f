package index

import (
	"testing"

	"pgregory.net/rapid"
)

// TestAgainstMap runs random insertions, deletions and look-ups beside a plain
// map, with few distinct hashes so that runs grow long and wrap around.
func TestAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tab Table
		want := map[uint32]uint32{} // slot -> hash
		var next uint32
		spread := rapid.SampledFrom([]uint32{1, 7, 1 << 12, 1<<32 - 1}).Draw(t, "spread")
		hash := func() uint32 {
			// Half of the hashes sit at the top: their runs wrap to bucket 0.
			h := rapid.Uint32Range(0, spread).Draw(t, "hash")
			if rapid.Bool().Draw(t, "top") {
				h = ^h
			}
			return h
		}
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "many") {
					h := hash()
					tab.Insert(h, next)
					want[next] = h
					next++
				}
			},
			"delete": func(t *rapid.T) {
				if len(want) == 0 {
					t.Skip("empty")
				}
				slot := rapid.Uint32Range(0, next-1).Draw(t, "slot")
				if h, ok := want[slot]; ok {
					tab.Delete(h, slot)
					delete(want, slot)
				}
			},
			"": func(t *rapid.T) {
				if tab.Len() != len(want) {
					t.Fatalf("Len = %d, want %d", tab.Len(), len(want))
				}
				found := map[uint32]bool{}
				hashes := map[uint32]bool{}
				for _, h := range want {
					hashes[h] = true
				}
				for h := range hashes {
					for slot, c, ok := tab.First(h); ok; slot, c, ok = tab.Next(h, c) {
						if want[slot] != h || found[slot] {
							t.Fatalf("slot %d found under %#x (twice: %v)", slot, h, found[slot])
						}
						found[slot] = true
					}
				}
				if len(found) != len(want) {
					t.Fatalf("found %d slots of %d", len(found), len(want))
				}
			},
		})
	})
}

// TestGrowthIsSpread asserts that no insertion moves more than migrateStep
// words, save for the first after an emptied table.
func TestGrowthIsSpread(t *testing.T) {
	var tab Table
	for i := range uint32(1 << 16) {
		before := tab.oldNext
		tab.Insert(i*2654435761, i)
		if tab.old != nil && tab.oldNext > before+migrateStep {
			t.Fatalf("insertion %d moved %d buckets", i, tab.oldNext-before)
		}
	}
	if 2*tab.Len() > len(tab.words) {
		t.Errorf("load above one half: %d slots in %d buckets", tab.Len(), len(tab.words))
	}
}

func TestHashOfPrefixDiffers(t *testing.T) {
	s := NewSecret()
	seen := map[uint32]int{}
	key := make([]byte, 64)
	for n := range key {
		h := s.Bytes(key[:n])
		if m, ok := seen[h]; ok {
			t.Errorf("zero keys of %d and %d octets have one hash", m, n)
		}
		seen[h] = n
	}
}

func TestNoAllocs(t *testing.T) {
	var tab Table
	for i := range uint32(1000) {
		tab.Insert(i<<20, i)
	}
	s := NewSecret()
	key := make([]byte, 29)
	if n := testing.AllocsPerRun(100, func() {
		tab.First(s.Bytes(key))
		tab.Touch(s.Words5(1, 2, 3, 4, 5))
	}); n != 0 {
		t.Errorf("%v allocations a look-up", n)
	}
}

// TestEmpty: an empty table has nothing, whatever the hash; where int has 32 bits, half
// of the hashes are negative.
func TestEmpty(t *testing.T) {
	var table Table
	for _, h := range []uint32{0, 1, 1 << 31, 1<<32 - 1} {
		if slot, _, ok := table.First(h); ok || table.Touch(h) != 0 {
			t.Errorf("%#x: slot %d", h, slot)
		}
	}
}
