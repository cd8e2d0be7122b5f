package meter

import (
	"fmt"
	"slices"
	"testing"

	"netramet/mib"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestTraitsChange: packets of one stream that differ in what the stream does not
// fix count where the rules say, with remembered verdicts and without, and the rules
// run only where what they depend on changes.
func TestTraitsChange(t *testing.T) {
	// frame is a packet of the one stream, in either direction.
	type frame struct {
		dscp, ecn, priority, iface uint8
		vlan                       uint16
		back                       bool
	}
	build := func(f frame) wire.Frame {
		src, dst, sp, dp := "10.0.0.1", "10.0.0.2", uint16(1025), uint16(80)
		if f.back {
			src, dst, sp, dp = dst, src, dp, sp
		}
		w := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.Tag{ID: f.vlan, Priority: f.priority},
			sourcetest.IPv4{Src: src, Dst: dst, TOS: f.dscp<<2 | f.ecn}, sourcetest.UDP{Src: sp, Dst: dp}, sourcetest.At(0))
		w.Interface = f.iface
		return w
	}
	for _, tt := range []struct {
		name, rules string
		frames      []frame
		want        []string
		runs        uint64
	}{
		{"code point saved", `save DSCodePoint; count;`, []frame{{dscp: 46}, {dscp: 46}, {}, {}, {dscp: 46}}, []string{"3 0 DSCodePoint=[46]", "2 0 DSCodePoint=[0]"}, 3},
		{"all bits of it", `save DSCodePoint; count;`, []frame{{dscp: 63}, {dscp: 62}, {dscp: 31}, {dscp: 31}},
			[]string{"1 0 DSCodePoint=[63]", "1 0 DSCodePoint=[62]", "2 0 DSCodePoint=[31]"}, 3},
		{"what is not asked for may change", `save DSCodePoint; count;`,
			[]frame{{dscp: 1}, {dscp: 1, ecn: 3}, {dscp: 1, vlan: 4095}, {dscp: 1, priority: 7}, {dscp: 1, iface: 255}}, []string{"5 0 DSCodePoint=[1]"}, 1},
		{"congestion", `save ECNCodeBits; count;`, []frame{{ecn: 2}, {ecn: 3}, {ecn: 2, dscp: 1}, {ecn: 2}}, []string{"3 0 ECNCodeBits=[2]", "1 0 ECNCodeBits=[3]"}, 3},
		{"tag", `save VLANid; count;`, []frame{{vlan: 1}, {vlan: 2049}, {vlan: 2049, priority: 7}, {vlan: 4095}, {vlan: 1}},
			[]string{"2 0 VLANid=[0 1]", "2 0 VLANid=[8 1]", "1 0 VLANid=[15 255]"}, 4},
		{"priority", `save Priority; count;`, []frame{{priority: 7}, {priority: 7, vlan: 3}, {priority: 3}}, []string{"2 0 Priority=[7]", "1 0 Priority=[3]"}, 2},
		{"interface", `save SourceInterface; count;`, []frame{{iface: 1}, {iface: 255}, {iface: 255}, {iface: 1}}, []string{"2 0 SourceInterface=[1]", "2 0 SourceInterface=[255]"}, 3},
		{"two of them", `save DSCodePoint; save VLANid; count;`, []frame{{dscp: 1, vlan: 1}, {dscp: 1, vlan: 2}, {dscp: 1, vlan: 2}, {dscp: 2, vlan: 2}},
			[]string{"1 0 DSCodePoint=[1] VLANid=[0 1]", "2 0 DSCodePoint=[1] VLANid=[0 2]", "1 0 DSCodePoint=[2] VLANid=[0 2]"}, 3},
		{"tested only", `if DSCodePoint == 46 count; ignore;`, []frame{{dscp: 46}, {}, {dscp: 46}, {dscp: 46}}, []string{"3 0"}, 3},
		{"each direction for itself", `save VLANid; save DSCodePoint; save SourcePeerAddress; save DestPeerAddress; count;`,
			[]frame{{dscp: 1}, {dscp: 2, back: true}, {dscp: 1}, {dscp: 2, back: true}, {dscp: 1, back: true}},
			[]string{
				"2 1 SourcePeerAddress=[10 0 0 1] DestPeerAddress=[10 0 0 2] DSCodePoint=[1] VLANid=[0 0]",
				"2 0 SourcePeerAddress=[10 0 0 2] DestPeerAddress=[10 0 0 1] DSCodePoint=[2] VLANid=[0 0]",
			}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var frames []wire.Frame
			for _, f := range tt.frames {
				frames = append(frames, build(f))
			}
			for _, cfg := range []Config{{}, {Cache: NoCache}, {Lanes: 3}, {Lanes: 3, Near: NeverNear}} {
				m := newMeter(t, cfg, tt.rules)
				for _, f := range frames {
					feedAll(t, m, f) // alone: each meets what the one before left
					m.View(func(*State) {})
				}
				if got := flowsOf(m, 2); !slices.Equal(got, tt.want) {
					t.Errorf("%+v, one by one: %q, want %q", cfg, got, tt.want)
				}
				if got := matches(m); cfg.Cache == CacheVerdicts && got != tt.runs {
					t.Errorf("%+v: the rules ran %d times, want %d", cfg, got, tt.runs)
				}
				m = newMeter(t, cfg, tt.rules)
				feedAll(t, m, frames...)
				if got := flowsOf(m, 2); !slices.Equal(got, tt.want) {
					t.Errorf("%+v, together: %q, want %q", cfg, got, tt.want)
				}
			}
		})
	}
}

// TestTraitsOfSeveral: each rule set has traits of its own, which go and come with
// it and take no more memory than that of those that need them.
func TestTraitsOfSeveral(t *testing.T) {
	m := newMeter(t, Config{}, `save VLANid; count;`, fiveTuple, `save DSCodePoint; count;`, `save SourceInterface; count;`)
	var frames []wire.Frame
	for i := range 100 {
		f := tcp(t, fmt.Sprintf("10.0.0.%d:5", i), "10.1.0.2:5", 0)
		f.Interface = uint8(i % 3)
		frames = append(frames, f)
	}
	feedAll(t, m, frames...)
	before := matches(m)
	if feedAll(t, m, frames...); matches(m) != before {
		t.Error("verdicts are not remembered")
	}
	if n := m.lanes[0].sideMemory(); n != 100*(3*sideSize+3*sideTraitsSize) {
		t.Errorf("four rule sets, three of which have traits, take %d octets", n)
	}
	update(t, m, func(s *Engine) error { return stop(s, 2) })
	feedAll(t, m, tcp(t, "10.9.0.1:1", "10.1.0.2:5", 0)) // a stream of another time
	feedAll(t, m, frames...)
	if n := m.lanes[0].sideMemory(); n != 101*(2*sideSize+2*sideTraitsSize) {
		t.Errorf("three rule sets, two of which have traits, take %d octets", n)
	}
	for i := range frames {
		frames[i].Interface = uint8((i + 1) % 3)
	}
	update(t, m, func(s *Engine) error { return start(s, 2) })
	feedAll(t, m, frames...)
	m.View(func(s *State) {
		for n, want := range map[int][2]uint64{2: {300, 1}, 3: {401, 101}, 4: {401, 1}, 5: {401, 3}} {
			if c, _ := s.RuleSetCounts(n); c.PDUs != want[0] || c.Flows != want[1] {
				t.Errorf("rule set %d counted %d PDUs in %d flows, want %v", n, c.PDUs, c.Flows, want)
			}
		}
	})
}

// TestTraitsHoldAllValues: no two values of what a packet can have are the same
// trait.
func TestTraitsHoldAllValues(t *testing.T) {
	for _, a := range []mib.Attr{mib.AttrSourceInterface, mib.AttrDSCodePoint, mib.AttrECNCodeBits, mib.AttrPriority, mib.AttrVLANid} {
		m := newMeter(t, Config{}, fmt.Sprintf("save %v; count;", a))
		mask, ok := dependsOn(m.ruleSets[2].program, true)
		mask &^= exported
		most := a.Most()
		switch {
		case a == mib.AttrSourceInterface:
			most = MaxInterfaces // of frames; those of records are of exporters
		case most == 0:
			most = 1<<(8*a.Size()) - 1
		}
		n := uint64(0)
		for v := mask; v != 0; v &= v - 1 {
			n = n<<1 | 1
		}
		if !ok || n != most {
			t.Errorf("%v: mask %b, for values to %d", a, mask, most)
		}
	}
}
