package client

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// faultPause is the longest wait after the meter's host said that nobody
// listens on the port, or the system that there is no way to it; without it,
// all tries would be used up at once.
const faultPause = 100 * time.Millisecond

// maxOdds is how many datagrams that cannot be the answer are dropped before a
// request is given up.
const maxOdds = 1000

// link is the connection that gosnmp sees. It sends a message that is not
// answered in time again, the very same octets: a meter that did a Set and
// whose answer was lost can then recognise it, which it could not if the
// repeated message had a new request-id, as gosnmp's own retries have.
type link struct {
	conn    net.Conn
	timeout time.Duration // of one try
	tries   int
	change  func([]byte) []byte // of each message, before it is sent; nil is none

	ctx      context.Context // of the present request
	last     []byte          // message sent last
	left     int             // tries left for it
	deadline time.Time       // of the present try
	got      int             // size of the message received last
	resent   int             // messages sent again, ever
	unsent   error           // why the present try was not sent
	odd      string          // what was wrong with a datagram that came for it and was dropped
	odds     int             // how many were
	err      error           // why the present request failed
	reported Name            // the counter of usmStats in the last report; empty is none
}

// begin prepares for one request. The function returned ends it.
func (l *link) begin(ctx context.Context) (end func()) {
	l.ctx, l.err, l.odd, l.odds = ctx, nil, "", 0
	l.reported = ""
	stop := context.AfterFunc(ctx, func() {
		_ = l.conn.SetReadDeadline(time.Unix(1, 0)) // wakes a Read
	})
	return func() { stop() }
}

// Write sends a message for the first time.
func (l *link) Write(b []byte) (int, error) {
	out := b
	if l.change != nil {
		out = l.change(b)
	}
	l.post(out)
	return len(b), nil
}

// post sends a message for the first time, as it is.
func (l *link) post(b []byte) {
	l.last = append(l.last[:0], b...)
	l.left = l.tries
	l.send()
}

// await gives the answer to a message that was sent some time ago as long as if it
// were sent now: it may be there already.
func (l *link) await() { l.deadline = time.Now().Add(l.timeout) }

// next is Read into b.
func (l *link) next(b []byte) ([]byte, error) {
	n, err := l.Read(b)
	return b[:n], err
}

// send sends the message once more. What is wrong shows at the next Read, for
// the system tells either call.
func (l *link) send() {
	l.left--
	l.deadline = time.Now().Add(l.timeout)
	_, l.unsent = l.conn.Write(l.last)
	if errors.Is(l.unsent, syscall.ECONNREFUSED) {
		_, l.unsent = l.conn.Write(l.last) // that was about an earlier message
	}
	if errors.Is(l.unsent, syscall.ECONNREFUSED) {
		l.unsent = nil
	}
}

// Read receives a message that can be the answer to the last one, which it
// sends again as long as none comes and tries are left.
func (l *link) Read(b []byte) (int, error) {
	for {
		n, err := l.receive(b)
		if err == nil {
			ok, why := fits(b[:n], l.last)
			if ok {
				l.reported = reportOf(b[:n])
				l.got = n
				return n, nil
			}
			if why != late {
				l.odd = why
			}
			if l.odds++; l.odds < maxOdds {
				continue // the answer may come yet
			}
			l.err = nonsense("%s", why)
			return 0, l.err
		}
		if l.ctx.Err() != nil {
			l.err = l.ctx.Err()
			return 0, l.err
		}
		if errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EMSGSIZE) { // no other try would mend it
			l.err = err
			return 0, err
		}
		// A route that is missing now may come back, as a meter may.
		fault := err
		if errors.Is(err, os.ErrDeadlineExceeded) {
			fault = nil
		}
		if l.left <= 0 {
			l.err = &NoAnswerError{Tries: l.tries, Timeout: l.timeout, Cause: fault, Odd: l.odd}
			return 0, l.err
		}
		if fault != nil {
			pause(l.ctx, min(faultPause, l.timeout))
		}
		l.resent++
		l.send()
	}
}

func (l *link) receive(b []byte) (int, error) {
	if l.unsent != nil {
		return 0, l.unsent
	}
	if err := l.conn.SetReadDeadline(l.deadline); err != nil {
		return 0, err
	}
	if err := l.ctx.Err(); err != nil { // after the deadline, which this may have overwritten
		return 0, err
	}
	return l.conn.Read(b)
}

// pause waits for d or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// The rest makes link a net.Conn; deadlines are its own affair.

func (l *link) Close() error                     { return l.conn.Close() }
func (l *link) LocalAddr() net.Addr              { return l.conn.LocalAddr() }
func (l *link) RemoteAddr() net.Addr             { return l.conn.RemoteAddr() }
func (l *link) SetDeadline(time.Time) error      { return nil }
func (l *link) SetReadDeadline(time.Time) error  { return nil }
func (l *link) SetWriteDeadline(time.Time) error { return nil }
