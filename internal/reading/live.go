package reading

import (
	"cmp"
	"time"

	"netramet/meter"
	"netramet/sources/wire"
)

// What is assumed of live sources.
const (
	// Grace is how long a packet may wait, at most, before a live source that said it
	// holds none hands it over: the kernel gives blocks of packets away by a timer.
	// Time in silence stays so far behind.
	Grace = 100 * time.Millisecond
	// backlog is how far the newest stamps may be behind the time of day while packets
	// never end. A source whose stamps stand still does not stop time by more.
	backlog = 10 * time.Second
	// stepped is how much the time of day and the monotonic clock must drift apart to
	// be a step: what lies below it is the time between looking at the two.
	stepped = int64(time.Millisecond)
	// drainFor is how long a run that was told to end goes on reading, at most, for what
	// had come by then.
	drainFor = 2 * time.Second
	// looks is how often a step is looked at again, for it may be that a busy machine
	// let the time of the one pass before it read the other.
	looks = 3
)

// Clock returns the time of day, and one that nobody sets, both in nanoseconds, at
// the same moment.
type Clock func() (wall, monotonic int64)

// MachineClock is the machine's.
func MachineClock() Clock {
	base := time.Now()
	return func() (wall, monotonic int64) {
		now := time.Now()
		return now.UnixNano(), int64(now.Sub(base))
	}
}

// Live is the time of a meter whose source is live. It begins at a time of day and
// goes on with the monotonic clock, so that nothing happens to intervals and idle
// flows when somebody sets the machine's clock, or when the machine was suspended:
// its time does not count then. Stamps of packets, which go by the time of day, are
// brought to this time.
//
// Now may be called by any goroutine; all else is for the one that reads.
type Live struct {
	// Stepped is told by how much the time of day was set; nil: nobody is.
	Stepped func(by time.Duration)

	clock  Clock
	begun  int64 // time of day at which it began
	zero   int64 // the monotonic clock then
	offset int64 // of the time of day from this time
	before int64 // offset before the last step
	stepAt int64 // when that was; 0: the source holds no packet from before it any more
	newest int64 // of the stamps that were brought to this time; later if the source held nothing then
	read   int64 // newest of those that were read, metered or not
	told   int64 // when the run was told to end; 0: it was not
	dry    bool  // the source has held nothing since, for as long as packets may wait
}

// NewLive begins a meter's time.
func NewLive(clock Clock) *Live {
	wall, mono := clock()
	return &Live{clock: clock, begun: wall, zero: mono, newest: wall, read: wall}
}

// Begun is when the time began.
func (l *Live) Begun() int64 { return l.begun }

// Now is the meter's time, in Unix nanoseconds of the clock that it began with.
func (l *Live) Now() int64 {
	_, mono := l.clock()
	return l.at(mono)
}

func (l *Live) at(mono int64) int64 { return l.begun + mono - l.zero }

// look is Now for the goroutine that reads, which follows steps of the time of day.
func (l *Live) look() (now int64) {
	var offset int64
	for range looks {
		wall, mono := l.clock()
		now = l.at(mono)
		offset = wall - now
		if d := offset - l.offset; -stepped <= d && d <= stepped {
			return now
		}
	}
	by := offset - l.offset
	// What was stamped before the step is still to come.
	l.before, l.offset, l.stepAt = l.offset, offset, now
	if l.Stepped != nil {
		l.Stepped(time.Duration(by))
	}
	return now
}

// note looks at a batch as it was read at now, before any stage drops frames of it.
func (l *Live) note(b *wire.Batch, now int64) {
	if n := len(b.Frames); n > 0 {
		l.read = max(l.read, l.bring(b.Frames[n-1].Time, now))
	}
	if n := len(b.Records); n > 0 {
		l.read = max(l.read, l.bring(b.Records[n-1].Frame.Time, now))
	}
	if now > l.stepAt+int64(backlog) {
		l.stepAt = 0
	}
}

// stamp brings the stamps of a batch, which was read at now, to the meter's time.
func (l *Live) stamp(b *wire.Batch, now int64) {
	for i := range b.Frames {
		f := &b.Frames[i]
		f.Time = l.bring(f.Time, now)
		l.newest = max(l.newest, f.Time)
	}
	for i := range b.Records {
		r := &b.Records[i]
		came := l.bring(r.Frame.Time, now)
		if r.Frame.Time != wire.NoTime {
			by := came - r.Frame.Time
			r.FirstTime, r.LastTime = later(r.FirstTime, by), later(r.LastTime, by)
		}
		r.Frame.Time = came
		l.newest = max(l.newest, came)
	}
}

// later is a time that was moved, if it is one.
func later(t, by int64) int64 {
	if t == wire.NoTime {
		return t
	}
	return t + by
}

// bring brings one stamp to the meter's time. None is later than now.
func (l *Live) bring(t, now int64) int64 {
	if t == wire.NoTime {
		return now
	}
	if l.stepAt != 0 {
		// A packet from before the step goes on where those before it ended, by the
		// clock as it was.
		if was := t - l.before; was <= now && was >= l.newest-int64(Grace) {
			return was
		}
	}
	return min(t-l.offset, now)
}

// reached is the time up to which nothing more is to be expected of the source, which
// was asked at one time and had answered at another, with packets or without.
func (l *Live) reached(asked, answered int64, silent bool) int64 {
	if silent {
		if asked > l.stepAt+int64(Grace) {
			l.stepAt = 0
		}
		l.newest = max(l.newest, asked)
		return asked - int64(Grace)
	}
	return max(l.read-int64(Grace), answered-int64(backlog))
}

// drained reports, once the run is told to end, whether all is metered that had come
// by then.
func (l *Live) drained() bool {
	now := l.Now()
	if l.told == 0 {
		l.told = now
	}
	return l.dry || l.read >= l.told || now >= l.told+int64(drainFor)
}

// end is the time at which a run ends: when it was told to, or now.
func (l *Live) end() int64 {
	if l.told != 0 {
		return l.told
	}
	return l.Now()
}

// begin begins the meter's time, live.
func (l *Loop) begin() (meter.Stop, error) {
	if l.Live == nil {
		return meter.Taken, nil
	}
	return l.advance(l.Live.Begun())
}

// liveStep is step of a live source.
func (l *Loop) liveStep(b *wire.Batch) (end error, stop meter.Stop, err error) {
	asked := l.Live.Now()
	readErr := l.Source.Read(b)
	answered := l.Live.look()
	silent := len(b.Frames)+len(b.Records) == 0
	l.Live.note(b, answered)
	l.Live.dry = l.Live.told != 0 && silent && asked >= l.Live.told+int64(Grace)
	end = cmp.Or(l.stage(b), readErr)
	l.Live.stamp(b, answered)
	if stop, err = l.feed(nil, b); stop != meter.Taken || err != nil {
		return end, stop, err
	}
	stop, err = l.advance(l.Live.reached(asked, answered, silent))
	return end, stop, err
}

// advance moves the meter's clock without packets, and has each interval that ends
// collected.
func (l *Loop) advance(t int64) (meter.Stop, error) {
	for l.Meter != nil {
		stop := l.Meter.Advance(t)
		if stop != meter.IntervalEnd {
			return stop, nil
		}
		if err := l.Interval(); err != nil {
			return stop, err
		}
	}
	return meter.Taken, nil
}
