package sources

import (
	"errors"
	"fmt"
	"io"
)

// ErrDamaged is in every error that says a trace, or its compression, is not
// what its format demands. If the trace ends too early the error is
// io.ErrUnexpectedEOF as well.
var ErrDamaged = errors.New("damaged")

// ErrTooManyBatches is what Read returns when the batches that have not been
// released hold all the memory a source may use. Read works again once one of
// them is.
var ErrTooManyBatches = errors.New("too many batches in flight")

// unsupported is the text of an error that is errors.ErrUnsupported: the trace
// is sound but cannot be metered. Parsers return it for what is no damage.
type unsupported string

func (u unsupported) Error() string        { return string(u) }
func (u unsupported) Is(target error) bool { return target == errors.ErrUnsupported }

// place says where in which trace something is wrong.
type place struct {
	name       string
	format     string
	compressed bool
	offset     int64
}

func (p place) String() string {
	of := ""
	if p.compressed {
		of = " of the uncompressed data"
	}
	return fmt.Sprintf("%s: %s: offset %d%s", p.name, p.format, p.offset, of)
}

// damage wraps a reason as damage at a place.
func damage(p place, reason error) error {
	return fmt.Errorf("%v: %w: %w", p, ErrDamaged, reason)
}

// cut is damage by a missing end.
func cut(p place, what string) error {
	return fmt.Errorf("%v: %w: %s: %w", p, ErrDamaged, what, io.ErrUnexpectedEOF)
}
