package meter

import "netramet/sources/wire"

// jury is how many frames behind a stamp in doubt say whether it is believed
// (decision 6).
const jury = 16

// moreThan reports that a lies more than gap after b, whatever the two are.
func moreThan(gap, a, b int64) bool {
	return a > b && uint64(a)-uint64(b) > uint64(gap)
}

// believed judges a stamp that lies far ahead of the clock by the stamps of the
// frames behind it, at most jury of them: unless more of them lie more than
// gap before it than not. A frame without a time has no vote.
func believed(stamp int64, behind []int64, gap int64) bool {
	before, others := 0, 0
	for _, t := range behind {
		switch {
		case t == wire.NoTime:
		case moreThan(gap, stamp, t):
			before++
		default:
			others++
		}
	}
	return before <= others
}

// believedFirst judges the first stamp of a trace, which no clock speaks for
// or against: as believed does, and a stamp of exactly 0 is what writers leave
// that know no time, unless those behind count from there.
func believedFirst(stamp int64, behind []int64, gap int64) bool {
	return believed(stamp, behind, gap) && !(stamp == 0 && agreeOnLater(behind, gap))
}

// agreeOnLater reports whether most of the stamps lie more than gap after 0,
// and nearer to one another than to 0: within the first such stamp's own
// distance from 0. Stamps that count from 0, hours apart, are not.
func agreeOnLater(stamps []int64, gap int64) bool {
	var first int64 // 0: none yet
	agree, others := 0, 0
	for _, t := range stamps {
		if first == 0 && moreThan(gap, t, 0) {
			first = t
		}
		switch {
		case t == wire.NoTime:
		case moreThan(gap, t, 0) && t-first < first:
			agree++
		default:
			others++
		}
	}
	return agree > others
}

// heldFrames is a queue of copies: a frame or a record whose stamp is in doubt,
// and those behind it, until jury of them are there. Their buffers are used
// again.
type heldFrames struct {
	ring     [jury + 1]held
	first, n int
}

// held is a record, or a frame in the place of one.
type held struct {
	wire.Record
	isRecord bool
}

// full reports whether the first frame can be judged.
func (h *heldFrames) full() bool { return h.n == len(h.ring) }

// push keeps a copy of f, and of the record r that it belongs to if that is not
// nil. The queue must not be full.
func (h *heldFrames) push(f *wire.Frame, r *wire.Record) {
	g := &h.ring[(h.first+h.n)%len(h.ring)]
	data := append(g.Frame.Data[:0], f.Data...)
	if g.isRecord = r != nil; g.isRecord {
		g.Record = *r
	} else {
		g.Frame = *f
	}
	g.Frame.Data = data
	h.n++
}

// front is the first one, valid until pop.
func (h *heldFrames) front() *held { return &h.ring[h.first] }

func (h *heldFrames) pop() {
	h.first = (h.first + 1) % len(h.ring)
	h.n--
}

// behind puts the stamps of the frames behind the first one into buf.
func (h *heldFrames) behind(buf *[jury]int64) []int64 {
	for i := 1; i < h.n; i++ {
		buf[i-1] = h.ring[(h.first+i)%len(h.ring)].Frame.Time
	}
	return buf[:max(h.n-1, 0)]
}
