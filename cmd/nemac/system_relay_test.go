package main

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
)

// relay passes datagrams between readers and a meter. What passes can be
// counted, and a hook can cut in at any datagram.
type relay struct {
	port  string
	front *net.UDPConn // readers'
	meter *net.UDPAddr
	wg    sync.WaitGroup

	mu       sync.Mutex
	backs    map[netip.AddrPort]*net.UDPConn // to the meter, one for each reader
	largest  int                             // octets of the largest datagram, either way
	asked    int                             // datagrams to the meter
	answered int
	// hook is called with the number of each datagram to the meter, from 1,
	// before it goes there; false drops it. The reader waits meanwhile.
	hook func(n int) bool
	// bears, if not 0, is the size of the largest datagram that passes, either way.
	bears int
	// noise, if not nil, makes a datagram that comes to the reader from the
	// meter's address before the meter's own answer n. Under mu.
	noise func(n int, answer []byte) []byte
}

// startRelay starts a relay to the meter on a port.
func startRelay(t testing.TB, port string, hook func(n int) bool) *relay {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp4", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{front: front, meter: to, backs: map[netip.AddrPort]*net.UDPConn{}, hook: hook}
	_, r.port, _ = net.SplitHostPort(front.LocalAddr().String())
	r.wg.Go(func() { r.toMeter(t) })
	t.Cleanup(func() {
		front.Close()
		r.mu.Lock()
		for _, b := range r.backs {
			b.Close()
		}
		r.mu.Unlock()
		r.wg.Wait()
	})
	return r
}

func (r *relay) toMeter(t testing.TB) {
	b := make([]byte, 1<<16)
	for {
		n, from, err := r.front.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.largest = max(r.largest, n)
		r.asked++
		count := r.asked
		back := r.backs[from]
		if back == nil {
			if back, err = net.DialUDP("udp4", nil, r.meter); err != nil {
				t.Error(err)
				r.mu.Unlock()
				return
			}
			r.backs[from] = back
			r.wg.Go(func() { r.toReader(back, from) })
		}
		passes := r.bears == 0 || n <= r.bears
		r.mu.Unlock()
		if passes && (r.hook == nil || r.hook(count)) {
			_, _ = back.Write(b[:n]) // a meter that has gone is none of ours
		}
	}
}

func (r *relay) toReader(back *net.UDPConn, to netip.AddrPort) {
	b := make([]byte, 1<<16)
	for {
		n, err := back.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // nobody listens there any more
		}
		r.mu.Lock()
		r.largest = max(r.largest, n)
		r.answered++
		count, noise, passes := r.answered, r.noise, r.bears == 0 || n <= r.bears
		r.mu.Unlock()
		if !passes {
			continue
		}
		if noise != nil {
			_, _ = r.front.WriteToUDPAddrPort(noise(count, slices.Clone(b[:n])), to)
		}
		_, _ = r.front.WriteToUDPAddrPort(b[:n], to) // a reader that has gone neither
	}
}

// narrow drops datagrams of more octets from now on.
func (r *relay) narrow(octets int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bears = octets
}

// counts returns the datagrams to the meter and from it.
func (r *relay) counts() (asked, answered int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked, r.answered
}
