package pme

import "math/bits"

// minGroup is the smallest run of rules that becomes a hash group: below it,
// comparing is as quick as hashing.
const minGroup = 4

// groupTables holds the hash groups of a program (RFC 2123 §2.3.3): runs of
// consecutive rules that test one attribute with one mask. Entering a run at
// its head with the test on is one look-up of the masked attribute, which
// finds the first rule that matches; entering it further down, or with the
// test off, runs ordinary rules.
//
// The tables are open-addressing arrays of rule numbers, at most half full,
// one after the other in slots.
type groupTables struct {
	groups []group
	slots  []uint32 // rule number from 1, 0 is empty
}

type group struct {
	base  uint32 // first of its slots
	after uint32 // index of the rule after the group
	shift uint8  // hash bits to drop: its slots are 1<<(64-shift)
}

// build finds the groups in code, marks their heads and returns them.
func (g *groupTables) build(code []instr, groupMin int) (heads []uint32) {
	for head := 0; head < len(code); {
		end := head + 1
		for end < len(code) && sameTest(&code[head], &code[end]) {
			end++
		}
		if end-head >= groupMin && groupable(&code[head]) {
			g.add(code, head, end)
			heads = append(heads, uint32(head))
		}
		head = end
	}
	return heads
}

func groupable(in *instr) bool {
	switch in.test {
	case testWord, testWords, testVar:
		return true
	}
	return false
}

// sameTest reports whether a and b differ in the value they test for alone. A
// rule that never succeeds may stand inside a group of rules.
func sameTest(a, b *instr) bool {
	return groupable(a) && (groupable(b) || b.test == testNever) &&
		a.reg == b.reg && a.vr == b.vr && a.mask == b.mask
}

func (g *groupTables) add(code []instr, head, end int) {
	width := bits.Len(uint(2*(end-head) - 1))
	gr := group{base: uint32(len(g.slots)), after: uint32(end), shift: uint8(64 - width)}
	slots := make([]uint32, 1<<width)
	for i := head; i < end; i++ {
		in := &code[i]
		if outside(in) {
			continue // never succeeds
		}
		at := hashWords(in.value) >> gr.shift
		for slots[at] != 0 && code[slots[at]-1].value != in.value {
			at = (at + 1) & uint64(len(slots)-1)
		}
		if slots[at] == 0 { // else an earlier rule has the value: it wins
			slots[at] = uint32(i) + 1
		}
	}
	g.slots = append(g.slots, slots...)
	code[head].test = testGroup
	code[head].group = uint16(len(g.groups))
	g.groups = append(g.groups, gr)
}

func outside(in *instr) bool {
	var rest uint64
	for i := range in.value {
		rest |= in.value[i] &^ in.mask[i]
	}
	return rest != 0
}

// lookup finds the first rule of head's group whose test succeeds for the
// attribute in the registers from reg. If there is none, it returns the rule
// after the group and false.
func (m *Matcher) lookup(head *instr, reg uint8) (pc uint32, found bool) {
	m.Counters.Lookups++
	gr := &m.groups.groups[head.group]
	want := [3]uint64{
		m.regs[reg] & head.mask[0],
		m.regs[reg+1] & head.mask[1],
		m.regs[reg+2] & head.mask[2],
	}
	slots := m.groups.slots[gr.base:]
	last := uint64(1)<<(64-gr.shift) - 1
	for at := hashWords(want) >> gr.shift; ; at = (at + 1) & last {
		m.Counters.Probes++
		n := slots[at]
		if n == 0 {
			return gr.after, false
		}
		if m.code[n-1].value == want {
			return n - 1, true
		}
	}
}

// hashWords hashes a masked attribute; its upper bits are the best. Values
// come from the rule set's author and packets add none, so that no secret is
// needed.
func hashWords(w [3]uint64) uint64 {
	h := mix(w[0])
	if w[1]|w[2] != 0 {
		h = mix(h^w[1]) ^ mix(w[2])
	}
	// One multiplication leaves lists of neighbouring networks in
	// neighbouring slots.
	return (h ^ h>>32) * 0x9e3779b97f4a7c15
}
