//go:build linux

package main

import (
	"testing"
	"time"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/netns"
)

// TestRing: each packet of an interface is read, and counted in a flow of both directions.
func TestRing(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	r, err := openRing("a0")
	if err != nil {
		t.Fatal(err)
	}
	r.flows = newTable(100)
	to := netns.NewSender(t, "b0")
	const sent = 1000
	for i := range sent {
		a := sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}
		ports := sourcetest.UDP{Src: uint16(i % 10), Dst: 53}
		if i/10%2 == 1 {
			a.Src, a.Dst = a.Dst, a.Src
			ports.Src, ports.Dst = ports.Dst, ports.Src
		}
		f := sourcetest.Frame(t, sourcetest.Ether("02:00:00:00:00:01", "02:00:00:00:00:02"), a, ports, sourcetest.Payload(18))
		if err := to.Send(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(30 * time.Second); r.packets < sent && time.Now().Before(end); {
		r.read()
	}
	if r.packets != sent || r.octets != 60*sent || r.flows.n != 10 {
		t.Errorf("%d packets, %d octets, %d flows", r.packets, r.octets, r.flows.n)
	}
}
