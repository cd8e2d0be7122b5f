package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"netramet/internal/version"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/meter/origin"
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/reader/flowfile"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
	"netramet/streams"
)

// TestOracle holds the meter against the reference meter: random traces under
// random rule sets give the same flow data file, octet for octet, in 1, 2, 3 and 8
// lanes, with remembered verdicts and without, in batches of 1, 7 and 256, and
// with flow and stream tables that are far too small.
func TestOracle(t *testing.T) {
	seeds := 120
	if testing.Short() {
		seeds = 20
	}
	runSeeds(t, seeds, oracleSeed)
}

// runSeeds runs a test for each seed, as a subtest that can be run alone:
//
//	go test ./cmd/netramet -run 'TestOracle/seed=57$'
//
// and fails where the traces hold too few flows to test much.
func runSeeds(t *testing.T, seeds int, one func(*testing.T, uint64) (flows int)) {
	ran, flows := 0, 0
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			ran++
			flows += one(t, seed)
		})
	}
	if ran == seeds && flows < 10*seeds {
		t.Errorf("%d flows in %d traces: the traces test little", flows, seeds)
	}
}

// FuzzOracle is TestOracle on seeds of the fuzzer's choice.
func FuzzOracle(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Fuzz(func(t *testing.T, seed uint64) { oracleSeed(t, seed) })
}

func oracleSeed(t *testing.T, seed uint64) (flows int) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	frames := randomTrace(t, rnd)
	sets := randomRuleSets(t, rnd)
	cfg := meter.Config{
		MaxFlows:   []int{1, 3, 20, 1 << 20}[rnd.IntN(4)],
		Inactivity: []time.Duration{meter.NoInactivity, time.Second, 20 * time.Second, 600 * time.Second}[rnd.IntN(4)],
		MaxGap:     []time.Duration{time.Minute, meter.DefaultMaxGap, 24 * time.Hour}[rnd.IntN(3)],
		Octets:     meter.OctetMode(rnd.IntN(2)),
		Depth:      packet.Depth(rnd.IntN(2)) * packet.InTunnels,
		Interval:   []time.Duration{0, time.Second, 10 * time.Second, time.Hour}[rnd.IntN(4)],
	}
	cfg.MeterID, cfg.Origins = uint32(seed), new(origin.Table)
	for _, l := range oraclePrefixes {
		cfg.Origins.Add(l.prefix, l.asn)
	}
	cfg.Align = cfg.Interval > 0 && seed%4 == 3
	if cfg.Interval > 0 && rnd.IntN(3) == 0 {
		cfg.MaxIntervals = uint64(rnd.IntN(20) + 1)
	}
	tasks := tasksOf(sets)
	header := flowfile.Header{Version: version.Version, Meter: "oracle"}

	var want bytes.Buffer
	refCfg := cfg
	if refCfg.Inactivity < 0 {
		refCfg.Inactivity = 0
	}
	ref := newRefMeter(refCfg, sets)
	ref.prefixes = oraclePrefixes
	if err := ref.run(frames, tasks, flowfile.NewWriter(&want, header)); err != nil {
		t.Fatalf("seed %d: reference: %v", seed, err)
	}
	streamed := slices.ContainsFunc(sets, savesStreams)
	for _, w := range waysToMeter {
		if streamed && w.maxStreams > 0 {
			continue // fewer streams are other streams
		}
		cfg.Lanes, cfg.Cache, cfg.Near, cfg.Streams = w.lanes, w.cache, w.near, streams.Config{MaxStreams: w.maxStreams}
		var got bytes.Buffer
		m := meterFrames(t, cfg, frames, w.batch, sets, flowfile.NewWriter(&got, header))
		name := fmt.Sprintf("seed %d, %+v", seed, w)
		if d := firstDifference(got.String(), want.String()); d != "" {
			t.Fatalf("%s: %s\n%v", name, d, sets[0].Rules)
		}
		checkSums(t, name, m, ref)
	}
	return bytes.Count(want.Bytes(), []byte("\n"))
}

// oraclePrefixes cut through the hosts of random traces.
var oraclePrefixes = []refPrefix{
	{netip.MustParsePrefix("10.0.0.0/8"), 1},
	{netip.MustParsePrefix("10.0.0.0/23"), 2},
	{netip.MustParsePrefix("10.0.0.2/31"), 1 << 31},
	{netip.MustParsePrefix("2001:db8:1::/48"), 3},
	{netip.MustParsePrefix("2001:db8::2/127"), 2},
}

// savesStreams reports whether a rule set saves distributions of streams or their pairs.
func savesStreams(rs *ruleset.RuleSet) bool {
	return slices.ContainsFunc(rs.Rules, func(r ruleset.Rule) bool {
		a := r.Selector
		return a.IsDistribution() && a >= mib.AttrFlowTime || a.IsTurnaround() && r.Value[1] != 0
	})
}

// way is what no result may depend on.
type way struct {
	lanes, batch int
	cache        meter.CacheMode
	maxStreams   int
	near         int
}

// waysToMeter have every number of lanes with everything else at least once. Near 9 begins
// without rounds, and goes over to them.
var waysToMeter = []way{
	{1, 1, meter.NoCache, 0, 0},
	{1, 1, meter.CacheVerdicts, 0, 0},
	{1, 7, meter.CacheVerdicts, 2, meter.NeverNear},
	{1, 256, meter.NoCache, 0, meter.NeverNear},
	{1, 256, meter.CacheVerdicts, 0, 9},
	{1, 256, meter.CacheVerdicts, 0, meter.StreamsNear},
	{1, 7, meter.CacheVerdicts, 2, meter.StreamsNear},
	{2, 1, meter.CacheVerdicts, 2, 0},
	{2, 256, meter.CacheVerdicts, 0, 0},
	{2, 256, meter.CacheVerdicts, 0, meter.NeverNear},
	{2, 256, meter.NoCache, 0, 9},
	{3, 7, meter.NoCache, 0, meter.NeverNear},
	{3, 256, meter.CacheVerdicts, 2, 9},
	{8, 7, meter.CacheVerdicts, 0, 9},
	{8, 256, meter.CacheVerdicts, 2, meter.NeverNear},
	{8, 256, meter.NoCache, 0, 0},
}

// meterFrames meters frames as the command does.
func meterFrames(t *testing.T, cfg meter.Config, frames []wire.Frame, size int, sets []*ruleset.RuleSet, out output) *control.Meter {
	t.Helper()
	b := &batch{o: &options{silent: true, allowRefused: true, lanes: uint32(cfg.Lanes), intervals: cfg.MaxIntervals}, out: out, tasks: tasksOf(sets)}
	b.src = sourcetest.NewFake(frames, size)
	b.show = newProgress(b.o, nil)
	b.meter = control.New(cfg, control.Config{})
	if err := b.runSets(sets, make([]string, len(sets))); err != nil {
		t.Fatal(err)
	}
	// Losses are part of what is compared.
	if _, err := b.readTrace(context.Background()); err != nil {
		t.Fatal(err)
	}
	return b.meter
}

// checkSums checks the invariant of flow counts: every packet read is counted
// once under every rule set, in some place.
func checkSums(t *testing.T, name string, m *control.Meter, ref *refMeter) {
	t.Helper()
	m.View(func(s *control.State) {
		c := s.Counts()
		if c.Packets != ref.counts.Packets || c.Octets != ref.counts.Octets || c.Late != ref.counts.Late || c.BadStamps != ref.counts.BadStamps || c.NoStamps != ref.counts.NoStamps || c.Backward != ref.counts.Backward {
			t.Fatalf("%s: counts %+v, want %+v", name, c, ref.counts)
		}
		for _, rs := range ref.sets {
			r, err := s.RuleSetCounts(rs.Number)
			if err != nil {
				t.Fatal(err)
			}
			if sum := r.PDUs + r.Ignored + r.NotMatched + r.RefusedPDUs + c.Unsupported + c.SampledOut; sum != c.Packets {
				t.Fatalf("%s: rule set %d accounts for %d packets of %d: %+v", name, rs.Number, sum, c.Packets, r)
			}
			want := *ref.perSet[rs.Number]
			r.PDUs, r.Flows = 0, 0
			if r != want {
				t.Fatalf("%s: rule set %d: %+v, want %+v", name, rs.Number, r, want)
			}
		}
	})
}

func firstDifference(got, want string) string {
	if got == want {
		return ""
	}
	g, w := bytes.Split([]byte(got), []byte("\n")), bytes.Split([]byte(want), []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return fmt.Sprintf("line %d:\n got %s\nwant %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// randomTrace makes a few hundred packets among few end points, in both
// directions, with time stamps of every kind: steady, sparse, jumping,
// backwards, absurd, absent.
func randomTrace(t *testing.T, rnd *rand.Rand) []wire.Frame {
	t.Helper()
	hosts := 2 + rnd.IntN(4)
	ports := 1 + rnd.IntN(3)
	odd := rnd.IntN(3) == 0
	// Between two ticks come few packets, or so many that they fill rounds.
	usual := []time.Duration{300 * time.Millisecond, 20 * time.Microsecond}[rnd.IntN(2)]
	at := time.Duration(rnd.Int64N(int64(time.Hour)))
	sparse := 0  // frames left of a stretch of them hours or days apart
	untimed := 0 // and of one without times
	var frames []wire.Frame
	for range 50 + rnd.IntN(400) {
		if sparse == 0 && rnd.IntN(200) == 0 {
			sparse = 1 + rnd.IntN(40)
		}
		switch n := rnd.IntN(100); {
		case sparse > 0:
			at += time.Duration(rnd.Int64N(int64(50 * time.Hour)))
			sparse--
		case n < 60:
			at += time.Duration(rnd.Int64N(int64(usual)))
		case n < 70 && usual > time.Millisecond:
			at += time.Duration(rnd.Int64N(int64(15 * time.Second)))
		case n < 61:
			at += time.Duration(rnd.Int64N(int64(3 * time.Hour)))
		case n < 73 && odd:
			at += time.Duration(rnd.Int64N(int64(400 * time.Hour)))
		}
		stamp := sourcetest.At(at)
		if untimed > 0 && rnd.IntN(8) > 0 {
			stamp = sourcetest.NoTime()
			untimed--
		} else if odd {
			switch rnd.IntN(40) {
			case 0:
				stamp = sourcetest.At(at + 1000*time.Hour)
			case 1:
				stamp = sourcetest.At(at - time.Duration(rnd.Int64N(int64(time.Minute))))
			case 2:
				stamp = sourcetest.NoTime()
			case 3:
				stamp = sourcetest.At(at + time.Hour)
				untimed = 1 + rnd.IntN(24)
			}
		}
		f, err := sourcetest.Build(append(randomLayers(rnd, hosts, ports), stamp)...)
		if err != nil {
			t.Fatal(err)
		}
		f.Interface = uint8(1 + rnd.IntN(2))
		frames = append(frames, f)
	}
	randomStart(rnd, frames)
	return frames
}

// randomStart gives half of the traces a start that asks for care: a first
// stamp, or a few, far ahead, far behind, 0 or absent, or times that count
// from 0.
func randomStart(rnd *rand.Rand, frames []wire.Frame) {
	first := frames[0].Time
	stamp := []int64{first + int64(time.Hour), first + 1<<60, first - 1<<60, 0, wire.NoTime}[rnd.IntN(5)]
	if first == wire.NoTime {
		stamp = wire.NoTime // there is no first stamp to be off from
	}
	switch rnd.IntN(6) {
	case 0:
		frames[0].Time = stamp
	case 1:
		for i := range 1 + rnd.IntN(20) {
			frames[i].Time = stamp
		}
	case 2:
		for i := range frames {
			if first != wire.NoTime && frames[i].Time != wire.NoTime {
				frames[i].Time -= first
			}
		}
	}
}

func randomLayers(rnd *rand.Rand, hosts, ports int) []sourcetest.Part {
	a, b := rnd.IntN(hosts), rnd.IntN(hosts)
	parts := []sourcetest.Part{sourcetest.Ether(fmt.Sprintf("02:00:00:00:00:%02x", a), fmt.Sprintf("02:00:00:00:00:%02x", b))}
	if rnd.IntN(5) == 0 {
		parts = append(parts, sourcetest.Tag{ID: uint16(1 + rnd.IntN(2)), Priority: uint8(rnd.IntN(2))})
	}
	class := []uint8{0, 0, 0, 1, 3, 46 << 2}[rnd.IntN(6)]
	peer := rnd.IntN(8)
	if peer > 0 {
		parts = append(parts, randomTunnel(rnd)...)
	}
	switch peer {
	case 0:
		return append(parts, sourcetest.ARP{})
	case 1, 2:
		parts = append(parts, sourcetest.IPv6{Class: class, Src: fmt.Sprintf("2001:db8::%d", a), Dst: fmt.Sprintf("2001:db8:%d::%d", b&1, b)})
	default:
		parts = append(parts, sourcetest.IPv4{TOS: class, Src: fmt.Sprintf("10.0.%d.%d", a&1, a), Dst: fmt.Sprintf("10.0.%d.%d", b&1, b)})
	}
	port := func() uint16 { return uint16([]int{80, 53, 1024, 40000}[rnd.IntN(ports)]) }
	switch rnd.IntN(5) {
	case 0:
		parts = append(parts, sourcetest.UDP{Src: port(), Dst: port()})
	case 1:
		parts = append(parts, sourcetest.ICMP{})
	default:
		parts = append(parts, sourcetest.TCP{Src: port(), Dst: port()})
	}
	return append(parts, sourcetest.Payload(rnd.IntN(100)))
}

// randomTunnel is the header of one tunnel of a few, or none.
func randomTunnel(rnd *rand.Rand) []sourcetest.Part {
	a, b := 1+rnd.IntN(2), 1+rnd.IntN(2)
	switch rnd.IntN(12) {
	case 0, 1:
		return []sourcetest.Part{sourcetest.IPv4{TOS: 32, Src: fmt.Sprintf("192.0.2.%d", a), Dst: fmt.Sprintf("192.0.2.%d", b)}}
	case 2:
		return []sourcetest.Part{sourcetest.IPv6{Src: fmt.Sprintf("2001:db8:a::%d", a), Dst: fmt.Sprintf("2001:db8:a::%d", b)}}
	}
	return nil
}

// oraclePrograms are rule sets people would write.
var oraclePrograms = []string{
	`save SourcePeerType; save SourcePeerAddress; save DestPeerAddress; save SourceTransType;
	 save SourceTransAddress; save DestTransAddress; count;`,
	`if SourcePeerType == 1 save; else ignore; save SourcePeerAddress/24; save DestPeerAddress/24; count;`,
	`if SourcePeerAddress == 10.0.0/24 save, count; else nomatch;`,
	`if SourcePeerType == 1 save; else nomatch;
	 if SourceTransAddress == (80, 53) nomatch; if DestTransAddress == (80, 53) save, store FlowKind := 'W';
	 else { if MatchingStoD == 1 nomatch; store FlowKind := '?'; } save SourcePeerAddress; count;`,
	`call kind(SourcePeerAddress, SourceKind) endcall; call kind(DestPeerAddress, DestKind) endcall; count;
	 subroutine kind(address a, variable v) if a == 10.0.1/24 save, store v := 1; else store v := 2; return; endsub;`,
	// Both a flow and its reverse, by the ports of the packets that make them.
	`if SourceTransAddress == 80 nomatch; save SourcePeerAddress; save DestPeerAddress; count;`,
	`save SourceInterface; save VLANid; save SourceAdjacentAddress; save DestAdjacentAddress; count;`,
	`save SourceAdjacentType; save SourceAdjacentAddress; save DestAdjacentAddress/24; save SourcePeerAddress; count;`,
	`if SourceAdjacentAddress == 192.0.2.1 nomatch; if DestAdjacentAddress == 2001:db8:a::/48 save; save SourceTransAddress; count;`,
	`if VLANid == 1 nomatch; if DSCodePoint == 46 save, store FlowKind := 'V'; else if ECNCodeBits == (1, 3) save;
	 save Priority; save SourcePeerAddress; count;`,
	`save DSCodePoint; save ECNCodeBits; save SourceInterface; save SourcePeerAddress; save DestPeerAddress; count;`,
	`if SourceASN == 2 save; else { if DestASN == 2 nomatch; ignore; } save DestASN; save SourcePrefix; count;`,
	`save SourceASN; save DestASN & 1; save DestPrefix; save MeterID; save VLANid; count;`,
	// Saves of variables: what is saved has no effect before COUNT.
	`store FlowKind := 7; save FlowKind; if SourceTransType == 6 store SourceKind := 4; if SourceKind == (0, 4) save;
	 if FlowKind == 7 { save SourceKind; save SourcePeerAddress; if SourceKind == 4 count; else ignore; }`,
	`if SourceTransType == 6 store DestKind := 6; if DestKind == 6 save SourcePeerType; save DestKind & 3; save FlowClass = 9; count;`,
	// Distributions, asked for by all packets or by some.
	`save SourcePeerType; save ToPacketSize = 7.0.0!0 & 1.0.40!160; save FromInterarrivalTime = 9.0.0!0 & 2.3.1!9000;
	 save ToTurnaroundTime = 5.0.0!0 & 1.4.1!200; save FromTurnaroundTime3 = 60.0.0!0 & 2.1.1!60000; count;`,
	`save SourcePeerAddress; save FromPDURate = 20.1.0!0 & 1.0.0!19; if SourceTransType == 6 save ToBitRate = 30.10.0!0 & 2.0.1!50000;
	 if DestTransAddress == 80 { save FromBitRate = 3.255.0!0 & 1.0.0!1000; save ToInterarrivalTime = 255.0.0!0 & 1.5.0!65535; } count;`,
	`if SourcePeerType == 1 save; else ignore; save FlowTime = 20.0.0!0 & 2.4.1!60000; save ToFlowPDUs = 10.0.0!0 & 2.0.1!500;
	 save FromFlowPDUs = 10.0.0!0 & 1.0.0!9; save ToFlowOctets = 30.0.0!0 & 2.1.4!800; save FromFlowOctets = 30.0.0!0 & 2.1.4!800; count;`,
	// A stream of two flows.
	`if SourceTransAddress == 80 nomatch; save SourcePeerAddress; save ToFlowPDUs = 20.0.0!0 & 1.0.0!19;
	 save FromFlowOctets = 30.0.0!0 & 2.1.4!800; if DestTransAddress == 53 save FlowTime = 9.0.0!0 & 2.6.1!100; count;`,
	`if MatchingStoD == 1 { if DestTransAddress == (53, 80) save FromPacketSize = 4.0.0!0 & 2.0.30!200; else nomatch; }
	 else save FromPacketSize = 2.0.0!0 & 1.0.60!90; save SourcePeerAddress/24; count;`,
	`if DestTransAddress == 53 save, { if DestPeerAddress == 10.0.0.1 store FlowKind := 1; if FlowKind == 0 nomatch; else { save SourcePeerType; count; } }`,
}

func randomRuleSets(t *testing.T, rnd *rand.Rand) []*ruleset.RuleSet {
	t.Helper()
	format := &ruleset.Format{}
	for _, a := range mib.Attrs() {
		// The time mark is the meter's own.
		if a.Is(mib.UseRead) && a != mib.AttrFlowStatus && a != mib.AttrFlowTimeMark {
			format.Attrs = append(format.Attrs, a)
			format.Seps = append(format.Seps, " | ")
		}
	}
	format.Seps = append(slices.Clip(format.Seps), "")
	var sets []*ruleset.RuleSet
	for n := range 1 + rnd.IntN(3) {
		var rs *ruleset.RuleSet
		if rnd.IntN(2) == 0 {
			src := oraclePrograms[rnd.IntN(len(oraclePrograms))]
			var err error
			if rs, _, err = srl.Compile("oracle.srl", []byte(src), srl.Options{Optimise: rnd.IntN(3)}); err != nil {
				t.Fatalf("%s\n%v", src, err)
			}
		} else {
			rs = randomRules(t, rnd)
		}
		rs.Number, rs.Name, rs.Format = 2+3*n, fmt.Sprint("set", n), format
		sets = append(sets, rs)
	}
	return sets
}

// randomDistribution makes a rule that saves a distribution.
func randomDistribution(rnd *rand.Rand) ruleset.Rule {
	a := mib.AttrToPacketSize + mib.Attr(rnd.IntN(10))
	switch rnd.IntN(6) {
	case 0:
		a = mib.AttrToTurnaroundTime1 + mib.Attr(rnd.IntN(8))
	case 1:
		a = mib.AttrFlowTime + mib.Attr(rnd.IntN(5))
	}
	lower := 1 + rnd.IntN(300)
	upper := lower + 1 + rnd.IntN(2000)
	seconds := byte(0)
	if a.IsRate() {
		seconds = byte(1 + rnd.IntN(30))
	}
	return ruleset.Rule{
		Selector: a, Action: []mib.Action{mib.ActionPushPktTo, mib.ActionPushPktToAct}[rnd.IntN(2)],
		Mask:  ruleset.Octets{byte(1 + rnd.IntN(2)), byte(rnd.IntN(5)), byte(lower >> 8), byte(lower), byte(upper >> 8), byte(upper)},
		Value: ruleset.Octets{byte(2 + rnd.IntN(9)), seconds},
	}
}

// randomRules makes rules at random that the meter loads.
func randomRules(t *testing.T, rnd *rand.Rand) *ruleset.RuleSet {
	t.Helper()
	attrs := []mib.Attr{
		mib.AttrNull, mib.AttrSourcePeerType, mib.AttrDestPeerType, mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress,
		mib.AttrSourceTransType, mib.AttrSourceTransAddress, mib.AttrDestTransAddress, mib.AttrMatchingStoD,
		mib.AttrFlowKind, mib.AttrSourceKind, mib.AttrSourceInterface, mib.AttrVLANid,
		mib.AttrDSCodePoint, mib.AttrECNCodeBits, mib.AttrPriority, mib.AttrSourceASN, mib.AttrDestASN, mib.AttrDestPrefix,
	}
	masks := []ruleset.Octets{{}, {0xff}, {0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}}
	values := []ruleset.Octets{{}, {1}, {2}, {6}, {0, 80}, {0, 53}, {10}, {10, 0, 0, 1}, {10, 0, 1}}
	actions := []mib.Action{
		mib.ActionIgnore, mib.ActionNoMatch, mib.ActionCount, mib.ActionCountPkt, mib.ActionGoto, mib.ActionGotoAct,
		mib.ActionPushRuleTo, mib.ActionPushRuleToAct, mib.ActionPushPktTo, mib.ActionPushPktToAct, mib.ActionPopTo, mib.ActionPopToAct,
	}
	for range 10_000 {
		n := 2 + rnd.IntN(14)
		rs := &ruleset.RuleSet{Optimise: -1, Number: 2}
		for i := range n {
			r := ruleset.Rule{Selector: attrs[rnd.IntN(len(attrs))], Action: actions[rnd.IntN(len(actions))]}
			r.Mask, r.Value = masks[rnd.IntN(len(masks))], values[rnd.IntN(len(values))]
			for j := r.Selector.Size(); j < len(r.Mask); j++ {
				r.Mask[j], r.Value[j] = 0, 0
			}
			if rnd.IntN(2) == 0 {
				for j := range r.Value {
					r.Value[j] &= r.Mask[j]
				}
			}
			if rnd.IntN(6) == 0 {
				r = randomDistribution(rnd)
			}
			if r.Action.Goes() {
				r.Parameter = uint16(min(i+2+rnd.IntN(3), n))
			}
			rs.Rules = append(rs.Rules, r)
		}
		err := control.New(meter.Config{}, control.Config{}).Change(func(c *control.Change) error { return c.Run(rs) })
		if err == nil {
			return rs
		}
	}
	t.Fatal("no random rules that load")
	return nil
}
