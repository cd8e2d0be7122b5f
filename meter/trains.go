package meter

import (
	"math"
	"math/bits"
	"slices"

	"netramet/meter/packet"
	"netramet/sources/wire"
	"netramet/streams"
)

// Packets of a stream come in trains (Jain and Routhier, Packet Trains, 1986). Those that a
// Lookout has put together are counted together, when the first one comes, which is before
// others that came before them. Why that changes nothing is what overtake.go says, and besides:
//
//   - The stream had its first two packets before, and no packet of it that is not in the train
//     comes between.
//   - A train lies within an interval, so who collects sees no packet that has not come. Others
//     see the state when all packets that were counted have come.
//   - A train that goes beyond a tick is shorter than what any stream, or flow, that ends for being
//     idle must have been idle for. So neither ends at a tick between: the first packets of both
//     directions, which may count in two flows, come before the first one.

// Trains are what a Lookout saw of the frames of some batches.
type Trains struct {
	looked bool  // it did look, and what follows is valid
	reach  int64 // ns that the grid had then
	frames int
	all    []train        // in the order of their first frames
	wide   []streams.Wide // of trains of IPv6, by their numbers
	next   []uint16       // of a frame, the next one in its train; 0: there is none

	// For the Lookout.

	latest int64 // time of a frame
	tick   int64 // Unix ns of the next grid point
	closes int64 // and of the next end of an interval

	// For the meter.

	done    int      // trains that were met
	stopped int      // the frame behind the last one that was met for itself
	loose   []uint64 // bit set of frames that lead what is left of a train
	of      []uint16 // the train, of these
	isLoose bool     // there are or were some
}

// train is what a glance at frames of one stream tells, which come one after the other. It
// is small, since what another processor has written is slow to come.
type train struct {
	streams.Sought
	frame    uint16 // the first one, counted over all batches
	kind     kindOfTrain
	dir      packet.Direction // of the first frame, as Key.Dir
	at       int64            // Unix ns of the first frame
	span     [2]uint32        // ns to the last one each way, where there is one
	wire     uint32           // the frames' octets
	octets   [2]uint32
	pdus     [2]uint16
	tcpFlags uint8 // of the first frame
	number   uint8 // of the frames' interface
	lane     uint8 // of the stream
	isLeft   bool  // its first frame is none that the Lookout had lead it
	_        uint32
}

type kindOfTrain uint8

const (
	isTrain kindOfTrain = iota // the Lookout knows what the frames count
	isAlone                    // one frame, of which it does not
	isTick                     // none: the first frame beyond a tick, where it is in a train before
)

const (
	// trainSize is that of a train in octets.
	trainSize = 64
	// maxTrainFrames is the most frames that Trains are of.
	maxTrainFrames = 1 << 15
	// maxSeen is the longest frame of a train of several.
	maxSeen = 1 << 24
	// maxTrainOctets bounds a train: no sum is too large for its place.
	maxTrainOctets = math.MaxUint32 - maxSeen
)

func (t *Trains) clear() {
	t.looked, t.frames, t.all, t.next = false, 0, t.all[:0], t.next[:0]
	t.done, t.stopped, t.isLoose = 0, 0, false
}

// extend makes room for more frames.
func (t *Trains) extend(frames int) {
	t.next = slices.Grow(t.next, frames)[:t.frames+frames]
	clear(t.next[t.frames:])
	t.frames += frames
}

func (t *Trains) setWide(n int, w *streams.Wide) {
	for len(t.wide) <= n {
		t.wide = append(t.wide, streams.Wide{})
	}
	t.wide[n] = *w
}

// is reports whether a train is of the stream of these words.
func (t *Trains) is(n int, w0, w1, w2, w3, w4 uint64) bool {
	one := &t.all[n]
	return one.Is(w0, w2, w4) && (!one.IsWide() || t.wide[n] == streams.Wide{w0, w1, w2, w3})
}

// wideOf are the addresses of a train of IPv6.
func (t *Trains) wideOf(n int) *streams.Wide {
	if n < len(t.wide) {
		return &t.wide[n]
	}
	return nil
}

// loosen has a frame of train n be met for itself: it is the first one of those that are left.
func (t *Trains) loosen(frame uint16, n int) {
	if !t.isLoose {
		t.isLoose = true
		t.loose = append(t.loose[:0], make([]uint64, (t.frames+63)/64)...)
		t.of = slices.Grow(t.of[:0], t.frames)[:t.frames]
	}
	t.loose[frame/64] |= 1 << (frame % 64)
	t.of[frame] = uint16(n)
}

// nextLoose is the first loose frame of those below end that are ahead, or end.
func (t *Trains) nextLoose(end int) int {
	i := t.stopped
	for w := i / 64; w < len(t.loose) && i < end; w++ {
		if rest := t.loose[w] >> (i % 64); rest != 0 {
			return min(end, i+bits.TrailingZeros64(rest))
		}
		i = (w + 1) * 64
	}
	return end
}

// reach is how long, in ns, trains may be: less than streams and flows must have been idle for to
// end. 0 says that they lie within a tick.
func (m *Meter) reach() int64 {
	if m.usage.watched() {
		return 0 // at a tick other rules may come to run
	}
	least := min(m.lanes[0].streams.LeastTimeout(), m.inactivity(), math.MaxUint32/Uptime(centisecond))
	return max(0, int64(least-2)*centisecond) // uptimes are rounded
}

// mayTrain reports whether trains change nothing, whatever streams the frames make: those that end
// because there are too many depend on the order of all packets.
func (m *Meter) mayTrain(frames int) bool {
	return m.live+m.staged+m.underWay()+frames <= m.cfg.Streams.MaxStreams
}

// feedTrains meters the frames of a batch, from the next one on; base is how many came in batches
// before, of which t is, too.
func (m *Meter) feedTrains(b *wire.Batch, t *Trains, base int) Stop {
	for end := base + len(b.Frames); t.stopped < end; {
		n, i, leads := t.meet(end)
		if i == end {
			m.passTrains(b, t, base, end)
			break
		}
		f := &b.Frames[i-base]
		if !leads {
			t.lead(n, f)
		}
		if !m.meterTrain(t, n) {
			m.passTrains(b, t, base, i)
			if stop := m.meterAlone(b, &t.all[n], i-base, leads); stop != Taken {
				return stop
			}
			m.uncouple(t, n, f, i)
		}
		if leads {
			t.done++
		}
		t.stopped = i + 1
	}
	return Taken
}

// meet returns the next train to be met and its first frame; that is end, if it is not one of those
// below end. Leads says that it is as the Lookout saw it; else it is what is left of one.
func (t *Trains) meet(end int) (n, frame int, leads bool) {
	n, frame, leads = t.done, end, true
	if n < len(t.all) {
		frame = min(end, int(t.all[n].frame))
	}
	if t.isLoose {
		if loose := t.nextLoose(end); loose < end && loose <= frame {
			if loose == frame {
				t.done++ // a tick, which the frame brings itself
			}
			return int(t.of[loose]), loose, false
		}
	}
	return n, frame, leads
}

// lead has f be the first frame of what is left of a train.
func (t *Trains) lead(n int, f *wire.Frame) {
	one := &t.all[n]
	for dir := range one.span {
		if one.pdus[dir] > 0 {
			one.span[dir] -= uint32(f.Time - one.at)
		}
	}
	one.at, one.isLeft = f.Time, true
}

// uncouple takes frame i, which is f and was metered alone, out of train n, which it is the first
// one of.
func (m *Meter) uncouple(t *Trains, n int, f *wire.Frame, i int) {
	one, next := &t.all[n], t.next[i]
	if one.kind != isTrain || next == 0 {
		return
	}
	var g packet.Glance
	g.Of(f)
	_, _, _, _, _, dir := streams.Words(&g)
	one.pdus[dir&1]--
	one.octets[dir&1] -= uint32(m.cfg.octets(f.WireLen, g.PeerOctets))
	one.wire -= f.WireLen
	t.loosen(next, n)
}

// passTrains moves the clock to the time of the frame before frame i, if it was counted with
// others. Those that were not have moved it.
func (m *Meter) passTrains(b *wire.Batch, t *Trains, base, i int) {
	if i > t.stopped {
		m.in.pass(b.Frames[i-1-base].Time)
		t.stopped = i
	}
}

// meterAlone meters frame i of a batch for itself, or, if it was counted before, moves the clock
// over a tick with it.
func (m *Meter) meterAlone(b *wire.Batch, one *train, i int, leads bool) Stop {
	in := &m.in
	in.fed = i
	if leads && one.kind == isTick {
		return m.moveClock(max(one.at, in.shown), true)
	}
	if m.way.glance && in.held.n == 0 && !in.ended && m.meterKnown(&b.Frames[i]) {
		return Taken
	}
	return m.feedNext(b)
}

// meterTrain meters the frames of a train, if its stream is there and remembers all verdicts.
// Nothing has happened if not.
func (m *Meter) meterTrain(t *Trains, n int) bool {
	one, in := &t.all[n], &m.in
	if one.kind != isTrain || !m.way.direct || !m.way.glance || in.held.n > 0 || in.ended {
		return false
	}
	tap := &m.interfaces.taps[one.number]
	if !in.isInTick(one.at) || tap.rate != 1 || tap.packets == 0 {
		return false
	}
	l := &m.lanes[one.lane]
	stream, ok := l.streams.Sought(&one.Sought, t.wideOf(n))
	if !ok {
		return false
	}
	pdus := uint64(one.pdus[0]) + uint64(one.pdus[1])
	if pdus == 1 {
		return m.meterOne(l, stream, tap, one)
	}
	span := one.all()
	until := one.at + span
	if !stream.TakesMany(pdus) || until >= in.tickAt && t.reach > m.way.reach || span > int64(in.cfg.MaxGap) {
		return false
	}
	for dir := range one.pdus {
		if one.pdus[dir] > 0 && !l.knows(stream, packet.Direction(dir), true) {
			return false
		}
	}
	in.pass(one.at)
	in.counted = max(in.counted, until)
	tap.count(pdus, one.wire)
	m.countTrain(l, stream, one, pdus)
	return true
}

// meterOne is meterTrain of one frame, of a stream that is there.
func (m *Meter) meterOne(l *lane, stream streams.Stream, tap *tap, one *train) bool {
	if one.isLeft || !l.knows(stream, one.dir, false) {
		return false
	}
	m.in.pass(one.at)
	tap.count(1, one.wire)
	m.countKnown(l, stream, one.dir, one.tcpFlags, uint64(one.octets[one.dir&1]))
	return true
}

// countTrain counts n packets of a stream that knows all verdicts on them.
func (m *Meter) countTrain(l *lane, stream streams.Stream, one *train, n uint64) {
	stream.NoteMany(n, m.in.uptimeAt(one.at+one.all()))
	m.counts.Packets += n
	m.counts.Octets += uint64(one.octets[0]) + uint64(one.octets[1])
	l.packets += n
	for dir, pdus := range one.pdus {
		if pdus == 0 {
			continue
		}
		at := m.in.uptimeAt(one.at + int64(one.span[dir]))
		for j := range l.runs {
			l.countKnown(&l.runs[j], packet.Direction(dir), uint64(pdus), uint64(one.octets[dir]), at)
		}
	}
	m.noteStaged(int(n))
}

// all is the ns from the first frame to the last one.
func (one *train) all() (ns int64) {
	for dir, pdus := range one.pdus {
		if pdus > 0 {
			ns = max(ns, int64(one.span[dir]))
		}
	}
	return ns
}
