package pme

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

// A list of 10,000 networks costs about what a list of 10 costs: counted, not
// timed.
func TestGroupsMakeListsCheap(t *testing.T) {
	for _, n := range []int{10, 10_000, 65_000} {
		p := load(t, networks(n), NewShapes())
		var key Key
		for i := range n {
			if got := p.Match(network(i), WireOrder, &key); got != Count {
				t.Fatalf("%d networks: network %d: %v", n, i, got)
			}
			if v, _ := p.shapes.Value(key.Bytes(), mib.AttrSourcePeerAddress); v[1] != byte(i>>8) || v[2] != byte(i) {
				t.Fatalf("%d networks: network %d gives %v", n, i, v)
			}
		}
		for i := n; i < n+500; i++ {
			if got := p.Match(network(i), WireOrder, &key); got != NoMatch {
				t.Fatalf("%d networks: %v for one that is none of them", n, got)
			}
		}
		c := p.Counters
		if c.Lookups != c.Matches || c.Rules != c.Matches+500 {
			t.Errorf("%d networks: %d look-ups, %d rules for %d matches", n, c.Lookups, c.Rules, c.Matches)
		}
		if c.Probes > 2*c.Lookups {
			t.Errorf("%d networks: %d probes for %d look-ups", n, c.Probes, c.Lookups)
		}
	}
}

func TestGroupEdges(t *testing.T) {
	list := func(lines ...string) string { return strings.Join(lines, "\n") }
	const nets = "SourceTransAddress & 255.255 = 0.%d: %s"
	group := func(action string, ports ...int) string {
		var lines []string
		for _, port := range ports {
			lines = append(lines, fmt.Sprintf(nets, port, action))
		}
		return list(lines...)
	}
	for _, test := range []struct {
		name, rules string
		port        int
		want        Verdict
		ran         uint64 // rules run, a look-up being one
	}{
		{"hit", group("Ignore, 0", 1, 2, 3, 4), 3, Ignore, 1},
		{"miss runs the rule after", list(group("Ignore, 0", 1, 2, 3, 4), "Null & 0 = 0: Count, 0"), 5, Count, 2},
		{"miss at the end", group("Ignore, 0", 1, 2, 3, 4), 5, NoMatch, 1},
		{"three are no group", group("Ignore, 0", 1, 2, 3), 3, Ignore, 3},
		{"the first of equal values wins", list(group("NoMatch, 0", 1, 2), group("Count, 0", 7), group("Ignore, 0", 7, 8)), 7, Count, 1},
		{"entered in the middle", list("Null & 0 = 0: Goto, 4", group("Ignore, 0", 1, 2, 3, 4, 5)), 4, Ignore, 3},
		{"entered in the middle, passed over", list("Null & 0 = 0: Goto, 4", group("Ignore, 0", 1, 2, 3, 4, 5)), 1, NoMatch, 4},
		{"entered at the head without test", list("Null & 0 = 0: GotoAct, 2", group("Count, 0", 1), group("Ignore, 0", 2, 3, 4)), 9, Count, 2},
		{"another mask ends it", list(group("Ignore, 0", 1, 2, 3, 4), "SourceTransAddress & 0.255 = 0.9: Count, 0"), 9, Count, 2},
		{"by variable", list("V1 & 0 = SourceTransAddress: Assign, 2", strings.ReplaceAll(group("Count, 0", 1, 2, 3, 4), "SourceTransAddress", "V1")), 4, Count, 2},
		{"by two variables", list("V2 & 0 = SourceTransAddress: Assign, 2", strings.ReplaceAll(group("Ignore, 0", 1, 2, 3, 4), "SourceTransAddress", "V2"), strings.ReplaceAll(group("Count, 0", 5, 6, 7, 8), "SourceTransAddress", "V1")), 9, Count, 3},
		{"by a variable that holds nothing", strings.ReplaceAll(list(group("Count, 0", 1), group("Ignore, 0", 2, 3, 4)), "SourceTransAddress", "V1"), 4, Count, 1},
		{"with a rule that never matches", list(group("Ignore, 0", 1, 2), "SourceTransAddress & 255.255 = 0.1.1: Ignore, 0", group("Count, 0", 3, 4)), 4, Count, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			rs := assemble(t, test.rules)
			p := NewMatcher(compile(rs, NewShapes(), minGroup)) // also what Load refuses has its meaning
			pk := ip(t, tcp, fmt.Sprintf("10.0.0.1:%d", test.port), "10.0.0.2:80")
			var key Key
			if got := p.Match(pk, WireOrder, &key); got != test.want || p.Counters.Rules != test.ran {
				t.Errorf("%v after %d rules, want %v after %d", got, p.Counters.Rules, test.want, test.ran)
			}
			compare(t, rs, p, pk, WireOrder)
		})
	}
}

func TestLimitsOfAMatch(t *testing.T) {
	pk := ip(t, tcp, "10.0.0.1:1000", "10.0.0.2:80")
	loop := "SourcePeerType & 255 = 1: Goto, 1"
	for _, test := range []struct {
		name, rules string
		count       func(*Counters) uint64
	}{
		{"steps", loop, func(c *Counters) uint64 { return c.StepErrors }},
		{"steps in a group", strings.Repeat("SourcePeerType & 255 = 9: Goto, 1\n", 9) + loop, func(c *Counters) uint64 { return c.StepErrors }},
		{"queue", "SourcePeerType & 255 = 1: PushPktTo, 1", func(c *Counters) uint64 { return c.QueueErrors }},
		{"stack empty", "Null & 0 = 0: Return, 1", func(c *Counters) uint64 { return c.StackErrors }},
		{"stack full", "SourcePeerType & 255 = 1: Gosub, 1", func(c *Counters) uint64 { return c.StackErrors }},
	} {
		t.Run(test.name, func(t *testing.T) {
			rs := assemble(t, test.rules)
			p := NewMatcher(compile(rs, NewShapes(), minGroup)) // past the checks of Load
			compare(t, rs, p, pk, WireOrder)
			if got := p.Match(pk, WireOrder, new(Key)); got != Ignore {
				t.Errorf("verdict %v", got)
			}
			if n := test.count(&p.Counters); n != 2 {
				t.Errorf("%d errors counted, want 2", n)
			}
			if n := uint64(2 * MaxSteps(len(rs.Rules))); p.Counters.Rules > n {
				t.Errorf("%d rules run, at most %d allowed", p.Counters.Rules, n)
			}
			// The next match is not troubled by it.
			if got := p.Match(ip(t, tcp, "[::1]:1", "[::2]:2"), WireOrder, new(Key)); got == Count {
				t.Errorf("verdict %v", got)
			}
		})
	}
}

// The rules that a look-up passes over count against the step budget as if
// they had run, so that groups never change a verdict.
func TestStepsOfGroups(t *testing.T) {
	rs := assemble(t, strings.Repeat("SourcePeerAddress & FF-FF-FF-FF-FF-FF-FF-FF-FF = 1: Ignore, 0\n", 3)+
		strings.Repeat("SourceTransAddress & 255.255 = 0.1: Ignore, 0\n", 5)+
		"SourceTransAddress & 255.255 = 0.2: Count, 0\n")
	for port, steps := range map[int]int{1: 4, 2: 9, 3: 9} {
		pk := ip(t, tcp, fmt.Sprintf("10.0.0.1:%d", port), "10.0.0.2:80")
		for limit := 1; limit <= 10; limit++ {
			p := NewMatcher(compile(rs, NewShapes(), minGroup))
			p.maxSteps = limit
			compare(t, rs, p, pk, WireOrder)
			if stopped := p.Counters.StepErrors == 1; stopped != (limit < steps) {
				t.Errorf("port %d, %d steps: stopped %v", port, limit, stopped)
			}
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	for name, rules := range map[string]string{"five-tuple": fiveTuple, "subroutine": subroutineRules, "pops": andSaveRules, "mac": gatewayRules} {
		p := mustLoad(t, rules)
		pk := ip(t, tcp, "10.0.0.1:1000", "40.0.0.2:80")
		if name == "subroutine" {
			pk = ip(t, tcp, "130.216.0.1:1", "1.2.3.4:2")
		}
		var key, back Key
		match := func() {
			if p.Match(pk, WireOrder, &key) == Count {
				p.shapes.Reverse(key.Bytes(), &back)
				p.shapes.Value(key.Bytes(), mib.AttrSourcePeerAddress)
				p.shapes.Mask(key.Bytes(), mib.AttrSourcePeerAddress)
			}
			p.Match(pk, Reversed, &key)
		}
		match()
		if n := testing.AllocsPerRun(100, match); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// The table of shapes is bounded; without room, matches are ignored, counted,
// and work again for shapes it has.
func TestShapesFull(t *testing.T) {
	shapes := NewShapes()
	fill := &ruleset.RuleSet{Number: 1}
	r := ruleset.Rule{Selector: mib.AttrSourcePeerAddress, Action: mib.ActionCountPkt}
	for i := range 33000 { // each shape brings its partner
		binary.BigEndian.PutUint16(r.Mask[:], uint16(i+1))
		r.Mask[2] = 255
		fill.Rules = append(fill.Rules, r)
	}
	p := load(t, fill, shapes)
	pk := ip(t, tcp, "10.0.0.1", "10.0.0.2")
	var key Key
	ignored := 0
	p.adds = true
	for i := range fill.Rules {
		p.maxSteps = MaxSteps(len(fill.Rules))
		// Enter at rule i+1 without its test, as a GotoAct would.
		queued := p.pushAt(pk, uint32(i))
		switch p.build(queued, lengths{peer: pk.PeerLen}, &key) {
		case Ignore:
			ignored++
		case Count:
			if m, _ := shapes.Mask(key.Bytes(), mib.AttrSourcePeerAddress); !bytes.Equal(m, fill.Rules[i].Mask[:4]) {
				t.Fatalf("rule %d: mask %v", i+1, m)
			}
		}
	}
	if shapes.Len() != MaxShapes || ignored != 33000-MaxShapes/2 || p.Counters.ShapeErrors != uint64(ignored) {
		t.Errorf("%d shapes, %d ignored, %d errors", shapes.Len(), ignored, p.Counters.ShapeErrors)
	}
	if got := p.build(p.pushAt(pk, 0), lengths{peer: pk.PeerLen}, &key); got != Count {
		t.Errorf("a known shape gives %v", got)
	}
	p.adds = false
	if got := p.build(p.pushAt(pk, uint32(len(fill.Rules)-1)), lengths{peer: pk.PeerLen}, &key); got != Unshaped {
		t.Errorf("a shape that is not there gives %v where none may be made", got)
	}
	if len(p.paths.list) != maxPaths {
		t.Errorf("%d paths remembered", len(p.paths.list))
	}
}

// TestMatchersShareAProgram: matchers of one program do not get in each other's
// way; the race detector looks on.
func TestMatchersShareAProgram(t *testing.T) {
	first := mustLoad(t, fiveTuple)
	var want Key
	pk := ip(t, tcp, "10.0.0.1:1000", "10.0.0.2:80")
	if got := first.MatchKnown(pk, WireOrder, &want); got != Unshaped || first.Counters.Matches != 0 {
		t.Fatalf("%v, %d matches, before there is a shape", got, first.Counters.Matches)
	}
	first.Match(pk, WireOrder, &want)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			m, key, back := NewMatcher(first.Program), Key{}, Key{}
			for range 1000 {
				if got := m.MatchKnown(pk, WireOrder, &key); got != Count || !bytes.Equal(key.Bytes(), want.Bytes()) {
					t.Errorf("%v, key % x, want % x", got, key.Bytes(), want.Bytes())
					return
				}
				m.shapes.Reverse(key.Bytes(), &back)
			}
		})
	}
	wg.Wait()
}

func TestShapesBadKeys(t *testing.T) {
	p := mustLoad(t, fiveTuple)
	var key Key
	p.Match(ip(t, tcp, "10.0.0.1:1000", "10.0.0.2:80"), WireOrder, &key)
	good := key.Bytes()
	for name, bad := range map[string][]byte{
		"empty":    nil,
		"short":    good[:len(good)-1],
		"long":     append(bytes.Clone(good), 0),
		"no shape": {7, 0, 0},
		"unknown":  append([]byte{7, 255, 255}, good[3:]...),
	} {
		back := Key{Len: 9}
		if p.shapes.Reverse(bad, &back); back.Len != 0 {
			t.Errorf("%s: reversed", name)
		}
		_, ok1 := p.shapes.Value(bad, mib.AttrSourcePeerType)
		_, ok2 := p.shapes.Mask(bad, mib.AttrSourcePeerType)
		if ok1 || ok2 || p.shapes.Attrs(bad) != nil {
			t.Errorf("%s: has values", name)
		}
	}
	if v, ok := p.shapes.Value(good, mib.AttrFlowRuleSet); !ok || len(v) != 1 || v[0] != 7 {
		t.Errorf("rule set %v", v)
	}
	if v, ok := p.shapes.Value(good, mib.AttrDestTransType); !ok || v[0] != tcp {
		t.Errorf("a Dest type reads %v", v)
	}
	if _, ok := p.shapes.Value(good, mib.AttrFlowKind); ok {
		t.Error("what was not saved has a value")
	}
}

// Every savable attribute of mib's table moves to its partner's place when a
// key is reversed, with its mask.
func TestReverseWalksTheTable(t *testing.T) {
	for _, a := range attrsWith(mib.UseSave | mib.UseRead) {
		if a.IsDistribution() {
			continue
		}
		r := ruleset.Rule{Selector: a, Action: mib.ActionCount}
		for i := range a.Size() {
			r.Mask[i], r.Value[i] = 0xf0, byte(0x10*i+0x10)
		}
		if most := a.Most(); most > 0 {
			r.Mask[a.Size()-1], r.Value[0], r.Value[a.Size()-1] = 0xff, 0, byte(most)
		}
		rs := &ruleset.RuleSet{Number: 3, Rules: []ruleset.Rule{{Action: mib.ActionGotoAct, Parameter: 2}, r}}
		p := load(t, rs, NewShapes())
		var key, back Key
		if p.Match(network(0), WireOrder, &key) != Count {
			t.Fatalf("%v: not counted", a)
		}
		p.shapes.Reverse(key.Bytes(), &back)
		v, _ := p.shapes.Value(key.Bytes(), a)
		bv, ok := p.shapes.Value(back.Bytes(), a.Reverse())
		bm, _ := p.shapes.Mask(back.Bytes(), a.Reverse())
		if !ok || len(v) != a.Size() || !bytes.Equal(v, bv) || !bytes.Equal(bm, r.Mask[:a.Size()]) {
			t.Errorf("%v = %v becomes %v = %v", a, v, a.Reverse(), bv)
		}
		if _, ok := p.shapes.Value(back.Bytes(), a); ok != (a.Slot() == a.Reverse().Slot()) {
			t.Errorf("%v is still there: %v", a, ok)
		}
	}
}

// Every attribute reads the same in a Program as in Interpret: saved,
// tested, and through a variable.
func TestEveryAttribute(t *testing.T) {
	pk := ip(t, tcp, "10.11.12.13:1000", "20.21.22.23:2000")
	pk.Interface = [2]uint8{31, 0x32}
	pk.Rest.AdjacentType, pk.Rest.Priority, pk.Rest.VLANid = 32, 6, 0x0435
	pk.Rest.DSCodePoint, pk.Rest.ECNCodeBits = 36, 3
	pk.Rest.AdjacentAddress = [2][packet.MaxPeer]byte{{40, 41, 42, 43, 44, 45}, {50, 51, 52, 53, 54, 55}}
	pk.Rest.AdjacentLen = 6
	pk.Origin = packet.Origin{MeterID: 0x01020304, ASN: [2]uint32{0x0a0b0c0d, 64500}, Prefix: [2]uint8{24, 48}}
	for _, a := range allTestable {
		if a.IsVariable() || a == mib.AttrNull {
			continue
		}
		for _, order := range []Order{WireOrder, Reversed} {
			value, _ := (&machine{rs: &ruleset.RuleSet{Number: 7}, pk: pk, order: order}).value(a)
			rule := ruleset.Rule{Selector: a, Value: value, Action: mib.ActionNoMatch}
			for i := range a.Size() {
				rule.Mask[i] = 255
			}
			if a.Is(mib.UseSave) {
				rule.Action = mib.ActionCountPkt
			}
			byVariable := rule
			byVariable.Selector = mib.AttrV3
			for _, rules := range [][]ruleset.Rule{
				{rule, {Action: mib.ActionIgnore}},
				{{Selector: mib.AttrV3, Value: ruleset.Octets{byte(a)}, Action: mib.ActionAssign, Parameter: 2}, byVariable, {Action: mib.ActionIgnore}},
			} {
				rs := &ruleset.RuleSet{Number: 7, Rules: rules}
				p := load(t, rs, NewShapes())
				compare(t, rs, p, pk, order)
				if got := p.Match(pk, order, new(Key)); got == Ignore {
					t.Errorf("%v: the test of its own value fails", a)
				}
			}
		}
	}
}

// Class and Kind attributes are zero at the start of every match (RFC 2723
// §3.3.6), whatever the match before it did.
func TestComputedStartAtZero(t *testing.T) {
	p := mustLoad(t, `
 SourcePeerType & 255 = 2: Goto, v6
 FlowKind & 255 = 0: Count, 0
 Null & 0 = 0: Ignore, 0
v6:
 Null & 0 = 0: GotoAct, next
 FlowKind & 255 = 9: Count, 0
`)
	var key Key
	v4, v6 := ip(t, tcp, "10.0.0.1:1", "10.0.0.2:2"), ip(t, tcp, "[::1]:1", "[::2]:2")
	if a, b := p.Match(v6, WireOrder, &key), p.Match(v4, WireOrder, &key); a != Count || b != Count {
		t.Errorf("verdicts %v, %v", a, b)
	}
}

// What Interpret shows of each step is what --explain prints.
func TestInterpretSteps(t *testing.T) {
	rs := assemble(t, andSaveRules)
	var got []string
	out := Interpret(rs, ip(t, tcp, "10.1.1.1:5", "40.1.1.1:6"), WireOrder, func(s *Step) {
		line := fmt.Sprintf("%d %v", s.Rule, s.Op)
		if s.Tested {
			line += fmt.Sprintf(" %v %v %v", s.Attr, dotted(s.Got[:s.Size]), s.Succeeded)
		}
		if s.Pushed != nil {
			line += fmt.Sprintf(" +%v=%s/%s", s.Pushed.Attr, dotted(s.Pushed.Value), dotted(s.Pushed.Mask))
		}
		if s.Popped != nil {
			line += fmt.Sprintf(" -%v", s.Popped.Attr)
		}
		got = append(got, fmt.Sprintf("%s >%d", line, s.Next))
	})
	want := []string{
		"1 PushRuleTo SourcePeerAddress 10.0.0.0 true +SourcePeerAddress=10.0.0.0/255.0.0.0 >3",
		"3 PushRuleTo DestPeerAddress 40.0.0.0 false >4",
		"4 PushRuleTo DestPeerAddress 40.0.0.0 false >5",
		"5 PopTo Null  true -SourcePeerAddress >7",
		"7 GotoAct Null  true >8",
		"8 PushPktTo +SourceTransAddress=0.5/255.255 >9",
		"9 Count Null  true >0",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("steps\n%s\nwant\n%s", g, w)
	}
	if out.Verdict != Count || out.Steps != len(want) || len(out.Saved) != 1 || out.Err != "" {
		t.Errorf("outcome %+v", out)
	}
}
