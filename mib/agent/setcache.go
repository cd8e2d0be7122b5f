package agent

import (
	"crypto/sha256"
	"net/netip"
	"time"
)

const (
	// setMemory is how long the answer to a Set is remembered.
	setMemory = 30 * time.Second
	// setMemories is how many answers are remembered.
	setMemories = 256
)

// setCache remembers how Sets ended, so that a Set whose answer was lost and
// which is sent again is answered and not done a second time.
//
// Two Sets are the same if address and port, SNMP version, principal and the
// octets of the PDU, request-id included, are. For v1 and v2c these are all
// the octets of the datagram. An SNMPv3 manager that repeats a request gives
// it a new msgID, time, salt and digest, so there the comparison is of the
// PDU, after USM has passed the message; a recorded message that is replayed
// from the same address in that time is caught by it, too. Of each address, port
// and principal only the last Set is remembered: the same octets after another
// Set are no repetition, but a wish to have it done again. As an answer to a
// Set only repeats the bindings of the request, status and index are all that
// needs keeping.
type setCache struct {
	ring [setMemories]setAnswer
	next int
	key  []byte // scratch
}

type setAnswer struct {
	from   netip.AddrPort
	who    string // name of the principal
	digest [sha256.Size]byte
	at     time.Time // zero iff the slot is empty
	status Status
	index  int
}

// digest identifies a Set, apart from where it came from.
func (c *setCache) digest(x *exchange) [sha256.Size]byte {
	c.key = append(c.key[:0], byte(x.env.version), byte(x.env.v3.level))
	name := x.req.Principal.Name
	c.key = append(c.key, byte(len(name)>>8), byte(len(name)))
	c.key = append(c.key, name...)
	c.key = append(c.key, x.env.community...)
	c.key = append(c.key, x.pdu.whole...)
	return sha256.Sum256(c.key)
}

// lookup reports whether the Set was answered lately and, if so, puts the
// same answer.
func (c *setCache) lookup(x *exchange) bool {
	d := c.digest(x)
	for i := range c.ring {
		s := &c.ring[i]
		if s.at.IsZero() || s.digest != d || s.from != x.from {
			continue
		}
		if age := x.now.Sub(s.at); age < 0 || age > setMemory {
			continue
		}
		x.fail(s.status, s.index)
		if s.status == OK && !x.echo() {
			x.fail(TooBig, 0)
		}
		return true
	}
	return false
}

// store remembers how the Set ended, and forgets earlier ones of its sender.
func (c *setCache) store(x *exchange) {
	who := x.req.Principal.Name
	for i := range c.ring {
		if s := &c.ring[i]; s.from == x.from && s.who == who {
			*s = setAnswer{}
		}
	}
	c.ring[c.next] = setAnswer{x.from, who, c.digest(x), x.now, x.status, x.index}
	c.next = (c.next + 1) % len(c.ring)
}

// forgetRefused forgets the Sets that were refused, when who may do what
// changes: they might be granted now. Those that were done stay done.
func (c *setCache) forgetRefused() {
	for i := range c.ring {
		if c.ring[i].status != OK {
			c.ring[i] = setAnswer{}
		}
	}
}
