package index

import "testing"

// TestBytesSeesEachOctet changes one octet of a key at a time, for each length, and cuts
// its last one off: the hash is always another one.
func TestBytesSeesEachOctet(t *testing.T) {
	s := Secret{0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93}
	key := make([]byte, 100)
	for n := range key {
		h := s.Bytes(key[:n])
		if h == s.Bytes(key[:n+1]) {
			t.Errorf("keys of %d and %d octets have one hash", n, n+1)
		}
		for i := range n {
			key[i]++
			if s.Bytes(key[:n]) == h {
				t.Errorf("octet %d of %d is not in the hash", i, n)
			}
			key[i]--
		}
	}
}

func BenchmarkBytes(b *testing.B) {
	s, key := NewSecret(), make([]byte, 22)
	for b.Loop() {
		s.Bytes(key)
	}
}
