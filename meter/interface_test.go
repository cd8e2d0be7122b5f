package meter

import (
	"errors"
	"fmt"
	"testing"

	"netramet/sources/wire"
)

func TestInterfaces(t *testing.T) {
	m := newMeter(t, Config{}, `save SourceInterface; count;`)
	err := m.Update(func(s *Engine) error {
		return errors.Join(
			s.NameInterface(3, "ppp0", wire.LinkPPP),
			s.SetSourceStats(3, wire.SourceStats{Dropped: 5, Damaged: 2}),
			s.SetSampleRate(3, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	var frames []wire.Frame
	for i := range 6 {
		f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
		f.Interface = []uint8{1, 3, 200}[i%3]
		frames = append(frames, f)
	}
	feedAll(t, m, frames...)
	update(t, m, func(s *Engine) error {
		got := ""
		for n := s.NextInterface(0); n != 0; n = s.NextInterface(n) {
			x, _ := s.Interface(n)
			got += fmt.Sprintf("%d %q link %d rate %d packets %d octets %d; ", n, x.Name, x.LinkType, x.SampleRate, x.Packets, x.Octets)
		}
		const want = `1 "" link 1 rate 1 packets 2 octets 108; 3 "ppp0" link 9 rate 0 packets 2 octets 108; 200 "" link 1 rate 1 packets 2 octets 108; `
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		c, _ := s.RuleSetCounts(2)
		in, _ := s.RuleSetInput(2)
		if c.PDUs != 4 || in.SampledOut != 2 || s.Counts().SampledOut != 2 || s.Damaged() != 2 {
			t.Errorf("%+v, sampled out %d", c, s.Counts().SampledOut)
		}
		for _, err := range []error{
			s.NameInterface(0, "", 0), s.NameInterface(256, "", 0), s.SetSampleRate(9, 1), s.SetSampleRate(1, 1<<31), s.SetSourceStats(0, wire.SourceStats{}),
		} {
			if err == nil {
				t.Error("a bad interface is taken")
			}
		}
		return nil
	})
}

// TestInterfaceSampling draws at one interface and leaves the other alone.
func TestInterfaceSampling(t *testing.T) {
	m := newMeter(t, Config{Seed: 7}, `save SourceInterface; count;`)
	frames := make([]wire.Frame, 200)
	for i := range frames {
		frames[i] = tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
		frames[i].Interface = uint8(1 + i&1)
	}
	feedAll(t, m, frames...)
	if err := m.Update(func(s *Engine) error { return s.SetSampleRate(2, 10) }); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		feedAll(t, m, frames...)
	}
	want := map[uint64]bool{10_100: true}
	m.View(func(s *State) {
		var f Flow
		for i := s.NextFlow(2, 0, 0); i != 0; i = s.NextFlow(2, 0, i) {
			s.Flow(i, &f)
			// 100 and one of ten of 10,000: standard deviation 30.
			if n := f.PDUs[0]; !want[n] && (n < 950 || n > 1250) {
				t.Errorf("flow %d has %d PDUs", i, n)
			}
		}
		c, _ := s.RuleSetCounts(2)
		in, _ := s.RuleSetInput(2)
		if c.PDUs+in.SampledOut != s.Counts().Packets {
			t.Errorf("%d and %d are not %d", c.PDUs, in.SampledOut, s.Counts().Packets)
		}
	})
}
