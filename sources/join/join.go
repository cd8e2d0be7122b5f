// Package join makes one trace of several files, one behind the other or merged by
// time.
//
// It owns which files there are and in which order, the numbers of their
// interfaces, and the telling of gaps and overlaps between them. A file that is
// damaged, or is no trace, ends no run: what came before is handed over, the other
// files are read, and the error is told at the end. The commands' reading stage
// opens it; package sources reads the files.
package join

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"netramet/internal/interruptible"
	"netramet/sources"
	"netramet/sources/wire"
)

// Order is how the packets of several files follow each other.
type Order uint8

// The orders.
const (
	// Sequence: one file behind the other, in the order of the parts. Together
	// they are one capture.
	Sequence Order = iota
	// ByTime: of the packets that are next in their files, the earliest one;
	// of several, that of the first part.
	ByTime
)

// Options are what Open needs beside the parts.
type Options struct {
	// Source is how each part is opened.
	Source sources.Options
	Order  Order
	// Note is told, during Read, of gaps and overlaps between files; nil: nobody
	// is. There are at most 21 of them.
	Note func(string)
}

// Open opens the parts as one Source, which is also a sources.Namer. A part alone
// is opened as sources.Open does. It fails if no part can be read.
func Open(parts []Part, opt Options) (sources.Source, error) {
	switch {
	case len(parts) == 0:
		return nil, errors.New("no trace")
	case len(parts) == 1:
		return sources.Open(parts[0].URI, opt.Source)
	case opt.Order == ByTime:
		return openMerge(parts, opt)
	}
	return openSequence(parts, opt)
}

// joined is what both orders have in common.
type joined struct {
	parts   []Part
	opt     Options
	numbers numbering
	seams   seams
	faults  faults
	err     error            // what ended the trace
	count   wire.SourceStats // frames and octets handed over; Read's own
	closing chan struct{}    // closed by Close

	mu     sync.Mutex
	open   []sources.Source // parts that are open
	done   wire.SourceStats // of parts that were closed
	all    int64            // octets of all parts, as stored; 0 if unknown
	frames uint64           // count as of the last Read
	octets uint64
	about  []wire.Interface
}

func newJoined(parts []Part, opt Options) *joined {
	j := &joined{parts: parts, opt: opt, closing: make(chan struct{}), numbers: newNumbering(opt.Source.FirstInterface), seams: seams{note: opt.Note}}
	j.opt.Source.FirstInterface = 1
	for _, p := range parts {
		if p.Size == 0 {
			j.all = 0
			break
		}
		j.all += p.Size
	}
	return j
}

// errClosed is what Read returns after Close.
var errClosed = fmt.Errorf("several traces: %w", os.ErrClosed)

func (j *joined) isClosed() bool {
	select {
	case <-j.closing:
		return true
	default:
		return false
	}
}

// openPart opens a part. Close ends it, also where it waits for a named pipe
// that nobody writes to.
func (j *joined) openPart(n int) (sources.Source, error) {
	src, err := interruptible.Call(j.closing, j.opt.Source.Waits, func(waits func(string)) (sources.Source, error) {
		opt := j.opt.Source
		opt.Waits = waits
		return sources.Open(j.parts[n].URI, opt)
	}, func(src sources.Source) { src.Close() })
	switch {
	case errors.Is(err, interruptible.ErrDone):
		return nil, errClosed
	case err != nil:
		return nil, err
	}
	return src, j.adopt(src)
}

// adopt makes a part known to Close and Stats.
func (j *joined) adopt(src sources.Source) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.isClosed() {
		src.Close()
		return errClosed
	}
	j.open = append(j.open, src)
	return nil
}

// retire closes a part that is read, whose counts are kept, or one that will be
// opened again.
func (j *joined) retire(src sources.Source, read bool) {
	src.Close() // an error of closing what was only read says nothing
	st := src.Stats()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open = slices.DeleteFunc(j.open, func(s sources.Source) bool { return s == src })
	if read {
		add(&j.done, st)
	}
}

// add sums up what a source alone can count.
func add(sum *wire.SourceStats, st wire.SourceStats) {
	sum.Damaged += st.Damaged
	sum.Skipped += st.Skipped
	sum.Odd += st.Odd
	sum.Dropped += st.Dropped
	sum.Stored += st.Stored
	sum.BytesRead += st.BytesRead
}

// handOver counts the frames of a batch that is handed over.
func (j *joined) handOver(b *wire.Batch) {
	j.count.Frames += uint64(len(b.Frames))
	for i := range b.Frames {
		j.count.Octets += uint64(b.Frames[i].WireLen)
	}
	j.mu.Lock()
	j.frames, j.octets, j.about = j.count.Frames, j.count.Octets, j.numbers.about
	j.mu.Unlock()
}

// end ends the trace, with what was wrong with its parts.
func (j *joined) end() error {
	if j.err = j.faults.err(); j.err == nil {
		j.err = io.EOF
	}
	return j.err
}

// Stats implements sources.Source.
func (j *joined) Stats() wire.SourceStats {
	j.mu.Lock()
	defer j.mu.Unlock()
	sum := j.done
	for _, src := range j.open {
		add(&sum, src.Stats())
	}
	sum.Frames, sum.Octets, sum.BytesAll = j.frames, j.octets, j.all
	return sum
}

// InterfaceNames implements sources.Namer.
func (j *joined) InterfaceNames() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var names []string
	for _, i := range j.about {
		names = append(names, i.Name)
	}
	return names
}

// Info implements sources.Informer, of what is the same for all parts.
func (j *joined) Info() sources.Info {
	j.mu.Lock()
	defer j.mu.Unlock()
	return sources.Info{Interfaces: slices.Clone(j.about)}
}

// Close implements sources.Source.
func (j *joined) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.isClosed() {
		return nil
	}
	close(j.closing)
	var errs []error
	for _, src := range j.open {
		errs = append(errs, src.Close())
	}
	return errors.Join(errs...)
}
