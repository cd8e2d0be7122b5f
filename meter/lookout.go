package meter

import (
	"math"
	"math/bits"
	"sync/atomic"

	"netramet/meter/packet"
	"netramet/sources/wire"
	"netramet/streams"
)

// Lookout glances at frames before they are fed, so that this is another processor's
// work, and puts those of one stream together. It is for one goroutine, at the same time as
// another one feeds.
type Lookout struct {
	_      line
	seeker streams.Seeker
	cfg    *Config
	lanes  int
	notice *notice
	grid   grid // as of Begin
	open   openTrains
	_      line
}

// line keeps what is beside it off the memory that processors exchange at a time.
type line [128]byte

// NewLookout returns another Lookout of the meter. Its goroutine begins behind the last call of
// Feed by any other.
func (m *Meter) NewLookout() *Lookout {
	return &Lookout{seeker: m.seeker, cfg: &m.cfg, lanes: len(m.lanes), notice: &m.notice}
}

// notice is what Lookouts are told by the goroutine that feeds.
type notice struct {
	_      line
	wanted atomic.Bool          // it looks at Trains
	grid   atomic.Pointer[grid] // nil: the meter's time has not begun
	_      line
}

// grid is where the meter looks at what it has counted: at ticks, and at the ends of intervals,
// which lie on it.
type grid struct {
	start    int64 // Unix ns of a tick
	interval int64 // ns; 0: there is none
	before   int64 // ns of the first interval that lie before start
	reach    int64 // ns that a train may take that goes beyond a tick; 0: none does
}

// tell says whether the meter looks at Trains, and what its grid is.
func (m *Meter) tell() {
	if is := m.way.direct && m.way.glance; m.notice.wanted.Load() != is {
		m.notice.wanted.Store(is)
	}
	if !m.in.begun {
		return
	}
	g := grid{start: m.in.start, interval: int64(m.cfg.Interval), before: m.in.before, reach: m.way.reach}
	if was := m.notice.grid.Load(); was == nil || *was != g {
		m.notice.grid.Store(g.kept())
	}
}

// kept is a copy, so that only a grid that is new is allocated.
func (g grid) kept() *grid { return &g }

// Wanted reports whether the meter looks at Trains: where it meters packet by packet,
// and need not decode each.
func (l *Lookout) Wanted() bool { return l.notice.wanted.Load() }

// Begin empties t for batches that are fed together.
func (l *Lookout) Begin(t *Trains) {
	t.clear()
	l.open.closeAll()
	l.grid = grid{}
	if g := l.notice.grid.Load(); g != nil && l.Wanted() {
		l.grid, t.looked, t.reach = *g, true, g.reach
	}
	t.latest, t.tick, t.closes = badStamp+1, math.MinInt64, math.MinInt64
}

// See adds to t what there is to see of the frames of the next batch. FeedTrains takes all batches
// since Begin and t.
func (l *Lookout) See(b *wire.Batch, t *Trains) {
	if !t.looked {
		return
	}
	if len(b.Records) > 0 || t.frames+len(b.Frames) > maxTrainFrames {
		t.looked = false
		return
	}
	first := t.frames
	t.extend(len(b.Frames))
	for i := range b.Frames {
		if f := &b.Frames[i]; f.Time < t.latest || !l.board(f, t, first+i) {
			// It may be of any stream, and its time is the meter's to judge.
			l.open.closeAll()
			t.all = append(t.all, train{frame: uint16(first + i), kind: isAlone})
		} else {
			t.latest = f.Time
		}
	}
}

// board puts a frame into the train that it belongs to, or has it lead one of its own, if a
// glance at it is enough.
func (l *Lookout) board(f *wire.Frame, t *Trains, frame int) bool {
	var g packet.Glance
	if !g.Of(f) || f.WireLen > maxSeen {
		return false
	}
	crossed := f.Time >= t.tick && l.cross(t, f.Time)
	o := &l.open
	w0, w1, w2, w3, w4, dir := streams.Words(&g)
	place := &o.places[openPlace(w0, w2, w4)]
	octets, plain := uint32(l.cfg.octets(f.WireLen, g.PeerOctets)), streams.IsPlain(g.TCPFlags)
	if n := *place & (1<<16 - 1); *place>>16 == o.round && plain {
		at := &t.all[n]
		after := f.Time - at.at
		// Beyond the tick in which the train is counted, a flow of which nothing came in it may end.
		mayJoin := at.at >= t.tick-tickLength || after <= l.grid.reach && at.pdus[dir&1] > 0
		if mayJoin && at.number == f.Interface && at.wire < maxTrainOctets && t.is(int(n), w0, w1, w2, w3, w4) {
			if crossed {
				t.all = append(t.all, train{frame: uint16(frame), kind: isTick, at: f.Time})
				at = &t.all[n]
			}
			at.pdus[dir&1]++
			at.octets[dir&1] += octets
			at.wire += f.WireLen
			at.span[dir&1] = uint32(after)
			t.next[o.last[n]], o.last[n] = uint16(frame), uint16(frame)
			return true
		}
	}
	n := len(t.all)
	*place = 0 // what comes behind a packet that is not plain is of another train
	if plain {
		*place = o.round<<16 | uint32(n)
		o.board(n, frame)
	}
	t.all = append(t.all, train{at: f.Time, frame: uint16(frame), number: f.Interface, wire: f.WireLen, dir: dir, tcpFlags: g.TCPFlags})
	one := &t.all[n]
	one.pdus[dir&1], one.octets[dir&1] = 1, octets
	var wide streams.Wide
	one.lane = uint8(l.seeker.Seek(&one.Sought, &wide, w0, w1, w2, w3, w4, l.lanes))
	if one.IsWide() {
		t.setWide(n, &wide)
	}
	return true
}

// openPlace is where the open train of a key of these words, and others, is.
func openPlace(w0, w2, w4 uint64) uint64 {
	return (w0 ^ bits.RotateLeft64(w2, 24) ^ bits.RotateLeft64(w4, 40)) * 0x9e3779b97f4a7c15 >> (64 - openBits)
}

// cross goes over a tick with a packet of time at. Trains end with the interval.
func (l *Lookout) cross(t *Trains, at int64) bool {
	g := &l.grid
	if at < g.start {
		return false
	}
	t.tick = saturatingAdd(at, tickLength-(at-g.start)%tickLength)
	if at >= t.closes {
		l.open.closeAll()
		t.closes = math.MaxInt64
		if g.interval > 0 {
			t.closes = saturatingAdd(at, g.interval-(at-g.start+g.before)%g.interval)
		}
	}
	return true
}

// openTrains are those that may get more frames: of a stream the last one, and of streams that have
// one place only one.
type openTrains struct {
	places [1 << openBits]uint32 // number of a train and, above it, the round in which it is open
	round  uint32
	last   []uint16 // frame of each train
}

const openBits = 11

func (o *openTrains) closeAll() {
	if o.round++; o.round > math.MaxUint16 {
		o.round = 1
		clear(o.places[:])
	}
}

// board has a frame be the last one of a train.
func (o *openTrains) board(train, frame int) {
	if train >= len(o.last) {
		o.last = append(o.last, make([]uint16, train+wire.BatchSize-len(o.last))...)
	}
	o.last[train] = uint16(frame)
}
