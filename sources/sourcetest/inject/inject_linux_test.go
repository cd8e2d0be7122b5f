package inject

import (
	"encoding/binary"
	"testing"
	"time"

	"netramet/sources/live"
	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// TestSend: what Send says it has sent comes to a reader of the interface, in both
// directions of as many flows as was said.
func TestSend(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	const flows = 16
	i, err := Open("a0", flows)
	if err != nil {
		t.Skipf("this kernel gives no packets to an interface by itself: %v", err)
	}
	defer i.Close()
	s, err := live.Open(live.Options{Interfaces: []string{"a0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var sent uint64
	for _, rate := range []int{10_000, 100_000} {
		n, err := i.Send(10*time.Millisecond, rate)
		if err != nil {
			t.Skipf("this kernel gives no packets to an interface by itself: %v", err)
		}
		if n == 0 {
			t.Errorf("nothing is sent at %d packets a second", rate)
		}
		sent += n
	}
	ends := map[uint64]bool{}
	var b wire.Batch
	defer b.Release()
	read := uint64(0)
	for end := time.Now().Add(30 * time.Second); read < sent && time.Now().Before(end); {
		if err := s.Read(&b); err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Frames {
			if len(f.Data) != Octets {
				t.Fatalf("a packet of %d octets", len(f.Data))
			}
			ends[binary.BigEndian.Uint64(f.Data[SourceAt:])] = true
		}
		read += uint64(len(b.Frames))
	}
	if read != sent || len(ends) == 0 || len(ends) > 2*flows {
		t.Errorf("%d packets sent, %d read, between %d pairs of addresses", sent, read, len(ends))
	}
}

// TestFlows: numbers of flows that cannot be.
func TestFlows(t *testing.T) {
	for _, flows := range []int{-1, 0, 3, 2 * MaxFlows} {
		if i, err := Open("lo", flows); err == nil {
			i.Close()
			t.Errorf("%d flows are taken", flows)
		}
	}
}
