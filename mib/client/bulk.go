package client

import (
	"context"
	"errors"
	"slices"

	"github.com/gosnmp/gosnmp"
)

// Bulk is what one reading of the variables behind some names asks for.
type Bulk struct {
	After []Name
	Row   int // octets that the variables of one repetition take of an answer
	Most  int // repetitions; 0 is as many as have room
	// Divisible says that the caller can ask for less than one repetition: then one
	// that is too large is an error that IsTooLarge.
	Divisible bool
}

// inquiry is a GetBulk as it is sent.
type inquiry struct {
	after []Name
	reps  int
}

// sameAs reports whether both ask for the same.
func (q *inquiry) sameAs(o *inquiry) bool {
	return q.reps == o.reps && slices.Equal(q.after, o.after)
}

// GetBulk reads the variables behind each name, as many of each as are wanted and
// have room in a message: first those behind all names, then those behind these. In
// SNMPv1, GetNext takes its place. The slice is good until the next request; the
// octets of values are the caller's to keep.
func (c *Client) GetBulk(ctx context.Context, b Bulk) ([]Variable, error) {
	for {
		q, octets, tries := c.measure(&b)
		var vars []Variable
		err := c.sized(ctx, octets, q.reps > 1 || b.Divisible, func() (err error) {
			vars, err = c.ask(ctx, tries, q)
			return err
		})
		switch {
		case err == nil:
			c.reps.answered(q.reps)
			return vars, nil
		case q.reps == 1:
			return nil, err
		case IsStatus(err, TooBig, GenErr), isTooLarge(err) && c.room()/b.Row >= q.reps:
			c.reps.refused(q.reps)
		case !isTooLarge(err):
			return nil, err
		}
	}
}

// Ahead sends the request of a GetBulk, so that the meter is at work on it while the
// caller is on something else. The GetBulk takes the answer, if nothing else was asked
// in between and it is the same one. Whatever goes wrong with it shows there.
func (c *Client) Ahead(b Bulk) {
	if q, _, tries := c.measure(&b); c.own != nil {
		c.ahead = nil
		if c.post(tries, &q) {
			c.ahead = &q
		}
	}
}

// measure makes the question of b, and tells up to how many octets its answer has,
// and how often it is sent.
func (c *Client) measure(b *Bulk) (q inquiry, octets, tries int) {
	reps := min(max(c.room()/b.Row, 1), maxReps)
	if b.Most > 0 {
		reps = min(reps, b.Most)
	}
	reps = c.reps.within(reps)
	if !c.HasBulk() {
		reps = 1
	}
	octets = c.envelope + reps*b.Row
	tries = c.tries
	if reps > 1 {
		tries = c.early(octets)
	}
	return inquiry{b.After, reps}, octets, tries
}

// ask asks a question: with messages of our own, or by gosnmp where the meter or we
// do not understand those. It also brings us together with the meter's engine again.
func (c *Client) ask(ctx context.Context, tries int, q inquiry) ([]Variable, error) {
	if c.own != nil {
		vars, err := c.askOwn(ctx, tries, &q)
		if !errors.Is(err, errNotOurs) {
			return vars, err
		}
	}
	vars, err := c.do(ctx, tries, q.after, func(oids []string) (*gosnmp.SnmpPacket, error) {
		if !c.HasBulk() {
			return c.snmp.GetNext(oids)
		}
		return c.snmp.GetBulk(oids, 0, uint32(q.reps))
	})
	if err != nil {
		return nil, err
	}
	return toVariables(vars), nil
}

// errNotOurs says that a question must be asked by gosnmp.
var errNotOurs = errors.New("not for messages of our own")

// post sends a question. It reports false if it cannot be one of ours.
func (c *Client) post(tries int, q *inquiry) bool {
	msg, ok := c.own.request(c.snmp, q, max(c.pace.size, MinDatagram))
	if !ok {
		return false
	}
	c.link.tries = tries
	c.link.post(msg)
	return true
}

// askOwn asks a question with a message of our own; one that was sent ahead has only
// its answer awaited.
func (c *Client) askOwn(ctx context.Context, tries int, q *inquiry) ([]Variable, error) {
	defer c.link.begin(ctx)()
	sent := c.ahead
	c.ahead = nil
	if sent != nil && sent.sameAs(q) {
		c.link.await()
	} else if !c.post(tries, q) {
		return nil, errNotOurs
	}
	msg, err := c.link.next(c.own.in[:])
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.explain(err)
	}
	a, ok := c.own.answer(slices.Clone(msg))
	if !ok {
		return nil, errNotOurs
	}
	if a.status != 0 {
		return nil, c.refusal(a.status, a.index, q.after)
	}
	return a.vars, nil
}
