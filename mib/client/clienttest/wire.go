package clienttest

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"
)

// Faults says what a Link does to messages: each number is a chance from 0 to
// 1, for each message in either direction.
type Faults struct {
	Drop, Duplicate, Reorder, Delay float64
}

// Link is a connection in memory to a meter: each Write is a message that its
// agent handles, each Read gives an answer. It knows no waiting: a Read with
// nothing to give is a timeout at once, and the link's own time steps on.
type Link struct {
	Faults Faults
	// Cut, if set, is asked before each message; true loses it.
	Cut func(toMeter bool, b []byte) bool
	// Max is the largest message that gets through, 0 is any.
	Max int
	// Meter, if set, answers in place of the meter: nil is no answer. If it does
	// not take the message, the meter gets it.
	Meter func(question []byte) (answer []byte, taken bool)

	Near     bool // the meter is on this host, so that a client begins boldly
	m        *Meter
	rand     *rand.Rand
	now      time.Time
	requests [][]byte // delayed
	answers  [][]byte
	late     [][]byte // delayed answers
	Sent     int
	Dropped  int
	Largest  int // octets of the largest message in either direction
	Silent   int // Reads that ended without an answer
	closed   bool
}

// NewLink returns a link to m whose faults come from seed.
func (m *Meter) NewLink(seed uint64, f Faults) *Link {
	return &Link{m: m, Faults: f, rand: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

var linkAddr = netip.MustParseAddrPort("127.0.0.1:40000")

func (l *Link) lost(toMeter bool, b []byte) bool {
	l.Sent++
	l.Largest = max(l.Largest, len(b))
	gone := l.Max > 0 && len(b) > l.Max || l.Cut != nil && l.Cut(toMeter, b) || l.rand.Float64() < l.Faults.Drop
	if gone {
		l.Dropped++
	}
	return gone
}

func (l *Link) chance(p float64) bool { return l.rand.Float64() < p }

// Write sends a message to the meter.
func (l *Link) Write(b []byte) (int, error) {
	if l.closed {
		return 0, net.ErrClosed
	}
	l.now = l.now.Add(time.Millisecond)
	msg := slices.Clone(b)
	if l.lost(true, b) {
		return len(b), nil
	}
	if l.chance(l.Faults.Delay) {
		l.requests = append(l.requests, msg)
		return len(b), nil
	}
	l.handle(msg)
	if l.chance(l.Faults.Duplicate) {
		l.handle(msg)
	}
	if l.chance(l.Faults.Delay) {
		l.flush()
	}
	return len(b), nil
}

// flush delivers what was delayed.
func (l *Link) flush() {
	for _, r := range l.requests {
		l.handle(r)
	}
	l.requests = nil
	l.answers = append(l.answers, l.late...)
	l.late = nil
}

func (l *Link) handle(msg []byte) {
	var answer []byte
	taken := false
	if l.Meter != nil {
		answer, taken = l.Meter(msg)
	}
	if !taken {
		answer = l.m.Agent.Handle(nil, msg, linkAddr, l.now)
	}
	if answer == nil || l.lost(false, answer) {
		return
	}
	a := slices.Clone(answer)
	switch {
	case l.chance(l.Faults.Delay):
		l.late = append(l.late, a)
	case l.chance(l.Faults.Reorder):
		l.answers = append([][]byte{a}, l.answers...)
	default:
		l.answers = append(l.answers, a)
	}
	if l.chance(l.Faults.Duplicate) {
		l.answers = append(l.answers, a)
	}
}

// Read gives an answer, or a timeout.
func (l *Link) Read(b []byte) (int, error) {
	if l.closed {
		return 0, net.ErrClosed
	}
	if len(l.answers) == 0 {
		l.now = l.now.Add(100 * time.Millisecond)
		l.Silent++
		if len(l.late) > 0 || len(l.requests) > 0 {
			l.flush()
		}
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(b, l.answers[0])
	l.answers = l.answers[1:]
	return n, nil
}

// Close ends the link.
func (l *Link) Close() error { l.closed = true; return nil }

// LocalAddr and RemoteAddr are not loopback, so that a client begins carefully, unless
// the link is Near.
func (l *Link) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 40000} }
func (l *Link) RemoteAddr() net.Addr {
	if l.Near {
		return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 161}
	}
	return &net.UDPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 161}
}

// Now is the link's own time, and RemoteAddrPort who asks, as the meter sees it.
func (l *Link) Now() time.Time                 { return l.now }
func (l *Link) RemoteAddrPort() netip.AddrPort { return linkAddr }

// SetDeadline and its kin do nothing: there is no waiting.
func (l *Link) SetDeadline(time.Time) error      { return nil }
func (l *Link) SetReadDeadline(time.Time) error  { return nil }
func (l *Link) SetWriteDeadline(time.Time) error { return nil }
