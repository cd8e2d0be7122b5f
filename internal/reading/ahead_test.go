package reading

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/ruleset"
	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// running is a meter of two lanes that runs a rule set, so that it can know packets at a
// glance.
func running(t *testing.T, cfg meter.Config) *meter.Meter {
	t.Helper()
	rs, diags, err := ruleset.ReadText("hosts.rules", []byte(`
SET 2
RULES
  Null & 0 = 0: GotoAct, Next;
  SourcePeerAddress & 255.255.255.255 = 0: PushPktToAct, Next;
  Null & 0 = 0: Count, 0;
`), ruleset.ReadOptions{})
	if err != nil {
		t.Fatal(err, diags)
	}
	cfg.Lanes = 2
	m := control.New(cfg, control.Config{})
	if err := m.Change(func(c *control.Change) error { return c.Run(rs) }); err != nil {
		t.Fatal(err)
	}
	return m.Meter
}

// manyFrames are of some flows, in time.
func manyFrames(t *testing.T, n int) (frames []wire.Frame) {
	t.Helper()
	for i := range 50 {
		src := sourcetest.Part(sourcetest.IPv4{Src: fmt.Sprintf("10.0.0.%d", i), Dst: "10.0.1.1"})
		if i%5 == 0 {
			src = sourcetest.IPv6{Src: fmt.Sprintf("2001:db8::%d", i), Dst: "2001:db8::1:1"}
		}
		frames = append(frames, sourcetest.Frame(t, sourcetest.Ether("", ""), src, sourcetest.UDP{Src: 1, Dst: 2}))
	}
	all := make([]wire.Frame, n)
	for i := range all {
		all[i] = frames[uint64(i)*uint64(i)%uint64(len(frames))] // also where an int has 32 bits
		all[i].Time = sourcetest.StartTime + int64(i)*int64(10*time.Millisecond)
	}
	return all
}

// told is all that a run tells.
type told struct {
	collected []string
	counts    meter.Counts
	complete  bool
	err       error
}

// metered runs a loop over a source. staged counts the batches that pass.
func metered(t *testing.T, ctx context.Context, src sources.Source, cfg meter.Config, ahead bool, stages ...Stage) (got told) {
	t.Helper()
	m := running(t, cfg)
	l := Loop{Source: src, Stages: stages, Meter: m, Ahead: ahead}
	l.Interval = func() error {
		m.View(func(s *meter.State) {
			n, _, _ := s.Interval()
			got.collected = append(got.collected, fmt.Sprintf("%d:%d", n, s.Counts().Packets))
		})
		return nil
	}
	got.complete, got.err = l.Run(ctx)
	m.View(func(s *meter.State) { got.counts = s.Counts() })
	return got
}

// few is a source that allows few batches in flight.
type few struct {
	sources.Source
	mu     sync.Mutex
	flying int
	most   int
}

func (f *few) Read(b *wire.Batch) error {
	b.Reset()
	f.mu.Lock()
	full := f.flying == f.most
	if !full {
		f.flying++
	}
	f.mu.Unlock()
	if full {
		return fmt.Errorf("few: %w", sources.ErrTooManyBatches)
	}
	err := f.Source.Read(b)
	b.SetOwner(func(*wire.Batch) {
		f.mu.Lock()
		f.flying--
		f.mu.Unlock()
	})
	return err
}

// fileOf is a trace of frames, as Open opens it; some octets are missing at its end.
func fileOf(t *testing.T, frames []wire.Frame, missing int) sources.Source {
	t.Helper()
	f, err := capfile.FormatByName("pcap-ns")
	if err != nil {
		t.Fatal(err)
	}
	file, err := f.Encode(frames)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(path, file[:len(file)-missing], 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(t.Context(), path, sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// TestAheadByTurns: a file is read ahead, and not, by turns, as the pace has it.
func TestAheadByTurns(t *testing.T) {
	frames := manyFrames(t, 300_000)
	for i := range frames {
		frames[i].Time = sourcetest.StartTime + int64(i)*int64(time.Millisecond)
	}
	m := running(t, meter.Config{})
	l := Loop{Source: fileOf(t, frames, 0), Meter: m, Ahead: true}
	defer l.Source.Close()
	a := newAhead(&l)
	defer a.stop()
	a.pace.frames = 1000
	turns, was := 0, false
	for {
		var b wire.Batch
		end, _, err := a.step(&b)
		b.Release()
		if err != nil || end != nil && end != io.EOF {
			t.Fatal(end, err)
		}
		if is := a.gone != nil; is != was {
			turns, was = turns+1, is
		}
		if end == io.EOF {
			break
		}
	}
	m.View(func(s *meter.State) {
		if got := s.Counts(); got.Packets != uint64(len(frames)) {
			t.Errorf("%d packets, want %d", got.Packets, len(frames))
		}
	})
	if turns < 2 {
		t.Errorf("%d turns", turns)
	}
}

// TestAhead: whatever ends a run, it tells the same when it reads ahead.
func TestAhead(t *testing.T) {
	frames := manyFrames(t, 20_000)
	odd := slices.Clone(frames)
	for i := range odd {
		switch i % 997 {
		case 0:
			odd[i].Time -= int64(time.Hour) // late
		case 500:
			odd[i].Time += 1000 * int64(time.Hour) // not believed
		case 700:
			odd[i].Data = odd[i].Data[:20]
		}
	}
	damage, refused := errors.New("damage"), errors.New("stage")
	dropOdd := func(b *wire.Batch) error {
		b.Frames = slices.DeleteFunc(b.Frames, func(f wire.Frame) bool { return f.Time/1e7%2 == 1 })
		return nil
	}
	after := func(n int, err error) func() Stage {
		return func() Stage {
			batches := 0
			return func(*wire.Batch) error {
				if batches++; batches < n {
					return nil
				}
				return err
			}
		}
	}
	behind := func(n int, err error) func() Stage {
		return func() Stage {
			left := n
			return func(b *wire.Batch) error {
				if left -= len(b.Frames); left > 0 {
					return nil
				}
				b.Frames = b.Frames[:len(b.Frames)+left]
				return err
			}
		}
	}
	for _, tt := range []struct {
		name   string
		frames []wire.Frame
		cfg    meter.Config
		ends   error
		most   int // batches in flight
		stage  func() Stage
		file   bool // the source is a file, which is read in pieces
		cut    int  // octets that the file lacks
	}{
		{name: "no interval"},
		{name: "intervals", cfg: meter.Config{Interval: 3 * time.Second}},
		{name: "some intervals only", cfg: meter.Config{Interval: 3 * time.Second, MaxIntervals: 20}},
		{name: "odd times and frames", frames: odd, cfg: meter.Config{Interval: time.Second}},
		{name: "a table that grows out of what is near", cfg: meter.Config{Near: 30, Inactivity: time.Second, Interval: time.Second}},
		{name: "damage", ends: damage},
		{name: "a stage drops", stage: func() Stage { return dropOdd }},
		{name: "a stage ends", stage: after(60, io.EOF)},
		{name: "a stage fails", stage: after(60, refused)},
		{name: "a file", file: true},
		{name: "a file, intervals", file: true, cfg: meter.Config{Interval: 3 * time.Second}},
		{name: "a file, some intervals only", file: true, cfg: meter.Config{Interval: 3 * time.Second, MaxIntervals: 20}},
		{name: "a file, odd times and frames", file: true, frames: odd, cfg: meter.Config{Interval: time.Second}},
		{name: "a file, a table that grows out of what is near", file: true, cfg: meter.Config{Near: 30, Inactivity: time.Second, Interval: time.Second}},
		{name: "a file that is cut", file: true, cut: 7, ends: io.ErrUnexpectedEOF},
		{name: "a file, a stage drops", file: true, stage: func() Stage { return dropOdd }},
		{name: "a file, a stage ends", file: true, stage: behind(15_000, io.EOF)},
		{name: "a file, a stage fails", file: true, stage: behind(15_000, refused)},
		{name: "few batches", most: 3},
		{name: "one batch", most: 1},
	} {
		for _, size := range []int{1, 7, 256} {
			if tt.file && size < 256 {
				continue // the file decides
			}
			t.Run(fmt.Sprint(tt.name, ", ", size), func(t *testing.T) {
				t.Parallel()
				run := func(ahead bool) told {
					in := tt.frames
					if in == nil {
						in = frames
					}
					fake := sourcetest.NewFake(in[:min(len(in), 2000*size)], size)
					if tt.ends != nil {
						fake.EndWith(tt.ends)
					}
					src := sources.Source(fake)
					if tt.most > 0 {
						src = &few{Source: fake, most: tt.most}
					}
					if tt.file {
						src = fileOf(t, in, tt.cut)
					}
					defer src.Close()
					var stages []Stage
					if tt.stage != nil {
						stages = append(stages, tt.stage())
					}
					return metered(t, t.Context(), src, tt.cfg, ahead, stages...)
				}
				want, got := run(false), run(true)
				if !slices.Equal(got.collected, want.collected) || got.counts != want.counts || got.complete != want.complete || !errors.Is(got.err, cmp.Or(tt.ends, want.err)) {
					t.Errorf("ahead: %+v\nwant %+v", got, want)
				}
			})
		}
	}
}

// steady is a source of one frame a batch that waits to be told to give each.
type steady struct {
	frames []wire.Frame
	give   chan struct{}
	closed chan struct{}
}

func (s *steady) Read(b *wire.Batch) error {
	b.Reset()
	select {
	case <-s.give:
	case <-s.closed:
		return os.ErrClosed
	}
	b.Frames = append(b.Frames, s.frames[0])
	s.frames = s.frames[1:]
	return nil
}

func (s *steady) Stats() wire.SourceStats { return wire.SourceStats{} }

func (s *steady) Close() error {
	close(s.closed)
	return nil
}

// TestAheadOfSlow: what comes slowly is metered as it comes, and an interrupt, or a collection
// that fails, ends a run whose source is silent.
func TestAheadOfSlow(t *testing.T) {
	full := errors.New("disk full")
	for _, tt := range []struct {
		name string
		err  error
	}{{"interrupted", ErrInterrupted}, {"a collection fails", full}} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			src := &steady{frames: manyFrames(t, 201), give: make(chan struct{}), closed: make(chan struct{})}
			m := running(t, meter.Config{Interval: time.Second})
			fed, done := make(chan struct{}), make(chan error)
			l := Loop{Source: src, Meter: m, Ahead: true, Fed: func() { fed <- struct{}{} }}
			l.Interval = func() error {
				n := uint64(0)
				m.View(func(s *meter.State) { n, _, _ = s.Interval() })
				if n == 2 && tt.err == full {
					return full
				}
				return nil
			}
			go func() {
				_, err := l.Run(ctx)
				done <- err
			}()
			next := func() {
				src.give <- struct{}{}
				<-fed
			}
			for range 150 {
				next()
			}
			if tt.err == full {
				for range 50 {
					next()
				}
				src.give <- struct{}{} // the second interval ends before it
			} else {
				cancel()
				src.Close() // as Open's sources are then
			}
			if err := <-done; !errors.Is(err, tt.err) {
				t.Errorf("%v, want %v", err, tt.err)
			}
			if tt.err == full {
				src.Close()
			}
		})
	}
}
