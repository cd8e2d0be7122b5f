package main

import (
	"errors"
	"fmt"

	"netramet/internal/reading"
	"netramet/internal/timeopt"
	"netramet/sources/filter"
	"netramet/sources/wire"
)

// readFilter reads the expression of --filter.
func (o *options) readFilter() error {
	e, err := filter.Parse(o.filterText)
	if err != nil {
		return fmt.Errorf("--filter: %w", err)
	}
	o.filter = filter.NewStage(e)
	return nil
}

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

// filterFrames is the stage of --filter.
func (o *options) filterFrames(b *wire.Batch) error { return filterFault(o.filter.Run(b)) }

// filterFault is the error of a filter that means nothing for a frame's link
// type, on one line: it goes to logs and managers.
func filterFault(err error) error {
	var e *filter.Error
	if !errors.As(err, &e) {
		return err
	}
	return noFilter("--filter: " + e.Line())
}

// noFilter is the text of such an error.
type noFilter string

func (n noFilter) Error() string { return string(n) }

// filtered is how many frames the filter has dropped.
func (o *options) filtered() uint64 {
	if o.filter == nil {
		return 0
	}
	return o.filter.Dropped()
}

// missed says that the whole trace is outside of the window, "" if it is not.
func (o *options) missed() string {
	if o.window == nil {
		return ""
	}
	return o.window.Missed()
}
