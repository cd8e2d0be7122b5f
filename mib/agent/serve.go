package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxReadFaults is how many reads in a row may fail before a socket is given
// up.
const maxReadFaults = 16

// Serve answers on all of the sockets until ctx is done, and then returns
// nil; or until one of them fails for good, and then returns why. It owns the
// sockets and has closed them, and ended everything it started, when it
// returns. Each socket has one loop, which answers in the order of arrival; on
// a *net.UDPConn a request that is being worked on at the end is answered.
//
// On a *net.UDPConn nothing is allocated per message; any other PacketConn
// works too. An answer leaves by the socket its request came in; where a host
// has several addresses, listening on each of them keeps the answers' source
// right.
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
			errs[i] = a.serve(ctx, c)
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
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
}

// serve is the loop of one socket.
func (a *Agent) serve(ctx context.Context, c net.PacketConn) error {
	var d datagrams = &plainConn{PacketConn: c}
	if u, ok := c.(*net.UDPConn); ok {
		d = u
	}
	in := make([]byte, MaxMessage+1)
	out := make([]byte, BufferSize)
	faults := 0
	for {
		n, from, err := d.ReadFromUDPAddrPort(in)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && (faults == maxReadFaults || errors.Is(err, net.ErrClosed)):
			return fmt.Errorf("agent: reading from %v: %w", c.LocalAddr(), err)
		case err != nil:
			faults++ // such as an ICMP error that some systems hand to the reader
			pause(ctx, time.Duration(faults)*time.Millisecond)
			continue
		}
		faults = 0
		// A datagram of more than MaxMessage octets was cut off; Handle then
		// finds and counts a malformed message.
		if answer := a.Handle(out, in[:n], from, time.Now()); answer != nil {
			// A lost answer is the manager's to repeat.
			_, _ = d.WriteToUDPAddrPort(answer, from)
		}
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

// plainConn lets any PacketConn serve. Addresses that are not IP are one
// unnamed source for access and logs; answers go to the address itself.
type plainConn struct {
	net.PacketConn
	last net.Addr // of the newest datagram, which is answered before the next
}

func (p *plainConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, addr, err := p.ReadFrom(b)
	p.last = addr
	if err != nil || addr == nil {
		return n, netip.AddrPort{}, err
	}
	if u, ok := addr.(*net.UDPAddr); ok {
		return n, u.AddrPort(), nil
	}
	ap, _ := netip.ParseAddrPort(addr.String())
	return n, ap, nil
}

func (p *plainConn) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) {
	return p.WriteTo(b, p.last)
}
