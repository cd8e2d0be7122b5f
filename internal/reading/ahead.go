package reading

import (
	"sync/atomic"

	"netramet/meter"
	"netramet/sources"
	"netramet/sources/wire"
)

// ahead reads a source on a goroutine of its own, passes batches through the stages and
// glances at their frames, so that all this is another processor's work than metering.
// It does so while the meter looks at what was seen, and while it pays. At other times
// frames would only have a longer way.
//
// Where the source is a file that can be divided, the goroutine that meters does likewise
// as long as there is nothing to meter, so that neither processor waits for the other.
type ahead struct {
	loop    *Loop
	lookout *meter.Lookout
	pace    pace
	queue   queue
	reader  *hand         // of the goroutine
	helper  *hand         // of the one that meters; nil: the source can't be divided
	gone    chan struct{} // closed when the goroutine has ended; nil: there is none
	rests   atomic.Bool   // it is to end
}

func newAhead(l *Loop) *ahead {
	return &ahead{loop: l, lookout: l.Meter.NewLookout(), pace: newPace()}
}

// step is Loop.step; b is for batches that are not read ahead.
func (a *ahead) step(b *wire.Batch) (end error, stop meter.Stop, err error) {
	wanted, collected := a.lookout.Wanted(), a.loop.collected
	frames := 0
	if u := a.nextUnit(wanted, b); u != nil {
		end, stop, frames, err = a.stepAhead(u)
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

// nextUnit is what was read ahead and is to be metered next; nil if nothing is read ahead.
// It has the goroutine begin where that is the way to go; b's frames are given back before.
func (a *ahead) nextUnit(wanted bool, b *wire.Batch) *unit {
	if a.gone == nil {
		if !wanted || !a.pace.ahead {
			return nil
		}
		b.Release()
		a.begin()
	}
	for {
		if u := a.queue.next(); u != nil {
			return u
		}
		if !a.goesOn() {
			a.queue.close()
		}
		if a.helper != nil && a.helper.isFree() && a.helper.fill() {
			continue
		}
		if used := a.reader.used.get(); !a.reader.made.await(used+1, used+a.reader.enough) && a.queue.isEmpty() {
			a.end()
			return nil
		}
	}
}

// goesOn reports whether more is to be read ahead.
func (a *ahead) goesOn() bool { return a.lookout.Wanted() && !a.rests.Load() }

// begin has the source be read ahead.
func (a *ahead) begin() {
	src := divider(a.loop.Source)
	divided := src != nil && src.Divide()
	if a.reader == nil || divided != (a.helper != nil) {
		a.hands(src, divided)
	}
	a.queue.open()
	a.reader.made.goOn()
	a.gone = make(chan struct{})
	go a.read(a.gone)
}

// hands makes the hands that read a source.
func (a *ahead) hands(src sources.Divider, divided bool) {
	if divided {
		a.reader = newHand(a.loop, &a.queue, src, unitPieces, 1)
		a.helper = newHand(a.loop, &a.queue, src, ownPieces, 1)
		return
	}
	a.reader = newHand(a.loop, &a.queue, nil, unitBatches, manyBatches)
	a.helper = nil
}

// read is the goroutine that reads.
func (a *ahead) read(gone chan<- struct{}) {
	defer close(gone)
	defer a.reader.made.end()
	for a.goesOn() && a.reader.await() && a.reader.fill() {
		continue
	}
}

// end has the loop read the source again, behind what was read ahead.
func (a *ahead) end() {
	<-a.gone
	a.gone = nil
	if a.helper != nil {
		a.helper.src.Unite(a.queue.claimed)
	}
}

// stepAhead meters a unit, of so many frames.
func (a *ahead) stepAhead(u *unit) (end error, stop meter.Stop, frames int, err error) {
	end, frames = u.end, u.frames
	stop, err = a.loop.feed(&u.seen, u.batches[:u.n]...)
	a.queue.metered(u)
	return end, stop, frames, err
}

// stop ends the goroutine. A Read that is under way is not waited for: what it reads goes
// nowhere.
func (a *ahead) stop() {
	a.queue.end()
	if a.reader != nil {
		a.reader.used.end()
	}
}
