package pme

import (
	"encoding/binary"
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// How an instruction's test is done. Masks and values are widened to words,
// attributes lie in registers, so that a test is one to three compares.
const (
	testNone  = iota // always succeeds: Null, zero mask, Assign
	testNever        // the value has bits outside the mask
	testWord         // the mask lies in the first 8 octets
	testWords        // a longer mask
	testVar          // the attribute is the one a meter variable holds
	testGroup        // head of a hash group
)

// instr is one rule, lowered: a cache line without pointers. Words hold octets
// in little-endian order, mask and value alike, left-justified.
type instr struct {
	mask, value [3]uint64
	next        uint32 // index of the goto target; Return: what to add
	// save is what a push puts into the pattern queue: attribute (8 bits, 0
	// if a variable tells it), saveRule, and the number of the cover or, of a
	// distribution, of its specification.
	save   uint32
	test   uint8
	action mib.Action
	reg    uint8 // first register of the attribute; Assign: the operand
	vr     uint8 // 1..5: the attribute is what V1..V5 holds; else 0
	on     bool  // the test indicator afterwards
	group  uint16
}

const (
	saveRule  = 1 << 8 // the value is the rule's, not the packet's
	saveShift = 9
)

// Registers. Every attribute that has a value has three words, so that a
// test through a meter variable, which may have a mask of any length, can
// compare all three without asking which attribute it is; words that an
// attribute does not use stay zero. An attribute without a register reads
// regZero: it is absent from every packet.
const (
	regZero = 3 * iota
	regSourceInterface
	regDestInterface
	regAdjacentType
	regSourceAdjacent
	regDestAdjacent
	regPeerType
	regSourcePeer
	regDestPeer
	regTransType
	regSourceTrans
	regDestTrans
	regRuleSet
	regStoD
	regDSCodePoint
	regVLANid
	regPriority
	regECN
	regMeterID
	regSourceASN
	regDestASN
	regSourcePrefix
	regDestPrefix
	regComputed // SourceClass; the other five follow in order of number
)

// registers gives the first register of each attribute.
var registers = func() (r [256]uint8) {
	for a, reg := range map[mib.Attr]uint8{
		mib.AttrSourceInterface: regSourceInterface, mib.AttrDestInterface: regDestInterface,
		mib.AttrSourceAdjacentType: regAdjacentType, mib.AttrDestAdjacentType: regAdjacentType,
		mib.AttrSourceAdjacentAddress: regSourceAdjacent, mib.AttrDestAdjacentAddress: regDestAdjacent,
		mib.AttrSourcePeerType: regPeerType, mib.AttrDestPeerType: regPeerType,
		mib.AttrSourcePeerAddress: regSourcePeer, mib.AttrDestPeerAddress: regDestPeer,
		mib.AttrSourceTransType: regTransType, mib.AttrDestTransType: regTransType,
		mib.AttrSourceTransAddress: regSourceTrans, mib.AttrDestTransAddress: regDestTrans,
		mib.AttrFlowRuleSet: regRuleSet, mib.AttrMatchingStoD: regStoD,
		mib.AttrDSCodePoint: regDSCodePoint, mib.AttrVLANid: regVLANid,
		mib.AttrPriority: regPriority, mib.AttrECNCodeBits: regECN,
		mib.AttrMeterID: regMeterID, mib.AttrSourceASN: regSourceASN, mib.AttrDestASN: regDestASN,
		mib.AttrSourcePrefix: regSourcePrefix, mib.AttrDestPrefix: regDestPrefix,
	} {
		r[a] = reg
	}
	for a := mib.AttrSourceClass; a <= mib.AttrFlowKind; a++ {
		r[a] = regComputed + 3*uint8(a-mib.AttrSourceClass)
	}
	return r
}()

// usable holds, per attribute number, its uses: pushes through a meter
// variable ask it per packet.
var usable = func() (u [256]mib.Use) {
	for _, a := range mib.Attrs() {
		info, _ := mib.Info(a)
		u[a] = info.Use
	}
	return u
}()

// compile lowers a verified rule set. groupMin is the smallest run of rules
// that becomes a hash group; 0 makes none.
func compile(rs *ruleset.RuleSet, shapes *Shapes, groupMin int) *Program {
	p := &Program{
		code:     make([]instr, len(rs.Rules)),
		maxSteps: MaxSteps(len(rs.Rules)),
		number:   uint8(rs.Number),
		shapes:   shapes,
		facts:    gatherFacts(rs),
	}
	numbers := make(map[cover]uint32)
	for i := range rs.Rules {
		p.lower(&p.code[i], &rs.Rules[i], numbers)
	}
	p.facts.mayNotMatch = mayNotMatch(p.code)
	if groupMin > 0 {
		heads := p.groups.build(p.code, groupMin)
		p.effects = effectsOf(p.code, p.groups.groups, heads)
	}
	return p
}

// lower fills in from r. numbers interns the covers of pushes.
func (p *Program) lower(in *instr, r *ruleset.Rule, numbers map[cover]uint32) {
	in.mask, in.value = words(&r.Mask), words(&r.Value)
	in.action = r.Action
	in.on = r.Action.Tests()
	in.reg = registers[r.Selector]
	if r.Selector.IsVariable() {
		in.vr = uint8(r.Selector-mib.AttrV1) + 1
	}
	in.test = testOf(in, r)
	switch {
	case r.Action == mib.ActionReturn:
		in.next = uint32(r.Parameter)
	case r.Action.Goes():
		in.next = uint32(r.Parameter) - 1
	}
	switch {
	case r.Assigns():
		in.reg = r.Value[0]
	case r.Pushes():
		in.save = p.saveOf(r, numbers)
	}
}

func testOf(in *instr, r *ruleset.Rule) uint8 {
	switch {
	case r.Always():
		return testNone
	case r.Never():
		return testNever
	case in.vr != 0:
		// Even a value outside the mask matches while the variable holds
		// nothing.
		return testVar
	case in.mask[1]|in.mask[2] == 0:
		return testWord
	}
	return testWords
}

// saveOf returns what r pushes, as instr.save tells it. It is never 0.
func (p *Program) saveOf(r *ruleset.Rule, numbers map[cover]uint32) uint32 {
	var save uint32
	if !r.Selector.IsVariable() {
		save = uint32(r.Selector)
	}
	if r.Selector.IsDistribution() {
		n := slices.Index(p.facts.distributions, distributionOf(r))
		return save | saveRule | uint32(n)<<saveShift
	}
	if r.PushesValue() {
		save |= saveRule
	}
	cover := coverOf(r)
	n, ok := numbers[cover]
	if !ok {
		// From 1, so that a variable's save is not taken for none.
		n = uint32(len(p.covers)) + 1
		numbers[cover] = n
		p.covers = append(p.covers, cover)
	}
	return save | n<<saveShift
}

// cover is how much of an attribute a push saves: the bits of mask, in the
// packet's own length or, if that is less than least octets, in size octets.
type cover struct {
	mask        ruleset.Octets
	least, size uint8
}

// coverOf returns what r covers. A value of the rule's own may be longer than
// the packet's address: it takes as many octets as its mask. But a mask of all
// octets there can be, as a rule has that gives none, means the whole address,
// whatever its length (decision 9); then the value itself says how many it
// needs, and IPv4 and IPv6 addresses are kept in their length.
func coverOf(r *ruleset.Rule) cover {
	c := cover{mask: r.Mask}
	if !r.PushesValue() {
		return c
	}
	c.least = uint8(r.Mask.Last())
	c.size = c.least
	if r.Mask == allOctets {
		c.least = uint8(r.Value.Last())
		if c.least <= 16 {
			c.size = 16
		}
		if c.least <= 4 {
			c.size = 4
		}
	}
	return c
}

// allOctets is the mask of every bit of the longest address.
var allOctets = ruleset.FullMask(mib.AttrSourcePeerAddress)

// words widens octets to three words; the last holds four octets.
func words(o *ruleset.Octets) [3]uint64 {
	return [3]uint64{
		binary.LittleEndian.Uint64(o[0:]),
		binary.LittleEndian.Uint64(o[8:]),
		uint64(binary.LittleEndian.Uint32(o[16:])),
	}
}

// facts are what a program's users ask of it.
type facts struct {
	needs         Needs
	computes      bool // a rule saves a Class or Kind attribute
	mayNotMatch   bool
	varying       []mib.Attr
	distributions []Distribution
}

// gatherFacts looks at all rules, reachable or not, and takes a meter
// variable for every attribute that is assigned to it anywhere.
func gatherFacts(rs *ruleset.RuleSet) facts {
	var f facts
	var held [5][]mib.Attr
	for i := range rs.Rules {
		if r := &rs.Rules[i]; r.Assigns() {
			v := r.Selector - mib.AttrV1
			held[v] = append(held[v], mib.Attr(r.Value[0]))
		}
	}
	var used [256]bool
	seen := make(map[Distribution]bool)
	for i := range rs.Rules {
		r := &rs.Rules[i]
		switch {
		case r.Assigns():
		case r.Selector.IsVariable():
			v := r.Selector - mib.AttrV1
			for _, a := range held[v] {
				used[a] = true
			}
			held[v] = nil // once is enough
		case r.Selector.IsDistribution():
			if d := distributionOf(r); !seen[d] {
				seen[d] = true
				f.distributions = append(f.distributions, d)
			}
		case r.Pushes() || !r.Always():
			used[r.Selector] = true
		}
	}
	for a := range used {
		if !used[a] {
			continue
		}
		a := mib.Attr(a)
		rest, varies := liesInRest(a), !fixedByStream(a)
		if rest {
			f.needs |= NeedsRest
		}
		if liesInOrigin(a) {
			f.needs |= NeedsOrigin
		}
		if varies {
			f.varying = append(f.varying, a)
		}
		f.computes = f.computes || a.IsComputed()
	}
	return f
}

func distributionOf(r *ruleset.Rule) Distribution {
	d := Distribution{Attr: r.Selector}
	copy(d.Mask[:], r.Mask[:])
	copy(d.Value[:], r.Value[:])
	return d
}

func liesInRest(a mib.Attr) bool {
	switch registers[a] {
	case regAdjacentType, regSourceAdjacent, regDestAdjacent,
		regDSCodePoint, regVLANid, regPriority, regECN:
		return true
	}
	return false
}

func liesInOrigin(a mib.Attr) bool {
	switch registers[a] {
	case regMeterID, regSourceASN, regDestASN, regSourcePrefix, regDestPrefix:
		return true
	}
	return false
}

// fixedByStream: every packet of a stream has the same value. Attributes that
// no packet has are always 0; those of its origin follow from its addresses.
func fixedByStream(a mib.Attr) bool {
	return !liesInRest(a) && registers[a] != regSourceInterface && registers[a] != regDestInterface
}
