package pme

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

// compare checks Match against Interpret.
func compare(t interface {
	Helper()
	Fatalf(string, ...any)
}, rs *ruleset.RuleSet, p *Matcher, pk *packet.Packet, order Order) Key {
	t.Helper()
	var key, again Key
	other := NewMatcher(p.Program)
	early := other.MatchKnown(pk, order, &again)
	before := p.Counters
	got := p.Match(pk, order, &key)
	if early != got && early != Unshaped {
		t.Fatalf("order %d: verdict %v, %v where no shape may be made", order, got, early)
	}
	if late := other.MatchKnown(pk, order, &again); late != got || string(again.Bytes()) != string(key.Bytes()) {
		t.Fatalf("order %d: another matcher says %v % x, want %v % x", order, late, again.Bytes(), got, key.Bytes())
	}
	want := (&machine{rs: rs, pk: pk, order: order, limit: p.maxSteps}).interpret(nil)
	if got != want.Verdict {
		t.Fatalf("order %d: verdict %v, want %v (%s)", order, got, want.Verdict, want.Err)
	}
	if got == NoMatch && !p.MayNotMatch() {
		t.Fatalf("order %d: NoMatch, which cannot be", order)
	}
	failed := p.Counters.StepErrors - before.StepErrors + p.Counters.StackErrors - before.StackErrors +
		p.Counters.QueueErrors - before.QueueErrors
	if (failed == 1) != (want.Err != "") {
		t.Fatalf("%d errors counted, want %q", failed, want.Err)
	}
	if got == Count {
		compareKey(t, p, rs, &key, want)
	}
	compareWays(t, p, pk, order, got, &key)
	return key
}

// compareWays checks that a match says and counts the same, and gives the same reverse, when
// its way is known, when nothing is remembered, and when it is one of a new matcher.
func compareWays(t interface {
	Helper()
	Fatalf(string, ...any)
}, p *Matcher, pk *packet.Packet, order Order, want Verdict, key *Key) {
	t.Helper()
	plain := NewMatcher(p.Program)
	plain.ways.full = true
	plain.Match(pk, order, new(Key))
	defer func(c Counters) { p.Counters = c }(p.Counters) // callers go on counting
	for _, m := range []*Matcher{p, NewMatcher(p.Program), plain} {
		before := m.Counters
		var again, back, wantBack Key
		if got := m.Match(pk, order, &again); got != want || !bytes.Equal(again.Bytes(), key.Bytes()) || again.Distributions != key.Distributions {
			t.Fatalf("order %d: %v % x, want %v % x", order, got, again.Bytes(), want, key.Bytes())
		}
		if got := countersSince(m, before); got != plain.Counters && m != plain {
			t.Fatalf("order %d: counted %+v, want %+v", order, got, plain.Counters)
		}
		if want == Count {
			m.Reverse(&again, &back)
			p.shapes.Reverse(key.Bytes(), &wantBack)
			if !bytes.Equal(back.Bytes(), wantBack.Bytes()) {
				t.Fatalf("order %d: reversed % x, want % x", order, back.Bytes(), wantBack.Bytes())
			}
		}
	}
}

func countersSince(m *Matcher, before Counters) (c Counters) {
	c = m.Counters
	c.Matches -= before.Matches
	c.Rules -= before.Rules
	c.Lookups -= before.Lookups
	c.Probes -= before.Probes
	c.StepErrors -= before.StepErrors
	c.StackErrors -= before.StackErrors
	c.QueueErrors -= before.QueueErrors
	c.ShapeErrors -= before.ShapeErrors
	return c
}

func compareKey(t interface {
	Helper()
	Fatalf(string, ...any)
}, p *Matcher, rs *ruleset.RuleSet, key *Key, want Outcome) {
	t.Helper()
	b := key.Bytes()
	attrs := p.shapes.Attrs(b)
	if len(attrs) != len(want.Saved) {
		t.Fatalf("saved %v, want %v", attrs, want.Saved)
	}
	size := keyHeader
	for i, s := range want.Saved {
		v, ok := p.shapes.Value(b, s.Attr)
		m, _ := p.shapes.Mask(b, s.Attr)
		if attrs[i] != s.Attr || !ok || !bytes.Equal(v, s.Value) || !bytes.Equal(m, s.Mask) {
			t.Fatalf("%v: value %v mask %v, want %v %v", s.Attr, v, m, s.Value, s.Mask)
		}
		size += len(v)
	}
	if size != len(b) || int(b[0]) != rs.Number {
		t.Fatalf("key % x has %d octets, want %d, of rule set %d", b, len(b), size, rs.Number)
	}
	var dists uint64
	for _, d := range want.Distributions {
		for i, have := range p.Distributions() {
			if have == d {
				dists |= 1 << i
			}
		}
	}
	if key.Distributions != dists {
		t.Fatalf("distributions %b, want %b", key.Distributions, dists)
	}
}

// testable and savable are the attributes that random rules use: all there
// are.
func attrsWith(u mib.Use) (list []mib.Attr) {
	for _, a := range mib.Attrs() {
		if a.Is(u) {
			list = append(list, a)
		}
	}
	return list
}

var (
	commonAttrs = []mib.Attr{
		mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourceTransAddress,
		mib.AttrSourcePeerType, mib.AttrFlowKind, mib.AttrSourceKind, mib.AttrV1, mib.AttrV2,
	}
	allTestable = attrsWith(mib.UseTest)
	allSavable  = attrsWith(mib.UseSave)
)

func drawAttr(t *rapid.T, u mib.Use) mib.Attr {
	if rapid.IntRange(0, 3).Draw(t, "common") > 0 {
		return rapid.SampledFrom(commonAttrs).Draw(t, "attr")
	}
	if u == mib.UseSave {
		return rapid.SampledFrom(allSavable).Draw(t, "attr")
	}
	return rapid.SampledFrom(allTestable).Draw(t, "attr")
}

// Octets come from a small alphabet, so that tests succeed now and then.
var octet = rapid.SampledFrom([]byte{0, 0, 1, 2, 6})

func drawOctets(t *rapid.T, n int, mask bool) (o ruleset.Octets) {
	switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
	case kind == 0:
	case mask && kind < 4:
		w := rapid.IntRange(1, n).Draw(t, "width")
		for i := range w {
			o[i] = 255
		}
	default:
		for i := range n {
			o[i] = octet.Draw(t, "octet")
		}
	}
	return o
}

// drawRules draws a rule set that passes checkRule; it may loop, recurse and
// run off its end. Half of the rules repeat the test of the one before, with
// another value, so that groups form.
func drawRules(t *rapid.T) *ruleset.RuleSet {
	n := rapid.IntRange(1, 40).Draw(t, "rules")
	rs := &ruleset.RuleSet{Number: rapid.IntRange(0, 3).Draw(t, "number")}
	for i := range n {
		r := ruleset.Rule{Action: drawAction(t), Selector: mib.AttrSourcePeerType} // any but Null, which pushes nothing
		use := mib.UseTest
		if r.Pushes() {
			use = mib.UseSave
		}
		r.Selector = drawAttr(t, use)
		if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
			r.Selector = mib.AttrNull
		}
		switch {
		case r.Assigns():
			r.Selector = mib.AttrV1 + mib.Attr(rapid.IntRange(0, 1).Draw(t, "v"))
			operand := drawAttr(t, mib.UseTest)
			if !operand.IsVariable() {
				r.Value[0] = byte(operand)
			}
		default:
			size := max(1, min(r.Selector.Size(), 20))
			r.Mask = drawOctets(t, size, true)
			r.Value = drawOctets(t, size, false)
		}
		if i > 0 && !r.Assigns() && rapid.Bool().Draw(t, "again") {
			last := rs.Rules[i-1]
			if r.Selector, r.Mask = last.Selector, last.Mask; !r.Selector.Is(use) {
				r.Selector = mib.AttrNull
			}
		}
		r.Parameter = drawParameter(t, r.Action, i, n)
		rs.Rules = append(rs.Rules, r)
	}
	return rs
}

func drawAction(t *rapid.T) mib.Action {
	if rapid.IntRange(0, 3).Draw(t, "ends") == 0 {
		return mib.Action(rapid.IntRange(1, 4).Draw(t, "action"))
	}
	return mib.Action(rapid.IntRange(5, 17).Draw(t, "action"))
}

func drawParameter(t *rapid.T, a mib.Action, i, n int) uint16 {
	switch {
	case a == mib.ActionReturn:
		return uint16(rapid.IntRange(1, 3).Draw(t, "return"))
	case !a.Goes():
		return 0
	case rapid.IntRange(0, 5).Draw(t, "anywhere") == 0:
		return uint16(rapid.IntRange(1, n+1).Draw(t, "target"))
	}
	return uint16(min(n+1, i+2+rapid.IntRange(0, 4).Draw(t, "ahead")))
}

func drawPacket(t *rapid.T) *packet.Packet {
	pk := &packet.Packet{
		PeerType:  mib.PeerType(octet.Draw(t, "type")),
		PeerLen:   rapid.SampledFrom([]uint8{0, 3, 4, 10, 16, 20}).Draw(t, "len"),
		TransType: octet.Draw(t, "proto"),
		Interface: [2]uint8{octet.Draw(t, "interface"), octet.Draw(t, "out")},
	}
	for i := range pk.PeerAddress {
		for j := range pk.PeerLen {
			pk.PeerAddress[i][j] = octet.Draw(t, "address")
		}
		pk.TransAddress[i] = uint16(octet.Draw(t, "high"))<<8 | uint16(octet.Draw(t, "low"))
	}
	pk.Rest.AdjacentLen = rapid.SampledFrom([]uint8{6, 4, 16}).Draw(t, "adjacent length")
	for i := range pk.Rest.AdjacentAddress {
		for j := range pk.Rest.AdjacentLen {
			pk.Rest.AdjacentAddress[i][j] = octet.Draw(t, "adjacent")
		}
	}
	pk.Rest.AdjacentType = mib.AdjacentType(octet.Draw(t, "adjacent"))
	pk.Rest.VLANid = uint16(octet.Draw(t, "vlan"))<<8 | 2
	pk.Rest.Priority = octet.Draw(t, "priority")
	pk.Rest.DSCodePoint = octet.Draw(t, "dscp")
	pk.Rest.ECNCodeBits = octet.Draw(t, "ecn")
	pk.Origin.MeterID = uint32(octet.Draw(t, "meter"))<<16 | 1
	for i := range pk.Origin.ASN {
		pk.Origin.ASN[i] = uint32(octet.Draw(t, "asn"))<<24 | uint32(octet.Draw(t, "asn"))
		pk.Origin.Prefix[i] = octet.Draw(t, "prefix")
	}
	return pk
}

// TestOneVerdict: what a check of rule text finds no error in is what Load
// takes, and the other way round; and what was taken never stops in the middle
// of a match for a reason that could have been seen before.
func TestOneVerdict(t *testing.T) {
	var loaded, refused int
	rapid.Check(t, func(t *rapid.T) {
		rs := drawRules(t)
		// Of long ones few have no error.
		n := min(len(rs.Rules), rapid.SampledFrom([]int{1, 2, 4, MaxReturns}).Draw(t, "at most"))
		rs.Rules = rs.Rules[:n]
		for i := range rs.Rules {
			if r := &rs.Rules[i]; r.Action.Goes() {
				r.Parameter = min(r.Parameter, uint16(n+1))
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "odd rules") {
			r := &rs.Rules[rapid.IntRange(0, len(rs.Rules)-1).Draw(t, "odd rule")]
			r.Selector = rapid.SampledFrom(mib.Attrs()).Draw(t, "odd attribute")
			r.Value[0] = rapid.Byte().Draw(t, "odd value")
			r.Parameter = uint16(rapid.IntRange(0, n+2).Draw(t, "odd parameter"))
		}
		checked := rs.Validate().Err()
		p, err := Load(rs, NewShapes())
		if (checked == nil) != (err == nil) {
			t.Fatalf("the check says %v, Load says %v", checked, err)
		}
		if err != nil {
			refused++
			return
		}
		loaded++
		mayOverflow := slices.ContainsFunc(ruleset.Foresee(rs.Rules), func(f ruleset.Finding) bool {
			return strings.Contains(f.Message, "saves in one match")
		})
		m := NewMatcher(p)
		for range 4 {
			for _, order := range []Order{WireOrder, Reversed} {
				compare(t, rs, m, drawPacket(t), order)
			}
		}
		if m.Counters.StackErrors > 0 || m.Counters.QueueErrors > 0 && !mayOverflow {
			t.Fatalf("loaded, but stopped: %+v", m.Counters)
		}
	})
	// A short run draws too few to count on each kind.
	if !testing.Short() && (loaded == 0 || refused == 0) {
		t.Errorf("one-sided: %d loaded, %d refused", loaded, refused)
	}
}

func TestMatchEqualsInterpret(t *testing.T) {
	counts := 0
	rapid.Check(t, func(t *rapid.T) {
		rs := drawRules(t)
		shapes := NewShapes()
		plain, grouped := NewMatcher(compile(rs, shapes, 0)), NewMatcher(compile(rs, shapes, 2))
		// Now and then the step budget ends a match somewhere in the middle.
		if rapid.Bool().Draw(t, "hasty") {
			plain.maxSteps = rapid.IntRange(1, 8).Draw(t, "steps")
			grouped.maxSteps = plain.maxSteps
		}
		grouped.paths.limit = rapid.IntRange(0, 2).Draw(t, "paths")
		for range 4 {
			pk := drawPacket(t)
			for _, order := range []Order{WireOrder, Reversed} {
				a := compare(t, rs, plain, pk, order)
				b := compare(t, rs, grouped, pk, order)
				if !bytes.Equal(a.Bytes(), b.Bytes()) {
					t.Fatalf("groups change the key: % x, % x", a.Bytes(), b.Bytes())
				}
				if a.Len > 0 {
					counts++
					checkReverse(t, shapes, a.Bytes())
				}
			}
		}
	})
	// A short run draws too few to count on one that is counted.
	if counts == 0 && !testing.Short() {
		t.Error("no random packet was ever counted")
	}
}

// checkReverse: reversing exchanges every pair, keeps the rest, and undoes
// itself.
func checkReverse(t *rapid.T, s *Shapes, key []byte) {
	var back, again Key
	s.Reverse(key, &back)
	s.Reverse(back.Bytes(), &again)
	if !bytes.Equal(key, again.Bytes()) {
		t.Fatalf("reversing % x twice gives % x", key, again.Bytes())
	}
	for _, a := range s.Attrs(key) {
		v, _ := s.Value(key, a)
		m, _ := s.Mask(key, a)
		bv, ok := s.Value(back.Bytes(), a.Reverse())
		bm, _ := s.Mask(back.Bytes(), a.Reverse())
		if !ok || !bytes.Equal(v, bv) || !bytes.Equal(m, bm) {
			t.Fatalf("%v: value %v mask %v became %v %v", a, v, m, bv, bm)
		}
	}
	if len(s.Attrs(key)) != len(s.Attrs(back.Bytes())) || key[0] != back.Bytes()[0] {
		t.Fatalf("reversing % x gives % x", key, back.Bytes())
	}
}

// A rule set that only saves gives, for a packet in reverse order, the
// reversed key of the packet in wire order.
func TestReverseIsMatchingReversed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rs := &ruleset.RuleSet{Number: 9, Rules: []ruleset.Rule{{Action: mib.ActionGotoAct, Parameter: 2}}}
		mask := drawOctets(t, 20, true)
		for _, a := range allSavable {
			if a.IsVariable() || a.IsDistribution() || !rapid.Bool().Draw(t, "save") {
				continue
			}
			r := ruleset.Rule{Selector: a, Action: mib.ActionPushPktToAct, Parameter: uint16(len(rs.Rules) + 2)}
			copy(r.Mask[:a.Size()], mask[:])
			rev := r
			rev.Selector = a.Reverse()
			rev.Parameter++
			rs.Rules = append(rs.Rules, r, rev)
		}
		rs.Rules = append(rs.Rules, ruleset.Rule{Action: mib.ActionCount})
		p := load(t, rs, NewShapes())
		pk := drawPacket(t)
		var wire, rev, back Key
		if p.Match(pk, WireOrder, &wire) != Count || p.Match(pk, Reversed, &rev) != Count {
			t.Fatal("not counted")
		}
		p.shapes.Reverse(wire.Bytes(), &back)
		if !bytes.Equal(back.Bytes(), rev.Bytes()) {
			t.Fatalf("reversed key % x, key of reversed match % x", back.Bytes(), rev.Bytes())
		}
	})
}
