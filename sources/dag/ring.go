package dag

import (
	"fmt"

	"netramet/sources"
	"netramet/sources/wire"
)

// maxFlight is how many batches of a stream may be held at once.
const maxFlight = 64

// memory is what a card writes records to.
type memory interface {
	// Advance gives the first released octets of what it last returned back, and
	// returns what there is from then on, in one piece. It is the same again where
	// nothing has come. What was not released stays where it is.
	Advance(released int) ([]byte, error)
	// Close ends the stream, and takes the memory away.
	Close() error
}

// ring is one stream. Batches hold pieces of its memory, which go back to the card
// in the order in which they were handed out, whatever that of their release.
type ring struct {
	name    string
	card    int // which one
	mem     memory
	decoder *sources.ERF
	window  []byte // from the oldest octet on that the card has not got back
	parsed  int    // octets of the window that were handed out
	at      int64  // octets handed out since the stream was started
	end     error  // what ended the stream; the rest of the window is handed out first
	done    bool   // nothing is left

	// Of the source's lock:
	flight []*piece // handed out and not given back, the oldest first
	free   []*piece
}

// piece is what a batch holds of a ring.
type piece struct {
	octets   int
	released bool
	hook     func(*wire.Batch) // made once, so that no batch allocates one
}

// read fills the batch with frames of one advance, perhaps none. It fails when the
// stream has ended and all that came before that was handed out.
func (r *ring) read(s *Source, b *wire.Batch) error {
	back, room := s.takeBack(r)
	r.advance(back)
	if !room {
		return fmt.Errorf("%s: %w", r.name, sources.ErrTooManyBatches)
	}
	used, err := r.decoder.Decode(b, r.window[r.parsed:], r.end != nil)
	s.handOut(r, b, used)
	r.parsed += used
	r.at += int64(used)
	switch {
	case used > 0 || len(b.Frames) > 0:
		return nil // an error is met again
	case err != nil:
		return r.damaged(err)
	case r.end != nil && r.parsed < len(r.window):
		return fmt.Errorf("%w, inside a record of which %d octets are there", r.end, len(r.window)-r.parsed)
	}
	return r.end
}

// advance gives octets back and sees what has come.
func (r *ring) advance(back int) {
	r.parsed -= back
	if r.end != nil {
		r.window = r.window[back:]
		return
	}
	window, err := r.mem.Advance(back)
	if err != nil {
		r.end = fmt.Errorf("%s has ended: %w", r.name, err)
		r.window = r.window[back:]
		return
	}
	if r.parsed > len(window) {
		r.end = fmt.Errorf("%s has ended: %d octets of its memory that were in use are gone", r.name, r.parsed-len(window))
		r.parsed = len(window)
	}
	r.window = window
}

func (r *ring) damaged(why error) error {
	return fmt.Errorf("%s: record at octet %d since the start: %w: %w", r.name, r.at, sources.ErrDamaged, why)
}

// takeBack returns the octets at the start of the window that batches have
// released, and whether there is room for another batch.
func (s *Source) takeBack(r *ring) (octets int, room bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for ; n < len(r.flight) && r.flight[n].released; n++ {
		octets += r.flight[n].octets
		r.free = append(r.free, r.flight[n])
	}
	r.flight = append(r.flight[:0], r.flight[n:]...)
	return octets, len(r.flight) < maxFlight
}

// handOut makes the batch hold the octets that its frames lie in. Where they hold
// no frames they are released at once.
func (s *Source) handOut(r *ring, b *wire.Batch, octets int) {
	if octets == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(r.flight); n > 0 && r.flight[n-1].released && len(b.Frames) == 0 {
		r.flight[n-1].octets += octets
		return
	}
	var p *piece
	if n := len(r.free); n > 0 {
		p, r.free = r.free[n-1], r.free[:n-1]
	} else {
		p = &piece{}
		p.hook = func(*wire.Batch) { s.release(p) }
	}
	p.octets, p.released = octets, len(b.Frames) == 0
	r.flight = append(r.flight, p)
	if !p.released {
		s.held++
		b.SetOwner(p.hook)
	}
}
