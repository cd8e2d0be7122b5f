package reading

import (
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"

	"netramet/internal/timeopt"
	"netramet/sources/wire"
)

// Window is the stage that drops the frames outside of a window of time. Each
// frame goes by its own stamp, so a trace need not be in order, and is read to its
// end. Frames without a time go with the frame before them.
//
// It comes before other stages, for what it counts from is the trace's first
// packet. One goroutine at a time runs it; others may ask what it Dropped.
type Window struct {
	// Ends makes the window's end that of a trace which has none of its own: it
	// ends behind so many frames in a row that are of the end or later.
	Ends bool

	start, end timeopt.Moment

	known    bool  // a frame with a time was seen: what follows is valid
	from, to int64 // Unix ns; to is outside
	now      int64 // of the newest frame with a time
	min, max int64 // of all of them
	kept     bool  // some frame was inside
	behind   int   // frames in a row, up to now, that are of the end or later
	dropped  atomic.Uint64
}

// allBehind is how many frames in a row say that the window is over. As many decide
// about odd stamps (decision 6).
const allBehind = 16

// NewWindow makes the window [start, end) of a trace.
func NewWindow(start, end timeopt.Moment) *Window {
	return &Window{start: start, end: end, min: math.MaxInt64, max: math.MinInt64}
}

// Dropped is how many frames were outside.
func (w *Window) Dropped() uint64 { return w.dropped.Load() }

// Run is the Stage. Its error is that of moments between which there is nothing in
// this trace, or io.EOF where the window Ends.
func (w *Window) Run(b *wire.Batch) error {
	kept := 0
	for i := range b.Frames {
		in, err := w.Holds(&b.Frames[i])
		if err != nil {
			b.Frames = b.Frames[:0]
			return err
		}
		if !in {
			if w.over() {
				w.dropped.Add(uint64(i + 1 - kept))
				b.Frames = b.Frames[:kept]
				return io.EOF
			}
			continue
		}
		if kept != i {
			b.Frames[kept] = b.Frames[i]
		}
		kept++
		w.kept = true
	}
	w.dropped.Add(uint64(len(b.Frames) - kept))
	b.Frames = b.Frames[:kept]
	return w.runRecords(b)
}

// runRecords is Run for flow records, which go by when they came.
func (w *Window) runRecords(b *wire.Batch) error {
	kept := b.Records[:0]
	for i := range b.Records {
		in, err := w.Holds(&b.Records[i].Frame)
		switch {
		case err != nil:
			b.Records = b.Records[:0]
			return err
		case in:
			kept = append(kept, b.Records[i])
			w.kept = true
		default:
			w.dropped.Add(1)
		}
	}
	b.Records = kept
	return nil
}

// Holds reports whether the next frame of the trace is inside.
func (w *Window) Holds(f *wire.Frame) (bool, error) {
	switch {
	case f.Time == wire.NoTime && !w.known:
		return !w.start.Given(), nil
	case f.Time != wire.NoTime:
		if err := w.begin(f.Time); err != nil {
			return false, err
		}
		w.now = f.Time
		w.min, w.max = min(w.min, f.Time), max(w.max, f.Time)
	}
	ended := w.end.Given() && w.now >= w.to
	if w.behind++; !ended {
		w.behind = 0
	}
	return w.from <= w.now && !ended, nil
}

// over reports whether nothing more is to be expected of the window.
func (w *Window) over() bool { return w.Ends && w.behind >= allBehind }

// begin finds out what the moments are in this trace, with its first packet.
func (w *Window) begin(first int64) (err error) {
	if w.known {
		return nil
	}
	if w.from, w.to, err = timeopt.Between(&w.start, &w.end, first); err != nil {
		return fmt.Errorf("--start and --end: %w", err)
	}
	w.known = true
	return nil
}

// Missed says that the whole trace was outside, "" if it was not.
func (w *Window) Missed() string {
	if w.kept || !w.known {
		return ""
	}
	return fmt.Sprintf("no packet is in the window of --start and --end; the trace is from %s to %s", stamp(w.min), stamp(w.max))
}

// stamp is a time of a trace as messages have it.
func stamp(t int64) string { return time.Unix(0, t).UTC().Format("2006-01-02 15:04:05.999999") }
