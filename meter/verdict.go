package meter

import (
	"netramet/internal/slab"
	"netramet/meter/packet"
	"netramet/meter/pme"
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
	kindUnknown = 0
	kindNoFlow  = 1 // counts in none, for the reason in the place of its tally
	// Of those that name a flow the last bit is the direction in it.
	kindFlowTo   = 2 // counts in the flow's To counters
	kindFlowFrom = 3 // counts in the flow's From counters
	// kindReverse counts in From counters because the flow is the reverse of the packet's
	// key, and holds until there is a flow of that key itself.
	kindReverse = 5
	// The same for flows that keep distributions, whatever found them:
	kindAskedTo   = 6
	kindAskedFrom = 7
)

// Why a packet counts in no flow.
const (
	ignored    = 0
	notMatched = 1
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

// noFlowWord is the verdict of a packet that counts in no flow.
func (e *epoch) noFlowWord(why word) word { return kindNoFlow<<kindShift | word(*e)<<epochShift | why }

// flowWord is the verdict of a packet that matched in an order and counts in a tally of a
// flow, in that direction of it.
func (t *flowTable) flowWord(e *epoch, slot uint32, ref tallyRef, dir packet.Direction, order pme.Order) word {
	kind := kindFlowTo + word(dir)
	if dir != packet.Direction(order) {
		kind = kindReverse
	}
	if _, d := t.dists.find(slot); d != nil {
		kind = kindAskedTo + word(dir)
	}
	return kind<<kindShift | word(*e)<<epochShift |
		word(t.tally(ref).generation)<<generationShift | word(ref)
}

// dir is the direction in the flow of a verdict that names one.
func (w word) dir() packet.Direction { return packet.Direction(w.kind() & 1) }

// maxRemembered is for how many rule sets a stream remembers verdicts. The words of
// so many take three times the memory of the stream; rules that run for each packet
// cost more. Further rule sets look at each packet.
const maxRemembered = 16

// sideWords are one rule set's words of a stream, one for each direction.
type sideWords [2]uint64

const sideSize = 16

// sides are what all streams of a lane know of some of the remembered rule sets, but
// for what lies in the streams themselves: that of one stream lies next to each other.
type sides[T any] struct {
	all slab.Rows[T] // by stream; of so many rule sets each
}

// of returns what is known by a stream, by rule set from 0.
func (s *sides[T]) of(id streams.ID) []T {
	if s.all.Size == 0 {
		return nil
	}
	return s.all.At(uint32(id))
}

// at returns what is known of a rule set, from 0, by a stream.
func (s *sides[T]) at(n int, id streams.ID) *T { return &s.all.At(uint32(id))[n] }

// extend makes room for more streams.
func (s *sides[T]) extend(streams uint32) {
	if s.all.Size > 0 {
		s.all.Extend(streams)
	}
}

// len is how much is held, for all streams.
func (s *sides[T]) len() int { return s.all.Size * int(s.all.Len()) }

// keep makes room for as many rule sets and streams. What is there may go to another
// rule set as it is, or be lost.
func (s *sides[T]) keep(each int, streams uint32) {
	if each != s.all.Size {
		*s = sides[T]{slab.Rows[T]{Size: each}}
		s.extend(streams)
	}
}

// rememberable is for how many rule sets so many streams can remember verdicts:
// the place of a word fits an int of 32 bits.
func rememberable(streams int) int {
	return int(min(maxRemembered, 1+(1<<31)/(uint64(streams)+1)))
}

// word is where the verdict of a rule set on one direction of a stream is
// remembered.
func (l *lane) word(run *laneRun, id streams.ID, dir packet.Direction) *word {
	if run.words == 0 {
		return (*word)(&l.streams.Attached(id)[dir])
	}
	return (*word)(&l.side.at(run.words-1, id)[dir])
}

// remembered gives n rule sets their words in the streams there are, and those of
// them that depend on traits these. Who calls this forgets all verdicts.
func (l *lane) remembered(n, depending int) {
	l.side.keep(max(n-1, 0), l.streams.Slots())
	l.traits.keep(depending, l.streams.Slots())
}

// forgetSide makes room for a new stream's further words and zeroes them.
func (l *lane) forgetSide(id streams.ID) {
	l.side.extend(uint32(id) + 1)
	clear(l.side.of(id))
	l.traits.extend(uint32(id) + 1) // words say whether they mean anything
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
	l.members.fed = slab.Slab[fed]{}
	for id := range l.side.all.Len() {
		clear(l.side.of(streams.ID(id)))
	}
}

// sideMemory is what the further words and the traits take, in octets.
func (l *lane) sideMemory() int {
	return sideSize*l.side.len() + sideTraitsSize*l.traits.len()
}
