package meter

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// newMeter makes a meter that runs SRL programs as rule sets 2, 3, ...
func newMeter(t testing.TB, cfg Config, programs ...string) *Meter {
	t.Helper()
	var sets []*ruleset.RuleSet
	for _, src := range programs {
		sets = append(sets, compiled(t, src))
	}
	return runRuleSets(t, cfg, sets...)
}

// compiled compiles an SRL program, as rule set 2.
func compiled(t testing.TB, src string) *ruleset.RuleSet {
	t.Helper()
	rs, _, err := srl.Compile("test.srl", []byte(src), srl.Options{Optimise: -1})
	if err != nil {
		t.Fatal(err)
	}
	rs.Number = 2
	return rs
}

// load holds a rule set and runs it.
func load(e *Engine, rs *ruleset.RuleSet) error {
	p, err := e.Prepare(rs)
	if err != nil {
		return err
	}
	e.Hold(rs.Number, p)
	return start(e, rs.Number)
}

// start runs a rule set beside those that run, and stop stops one.
func start(e *Engine, number int) error {
	want := running(e)
	want[number] = true
	e.Run(want)
	return nil
}

func stop(e *Engine, number int) error {
	want := running(e)
	want[number] = false
	e.Run(want)
	return nil
}

func running(e *Engine) *RuleSets {
	var set RuleSets
	for n := range set {
		set[n] = e.Runs(n)
	}
	return &set
}

// collect says that rule set 2 has a reader, which has all changes before an
// uptime.
func collect(e *Engine, before Uptime) error {
	all := new(Uptimes)
	for i := range all {
		all[i] = AlwaysCollected
	}
	all[2] = before
	e.SetCollected(all)
	return nil
}

func runRuleSets(t testing.TB, cfg Config, sets ...*ruleset.RuleSet) *Meter {
	t.Helper()
	if cfg.MaxGap == 0 {
		cfg.MaxGap = AnyGap // tests look at the meter behind each frame
	}
	m := New(cfg)
	err := m.Update(func(s *Engine) error {
		for i, rs := range sets {
			rs.Number = 2 + i
			if err := load(s, rs); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func feedAll(t testing.TB, m *Meter, frames ...wire.Frame) {
	t.Helper()
	for wb := (wire.Batch{Frames: frames}); m.Feed(&wb) == IntervalEnd; {
		continue
	}
}

// flowsOf prints a rule set's flows, one line each: "to from" and what is
// saved.
func flowsOf(m *Meter, number int) (lines []string) {
	m.View(func(s *State) {
		var f Flow
		for i := s.NextFlow(number, 0, 0); i != 0; i = s.NextFlow(number, 0, i) {
			s.Flow(i, &f)
			line := fmt.Sprintf("%d %d", f.PDUs[0], f.PDUs[1])
			for _, a := range f.shapes.Attrs(f.key) {
				v, _ := f.shapes.Value(f.key, a)
				mask, _ := f.shapes.Mask(f.key, a)
				line += fmt.Sprintf(" %v=%v", a, v)
				if a.Class() == mib.ClassAddress && slices.ContainsFunc(mask, func(b byte) bool { return b != 255 }) {
					line += fmt.Sprintf("&%v", mask)
				}
			}
			lines = append(lines, line)
		}
	})
	return lines
}

// tcp makes a TCP packet from "address:port" to "address:port" at time d.
func tcp(t testing.TB, src, dst string, d time.Duration) wire.Frame {
	t.Helper()
	s, sp := hostPort(t, src)
	e, dp := hostPort(t, dst)
	return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: s, Dst: e},
		sourcetest.TCP{Src: sp, Dst: dp}, sourcetest.At(d))
}

func udp(t testing.TB, src, dst string, d time.Duration) wire.Frame {
	t.Helper()
	s, sp := hostPort(t, src)
	e, dp := hostPort(t, dst)
	return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: s, Dst: e},
		sourcetest.UDP{Src: sp, Dst: dp}, sourcetest.At(d))
}

func hostPort(t testing.TB, s string) (string, uint16) {
	t.Helper()
	host, port, ok := strings.Cut(s, ":")
	var n uint16
	if ok {
		if _, err := fmt.Sscan(port, &n); err != nil {
			t.Fatal(err)
		}
	}
	return host, n
}

func equalLines(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("flows\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const fiveTuple = `save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
	save SourceTransType; save SourceTransAddress; save DestTransAddress; count;`

func TestTwoDirectionsOneFlow(t *testing.T) {
	for _, cache := range []CacheMode{CacheVerdicts, NoCache} {
		m := newMeter(t, Config{Cache: cache}, fiveTuple)
		a, b := "10.0.0.1:1024", "10.0.0.2:80"
		feedAll(t, m, tcp(t, a, b, 0), tcp(t, b, a, 1), tcp(t, a, b, 2), tcp(t, b, a, 3), tcp(t, b, a, 4))
		equalLines(t, flowsOf(m, 2), []string{
			"2 3 SourcePeerType=[1] SourcePeerAddress=[10 0 0 1] SourceTransType=[6] SourceTransAddress=[4 0] DestPeerAddress=[10 0 0 2] DestTransAddress=[0 80]",
		})
	}
}

// TestStreamOfTwoFlows is the heritage's §6.4, with its second packet
// repeated: one stream belongs to two flows, and a verdict remembered before
// the second flow came must not outlive it.
func TestStreamOfTwoFlows(t *testing.T) {
	const rules = `if SourcePeerType == 1 save; else ignore; if SourceTransType == 17 save; else ignore;
		if DestTransAddress == 53 save, {
			if DestPeerAddress == (0.1.0.1, 0.180.0.2) save, store FlowKind := 1;
			if FlowKind == 0 nomatch; else count; }`
	server, client := "0.1.0.1:53", "0.180.0.2:62225"
	frames := []wire.Frame{
		udp(t, server, "0.180.0.2:53", 0), // forward: flow A, D=0.180.0.2
		udp(t, client, server, 1),
		udp(t, client, server, 2),
		udp(t, server, client, 3),
		udp(t, client, server, 4),
	}
	var want []string
	for _, cache := range []CacheMode{NoCache, CacheVerdicts} {
		m := newMeter(t, Config{Cache: cache}, rules)
		feedAll(t, m, frames...)
		if got := flowsOf(m, 2); want == nil {
			want = got
		} else {
			equalLines(t, got, want)
		}
	}
	if len(want) != 2 {
		t.Errorf("flows %q, want two", want)
	}
}

// TestVerdictOutlivedByNewFlow has a stream count in the reverse of its key,
// and then a flow of exactly its key comes into being.
func TestVerdictOutlivedByNewFlow(t *testing.T) {
	// Sources 10.0.0.1 do not match in wire order when their port is 9.
	const rules = `if SourceTransAddress == 9 nomatch; save SourcePeerAddress; save DestPeerAddress; count;`
	a, b := "10.0.0.1:5", "10.0.0.2:5"
	frames := []wire.Frame{
		tcp(t, a, b, 0),                       // creates a->b
		tcp(t, b, a, 1),                       // counts in its reverse
		tcp(t, "10.0.0.1:9", "10.0.0.2:7", 2), // NoMatch, then reversed: creates b->a
		tcp(t, b, a, 3),                       // counts in b->a now
		tcp(t, "10.0.0.1:9", "10.0.0.2:7", 4), tcp(t, a, b, 5),
	}
	var want []string
	for _, cache := range []CacheMode{NoCache, CacheVerdicts} {
		m := newMeter(t, Config{Cache: cache}, rules)
		feedAll(t, m, frames...)
		got := flowsOf(m, 2)
		if want == nil {
			want = got
		}
		equalLines(t, got, want)
	}
	equalLines(t, want, []string{
		"2 1 SourcePeerAddress=[10 0 0 1] DestPeerAddress=[10 0 0 2]",
		"1 2 SourcePeerAddress=[10 0 0 2] DestPeerAddress=[10 0 0 1]",
	})
}

// TestEpochsComeRound forgets verdicts more often than there are epochs.
func TestEpochsComeRound(t *testing.T) {
	m := newMeter(t, Config{}, fiveTuple, `save SourcePeerType; count;`, `ignore;`)
	a, b := "10.0.0.1:5", "10.0.0.2:5"
	const turns = 3
	fed := uint64(0)
	for range turns {
		m.epoch = maxEpoch - 5
		for range 10 {
			feedAll(t, m, tcp(t, a, b, 0), tcp(t, a, b, 0))
			fed += 2
			m.forgetVerdicts()
		}
		if m.epoch >= maxEpoch-5 {
			t.Fatalf("epoch %d", m.epoch)
		}
	}
	m.View(func(s *State) {
		for n, want := range map[int]RuleSetCounts{
			2: {PDUs: fed, Flows: 1, Created: 1}, 3: {PDUs: fed, Flows: 1, Created: 1}, 4: {Ignored: fed},
		} {
			if got, _ := s.RuleSetCounts(n); got != want {
				t.Errorf("rule set %d: %+v, want %+v", n, got, want)
			}
		}
	})
}

func TestNoAllocationPerPacket(t *testing.T) {
	for _, tt := range []struct {
		name     string
		cfg      Config
		programs []string
	}{
		{"one rule set", Config{}, []string{fiveTuple}},
		{"three rule sets", Config{}, []string{fiveTuple, `save SourcePeerType; count;`, `ignore;`}},
		{"no cache", Config{Cache: NoCache}, []string{fiveTuple}},
		{"distributions", Config{}, []string{`save SourcePeerAddress; save ToPacketSize = 9.0.0!0 & 1.0.1!1500; save ToInterarrivalTime = 9.0.0!0 & 1.3.1!150;
			save FromTurnaroundTime = 9.0.0!0 & 1.3.1!150; save ToBitRate = 9.1.0!0 & 1.3.1!1500; count;`}},
		{"streams", Config{}, []string{`save SourcePeerAddress; ` + lifeDists + ` count;`}},
		{"pairs", Config{}, []string{`save SourcePeerAddress; save ToTurnaroundTime1 = 9.6.0!0 & 1.3.1!150; save FromTurnaroundTime1 = 9.7.0!0 & 1.3.1!150; count;`}},
		{"not cacheable", Config{}, []string{`save SourceAdjacentAddress; count;`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, tt.cfg, tt.programs...)
			var frames []wire.Frame
			for i := range 256 {
				frames = append(frames, tcp(t, fmt.Sprintf("10.0.0.%d:5", i), "10.1.0.2:5", 0))
			}
			feedAll(t, m, frames...)
			wb := wire.Batch{Frames: append(frames[:128:128], frames[:128]...)}
			lookout, batches := m.NewLookout(), []*wire.Batch{&wb, &wb}
			var seen Trains
			if n := testing.AllocsPerRun(20, func() {
				m.Feed(&wb)
				lookout.Begin(&seen)
				lookout.See(&wb, &seen)
				lookout.See(&wb, &seen)
				m.FeedTrains(batches, &seen)
			}); n != 0 {
				t.Errorf("%v allocations a batch", n)
			}
		})
	}
}

func TestFullFlowTable(t *testing.T) {
	m := newMeter(t, Config{MaxFlows: 2}, `save SourcePeerAddress; count;`)
	for i := range 4 {
		feedAll(t, m, tcp(t, fmt.Sprintf("10.0.0.%d:1", i), "10.1.0.1:1", time.Duration(i)))
	}
	feedAll(t, m, tcp(t, "10.0.0.1:1", "10.1.0.1:1", 9))
	m.View(func(s *State) {
		got, _ := s.RuleSetCounts(2)
		if want := (RuleSetCounts{PDUs: 3, RefusedPDUs: 2, RefusedOctets: 108, Flows: 2, Created: 2}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if c := s.Counts(); c.FullAt == 0 || c.FloodedAt != 0 {
			t.Errorf("full at %d, in flood mode at %d", c.FullAt, c.FloodedAt)
		}
	})
}

// TestFloodRefusals distinguishes what flood mode refuses from what finds the table full.
func TestFloodRefusals(t *testing.T) {
	m := newMeter(t, Config{MaxFlows: 4}, `save SourcePeerAddress; count;`)
	update(t, m, func(e *Engine) error { e.SetFloodLevel(2); return nil })
	host := func(i int) {
		feedAll(t, m, tcp(t, fmt.Sprintf("10.0.0.%d:1", i), "10.1.0.1:1", time.Duration(i)))
	}
	for i := range 5 { // three flows are above the mark
		host(i)
	}
	m.View(func(s *State) {
		got, _ := s.RuleSetCounts(2)
		want := RuleSetCounts{PDUs: 3, RefusedPDUs: 2, RefusedOctets: 108, FloodedPDUs: 2, FloodedOctets: 108, Flows: 3, Created: 3}
		if c := s.Counts(); got != want || c.FullAt != 0 || c.FloodedAt == 0 {
			t.Errorf("%+v, want %+v; full at %d, in flood mode at %d", got, want, c.FullAt, c.FloodedAt)
		}
	})
	update(t, m, func(e *Engine) error { e.SetFloodMode(false); e.SetFloodLevel(4); return nil })
	for i := range 2 {
		host(10 + i)
	}
	m.View(func(s *State) {
		if got, c := s.Totals(), s.Counts(); got.RefusedPDUs != 3 || got.FloodedPDUs != 2 || c.FullAt == 0 {
			t.Errorf("%+v, full at %d", got, c.FullAt)
		}
	})
}

// TestIndexReuse frees flows and checks that the index freed longest ago comes
// first, and none in the centisecond of its freeing.
func TestIndexReuse(t *testing.T) {
	m := newMeter(t, Config{Inactivity: NoInactivity}, `save SourcePeerAddress; count;`)
	next := 0
	add := func(at time.Duration) uint32 {
		next++
		feedAll(t, m, tcp(t, fmt.Sprintf("10.0.%d.%d:1", next>>8, next&255), "10.1.0.1:1", at))
		var last uint32
		m.View(func(s *State) {
			var f Flow
			for i := s.NextFlow(2, 0, 0); i != 0; i = s.NextFlow(2, 0, i) {
				if s.Flow(i, &f); f.LastActive == s.Uptime() {
					last = i
				}
			}
		})
		return last
	}
	for i := range 3 {
		if got := add(time.Duration(i)); got != uint32(i+1) && i > 0 {
			t.Fatalf("flow %d has index %d", i+1, got)
		}
	}
	// The tick at 100 ms frees all three; 10 ms later their slots are free.
	if got := add(100 * time.Millisecond); got != 4 {
		t.Errorf("in the centisecond of the freeing: index %d, want a fresh one", got)
	}
	for want := uint32(1); want <= 3; want++ {
		if got := add(110*time.Millisecond + time.Duration(want)*10*time.Millisecond); got != want {
			t.Errorf("index %d, want %d", got, want)
		}
	}
}

// TestReaderHoldsFlows: an idle flow is kept until its reader has its last
// change.
func TestReaderHoldsFlows(t *testing.T) {
	m := newMeter(t, Config{Inactivity: time.Second}, `save SourcePeerAddress; count;`)
	update(t, m, func(e *Engine) error { return collect(e, 0) })
	live := func() (n int) {
		m.View(func(s *State) { n = s.FlowsInUse() })
		return n
	}
	feedAll(t, m, tcp(t, "10.0.0.1:1", "10.1.0.1:1", 0), tcp(t, "10.0.0.2:1", "10.1.0.1:1", time.Minute))
	if n := live(); n != 2 {
		t.Fatalf("%d flows before the first collection, want 2", n)
	}
	update(t, m, func(e *Engine) error { return collect(e, e.Uptime()) })
	feedAll(t, m, tcp(t, "10.0.0.2:1", "10.1.0.1:1", 2*time.Minute))
	if n := live(); n != 1 {
		t.Errorf("%d flows after the collection, want 1", n)
	}
}

func TestSamplingIsFairAndSeeded(t *testing.T) {
	count := func(seed uint64) (Counts, RuleSetCounts) {
		m := newMeter(t, Config{SampleRate: 10, Seed: seed}, `save SourcePeerAddress; count;`)
		f := tcp(t, "10.0.0.1:1", "10.1.0.1:1", 0)
		for range 10_000 {
			feedAll(t, m, f)
		}
		var c Counts
		var r RuleSetCounts
		m.View(func(s *State) { c = s.Counts(); r, _ = s.RuleSetCounts(2) })
		return c, r
	}
	c, r := count(1)
	if c.Packets != 10_000 || c.SampledOut+r.PDUs != c.Packets {
		t.Errorf("%+v %+v: packets are lost", c, r)
	}
	// 1000 expected, standard deviation 30.
	if r.PDUs < 850 || r.PDUs > 1150 {
		t.Errorf("%d of 10,000 packets metered, want about 1,000", r.PDUs)
	}
	if _, again := count(1); again != r {
		t.Error("the same seed gives other packets")
	}
	if _, other := count(2); other == r {
		t.Error("another seed gives the same packets")
	}
}
