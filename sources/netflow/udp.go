package netflow

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"netramet/sources/wire"
)

// Scheme is what the URI of a socket begins with.
const Scheme = "netflow://"

// IsAddress reports whether a URI names a socket that flow records come to.
func IsAddress(uri string) bool { return strings.HasPrefix(uri, Scheme) }

const (
	// receiveBuffer is what is asked of the system, which may give less.
	receiveBuffer = 8 << 20
	// waiting is how many datagrams wait here; the system keeps further ones.
	waiting = 64
	// patience is how long a Read waits for a datagram.
	patience = 8 * time.Millisecond
)

// Listen opens the socket of a URI, netflow://ADDRESS:PORT; without an ADDRESS it is
// heard on all. Exporters are hosts elsewhere, so there is no default.
func Listen(uri string, opt Options) (*Source, error) {
	if err := Check(uri); err != nil {
		return nil, err
	}
	host, port, _ := splitURI(uri)
	addr, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, plain(err))
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", uri, plain(err))
	}
	_ = conn.SetReadBuffer(receiveBuffer) // less room is no fault
	u := &udp{conn: conn, full: make(chan *packetBuffer, waiting), free: make(chan *packetBuffer, waiting),
		closing: make(chan struct{}), done: make(chan struct{})}
	u.timer = time.NewTimer(patience)
	for range waiting {
		u.free <- &packetBuffer{}
	}
	go u.run()
	return newSource(uri, u, opt), nil
}

// Check checks how a URI is written.
func Check(uri string) error {
	if _, port, err := splitURI(uri); err != nil || port == "" {
		return fmt.Errorf("%s: it is netflow://ADDRESS:PORT, as netflow://192.0.2.1:2055, or netflow://:2055 on all addresses", uri)
	}
	return nil
}

func splitURI(uri string) (host, port string, err error) {
	return net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(uri, Scheme), "/"))
}

// plain drops what the operator has just written, and says what to do.
func plain(err error) error {
	var call *os.SyscallError
	var op *net.OpError
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: name one of this machine's own, where exporters send to; netflow://:PORT is all of them", syscall.EADDRNOTAVAIL)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: another program listens there", syscall.EADDRINUSE)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w: ports below 1024 are for privileged users", syscall.EACCES)
	case errors.As(err, &call):
		return call.Err
	case errors.As(err, &op):
		return op.Err
	}
	return err
}

// packetBuffer is a datagram that was received.
type packetBuffer struct {
	octets [maxDatagram]byte
	n      int
	from   netip.AddrPort
	came   int64
}

// udp is a socket as datagrams. A goroutine receives them, and notes when.
type udp struct {
	conn  *net.UDPConn
	full  chan *packetBuffer
	free  chan *packetBuffer
	taken *packetBuffer // by the reader
	timer *time.Timer
	read  atomic.Int64

	once    sync.Once
	closing chan struct{}
	done    chan struct{} // closed when the goroutine has ended, and err is there
	err     error
}

func (u *udp) run() {
	defer close(u.done)
	for {
		var p *packetBuffer
		select {
		case p = <-u.free:
		case <-u.closing:
			u.err = os.ErrClosed
			return
		}
		n, from, err := u.conn.ReadFromUDPAddrPort(p.octets[:])
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				err = os.ErrClosed
			}
			u.err = err
			return
		}
		p.n, p.from, p.came = n, from, time.Now().UnixNano()
		u.read.Add(int64(n))
		u.full <- p
	}
}

func (u *udp) next(wait bool) (datagram, error) {
	if u.taken != nil {
		u.free <- u.taken
		u.taken = nil
	}
	select {
	case p := <-u.full:
		return u.take(p), nil
	default:
	}
	if !wait {
		return datagram{}, errNothing
	}
	u.timer.Reset(patience)
	select {
	case p := <-u.full:
		return u.take(p), nil
	case <-u.timer.C:
		return datagram{}, errNothing
	case <-u.done:
		select {
		case p := <-u.full:
			return u.take(p), nil
		default:
			return datagram{}, u.err
		}
	}
}

func (u *udp) take(p *packetBuffer) datagram {
	u.taken = p
	return datagram{p.from, p.came, p.octets[:p.n]}
}

func (u *udp) stats() wire.SourceStats { return wire.SourceStats{BytesRead: u.read.Load()} }

// Addr is where the socket is bound.
func (s *Source) Addr() netip.AddrPort {
	if u, ok := s.in.(*udp); ok {
		if a, ok := u.conn.LocalAddr().(*net.UDPAddr); ok {
			return a.AddrPort()
		}
	}
	return netip.AddrPort{}
}

// Close implements io.Closer.
func (u *udp) Close() error {
	err := error(nil)
	u.once.Do(func() {
		close(u.closing)
		err = u.conn.Close()
		<-u.done
	})
	return err
}
