package main

import (
	"fmt"

	"netramet/internal/reading"
	"netramet/internal/timeopt"
)

// stages are the stages of a run: those that select frames and cut them, the one
// that writes what is left, and then others, which may change frames or look at what
// is metered. What makes other traces of a trace has its place before writing.
func (o *options) stages(others ...reading.Stage) []reading.Stage {
	var all []reading.Stage
	if o.window != nil {
		all = append(all, o.window.Run)
	}
	if o.filter != nil {
		all = append(all, o.filterFrames)
	}
	if o.snap > 0 {
		all = append(all, reading.Snap(o.snap))
	}
	if o.writing != nil {
		all = append(all, o.writing.Run)
	}
	if o.direction != nil {
		all = append(all, o.direction.Run)
	}
	return append(all, others...)
}

// readWindow makes the window of --start and --end.
func (o *options) readWindow() error {
	if o.start.Comparable(&o.end) {
		if _, _, err := timeopt.Between(&o.start, &o.end, 0); err != nil {
			return fmt.Errorf("--start %s --end %s: the start is not before the end", &o.start, &o.end)
		}
	}
	o.window = reading.NewWindow(o.start, o.end)
	return nil
}

// outside is how many frames are outside of the window.
func (o *options) outside() uint64 {
	if o.window == nil {
		return 0
	}
	return o.window.Dropped()
}

// missed says that the whole trace is outside of the window, "" if it is not.
func (o *options) missed() string {
	if o.window == nil {
		return ""
	}
	return o.window.Missed()
}

// readsAhead reports whether the trace may be read on a processor of its own. Where the
// meter may end before the trace, as by -N, nothing is read that is not metered.
func (o *options) readsAhead() bool {
	return o.lanes > 1 && o.intervals == 0 && o.writing == nil && !o.endless()
}
