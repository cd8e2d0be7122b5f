package pme

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

// Saved is one attribute with its mask and value, in the attribute's natural
// length; of a distribution, the six octets each of its specification.
type Saved struct {
	Attr        mib.Attr
	Mask, Value []byte
}

// Step is one rule run by Interpret. It is reused: a visitor keeps copies of
// what it needs; Pushed may be kept.
type Step struct {
	Rule int // number, from 1
	Op   mib.Action

	// Attr is the attribute tested or saved: what the rule's meter variable
	// holds where the rule names one.
	Attr mib.Attr
	// Tested reports whether the test was done; Got, the packet's value under
	// the mask, and Succeeded are valid iff it was. Both are left-justified
	// in Size octets.
	Tested    bool
	Succeeded bool
	Got       ruleset.Octets
	Size      int

	// Pushed is what the rule saved, Popped what it dropped; nil if nothing.
	Pushed, Popped *Saved

	// Next is the rule that runs next and Testing the test indicator it is
	// entered with; Next is 0 if the match ends here.
	Next    int
	Testing bool
	// Note says what the step did beyond that, in a few words; may be empty.
	Note string
}

// Outcome is the result of Interpret.
type Outcome struct {
	Verdict Verdict
	// Saved is what the flow key holds: one entry per attribute, in order of
	// number, Dest types under their Source type. Valid iff Count.
	Saved []Saved
	// Distributions are those asked for, one specification per attribute,
	// in order of saving. Valid iff Count.
	Distributions []Distribution
	Steps         int    // rules run
	Err           string // the limit or fault that made the verdict Ignore; else empty
}

// Interpret runs rs on pk as RFC 2722 §4.4 words it, one rule after another,
// and shows each step to visit, which may be nil. The packet's Rest must be
// valid. It gives what Program.Match gives, slowly; it also bears rule sets
// that Load refuses.
func Interpret(rs *ruleset.RuleSet, pk *packet.Packet, order Order, visit func(*Step)) Outcome {
	m := &machine{rs: rs, pk: pk, order: order, limit: MaxSteps(len(rs.Rules))}
	return m.interpret(visit)
}

func (m *machine) interpret(visit func(*Step)) Outcome {
	m.rule, m.testing = 1, true
	if visit == nil {
		visit = func(*Step) {}
	}
	for !m.ended {
		switch {
		case m.rule < 1 || m.rule > len(m.rs.Rules):
			m.end(NoMatch)
		case m.steps >= m.limit:
			m.fail("more than %d rules run", m.limit)
		default:
			m.steps++
			m.step = Step{Rule: m.rule}
			m.run(&m.rs.Rules[m.rule-1])
			if !m.ended {
				m.step.Next = m.rule
			}
			m.step.Testing = m.testing
			visit(&m.step)
		}
	}
	m.out.Steps = m.steps
	return m.out
}

// machine is the state of RFC 2722's virtual machine.
type machine struct {
	rs    *ruleset.RuleSet
	pk    *packet.Packet
	order Order
	limit int // of steps

	rule    int
	testing bool
	vars    [5]mib.Attr
	returns []frame
	queue   []Saved // the pattern queue

	steps int
	step  Step
	ended bool
	out   Outcome
}

type frame struct {
	rule int
	vars [5]mib.Attr
}

func (m *machine) end(v Verdict) {
	m.out.Verdict = v
	m.ended = true
	if v == Count {
		m.key()
	}
}

func (m *machine) fail(format string, args ...any) {
	m.out.Err = fmt.Sprintf(format, args...)
	m.step.Note = m.out.Err
	m.end(Ignore)
}

// run executes one rule: its test, then its action.
func (m *machine) run(r *ruleset.Rule) {
	m.step.Op = r.Action
	assign := r.Action == mib.ActionAssign || r.Action == mib.ActionAssignAct
	a := r.Selector
	if a.IsVariable() && !assign {
		a = m.vars[a-mib.AttrV1]
	}
	m.step.Attr = a
	value, size := m.value(a)
	m.step.Size = size
	if m.testing {
		got := and(value, r.Mask)
		m.step.Tested, m.step.Got = true, got
		m.step.Succeeded = a == mib.AttrNull || assign || r.Mask == ruleset.Octets{} || got == r.Value
		if !m.step.Succeeded {
			m.rule++
			return
		}
	}
	m.testing = r.Action.Tests()
	m.act(r, a, value)
}

func (m *machine) act(r *ruleset.Rule, a mib.Attr, value ruleset.Octets) {
	switch r.Action {
	case mib.ActionIgnore:
		m.end(Ignore)
	case mib.ActionNoMatch:
		m.end(NoMatch)
	case mib.ActionCount, mib.ActionCountPkt:
		m.push(r, a, value, r.Action == mib.ActionCount)
		if !m.ended {
			m.end(Count)
		}
	case mib.ActionReturn:
		if len(m.returns) == 0 {
			m.fail("Return without a Gosub")
			return
		}
		back := m.returns[len(m.returns)-1]
		m.returns = m.returns[:len(m.returns)-1]
		m.vars = back.vars
		m.rule = back.rule + int(r.Parameter)
		m.step.Note = fmt.Sprintf("back from the Gosub of rule %d", back.rule)
	case mib.ActionGosub, mib.ActionGosubAct:
		if len(m.returns) == MaxReturns {
			m.fail("more than %d Gosubs inside each other", MaxReturns)
			return
		}
		m.returns = append(m.returns, frame{m.rule, m.vars})
		m.rule = int(r.Parameter)
	case mib.ActionAssign, mib.ActionAssignAct:
		if !r.Selector.IsVariable() {
			m.fail("Assign to %s, which is not a variable", r.Selector)
			return
		}
		m.vars[r.Selector-mib.AttrV1] = mib.Attr(r.Value[0])
		m.step.Note = fmt.Sprintf("%s := %s", r.Selector, mib.Attr(r.Value[0]))
		m.rule = int(r.Parameter)
	case mib.ActionGoto, mib.ActionGotoAct:
		m.rule = int(r.Parameter)
	case mib.ActionPushRuleTo, mib.ActionPushRuleToAct:
		m.push(r, a, value, true)
		m.rule = int(r.Parameter)
	case mib.ActionPushPktTo, mib.ActionPushPktToAct:
		m.push(r, a, value, false)
		m.rule = int(r.Parameter)
	case mib.ActionPopTo, mib.ActionPopToAct:
		if n := len(m.queue); n > 0 {
			m.step.Popped = &Saved{m.queue[n-1].Attr, m.queue[n-1].Mask, m.queue[n-1].Value}
			m.queue = m.queue[:n-1]
		}
		m.rule = int(r.Parameter)
	default:
		m.fail("opcode %d does not exist", r.Action)
	}
}

// push appends to the pattern queue.
func (m *machine) push(r *ruleset.Rule, a mib.Attr, value ruleset.Octets, fromRule bool) {
	if !a.Is(mib.UseSave) {
		if a != mib.AttrNull {
			m.step.Note = fmt.Sprintf("%s is not saved", a)
		}
		return
	}
	if len(m.queue) == MaxQueue {
		m.fail("more than %d attributes pushed", MaxQueue)
		return
	}
	s := Saved{Attr: a}
	switch {
	case a.IsDistribution():
		s.Mask, s.Value = bytes.Clone(r.Mask[:6]), bytes.Clone(r.Value[:6])
	default:
		if fromRule {
			value = r.Value
		}
		value = and(value, r.Mask)
		_, size := m.value(a)
		if fromRule {
			size = savedSize(r, a, size)
		}
		s.Mask, s.Value = bytes.Clone(r.Mask[:size]), bytes.Clone(value[:size])
	}
	m.queue = append(m.queue, s)
	m.step.Pushed = &s
}

// savedSize is the number of octets that the rule's own value of a takes, where
// the packet's has natural ones. Its mask may reach beyond the packet's address,
// but not beyond the attribute that a variable happens to hold. A mask of all
// 20 octets only says "the whole address": the value may be longer than the
// packet's, an IPv6 address for an IPv4 packet, and has its own length then.
func savedSize(r *ruleset.Rule, a mib.Attr, natural int) int {
	last := func(o ruleset.Octets) int { return len(bytes.TrimRight(o[:], "\x00")) }
	need := last(r.Mask)
	if !bytes.Equal(r.Mask[:], bytes.Repeat([]byte{0xff}, len(r.Mask))) {
		return min(max(natural, need), a.Size())
	}
	if last(r.Value) <= natural {
		return natural
	}
	for _, need = range []int{4, 16, 20} {
		if last(r.Value) <= need {
			break
		}
	}
	return min(need, a.Size())
}

// key builds the flow key: all attributes zero, then the queue copied in
// order, so that later entries win.
func (m *machine) key() {
	latest := make(map[mib.Attr]Saved)
	asked := make(map[mib.Attr]bool)
	for _, s := range m.queue {
		if s.Attr.IsDistribution() {
			if !asked[s.Attr] {
				asked[s.Attr] = true
				m.out.Distributions = append(m.out.Distributions,
					Distribution{s.Attr, [6]byte(s.Mask), [6]byte(s.Value)})
			}
			continue
		}
		s.Attr = s.Attr.Slot()
		latest[s.Attr] = s
	}
	m.out.Saved = make([]Saved, 0, len(latest))
	for _, s := range latest {
		m.out.Saved = append(m.out.Saved, s)
	}
	slices.SortFunc(m.out.Saved, func(x, y Saved) int { return int(x.Attr) - int(y.Attr) })
}

// value returns what a reads as now, left-justified, and its natural length.
// What no packet has is zero.
func (m *machine) value(a mib.Attr) (v ruleset.Octets, size int) {
	if a.IsComputed() {
		for _, s := range slices.Backward(m.queue) {
			if s.Attr == a {
				v[0] = s.Value[0]
				break
			}
		}
		return v, 1
	}
	source, dest := int(m.order&1), int(m.order&1)^1
	pk, rest := m.pk, &m.pk.Rest
	switch a {
	case mib.AttrSourceInterface:
		v[0] = pk.Interface[source]
	case mib.AttrDestInterface:
		v[0] = pk.Interface[dest]
	case mib.AttrSourceAdjacentType, mib.AttrDestAdjacentType:
		v[0] = byte(rest.AdjacentType)
	case mib.AttrSourceAdjacentAddress:
		return rest.AdjacentAddress[source], int(min(rest.AdjacentLen, packet.MaxPeer))
	case mib.AttrDestAdjacentAddress:
		return rest.AdjacentAddress[dest], int(min(rest.AdjacentLen, packet.MaxPeer))
	case mib.AttrSourcePeerType, mib.AttrDestPeerType:
		v[0] = byte(pk.PeerType)
	case mib.AttrSourcePeerAddress:
		return pk.PeerAddress[source], int(min(pk.PeerLen, packet.MaxPeer))
	case mib.AttrDestPeerAddress:
		return pk.PeerAddress[dest], int(min(pk.PeerLen, packet.MaxPeer))
	case mib.AttrSourceTransType, mib.AttrDestTransType:
		v[0] = pk.TransType
	case mib.AttrSourceTransAddress:
		v[0], v[1] = byte(pk.TransAddress[source]>>8), byte(pk.TransAddress[source])
	case mib.AttrDestTransAddress:
		v[0], v[1] = byte(pk.TransAddress[dest]>>8), byte(pk.TransAddress[dest])
	case mib.AttrFlowRuleSet:
		v[0] = byte(m.rs.Number)
	case mib.AttrMatchingStoD:
		if m.order == WireOrder {
			v[0] = 1
		}
	case mib.AttrDSCodePoint:
		v[0] = rest.DSCodePoint
	case mib.AttrVLANid:
		v[0], v[1] = byte(rest.VLANid>>8), byte(rest.VLANid)
	case mib.AttrPriority:
		v[0] = rest.Priority
	case mib.AttrECNCodeBits:
		v[0] = rest.ECNCodeBits
	case mib.AttrMeterID:
		binary.BigEndian.PutUint32(v[:], m.pk.Origin.MeterID)
	case mib.AttrSourceASN:
		binary.BigEndian.PutUint32(v[:], m.pk.Origin.ASN[source])
	case mib.AttrDestASN:
		binary.BigEndian.PutUint32(v[:], m.pk.Origin.ASN[dest])
	case mib.AttrSourcePrefix:
		v[0] = m.pk.Origin.Prefix[source]
	case mib.AttrDestPrefix:
		v[0] = m.pk.Origin.Prefix[dest]
	case mib.AttrSourceSubscriberID, mib.AttrDestSubscriberID, mib.AttrSessionID:
		return v, 0 // of variable length, and absent
	}
	return v, a.Size()
}

func and(value, mask ruleset.Octets) ruleset.Octets {
	for i := range value {
		value[i] &= mask[i]
	}
	return value
}
