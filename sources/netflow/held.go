package netflow

import (
	"slices"
	"time"
)

// heldSet is a data set whose template is not known yet.
type heldSet struct {
	session *session
	id      uint16
	head    header
	data    []byte
}

// heldOver is what a set takes beside its octets.
const heldOver = 96

func (x *heldSet) size() int { return len(x.data) + heldOver }

// sweepEvery is how often sets are looked for that have waited for too long.
const sweepEvery = time.Minute

// hold keeps a data set of the session for its template.
func (c *Collector) hold(id uint16, set []byte) {
	s := c.session
	x := heldSet{s, id, c.head, set}
	c.stats.Withheld++
	if c.heldOctets+x.size() > maxHeld || s.heldOctets+x.size() > maxSessionHeld {
		c.dropUnknown(s, 1)
		return
	}
	x.data = slices.Clone(set)
	c.heldOctets += x.size()
	s.heldOctets += x.size()
	if s.held == nil {
		s.held = make(map[uint16][]heldSet)
	}
	s.held[id] = append(s.held[id], x)
}

func (c *Collector) dropUnknown(s *session, sets int) {
	if sets > 0 {
		c.stats.Unknown += uint64(sets)
		c.tell(s.of, "unknown", "data without a template are dropped")
	}
}

// release makes what waits for a template of the session ready.
func (c *Collector) release(id uint16) {
	s := c.session
	for i := range s.held[id] {
		x := &s.held[id][i]
		c.let(x)
		c.ready = append(c.ready, *x)
	}
	delete(s.held, id)
}

// replay makes the next set that is ready the one that records are taken of.
func (c *Collector) replay() bool {
	for len(c.ready) > 0 {
		x := c.ready[0]
		if c.ready = c.ready[1:]; len(c.ready) == 0 {
			c.ready = nil
		}
		t := x.session.templates[x.id]
		if t != nil && c.head.came-x.head.came <= int64(maxHeldFor) {
			c.set, c.made, c.setHead, c.waited = x.data, t, x.head, true
			return true
		}
		c.dropUnknown(x.session, 1)
	}
	return false
}

// let forgets the octets of a set.
func (c *Collector) let(x *heldSet) {
	c.heldOctets -= x.size()
	x.session.heldOctets -= x.size()
}

// expire drops what has waited for too long.
func (c *Collector) expire(now int64) {
	if c.heldOctets == 0 || now-c.swept < int64(sweepEvery) {
		return
	}
	c.swept = now
	for _, x := range c.list {
		for _, s := range x.sessions {
			c.dropHeld(s, now-int64(maxHeldFor))
		}
	}
}

// dropHeld drops what waits for templates of a session since before a time.
func (c *Collector) dropHeld(s *session, before int64) {
	dropped := 0
	for id, sets := range s.held {
		n := 0
		for n < len(sets) && sets[n].head.came < before {
			c.let(&sets[n])
			n++
		}
		dropped += n
		if n == len(sets) {
			delete(s.held, id)
		} else {
			s.held[id] = slices.Delete(sets, 0, n)
		}
	}
	c.dropUnknown(s, dropped)
}

// End ends the collection: what waits is dropped, and what has not come is lost.
func (c *Collector) End() {
	for _, x := range c.list {
		for _, s := range x.sessions {
			c.leave(s)
		}
	}
}

// leave ends what a session waits for.
func (c *Collector) leave(s *session) {
	c.dropHeld(s, 1<<63-1)
	s.sequence.end()
	c.countLost(s)
}

// countOctets counts those of the record that Next has just made.
func (c *Collector) countOctets(n uint64) { c.session.of.Octets += n }

// Stats returns the counts.
func (c *Collector) Stats() Stats { return c.stats }

// Exporters returns what is known of each exporter, in the order of their interfaces.
func (c *Collector) Exporters() []Exporter {
	list := make([]Exporter, len(c.list))
	for i, x := range c.list {
		list[i] = x.Exporter
	}
	return list
}
