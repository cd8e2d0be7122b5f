package reading

import (
	"fmt"
	"io"
	"math"
	"testing"

	"netramet/internal/timeopt"
	"netramet/sources/wire"
)

func window(t *testing.T, start, end string) *Window {
	t.Helper()
	var m [2]timeopt.Moment
	for i, text := range []string{start, end} {
		if text == "" {
			continue
		}
		if err := m[i].Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return NewWindow(m[0], m[1])
}

// TestWindow runs windows over stamps (in seconds) in batches of each size: each
// frame goes by its own stamp, whatever comes before and behind it.
func TestWindow(t *testing.T) {
	const no = math.MinInt64
	for _, tt := range []struct {
		name, start, end string
		stamps           []int64
		kept             string
	}{
		{"all", "", "", []int64{5, 6, 7}, "[5 6 7]"},
		{"the start is inside, the end is not", "+1", "+3", []int64{5, 6, 7, 8, 9}, "[6 7]"},
		{"start alone", "+2", "", []int64{5, 6, 7, 8, 9}, "[7 8 9]"},
		{"end alone", "", "+2", []int64{5, 6, 7, 8, 9}, "[5 6]"},
		{"out of order", "+1", "+3", []int64{5, 9, 6, 4, 7, 100, 6, 1}, "[6 7 6]"},
		{"a stamp far ahead ends nothing", "", "1970-01-01 00:00:10", []int64{5, 700000000, 6, 7}, "[5 6 7]"},
		{"22 years", "+1", "1992-01-01", []int64{5, 6, 7, 694224000 - 1, 694224000}, "[6 7 694223999]"},
		{"without a time, as the one before", "+1", "+3", []int64{no, 5, no, 6, no, 9, no, 7, no}, "[6 no 7 no]"},
		{"without a time at the beginning, without a start", "", "+1", []int64{no, no, 5, no, 6, no}, "[no no 5 no]"},
		{"none", "+10", "+20", []int64{5, 6, 40}, "[]"},
	} {
		for _, size := range []int{1, 2, 7, 256} {
			t.Run(fmt.Sprintf("%s, batches of %d", tt.name, size), func(t *testing.T) {
				w, kept := window(t, tt.start, tt.end), []any{}
				for rest := tt.stamps; len(rest) > 0; {
					var b wire.Batch
					b.Reset()
					for n := min(size, len(rest)); n > 0; n-- {
						at := rest[0]
						if at != no {
							at *= 1e9
						}
						b.Frames, rest = append(b.Frames, wire.Frame{Time: at}), rest[1:]
					}
					if err := w.Run(&b); err != nil {
						t.Fatal(err)
					}
					for _, f := range b.Frames {
						if f.Time == wire.NoTime {
							kept = append(kept, "no")
						} else {
							kept = append(kept, f.Time/1e9)
						}
					}
				}
				if got := fmt.Sprint(kept); got != tt.kept {
					t.Errorf("kept %s, want %s", got, tt.kept)
				}
				if got := w.Dropped(); got != uint64(len(tt.stamps)-len(kept)) {
					t.Errorf("%d dropped of %d, %d kept", got, len(tt.stamps), len(kept))
				}
				if missed := w.Missed(); (missed != "") != (len(kept) == 0) {
					t.Errorf("%d kept, and: %s", len(kept), missed)
				}
			})
		}
	}
}

// TestWindowEnds: a trace without an end of its own ends behind sixteen packets in a
// row that are behind the window, wherever batches end.
func TestWindowEnds(t *testing.T) {
	stamps := []int64{5, 6, 20}
	for range 15 {
		stamps = append(stamps, 21, 22, 7) // never sixteen in a row
	}
	for range 30 {
		stamps = append(stamps, 30)
	}
	for _, size := range []int{1, 7, 16, 256} {
		w, kept, read := window(t, "", "+10"), 0, 0
		w.Ends = true
		var err error
		for rest := stamps; len(rest) > 0 && err == nil; {
			var b wire.Batch
			b.Reset()
			for n := min(size, len(rest)); n > 0; n-- {
				b.Frames, rest = append(b.Frames, wire.Frame{Time: rest[0] * 1e9}), rest[1:]
			}
			err = w.Run(&b)
			kept += len(b.Frames)
		}
		read = kept + int(w.Dropped())
		if err != io.EOF || kept != 17 || read != 3+45+16 {
			t.Errorf("batches of %d: %d kept, %d read, %v", size, kept, read, err)
		}
	}
}

// TestWindowNothing: moments between which there is nothing are an error, and
// nothing is metered.
func TestWindowNothing(t *testing.T) {
	w := window(t, "1970-01-01 00:01", "+10")
	b := wire.Batch{Frames: []wire.Frame{{Time: 5e9}, {Time: 65e9}}}
	err := w.Run(&b)
	if want := "--start and --end: the start, 1970-01-01 00:01:00, is not before the end, 1970-01-01 00:00:15"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if len(b.Frames) > 0 {
		t.Errorf("%d frames are left", len(b.Frames))
	}
}

func TestSnap(t *testing.T) {
	b := wire.Batch{Frames: []wire.Frame{{Data: make([]byte, 3), WireLen: 90}, {Data: make([]byte, 4), WireLen: 4}, {Data: make([]byte, 90), WireLen: 1500}}}
	if err := Snap(4)(&b); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ data, wire int }{{3, 90}, {4, 4}, {4, 1500}} {
		if f := b.Frames[i]; len(f.Data) != want.data || cap(f.Data) > 4 && want.data == 4 || int(f.WireLen) != want.wire {
			t.Errorf("frame %d has %d octets (room for %d) of %d, want %+v", i+1, len(f.Data), cap(f.Data), f.WireLen, want)
		}
	}
}
