// Package streams keeps the stream table: one record for every pair of
// transport end points seen.
//
// It owns keys, the table and the dynamic time-outs, and keeps two words for
// its caller with each stream (the remembered verdicts). It knows packets but
// no flows, no rule sets and no clock: the meter, its only caller, hands it
// uptimes. A table belongs to one goroutine at a time; the meter has one in each
// of its lanes.
//
// Packets come in rounds. Find gives each packet of a round its stream, before
// anybody knows what becomes of the packet; Note tells the stream what there is
// to know of the packet, in order; Sweep, between two rounds, ends streams. A
// stream is never seen outside: callers hold an ID from Find to the next Sweep.
//
// A table that measures (Measure) keeps besides what a stream was, and tells by
// Events when one ends. Others pay nothing for that.
package streams

import (
	"netramet/internal/index"
	"netramet/internal/slab"
	"netramet/meter/packet"
	"netramet/streams/pair"
)

// Config holds the limits and time-outs of a table. The zero value of a field
// means its default.
type Config struct {
	// MaxStreams is the most streams held, to which Bound goes back.
	MaxStreams int
	// MinTimeout is the least idle time after which a stream can end; NoTimeout
	// if none is to end by being idle.
	MinTimeout packet.Uptime
	// Multiplier is the number of mean packet intervals a stream may be idle.
	Multiplier int64
	// ShortTimeout ends streams of fewer than ShortPDUs packets once they have
	// been idle for it, whatever their intervals; 0 if they are like any other.
	ShortTimeout packet.Uptime
	// CloseGrace is how long a TCP stream goes on after it was closed, for
	// segments that are sent again.
	CloseGrace packet.Uptime
	// Pairs are the limits of the queues of requests, of one table.
	Pairs pair.Config
}

// Defaults, in centiseconds: the time-outs are those of NeTraMet's dynamic stream
// time-out. The grace is one retransmission at the least initial time-out of RFC
// 6298 (1 s), and time for its answer.
const (
	DefaultMaxStreams = 4_000_000
	DefaultMinTimeout = 500
	DefaultMultiplier = 20
	DefaultCloseGrace = 200

	// NoTimeout is the MinTimeout of tables in which no stream times out.
	NoTimeout = packet.Uptime(1<<63 - 1)

	// ShortPDUs is the number of packets from which a stream is not short.
	ShortPDUs = 6
)

// ID names a live stream until the next Sweep.
type ID uint32

// NoStream is the ID of packets that belong to no stream.
const NoStream ID = 1<<32 - 1

// nearSlots is up to how many streams a table lies in the processor's caches, some hundred
// octets each, so that nothing is to be gained by reading ahead.
const nearSlots = 1 << 15

// record is the part of a stream that every packet touches: one cache line.
type record struct {
	// key is the canonical key: addresses and ports ordered so that both
	// directions of a stream give the same words.
	key [5]uint64
	// seen packs the uptime of the last packet (high 40 bits, centiseconds), how
	// far TCP has closed (4 bits, closing) and the number of packets (20 bits),
	// which goes from its largest value back to 2, so that 1 is always the first
	// packet; cold.rounds counts that. It is 0 in a free slot, and from Find to the
	// Note of the first packet.
	seen uint64
	// attached are the caller's words, one for each packet direction.
	attached [2]uint64
}

// cold is what is needed only when a stream may have timed out.
type cold struct {
	hash   uint32 // of the key
	rounds uint32 // times that the packet count went back to 2; valid as first is
	// first is the uptime of the first packet, valid iff the stream has had two: what
	// a stream of one packet would say here, its record says. Of a closed stream
	// it is the uptime at which that ends. It lies in 48 bits, see firstTime.
	firstLow  uint32
	firstHigh uint16
	armed     uint16 // bucket of the wheel, number+1, whose entry for the slot holds; 0: none
}

func (c *cold) firstTime() packet.Uptime {
	return packet.Uptime(c.firstHigh)<<32 | packet.Uptime(c.firstLow)
}

func (c *cold) setFirstTime(at packet.Uptime) {
	c.firstLow, c.firstHigh = uint32(at), uint16(at>>32)
}

// Sizes in octets.
const (
	recordSize = 64
	coldSize   = 16
)

// Parts of record.seen.
const (
	pdusBits  = 20
	pdusMask  = 1<<pdusBits - 1
	timeShift = pdusBits + closingBits
)

// Table is the stream table. It is not safe for concurrent use.
type Table struct {
	cfg         Config
	secret      index.Secret
	index       index.Table
	hot         slab.Slab[record]
	cold        slab.Slab[cold]
	free        freeSlots
	wheel       wheel
	stats       Stats
	lives       slab.Slab[life] // by slot, if measuring
	pairs       *pair.Pool      // nil unless measuring
	pairsBefore pair.Stats      // of pools that are gone
	matched     []pair.Event    // of one packet or stream, before they are events
	events      []Event
	measuring   bool
	warm        []uint32 // Find's own
	sink        uint64   // keeps reads alive that only bring memory near
}

// freeSlots are the slots given back, last in first out: nobody sees a slot's
// number. They lie in a slab, so that no packet pays for their growth.
type freeSlots struct {
	slots slab.Slab[uint32]
	n     uint32 // in use
}

func (f *freeSlots) put(slot uint32) {
	f.slots.Extend(f.n + 1)
	*f.slots.At(f.n) = slot
	f.n++
}

func (f *freeSlots) take() (slot uint32, ok bool) {
	if f.n == 0 {
		return 0, false
	}
	f.n--
	return *f.slots.At(f.n), true
}

// Stats counts streams since the table was made.
type Stats struct {
	Live    uint64 // in the table now
	Created uint64
	Ended   [NumReasons]uint64 // by Reason
}

// Add adds the counts of another table.
func (s *Stats) Add(o Stats) {
	s.Live += o.Live
	s.Created += o.Created
	for i, n := range o.Ended {
		s.Ended[i] += n
	}
}

// New makes an empty table; memory is taken as streams come.
func New(cfg Config) *Table { return newTable(cfg, index.NewSecret()) }

// NewLanes makes the tables of n lanes. All give a packet the same Key, which
// says by Lane in whose table its stream is.
func NewLanes(cfg Config, n int) []*Table {
	secret, tables := index.NewSecret(), make([]*Table, n)
	for i := range tables {
		tables[i] = newTable(cfg, secret)
	}
	return tables
}

func newTable(cfg Config, secret index.Secret) *Table {
	if cfg.MinTimeout <= 0 {
		cfg.MinTimeout = DefaultMinTimeout
	}
	if cfg.Multiplier <= 0 {
		cfg.Multiplier = DefaultMultiplier
	}
	if cfg.CloseGrace <= 0 {
		cfg.CloseGrace = DefaultCloseGrace
	}
	cfg.Pairs = cfg.Pairs.WithDefaults()
	return &Table{cfg: cfg, secret: secret}
}

// Config returns the limits and time-outs, with defaults filled in.
func (t *Table) Config() Config { return t.cfg }

// Stats returns the counts so far.
func (t *Table) Stats() Stats { return t.stats }

// Slots is the number of stream slots ever made; IDs are below it.
func (t *Table) Slots() uint32 { return t.hot.Len() }

// Buckets is the number of buckets of the index, of which streams use half at most.
func (t *Table) Buckets() int { return t.index.Buckets() }

// Bytes is the memory the table holds, in octets.
func (t *Table) Bytes() int {
	n := int(t.hot.Len())*(recordSize+coldSize) + 8*t.index.Buckets() + 4*int(t.free.slots.Len())
	n += int(t.wheel.blocks.Len())*blockSize + int(t.lives.Len())*lifeSize
	if t.pairs != nil {
		n += t.pairs.Bytes()
	}
	return n
}

// Attached returns the caller's two words of a stream, one for each packet
// direction relative to the stream (Key.Dir). They are zero in a new stream.
func (t *Table) Attached(id ID) *[2]uint64 { return &t.hot.At(uint32(id)).attached }

// Find finds or makes the streams of some packets of a round: ids[i] becomes
// that of keys[which[i]], NoStream if it is the zero Key. It appends the IDs of the streams it makes to fresh.
//
// It goes over the packets of a large table several times, each time reading only what the
// next time needs, so that their cache misses overlap.
func (t *Table) Find(keys []Key, which []uint16, ids, fresh []ID) []ID {
	if t.hot.Len() > nearSlots {
		t.approach(keys, which)
	}
	for i, n := range which {
		ids[i] = NoStream
		k := &keys[n]
		if !k.given {
			continue
		}
		id, ok := t.find(k)
		if !ok {
			id = t.create(k)
			fresh = append(fresh, id)
		}
		ids[i] = id
	}
	return fresh
}

// FindOne is Find for one packet, for tables that lie in the processor's caches.
func (t *Table) FindOne(k *Key) (id ID, fresh bool) {
	if !k.given {
		return NoStream, false
	}
	id, known := t.find(k)
	if !known {
		id = t.create(k)
	}
	return id, !known
}

// Look finds the stream of a packet, if it is there.
func (t *Table) Look(k *Key) (id ID, ok bool) {
	if !k.given {
		return NoStream, false
	}
	return t.find(k)
}

func (t *Table) find(k *Key) (id ID, ok bool) {
	slot, c, ok := t.index.First(k.hash)
	for ok {
		if k.is(&t.hot.At(slot).key) {
			return ID(slot), true
		}
		slot, c, ok = t.index.Next(k.hash, c)
	}
	return NoStream, false
}

func (t *Table) create(k *Key) ID {
	slot, ok := t.free.take()
	if !ok {
		slot = t.hot.Grow()
		t.cold.Grow()
		if t.measuring {
			t.lives.Grow()
		}
	}
	*t.hot.At(slot) = record{key: k.words}
	t.cold.At(slot).hash = k.hash
	t.index.Insert(k.hash, slot)
	t.stats.Live++
	t.stats.Created++
	return ID(slot)
}

// remove ends a stream at uptime now.
func (t *Table) remove(slot uint32, why Reason, now packet.Uptime) {
	t.end(slot, why, now)
	c := t.cold.At(slot)
	t.index.Delete(c.hash, slot)
	t.free.put(slot)
	t.hot.At(slot).seen = 0
	c.armed = 0
	t.stats.Live--
}

// ForgetAttached zeroes the attached words of every stream. Its cost is that
// of the whole table: callers use it when a generation number wraps round.
func (t *Table) ForgetAttached() {
	for i := range t.hot.Len() {
		t.hot.At(i).attached = [2]uint64{}
	}
}

// approach reads the memory that Find is going to read.
func (t *Table) approach(keys []Key, which []uint16) {
	var sum uint64
	for _, n := range which {
		sum += t.index.Touch(keys[n].hash)
	}
	// Finding the records and reading them are two loops: the shorter a loop's
	// body, the more of its reads are under way together.
	known := t.warm[:0]
	for _, n := range which {
		if slot, _, ok := t.index.First(keys[n].hash); ok {
			known = append(known, slot)
		}
	}
	for _, slot := range known {
		sum += t.hot.At(slot).seen
	}
	missing := uint32(len(which) - len(known))
	t.warm = known
	// New streams go into the slots freed last.
	for i := t.free.n - min(missing, t.free.n); i < t.free.n; i++ {
		sum += t.hot.At(*t.free.slots.At(i)).seen
	}
	t.sink = sum
}

// KeyOf fills k with the stream key of p, which must have packet.IsStream.
func (t *Table) KeyOf(p *packet.Packet, k *Key) {
	k.set(p)
	t.hashKey(k)
}

func (t *Table) hashKey(k *Key) {
	w := &k.words
	k.hash, k.spread = t.secret.Both5(w[0], w[1], w[2], w[3], w[4])
	k.given = true
}

// laneWeight is how much more streams a lane has than the last one: whoever works
// on that has to read the packets of all lanes, too.
const laneWeight = 3

// Lane is the number, below n, of the lane whose table has the key's stream; the
// zero Key's is 0.
func (k *Key) Lane(n int) int { return laneBy(k.spread, n) }

func laneBy(spread uint32, n int) int {
	parts := uint64(laneWeight*(n-1) + 1)
	return int(uint64(spread) * parts >> 32 / laneWeight)
}
