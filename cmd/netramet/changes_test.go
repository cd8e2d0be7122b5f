package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources/wire"
	"netramet/streams"
	"netramet/streams/pair"
)

// TestChanges holds the meter against itself without remembered verdicts while
// rule sets come and go in the middle of a trace: they are loaded, started,
// stopped, destroyed and loaded again, switched to their standby by a full flow
// table, sampled, read and recovered. After each step both must hold the same
// flows and counts, and no packet and no flow may be lost.
func TestChanges(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 25
	}
	runSeeds(t, seeds, changesSeed)
}

// FuzzChanges is TestChanges on seeds of the fuzzer's choice.
func FuzzChanges(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Fuzz(func(t *testing.T, seed uint64) { changesSeed(t, seed) })
}

// step is so many frames, and then a change.
type step struct {
	frames int
	name   string
	do     func(*control.Tables) error
}

func changesSeed(t *testing.T, seed uint64) (flows int) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 2))
	frames := randomTrace(t, rnd)
	for i := range frames {
		if rnd.IntN(50) == 0 {
			frames[i].LinkType = 0xfffe // cannot be decoded
		}
	}
	steps, streamed := randomSteps(t, rnd, len(frames))
	cfg := meter.Config{
		MaxFlows:   []int{3, 20, 1 << 20}[rnd.IntN(3)],
		Inactivity: []time.Duration{meter.NoInactivity, time.Second, 20 * time.Second}[rnd.IntN(3)],
		Interval:   []time.Duration{0, 10 * time.Second}[rnd.IntN(2)],
		MaxGap:     []time.Duration{time.Minute, meter.DefaultMaxGap, 24 * time.Hour}[rnd.IntN(3)],
		SampleRate: []uint32{1, 1, 2}[rnd.IntN(3)],
	}
	wantOf := map[int][]string{}           // after each step; by limit of streams where flows know theirs
	streamsOf := map[int][]streams.Stats{} // after each step, by limit
	for _, v := range waysToMeter {
		cfg.Lanes, cfg.Cache, cfg.Near, cfg.Streams = v.lanes, v.cache, v.near, streams.Config{MaxStreams: v.maxStreams}
		c := &changing{t: t, m: control.New(cfg, control.Config{}), audit: newAudit(t), seed: seed, times: refTimes(frames, cfg.MaxGap)}
		if v.batch > 1 {
			c.audit = nil
		}
		got := c.run(frames, v.batch, steps)
		limit := 0
		if streamed {
			limit = v.maxStreams
		}
		want := wantOf[limit]
		if want == nil {
			want, wantOf[limit] = got, got
		}
		if c.audit != nil {
			flows = c.audit.born
		}
		if had := streamsOf[v.maxStreams]; had == nil {
			streamsOf[v.maxStreams] = c.streams
		} else if !slices.Equal(c.streams, had) {
			t.Fatalf("seed %d, %+v: streams %+v, want %+v", seed, v, c.streams, had)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("seed %d, %+v, step %d, %s:\n got %s\nwant %s", seed, v, i, steps[i].name, got[i], want[i])
			}
		}
	}
	return flows
}

// randomPairs makes half of the plain turnaround times of rule sets those of pairs, most of
// UDP, for which a packet is enough.
func randomPairs(rnd *rand.Rand, sets []*ruleset.RuleSet) {
	kinds := []pair.Kind{pair.UDP, pair.UDP, pair.UDP, pair.ICMP, pair.TCPData, pair.TCPSyn, pair.DNS}
	for _, rs := range sets {
		for i := range rs.Rules {
			if r := &rs.Rules[i]; r.Selector.IsTurnaround() && rnd.IntN(2) == 0 {
				r.Value[1] = uint8(kinds[rnd.IntN(len(kinds))])
			}
		}
	}
}

// randomSteps are changes at random places of a trace of n frames; the last
// step only feeds what is left. streamed says that flows may know their streams.
func randomSteps(t *testing.T, rnd *rand.Rand, n int) (steps []step, streamed bool) {
	t.Helper()
	sets := slices.Concat(randomRuleSets(t, rnd), randomRuleSets(t, rnd))
	randomPairs(rnd, sets)
	for left := n; left > 0; {
		k := min(left, rnd.IntN(30))
		name, do := randomChange(rnd, sets)
		steps = append(steps, step{k, name, do})
		left -= k
	}
	return steps, slices.ContainsFunc(sets, savesStreams)
}

// randomChange is one change; what it may not do changes nothing.
func randomChange(rnd *rand.Rand, sets []*ruleset.RuleSet) (string, func(*control.Tables) error) {
	rs := *sets[rnd.IntN(len(sets))]
	rs.Number = 2 + rnd.IntN(3)
	row, n, some := uint32(1+rnd.IntN(3)), rnd.IntN(100), rnd.Uint32()
	switch k := rnd.IntN(15); k {
	case 0, 1, 2, 3:
		return fmt.Sprintf("load and run %d", rs.Number), func(t *control.Tables) error {
			if t.HasRuleSet(rs.Number) {
				return change(t, func(c *control.Change) { start(t, c, rs.Number) })
			}
			return load(t, &rs)
		}
	case 4:
		return fmt.Sprintf("stop %d", rs.Number), func(t *control.Tables) error {
			return change(t, func(c *control.Change) { c.Task(uint32(rs.Number), mib.RowDestroy) })
		}
	case 5, 6:
		again := k == 5
		return fmt.Sprintf("destroy %d, load again %v", rs.Number, again), func(t *control.Tables) error {
			if err := change(t, func(c *control.Change) { destroy(t, c, rs.Number) }); err != nil || !again {
				return err
			}
			return load(t, &rs)
		}
	case 7:
		return fmt.Sprintf("reader of %d", rs.Number), func(t *control.Tables) error {
			return change(t, func(c *control.Change) {
				r, _ := c.Reader(uint32(rs.Number+10*(n%5)), mib.RowCreateAndGo)
				r.SetRuleSet(int64(rs.Number))
			})
		}
	case 8, 9:
		return "collect", collectAll
	case 10:
		return fmt.Sprintf("interface %d: one in %d", 1+n%2, some%4), func(s *control.Tables) error {
			return s.SetSampleRate(1+n%2, some%4)
		}
	case 11:
		return fmt.Sprintf("task %d: %d, standby %d above %d", 10+row, rs.Number, some%5, n), func(s *control.Tables) error {
			return changeTask(s, 10+row, int64(rs.Number), int64(some%5), int64(n))
		}
	case 12:
		return fmt.Sprintf("flood mark %d", n), func(s *control.Tables) error {
			s.SetFloodMode(false)
			return s.SetFloodMark(n)
		}
	case 13:
		return fmt.Sprintf("inactivity %d s", n%30), func(s *control.Tables) error {
			return s.SetInactivity(time.Duration(n%30) * time.Second)
		}
	}
	return "plain reader collects", func(s *control.Tables) error {
		return plainReader(s, 100+row, int64(rs.Number))
	}
}

// change makes one Change. What is refused at once, and so not staged, is as if
// it had not been asked for.
func change(t *control.Tables, stage func(*control.Change)) error {
	c := t.Begin("", time.Time{})
	stage(c)
	if err := c.Check(); err != nil {
		return err
	}
	c.Commit()
	return nil
}

// load loads a rule set and starts it with the task of its number.
func load(t *control.Tables, rs *ruleset.RuleSet) error {
	return change(t, func(c *control.Change) {
		r, _ := c.RuleSet(uint32(rs.Number), mib.RowCreateAndGo)
		r.SetRules(slices.Clone(rs.Rules))
		start(t, c, rs.Number)
	})
}

// start starts a rule set with the task of its number, if there is none yet.
func start(t *control.Tables, c *control.Change, number int) {
	if _, ok := t.Task(uint32(number)); !ok {
		task, _ := c.Task(uint32(number), mib.RowCreateAndGo)
		task.SetCurrent(int64(number))
	}
}

// destroy destroys a rule set with the tasks that name it.
func destroy(t *control.Tables, c *control.Change, number int) {
	for n := t.NextTask(0); n != 0; n = t.NextTask(n) {
		if task, _ := t.Task(n); task.Current == number || task.Standby == number {
			c.Task(n, mib.RowDestroy)
		}
	}
	c.RuleSet(uint32(number), mib.RowDestroy)
}

// collectAll has every reader collect that keeps a mark.
func collectAll(t *control.Tables) error {
	return change(t, func(c *control.Change) {
		for n := t.NextReader(0); n != 0 && n < 100; n = t.NextReader(n) {
			r, _ := c.Reader(n, mib.RowNone)
			r.SetMark(uint64(t.Uptime()))
		}
	})
}

// changeTask makes or changes a manager row, or removes it.
func changeTask(t *control.Tables, row uint32, current, standby, mark int64) error {
	request := mib.RowNone
	if old, ok := t.Task(row); !ok {
		request = mib.RowCreateAndGo
	} else if old.RunningStandby {
		request = mib.RowDestroy
	}
	return change(t, func(c *control.Change) {
		if task, why := c.Task(row, request); why == control.Granted && request != mib.RowDestroy {
			task.SetCurrent(current)
			task.SetStandby(standby)
			task.SetHighWaterMark(mark)
		}
	})
}

// plainReader is a reader that RFC 2720 knows: it keeps no mark.
func plainReader(t *control.Tables, row uint32, number int64) error {
	request := mib.RowNone
	if _, ok := t.Reader(row); !ok {
		request = mib.RowCreateAndGo
	}
	return change(t, func(c *control.Change) {
		r, _ := c.Reader(row, request)
		if request == mib.RowCreateAndGo {
			r.SetRuleSet(number)
		}
		r.SetLastTime()
	})
}

// changing is one meter under the steps.
type changing struct {
	t     *testing.T
	m     *control.Meter
	audit *audit // nil: not kept
	seed  uint64
	times []refTime
	fed   int
	seen  meter.Trains
	eye   *meter.Lookout // made when it is first needed

	streams []streams.Stats // after each step
}

// run does all steps and describes the meter after each.
func (c *changing) run(frames []wire.Frame, batch int, steps []step) (after []string) {
	c.t.Helper()
	for _, st := range steps {
		for left := st.frames; left > 0; {
			k := min(left, batch)
			c.feed(slices.Clone(frames[:k]))
			frames, left = frames[k:], left-k
		}
		err := c.m.Update(st.do)
		if c.audit != nil {
			c.m.View(func(s *control.State) { c.audit.look(s, st.name, true) })
		}
		after = append(after, fmt.Sprintf("%v\n%s", err, describe(c.m)))
		c.m.View(func(s *control.State) { c.streams = append(c.streams, s.Streams()) })
	}
	return after
}

func (c *changing) feed(frames []wire.Frame) {
	c.t.Helper()
	c.fed += len(frames)
	if c.eye == nil {
		c.eye = c.m.NewLookout()
	}
	c.eye.Begin(&c.seen)
	var batches []*wire.Batch
	for some := range slices.Chunk(frames, len(frames)/3+1) {
		b := &wire.Batch{Frames: some}
		batches = append(batches, b)
		c.eye.See(b, &c.seen)
	}
	for {
		stop := c.m.FeedTrains(batches, &c.seen)
		if c.audit != nil {
			c.m.View(func(s *control.State) { c.audit.look(s, "frame", stop == meter.Taken) })
		}
		if stop == meter.Taken {
			c.m.View(c.checkTime)
			return
		}
		_ = c.m.Update(func(s *control.Tables) error {
			if n, _, _ := s.Interval(); n%2 != 0 {
				return nil
			}
			err := collectAll(s)
			if c.audit != nil {
				c.audit.look(&s.State, "collect", true)
			}
			return err
		})
	}
}

// checkTime checks the clock against the reference's, and that what is held is
// what waits for judgement.
func (c *changing) checkTime(s *control.State) {
	got := s.Counts()
	if n := int(got.Packets); n > c.fed || n+16 < c.fed {
		c.t.Fatalf("seed %d: %d packets read of %d", c.seed, n, c.fed)
	}
	want, uptime, start := meter.Counts{}, meter.Uptime(1), int64(wire.NoTime)
	for _, t := range c.times[:got.Packets] {
		t.count(&want)
		if start == wire.NoTime {
			start = t.clock
		}
		uptime = 1 + meter.Uptime(uint64(t.clock-start)/1e7) // it may be centuries
	}
	if s.Uptime() != uptime || got.Late != want.Late || got.BadStamps != want.BadStamps || got.NoStamps != want.NoStamps {
		c.t.Fatalf("seed %d, after %d packets: uptime %d and %+v, want %d and %+v", c.seed, got.Packets, s.Uptime(), got, uptime, want)
	}
}

// describe prints all that a manager or reader could see.
func describe(m *control.Meter) string {
	var b strings.Builder
	m.View(func(s *control.State) {
		c := s.Counts()
		fmt.Fprintf(&b, "%+v uptime %d flows %d flood %v\n", c, s.Uptime(), s.FlowsInUse(), s.FloodMode())
		for n := s.NextTask(0); n != 0; n = s.NextTask(n) {
			t, _ := s.Task(n)
			fmt.Fprintf(&b, "task %d %+v\n", n, t)
		}
		for n := s.NextRuleSet(0); n != 0; n = s.NextRuleSet(n) {
			row, _ := s.RuleSetRow(n)
			counts, _ := s.RuleSetCounts(n)
			in, _ := s.RuleSetInput(n)
			in.RulesExecuted, in.Stopped, in.Recalled = 0, 0, 0 // the work is what remembering saves
			fmt.Fprintf(&b, "rule set %d running %v %+v %+v\n", n, row.Running, counts, in)
		}
		var f meter.Flow
		var v meter.Value
		for i := s.NextFlow(meter.AnyRuleSet, 0, 0); i != 0; i = s.NextFlow(meter.AnyRuleSet, 0, i) {
			s.Flow(i, &f)
			fmt.Fprintf(&b, "flow %d", f.Index)
			for _, a := range mib.Attrs() {
				if s.Attr(&f, a, &v); v.Num != 0 || len(v.Numbers) != 0 || slices.Max(append(slices.Clone(v.Octets), 0)) != 0 {
					fmt.Fprintf(&b, " %v=%d%v%d", a, v.Num, v.Octets, v.Numbers)
				}
			}
			fmt.Fprintln(&b)
		}
	})
	return b.String()
}

// audit keeps the books of one meter, looked at after every packet and every
// change: the invariant of the counters, and what became of each flow.
type audit struct {
	t       *testing.T
	packets uint64
	read    map[int]uint64                  // packets while each rule set ran
	ran     map[int]bool                    // at the last look
	lost    map[int]uint64                  // PDUs of recovered flows
	live    map[flowName]meter.Flow         // at the last look
	names   map[flowName]bool               // of all flows there ever were
	safe    map[int]map[uint32]meter.Uptime // up to when each reader has collected
	born    int
	refused uint64
}

// flowName names a flow for ever (decision 16).
type flowName struct {
	ruleSet int
	index   uint32
	first   meter.Uptime
}

func newAudit(t *testing.T) *audit {
	return &audit{t: t, read: map[int]uint64{}, ran: map[int]bool{}, lost: map[int]uint64{},
		live: map[flowName]meter.Flow{}, names: map[flowName]bool{}, safe: map[int]map[uint32]meter.Uptime{}}
}

// look is called after a frame or a change. Most times a frame makes one packet
// to be read, and ticks run before it. But held frames are read together, and
// the ticks of an interval's end run behind a packet: only if exact is true, and
// at most one packet was read, nothing is hidden between two looks.
func (a *audit) look(s *control.State, what string, exact bool) {
	a.t.Helper()
	packets := s.Counts().Packets
	exact = exact && packets <= a.packets+1
	for n := 1; n <= 4; n++ {
		if c, err := s.RuleSetCounts(n); err != nil || what != "frame" && accounted(s, n) == 0 && c.Created == 0 {
			// It is gone, and its flows with it; what is there now is new.
			a.read[n], a.lost[n], a.ran[n] = 0, 0, false
			maps.DeleteFunc(a.live, func(k flowName, _ meter.Flow) bool { return k.ruleSet == n })
		}
	}
	a.flows(s)
	for n := 1; n <= 4; n++ {
		a.ruleSet(s, n, packets-a.packets, exact)
	}
	a.packets = packets
	refused := s.Totals().RefusedPDUs
	if exact && refused > a.refused && !s.FloodMode() && s.FlowsInUse() < s.MaxFlows() {
		a.t.Fatalf("%s: refused with %d flows of %d", what, s.FlowsInUse(), s.MaxFlows())
	}
	a.refused = refused
	a.safe = map[int]map[uint32]meter.Uptime{}
	for n := s.NextReader(0); n != 0; n = s.NextReader(n) {
		r, _ := s.Reader(n)
		if a.safe[r.RuleSet] == nil {
			a.safe[r.RuleSet] = map[uint32]meter.Uptime{}
		}
		a.safe[r.RuleSet][n] = max(r.Mark, r.PreviousTime)
	}
}

// accounted is how many packets a rule set accounts for .
func accounted(s *control.State, n int) uint64 {
	c, _ := s.RuleSetCounts(n)
	in, _ := s.RuleSetInput(n)
	return c.PDUs + c.Ignored + c.NotMatched + c.RefusedPDUs + in.SampledOut + in.Unsupported
}

// flows follows each flow from its creation to its recovery.
func (a *audit) flows(s *control.State) {
	a.t.Helper()
	now := map[flowName]meter.Flow{}
	var f meter.Flow
	for i := s.NextFlow(meter.AnyRuleSet, 0, 0); i != 0; i = s.NextFlow(meter.AnyRuleSet, 0, i) {
		s.Flow(i, &f)
		name := flowName{f.RuleSet, i, f.FirstTime}
		now[name] = f
		if f.FirstTime > f.LastActive || f.LastActive > s.Uptime() || f.PDUs[0]+f.PDUs[1] == 0 {
			a.t.Fatalf("flow %+v at %d", f, s.Uptime())
		}
		if _, ok := a.live[name]; !ok {
			if a.names[name] {
				a.t.Fatalf("two flows are named %+v", name)
			}
			a.names[name] = true
			a.born++
		}
	}
	for name, f := range a.live {
		if _, ok := now[name]; ok {
			continue
		}
		a.lost[name.ruleSet] += f.PDUs[0] + f.PDUs[1]
		for reader, safe := range a.safe[name.ruleSet] {
			if f.Changed >= safe {
				a.t.Fatalf("flow %+v, changed at %d, is gone; reader %d has all before %d", name, f.Changed, reader, safe)
			}
		}
	}
	a.live = now
}

// ruleSet checks one rule set's counts; so many packets have been read since
// the last look.
func (a *audit) ruleSet(s *control.State, n int, packets uint64, exact bool) {
	a.t.Helper()
	c, err := s.RuleSetCounts(n)
	if err != nil {
		return
	}
	sum := accounted(s, n)
	row, _ := s.RuleSetRow(n)
	if exact || row.Running == a.ran[n] {
		if row.Running {
			a.read[n] += packets
		}
	} else {
		a.read[n] = sum // it was started or stopped between two of the packets
	}
	a.ran[n] = row.Running
	if sum != a.read[n] {
		a.t.Fatalf("rule set %d accounts for %d packets of %d: %+v", n, sum, a.read[n], c)
	}
	var pdus, flows uint64
	for name, f := range a.live {
		if name.ruleSet == n {
			flows++
			pdus += f.PDUs[0] + f.PDUs[1]
		}
	}
	if flows != c.Flows || c.Created-c.Recovered != flows {
		a.t.Fatalf("rule set %d has %d flows: %+v", n, flows, c)
	}
	if exact && pdus+a.lost[n] != c.PDUs || pdus+a.lost[n] > c.PDUs {
		a.t.Fatalf("rule set %d: %d PDUs in flows, %d in recovered ones: %+v", n, pdus, a.lost[n], c)
	}
	a.lost[n] = c.PDUs - pdus
}
