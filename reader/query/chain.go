package query

import (
	"time"

	"netramet/reader"
)

// chain is one rule set of one meter, block after block: what its flows counted last.
// What a block tells is taken for good when the block is found to be whole.
type chain struct {
	meter  string
	number int
	name   string

	start time.Time // of the meter's run
	exact bool      // start is not known from seconds alone

	begun  bool
	to     uint64 // uptime at the end of the last block
	end    int64  // Unix seconds of it
	whole  bool   // counters of all flows are known since they began
	flows  map[uint64]uint32
	dense  []uint32 // slot + 1 by FlowIndex, where that is small
	places []place
	counts []uint64 // two sets for each place: as taken, and as the block under way has them
	width  int      // counters

	alike   bool     // there were flows that cannot be told apart
	touched []uint32 // places that the block under way has
	block   uint64   // number of the block under way, over all chains
	begins  bool     // the block under way makes counters begin anew
	next    struct { // begun, to and end when it is taken
		to  uint64
		end int64
	}
}

// place is what is known of a flow.
type place struct {
	first uint64 // FirstTime; another one is another flow
	block uint64 // that has changed the second set of counts
	row   uint32 // of the answer that the flow adds to, or the group with Every; valid iff added
	added bool
	known bool // the first set of counts is of this flow
}

// anew forgets the flows.
func (c *chain) anew() {
	c.flows, c.dense, c.alike = nil, nil, false
	c.places, c.counts, c.touched = c.places[:0], c.counts[:0], c.touched[:0]
}

// place finds a flow's place, or makes one.
func (c *chain) place(p *part, n flowName) (slot uint32, found bool) {
	id := n.id
	if p.named && c.number > 0 && id < uint64(2*len(c.places)+64) {
		if int(id) >= len(c.dense) {
			c.dense = append(c.dense, make([]uint32, int(id)+1-len(c.dense))...)
		}
		if s := c.dense[id]; s > 0 {
			return s - 1, true
		}
		// It may have been put elsewhere when the table was smaller.
		if slot, found = c.flows[id]; !found {
			slot = c.newPlace()
		} else {
			delete(c.flows, id)
		}
		c.dense[id] = slot + 1
		return slot, found
	}
	if p.named && c.number == 0 {
		id |= uint64(n.ruleSet) << 32
	}
	if slot, found = c.flows[id]; found {
		return slot, true
	}
	if c.flows == nil {
		c.flows = make(map[uint64]uint32)
	}
	slot = c.newPlace()
	c.flows[id] = slot
	return slot, false
}

// named finds the place of a flow whose records tell amounts already.
func (c *chain) named(p *part, n flowName) *place {
	slot, found := c.place(p, n)
	at := &c.places[slot]
	if !found || at.first != n.first {
		at.first, at.added = n.first, false
	}
	return at
}

func (c *chain) newPlace() uint32 {
	c.places = append(c.places, place{})
	c.counts = append(c.counts, make([]uint64, 2*c.width)...)
	return uint32(len(c.places) - 1)
}

// amounts gives what a flow's counters grew by. known is false if that cannot be
// known, since the flow is older than what has been read of it.
func (c *chain) amounts(p *part, block uint64, n flowName, nums, out []uint64) (at *place, known bool) {
	slot, found := c.place(p, n)
	at = &c.places[slot]
	taken := c.counts[2*c.width*int(slot):][:c.width]
	pending := c.counts[2*c.width*int(slot)+c.width:][:c.width]
	same := found && at.first == n.first && (at.known || at.block == block)
	switch {
	case at.block != block:
		c.touched = append(c.touched, slot)
		at.block = block
		if same {
			copy(pending, taken)
		}
	case same && !p.named:
		// Another flow with the same values. In the first block its counters are
		// amounts, and so they are added to those of the other one.
		c.alike = true
		copy(out, nums)
		return at, true
	}
	if !same { // a flow that is new to us
		at.first, at.known, at.added = n.first, false, false
		clear(pending)
		if known = c.whole || c.begins || n.first > p.iv.From+1; !known {
			copy(pending, nums)
			return at, false
		}
	}
	grew(pending, nums, out, p.wrap)
	copy(pending, nums)
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
	for _, slot := range c.touched {
		at := c.counts[2*c.width*int(slot):]
		copy(at[:c.width], at[c.width:2*c.width])
		c.places[slot].known = true
	}
	c.touched = c.touched[:0]
	c.begun, c.to, c.end = true, c.next.to, c.next.end
	c.whole = c.whole || c.begins
	c.begins = false
}

// drop forgets what the block told.
func (c *chain) drop() {
	for _, slot := range c.touched {
		at := &c.places[slot]
		at.block = 0
		if !at.known {
			at.added = false
		}
	}
	c.touched = c.touched[:0]
	c.begins = false
}

// runSlack is how far apart, in seconds, a live meter's start may be found to be from
// its uptime and the clock that #Time lines show.
const runSlack = 60

// sameRun reports whether a block is of the chain's run of the meter.
func (c *chain) sameRun(p *part) bool {
	if p.iv.To < c.to && endOf(p) > c.end {
		return false
	}
	d := p.iv.MeterStart.Sub(c.start)
	if p.exact || c.exact {
		return d == 0
	}
	return max(d, -d) <= runSlack*time.Second
}

// endOf is the time of a block, in Unix seconds.
func endOf(p *part) int64 {
	if p.iv.Time.IsZero() {
		return 0
	}
	return p.iv.Time.Unix()
}

// begin makes the chain ready for a block; false if the block lies within what has
// been read already.
func (c *chain) begin(p *part, block uint64) bool {
	iv := &p.iv
	if c.begun && !p.anew && iv.To <= c.to {
		return false
	}
	c.block = block
	c.next.to, c.next.end = iv.To, endOf(p)
	c.begins = p.anew || !c.begun && iv.From <= 1
	if c.begins {
		c.anew()
		c.whole = false
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
	c.to, c.end = iv.To, iv.Time.Unix()
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
