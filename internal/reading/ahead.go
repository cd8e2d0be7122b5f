package reading

import (
	"cmp"
	"errors"
	"sync"
	"sync/atomic"

	"netramet/meter"
	"netramet/sources"
	"netramet/sources/wire"
)

const (
	// aheadBatches is how many batches lie between the goroutine that reads and the one
	// that meters: more than what is written again while the other processor has just
	// read it, which takes several times as long.
	aheadBatches = 48
	// aheadMany is how many are worth waking somebody for.
	aheadMany = 16
)

// ahead reads a source on a goroutine of its own, passes batches through the stages and
// glances at their frames, so that all this is another processor's work than metering.
// It does so while the meter looks at what was seen, and while it pays. At other times
// frames would only have a longer way.
type ahead struct {
	loop    *Loop
	lookout *meter.Lookout
	pace    pace
	ring    [aheadBatches]aheadBatch
	reads   bool        // the goroutine lives, or has left batches in the ring
	rests   atomic.Bool // the goroutine is to end
	made    *progress   // batches that were read
	used    *progress   // and metered
	next    int64       // to be metered

	mu sync.Mutex // held by the goroutine while it does anything but read and wait
}

// aheadBatch is a batch that was read.
type aheadBatch struct {
	batch wire.Batch
	seen  meter.Sightings
	end   error // what the source or a stage ended with, behind the batch
}

func newAhead(l *Loop) *ahead {
	return &ahead{loop: l, lookout: l.Meter.Lookout(), pace: newPace(), made: newProgress(), used: newProgress()}
}

// step is Loop.step; b is for batches that are not read ahead.
func (a *ahead) step(b *wire.Batch) (end error, stop meter.Stop, err error) {
	wanted, collected := a.lookout.Wanted(), a.loop.collected
	frames := 0
	if a.readsAhead(wanted, b) {
		end, stop, frames, err = a.stepAhead()
	} else {
		end, stop, err = a.loop.step(b)
		frames = len(b.Frames)
	}
	switch {
	case !wanted:
	case collected != a.loop.collected:
		a.pace.spoil()
	default:
		a.pace.note(frames)
		a.rests.Store(!a.pace.ahead)
	}
	return end, stop, err
}

// readsAhead reports whether there is a batch that was read ahead, or will be. It has the
// goroutine begin where that is the way to go; b's frames are given back before.
func (a *ahead) readsAhead(wanted bool, b *wire.Batch) bool {
	if !a.reads && wanted && a.pace.ahead {
		b.Release()
		a.reads = true
		a.made.goOn()
		go a.read(a.next)
	}
	a.reads = a.reads && a.made.await(a.next+1, a.next+aheadMany)
	return a.reads
}

// stepAhead meters the next batch that was read ahead, of so many frames.
func (a *ahead) stepAhead() (end error, stop meter.Stop, frames int, err error) {
	b := &a.ring[a.next%aheadBatches]
	end, frames = b.end, len(b.batch.Frames)
	stop, err = a.loop.feed(&b.batch, &b.seen)
	b.batch.Release()
	a.next++
	a.used.step()
	return end, stop, frames, err
}

// read is the goroutine that reads, from batch n on.
func (a *ahead) read(n int64) {
	defer a.made.end()
	for ; a.lookout.Wanted() && !a.rests.Load(); n++ {
		if !a.used.await(n+1-aheadBatches, n+1-aheadBatches+aheadMany) {
			return
		}
		b := &a.ring[n%aheadBatches]
		used := a.used.get()
		err := a.loop.Source.Read(&b.batch)
		for ; errors.Is(err, sources.ErrTooManyBatches) && used < n; used++ {
			if !a.used.await(used+1, used+1) {
				return
			}
			err = a.loop.Source.Read(&b.batch)
		}
		if !a.pass(b, err) {
			return
		}
	}
}

// pass passes a batch that was read on to the meter; false if it is the last one.
func (a *ahead) pass(b *aheadBatch, err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.used.isOver() {
		return false
	}
	b.end = cmp.Or(a.loop.stage(&b.batch), err)
	last := b.end != nil
	a.lookout.See(&b.batch, &b.seen)
	a.made.step()
	return !last
}

// stop ends the goroutine. A Read that is under way is not waited for: what it reads goes
// nowhere.
func (a *ahead) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used.end()
}
