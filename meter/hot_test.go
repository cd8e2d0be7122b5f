package meter

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"netramet/internal/slab/slabtest"
	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/sources/wire"
)

// TestHotRecords: what counting a packet touches is one cache line a table.
func TestHotRecords(t *testing.T) {
	for name, size := range map[string][2]uintptr{
		"record":    {unsafe.Sizeof(record{}), recordSize},
		"part":      {unsafe.Sizeof(part{}), partSize},
		"sideWords": {unsafe.Sizeof(sideWords{}), sideSize},
		"traits":    {unsafe.Sizeof(sideTraits{}), sideTraitsSize},
		"flowDists": {unsafe.Sizeof(flowDists{}), flowDistsSize},
		"histogram": {unsafe.Sizeof(histogram{}), histogramSize},
		"member":    {unsafe.Sizeof(member{}), memberSize},
		"fed":       {unsafe.Sizeof(fed{}), fedSize},
		"train":     {unsafe.Sizeof(train{}), trainSize},
	} {
		if size[0] != size[1] {
			t.Errorf("%s is %d octets, want %d", name, size[0], size[1])
		}
	}
	// What a stream with a remembered verdict needs of a packet; the rest of it is
	// 64 octets more.
	if n := unsafe.Offsetof(packet.Packet{}.Rest); n > 2*64 {
		t.Errorf("the first part of a packet is %d octets, more than two cache lines", n)
	}
	if n := unsafe.Sizeof(packet.Packet{}); n > 3*64 {
		t.Errorf("a packet is %d octets, more than three cache lines", n)
	}
}

// TestSlabTypesArePlain: the garbage collector never looks into the tables.
func TestSlabTypesArePlain(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[record](), reflect.TypeFor[part](), reflect.TypeFor[sideWords](), reflect.TypeFor[sideTraits](), reflect.TypeFor[flowDists](), reflect.TypeFor[histogram](), reflect.TypeFor[member](), reflect.TypeFor[fed](), reflect.TypeFor[packet.Packet]()} {
		if !slabtest.Plain(typ) {
			t.Errorf("%v holds pointers", typ)
		}
	}
	if slabtest.Plain(reflect.TypeFor[wire.Frame]()) {
		t.Error("a frame's slice is not seen")
	}
}

// matches is how often the rules of all rule sets were run.
func matches(m *Meter) (n uint64) {
	for _, r := range m.ruleSets {
		if r == nil {
			continue
		}
		for _, w := range r.lanes {
			if w.matcher != nil {
				n += w.matcher.Counters.Matches
			}
		}
	}
	return n
}

// TestMatchesPerPacket counts how often rules run for a packet.
func TestMatchesPerPacket(t *testing.T) {
	const reversed = `if SourceTransAddress == 80 nomatch; save SourcePeerAddress; count;`
	out, back := tcp(t, "10.0.0.1:9", "10.0.0.2:80", 0), tcp(t, "10.0.0.2:80", "10.0.0.1:9", 0)
	for _, tt := range []struct {
		name     string
		cfg      Config
		programs []string
		frame    wire.Frame
		first    uint64 // runs for the first packet
		later    uint64
	}{
		{"remembered", Config{}, []string{fiveTuple}, out, 1, 0},
		{"remembered, reversed", Config{}, []string{reversed}, back, 2, 0},
		{"three remembered", Config{}, []string{fiveTuple, reversed, `ignore;`}, back, 4, 0},
		{"no match", Config{}, []string{`nomatch;`}, out, 2, 0},
		{"one of two remembered", Config{}, []string{fiveTuple, `save SourceAdjacentAddress; count;`}, out, 2, 1},
		{"remembered with what they depend on", Config{}, []string{
			`save VLANid; save Priority; count;`, `if DSCodePoint == 3 save; save SourceInterface; count;`, `if ECNCodeBits == 1 count; nomatch;`,
		}, out, 4, 0},
		{"no cache", Config{Cache: NoCache}, []string{fiveTuple, reversed}, back, 3, 3},
		{"refused", Config{MaxFlows: 1}, []string{`save SourcePeerType; count;`, fiveTuple}, out, 2, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, tt.cfg, tt.programs...)
			feedAll(t, m, tt.frame)
			if got := matches(m); got != tt.first {
				t.Errorf("%d runs for the first packet, want %d", got, tt.first)
			}
			before := matches(m)
			for range 10 {
				feedAll(t, m, tt.frame)
			}
			if got := matches(m) - before; got != 10*tt.later {
				t.Errorf("%d runs for ten later packets, want %d", got, 10*tt.later)
			}
		})
	}
}

// TestOpposedFlowForgetsOnlyItself: a flow that comes beside its reverse makes
// the streams of that one look again, and no others.
func TestOpposedFlowForgetsOnlyItself(t *testing.T) {
	const rules = `if SourceTransAddress == 9 nomatch; save SourcePeerAddress; save DestPeerAddress; count;`
	m := newMeter(t, Config{}, rules)
	var others []wire.Frame
	for i := range 50 {
		others = append(others, tcp(t, fmt.Sprintf("10.0.1.%d:5", i), "10.0.2.1:5", 0))
	}
	feedAll(t, m, others...)
	for i := range 2 * maxEpoch / 100 {
		a, b := fmt.Sprintf("10.1.%d.%d", i>>8, i&255), "10.0.0.2"
		feedAll(t, m, tcp(t, a+":5", b+":5", 0), tcp(t, a+":9", b+":7", 0))
	}
	before, epoch := matches(m), m.epoch
	feedAll(t, m, others...)
	if n := matches(m) - before; n != 0 || epoch != m.epoch {
		t.Errorf("the rules ran %d times for streams that are known", n)
	}
	if n := m.flows.inUse; n != 50+2*(2*maxEpoch/100) {
		t.Errorf("%d flows", n)
	}
}

// TestSideWords: starting and stopping rule sets takes no memory that was not
// asked for, and words of old streams are as good as new ones.
func TestSideWords(t *testing.T) {
	m := newMeter(t, Config{}, fiveTuple, `save SourcePeerType; count;`, `ignore;`, `save SourcePeerAddress; count;`)
	var frames []wire.Frame
	for i := range 200 {
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.0.%d:5", i), "10.1.0.2:5", 0))
	}
	feedAll(t, m, frames...)
	if n := m.lanes[0].sideMemory(); n != 3*200*sideSize {
		t.Errorf("three further rule sets take %d octets", n)
	}
	update(t, m, func(s *Engine) error { return stop(s, 3) })
	if n := m.lanes[0].sideMemory(); n != 2*200*sideSize {
		t.Errorf("two further rule sets take %d octets", n)
	}
	more := tcp(t, "10.9.0.1:1", "10.1.0.2:5", time.Second)
	feedAll(t, m, more)
	update(t, m, func(s *Engine) error { return start(s, 3) })
	if n := m.lanes[0].sideMemory(); n != 3*201*sideSize {
		t.Errorf("three further rule sets take %d octets", n)
	}
	feedAll(t, m, append(frames, more)...)
	m.View(func(s *State) {
		for n, want := range map[int]uint64{2: 402, 3: 401, 5: 402} {
			if c, _ := s.RuleSetCounts(n); c.PDUs != want {
				t.Errorf("rule set %d counted %d PDUs, want %d", n, c.PDUs, want)
			}
		}
	})
	before := matches(m)
	feedAll(t, m, append(frames, more)...)
	if matches(m) != before {
		t.Error("verdicts are not remembered")
	}
}

// TestSideWordsAreBounded: however many rule sets run, streams take no more
// memory than for maxRemembered of them, and all count alike.
func TestSideWordsAreBounded(t *testing.T) {
	programs := slices.Repeat([]string{fiveTuple}, maxRemembered+3)
	m := newMeter(t, Config{}, programs...)
	f := tcp(t, "10.0.0.1:5", "10.1.0.2:5", 0)
	feedAll(t, m, f)
	before := matches(m)
	feedAll(t, m, f, f)
	if n := matches(m) - before; n != 2*3 {
		t.Errorf("rules ran %d times for two packets, want 6", n)
	}
	if n := m.lanes[0].sideMemory(); n != (maxRemembered-1)*sideSize {
		t.Errorf("the words of a stream take %d octets", n)
	}
	m.View(func(s *State) {
		for i := range programs {
			if c, _ := s.RuleSetCounts(2 + i); c.PDUs != 3 || c.Flows != 1 {
				t.Errorf("rule set %d: %+v", 2+i, c)
			}
		}
	})
}

// TestLookupCountsNothing: telling where a packet would go changes no counter.
func TestLookupCountsNothing(t *testing.T) {
	m := newMeter(t, Config{}, fiveTuple)
	f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
	feedAll(t, m, f)
	var p packet.Packet
	p.DecodeNet(&f)
	p.DecodeRest(&f)
	before, shapes := matches(m), m.ruleSets[2].shapes.Len()
	m.View(func(s *State) {
		pl, err := s.Lookup(2, &p)
		if pl.Verdict != pme.Count || pl.Index != 1 || pl.Dir != packet.Source || err != nil {
			t.Errorf("%+v, %v", pl, err)
		}
		p.PeerLen = 16 // no packet has given a key of that shape
		if pl, err = s.Lookup(2, &p); pl.Verdict != pme.Count || pl.Index != 0 || err != nil {
			t.Errorf("%+v, %v", pl, err)
		}
		if _, err := s.Lookup(9, &p); err == nil {
			t.Error("a rule set that is not there says something")
		}
	})
	if matches(m) != before || m.ruleSets[2].shapes.Len() != shapes {
		t.Error("looking has changed the counters or the shapes")
	}
	if lines := flowsOf(m, 2); len(lines) != 1 || lines[0][:4] != "1 0 " {
		t.Errorf("%q", lines)
	}
}
