package meter

import (
	"fmt"
	"testing"
	"time"

	"netramet/sources/wire"
	"netramet/streams"
)

// TestTrainsOfFrames: which frames make a train.
func TestTrainsOfFrames(t *testing.T) {
	const flow, other = "10.0.0.1:9", "10.0.0.3:9"
	at := func(from string, ms int) wire.Frame {
		return tcp(t, from, "10.0.0.2:80", time.Duration(ms)*time.Millisecond)
	}
	withFlags := func(f wire.Frame, flags byte) wire.Frame {
		f.Data = append([]byte(nil), f.Data...)
		f.Data[14+20+13] = flags
		return f
	}
	on := func(f wire.Frame, number uint8) wire.Frame {
		f.Interface = number
		return f
	}
	short := at(flow, 20)
	short.Data = short.Data[:20]
	for _, tt := range []struct {
		name   string
		cfg    Config
		frames []wire.Frame
		want   string // first frame of each train, its frames each way; "!" alone, "|" a tick
	}{
		{"one stream", Config{}, []wire.Frame{at(flow, 10), at(flow, 20), at(flow, 30)}, "0:3+0"},
		{"two", Config{}, []wire.Frame{at(flow, 10), at(other, 20), at(flow, 30), at(other, 40)}, "0:2+0 1:0+2"},
		{"both ways", Config{}, []wire.Frame{at(flow, 10), tcp(t, "10.0.0.2:80", flow, 20*time.Millisecond)}, "0:1+1"},
		{"over a tick", Config{}, []wire.Frame{at(flow, 10), at(flow, 120), at(flow, 130)}, "0:3+0 1|"},
		{"over some ticks", Config{}, []wire.Frame{at(flow, 10), at(flow, 120), at(other, 130), at(other, 990)}, "0:2+0 1| 2:0+2 3|"},
		{"a train begins a tick", Config{}, []wire.Frame{at(flow, 10), at(other, 120), at(flow, 130)}, "0:2+0 1:0+1"},
		{"an interval ends", Config{Interval: time.Second}, []wire.Frame{at(flow, 990), at(flow, 1000)}, "0:1+0 1:1+0"},
		{"aligned intervals", Config{Interval: time.Second, Align: true}, []wire.Frame{at(flow, 990), at(flow, 1000)}, "0:1+0 1:1+0"},
		{"a pause", Config{}, []wire.Frame{at(flow, 0), at(flow, 4270), at(flow, 4280)}, "0:2+0 1| 2:1+0"},
		{"streams that end soon", Config{Streams: streams.Config{MinTimeout: 20}}, []wire.Frame{at(flow, 0), at(flow, 180), at(flow, 190)}, "0:2+0 1| 2:1+0"},
		{"short streams end soon", Config{Streams: streams.Config{ShortTimeout: 20}}, []wire.Frame{at(flow, 0), at(flow, 180), at(flow, 190)}, "0:2+0 1| 2:1+0"},
		{"flows end soon", Config{Inactivity: 200 * time.Millisecond}, []wire.Frame{at(flow, 0), at(flow, 180), at(flow, 190)}, "0:2+0 1| 2:1+0"},
		{"flows end at once", Config{Inactivity: NoInactivity}, []wire.Frame{at(flow, 10), at(flow, 90), at(flow, 110)}, "0:2+0 2:1+0"},
		{"a FIN", Config{}, []wire.Frame{at(flow, 10), withFlags(at(flow, 20), 0x11), at(flow, 30), at(flow, 40)}, "0:1+0 1:1+0 2:2+0"},
		{"another interface", Config{}, []wire.Frame{at(flow, 10), on(at(flow, 20), 2), at(flow, 30)}, "0:1+0 1:1+0 2:1+0"},
		{"a damaged frame", Config{}, []wire.Frame{at(flow, 10), short, at(flow, 30)}, "0:1+0 1! 2:1+0"},
		{"time goes back", Config{}, []wire.Frame{at(flow, 10), at(flow, 5), at(flow, 10)}, "0:1+0 1! 2:1+0"},
		{"no time", Config{}, []wire.Frame{{Time: wire.NoTime, Data: at(flow, 0).Data, WireLen: 54, LinkType: 1, Interface: 1}, at(flow, 10)}, "0! 1:1+0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, tt.cfg, fiveTuple)
			feedAll(t, m, tcp(t, "10.0.0.9:9", "10.0.0.2:80", 0))
			m.tell()
			lookout := m.NewLookout()
			var seen Trains
			lookout.Begin(&seen)
			for i := range tt.frames { // in batches of one
				lookout.See(&wire.Batch{Frames: tt.frames[i : i+1]}, &seen)
			}
			got := ""
			for _, one := range seen.all {
				switch one.kind {
				case isAlone:
					got += fmt.Sprintf(" %d!", one.frame)
				case isTick:
					got += fmt.Sprintf(" %d|", one.frame)
				default:
					got += fmt.Sprintf(" %d:%d+%d", one.frame, one.pdus[0], one.pdus[1])
				}
			}
			if got != " "+tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestTrainsAreCounted: trains of streams that are known are counted, and of new ones as soon as they are.
func TestTrainsAreCounted(t *testing.T) {
	m := newMeter(t, Config{}, fiveTuple)
	feedAll(t, m, tcp(t, "10.0.0.9:9", "10.0.0.2:80", 0))
	m.tell()
	var frames []wire.Frame
	for i := range 200 {
		at := time.Duration(i+1) * time.Millisecond
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.0.%d:9", i%2), "10.0.0.2:80", at), tcp(t, "10.0.0.2:80", fmt.Sprintf("10.0.0.%d:9", i%2), at))
	}
	lookout := m.NewLookout()
	for _, want := range []int{2 * 4, 1} { // that make streams and verdicts; that goes over a tick
		var seen Trains
		b := wire.Batch{Frames: frames}
		lookout.Begin(&seen)
		lookout.See(&b, &seen)
		if stop := m.FeedTrains([]*wire.Batch{&b}, &seen); stop != Taken {
			t.Fatal(stop)
		}
		alone := 0
		if seen.isLoose {
			for i := range frames {
				alone += int(seen.loose[i/64] >> (i % 64) & 1)
			}
		}
		if alone > want {
			t.Errorf("%d frames were taken out of their trains, want at most %d", alone, want)
		}
		for i := range frames {
			frames[i].Time += int64(time.Second)
		}
	}
	m.View(func(s *State) {
		if c := s.Counts(); c.Packets != 801 || c.Late != 0 {
			t.Errorf("%+v", c)
		}
		if rs, _ := s.RuleSetCounts(2); rs.PDUs != 801 || rs.Flows != 3 {
			t.Errorf("%+v", rs)
		}
	})
}
