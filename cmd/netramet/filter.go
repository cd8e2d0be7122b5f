package main

import (
	"errors"
	"fmt"

	"netramet/sources/filter"
	"netramet/sources/wire"
)

// readFilter reads the expression of --filter.
func (o *options) readFilter() error {
	e, err := filter.Parse(o.filterText)
	if err != nil {
		return fmt.Errorf("--filter: %w", err)
	}
	if len(o.live.interfaces) == 0 { // else their sockets filter
		o.filter = filter.NewStage(e)
	}
	return nil
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
