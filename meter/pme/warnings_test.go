package pme

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

// TestWarningsAreRight: what the check of rules says can never be so, no packet makes so.
func TestWarningsAreRight(t *testing.T) {
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		rs := drawPlainRules(t)
		found := rs.Check()
		for i := range found {
			if found[i].Severity == ruleset.Error {
				return
			}
		}
		checked++
		w := warningsOf(found)
		without := *rs
		without.Rules = slices.Clone(rs.Rules)
		for n := range w.overwritten {
			r := &without.Rules[n-1]
			if r.Action.Tests() {
				r.Action = mib.ActionGoto
			} else {
				r.Action = mib.ActionGotoAct
			}
		}
		for range 12 {
			pk := drawPlainPacket(t)
			for _, order := range []Order{WireOrder, Reversed} {
				out := Interpret(rs, pk, order, func(s *Step) {
					if w.unreached[s.Rule] {
						t.Fatalf("rule %d is reached\n%s", s.Rule, printed(rs))
					}
					if w.never[s.Rule] && s.Tested && s.Succeeded {
						t.Fatalf("the test of rule %d succeeds\n%s", s.Rule, printed(rs))
					}
				})
				if got := Interpret(&without, pk, order, nil); len(w.overwritten) > 0 && !reflect.DeepEqual(got.Saved, out.Saved) {
					t.Fatalf("without the saves of rules %v: %v, with them %v\n%s", w.overwritten, got.Saved, out.Saved, printed(rs))
				}
			}
		}
	})
	if checked == 0 {
		t.Error("no rule set without an error was drawn")
	}
}

// warnings are rules, by number, of which something was said.
type warnings struct{ unreached, never, overwritten map[int]bool }

func warningsOf(found []ruleset.Finding) warnings {
	w := warnings{map[int]bool{}, map[int]bool{}, map[int]bool{}}
	for _, f := range found {
		switch {
		case strings.Contains(f.Message, "no packet ever gets here"):
			last := f.Rule
			if _, err := fmt.Sscanf(f.Message, "no packet ever gets here, nor to the rules up to %d", &last); err != nil {
				last = f.Rule
			}
			for n := f.Rule; n <= last; n++ {
				w.unreached[n] = true
			}
		case strings.Contains(f.Message, "the test never succeeds"):
			w.never[f.Rule] = true
		case strings.Contains(f.Message, "this has no effect"):
			w.overwritten[f.Rule] = true
		}
	}
	return w
}

func printed(rs *ruleset.RuleSet) string {
	var b strings.Builder
	if err := ruleset.Print(&b, rs); err != nil {
		return err.Error()
	}
	return b.String()
}

var plainAttrs = []mib.Attr{
	mib.AttrSourcePeerType, mib.AttrDestPeerType, mib.AttrSourceTransType, mib.AttrDestTransAddress,
	mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrFlowKind, mib.AttrSourceKind, mib.AttrV1,
}

// drawPlainRules draws rules of few attributes and values, whose targets mostly lie ahead.
func drawPlainRules(t *rapid.T) *ruleset.RuleSet {
	n := rapid.IntRange(2, 14).Draw(t, "rules")
	rs := &ruleset.RuleSet{Number: 2, Optimise: -1}
	small := rapid.IntRange(0, 2)
	for i := range n {
		r := ruleset.Rule{Action: rapid.SampledFrom([]mib.Action{
			mib.ActionGoto, mib.ActionGoto, mib.ActionGotoAct, mib.ActionIgnore, mib.ActionNoMatch, mib.ActionCount, mib.ActionCountPkt,
			mib.ActionPushPktToAct, mib.ActionPushPktToAct, mib.ActionPushRuleTo, mib.ActionPushRuleToAct, mib.ActionPopTo, mib.ActionGosub, mib.ActionReturn, mib.ActionAssign,
		}).Draw(t, "action")}
		r.Selector = rapid.SampledFrom(plainAttrs).Draw(t, "attr")
		r.Parameter = uint16(min(n+1, i+2+small.Draw(t, "ahead")))
		switch {
		case r.Action == mib.ActionReturn:
			r.Selector, r.Parameter = mib.AttrNull, uint16(1+small.Draw(t, "return"))
		case r.Assigns():
			r.Selector = mib.AttrV1
			r.Value[0] = byte(plainAttrs[rapid.IntRange(0, 5).Draw(t, "operand")])
		case rapid.IntRange(0, 5).Draw(t, "null") == 0 && !r.Pushes():
			r.Selector = mib.AttrNull
		case r.Selector == mib.AttrSourcePeerAddress || r.Selector == mib.AttrDestPeerAddress:
			bits := rapid.SampledFrom([]int{8, 9, 16, 32, 48, 160}).Draw(t, "width")
			r.Mask, _ = ruleset.WidthMask(r.Selector, bits)
			r.Value[0], r.Value[1] = 10, byte(small.Draw(t, "net"))
			if bits > 32 && small.Draw(t, "long") == 0 {
				r.Value[5] = 1
			}
			for j := range r.Value {
				r.Value[j] &= r.Mask[j]
			}
		default:
			r.Mask = ruleset.FullMask(r.Selector)
			if rapid.IntRange(0, 4).Draw(t, "part") == 0 {
				r.Mask[0] &= 0xfe
			}
			at := r.Selector.Size() - 1
			if r.Selector.IsVariable() {
				at = 0
			}
			r.Value[at] = byte(small.Draw(t, "value"))
			if r.Value.Outside(&r.Mask) {
				r.Value[at] = 0
			}
		}
		if !r.Action.Goes() && r.Action != mib.ActionReturn {
			r.Parameter = 0
		}
		rs.Rules = append(rs.Rules, r)
	}
	return rs
}

// drawPlainPacket draws a packet whose addresses are those of its family.
func drawPlainPacket(t *rapid.T) *packet.Packet {
	small := rapid.IntRange(0, 2)
	pk := &packet.Packet{PeerType: mib.PeerType(small.Draw(t, "peer")), TransType: byte(small.Draw(t, "trans"))}
	pk.PeerLen = []uint8{0, 4, 16}[pk.PeerType]
	for i := range pk.PeerAddress {
		if pk.PeerLen > 0 {
			pk.PeerAddress[i][0], pk.PeerAddress[i][1] = 10, byte(small.Draw(t, "net"))
		}
		if pk.PeerLen > 4 {
			pk.PeerAddress[i][5] = byte(small.Draw(t, "long")) & 1
		}
		pk.TransAddress[i] = uint16(small.Draw(t, "port"))
	}
	return pk
}
