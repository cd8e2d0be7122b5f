package sources

import (
	"bufio"
	"io"
	"os"
	"runtime"
	"sync"
)

// maxWorkers is how many blocks of a compressed stream are undone at once, and
// so bounds the memory they take.
const maxWorkers = 4

// block is a part of a compressed stream that can be undone without the others.
// Its slices are used again for later blocks.
type block struct {
	packed []byte
	plain  []byte
	more   io.Reader // what follows plain, for blocks too large to be held; or nil
	err    error     // what is behind that; nil if the next block is
	undo   func(*block)
	note   any           // the format's own
	done   chan struct{} // holds one when plain, more and err are there
}

// blockFormat is how a compression cuts its streams into blocks.
type blockFormat interface {
	// next reads the next block. It sets packed and undo, or plain and no
	// undo where the block was undone already. It fails with what ended the
	// stream, io.EOF if that was a clean end.
	next(r *bufio.Reader, b *block) error
	// check looks at a block when its turn has come, and fails for what is
	// wrong with the stream; what the block holds is read before that shows.
	// It may change the block's content, and use up the block that follows.
	check(b *block, follow func(use func(next *block)) bool) error
}

// blocks undoes the blocks of a stream on several goroutines and hands them
// over in order.
type blocks struct {
	format blockFormat
	order  chan *block // all blocks, the last with an error
	work   chan *block
	free   chan *block
	quit   chan struct{}
	once   sync.Once

	// Of Read.
	cur  *block // being handed over
	rest []byte // of its plain octets
}

// readBlocks starts to cut and undo.
func readBlocks(r *bufio.Reader, f blockFormat) *blocks {
	workers := min(runtime.GOMAXPROCS(0), maxWorkers)
	inFlight := workers + 2 // one being read in, one being handed over
	s := &blocks{
		format: f, quit: make(chan struct{}),
		order: make(chan *block, inFlight), work: make(chan *block, inFlight), free: make(chan *block, inFlight),
	}
	for range inFlight {
		s.free <- &block{done: make(chan struct{}, 1)}
	}
	go s.cut(r)
	for range workers {
		go s.run()
	}
	return s
}

// cut reads blocks until the stream ends. It sends no more blocks than the
// channels hold.
func (s *blocks) cut(r *bufio.Reader) {
	defer close(s.work)
	for {
		var b *block
		select {
		case b = <-s.free:
		case <-s.quit:
			return
		}
		b.plain, b.more, b.err, b.undo, b.note = b.plain[:0], nil, nil, nil, nil
		b.err = s.format.next(r, b)
		last := b.err != nil
		s.order <- b
		if b.undo == nil || last {
			b.done <- struct{}{}
		} else {
			s.work <- b
		}
		if last {
			return
		}
	}
}

func (s *blocks) run() {
	for b := range s.work {
		select {
		case <-s.quit:
		default:
			b.undo(b)
		}
		b.done <- struct{}{}
	}
}

// await waits for the next block.
func (s *blocks) await() *block {
	select {
	case b := <-s.order:
		<-b.done
		return b
	case <-s.quit:
		return nil
	}
}

// Read implements io.Reader.
func (s *blocks) Read(p []byte) (int, error) {
	for {
		switch b := s.cur; {
		case len(p) == 0:
			return 0, nil
		case len(s.rest) > 0:
			n := copy(p, s.rest)
			s.rest = s.rest[n:]
			return n, nil
		case b != nil && b.more != nil:
			n, err := b.more.Read(p)
			if err != nil {
				b.more = nil
				if err != io.EOF {
					b.err = err
				}
			}
			if n > 0 {
				return n, nil
			}
		case b != nil && b.err != nil:
			return 0, b.err
		default:
			if !s.turn() {
				return 0, os.ErrClosed
			}
		}
	}
}

// follow hands the next block to be used up.
func (s *blocks) follow(use func(next *block)) bool {
	b := s.await()
	if b == nil {
		return false
	}
	use(b)
	s.free <- b
	return true
}

// turn goes on to the next block.
func (s *blocks) turn() bool {
	if s.cur != nil {
		s.free <- s.cur
		s.cur = nil
	}
	b := s.await()
	if b == nil {
		return false
	}
	if err := s.format.check(b, s.follow); err != nil && (b.err == nil || b.err == io.EOF) {
		b.err = err
	}
	s.cur, s.rest = b, b.plain
	return true
}

// Close implements io.Closer. The goroutines end when what they are at is done.
func (s *blocks) Close() error {
	s.once.Do(func() { close(s.quit) })
	return nil
}
