package live

import (
	"fmt"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"netramet/sources/sourcetest/netns"
)

// burst is how many packets one call of sendmmsg sends.
const burst = 64

// blaster sends smallest packets as fast as one processor can, or at a rate.
type blaster struct {
	fd       int
	messages [burst]struct {
		header unix.Msghdr
		octets uint32
	}
	vectors [burst]unix.Iovec
	data    [burst][60]byte
}

func newBlaster(t testing.TB, name string) *blaster {
	t.Helper()
	s := &blaster{fd: netns.NewSender(t, name).FD()}
	all := frames(t, burst)
	for i := range s.messages {
		copy(s.data[i][:], all[i].Data)
		s.vectors[i] = unix.Iovec{Base: &s.data[i][0]}
		s.vectors[i].SetLen(len(s.data[i]))
		s.messages[i].header.Iov = &s.vectors[i]
		s.messages[i].header.SetIovlen(1)
	}
	return s
}

// send sends n packets, so many a second, or as fast as it can for 0.
func (s *blaster) send(n, rate int) (sent int, err error) {
	begun := time.Now()
	for sent < n {
		if rate > 0 && time.Duration(sent)*time.Second/time.Duration(rate) > time.Since(begun) {
			continue // a sleep would be too long
		}
		now := min(burst, n-sent)
		done, _, e := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.messages)), uintptr(now), 0, 0, 0)
		if e != 0 && e != unix.EINTR {
			return sent, e
		}
		if e == 0 {
			sent += int(done)
		}
	}
	return sent, nil
}

// TestRates: at known rates, each packet that is sent is read or counted as lost.
func TestRates(t *testing.T) {
	for _, rate := range []int{1000, 50_000, 0} {
		netnsTest(t, fmt.Sprint(rate), func(t *testing.T) {
			netns.Pair(t, "a0", "b0")
			s := open(t, Options{Interfaces: []string{"a0"}})
			b := newBlaster(t, "b0")
			n := min(max(rate/5, 200), 10_000)
			if rate == 0 {
				n = 50_000
			}
			ended := make(chan error)
			go func() {
				_, err := b.send(n, rate)
				ended <- err
			}()
			r := sourceReader{Source: s}
			defer r.batch.Release()
			for end := time.Now().Add(patience); r.packets+s.Stats().Dropped < uint64(n); {
				if r.read(t); time.Now().After(end) {
					break
				}
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if st := s.Stats(); r.packets+st.Dropped != uint64(n) || st.Frames != r.packets || st.Octets != 60*r.packets {
				t.Errorf("%d sent, %d read, %+v", n, r.packets, st)
			}
		})
	}
}
