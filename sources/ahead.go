package sources

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// aheadSize is how many octets are decompressed before they are asked for. It
// is a few chunks, so that neither side waits for the other at every read.
const aheadSize = 2 * chunkSize

// ahead reads a decoder on a goroutine of its own, so that decompression and
// metering overlap. What the decoder returns can be read at once, however
// little it is; errors come behind all that was read before them.
type ahead struct {
	ring []byte

	mu     sync.Mutex
	moved  sync.Cond // some of what follows has changed
	start  int       // of the octets in the ring
	held   int       // how many they are
	err    error     // what ended the decoder
	closed bool

	timer *time.Timer // nil: a Read waits for as long as it takes
	late  bool        // the timer has run out
}

// patience is how long a Read of a live trace waits before it says that there is
// nothing.
const patience = 8 * time.Millisecond

// errSilent says that there is nothing now. It ends nothing.
var errSilent = errors.New("nothing has come")

// readAhead starts to read. The decoder is closed by the goroutine that reads
// it, when it has ended or after Close; a read that waits is not cut short.
func readAhead(dec io.ReadCloser) *ahead {
	a := newAhead()
	go a.run(dec)
	return a
}

// readLive is readAhead of what may be silent for long. A Read waits for patience
// at most, and then fails with errSilent.
func readLive(r io.Reader) *ahead {
	a := newAhead()
	a.timer = time.AfterFunc(time.Hour, func() {
		a.mu.Lock()
		a.late = true
		a.mu.Unlock()
		a.moved.Broadcast()
	})
	a.timer.Stop()
	go a.run(io.NopCloser(r))
	return a
}

func newAhead() *ahead {
	a := &ahead{ring: make([]byte, aheadSize)}
	a.moved.L = &a.mu
	return a
}

func (a *ahead) run(dec io.ReadCloser) {
	defer dec.Close()
	for {
		room := a.room()
		if room == nil {
			return
		}
		n, err := readAny(dec, room)
		a.mu.Lock()
		a.held += n
		a.err = err
		a.mu.Unlock()
		a.moved.Signal()
		if err != nil {
			return
		}
	}
}

// room waits for octets of the ring that are free, and returns the first that
// lie together; none after Close.
func (a *ahead) room() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.held == len(a.ring) && !a.closed {
		a.moved.Wait()
	}
	if a.closed {
		return nil
	}
	from := (a.start + a.held) % len(a.ring)
	return a.ring[from:min(len(a.ring), from+len(a.ring)-a.held)]
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	a.mu.Lock()
	a.wait()
	held := a.ring[a.start:min(len(a.ring), a.start+a.held)]
	err, closed := a.err, a.closed
	a.mu.Unlock()
	switch {
	case closed:
		return 0, os.ErrClosed
	case len(held) == 0 && err == nil:
		return 0, errSilent
	case len(held) == 0:
		return 0, err
	}
	n := copy(p, held) // the goroutine does not write there
	a.mu.Lock()
	a.start = (a.start + n) % len(a.ring)
	a.held -= n
	a.mu.Unlock()
	a.moved.Signal()
	return n, nil
}

// wait waits until there is something to return, or for patience; a.mu is locked.
func (a *ahead) wait() {
	idle := func() bool { return a.held == 0 && a.err == nil && !a.closed }
	if a.timer != nil && idle() {
		// One that ran out just now may still make this Read late: then it is early.
		a.late = false
		a.timer.Reset(patience)
		defer a.timer.Stop()
	}
	for idle() && !a.late {
		a.moved.Wait()
	}
}

// Close implements io.Closer. It waits for nothing.
func (a *ahead) Close() error {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.moved.Broadcast()
	return nil
}
