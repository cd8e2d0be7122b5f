package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"netramet/mib"
)

var ctx = context.Background()

func TestNotConnected(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		waits bool
	}{
		{"no route", &net.OpError{Op: "dial", Net: "udp", Err: syscall.ENETUNREACH}, true},
		{"no name server", &net.OpError{Op: "dial", Net: "udp", Err: &net.DNSError{Err: "server misbehaving", Name: "m", IsTemporary: true}}, true},
		{"no such name", &net.OpError{Op: "dial", Net: "udp", Err: &net.DNSError{Err: "no such host", Name: "m", IsNotFound: true}}, false},
		{"no socket", &net.OpError{Op: "dial", Net: "udp", Err: os.NewSyscallError("socket", syscall.EMFILE)}, false},
		{"something else", errors.New("no"), false},
	} {
		if err := notConnected("m:161", fmt.Errorf("connecting: %w", tt.err)); IsNoAnswer(err) != tt.waits || !strings.Contains(err.Error(), "m:161") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestResolve follows a name to another address.
func TestResolve(t *testing.T) {
	p, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	port := p.LocalAddr().(*net.UDPAddr).Port
	second, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.2:%d", port))
	if err != nil {
		t.Skip("there is but one address of loopback:", err)
	}
	defer second.Close()
	means := addrs("127.0.0.1")
	c, err := Dial(ctx, Options{Host: "m", Port: uint16(port), Security: Security{Community: "private"},
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return means, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if moved, err := c.Resolve(ctx); moved || err != nil {
		t.Errorf("it moved: %v, %v", moved, err)
	}
	for _, tt := range []struct {
		means []netip.Addr
		to    net.PacketConn
	}{
		{addrs("127.0.0.2"), second},              // it has moved
		{addrs("127.0.0.1", "127.0.0.2"), p},      // the next one, around
		{addrs("127.0.0.1", "127.0.0.2"), second}, // and the next
	} {
		means = tt.means
		if moved, err := c.Resolve(ctx); !moved || err != nil {
			t.Fatalf("%v: it did not move: %v", tt.means, err)
		}
		if _, err := c.link.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		if err := tt.to.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if n, _, err := tt.to.ReadFrom(buf); err != nil || string(buf[:n]) != "hello" {
			t.Errorf("%v: %s gets %q, %v", tt.means, tt.to.LocalAddr(), buf[:n], err)
		}
	}
}

func addrs(all ...string) (list []netip.Addr) {
	for _, a := range all {
		list = append(list, netip.MustParseAddr(a))
	}
	return list
}

// TestWrongZone: an interface that is not there does not come by waiting.
func TestWrongZone(t *testing.T) {
	_, err := Dial(ctx, Options{Host: "fe80::1%nosuch0", Security: Security{Community: "private"}})
	if err == nil || IsNoAnswer(err) || !strings.Contains(err.Error(), `no network interface "nosuch0"`) {
		t.Errorf("error %v", err)
	}
}

// TestCancel ends a Read that waits on a real socket.
func TestCancel(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	done, cancel := context.WithCancel(ctx)
	go func() {
		_, _, _ = conn.ReadFrom(make([]byte, 2000)) // the request is out
		cancel()
	}()
	a := conn.LocalAddr().(*net.UDPAddr)
	c, err := Dial(ctx, Options{Host: "127.0.0.1", Port: uint16(a.Port), Security: Security{Community: "private"}, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Get(done, Inst(mib.ObjSysUpTime)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
