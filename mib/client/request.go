package client

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gosnmp/gosnmp"

	"netramet/mib"
)

// Name is the name of an instance: the object's OID and its index.
type Name string

// Inst names an instance of a column, or, without index, of a scalar.
func Inst(o mib.Obj, index ...uint32) Name {
	if len(index) == 0 && o.Info().Kind == mib.KindScalar {
		index = []uint32{0}
	}
	return Name(dotted(o.OID()) + dotted(index))
}

// dotted renders sub-identifiers with a dot before each.
func dotted(ids []uint32) string {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = strconv.AppendUint(append(b, '.'), uint64(id), 10)
	}
	return string(b)
}

// oid returns the name's sub-identifiers; ok is false if it is no name.
func (n Name) oid() (oid []uint32, ok bool) {
	for part := range strings.SplitSeq(strings.TrimPrefix(string(n), "."), ".") {
		id, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, false
		}
		oid = append(oid, uint32(id))
	}
	return oid, true
}

// String renders the name for people.
func (n Name) String() string {
	if oid, ok := n.oid(); ok {
		return mib.OIDName(oid)
	}
	return string(n)
}

// Bind is a variable and the value to set it to.
type Bind struct {
	Name  Name
	typ   gosnmp.Asn1BER
	value any
}

// Int binds an INTEGER.
func Int(n Name, v int) Bind { return Bind{n, gosnmp.Integer, v} }

// Octets binds an OCTET STRING.
func Octets(n Name, v []byte) Bind { return Bind{n, gosnmp.OctetString, v} }

// Text binds an OCTET STRING.
func Text(n Name, v string) Bind { return Bind{n, gosnmp.OctetString, v} }

// Ticks binds a TimeTicks.
func Ticks(n Name, v uint32) Bind { return Bind{n, gosnmp.TimeTicks, v} }

// Unsigned64 binds a NtmUnsigned64: eight octets, the most significant first.
func Unsigned64(n Name, v uint64) Bind {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(v >> (56 - 8*i))
	}
	return Bind{n, gosnmp.OctetString, b}
}

// Bool binds a TruthValue.
func Bool(n Name, v bool) Bind {
	if v {
		return Int(n, 1)
	}
	return Int(n, 2)
}

// Get reads variables, with as many messages as they need. A variable that does
// not exist has Value.Missing.
func (c *Client) Get(ctx context.Context, names ...Name) ([]Value, error) {
	return c.get(ctx, c.room, names)
}

// GetSmall is Get with messages that get through everywhere, for the first
// words with a meter: if no answer comes, their size is not why.
func (c *Client) GetSmall(ctx context.Context, names ...Name) ([]Value, error) {
	return c.get(ctx, c.smallRoom, names)
}

func (c *Client) get(ctx context.Context, room func() int, names []Name) ([]Value, error) {
	values := make([]Value, 0, len(names))
	err := portions(c, room, names, Name.Most, func(some []Name, octets int) error {
		v, err := c.getSome(ctx, some, octets)
		values = append(values, v...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// getSome is one Get, of which the answer has up to so many octets.
func (c *Client) getSome(ctx context.Context, names []Name, octets int) ([]Value, error) {
	vars, err := c.sizedSome(ctx, names, octets, func(oids []string) (*gosnmp.SnmpPacket, error) { return c.snmp.Get(oids) })
	if IsStatus(err, NoSuchName) && len(names) > 1 {
		// SNMPv1 fails as a whole; each by itself says which ones exist.
		return c.getEach(ctx, names)
	}
	if IsStatus(err, NoSuchName) {
		return []Value{{Missing: true}}, nil
	}
	if err != nil {
		return nil, err
	}
	if len(vars) != len(names) {
		return nil, c.Nonsense("%d variables in the answer to %d", len(vars), len(names))
	}
	values := make([]Value, len(vars))
	for i, v := range vars {
		if Name(v.Name) != names[i] {
			return nil, c.Nonsense("%s in the answer to %s", Name(v.Name), names[i])
		}
		values[i] = toValue(v)
	}
	return values, nil
}

func (c *Client) getEach(ctx context.Context, names []Name) ([]Value, error) {
	values := make([]Value, 0, len(names))
	for _, n := range names {
		v, err := c.Get(ctx, n)
		if err != nil {
			return nil, err
		}
		values = append(values, v...)
	}
	return values, nil
}

// Set sets all variables or none, with one message.
func (c *Client) Set(ctx context.Context, binds ...Bind) error {
	return c.set(ctx, c.tries, binds)
}

func (c *Client) set(ctx context.Context, tries int, binds []Bind) error {
	_, err := c.do(ctx, tries, namesOf(binds), setting(c, binds))
	return err
}

// SetParts is Set of what may be set once more without harm, with as many messages
// as it needs, in this order.
func (c *Client) SetParts(ctx context.Context, binds ...Bind) error {
	return portions(c, c.room, binds, Bind.octets, func(some []Bind, octets int) error {
		_, err := c.sizedSome(ctx, namesOf(some), octets, setting(c, some))
		return err
	})
}

// SetSmallParts sets variables, in this order, with as many messages as it needs
// to get through everywhere. done is how many have been set for certain.
func (c *Client) SetSmallParts(ctx context.Context, binds ...Bind) (done int, err error) {
	err = portions(c, c.smallRoom, binds, Bind.octets, func(some []Bind, _ int) error {
		err := c.Set(ctx, some...)
		if err == nil {
			done += len(some)
		}
		return err
	})
	return done, err
}

// SetUnlessDone sets what must not be set twice, with as many messages as it needs,
// in this order. After a message without an answer it asks isDone, before it sends
// the message again, whether binds[first], the first variable of it, was set.
func (c *Client) SetUnlessDone(ctx context.Context, binds []Bind, isDone func(first int) (bool, error)) error {
	done := 0
	return portions(c, c.room, binds, Bind.octets, func(some []Bind, octets int) error {
		err := c.setPartUnlessDone(ctx, some, octets, func() (bool, error) { return isDone(done) })
		if err == nil {
			done += len(some)
		}
		return err
	})
}

func (c *Client) setPartUnlessDone(ctx context.Context, binds []Bind, octets int, isDone func() (bool, error)) error {
	var err error
	for try := range c.tries {
		if err = c.set(ctx, 1, binds); !IsNoAnswer(err) {
			return err
		}
		if done, lookErr := isDone(); done || lookErr != nil {
			return lookErr
		}
		if try > 0 && len(binds) > 1 && octets > MinDatagram {
			c.pace.lost(octets)
			return tooLargeError{err}
		}
	}
	return err
}

func namesOf(binds []Bind) []Name {
	names := make([]Name, len(binds))
	for i, b := range binds {
		names[i] = b.Name
	}
	return names
}

func setting(c *Client, binds []Bind) func([]string) (*gosnmp.SnmpPacket, error) {
	pdus := make([]gosnmp.SnmpPDU, len(binds))
	for i, b := range binds {
		pdus[i] = gosnmp.SnmpPDU{Name: string(b.Name), Type: b.typ, Value: b.value}
	}
	return func([]string) (*gosnmp.SnmpPacket, error) { return c.snmp.Set(pdus) }
}

// do makes one request, sent up to tries times, and checks what can be checked
// for all of them.
func (c *Client) do(ctx context.Context, tries int, names []Name, ask func(oids []string) (*gosnmp.SnmpPacket, error)) ([]gosnmp.SnmpPDU, error) {
	oids := make([]string, len(names))
	for i, n := range names {
		oids[i] = string(n)
	}
	c.snmp.Context, c.ahead = ctx, nil
	c.link.tries = tries
	defer c.link.begin(ctx)()
	p, err := ask(oids)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.explain(err)
	}
	if p.PDUType != gosnmp.GetResponse {
		return nil, c.Nonsense("a message of type %#x", byte(p.PDUType))
	}
	if p.Error != gosnmp.NoError {
		return nil, c.refusal(int32(p.Error), int32(p.ErrorIndex), names)
	}
	return p.Variables, nil
}

// refusal is the error of an answer with an error-status and -index to a request
// about names.
func (c *Client) refusal(status, index int32, names []Name) error {
	e := &StatusError{Status: Status(status)}
	if i := int(index); i > 0 && i <= len(names) {
		e.Name = names[i-1].String()
	}
	return c.wrap(e)
}

func (c *Client) wrap(err error) error { return fmt.Errorf("meter %s: %w", c.addr, err) }
