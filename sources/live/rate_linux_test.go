package live

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
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

// cost is what reading has cost.
type cost struct {
	read, lost uint64
	cpu        time.Duration
}

// BenchmarkRate sends smallest packets at rates up to the highest that the sender
// reaches, and reads them in turn by a bare loop, the source, and softflowd where it
// is installed. It reports packets lost and the reader's processor time for each.
func BenchmarkRate(b *testing.B) {
	const second = 3 // seconds that each is sent for
	for _, rate := range []int{100_000, 300_000, 0} {
		for _, row := range []struct {
			name string
			read func(b *testing.B, ended *atomic.Bool, begin func()) cost
		}{
			{"bare", readBare}, {"source", readSource}, {"two rings", readTwoRings}, {"meter", readMeter}, {"softflowd", readSoftflowd},
		} {
			name := fmt.Sprint(rate)
			if rate == 0 {
				name = "all"
			}
			b.Run(name+" a second/"+row.name, func(b *testing.B) {
				for b.Loop() {
					netns.Enter(b)
					netns.Pair(b, "a0", "b0")
					s := newBlaster(b, "b0")
					n := rate * second
					if rate == 0 {
						n = 2_000_000
					}
					var ended atomic.Bool
					took := make(chan time.Duration, 1)
					begin := func() {
						go func() {
							begun := time.Now()
							if _, err := s.send(n, rate); err != nil {
								b.Error(err)
							}
							took <- time.Since(begun)
							ended.Store(true)
						}()
					}
					c := row.read(b, &ended, begin)
					b.ReportMetric(float64(n)/(<-took).Seconds(), "offered/s")
					b.ReportMetric(float64(c.lost), "lost")
					b.ReportMetric(float64(n)-float64(c.read+c.lost), "unaccounted")
					b.ReportMetric(float64(c.cpu)/float64(c.read), "cpu-ns/packet")
					b.ReportMetric(0, "ns/op")
				}
			})
		}
	}
}

// readUntil reads until the sender has ended and nothing more comes.
func readUntil(b *testing.B, r reader, ended *atomic.Bool, begin func()) cost {
	used := threadTime(b)
	begin()
	read, silent := uint64(0), 0
	for silent < 5 {
		n := r.read(b)
		if silent++; n > read || !ended.Load() {
			silent = 0
		}
		read = n
	}
	return cost{read, r.lost(b), threadTime(b) - used}
}

func readBare(b *testing.B, ended *atomic.Bool, begin func()) cost {
	opt, err := Options{Interfaces: []string{"a0"}}.checked()
	if err != nil {
		b.Fatal(err)
	}
	return readUntil(b, &bareReader{bare: newBare(b, "a0", opt)}, ended, begin)
}

func readSource(b *testing.B, ended *atomic.Bool, begin func()) cost {
	return readUntil(b, &sourceReader{Source: open(b, Options{Interfaces: []string{"a0"}})}, ended, begin)
}

func readTwoRings(b *testing.B, ended *atomic.Bool, begin func()) cost {
	return readUntil(b, &sourceReader{Source: open(b, Options{Interfaces: []string{"a0"}, Rings: 2})}, ended, begin)
}

// readSoftflowd meters with softflowd, which says itself what it has read and lost.
func readSoftflowd(b *testing.B, ended *atomic.Bool, begin func()) cost {
	path, err := exec.LookPath("softflowd")
	if err != nil {
		b.Skip("softflowd is not installed")
	}
	control := filepath.Join(b.TempDir(), "control")
	cmd := exec.Command(path, "-d", "-i", "a0", "-c", control, "-p", filepath.Join(b.TempDir(), "pid"))
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	tell := func(what string) string {
		out, _ := exec.Command("softflowctl", "-c", control, what).CombinedOutput()
		return string(out)
	}
	for end := time.Now().Add(patience); !strings.Contains(tell("statistics"), "packets"); {
		if time.Now().After(end) {
			b.Skip("softflowd does not answer")
		}
	}
	used := processTime(b, cmd.Process.Pid)
	begin()
	for !ended.Load() {
		time.Sleep(10 * time.Millisecond)
	}
	read, lost := uint64(0), uint64(0)
	for silent := 0; silent < 5; silent++ {
		time.Sleep(50 * time.Millisecond)
		n := uint64(0)
		for line := range strings.Lines(tell("statistics")) {
			if f, ok := strings.CutPrefix(line, "Packets processed: "); ok {
				n, _ = strconv.ParseUint(strings.TrimSpace(f), 10, 64)
			}
			if f, ok := strings.CutPrefix(strings.TrimSpace(line), "dropped by libpcap: "); ok {
				lost, _ = strconv.ParseUint(strings.TrimSpace(f), 10, 64)
			}
		}
		if n > read {
			read, silent = n, 0
		}
	}
	return cost{read, lost, processTime(b, cmd.Process.Pid) - used}
}

// readMeter meters with the meter itself, by the rule set that is named.
func readMeter(b *testing.B, ended *atomic.Bool, begin func()) cost {
	program := filepath.Join(b.TempDir(), "netramet")
	build := exec.Command("go", "build", "-o", program, "./cmd/netramet")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	before := packetSockets(b)
	cmd := exec.Command(program, "-i", "a0", "-F", os.DevNull, filepath.Join("..", "..", "testdata", "hosts.srl"))
	var told strings.Builder
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Process.Kill()
	for end := time.Now().Add(patience); packetSockets(b) == before; {
		if time.Sleep(10 * time.Millisecond); time.Now().After(end) {
			b.Fatalf("the meter is not ready: %s", told.String())
		}
	}
	time.Sleep(200 * time.Millisecond) // until it reads
	used := processTime(b, cmd.Process.Pid)
	begin()
	for !ended.Load() {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // as softflowd has
	used = processTime(b, cmd.Process.Pid) - used
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		b.Fatalf("%v: %s", err, told.String())
	}
	var read, lost uint64
	summary := told.String()
	for part := range strings.SplitSeq(summary[strings.LastIndex(summary, "netramet: ")+10:], ", ") {
		if n, ok := strings.CutSuffix(part, " packets"); ok {
			read, _ = strconv.ParseUint(n, 10, 64)
		}
		if n, ok := strings.CutSuffix(part, " lost"); ok {
			lost, _ = strconv.ParseUint(n, 10, 64)
		}
	}
	return cost{read, lost, used}
}

// packetSockets is how many sockets of capture there are in the namespace.
func packetSockets(b *testing.B) int {
	text, err := os.ReadFile("/proc/thread-self/net/packet")
	if err != nil {
		b.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

// processTime is the processor time that a process's threads have used.
func processTime(t testing.TB, pid int) (used time.Duration) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("process %d: %d threads, %v", pid, len(threads), err)
	}
	for _, name := range threads {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		n, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		used += time.Duration(ns)
	}
	return used
}
