package main

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"

	"netramet/meter"
)

// TestLinkWithoutAgent: a live meter that nobody can ask any more ends, with the error.
func TestLinkWithoutAgent(t *testing.T) {
	o, err := parseOptions([]string{"-C", "netflow://127.0.0.1:0", "-m0"})
	if err != nil {
		t.Fatal(err)
	}
	acc, err := o.managed.access()
	if err != nil {
		t.Fatal(err)
	}
	src, err := o.openTrace(t.Context(), strings.NewReader(""), func(string) {})
	if err != nil {
		t.Skipf("no socket: %v", err)
	}
	defer src.Close()
	d := &daemon{o: o, log: slog.New(slog.DiscardHandler), src: src, changed: make(chan struct{}, 1)}
	d.link, _ = src.(link)
	if err := d.build(acc, meter.Config{Live: true}); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.addrs = append(d.addrs, boundTo(conn))
	conn.Close()
	if err := d.run(t.Context(), []net.PacketConn{conn}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v", err)
	}
}
