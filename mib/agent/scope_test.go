package agent

import (
	"testing"

	"netramet/mib/ber"
)

// TestLooksLikeScope: what a wrong key makes of a message may begin with the
// octet of a SEQUENCE, and is a decryption error all the same.
func TestLooksLikeScope(t *testing.T) {
	for _, tt := range []struct {
		octets string
		want   bool
	}{
		{"\x30\x06\x04\x00\x04\x00\xa0\x00", true},
		{"\x30\x06\x04\x00\x04\x00\xa0\x00padding", true},
		{"\x30\x02\x05\x00", false},
		{"\x30\x04\x04\x00\x05\x00", false},
		{"\x30\x06\x04\x07\x04\x00\xa0\x00", false},
		{"\x30\x7f\x04\x00", false},
		{"\x9c\x01", false},
		{"", false},
	} {
		if got := looksLikeScope(ber.NewReader([]byte(tt.octets))); got != tt.want {
			t.Errorf("%x: %v", tt.octets, got)
		}
	}
}
