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
// of the earliest tick at which it could time out; packets do not move it, it
// is looked at again when its bucket comes round. A stream that may live longer
// than the wheel's horizon (409.6 s) is looked at once in that time.
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

// arm puts a stream into the bucket of uptime due. now is the present uptime.
func (t *Table) arm(slot uint32, due, now packet.Uptime) {
	tick := int64(due+tickCs-1) / tickCs
	// The present tick's bucket may be being emptied; beyond the horizon
	// would be a bucket that comes round too early, which is harmless.
	tick = max(tick, t.wheel.tick+1, int64(now)/tickCs+1)
	t.wheel.put(min(tick, t.wheel.tick+wheelBuckets), slot)
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
		t.expire(list.slots[:list.n], now)
		w.due = list.next
		list.next, w.free = w.free, b
	}
}

// expire ends or puts off streams whose bucket has come round. It reads all of
// them first, so that their cache misses overlap.
func (t *Table) expire(slots []uint32, now packet.Uptime) {
	var sum uint64
	for _, s := range slots {
		sum += t.hot.At(s).seen
	}
	for _, s := range slots {
		r := t.hot.At(s)
		sum += t.index.Touch(t.hash(&r.key))
		if r.seen&pdusMask > 1 {
			sum += uint64(t.cold.At(s).first)
		}
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
func (t *Table) due(slot uint32) packet.Uptime {
	seen := t.hot.At(slot).seen
	last, pdus := packet.Uptime(seen>>pdusBits), int64(seen&pdusMask)
	if pdus == 1 {
		return last + t.cfg.MinTimeout
	}
	c := t.cold.At(slot)
	pdus += int64(c.rounds) * (pdusMask - 1)
	// idle > multiplier * (last-first) / pdus, without losing the remainder.
	return last + max(t.cfg.MinTimeout, packet.Uptime(t.cfg.Multiplier*int64(last-c.first)/pdus+1))
}
