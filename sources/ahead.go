package sources

import (
	"io"
	"os"
	"sync"
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
}

// readAhead starts to read. The decoder is closed by the goroutine that reads
// it, when it has ended or after Close; a read that waits is not cut short.
func readAhead(dec io.ReadCloser) *ahead {
	a := &ahead{ring: make([]byte, aheadSize)}
	a.moved.L = &a.mu
	go a.run(dec)
	return a
}

func (a *ahead) run(dec io.ReadCloser) {
	defer dec.Close()
	for empty := 0; ; {
		room := a.room()
		if room == nil {
			return
		}
		n, err := dec.Read(room)
		if empty++; n > 0 {
			empty = 0
		}
		if err == nil && empty > maxEmptyReads {
			err = io.ErrNoProgress
		}
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
	for a.held == 0 && a.err == nil && !a.closed {
		a.moved.Wait()
	}
	held := a.ring[a.start:min(len(a.ring), a.start+a.held)]
	err, closed := a.err, a.closed
	a.mu.Unlock()
	switch {
	case closed:
		return 0, os.ErrClosed
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

// Close implements io.Closer. It waits for nothing.
func (a *ahead) Close() error {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.moved.Broadcast()
	return nil
}
