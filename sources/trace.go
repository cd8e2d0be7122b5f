package sources

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"netramet/sources/wire"
)

// MaxCapLen is the most octets a record may have captured of a frame, and so
// bounds what is allocated on a trace's word. It is four times the largest
// snapshot length that capture programs use; a larger claim is damage.
const MaxCapLen = 1 << 20

// parser takes the frames of one format out of a stream of octets. It does no
// I/O and keeps no part of data.
type parser interface {
	// parse appends to the batch, until it is full, the frames of the whole
	// records at the start of data, and returns the octets they take, which
	// may be more than data has where a record is skipped, which then is the
	// only one that used tells of. If the next record is not complete, need is
	// what there must be to go on: more than what is left of data. If it is
	// damaged the error says how; it is met again by a call with what is left.
	// Eof says that nothing follows data.
	parse(b *wire.Batch, data []byte, eof bool) (used int64, need int, err error)
}

// trace is a Source over a file or pipe of any format.
type trace struct {
	name       string
	format     string
	compressed bool
	file       *stored
	packed     unwrapped
	feed       feed
	parser     parser
	fcs        FCS
	first      uint8            // number of the first interface
	err        error            // what ended the trace
	divided    int64            // where in the file its pieces begin
	count      wire.SourceStats // Read's own; the parser counts in it too

	mu      sync.Mutex
	stats   wire.SourceStats // count as of the last Read, under mu
	info    Info             // as of the last Read, under mu
	reading bool             // a Read is under way, under mu
}

// describer is a parser whose format describes interfaces.
type describer interface{ about(number uint8) Interface }

// Read implements Source. It does no I/O once the batch has frames, so a slow
// pipe delays nothing, and a batch lies in one chunk.
func (t *trace) Read(b *wire.Batch) error {
	b.Reset()
	if !t.begin() {
		return t.closedError()
	}
	err := t.err
	if err == nil {
		err = t.read(b)
	}
	t.count.Frames += uint64(len(b.Frames))
	if t.finish() && err != nil && err != io.EOF {
		return t.closedError()
	}
	return err
}

// begin begins a Read, unless the trace is closed.
func (t *trace) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading = !t.file.closed.Load()
	return t.reading
}

// finish ends a Read: what it counted can be seen, and what decoders hold is
// given back where the trace was closed meanwhile.
func (t *trace) finish() (closed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reading = false
	t.stats = t.count
	if p, ok := t.parser.(teller); ok {
		p.tell(&t.info)
	}
	if closed = t.file.closed.Load(); closed {
		t.packed.close()
	}
	return closed
}

func (t *trace) closedError() error { return fmt.Errorf("%s: %w", t.name, os.ErrClosed) }

func (t *trace) read(b *wire.Batch) error {
	for need := 0; ; {
		ferr := t.feed.fill(need)
		if ferr == ErrTooManyBatches {
			return fmt.Errorf("%s: %w", t.name, ferr)
		}
		// At the end the parser has another look at what is left, now that it
		// knows that this is all.
		used, more, err := t.parser.parse(b, t.feed.bytes(), t.feed.err != nil)
		if len(b.Frames) > 0 {
			t.feed.hold(b)
		}
		t.feed.advance(used)
		switch {
		case len(b.Frames) > 0:
			return nil // an error is met again by the next Read
		case err != nil:
			return t.fail(err)
		case ferr == errSilent:
			return nil
		case ferr != nil && used == 0:
			return t.end(ferr, "record")
		}
		need = more
	}
}

// place is where parsing stands.
func (t *trace) place() place {
	return place{t.name, t.format, t.compressed, t.feed.off}
}

// fail ends the trace with a parser's error.
func (t *trace) fail(err error) error {
	if r, ok := err.(unsupported); ok {
		t.err = fmt.Errorf("%v: %w", t.place(), r)
		return t.err
	}
	t.count.Damaged++
	t.err = damage(t.place(), err)
	return t.err
}

// end ends the trace with what the feed could not read, cleanly if nothing
// was begun.
func (t *trace) end(err error, what string) error {
	at := t.place()
	rest := t.feed.bytes()
	switch {
	case err == io.EOF && len(rest) == 0 && t.feed.pending == 0:
		t.err = io.EOF
		return t.err
	case err == io.EOF:
		if t.feed.pending > 0 {
			at.offset = t.feed.skipped
		}
		t.err = cut(at, fmt.Sprintf("the trace ends inside a %s", what))
	case errors.As(err, new(*readError)):
		t.err = packedError(at, err)
	default:
		at.offset += int64(len(rest)) - t.feed.pending
		t.err = packedError(at, err)
	}
	if errors.Is(t.err, ErrDamaged) {
		t.count.Damaged++
	}
	return t.err
}

// header returns the first n octets, which it leaves to be parsed.
func (t *trace) header(n int) ([]byte, error) {
	err := errSilent
	for err == errSilent {
		err = t.feed.fill(n)
	}
	if err != nil {
		if err == io.EOF {
			err = t.end(err, "header")
			if err == io.EOF {
				err = fmt.Errorf("%s: is empty", t.name)
			}
			return nil, err
		}
		return nil, t.end(err, "header")
	}
	return t.feed.bytes()[:n], nil
}

// Stats implements Source.
func (t *trace) Stats() wire.SourceStats {
	t.mu.Lock()
	s := t.stats
	t.mu.Unlock()
	s.BytesRead, s.BytesAll = t.file.read.Load(), t.file.size
	return s
}

// Interface implements Describer. Formats that describe nothing have numbers alone.
func (t *trace) Interface(number uint8) Interface {
	if d, ok := t.parser.(describer); ok {
		return d.about(number)
	}
	return Interface{Place: int(number - t.first)}
}

// Close implements Source.
func (t *trace) Close() error {
	err := t.file.Close() // which ends a Read that waits
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.reading {
		t.packed.close()
	}
	return err
}
