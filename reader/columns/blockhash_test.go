package columns

import (
	"bytes"
	"crypto/sha1"
	"testing"
)

// TestBlockHash: texts of all sizes have the hashes that the library gives them, also if
// its state cannot be used.
func TestBlockHash(t *testing.T) {
	h := newBlockHash()
	if h.of == nil {
		t.Error("the library's state is of another form: hashes take longer")
	}
	other := newBlockHash()
	other.of = nil
	for n := range maxText + 1 {
		text := bytes.Repeat([]byte{byte(n), 0xff}, n)[:n]
		want := sha1.Sum(text)
		for _, h := range []*blockHash{h, other} {
			if got := h.sum(copy(h.block[:], text)); !bytes.Equal(got, want[:]) {
				t.Errorf("%d octets: %x, want %x", n, got, want)
			}
			if got := h.sum(len(append(h.text(), text...))); !bytes.Equal(got, want[:]) {
				t.Errorf("%d octets appended: %x, want %x", n, got, want)
			}
		}
	}
}
