package live

import (
	"slices"
	"testing"

	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// byInterface are the contents of frames by the name of their interface.
func byInterface(s *Source, frames []wire.Frame) map[string][]string {
	names := s.InterfaceNames()
	list := map[string][]wire.Frame{}
	for _, f := range frames {
		name := "none"
		if f.Interface > 0 {
			name = names[f.Interface-s.opt.FirstInterface]
		}
		list[name] = append(list[name], f)
	}
	sorted := map[string][]string{}
	for name, frames := range list {
		sorted[name] = contents(frames)
	}
	return sorted
}

// TestAny: each interface's packets come once, with its number; what the loopback
// sends comes when it receives it.
func TestAny(t *testing.T) {
	for _, rings := range []int{1, 2} {
		netnsTest(t, []string{"", "one ring", "two rings"}[rings], func(t *testing.T) {
			netns.Pair(t, "a0", "b0")
			netns.IP(t, "link set lo up")
			s := open(t, Options{Interfaces: []string{Any}, Rings: rings, FirstInterface: 3})
			ab, lo := pairs(t, 20), frames(t, 50)
			send(t, netns.NewSender(t, "b0"), ab)
			send(t, netns.NewSender(t, "lo"), lo)
			got := byInterface(s, readAll(t, s, 2*len(ab)+len(lo)))
			if !slices.Equal(got["a0"], contents(ab)) || !slices.Equal(got["b0"], contents(ab)) || !slices.Equal(got["lo"], contents(lo)) {
				t.Errorf("frames: a0 %d, b0 %d of %d, lo %d of %d", len(got["a0"]), len(got["b0"]), len(ab), len(got["lo"]), len(lo))
			}
			// One that is new, and one that comes back with another ifIndex.
			netns.IP(t, "link del a0")
			netns.Pair(t, "c0", "d0")
			netns.Pair(t, "a0", "b0")
			send(t, netns.NewSender(t, "d0"), ab)
			send(t, netns.NewSender(t, "b0"), ab)
			got = byInterface(s, readAll(t, s, 4*len(ab)))
			for _, name := range []string{"a0", "b0", "c0", "d0"} {
				if !slices.Equal(got[name], contents(ab)) {
					t.Errorf("%s has %d frames of %d", name, len(got[name]), len(ab))
				}
			}
			list := s.Interfaces()
			if len(list) != 6 || list[0].Name != Any || list[0].Number != 3 || list[0].Packets != 0 {
				t.Errorf("interfaces: %+v", list)
			}
			for i, x := range list[1:] {
				want := map[string]int{"lo": len(lo), "a0": 2 * len(ab), "b0": 2 * len(ab), "c0": len(ab), "d0": len(ab)}[x.Name]
				if x.Packets != uint64(want) || int(x.Number) != 4+i || x.LinkType != wire.LinkEthernet || !x.Up {
					t.Errorf("%d packets wanted: %+v", want, x)
				}
			}
		})
	}
}

// TestNumbersEnd: interfaces for which there is no number are 0, which is told once.
func TestNumbersEnd(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	netns.IP(t, "link set lo up")
	var told []Event
	s := open(t, Options{Interfaces: []string{Any}, FirstInterface: 254, Tell: func(e Event) { told = append(told, e) }})
	send(t, netns.NewSender(t, "lo"), frames(t, 1))
	if f := readAll(t, s, 1)[0]; f.Interface != 255 {
		t.Errorf("interface %d has the last number", f.Interface)
	}
	send(t, netns.NewSender(t, "b0"), frames(t, 1))
	for _, f := range readAll(t, s, 2) {
		if f.Interface != 0 {
			t.Errorf("interface %d", f.Interface)
		}
	}
	until(t, s, &told, NoNumber)
}

// TestLoopback: alone, too, its packets come once.
func TestLoopback(t *testing.T) {
	netns.Enter(t)
	netns.IP(t, "link set lo up")
	s := open(t, Options{Interfaces: []string{"lo"}})
	sent := frames(t, 500)
	send(t, netns.NewSender(t, "lo"), sent)
	got := readAll(t, s, len(sent))
	if !slices.Equal(contents(got), contents(sent)) {
		t.Error("other frames came")
	}
	nothingMore(t, s)
	if got[0].LinkType != wire.LinkEthernet {
		t.Errorf("link type %v", got[0].LinkType)
	}
}

// netnsTest runs a subtest in a namespace.
func netnsTest(t *testing.T, name string, run func(*testing.T)) {
	t.Run(name, func(t *testing.T) {
		netns.Enter(t)
		run(t)
	})
}

// nothingMore demands that no other frame comes.
func nothingMore(t *testing.T, s *Source) {
	t.Helper()
	var b wire.Batch
	defer b.Release()
	for range 5 { // each waits longer than a block stays open
		if err := s.Read(&b); err != nil || len(b.Frames) > 0 {
			t.Fatalf("%d frames more, %v", len(b.Frames), err)
		}
	}
}
