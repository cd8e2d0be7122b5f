package agent

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"netramet/mib/ber"
)

// serveWorld serves w on a free UDP port of the given host until the test
// ends, and checks that Serve ends then. It returns the address.
func serveWorld(t testing.TB, w *world, host string) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Skipf("cannot listen on %s: %v", host, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

func roundTrip(t *testing.T, to netip.AddrPort, msg []byte) *request {
	t.Helper()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(msg); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 70000)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return decodeCommunity(t, buf[:n])
}

func TestServe(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			w := newWorld(t)
			w.big.n = 1 << 20
			at := serveWorld(t, w, host)
			got := roundTrip(t, at, datagram(V2c, "reader", request{tag: ber.GetRequest, binds: binds("~.1.1.1")}))
			if got.String() != "~.1.1.1 = 11" {
				t.Errorf("got %v", got)
			}
			got = roundTrip(t, at, datagram(V2c, "reader", request{tag: ber.GetBulkRequest, b: 1 << 30, binds: binds("~.4.1")}))
			if len(got.binds) < 3000 {
				t.Errorf("a full datagram holds %d bindings", len(got.binds))
			}
			// A large request, too.
			big := request{tag: ber.SetRequest, binds: []Bind{bind("1.3.6.1.2.1.1.5.0", strings.Repeat("x", 65000))}}
			if got = roundTrip(t, at, datagram(V2c, "writer", big)); Status(got.a) != WrongLength || got.b != 1 {
				t.Errorf("65,000 octets: %v %d", Status(got.a), got.b)
			}
		})
	}
}

// TestServeWildcard: an answer comes from the address that was asked, as a socket
// that is connected to it demands.
func TestServeWildcard(t *testing.T) {
	for _, tt := range []struct{ network, host, asked string }{
		{"udp4", "0.0.0.0", "127.0.0.1"}, {"udp4", "0.0.0.0", "127.0.0.2"}, {"udp6", "::", "::1"},
	} {
		t.Run(tt.asked, func(t *testing.T) {
			c, err := net.ListenPacket(tt.network, net.JoinHostPort(tt.host, "0"))
			if err != nil {
				t.Skip(err)
			}
			defer c.Close()
			if _, err := newWildcard(c.(*net.UDPConn)); err != nil {
				t.Skip(err)
			}
			w := newWorld(t)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- w.Serve(ctx, c) }()
			asked := netip.AddrPortFrom(netip.MustParseAddr(tt.asked), c.LocalAddr().(*net.UDPAddr).AddrPort().Port())
			got := roundTrip(t, asked, datagram(V2c, "reader", request{tag: ber.GetRequest, binds: binds("~.1.1.1")}))
			if got.String() != "~.1.1.1 = 11" {
				t.Errorf("got %v", got)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// patient is a table whose search goes on until somebody has read its variable.
type patient struct{ released atomic.Bool }

func (p *patient) Get(_ *Request, _ []uint32, v *Value) Status {
	p.released.Store(true)
	v.Int(1)
	return OK
}

func (p *patient) Next(q *Request, after []uint32, next *Name, v *Value) Status {
	at := uint32(0)
	if len(after) > 0 {
		at = after[0]
	}
	next.Set(at + 1)
	if !p.released.Load() {
		q.Spend(q.Budget())
		return More
	}
	v.Int(2)
	return OK
}

// TestServeAtOnce: a request that takes long keeps nobody waiting who asks at
// the same socket.
func TestServeAtOnce(t *testing.T) {
	a, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Register(oid("~.77"), new(patient), nil); err != nil {
		t.Fatal(err)
	}
	if err := a.SetAccess(&Access{communities: testAccess().communities}); err != nil {
		t.Fatal(err)
	}
	at := serveWorld(t, &world{Agent: a}, "127.0.0.1")
	done := make(chan string)
	for range maxAtOnce - 1 {
		go func() {
			got := "nothing"
			defer func() { done <- got }()
			msg := datagram(V2c, "reader", request{tag: ber.GetNextRequest, binds: binds("~.77")})
			got = roundTrip(t, at, msg).binds[0].Value.Tag.String()
		}()
	}
	if got := roundTrip(t, at, datagram(V2c, "reader", request{tag: ber.GetRequest, binds: binds("~.77.1")})); got.String() != "~.77.1 = 1" {
		t.Errorf("got %v", got)
	}
	for range maxAtOnce - 1 {
		if got := <-done; got != ber.Integer.String() {
			t.Errorf("a long search ends with %s", got)
		}
	}
}

// pipe is a PacketConn that is no UDP socket.
type pipe struct {
	net.PacketConn // nil: what is not overridden must not be called
	in, out        chan []byte
	closed         chan struct{}
	fail           chan error
}

func newPipe() *pipe {
	return &pipe{in: make(chan []byte), out: make(chan []byte, 1), closed: make(chan struct{}), fail: make(chan error)}
}

func (p *pipe) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case m := <-p.in:
		return copy(b, m), &net.UDPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 9}, nil
	case err := <-p.fail:
		return 0, nil, err
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

func (p *pipe) WriteTo(b []byte, to net.Addr) (int, error) {
	p.out <- append([]byte(to.String()+" "), b...)
	return len(b), nil
}

func (p *pipe) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipe) LocalAddr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestServeAnyConn(t *testing.T) {
	w := newWorld(t)
	p, other := newPipe(), newPipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Serve(ctx, p, other) }()
	p.in <- datagram(V1, "remote", request{tag: ber.GetRequest, binds: binds("~.1.1.1")})
	addr, msg, _ := strings.Cut(string(<-p.out), " ")
	if got := decodeCommunity(t, []byte(msg)); addr != "10.0.0.1:9" || got.String() != "~.1.1.1 = 11" {
		t.Errorf("to %s: %v", addr, got)
	}
	// Errors of single reads are borne.
	for range 3 {
		p.fail <- errors.New("connection refused")
	}
	p.in <- datagram(V1, "remote", request{tag: ber.GetRequest, binds: binds("~.1.1.1")})
	<-p.out
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	<-p.closed
	<-other.closed
}

// A dead socket ends Serve, and the others with it.
func TestServeDeadSocket(t *testing.T) {
	w := newWorld(t)
	p, other := newPipe(), newPipe()
	p.Close()
	if err := w.Serve(t.Context(), p, other); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
	<-other.closed

	p = newPipe()
	go func() {
		for range maxReadFaults + 1 {
			p.fail <- errors.New("broken")
		}
	}()
	if err := w.Serve(t.Context(), p); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("Serve: %v", err)
	}
}
