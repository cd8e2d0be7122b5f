// Package reading is the one way from a source to the meter: it opens the
// source, passes each batch through stages, feeds the meter, and has every
// reading interval collected between two packets.
//
// It owns the batch in flight and what ends a run: the end of the trace, damage,
// -N, an interrupt. It knows no rule set, no output and no SNMP. Batch metering,
// the managed meter, explain and the benchmarks call it; what is done to packets
// before they are metered (filters, windows, writing) is a Stage.
package reading

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"netramet/meter"
	"netramet/sources"
	"netramet/sources/wire"
)

// ErrInterrupted ends a run whose context is done. What was metered stands.
var ErrInterrupted = errors.New("interrupted")

// Stage is what is done to each batch before it is metered, in the order of the
// source. It may look at frames, change what it owns of them, and drop some. An
// error ends the run behind the frames that the stage has left in the batch;
// io.EOF ends it as the end of the source does.
type Stage func(*wire.Batch) error

// Loop reads one source into one meter.
type Loop struct {
	Source sources.Source
	Stages []Stage
	// Ahead has a source that is not live read some time before it is metered, by a goroutine of
	// its own and, if it is a file, by that of Run, too. Batches pass through the stages there,
	// one at a time. So when a run ends before its source, more was read than metered. All else
	// is as without it.
	Ahead bool
	Meter *meter.Meter // nil: frames go through the stages only, and nothing is read ahead

	// Interval collects the interval that is complete, which State.Interval
	// names; nil where the meter has no intervals. The last interval is left to
	// the caller of Run. An error ends the run at once.
	Interval func() error
	// Live is the meter's time where the source is live: time goes on while it is
	// silent. nil: the source's stamps are the time.
	Live *Live
	// Fed is called after each batch is metered; nil: not.
	Fed func()
	// Busy is given the time that metering a piece of a batch has taken; nil:
	// it is not measured.
	Busy func(begun, ended time.Time)

	collected int // intervals, while batches were fed
}

// Run meters the source up to its end, or to the end of the meter's last
// interval (meter.Config.MaxIntervals). The error is nil, ErrInterrupted, the
// source's or a stage's, with all before it metered, or that of Interval.
//
// Complete says that the last interval is complete, so that the caller may
// collect it: always, unless Interval failed.
func (l *Loop) Run(ctx context.Context) (complete bool, err error) {
	var b wire.Batch
	defer b.Release()
	if stop, err := l.begin(); err != nil || stop == meter.Ended {
		return err == nil, err
	}
	step := l.step
	if l.Ahead && l.Live == nil && l.Meter != nil {
		a := newAhead(l)
		defer a.stop()
		step = a.step
	}
	for {
		if ctx.Err() != nil && (l.Live == nil || l.Live.drained()) {
			return l.finish(ErrInterrupted)
		}
		end, stop, err := step(&b)
		switch {
		case err != nil:
			return false, err
		case stop == meter.Ended:
			return true, nil
		case end == nil:
		case errors.Is(end, io.EOF):
			return l.finish(nil)
		case ctx.Err() != nil:
			return l.finish(ErrInterrupted)
		default:
			return l.finish(end)
		}
		if l.Fed != nil {
			l.Fed()
		}
	}
}

// step reads one batch, passes it through the stages and meters it. end is what the
// source or a stage ends with, err that of a collection.
func (l *Loop) step(b *wire.Batch) (end error, stop meter.Stop, err error) {
	if l.Live != nil {
		return l.liveStep(b)
	}
	readErr := l.Source.Read(b)
	end = cmp.Or(l.stage(b), readErr)
	stop, err = l.feed(nil, b)
	return end, stop, err
}

// stage passes a batch through all stages, the rest of them also behind one
// that ends the run, and returns the first error.
func (l *Loop) stage(b *wire.Batch) (err error) {
	for _, s := range l.Stages {
		err = cmp.Or(err, s(b))
	}
	return err
}

// feed meters batches of which seen is, if it is not nil, and has each interval that ends in them
// collected.
func (l *Loop) feed(seen *meter.Trains, batches ...*wire.Batch) (meter.Stop, error) {
	for l.Meter != nil {
		stop := l.meter(batches, seen)
		if stop != meter.IntervalEnd {
			return stop, nil
		}
		l.collected++
		if err := l.Interval(); err != nil {
			return stop, err
		}
	}
	return meter.Taken, nil
}

func (l *Loop) meter(batches []*wire.Batch, seen *meter.Trains) meter.Stop {
	if l.Busy == nil {
		return l.Meter.FeedTrains(batches, seen)
	}
	begun := time.Now()
	stop := l.Meter.FeedTrains(batches, seen)
	l.Busy(begun, time.Now())
	return stop
}

// finish meters what the meter holds back and completes the last interval.
func (l *Loop) finish(end error) (complete bool, err error) {
	if l.Live != nil {
		if stop, err := l.advance(l.Live.end()); err != nil || stop == meter.Ended {
			return err == nil, cmp.Or(err, end)
		}
	}
	for l.Meter != nil && l.Meter.Finish() == meter.IntervalEnd {
		if err := l.Interval(); err != nil {
			return false, errors.Join(err, end)
		}
	}
	return true, end
}
