package reader_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"netramet/reader"
)

// TestFigures: figures come in the record's order, whatever order they are added
// in, and only those that the meter has.
func TestFigures(t *testing.T) {
	var f reader.Figures
	f.Add(reader.FigureRecovered, 0)
	f.Add(reader.FigureIgnored, 1)
	f.Add(reader.FigurePackets, 7)
	f.Add(reader.FigureIgnored, 1<<64-2)
	want := []reader.Stat{{Name: "packets", Value: "7"}, {Name: "ignored", Value: "18446744073709551615"}, {Name: "frc", Value: "0"}}
	if d := cmp.Diff(want, f.Stats()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if s := (reader.FigureRecovered + 1).String(); s != "figure 13" {
		t.Errorf("an unknown figure is %q", s)
	}
}
