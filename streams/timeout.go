package streams

// The dynamic time-out of NeTraMet (after Ryu, Cheney and Braun, PAM 2001: a
// stream's packet rate is roughly constant over its life): a stream ends when
// it has been idle for at least MinTimeout and for more than Multiplier times
// its mean packet interval, (LastTime-FirstTime)/(ToPDUs+FromPDUs).

// The wheel has one bucket for each tick of 100 ms. A stream lies in the bucket
// of the earliest tick at which it could time out; packets do not move it, it
// is looked at again when its bucket comes round. A stream that may live longer
// than the wheel's horizon (409.6 s) is looked at once in that time.
const (
	tickCs       = 10 // centiseconds of uptime to a tick
	wheelBuckets = 1 << 12
	wheelMask    = wheelBuckets - 1
)

type wheel struct {
	buckets [wheelBuckets][]uint32 // slots
	tick    int64                  // the last tick that was advanced to
}

// arm puts a stream into the bucket of uptime due. now is the present uptime.
func (t *Table) arm(slot uint32, due, now int64) {
	tick := (due + tickCs - 1) / tickCs
	// The present tick's bucket may be being emptied; beyond the horizon
	// would be a bucket that comes round too early, which is harmless.
	tick = max(tick, t.wheel.tick+1, now/tickCs+1)
	tick = min(tick, t.wheel.tick+wheelBuckets)
	b := &t.wheel.buckets[tick&wheelMask]
	*b = append(*b, slot)
}

// Advance ends the streams that have timed out at uptime now, in
// centiseconds. Its cost is that of the streams that are due; jumping over
// many ticks costs one round of the wheel at most.
func (t *Table) Advance(now int64) {
	w := &t.wheel
	tick := now / tickCs
	from := max(w.tick+1, tick-wheelBuckets+1)
	w.tick = max(w.tick, tick)
	for b := from; b <= tick; b++ {
		slots := w.buckets[b&wheelMask]
		// Streams that stay go to later buckets, never back into this one.
		w.buckets[b&wheelMask] = slots[:0]
		for len(slots) > 0 {
			n := min(len(slots), group)
			t.expire(slots[:n], now)
			slots = slots[n:]
		}
	}
}

// group is how many streams are read together, so that their cache misses
// overlap.
const group = 64

// expire ends or puts off streams whose bucket has come round.
func (t *Table) expire(slots []uint32, now int64) {
	var sum uint64
	for _, s := range slots {
		sum += t.hot.At(s).seen + t.index.Touch(t.cold.At(s).hash)
	}
	t.sink = sum
	for _, s := range slots {
		if due := t.due(s); due > now {
			t.arm(s, due, now)
			continue
		}
		t.remove(s)
		t.stats.TimedOut++
	}
}

// due is the earliest uptime at which the stream in slot can end if no more
// packets come.
func (t *Table) due(slot uint32) int64 {
	seen, c := t.hot.At(slot).seen, t.cold.At(slot)
	last := int64(seen >> pdusBits)
	pdus := int64(c.pdusHigh)<<pdusBits + int64(seen&pdusMask)
	// idle > multiplier * (last-first) / pdus, without losing the remainder.
	return last + max(t.cfg.MinTimeout, t.cfg.Multiplier*(last-c.first)/pdus+1)
}
