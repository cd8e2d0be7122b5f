package live

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"netramet/sources/filter"
	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// TestReadOfSilence: a Read of a silent link gives nothing, and Close ends one that
// waits.
func TestReadOfSilence(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	s := open(t, Options{Interfaces: []string{"a0", "lo"}})
	var b wire.Batch
	if err := s.Read(&b); err != nil || len(b.Frames) != 0 {
		t.Fatalf("%d frames, %v", len(b.Frames), err)
	}
	ended := make(chan error)
	reads := make(chan bool)
	go func() {
		for range 2 {
			s.Read(&b)
		}
		close(reads)
		for {
			if err := s.Read(&b); err != nil {
				ended <- err
				return
			}
		}
	}()
	<-reads
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read: %v", err)
	}
}

// held are the sockets that this process has open and has mapped.
func held(t *testing.T) (open, mapped int) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	return len(list), bytes.Count(maps, []byte("socket:["))
}

// TestNothingLeaks: sockets and memory go with the source, and with the last batch
// that lies in it, also where interfaces have come and gone.
func TestNothingLeaks(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	files, maps := held(t)
	var batches []*wire.Batch
	for range 20 {
		s := open(t, Options{Interfaces: []string{"a0"}, Rings: 2, RingOctets: 2 << 20, Promiscuous: true})
		send(t, netns.NewSender(t, "b0"), frames(t, 10))
		files++ // the sender's
		b := new(wire.Batch)
		for end := time.Now().Add(patience); len(b.Frames) == 0; {
			if err := s.Read(b); err != nil || time.Now().After(end) {
				t.Fatalf("no frame: %v", err)
			}
		}
		netns.IP(t, "link del a0")
		netns.Pair(t, "a0", "b0")
		for end := time.Now().Add(patience); len(s.rings) != 2 || !s.rings[0].retired.IsZero(); {
			if err := s.Read(new(wire.Batch)); err != nil || time.Now().After(end) {
				t.Fatalf("%d rings, %v", len(s.rings), err)
			}
		}
		s.Close()
		batches = append(batches, b)
	}
	if _, m := held(t); m != maps+len(batches) {
		t.Errorf("%d rings are mapped with %d batches in flight", m-maps, len(batches))
	}
	for _, b := range batches {
		if b.Frames[0].Data[12] != 8 {
			t.Error("a batch in flight has changed")
		}
		b.Release()
	}
	if f, m := held(t); f != files || m != maps {
		t.Errorf("%d files and %d rings more than before", f-files, m-maps)
	}
}

// keepOnly takes all capabilities but one from this thread, or that one too.
func keepOnly(t *testing.T, capability uint, keep bool) {
	t.Helper()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if keep {
		data[0].Effective = 1 << capability
		data[0].Permitted = 1 << capability
	}
	if err := unix.Capset(&header, &data[0]); err != nil {
		t.Skipf("capabilities cannot be given up: %v", err)
	}
}

// TestCapabilities: CAP_NET_RAW is enough, and its lack is explained.
func TestCapabilities(t *testing.T) {
	e, err := filter.Parse("ip")
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{Interfaces: []string{"a0"}, Rings: 2, Promiscuous: true, Filter: e}
	netnsTest(t, "alone", func(t *testing.T) {
		netns.Pair(t, "a0", "b0")
		sender := netns.NewSender(t, "b0")
		keepOnly(t, unix.CAP_NET_RAW, true)
		s := open(t, opt)
		send(t, sender, frames(t, 3))
		readAll(t, s, 3)
	})
	netnsTest(t, "none", func(t *testing.T) {
		netns.Pair(t, "a0", "b0")
		netns.IP(t, "link set b0 down")
		keepOnly(t, unix.CAP_NET_RAW, false)
		for _, name := range []string{"a0", "b0", Any} { // one is down
			opt.Interfaces = []string{name}
			_, err := Open(opt)
			if !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "setcap cap_net_raw+ep ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
