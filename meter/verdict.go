package meter

import (
	"netramet/internal/slab"
	"netramet/meter/packet"
	"netramet/streams"
)

// word is a remembered verdict: what a rule set said of the packets of one
// direction of a stream. From the top: 3 bits of kind, 13 bits of epoch, 16 bits
// of the flow's generation, 32 bits of the flow's slot. Zero is "not known".
//
// A verdict holds while its epoch is the meter's and, for a flow, while the
// flow's generation is the flow's own: a flow that was recovered, or rule sets
// that changed, make it unknown without anybody having to find it.
type word uint64

// Kinds of verdict.
const (
	kindUnknown  = 0
	kindIgnore   = 1
	kindNoMatch  = 2
	kindFlowTo   = 3 // counts in the flow's To counters
	kindFlowFrom = 4 // counts in the flow's From counters
)

const (
	maxGeneration = 1<<16 - 1
	maxEpoch      = 1<<13 - 1

	kindShift       = 61
	epochShift      = 48
	generationShift = 32
)

// verdicts is the part of the meter that remembers.
type verdicts struct {
	epoch       uint64
	remembering int // running rule sets whose verdicts are remembered
	needsRest   bool
	// side holds the words of the second and further remembered rule sets,
	// by stream; those of the first lie in the stream itself.
	side []slab.Slab[sideWords]
}

// maxRemembered is for how many rule sets a stream remembers verdicts: the words
// of so many take about as much memory as the stream. Further rule sets look at
// each packet.
const maxRemembered = 8

// sideWords are one rule set's words of a stream, one for each direction.
type sideWords [2]uint64

const sideSize = 16

func (w word) flow() (slot uint32, ok bool) {
	return uint32(w), w>>kindShift >= kindFlowTo
}

// holds reports whether w is a verdict of the present epoch.
func (v *verdicts) holds(w word) bool {
	return w>>kindShift != kindUnknown && uint64(w)>>epochShift&maxEpoch == v.epoch
}

func (v *verdicts) ignoreWord() word  { return kindIgnore<<kindShift | word(v.epoch)<<epochShift }
func (v *verdicts) noMatchWord() word { return kindNoMatch<<kindShift | word(v.epoch)<<epochShift }

func (v *verdicts) flowWord(slot, generation uint32, dir packet.Direction) word {
	return (kindFlowTo+word(dir))<<kindShift | word(v.epoch)<<epochShift |
		word(generation)<<generationShift | word(slot)
}

// recall counts a packet by its stream's verdict, if that still holds.
func (m *Meter) recall(w word, rs *ruleSet, a *amount) bool {
	if !m.holds(w) {
		return false
	}
	switch kind := w >> kindShift; kind {
	case kindIgnore:
		rs.counts.Ignored += a.pdus
	case kindNoMatch:
		rs.counts.NotMatched += a.pdus
	case kindFlowTo, kindFlowFrom:
		slot := uint32(w)
		if m.flows.part(slot).generation != uint32(w>>generationShift)&maxGeneration {
			return false
		}
		rs.counts.PDUs += a.pdus
		m.flows.count(slot, packet.Direction(kind-kindFlowTo), a)
	}
	return true
}

// word is where the verdict of rs on one direction of a stream is remembered.
func (m *Meter) word(rs *ruleSet, id streams.ID, dir packet.Direction) *word {
	if rs.wordIndex == 0 {
		return (*word)(&m.streams.Attached(id)[dir])
	}
	return (*word)(&m.side[rs.wordIndex-1].At(uint32(id))[dir])
}

// remember gives n rule sets their words, by streams of so many slots. Words
// may go from one rule set to another as they are: who calls this forgets all
// verdicts.
func (v *verdicts) remember(n int, slots uint32) {
	v.remembering = n
	keep := max(n-1, 0)
	for len(v.side) < keep {
		var words slab.Slab[sideWords]
		words.Extend(slots)
		v.side = append(v.side, words)
	}
	clear(v.side[keep:])
	v.side = v.side[:keep]
}

// forgetSide makes room for a new stream's further words and zeroes them.
func (v *verdicts) forgetSide(id streams.ID) {
	for i := range v.side {
		words := &v.side[i]
		words.Extend(uint32(id) + 1)
		*words.At(uint32(id)) = sideWords{}
	}
}

// forgetFlow makes the verdicts that name a flow unknown.
func (m *Meter) forgetFlow(slot uint32) {
	p := m.flows.part(slot)
	p.generation = (p.generation + 1) & maxGeneration
	if p.generation == 0 {
		m.forgetVerdicts() // its generations come round again
	}
}

// forgetVerdicts makes every remembered verdict unknown, by giving the next
// ones another epoch.
func (m *Meter) forgetVerdicts() {
	m.epoch++
	if m.epoch <= maxEpoch {
		return
	}
	// Old epochs come round again: nothing of theirs may be left.
	m.epoch = 1
	m.streams.ForgetAttached()
	for i := range m.side {
		for j := range m.side[i].Len() {
			*m.side[i].At(j) = sideWords{}
		}
	}
}

// memory is what the further words take, in octets.
func (v *verdicts) memory() (n int) {
	for i := range v.side {
		n += sideSize * int(v.side[i].Len())
	}
	return n
}
