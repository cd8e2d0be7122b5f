package reading

import (
	"cmp"
	"errors"
	"sync/atomic"

	"netramet/meter"
	"netramet/sources"
	"netramet/sources/wire"
)

// unit is what is read, and metered, at a time: a piece of a file, or a batch of another
// source.
type unit struct {
	by      *hand
	number  int64 // in the queue
	piece   sources.Piece
	batches []*wire.Batch // n of them are in use
	n       int
	frames  int
	seen    meter.Trains
	end     error // what the source or a stage ended with, behind the batches
	ready   atomic.Bool
}

// batch is the next one to be read into.
func (u *unit) batch() *wire.Batch {
	if u.n == len(u.batches) {
		u.batches = append(u.batches, new(wire.Batch))
	}
	return u.batches[u.n]
}

// release gives the unit back to its hand.
func (u *unit) release() {
	for _, b := range u.batches[:u.n] {
		b.Release()
	}
	u.by.used.step()
}

const (
	// unitBatches is how many batches lie between the goroutine that reads and the one
	// that meters: more than what is written again while the other processor has just
	// read it, which takes several times as long.
	unitBatches = 48
	// unitPieces is the same for pieces.
	unitPieces = 4
	// ownPieces is how many the goroutine that meters reads before others are metered.
	ownPieces = 2
	// manyBatches is how many are worth waking somebody for.
	manyBatches = 16
)

// hand reads units into memory of its own, on one goroutine.
type hand struct {
	loop    *Loop
	queue   *queue
	lookout *meter.Lookout
	src     sources.Divider // nil: it can't be divided
	units   []unit
	begun   int64     // units that were claimed
	made    *progress // of these, those that were read
	used    *progress // and metered
	enough  int64     // units that are worth waking somebody for
}

// newHand makes a hand that has so many units. They are pieces if src, which is divided, is not nil.
func newHand(l *Loop, q *queue, src sources.Divider, units, enough int) *hand {
	h := &hand{
		loop: l, queue: q, lookout: l.Meter.NewLookout(), src: src, units: make([]unit, units),
		made: newProgress(), used: newProgress(), enough: int64(enough),
	}
	for i := range h.units {
		h.units[i].by = h
	}
	return h
}

// isFree reports whether a unit can be read into.
func (h *hand) isFree() bool { return h.begun < h.used.get()+int64(len(h.units)) }

// await waits until a unit can be read into, and then for a few more. False says that nothing is
// metered any more.
func (h *hand) await() bool {
	least := h.begun + 1 - int64(len(h.units))
	return h.used.await(least, least+h.enough)
}

// fill reads a unit. False says that none can be claimed.
func (h *hand) fill() bool {
	u := &h.units[h.begun%int64(len(h.units))]
	if !h.queue.claim(u) {
		return false
	}
	h.begun++
	u.n, u.frames, u.end = 0, 0, nil
	if h.src != nil {
		h.src.Fetch(&u.piece, u.number)
		h.queue.parse(u, h.parsePiece)
	} else {
		h.readBatch(u)
	}
	h.lookout.Begin(&u.seen)
	for _, b := range u.batches[:u.n] {
		u.frames += len(b.Frames)
		h.lookout.See(b, &u.seen)
	}
	u.ready.Store(true)
	h.made.step()
	return true
}

// parsePiece takes the frames out of a unit's piece.
func (h *hand) parsePiece(u *unit) error {
	for h.src.Parse(&u.piece); ; {
		b := u.batch()
		err := h.src.Read(b)
		if err == nil && len(b.Frames) == 0 {
			return nil
		}
		u.n++
		if err = cmp.Or(h.loop.stage(b), err); err != nil {
			return err
		}
	}
}

// readBatch reads a batch of a source that is not divided.
func (h *hand) readBatch(u *unit) {
	b, used := u.batch(), h.used.get()
	err := h.loop.Source.Read(b)
	for ; errors.Is(err, sources.ErrTooManyBatches) && used < h.begun-1; used++ {
		if !h.used.await(used+1, used+1) {
			break
		}
		err = h.loop.Source.Read(b)
	}
	h.queue.parse(u, func(u *unit) error {
		u.n = 1
		return cmp.Or(h.loop.stage(b), err)
	})
}
