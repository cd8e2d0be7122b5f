package sources

import (
	"cmp"
	"io"
	"sync"
	"sync/atomic"

	"netramet/sources/wire"
)

const (
	// chunkSize is what is read at once: small enough to stay in the cache
	// between read(2) and the decoder, large enough to make the call cheap.
	chunkSize = 256 << 10
	// minRead is the least room worth a read; a chunk with less is left.
	minRead = chunkSize / 8
	// maxChunks bounds the memory that batches in flight can hold. A batch
	// lies in one chunk.
	maxChunks = 64
	// maxEmptyReads is how often in a row a reader may return nothing.
	maxEmptyReads = 100
)

// chunk is a block of memory that frames lie in. The feed holds one reference
// to the chunk it reads into, every batch one to the chunk of its frames.
type chunk struct {
	buf  []byte
	refs atomic.Int32
	home *pool
	hook func(*wire.Batch) // made once, so that no batch allocates one
}

// release gives one reference back.
func (c *chunk) release() {
	if c.refs.Add(-1) == 0 {
		c.home.put(c)
	}
}

// pool keeps the chunks that nobody holds. Batches are released by other
// goroutines than the one that reads.
type pool struct {
	size int // of a chunk that is kept; 0: chunkSize

	mu   sync.Mutex
	free []*chunk
	live int // chunks in use and free
}

// get returns a chunk of at least size octets with one reference.
func (p *pool) get(size int) (*chunk, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	usual := cmp.Or(p.size, chunkSize)
	if n := len(p.free); n > 0 && size <= usual {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		c.refs.Store(1)
		return c, nil
	}
	if n := len(p.free); n > 0 && p.live >= maxChunks {
		p.free = p.free[:n-1]
		p.live--
	}
	if p.live >= maxChunks {
		return nil, ErrTooManyBatches
	}
	c := &chunk{buf: make([]byte, max(size, usual)), home: p}
	c.hook = func(*wire.Batch) { c.release() }
	c.refs.Store(1)
	p.live++
	return c, nil
}

// put takes a chunk back. Those made for one large record are not kept.
func (p *pool) put(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(c.buf) > cmp.Or(p.size, chunkSize) {
		p.live--
		return
	}
	p.free = append(p.free, c)
}

// feed reads a stream of octets into chunks and shows what is not yet parsed.
// Data is parsed where it was read; only the record that crosses from one
// chunk to the next is copied.
type feed struct {
	r       io.Reader
	chunks  pool
	cur     *chunk
	pos     int   // first octet not parsed
	end     int   // end of what was read
	pending int64 // octets to skip that were not read yet
	skipped int64 // offset in the stream of the record they are of, valid iff pending > 0
	off     int64 // offset in the stream of pos, pending octets included
	err     error // what ended the stream; it ends there

	divided bool   // what is to be parsed comes in pieces, which others read
	next    *Piece // nil: not there yet
}

// bytes returns what was read and not parsed. It lies in the current chunk.
func (f *feed) bytes() []byte {
	if f.cur == nil {
		return nil
	}
	return f.cur.buf[f.pos:f.end:f.end]
}

// hold makes the batch an owner of the current chunk.
func (f *feed) hold(b *wire.Batch) {
	f.cur.refs.Add(1)
	b.SetOwner(f.cur.hook)
}

// advance says that n octets were parsed; if they are one record's they may
// reach beyond those read.
func (f *feed) advance(n int64) {
	have := int64(f.end - f.pos)
	if n > have {
		f.skipped = f.off
		f.pending += n - have
	}
	f.off += n
	n = min(n, have)
	f.pos += int(n)
}

// fill reads until need octets are there to parse. It fails with what ended
// the stream, or with ErrTooManyBatches, or with errSilent where a live one has
// nothing now, or the next piece is not there.
func (f *feed) fill(need int) error {
	for f.pending > 0 || f.end-f.pos < need {
		if f.err != nil {
			return f.err
		}
		if f.divided {
			if err := f.takeNext(); err != nil {
				return err
			}
			f.skip()
			continue
		}
		if err := f.room(need); err != nil {
			return err
		}
		n, err := readAny(f.r, f.cur.buf[f.end:])
		f.end += n
		f.skip()
		if err == errSilent {
			return err
		}
		f.err = err
	}
	return nil
}

// skip passes over octets that were parsed before they were read.
func (f *feed) skip() {
	n := min(f.pending, int64(f.end-f.pos))
	f.pending -= n
	f.pos += int(n)
}

// readAny reads at least one octet, or fails.
func readAny(r io.Reader, p []byte) (n int, err error) {
	for range maxEmptyReads {
		if n, err = r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// room makes place to read into, for a record of need octets.
func (f *feed) room(need int) error {
	c := f.cur
	if c != nil && len(c.buf)-f.end >= minRead && len(c.buf)-f.pos >= need {
		return nil
	}
	rest := f.bytes()
	// The chunk is ours alone again once its batches are released; staying in
	// it keeps the cache warm.
	if c == nil || c.refs.Load() != 1 || len(c.buf)-len(rest) < minRead || len(c.buf) < need {
		next, err := f.chunks.get(need + minRead)
		if err != nil {
			return err
		}
		f.cur = next
	}
	copy(f.cur.buf, rest)
	f.pos, f.end = 0, len(rest)
	if c != nil && c != f.cur {
		c.release()
	}
	return nil
}
