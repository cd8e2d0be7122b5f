package reading

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"netramet/meter"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestMain fails where a test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everySecond are frames a second apart.
func everySecond(t *testing.T, n int) (frames []wire.Frame) {
	t.Helper()
	for i := range n {
		frames = append(frames, sourcetest.Frame(t, sourcetest.Ether("", ""),
			sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.UDP{Src: 1, Dst: 2},
			sourcetest.At(time.Duration(i)*time.Second)))
	}
	return frames
}

// TestRun: whatever ends a run, what came before is metered, each interval is
// collected once, and the last one is left to the caller.
func TestRun(t *testing.T) {
	damage, refused, stop := errors.New("damage"), errors.New("disk full"), errors.New("stage")
	interrupt := func(cancel func()) Stage {
		return func(*wire.Batch) error { cancel(); return nil }
	}
	dropOdd := func(b *wire.Batch) error {
		b.Frames = slices.DeleteFunc(b.Frames, func(f wire.Frame) bool { return f.Time/1e9%2 == 1 })
		return nil
	}
	for _, tt := range []struct {
		name    string
		cfg     meter.Config
		ends    error // of the source; nil: io.EOF
		stages  func(cancel func()) []Stage
		collect error // of the second collection

		packets  uint64
		collects string
		complete bool
		err      error
	}{
		{name: "one interval", packets: 10, collects: "[]", complete: true},
		{name: "intervals", cfg: meter.Config{Interval: 3 * time.Second}, packets: 10, collects: "[1 2 3]", complete: true},
		{name: "some intervals only", cfg: meter.Config{Interval: 3 * time.Second, MaxIntervals: 2}, packets: 6, collects: "[1]", complete: true},
		{name: "damage", ends: damage, cfg: meter.Config{Interval: 4 * time.Second}, packets: 10, collects: "[1 2]", complete: true, err: damage},
		{name: "a collection fails", cfg: meter.Config{Interval: 3 * time.Second}, collect: refused, packets: 6, collects: "[1 2]", err: refused},
		{name: "a stage drops", stages: func(func()) []Stage { return []Stage{dropOdd} }, packets: 5, collects: "[]", complete: true},
		{name: "a stage ends", stages: func(func()) []Stage {
			return []Stage{func(b *wire.Batch) error { b.Frames = b.Frames[:1]; return io.EOF }, dropOdd}
		}, packets: 1, collects: "[]", complete: true},
		{name: "a stage fails", stages: func(func()) []Stage { return []Stage{func(*wire.Batch) error { return stop }} }, packets: 4, collects: "[]", complete: true, err: stop},
		{name: "interrupted", stages: func(cancel func()) []Stage { return []Stage{interrupt(cancel)} }, packets: 4, collects: "[]", complete: true, err: ErrInterrupted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			src := sourcetest.NewFake(everySecond(t, 10), 4)
			if tt.ends != nil {
				src.EndWith(tt.ends)
			}
			m := meter.New(tt.cfg)
			collected, fed := []uint64{}, 0
			l := Loop{Source: src, Meter: m, Fed: func() { fed++ }}
			if tt.stages != nil {
				l.Stages = tt.stages(cancel)
			}
			l.Interval = func() error {
				m.View(func(s *meter.State) {
					n, _, _ := s.Interval()
					collected = append(collected, n)
				})
				if len(collected) == 2 {
					return tt.collect
				}
				return nil
			}
			var spent time.Duration
			l.Busy = func(begun, ended time.Time) { spent += ended.Sub(begun) }
			complete, err := l.Run(ctx)
			if complete != tt.complete || !errors.Is(err, tt.err) || err != nil && tt.err == nil {
				t.Errorf("complete %v, %v; want %v, %v", complete, err, tt.complete, tt.err)
			}
			if got := fmt.Sprint(collected); got != tt.collects {
				t.Errorf("collected %s, want %s", got, tt.collects)
			}
			m.View(func(s *meter.State) {
				if n := s.Counts().Packets; n != tt.packets {
					t.Errorf("%d packets metered, want %d", n, tt.packets)
				}
				if n, _, _ := s.Interval(); tt.complete && n != uint64(len(collected))+1 {
					t.Errorf("the last interval is %d, after %d", n, len(collected))
				}
			})
			if spent < 0 {
				t.Error("time ran backwards")
			}
			if err := src.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
