package pme

import (
	"encoding/binary"
	"math/bits"

	"netramet/meter/packet"
	"netramet/mib"
)

// returnPoint is what a Gosub saves: its own index and the meter variables,
// which belong to the environment of a subroutine (RFC 2123 §3.3).
type returnPoint struct {
	pc   uint32
	vars [8]uint8
}

// Match runs the rules on pk, in wire order or reversed (RFC 2722 §4.4). The
// packet must hold what Needs asks for. key is valid iff the verdict is Count
// and is the caller's to keep. Match allocates nothing, except for the first
// match that saves a combination of attributes not seen before.
//
// It may add a shape to the program's table: nobody else may use that
// meanwhile.
func (m *Matcher) Match(pk *packet.Packet, order Order, key *Key) Verdict {
	m.adds = true
	return m.match(pk, order, key)
}

// MatchKnown is Match where other matchers may use the table of shapes at the
// same time: it adds none. Where one would have to be added the verdict is
// Unshaped, and the match is to be made again by Match.
func (m *Matcher) MatchKnown(pk *packet.Packet, order Order, key *Key) Verdict {
	m.adds = false
	return m.match(pk, order, key)
}

// match goes a way that the matcher remembers, or runs the rules.
func (m *Matcher) match(pk *packet.Packet, order Order, key *Key) Verdict {
	m.fill(pk, order)
	lens := m.lengthsOf(pk)
	m.built = nil
	if m.ways.full {
		verdict, _, _ := m.run(lens, key)
		return verdict
	}
	c := &m.Counters
	lookups, probes := c.Lookups, c.Probes
	if e := m.follow(); e != nil && m.finish(e, lens, key) {
		return e.verdict
	}
	c.Lookups, c.Probes = lookups, probes
	before := *c
	m.ways.noting, m.ways.trail = true, m.ways.trail[:0]
	verdict, queued, steps := m.run(lens, key)
	m.ways.noting = false
	if verdict != Unshaped && m.Counters.Stopped() == before.Stopped() {
		m.learn(verdict, queued, steps, lens, &before)
	}
	return verdict
}

// run is one long function so that the machine's state stays in registers
// between rules, and tests the commonest kind of rule itself. It returns the length of the
// pattern queue, too, and how many rules more could have run.
func (m *Matcher) run(lens lengths, key *Key) (verdict Verdict, queued, steps int) {
	var (
		code    = m.code
		vars    [8]uint8 // [1] to [5]: the attribute that V1 to V5 holds
		pc      uint32
		depth   int // of the return stack
		testing = true
		passed  int // rules that look-ups ran without looking at them
	)
	verdict, steps = NoMatch, m.maxSteps
	m.queueHash[0] = lens.hash()
run:
	for uint(pc) < uint(len(code)) {
		if steps <= 0 {
			m.Counters.StepErrors++
			verdict = Ignore
			break
		}
		steps--
		in := &code[pc]
		if testing {
			if in.test == testWord {
				ok := m.regs[in.reg]&in.mask[0] == in.value[0]
				if m.ways.noting {
					m.ways.note(nodeWord, pc, in.reg, pc, ok, 0)
				}
				if !ok {
					pc++
					continue
				}
			} else if in.test != testNone {
				at, ok := m.test(in, pc, vars[in.vr&7])
				skip := int(at - pc)
				if !ok {
					skip-- // the rule after a failed test is not run yet
				}
				passed += skip
				if steps -= skip; steps < 0 {
					continue // to the report above
				}
				if pc = at; !ok {
					continue
				}
				in = &code[pc]
			}
		}
		testing = in.on
		switch in.action {
		case mib.ActionGoto, mib.ActionGotoAct:
			pc = in.next
		case mib.ActionPushRuleTo, mib.ActionPushRuleToAct, mib.ActionPushPktTo, mib.ActionPushPktToAct,
			mib.ActionCount, mib.ActionCountPkt:
			if in.save != 0 {
				if queued = m.push(in, pc, queued, vars[in.vr&7]); queued < 0 {
					verdict = Ignore
					break run
				}
			}
			if in.action.Ends() {
				verdict = m.build(queued, lens, key)
				break run
			}
			pc = in.next
		case mib.ActionIgnore:
			verdict = Ignore
			break run
		case mib.ActionNoMatch:
			break run
		case mib.ActionGosub, mib.ActionGosubAct:
			if depth == MaxReturns {
				m.Counters.StackErrors++
				verdict = Ignore
				break run
			}
			m.returns[depth] = returnPoint{pc, vars}
			depth++
			pc = in.next
		case mib.ActionReturn:
			if depth == 0 {
				m.Counters.StackErrors++
				verdict = Ignore
				break run
			}
			depth--
			vars = m.returns[depth].vars
			pc = m.returns[depth].pc + in.next
		case mib.ActionAssign, mib.ActionAssignAct:
			vars[in.vr&7] = in.reg
			pc = in.next
		case mib.ActionPopTo, mib.ActionPopToAct:
			if queued > 0 {
				queued--
				m.popped(queued)
			}
			pc = in.next
		}
	}
	if verdict != Unshaped {
		m.Counters.Matches++
		m.Counters.Rules += uint64(m.maxSteps - steps - passed)
	}
	return verdict, queued, steps
}

// test does the tests that Match leaves to it, of rule pc; held is what the
// rule's meter variable holds, if it names one. It returns the rule whose
// test succeeded, or the one to run next and false.
func (m *Matcher) test(in *instr, pc uint32, held uint8) (at uint32, ok bool) {
	reg := in.reg
	if in.vr != 0 {
		if held == 0 {
			return pc, true // the Null attribute
		}
		reg = registers[held]
	}
	switch in.test {
	case testGroup:
		probes := m.Counters.Probes
		at, ok = m.lookup(in, reg)
		if m.ways.noting {
			m.ways.note(nodeLookup, pc, reg, at, ok, m.Counters.Probes-probes)
		}
		return at, ok
	case testVar, testWords:
		ok = m.equal(in, reg)
		if m.ways.noting {
			m.ways.note(nodeWords, pc, reg, pc, ok, 0)
		}
		if ok {
			return pc, true
		}
	}
	return pc + 1, false
}

// fill loads the packet's attributes into the registers.
func (m *Matcher) fill(pk *packet.Packet, order Order) {
	r := &m.regs
	s := order & 1
	d := s ^ 1
	r[regStoD] = uint64(d)
	r[regSourceInterface] = uint64(pk.Interface[s])
	r[regDestInterface] = uint64(pk.Interface[d])
	r[regPeerType] = uint64(pk.PeerType)
	r[regTransType] = uint64(pk.TransType)
	r[regSourceTrans] = uint64(bits.ReverseBytes16(pk.TransAddress[s]))
	r[regDestTrans] = uint64(bits.ReverseBytes16(pk.TransAddress[d]))
	a := &pk.PeerAddress[s]
	r[regSourcePeer] = binary.LittleEndian.Uint64(a[0:])
	r[regSourcePeer+1] = binary.LittleEndian.Uint64(a[8:])
	r[regSourcePeer+2] = uint64(binary.LittleEndian.Uint32(a[16:]))
	a = &pk.PeerAddress[d]
	r[regDestPeer] = binary.LittleEndian.Uint64(a[0:])
	r[regDestPeer+1] = binary.LittleEndian.Uint64(a[8:])
	r[regDestPeer+2] = uint64(binary.LittleEndian.Uint32(a[16:]))
	if m.facts.computes {
		for i := 0; i < numComputed; i++ {
			r[regComputed+3*i] = 0
		}
	}
	if m.facts.needs&NeedsRest != 0 {
		rest := &pk.Rest
		a = &rest.AdjacentAddress[s]
		r[regSourceAdjacent] = binary.LittleEndian.Uint64(a[0:])
		r[regSourceAdjacent+1] = binary.LittleEndian.Uint64(a[8:])
		r[regSourceAdjacent+2] = uint64(binary.LittleEndian.Uint32(a[16:]))
		a = &rest.AdjacentAddress[d]
		r[regDestAdjacent] = binary.LittleEndian.Uint64(a[0:])
		r[regDestAdjacent+1] = binary.LittleEndian.Uint64(a[8:])
		r[regDestAdjacent+2] = uint64(binary.LittleEndian.Uint32(a[16:]))
		r[regAdjacentType] = uint64(rest.AdjacentType)
		r[regDSCodePoint] = uint64(rest.DSCodePoint)
		r[regVLANid] = uint64(bits.ReverseBytes16(rest.VLANid))
		r[regPriority] = uint64(rest.Priority)
		r[regECN] = uint64(rest.ECNCodeBits)
	}
	if m.facts.needs&NeedsOrigin != 0 {
		o := &pk.Origin
		r[regMeterID] = uint64(bits.ReverseBytes32(o.MeterID))
		r[regSourceASN] = uint64(bits.ReverseBytes32(o.ASN[s]))
		r[regDestASN] = uint64(bits.ReverseBytes32(o.ASN[d]))
		r[regSourcePrefix] = uint64(o.Prefix[s])
		r[regDestPrefix] = uint64(o.Prefix[d])
	}
}

// lengthsOf are the lengths of a packet's addresses. What needs no Rest saves no
// adjacent address.
func (m *Matcher) lengthsOf(pk *packet.Packet) lengths {
	lens := lengths{peer: min(pk.PeerLen, packet.MaxPeer)}
	if m.facts.needs&NeedsRest != 0 {
		lens.adjacent = min(pk.Rest.AdjacentLen, packet.MaxPeer)
	}
	return lens
}

// hash begins the hash of a pattern queue.
func (l lengths) hash() uint64 { return uint64(l.peer) | uint64(l.adjacent)<<8 }

// equal is the test of all three words of in against the registers from reg.
func (m *Matcher) equal(in *instr, reg uint8) bool {
	return (m.regs[reg]&in.mask[0]^in.value[0])|
		(m.regs[reg+1]&in.mask[1]^in.value[1])|
		(m.regs[reg+2]&in.mask[2]^in.value[2]) == 0
}

const numComputed = int(mib.AttrFlowKind-mib.AttrSourceClass) + 1

// push puts what in, the rule at pc, saves at the end of a pattern queue of n
// entries; held is the attribute its meter variable holds, if it names one. It
// returns the queue's new length, -1 if there is no room.
func (m *Matcher) push(in *instr, pc uint32, n int, held uint8) int {
	save := in.save
	if in.vr != 0 {
		if usable[held]&mib.UseSave == 0 {
			return n // Null, or an attribute that is only tested
		}
		save |= uint32(held)
	}
	if uint(n) >= MaxQueue {
		m.Counters.QueueErrors++
		return -1
	}
	m.queue[n] = pushed{save, pc}
	m.queueHash[n+1] = mix(m.queueHash[n] ^ uint64(save))
	if a := mib.Attr(save); a.IsComputed() {
		reg := &m.regs[registers[a]]
		m.queueOld[n] = uint8(*reg)
		if save&saveRule != 0 {
			*reg = in.value[0]
		}
		*reg &= in.mask[0] & 0xff
	}
	return n + 1
}

// popped restores the value of a computed attribute when entry n, the newest of
// the pattern queue, is dropped: the one from before its push.
func (m *Matcher) popped(n int) {
	if a := mib.Attr(m.queue[n].save); a.IsComputed() {
		m.regs[registers[a]] = uint64(m.queueOld[n])
	}
}

// mix spreads the bits of a queue's hash.
func mix(h uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, 0xd6e8feb86659fd93)
	return hi ^ lo
}
