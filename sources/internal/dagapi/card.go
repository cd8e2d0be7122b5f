//go:build dag && linux && (amd64 || arm64)

package dagapi

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
)

// maxWindow bounds what a stream may have, where the library does not tell the size
// of its memory, so that an address that makes no sense is found out.
const maxWindow = 1 << 40

// Card is a card that is open.
type Card struct {
	lib    *Library
	device string
	fd     int
	ref    uintptr // of the configuration and status API; 0 where there is none
}

// Open opens a card, as /dev/dag0. Parameters are for dag_configure, as "slen=96
// varlen"; empty leaves the card as dagconfig(1) has set it.
func (l *Library) Open(device, parameters string) (*Card, error) {
	c := &Card{lib: l, device: device, fd: -1}
	if err := c.open(); err != nil {
		return nil, fmt.Errorf("%s: %w", device, openReason(err))
	}
	if parameters != "" {
		if err := c.configure(parameters); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %q: %w", device, parameters, err), c.Close())
		}
	}
	return c, nil
}

// open opens by the configuration and status API, where the library has it.
func (c *Card) open() (err error) {
	l, name := c.lib, append([]byte(c.device), 0)
	if l.configInit == 0 || l.configFD == 0 || l.configDispose == 0 {
		c.fd, err = l.call(l.open, uintptr(unsafe.Pointer(&name[0])))
		return err
	}
	ref, err := l.pointer(l.configInit, uintptr(unsafe.Pointer(&name[0])))
	if err != nil {
		return err
	}
	if c.fd, err = l.call(l.configFD, ref); err != nil {
		purego.SyscallN(l.configDispose, ref)
		return err
	}
	c.ref = ref
	return nil
}

// openReason says what to do about a card that does not open.
func openReason(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV):
		return fmt.Errorf("%w: is there a card, and its driver loaded (dagload)?", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: run as root, or let this user read and write the device", err)
	}
	return err
}

func (c *Card) configure(parameters string) error {
	if c.lib.configure == 0 {
		return errors.New("this libdag has no dag_configure: set the card with dagconfig(1) instead")
	}
	text := append([]byte(parameters), 0)
	_, err := c.lib.call(c.lib.configure, uintptr(c.fd), uintptr(unsafe.Pointer(&text[0])))
	return err
}

// Close closes the card, whose streams must have been closed. The memory that they
// showed is gone then.
func (c *Card) Close() error {
	if c.fd < 0 {
		return nil
	}
	fd := c.fd
	c.fd = -1
	var err error
	if c.ref != 0 {
		purego.SyscallN(c.lib.configDispose, c.ref)
	} else {
		_, err = c.lib.call(c.lib.close, uintptr(fd))
	}
	if err != nil {
		return fmt.Errorf("%s: closing: %w", c.device, err)
	}
	return nil
}

// Stream is a receive stream that has been started. It is one goroutine's.
type Stream struct {
	card   *Card
	number int
	limit  int        // octets of its memory
	args   [3]uintptr // of dag_advance_stream, made once: the last is where bottom is
	bottom unsafe.Pointer
	length int // octets from bottom on that the card has written
}

// Attach attaches a receive stream and starts it. An Advance where nothing has come
// waits for wait at most, or not at all: a library that waits nevertheless is told so.
func (c *Card) Attach(number int, wait time.Duration) (*Stream, error) {
	l, at := c.lib, []uintptr{uintptr(c.fd), uintptr(number)}
	if _, err := l.call(l.attach, at[0], at[1], 0, 0); err != nil {
		return nil, c.fault(number, "attaching", attachReason(err))
	}
	s := &Stream{card: c, number: number, limit: c.size(number)}
	s.args = [...]uintptr{at[0], at[1], uintptr(unsafe.Pointer(&s.bottom))}
	// A minimum of 0 octets is what makes dag_advance_stream return at once
	// (pcap_setnonblock of libpcap).
	most := [2]int64{0, wait.Microseconds()}
	every := [2]int64{0, time.Millisecond.Microseconds()}
	_, err := l.call(l.poll, at[0], at[1], 0, uintptr(unsafe.Pointer(&most)), uintptr(unsafe.Pointer(&every)))
	if err != nil {
		_, _ = l.call(l.detach, at...)
		return nil, c.fault(number, "setting its poll parameters", err)
	}
	if _, err := l.call(l.start, at...); err != nil {
		_, _ = l.call(l.detach, at...)
		return nil, c.fault(number, "starting", err)
	}
	return s, nil
}

func (c *Card) fault(stream int, what string, err error) error {
	return fmt.Errorf("%s stream %d: %s: %w", c.device, stream, what, err)
}

// attachReason says what the errors of dag_attach_stream mean.
func attachReason(err error) error {
	switch {
	case errors.Is(err, syscall.ENOMEM):
		return fmt.Errorf("%w: the stream has no memory; give it some (dagconfig mem=...)", err)
	case errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("%w: the card has no such stream", err)
	case errors.Is(err, syscall.EBUSY):
		return fmt.Errorf("%w: another program reads it", err)
	}
	return err
}

// size is how much memory a stream has, or maxWindow.
func (c *Card) size(stream int) int {
	size := 0
	switch l := c.lib; {
	case l.size64 != 0:
		r, _, _ := purego.SyscallN(l.size64, uintptr(c.fd), uintptr(stream))
		size = int(r)
	case l.size32 != 0:
		size, _ = l.call(l.size32, uintptr(c.fd), uintptr(stream))
	}
	if size <= 0 || size > maxWindow {
		return maxWindow
	}
	return size
}

// Advance gives the first released octets of what it last returned back to the
// card, and returns what there is from then on: all that the card has written and
// that was not released, in one piece, for the library maps its memory twice, one
// after the other. It is the same again where nothing has come. What was not
// released stays where it is, also when the piece itself begins at another place.
func (s *Stream) Advance(released int) ([]byte, error) {
	if released < 0 || released > s.length {
		return nil, fmt.Errorf("%d octets are released of %d", released, s.length)
	}
	if released > 0 {
		s.bottom = unsafe.Add(s.bottom, released)
		s.length -= released
	}
	l := s.card.lib
	top, err := l.pointer(l.advance, s.args[:]...)
	switch {
	case (err == syscall.EAGAIN || err == syscall.EINTR) && (s.bottom != nil || s.length == 0):
		// Nothing has come, and what was given back was taken or is given again.
	case err != nil:
		return nil, fmt.Errorf("dag_advance_stream: %w", err)
	default:
		n := top - uintptr(s.bottom)
		if s.bottom == nil || n > uintptr(s.limit) {
			return nil, fmt.Errorf("dag_advance_stream: %d octets between bottom and top, of %d", int(n), s.limit)
		}
		s.length = int(n)
	}
	return unsafe.Slice((*byte)(s.bottom), s.length), nil
}

// Close stops the stream and detaches it. What Advance returned is not to be
// touched any more.
func (s *Stream) Close() error {
	l, at := s.card.lib, []uintptr{uintptr(s.card.fd), uintptr(s.number)}
	_, stop := l.call(l.stop, at...)
	if stop != nil {
		stop = s.card.fault(s.number, "stopping", stop)
	}
	_, detach := l.call(l.detach, at...)
	if detach != nil {
		detach = s.card.fault(s.number, "detaching", detach)
	}
	return errors.Join(stop, detach)
}
