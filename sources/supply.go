package sources

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
)

const (
	// suppliedChunks is how many chunks lie between the goroutine that reads and the
	// feed: enough that neither waits for the other at every read.
	suppliedChunks = 4
	// suppliedRoom is room before what is read into a chunk, for the beginning of the
	// record that crosses into it. No packet is longer, but records may be.
	suppliedRoom = 68 << 10
	// leastSupplied is the size of a file from which on a goroutine pays.
	leastSupplied = 2 * suppliedChunks * chunkSize
)

// supply reads a file on a goroutine of its own into the chunks that frames will lie
// in, so that the copy of read(2) is another core's work than that of the parser.
// The feed gives empty chunks, and takes full ones in order. There are never more than
// suppliedChunks on the way, so no side waits to send.
type supply struct {
	r     io.Reader
	empty chan *chunk
	full  chan supplied
	quit  chan struct{}
	once  sync.Once

	// Of the feed:
	onWay int          // chunks given and not taken
	next  supplied     // taken from the channel, but not from the supply; no chunk: none
	taken atomic.Int64 // octets
}

// supplied is a chunk that was read into.
type supplied struct {
	c   *chunk
	n   int   // octets, behind the chunk's room
	err error // what ended the file, behind them
}

// octets are those that were read.
func (s supplied) octets() []byte {
	from := s.c.home.shape.room
	return s.c.buf[from : from+s.n]
}

// supplyFrom makes a goroutine read for the feed, which has not read anything.
func (f *feed) supplyFrom(r io.Reader, into chunkShape) {
	f.supply = &supply{
		r: r, quit: make(chan struct{}),
		empty: make(chan *chunk, suppliedChunks), full: make(chan supplied, suppliedChunks),
	}
	f.chunks.shape = into
	go f.supply.run()
}

func (s *supply) run() {
	for {
		var to supplied
		select {
		case to.c = <-s.empty:
		case <-s.quit:
			return
		}
		for p := to.c.buf[to.c.home.shape.room:]; to.n < len(p) && to.err == nil; {
			var n int
			n, to.err = readAny(s.r, p[to.n:])
			to.n += n
		}
		if s.full <- to; to.err != nil {
			return
		}
	}
}

// give gives the goroutine empty chunks, as many as may be on the way and can be had.
func (s *supply) give(from *pool) {
	for s.onWay < suppliedChunks {
		c, err := from.get(from.shape.size)
		if err != nil {
			return
		}
		s.empty <- c
		s.onWay++
	}
}

// peek returns the next full chunk, which stays the next until it is taken. It fails
// with ErrTooManyBatches, or as the supply was closed.
func (s *supply) peek(from *pool) (supplied, error) {
	if s.next.c != nil {
		return s.next, nil
	}
	if s.onWay == 0 {
		s.give(from)
	}
	if s.onWay == 0 {
		return supplied{}, ErrTooManyBatches
	}
	select {
	case s.next = <-s.full:
		s.onWay--
		return s.next, nil
	case <-s.quit:
		return supplied{}, os.ErrClosed
	}
}

// take takes the chunk that peek has returned.
func (s *supply) take() {
	s.taken.Add(int64(s.next.n))
	s.next = supplied{}
}

// Close implements io.Closer. It waits for nothing: a read that is under way ends by
// itself, or as the file is closed.
func (s *supply) Close() error {
	s.once.Do(func() { close(s.quit) })
	return nil
}

// receive makes the next chunk of the supply the current one, with what was not parsed
// before it. Where that is more than there is room for, both go into a larger chunk.
// It fails with ErrTooManyBatches, or as the supply was closed.
func (f *feed) receive(need int) error {
	got, err := f.supply.peek(&f.chunks)
	if err != nil {
		return err
	}
	rest, old, room := f.bytes(), f.cur, f.chunks.shape.room
	if len(rest) <= room {
		f.cur = got.c
		f.pos, f.end = room-len(rest), room+got.n
		copy(f.cur.buf[f.pos:], rest)
	} else {
		if len(old.buf)-f.end < got.n {
			larger, err := f.chunks.get(need + f.chunks.shape.size)
			if err != nil {
				return err
			}
			f.cur = larger
			f.pos, f.end = 0, copy(f.cur.buf, rest)
		}
		f.end += copy(f.cur.buf[f.end:], got.octets())
		got.c.release()
	}
	f.supply.take()
	f.err = got.err
	if old != nil && old != f.cur {
		old.release()
	}
	if f.err == nil {
		f.supply.give(&f.chunks) // among them, most often, the one that is still in the caches
	}
	return nil
}
