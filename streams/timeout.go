package streams

import (
	"netramet/internal/slab"
	"netramet/meter/packet"
)

// The dynamic time-out of NeTraMet (after Ryu, Cheney and Braun, PAM 2001: a
// stream's packet rate is roughly constant over its life): a stream ends when
// it has been idle for at least MinTimeout and for more than Multiplier times
// its mean packet interval, (LastTime-FirstTime)/(ToPDUs+FromPDUs).

// The wheel has one bucket for each tick of 100 ms. A stream lies in the bucket
// of the earliest tick at which it could time out whatever comes; packets do not move
// it, it is looked at again when its bucket comes round. A stream that may live longer
// than the wheel's horizon (409.6 s) is looked at once in that time. One that closes
// is put into an earlier bucket: cold.armed says which of a slot's entries holds,
// and the others are passed over.
const (
	tickCs       = 10 // centiseconds of uptime to a tick
	wheelBuckets = 1 << 12
	wheelMask    = wheelBuckets - 1
)

// wheel holds the slots of all streams, by bucket, in lists of blocks.
type wheel struct {
	tick   int64                // the last tick that was advanced to
	next   int64                // the tick whose bucket is emptied next
	due    uint32               // first block, number+1, of the bucket being emptied
	heads  [wheelBuckets]uint32 // first block of each bucket, number+1; 0: none
	blocks slab.Slab[block]
	free   uint32 // first free block, number+1
}

// block is a part of a bucket: as many slots as are looked at together.
type block struct {
	next  uint32 // number+1; 0 ends
	n     uint32
	slots [62]uint32
}

const blockSize = 256

// put adds a slot to a bucket.
func (w *wheel) put(bucket int64, slot uint32) {
	head := &w.heads[bucket&wheelMask]
	if *head == 0 || w.blocks.At(*head-1).n == uint32(len(block{}.slots)) {
		b := w.free
		if b != 0 {
			w.free = w.blocks.At(b - 1).next
		} else {
			b = w.blocks.Grow() + 1
		}
		*w.blocks.At(b - 1) = block{next: *head}
		*head = b
	}
	b := w.blocks.At(*head - 1)
	b.slots[b.n] = slot
	b.n++
}

// never is the uptime at which a stream is due that does not time out.
const never = NoTimeout

// armBy puts a stream into the bucket of uptime due, unless it will be looked at by
// then anyway. now is the present uptime.
func (t *Table) armBy(slot uint32, due, now packet.Uptime) {
	if due == never {
		return
	}
	b, first := t.bucket(due, now), t.wheel.tick+1
	if armed := t.cold.At(slot).armed; armed == 0 || (int64(armed-1)-first)&wheelMask > (b-first)&wheelMask {
		t.put(slot, b)
	}
}

func (t *Table) put(slot uint32, bucket int64) {
	t.cold.At(slot).armed = uint16(bucket&wheelMask) + 1
	t.wheel.put(bucket, slot)
}

// bucket is the bucket of uptime due.
func (t *Table) bucket(due, now packet.Uptime) int64 {
	tick := int64(due+tickCs-2) / tickCs // the meter's grid points are 1, 11, 21 ...
	// The present tick's bucket may be being emptied; beyond the horizon
	// would be a bucket that comes round too early, which is harmless.
	tick = max(tick, t.wheel.tick+1, int64(now)/tickCs+1)
	return min(tick, t.wheel.tick+wheelBuckets)
}

// sweepBlocks is the work of one call of Sweep: some thousand streams, which
// take less than a millisecond.
const sweepBlocks = 64

// Sweep ends the streams that have timed out at uptime now. Its cost is that of the streams that are due; jumping over
// many ticks costs one round of the wheel at most. It does a part of the work
// and answers whether that was the rest; if not, it is called again with the
// same uptime before anything else is.
func (t *Table) Sweep(now packet.Uptime) (done bool) {
	w := &t.wheel
	tick := int64(now) / tickCs
	w.next = max(w.next, tick-wheelBuckets+1)
	w.tick = max(w.tick, tick)
	for blocks := 0; ; blocks++ {
		for w.due == 0 {
			if w.next > tick {
				return true
			}
			w.due, w.heads[w.next&wheelMask] = w.heads[w.next&wheelMask], 0
			w.next++
		}
		if blocks == sweepBlocks {
			return false
		}
		b := w.due
		list := w.blocks.At(b - 1)
		t.expire(w.next-1, list.slots[:list.n], now)
		w.due = list.next
		list.next, w.free = w.free, b
	}
}

// expire ends or puts off the streams of a bucket that has come round. It reads all
// of them first, so that their cache misses overlap.
func (t *Table) expire(bucket int64, slots []uint32, now packet.Uptime) {
	armed := uint16(bucket&wheelMask) + 1
	var sum uint64
	for _, s := range slots {
		sum += t.hot.At(s).seen + uint64(t.cold.At(s).armed)
	}
	for _, s := range slots {
		sum += t.index.Touch(t.cold.At(s).hash)
	}
	t.sink = sum
	for _, s := range slots {
		c := t.cold.At(s)
		if c.armed != armed {
			continue
		}
		due := t.due(t.hot.At(s), c)
		if t.measuring {
			due = t.waitFor(s, due, now)
		}
		switch {
		case due <= now:
			t.remove(s, ReasonTimeout, due)
		case due == never:
			c.armed = 0
		default:
			// A packet that comes meanwhile can make it due earlier, but not
			// before it has been idle for the least time.
			t.put(s, t.bucket(min(due, t.cfg.firstDue(now)), now))
		}
	}
}

// firstDue is the earliest uptime at which a stream can end whose first packet comes
// now.
func (c *Config) firstDue(now packet.Uptime) packet.Uptime {
	if least := c.leastTimeout(); least != NoTimeout {
		return now + least
	}
	return never
}

// LeastTimeout is what any stream must have been idle for that times out; NoTimeout if none does.
func (t *Table) LeastTimeout() packet.Uptime { return t.cfg.leastTimeout() }

func (c *Config) leastTimeout() packet.Uptime {
	if c.ShortTimeout > 0 {
		return min(c.ShortTimeout, c.MinTimeout)
	}
	return c.MinTimeout
}

// due is the earliest uptime at which a stream can end if no more packets come.
func (t *Table) due(r *record, c *cold) packet.Uptime {
	seen := r.seen
	last, pdus := packet.Uptime(seen>>timeShift), int64(seen&pdusMask)
	if seen&isClosed != 0 {
		return c.firstTime()
	}
	short := t.cfg.ShortTimeout > 0 && pdus < ShortPDUs && (pdus == 1 || c.rounds == 0)
	switch {
	case short:
		return last + t.cfg.ShortTimeout
	case t.cfg.MinTimeout == NoTimeout:
		return never
	case pdus == 1:
		return last + t.cfg.MinTimeout
	}
	pdus += int64(c.rounds) * (pdusMask - 1)
	// idle > multiplier * (last-first) / pdus, without losing the remainder.
	return last + max(t.cfg.MinTimeout, packet.Uptime(t.cfg.Multiplier*int64(last-c.firstTime())/pdus+1))
}
