package query

import (
	"time"

	"netramet/internal/index"
	"netramet/internal/slab"
	"netramet/reader"
)

// chain is one rule set of one meter, block after block: what its flows counted last.
// What a block changes is taken back if the block is found not to be whole.
type chain struct {
	meter  string
	number int
	name   string

	start time.Time // of the meter's run
	exact bool      // start is not known from seconds alone

	begun  bool
	to     uint64 // uptime at the end of the last block
	end    int64  // of it, Unix ns
	since  uint64 // flows that began then or later have no counts of before
	secret index.Secret
	flows  index.Table
	dense  []uint32 // slot + 1 by FlowIndex, where that is small
	places slab.Slab[place]
	counts slab.Rows[uint64] // counters of places, where amounts are made of them

	alike  bool       // there were flows that cannot be told apart
	mark   uint32     // places behind it are of the block under way alone
	old    []oldPlace // places before it that the block has changed
	nums   []uint64   // counts of old
	block  uint64     // number of the block under way, over all chains
	begins bool       // the block under way makes counters begin anew
	next   struct {   // begun, to and end when it is taken
		to  uint64
		end int64
	}
}

// place is what is known of a flow.
type place struct {
	id    uint64 // that names the flow beside first
	first uint64 // FirstTime; another one is another flow
	block uint64 // that has changed it
	row   uint32 // of the answer that the flow adds to, or the group with Every; valid iff added
	added bool
	known bool // counts are of this flow
}

// oldPlace is a place as it was before the block under way.
type oldPlace struct {
	slot uint32
	place
}

func newChain(key chainKey, width int, p *part) *chain {
	return &chain{meter: key.meter, number: key.number, name: key.name, start: p.iv.MeterStart, exact: p.exact,
		secret: index.NewSecret(), counts: slab.Rows[uint64]{Size: width}}
}

// anew forgets the flows.
func (c *chain) anew() {
	c.flows, c.dense, c.alike = index.Table{}, nil, false
	c.places, c.counts = slab.Slab[place]{}, slab.Rows[uint64]{Size: c.counts.Size}
	c.mark, c.old, c.nums = 0, c.old[:0], c.nums[:0]
}

// place finds a flow's place, or makes one.
func (c *chain) place(p *part, n flowName) (slot uint32, found bool) {
	id := n.id
	if p.named && c.number > 0 && id < uint64(2*c.places.Len())+64 {
		if int(id) >= len(c.dense) {
			c.dense = append(c.dense, make([]uint32, int(id)+1-len(c.dense))...)
		}
		if s := c.dense[id]; s > 0 {
			return s - 1, true
		}
		// It may have been put elsewhere when the table was smaller.
		hash := c.hash(id)
		if slot, found = c.find(id, hash); found {
			c.flows.Delete(hash, slot)
		} else {
			slot = c.newPlace(id)
		}
		c.dense[id] = slot + 1
		return slot, found
	}
	if p.named && c.number == 0 {
		id |= uint64(n.ruleSet) << 32
	}
	hash := c.hash(id)
	if slot, found = c.find(id, hash); !found {
		slot = c.newPlace(id)
		c.flows.Insert(hash, slot)
	}
	return slot, found
}

// touch looks at the place of a flow that has an id; what it returns has no meaning.
func (c *chain) touch(id uint64) uint64 {
	if id >= uint64(len(c.dense)) || c.dense[id] == 0 {
		return 0
	}
	slot := c.dense[id] - 1
	x := c.places.At(slot).block
	if slot < c.counts.Len() {
		for _, n := range c.counts.At(slot) {
			return x ^ n
		}
	}
	return x
}

func (c *chain) hash(id uint64) uint32 { return c.secret.Words5(id, 0, 0, 0, 0) }

func (c *chain) find(id uint64, hash uint32) (slot uint32, ok bool) {
	slot, at, ok := c.flows.First(hash)
	for ; ok; slot, at, ok = c.flows.Next(hash, at) {
		if c.places.At(slot).id == id {
			return slot, true
		}
	}
	return 0, false
}

// named finds the place of a flow whose records tell amounts already.
func (c *chain) named(p *part, n flowName) *place {
	slot, found := c.place(p, n)
	at := c.places.At(slot)
	if !found || at.first != n.first {
		c.keep(slot, at)
		at.first, at.added = n.first, false
	}
	return at
}

func (c *chain) newPlace(id uint64) uint32 {
	slot := c.places.Grow()
	c.places.At(slot).id = id
	return slot
}

// keep remembers what a place was before the block under way.
func (c *chain) keep(slot uint32, at *place) {
	if at.block == c.block {
		return
	}
	if slot < c.mark {
		c.counts.Extend(c.mark)
		c.old, c.nums = append(c.old, oldPlace{slot, *at}), append(c.nums, c.counts.At(slot)...)
	}
	at.block = c.block
}

// amounts gives what a flow's counters grew by. known is false if that cannot be
// known, since the flow is older than what has been read of it.
func (c *chain) amounts(p *part, n flowName, nums, out []uint64) (at *place, known bool) {
	slot, found := c.place(p, n)
	at = c.places.At(slot)
	c.counts.Extend(c.places.Len())
	counts := c.counts.At(slot)
	same := found && at.first == n.first && at.known
	if same && at.block == c.block && !p.named {
		// Another flow with the same values. In the first block its counters are
		// amounts, and so they are added to those of the other one.
		c.alike = true
		copy(out, nums)
		return at, true
	}
	c.keep(slot, at)
	if !same { // a flow that is new to us
		at.first, at.known, at.added = n.first, true, false
		clear(counts)
		if known = n.first >= c.since; !known {
			copy(counts, nums)
			return at, false
		}
	}
	grew(counts, nums, out, p.wrap)
	copy(counts, nums)
	return at, true
}

// grew gives the differences to the counters before. If one has become smaller, they
// have all begun anew, unless they have 32 bits.
func grew(before, nums, out []uint64, wrap bool) {
	anew := false
	for i, n := range nums {
		out[i] = n - before[i]
		if n < before[i] {
			if out[i] = uint64(uint32(out[i])); !wrap {
				anew = true
			}
		}
	}
	if anew {
		copy(out, nums)
	}
}

// take makes what the block told the state of its flows.
func (c *chain) take() {
	c.mark, c.old, c.nums = c.places.Len(), c.old[:0], c.nums[:0]
	c.begun, c.to, c.end = true, c.next.to, c.next.end
	c.begins = false
}

// drop forgets what the block told.
func (c *chain) drop() {
	for i := range c.old {
		o := &c.old[i]
		*c.places.At(o.slot) = o.place
		copy(c.counts.At(o.slot), c.nums[i*c.counts.Size:])
	}
	for slot := c.mark; slot < c.places.Len(); slot++ {
		at := c.places.At(slot)
		*at = place{id: at.id}
	}
	c.old, c.nums = c.old[:0], c.nums[:0]
	c.begins = false
}

// runSlack is how far apart, in seconds, a live meter's start may be found to be from
// its uptime and the clock that #Time lines show.
const runSlack = 60

// sameRun reports whether a block is of the chain's run of the meter.
func (c *chain) sameRun(p *part) bool {
	if p.iv.To < c.to && endOf(&p.iv) > c.end {
		return false
	}
	d := c.startsOff(p)
	if p.exact && c.exact { // a live meter's may seem to be so in one file of several
		return d == 0
	}
	return d <= runSlack*time.Second
}

// startsOff is how far apart the starts of the chain's run and of the block's are.
func (c *chain) startsOff(p *part) time.Duration { return p.iv.MeterStart.Sub(c.start).Abs() }

// endOf is the time of a block, Unix ns. Files of flow data have seconds alone.
func endOf(iv *reader.Interval) int64 {
	if iv.Time.IsZero() {
		return 0
	}
	return nano(iv.Time)
}

// begin makes the chain ready for a block; false if the block lies within what has
// been read already. follows says that the meter's block before has been read.
func (c *chain) begin(p *part, block uint64, follows bool) bool {
	iv := &p.iv
	if c.begun && !p.anew && iv.To <= c.to {
		// A trace that ends in the centisecond of a collection has one more, of no length.
		if atEnd := iv.To == c.to && iv.From+1 == c.to; !atEnd {
			return false
		}
	}
	c.block = block
	c.next.to, c.next.end = iv.To, endOf(iv)
	switch c.begins = p.anew || !c.begun && iv.From <= 1; {
	case c.begins:
		c.anew()
		c.start, c.exact, c.since = iv.MeterStart, p.exact, 0
	case c.begun: // a flow that was not met began behind what has been read
	case follows:
		c.since = iv.From + 1 // behind the collection that ended in that centisecond
	default:
		c.since = iv.From + 2 // who knows what was read in the centisecond that the two share
	}
	return true
}

// idle has the chain know of a block that has nothing of it, but goes on where it
// ended: nothing was counted until then. begin is where its interval begins, Unix ns.
func (c *chain) idle(iv *reader.Interval, block uint64) (begin int64, ok bool) {
	if !c.begun || c.block == block || iv.From+1 != c.to || iv.To < c.to || iv.MeterStart.IsZero() {
		return 0, false
	}
	if d := iv.MeterStart.Sub(c.start); max(d, -d) > runSlack*time.Second {
		return 0, false
	}
	begin = nano(iv.RealTime(c.to))
	c.to, c.end = iv.To, endOf(iv)
	return begin, true
}

// from is the uptime where the interval of a block begins: where the one before that
// was read has ended, so that a lost one in between is a part of it.
func (c *chain) from(iv *reader.Interval) uint64 {
	if c.begun && !c.begins {
		return c.to
	}
	if iv.From <= 1 {
		return iv.From
	}
	return iv.From + 1
}
