package live

import (
	"io"
	"testing"
	"time"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

func open(t testing.TB, opt Options) *Source {
	t.Helper()
	s, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// readAll reads n frames, and copies them.
func readAll(t testing.TB, s *Source, n int) (got []wire.Frame) {
	t.Helper()
	var b wire.Batch
	defer b.Release()
	for end := time.Now().Add(patience); len(got) < n; {
		if err := s.Read(&b); err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Frames {
			f.Data = append([]byte(nil), f.Data...)
			got = append(got, f)
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d frames came: %+v", len(got), n, s.Interfaces())
		}
	}
	return got
}

func send(t testing.TB, to *netns.Sender, frames []wire.Frame) {
	t.Helper()
	for _, f := range frames {
		if err := to.Send(f.Data); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFramesArrive(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	s := open(t, Options{Interfaces: []string{"a0", "lo"}, FirstInterface: 7})
	want := frames(t, 3000)
	before := time.Now()
	send(t, netns.NewSender(t, "b0"), want)
	got := readAll(t, s, len(want))
	after := time.Now()
	for i, f := range got {
		if f.Time < before.UnixNano() || f.Time > after.UnixNano() {
			t.Fatalf("frame %d: stamped %v, sent between %v and %v", i, time.Unix(0, f.Time), before, after)
		}
		before = time.Unix(0, f.Time)
		f.Time = want[i].Time
		want[i].Interface = 7
		if d := sourcetest.Difference(f, want[i]); d != "" {
			t.Fatalf("frame %d: %s", i, d)
		}
	}
	if i := s.Interfaces(); i[0].Packets != uint64(len(want)) || i[0].Dropped != 0 || !i[0].Up || i[1].Up || i[0].LinkType != wire.LinkEthernet {
		t.Errorf("interfaces: %+v", i)
	}
}

// ending is a live source that ends behind a number of frames. Their times, which
// nobody knows before, are taken off.
type ending struct {
	*Source
	left int
}

func (e *ending) Read(b *wire.Batch) error {
	if e.left == 0 && !e.closed.Load() {
		b.Reset()
		return io.EOF
	}
	err := e.Source.Read(b)
	for i := range b.Frames {
		b.Frames[i].Time = 0
	}
	e.left -= len(b.Frames)
	if e.left == 0 && err == nil {
		err = io.EOF
	}
	return err
}

func TestConformance(t *testing.T) {
	for _, row := range []struct {
		name   string
		frames int
		opt    Options
	}{
		{"many", 70 * wire.BatchSize, Options{}},
		{"few", 40, Options{}},
		{"none", 0, Options{}},
		{"small blocks", 3000, Options{BlockOctets: MinBlockOctets}},
	} {
		t.Run(row.name, func(t *testing.T) {
			want := frames(t, row.frames)
			for i := range want {
				want[i].Time = 0
			}
			sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
				netns.Enter(t)
				netns.Pair(t, "a0", "b0")
				opt := row.opt
				opt.Interfaces = []string{"a0"}
				s := open(t, opt)
				send(t, netns.NewSender(t, "b0"), want)
				return &ending{s, len(want)}
			}, want)
		})
	}
}
