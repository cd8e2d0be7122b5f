package slab

import "testing"

// TestDiscard: what was discarded may be written again, and what lies beside it is not
// touched.
func TestDiscard(t *testing.T) {
	const n = 1 << 20
	all := Make[uint64](3 * n)
	for i := range all {
		all[i] = uint64(i) + 1
	}
	Discard(all[n : 2*n])
	for _, i := range []int{0, n - 1, 2 * n, 3*n - 1} {
		if all[i] != uint64(i)+1 {
			t.Errorf("number %d is %d", i, all[i])
		}
	}
	for i := n; i < 2*n; i++ {
		all[i] = 7
	}
	if all[n] != 7 || all[2*n-1] != 7 {
		t.Error("what was discarded cannot be written")
	}
	Discard(all[:10])
	Discard[uint64](nil)
	if all[9] != 10 {
		t.Error("a short slice was discarded")
	}
}
