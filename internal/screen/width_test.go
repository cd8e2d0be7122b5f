package screen

import (
	"io"
	"testing"
)

func TestWidth(t *testing.T) {
	for columns, want := range map[string]int{"": 0, "80": 80, "x": 0, "-1": 0} {
		if got := Width(io.Discard, columns); got != want {
			t.Errorf("COLUMNS=%q: %d, want %d", columns, got, want)
		}
	}
}
