// Package sources is where packets come from: it opens a trace by its URI,
// tells format and compression by their magic numbers, and reads frames in
// batches.
//
// It owns the octets of the frames it hands over (see wire.Batch), the limits
// on what a trace may claim, and the telling of damage from a clean end. It
// never looks into a frame, never orders or drops frames, and takes no time from
// the machine's clock.
// The commands call Open; the meter's reading stage calls Read.
package sources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"netramet/sources/wire"
)

// Source is a stream of frames in the order in which they were captured.
//
// Read and Stats may be called by different goroutines; Read by one at a time.
type Source interface {
	// Read resets the batch, which releases what it held, and fills it with
	// at least one frame, or fails. It may do both: the frames are then those
	// before the fault; readers of traces hand them over first and fail in
	// the next Read. A live source may return neither. io.EOF is a clean end. Damage is an error that wraps
	// ErrDamaged, and io.ErrUnexpectedEOF if the trace was cut; everything
	// before it has been handed over. After Close it is os.ErrClosed. All of
	// these repeat. ErrTooManyBatches alone does not: it says that batches
	// must be released first.
	Read(*wire.Batch) error
	// Stats returns the counts up to the last Read.
	Stats() wire.SourceStats
	// Close ends the source. It makes a blocked Read return where the system
	// allows it, may be called more than once, and at any time from any
	// goroutine. Batches not yet released stay valid.
	Close() error
}

// Namer is what a Source also is if its traces may name their interfaces.
type Namer interface {
	// InterfaceNames returns the names of the interfaces seen up to the last
	// Read in the order of their numbers, which begin with
	// Options.FirstInterface; empty where the trace gives none.
	InterfaceNames() []string
}

// Interface is what a trace says of one of its interfaces. Two traces that are
// parts of one capture say the same.
type Interface struct {
	Place int           // its number where the trace describes its interfaces, or in each record
	Name  string        // empty where the trace gives none
	Link  wire.LinkType // of all that it carries; 0 where that differs from record to record
}

// Describer is what a Source also is if it can tell its interfaces apart from
// those of other traces.
type Describer interface {
	// Interface describes the interface of a frame that was read. It is called
	// by the goroutine that calls Read, not during a Read.
	Interface(number uint8) Interface
}

// Options are what Open needs beside the URI.
type Options struct {
	// Stdin is what the operand "-" reads; nil is an empty input. It is not
	// closed, but if it has a read deadline, Close lets that pass.
	Stdin io.Reader
	// FCS says whether the lengths of Ethernet frames count a frame check
	// sequence, which the meter does not (decision 21).
	FCS FCS
	// Follow says what the end of a file means.
	Follow Follow
	// Waits is called by Open's goroutine, once, if the trace is a named pipe that has had
	// no writer for a second; nil: nobody is told. Where several traces are read as one,
	// Read may call it, too.
	Waits func(path string)
	// FirstInterface is the number of the trace's first interface; further
	// ones follow. 0 is 1.
	FirstInterface uint8
}

// Follow says what the end of a file means.
type Follow uint8

// The meanings.
const (
	EndIsEnd Follow = iota // the end of the trace
	// FollowGrowth: more will be written, and the end is waited at. Only Close
	// ends the trace, unless the file is cut, or is no longer under its name. Of a
	// pipe it says that it may be silent for long: a Read does not wait for more
	// then, and the end is that of its writers.
	FollowGrowth
)

// FCS is what is known of the frame check sequence in the lengths of Ethernet
// frames. It is taken off both lengths.
type FCS uint8

// The kinds.
const (
	FCSAsFormat FCS = iota // as the format has it, or the trace says
	FCSNone                // lengths do not count it
	FCSFour                // lengths count its four octets
)

// of returns how many octets of a frame are its check sequence, where the
// trace says that so many are.
func (c FCS) of(link wire.LinkType, said uint32) uint32 {
	if link != wire.LinkEthernet {
		return said
	}
	switch c {
	case FCSNone:
		return 0
	case FCSFour:
		return 4
	}
	return said
}

// Open opens a trace. The URI is a path, "format:path", or "-" for standard
// input, also "format:-", or "tcp://host:port" for what a server sends there. A
// trace of a server, or one that is followed, may begin after it is opened. A prefix counts as a format only if it is the name
// of one (Formats), so other names with colons are paths; a path that begins
// with a format's name and a colon is written "./pcap:odd".
//
// Compression (gzip, bzip2, xz, zstd, lzop, lz4, snappy; at most two layers) and
// the format are told by their magic numbers. A format in the URI is a demand: the trace must be
// of that format, and one without a magic number is taken at its word. What is
// known but cannot be read is an error that is
// errors.ErrUnsupported.
func Open(uri string, opt Options) (Source, error) {
	want, path := splitURI(uri)
	if path == "" {
		return nil, fmt.Errorf("trace %q: no file name", uri)
	}
	st, err := openStored(path, opt)
	if err != nil {
		return nil, hint(uri, path, err)
	}
	if st.live {
		return openLive(st, want, opt)
	}
	t, err := openTrace(st, want, opt)
	if err != nil {
		if st.file != nil {
			st.file.Close()
		}
		return nil, err
	}
	return t, nil
}

// SplitURI splits a URI as Open does into the name of the format that it demands,
// empty if it demands none, and the path.
func SplitURI(uri string) (format, path string) {
	f, path := splitURI(uri)
	if f != nil {
		format = f.name
	}
	return format, path
}

// splitURI splits off the format, nil if the URI names none.
func splitURI(uri string) (*format, string) {
	if prefix, rest, ok := strings.Cut(uri, ":"); ok {
		if f := formatByName(prefix); f != nil {
			return f, rest
		}
	}
	return nil, uri
}

// hint explains a missing file whose name looks like a format and a path.
func hint(uri, path string, err error) error {
	prefix, rest, ok := strings.Cut(path, ":")
	if !ok || uri != path || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, serr := os.Stat(rest); serr != nil {
		return err
	}
	return fmt.Errorf("%w (%q is no format; known: %s)", err, prefix, strings.Join(Formats(), ", "))
}
