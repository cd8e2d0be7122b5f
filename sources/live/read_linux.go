package live

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"netramet/sources"
	"netramet/sources/internal/ring"
	"netramet/sources/wire"
)

const (
	// watchEvery is how many Reads that never wait there may be before links are
	// looked after.
	watchEvery = 256
	// pause is how long Read sleeps where the kernel says that there is something
	// because blocks of batches in flight look like it.
	pause = 500 * time.Microsecond
)

// Read implements sources.Source. The frames of a batch are of one block of one
// ring; rings take turns. It returns an empty batch after MaxSilence without packets.
func (s *Source) Read(b *wire.Batch) error {
	b.Reset()
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.closed.Load() {
		return s.closedError()
	}
	if s.unwatch++; s.unwatch >= watchEvery {
		s.lookAfter(0)
	}
	if s.fill(b) {
		return nil
	}
	if s.blocked() {
		return fmt.Errorf("live capture: %w", sources.ErrTooManyBatches)
	}
	begun := time.Now()
	if s.running && s.nap > 0 {
		s.running = false
		if time.Sleep(s.nap); s.fill(b) {
			return nil
		}
	}
	for left := MaxSilence; left > 0; left = MaxSilence - time.Since(begun) {
		early := s.lookAfter(left)
		if s.closed.Load() {
			return s.closedError()
		}
		if s.fill(b) {
			break
		}
		if early {
			time.Sleep(min(pause, left))
		}
	}
	return nil
}

// fill fills a batch from the next ring that has packets.
func (s *Source) fill(b *wire.Batch) bool {
	for range s.rings {
		if s.turn++; s.turn >= len(s.rings) {
			s.turn = 0
		}
		r := s.rings[s.turn]
		for sums := r.Fill(b); sums.Frames > 0; sums = r.Fill(b) {
			if s.selectFrames(b, r.Ring) {
				sums = ring.Counts{}
				for i := range b.Frames {
					sums.Add(&b.Frames[i])
				}
			}
			if sums.Frames > 0 {
				s.count(b, r, sums)
				s.running = true
				return true
			}
			b.Reset()
		}
	}
	return false
}

// blocked reports whether all rings wait for batches to be released.
func (s *Source) blocked() bool {
	for _, r := range s.rings {
		if !r.Blocked() {
			return false
		}
	}
	return len(s.rings) > 0
}

// count counts a batch, of which the sums are known.
func (s *Source) count(b *wire.Batch, r *openRing, sums ring.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Frames += sums.Frames
	s.stats.Octets += sums.Octets
	s.stats.Stored = s.stats.Octets
	if r.of.Name != Any {
		s.countOne(r.of, sums)
		return
	}
	for i := range b.Frames {
		s.counts[b.Frames[i].Interface].Add(&b.Frames[i])
	}
	for _, f := range s.ifaces {
		s.countOne(f, s.counts[f.Number])
		s.counts[f.Number] = ring.Counts{}
	}
}

// countOne counts frames of an interface; s.mu is locked.
func (s *Source) countOne(f *iface, sums ring.Counts) {
	if sums.Merged > 0 && f.Merged == 0 {
		s.tell = append(s.tell, f.event(Merging))
	}
	f.Packets += sums.Frames
	f.Octets += sums.Octets
	f.Merged += sums.Merged
}

// lookAfter waits until a ring has packets, or at most so long, and sees to what
// has happened to interfaces. It reports whether the kernel said that a ring has
// packets.
func (s *Source) lookAfter(wait time.Duration) (packets bool) {
	s.unwatch = 0
	s.poll = append(s.poll[:0], unix.PollFd{Fd: int32(s.wake), Events: unix.POLLIN}, unix.PollFd{Fd: int32(s.watch.fd), Events: unix.POLLIN})
	for _, r := range s.rings {
		if r.retired.IsZero() {
			s.poll = append(s.poll, unix.PollFd{Fd: int32(r.FD()), Events: unix.POLLIN})
		}
	}
	if _, err := unix.Poll(s.poll, int((wait+time.Millisecond-1)/time.Millisecond)); err != nil {
		return true // interrupted, or no memory: not to be tried again at once
	}
	failed := false
	for _, p := range s.poll[2:] {
		packets = packets || p.Revents&unix.POLLIN != 0
		if p.Revents&unix.POLLERR != 0 {
			failed = true
			_, _ = unix.GetsockoptInt(int(p.Fd), unix.SOL_SOCKET, unix.SO_ERROR) // which takes it: it is told once
		}
	}
	if changed := s.watch.changed(s.poll[1].Revents); changed || failed || s.watch.due() {
		s.examine()
	}
	s.closeRetired()
	for _, e := range s.tell {
		if s.opt.Tell != nil {
			s.opt.Tell(e)
		}
	}
	s.tell = s.tell[:0]
	return packets
}
