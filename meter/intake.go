package meter

import (
	"math"
	"time"

	"netramet/meter/packet"
	"netramet/sources/wire"
)

// Uptime is meter time in centiseconds, counted from 1 at the first packet.
type Uptime = packet.Uptime

// Grid of packet time (decision 4).
const (
	centisecond = int64(packet.Centisecond)
	tickLength  = int64(100 * time.Millisecond)
	tickCs      = tickLength / centisecond

	// maxUptime is 348 years; stamps beyond it are taken for it. A stream's
	// record holds no larger number.
	maxUptime Uptime = 1<<40 - 1
)

// intake is the reading stage: the clock, the grid of ticks and intervals, and
// sampling. Everything behind it uses the clock, never a frame's own order.
type intake struct {
	cfg     *Config
	begun   bool  // a frame with a time has been seen: start and clock are valid
	start   int64 // Unix ns of uptime 1, t0: the first packet's time, or a tenth of a second
	before  int64 // ns of the first interval that lie before start
	clock   int64 // largest believed time, Unix ns
	shown   int64 // time that somebody has been shown: nothing is metered before it
	uptime  Uptime
	tickAt  int64 // Unix ns of the next grid point; the next interval's end is on the grid
	closed  uint64
	busy    bool // packets have come in the interval that is open
	ended   bool // MaxIntervals are closed
	held    heldFrames
	counted int64 // time up to which packets are counted that have not come yet: they are in trains
	fed     int   // how many of the batch being fed are taken
	batch   int   // which of the batches fed together that is
	base    int   // frames of those before
	lastEnd intervalEnd
}

// intervalEnd is the collection that is due.
type intervalEnd struct {
	number uint64
	at     int64 // Unix ns
	to     Uptime
}

func (in *intake) init(cfg *Config) {
	in.cfg = cfg
	in.uptime = 1
	in.shown, in.counted = math.MinInt64, math.MinInt64
}

// set is the clock at t, and the uptime there unless a later one has been shown.
func (in *intake) set(t int64) {
	in.clock = t
	in.uptime = max(in.uptime, in.uptimeAt(t))
}

// uptimeAt is 1 + floor((t-t0)/10 ms), bounded.
func (in *intake) uptimeAt(t int64) Uptime {
	return min(1+Uptime(uint64(t-in.start)/uint64(centisecond)), maxUptime)
}

// inDoubt reports that f's stamp has to be judged by the frames behind it: it is
// more than MaxGap beyond the clock, or the first one.
func (in *intake) inDoubt(f *wire.Frame) bool {
	if f.Time == wire.NoTime || in.cfg.MaxGap == AnyGap {
		return false
	}
	return !in.begun || moreThan(int64(in.cfg.MaxGap), f.Time, in.clock)
}

// judge reports whether the stamp of the first frame held is believed.
func (in *intake) judge() bool {
	var buf [jury]int64
	stamp, gap := in.held.front().Frame.Time, int64(in.cfg.MaxGap)
	if !in.begun {
		return believedFirst(stamp, in.held.behind(&buf), gap)
	}
	return believed(stamp, in.held.behind(&buf), gap)
}

// Stop says why Feed or Finish returned.
type Stop uint8

// The reasons.
const (
	// Taken: the whole batch has been taken; feed the next one.
	Taken Stop = iota
	// IntervalEnd: the interval that State.Interval names is complete; collect
	// it, then call again, Feed with the same batch.
	IntervalEnd
	// Ended: the last interval is complete, and State.Interval names it. Nothing
	// more is metered: MaxIntervals are reached, or Finish was called.
	Ended
)

// Feed meters a batch, first its frames and then its records, up to the end of a
// reading interval; it goes on from there when it is called again. The batch is
// not used after Taken or Ended.
func (m *Meter) Feed(b *wire.Batch) Stop {
	one := [1]*wire.Batch{b}
	return m.FeedTrains(one[:], nil)
}

// FeedTrains is Feed of several batches, one after the other; t is what a Lookout has seen of
// them, nil if none has. It is called again with the same ones until they are taken.
func (m *Meter) FeedTrains(batches []*wire.Batch, t *Trains) Stop {
	m.door.enter()
	defer m.door.leave()
	in := &m.in
	m.chooseWay()
	m.tell()
	if t != nil && t.done == 0 && t.stopped == 0 {
		t.looked = t.looked && m.way.direct && m.mayTrain(t.frames)
	}
	for ; in.batch < len(batches); in.batch++ {
		b := batches[in.batch]
		stop := Taken
		if t != nil && t.looked {
			stop = m.feedTrains(b, t, in.base)
		} else {
			stop = m.feed(b)
		}
		if stop != Taken {
			return m.stopped(stop)
		}
		in.base += len(b.Frames)
		in.fed = 0
	}
	return m.taken()
}

// feed meters the frames of a batch, from the next one on, and then its records.
func (m *Meter) feed(b *wire.Batch) Stop {
	in := &m.in
	for ; in.fed < len(b.Frames)+len(b.Records); in.fed++ {
		if m.way.glance {
			if m.takeKnown(b); in.fed == len(b.Frames)+len(b.Records) {
				break
			}
		}
		if stop := m.feedNext(b); stop != Taken {
			return stop
		}
	}
	return Taken
}

// taken is the end of a call of Feed that has taken all there was.
func (m *Meter) taken() Stop {
	// The last one may have decided about those that were held.
	if stop := m.takeHeld(); stop != Taken {
		return m.stopped(stop)
	}
	if len(m.lanes) == 1 && !m.way.overtakes {
		m.flush() // the round's memory is near; else whoever comes to see the state asks for it
	}
	return m.stopped(Taken)
}

// stopped is the end of a call of Feed: the next one begins with another batch
// unless this one goes on.
func (m *Meter) stopped(why Stop) Stop {
	if why != IntervalEnd {
		m.in.fed, m.in.batch, m.in.base = 0, 0, 0
	}
	return why
}

// feedNext takes the batch's next frame or record, or holds it back.
func (m *Meter) feedNext(b *wire.Batch) Stop {
	in := &m.in
	// Frames held earlier go first, once nothing speaks against it.
	if in.held.n > 0 {
		if stop := m.takeHeld(); stop != Taken {
			return stop
		}
	}
	var f *wire.Frame
	var r *wire.Record
	if in.fed < len(b.Frames) {
		f = &b.Frames[in.fed]
	} else {
		r = &b.Records[in.fed-len(b.Frames)]
		f = &r.Frame
	}
	if in.held.n > 0 || in.inDoubt(f) {
		in.held.push(f, r)
		return Taken
	}
	return m.take(f, r, f.Time)
}

// Finish meters what is held back at the end of a trace. It is called again
// after each collection until it returns Ended.
func (m *Meter) Finish() Stop {
	m.door.enter()
	defer m.door.leave()
	m.chooseWay()
	for m.in.held.n > 0 {
		if stop := m.takeFirstHeld(); stop != Taken {
			return stop
		}
	}
	if m.in.ended {
		return Ended
	}
	m.flush()
	m.endStreams()
	m.endLastRates(m.in.uptime)
	// To the centisecond, as readers over SNMP have it.
	at := m.in.uptime.Time(m.in.start)
	m.in.lastEnd = intervalEnd{number: m.in.closed + 1, at: at, to: m.in.uptime}
	return Ended
}

// takeHeld meters held frames until the first one's time is in doubt and too
// few have followed it to judge. So what is held depends on the frames alone,
// never on their batches.
func (m *Meter) takeHeld() Stop {
	for m.in.held.n > 0 && (m.in.held.full() || !m.in.inDoubt(&m.in.held.front().Frame)) {
		if stop := m.takeFirstHeld(); stop != Taken {
			return stop
		}
	}
	return Taken
}

func (m *Meter) takeFirstHeld() Stop {
	in := &m.in
	h := in.held.front()
	f, t := &h.Frame, h.Frame.Time
	if in.inDoubt(f) && !in.judge() {
		t = badStamp
	}
	var r *wire.Record
	if h.isRecord {
		r = &h.Record
	}
	if stop := m.take(f, r, t); stop != Taken {
		return stop
	}
	in.held.pop()
	return Taken
}

// badStamp is the time given to take for a frame whose stamp is not believed.
const badStamp = wire.NoTime + 1

// take moves the clock to time t and stages f, of the record r if it is not nil,
// unless an interval ends before it; then nothing of f has happened yet.
func (m *Meter) take(f *wire.Frame, r *wire.Record, t int64) Stop {
	in := &m.in
	if in.ended {
		return Ended
	}
	if t > in.clock || in.shown > in.clock || !in.begun {
		clock := in.clock
		if t > badStamp && (t > clock || !in.begun) {
			clock = t
		}
		if stop := m.moveClock(max(clock, in.shown), t > badStamp); stop != Taken {
			return stop
		}
	}
	pdus := pdusOf(r)
	switch {
	case f.Time == wire.NoTime:
		m.counts.NoStamps += pdus
	case t == badStamp:
		m.counts.BadStamps += pdus
	case t < in.clock && in.late(t):
		m.counts.Late += pdus
	}
	if t <= badStamp {
		t = wire.NoTime // as if at the clock, if there is one
		if in.begun {
			t = in.clock
		}
	}
	in.busy = true
	m.stage(f, r, t)
	return Taken
}

// moveClock runs the ticks up to time t, before the first packet at or after
// each grid point, and stops at the end of an interval.
func (m *Meter) moveClock(t int64, timed bool) Stop {
	in := &m.in
	if !in.begun {
		if !timed {
			return Taken // no clock yet: uptime stays 1
		}
		in.begin(t)
		return Taken
	}
	if t >= in.tickAt {
		if stop := m.moveTicks(t); stop != Taken {
			return stop
		}
	}
	in.set(t)
	return Taken
}

// begin sets the grids going with the first packet, of time t.
func (in *intake) begin(t int64) {
	in.begun, in.start, in.clock = true, t, t
	if length := int64(in.cfg.Interval); in.cfg.Align && length > 0 {
		// Ends of intervals lie on the grid of ticks, and at whole centiseconds of uptime.
		in.start -= floorMod(t, tickLength)
		in.before = floorMod(in.start, length)
		in.uptime = in.uptimeAt(t)
	}
	in.tickAt = saturatingAdd(in.start, tickLength)
}

// floorMod is how far t lies behind the last multiple of n.
func floorMod(t, n int64) int64 { return (t%n + n) % n }

func (m *Meter) moveTicks(t int64) Stop {
	in := &m.in
	if length := uint64(in.cfg.Interval); length > 0 {
		if reached := (uint64(t-in.start) + uint64(in.before)) / length; reached > in.closed {
			return m.closeInterval(reached, length)
		}
	}
	m.tickTo(t)
	return Taken
}

// closeInterval ends the open interval, or, where no packet has come since the
// last one ended, the whole run of empty intervals at once (decision 3).
func (m *Meter) closeInterval(reached, length uint64) Stop {
	in := &m.in
	n := in.closed + 1
	if !in.busy {
		n = reached
	}
	if in.cfg.MaxIntervals > 0 && n >= in.cfg.MaxIntervals {
		n, in.ended = in.cfg.MaxIntervals, true
	}
	end := in.start + int64(n*length-uint64(in.before))
	m.tickTo(end)
	in.set(end)
	in.closed, in.busy = n, false
	in.lastEnd = intervalEnd{number: n, at: end, to: in.uptime}
	if in.ended {
		m.endStreams()
		return Ended
	}
	return IntervalEnd
}

// tickTo runs the ticks of all grid points up to and including t.
func (m *Meter) tickTo(t int64) {
	in := &m.in
	if t < in.tickAt {
		return
	}
	last := uint64(t-in.start) / uint64(tickLength)
	passed := last - uint64(in.tickAt-in.start)/uint64(tickLength) + 1
	at := in.start + int64(last*uint64(tickLength))
	in.tickAt = saturatingAdd(at, tickLength)
	m.advance(in.uptimeAt(at), int64(min(passed, 1<<40)))
}

// pdusOf is how many packets a frame stands for: one, or those of its record.
func pdusOf(r *wire.Record) uint64 {
	if r == nil {
		return 1
	}
	return max(r.PDUs, 1)
}

// saturatingAdd keeps stamps near the end of 64-bit time from wrapping.
func saturatingAdd(t, d int64) int64 {
	if s := t + d; s > t {
		return s
	}
	return 1<<63 - 1
}
