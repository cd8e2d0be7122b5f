package live

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"netramet/sources/filter"
	"netramet/sources/sourcetest/netns"
)

// threadTime is the CPU time that this thread has used.
func threadTime(t testing.TB) time.Duration {
	var u unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Nano())
}

// BenchmarkDrain reads rings that are full, so that nothing but reading is
// measured, in turn with a bare loop.
func BenchmarkDrain(b *testing.B) {
	opt, err := Options{Interfaces: []string{"a0"}}.checked()
	if err != nil {
		b.Fatal(err)
	}
	e, err := filter.Parse("udp")
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		times uint64 // that each packet comes
		open  func(testing.TB) reader
	}{
		{"bare", 1, func(b testing.TB) reader { return &bareReader{bare: newBare(b, "a0", opt)} }},
		{"source", 1, func(b testing.TB) reader { return &sourceReader{Source: open(b, opt)} }},
		{"source, two rings", 1, func(b testing.TB) reader {
			opt := opt
			opt.Rings = 2
			return &sourceReader{Source: open(b, opt)}
		}},
		{"source, filter", 1, func(b testing.TB) reader {
			opt := opt
			opt.Filter = e
			return &sourceReader{Source: open(b, opt)}
		}},
		{"source, any", 2, func(b testing.TB) reader {
			opt := opt
			opt.Interfaces = []string{Any}
			return &sourceReader{Source: open(b, opt)}
		}},
	} {
		b.Run(row.name, func(b *testing.B) {
			netns.Enter(b)
			netns.Pair(b, "a0", "b0")
			r := row.open(b)
			sender := netns.NewSender(b, "b0")
			all := frames(b, 1000)
			const full = 50_000
			read, used := uint64(0), time.Duration(0)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for i := range full {
					if err := sender.Send(all[i%len(all)].Data[:60]); err != nil {
						b.Fatal(err)
					}
				}
				begun, started := threadTime(b), time.Now()
				b.StartTimer()
				for want := read + row.times*full; read < want; {
					if read = r.read(b); time.Since(started) > patience {
						b.Fatalf("%d of %d packets came, %d lost", read, want, r.lost(b))
					}
				}
				used += threadTime(b) - begun
			}
			b.ReportMetric(float64(used)/float64(read), "cpu-ns/packet")
			if n := r.lost(b); n > 0 {
				b.Errorf("%d packets lost", n)
			}
		})
	}
}
