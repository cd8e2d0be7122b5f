package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// maxReadFaults is how many reads in a row may fail before a socket is given
// up.
const maxReadFaults = 16

// maxAtOnce is how many requests of one socket are worked on at once. Each of
// them takes its turn, so it must be more than the readers that ask for much at
// the same time, or others would wait for the end of that.
const maxAtOnce = 32

// Serve answers on all of the sockets until ctx is done, and then returns
// nil; or until one of them fails for good, and then returns why. It owns the
// sockets and has closed them, and ended everything it started, when it
// returns. A request that takes long does not keep others waiting, so answers
// need not leave in the order in which requests came; on a *net.UDPConn what is
// being worked on at the end is answered.
//
// On a *net.UDPConn that is bound to an address nothing is allocated per message;
// any other PacketConn works too. An answer leaves by the socket its request came
// in. On a *net.UDPConn that is bound to no address it leaves from the address
// that was asked, where the system can do that, and elsewhere a warning is logged.
func (a *Agent) Serve(ctx context.Context, conns ...net.PacketConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		<-ctx.Done()
		for _, c := range conns {
			endReads(c)
		}
	})
	errs := make([]error, len(conns))
	for i, c := range conns {
		wg.Go(func() {
			errs[i] = a.serve(ctx, cancel, c)
			cancel() // one dead socket ends the agent, loudly
		})
	}
	wg.Wait()
	for _, c := range conns {
		c.Close()
	}
	return errors.Join(errs...)
}

// endReads makes a read return. Only what does not know deadlines is closed
// for it: that would take the last answer along, for which a manager that ends
// the meter may wait.
func endReads(c net.PacketConn) {
	if u, ok := c.(*net.UDPConn); ok && u.SetReadDeadline(time.Unix(1, 0)) == nil {
		return
	}
	c.Close()
}

// datagrams is what the loop needs of a socket.
type datagrams interface {
	read(b []byte, p *sender) (int, error)
	write(b []byte, p *sender) error
}

// sender is where a datagram came from, and an answer to it goes.
type sender struct {
	from netip.AddrPort
	addr net.Addr // of sockets that are not UDP
	oob  []byte   // of wildcardConn: the address that was asked, for the system
}

// serve answers on one socket, and calls cancel, which ends ctx and reads, when
// that fails for good. There is always one goroutine more than messages
// are worked on, up to maxAtOnce.
func (a *Agent) serve(ctx context.Context, cancel func(), c net.PacketConn) error {
	s := service{agent: a, name: c.LocalAddr(), socket: a.socketOf(c), cancel: cancel, failed: make(chan error, maxAtOnce)}
	s.add(ctx)
	s.wg.Wait()
	select {
	case err := <-s.failed:
		return err
	default:
		return nil
	}
}

// service is one socket that is served.
type service struct {
	agent   *Agent
	name    net.Addr
	socket  datagrams
	cancel  func()
	failed  chan error
	wg      sync.WaitGroup
	started atomic.Int32
	reading atomic.Int32 // goroutines that wait for a message, or will soon
}

// add starts another goroutine, unless there are enough.
func (s *service) add(ctx context.Context) {
	if s.started.Add(1) > maxAtOnce {
		s.started.Add(-1)
		return
	}
	s.reading.Add(1)
	s.wg.Go(func() {
		if err := s.loop(ctx); err != nil {
			s.failed <- err
			s.cancel()
		}
	})
}

// loop is a goroutine's: read, work, answer.
func (s *service) loop(ctx context.Context) error {
	in := make([]byte, MaxMessage+1)
	out := make([]byte, BufferSize)
	var from sender
	faults := 0
	for {
		n, err := s.socket.read(in, &from)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (faults == maxReadFaults || errors.Is(err, net.ErrClosed)):
			return fmt.Errorf("agent: reading from %v: %w", s.name, err)
		case err != nil:
			faults++ // such as an ICMP error that some systems hand to the reader
			pause(ctx, time.Duration(faults)*time.Millisecond)
			continue
		}
		faults = 0
		if s.reading.Add(-1) == 0 {
			s.add(ctx)
		}
		// A datagram of more than MaxMessage octets was cut off; Handle then
		// finds and counts a malformed message.
		if answer := s.agent.Handle(out, in[:n], from.from, time.Now()); answer != nil {
			// A lost answer is the manager's to repeat.
			_ = s.socket.write(answer, &from)
		}
		s.reading.Add(1)
	}
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

// socketOf makes datagrams of a socket.
func (a *Agent) socketOf(c net.PacketConn) datagrams {
	u, ok := c.(*net.UDPConn)
	if !ok {
		return plainConn{c}
	}
	if isWildcard(u) {
		w, err := newWildcard(u)
		if err == nil {
			return w
		}
		if log := a.log.log; log != nil {
			log.Warn("snmp: answers may leave from another address than was asked, and managers ignore them then; "+
				"listen on each address instead", slog.String("addr", c.LocalAddr().String()), slog.Any("error", err))
		}
	}
	return udpConn{u}
}

type udpConn struct{ *net.UDPConn }

func (c udpConn) read(b []byte, p *sender) (n int, err error) {
	n, p.from, err = c.ReadFromUDPAddrPort(b)
	return n, err
}

func (c udpConn) write(b []byte, p *sender) error {
	_, err := c.WriteToUDPAddrPort(b, p.from)
	return err
}

// plainConn lets any PacketConn serve. Addresses that are not IP are one
// unnamed source for access and logs; answers go to the address itself.
type plainConn struct{ net.PacketConn }

func (c plainConn) read(b []byte, p *sender) (n int, err error) {
	n, p.addr, err = c.ReadFrom(b)
	p.from = netip.AddrPort{}
	switch addr := p.addr.(type) {
	case nil:
	case *net.UDPAddr:
		p.from = addr.AddrPort()
	default:
		p.from, _ = netip.ParseAddrPort(addr.String())
	}
	return n, err
}

func (c plainConn) write(b []byte, p *sender) error {
	_, err := c.WriteTo(b, p.addr)
	return err
}
