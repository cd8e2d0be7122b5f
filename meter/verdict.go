package meter

import (
	"netramet/internal/slab"
	"netramet/meter/packet"
	"netramet/streams"
)

// word is a verdict: what a rule set says of a packet, or of the packets of one
// direction of a stream. From the top: 3 bits of kind, 13 bits of epoch, 16 bits
// of generation, 32 bits that name the tally to count in. Zero is "not known".
//
// A remembered verdict holds while its epoch is the meter's and, for a flow,
// while its generation is the tally's own: a flow that was recovered, or rule
// sets that changed, make it unknown without anybody having to find it.
type word uint64

// Kinds of verdict.
const (
	kindUnknown  = 0
	kindIgnore   = 1
	kindNoMatch  = 2
	kindFlowTo   = 3 // counts in the flow's To counters
	kindFlowFrom = 4 // counts in the flow's From counters
	// The same for flows that keep distributions:
	kindAskedTo   = 5
	kindAskedFrom = 6
)

const (
	maxGeneration = 1<<16 - 1
	maxEpoch      = 1<<13 - 1

	kindShift       = 61
	epochShift      = 48
	generationShift = 32
)

func (w word) kind() word         { return w >> kindShift }
func (w word) isFlow() bool       { return w.kind() >= kindFlowTo }
func (w word) generation() uint16 { return uint16(w >> generationShift) }
func (w word) ref() tallyRef      { return tallyRef(w) }

// epoch is the present time of all verdicts: rule sets that change begin a new
// one.
type epoch uint64

// holds reports whether w is a verdict of the present epoch.
func (e *epoch) holds(w word) bool {
	return w.kind() != kindUnknown && epoch(w)>>epochShift&maxEpoch == *e
}

func (e *epoch) ignoreWord() word  { return kindIgnore<<kindShift | word(*e)<<epochShift }
func (e *epoch) noMatchWord() word { return kindNoMatch<<kindShift | word(*e)<<epochShift }

// flowWord is the verdict of a packet that counts in a tally of a flow.
func (t *flowTable) flowWord(e *epoch, slot uint32, ref tallyRef, dir packet.Direction) word {
	kind := kindFlowTo + word(dir)
	if _, d := t.dists.find(slot); d != nil {
		kind = kindAskedTo + word(dir)
	}
	return kind<<kindShift | word(*e)<<epochShift |
		word(t.tally(ref).generation)<<generationShift | word(ref)
}

// dir is the direction in the flow of a verdict that names one.
func (w word) dir() packet.Direction { return packet.Direction(w.kind()-kindFlowTo) & 1 }

// maxRemembered is for how many rule sets a stream remembers verdicts: the words
// of so many take about as much memory as the stream. Further rule sets look at
// each packet.
const maxRemembered = 8

// sideWords are one rule set's words of a stream, one for each direction.
type sideWords [2]uint64

const sideSize = 16

// word is where the verdict of a rule set on one direction of a stream is
// remembered.
func (l *lane) word(run *laneRun, id streams.ID, dir packet.Direction) *word {
	if run.words == 0 {
		return (*word)(&l.streams.Attached(id)[dir])
	}
	return (*word)(&l.side[run.words-1].At(uint32(id))[dir])
}

// remembered gives n rule sets their words in the streams there are. Words may
// go from one rule set to another as they are: who calls this forgets all
// verdicts.
func (l *lane) remembered(n int) {
	keep := max(n-1, 0)
	for len(l.side) < keep {
		var words slab.Slab[sideWords]
		words.Extend(l.streams.Slots())
		l.side = append(l.side, words)
	}
	clear(l.side[keep:])
	l.side = l.side[:keep]
}

// forgetSide makes room for a new stream's further words and zeroes them.
func (l *lane) forgetSide(id streams.ID) {
	for i := range l.side {
		words := &l.side[i]
		words.Extend(uint32(id) + 1)
		*words.At(uint32(id)) = sideWords{}
	}
}

// forgetFlow makes the verdicts that name a flow unknown.
func (m *Meter) forgetFlow(slot uint32) {
	wrapped := false
	m.flows.eachTally(slot, func(t *tally) {
		t.generation++
		wrapped = wrapped || t.generation == 0
	})
	if wrapped {
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
	for i := range m.lanes {
		m.lanes[i].forgetWords()
	}
}

func (l *lane) forgetWords() {
	l.streams.ForgetAttached()
	for i := range l.side {
		for j := range l.side[i].Len() {
			*l.side[i].At(j) = sideWords{}
		}
	}
}

// sideMemory is what the further words take, in octets.
func (l *lane) sideMemory() (n int) {
	for i := range l.side {
		n += sideSize * int(l.side[i].Len())
	}
	return n
}
