package client

import (
	"math"
	"math/rand/v2"

	"github.com/gosnmp/gosnmp"

	"netramet/mib/ber"
)

// own makes GetBulk requests and reads their answers, of which a collection has
// thousands with hundreds of variables each: gosnmp spells each name out, and makes
// several things of each value. What own does not understand, a report above all, is
// left to gosnmp, by which the same is asked once more.
type own struct {
	version   int32 // as messages have it
	community string
	secured   *secured // nil unless version is version3

	id      int32 // of the request sent last
	in, out [MaxDatagram]byte
	vars    []Variable
	scratch ber.Value
}

// newOwn makes own ready for s, which has been checked; nil where there is no
// GetBulk.
func newOwn(s Security, keys *keyring) *own {
	o := &own{version: version2c, community: s.Community, id: rand.Int32()}
	o.scratch.OID = make([]uint32, 0, ber.MaxOID)
	switch s.Version {
	case V1:
		return nil
	case V3:
		o.version = version3
		o.secured = newSecured(keys)
	}
	return o
}

// request makes the message of a question. It reports false if it cannot be made, or
// not be secured as long as gosnmp has not found out about the meter's engine.
func (o *own) request(x *gosnmp.GoSNMP, q *inquiry, maxSize int) (msg []byte, ok bool) {
	o.id = (o.id + 1) & math.MaxInt32
	var w ber.Writer
	w.Reset(o.out[:])
	for i := len(q.after) - 1; i >= 0; i-- {
		name, ok := q.after[i].oid()
		if !ok {
			return nil, false
		}
		w.VarBind(name, &ber.Value{Tag: ber.Null})
	}
	w.Wrap(ber.Sequence, 0)
	w.Int(ber.Integer, int64(q.reps))
	w.Int(ber.Integer, 0) // non-repeaters
	w.Int(ber.Integer, int64(o.id))
	w.Wrap(ber.GetBulkRequest, 0)
	if o.secured != nil {
		return o.secured.seal(x, &w, o.out[:], o.id, maxSize)
	}
	w.Octets(ber.OctetString, []byte(o.community))
	w.Int(ber.Integer, int64(o.version))
	w.Wrap(ber.Sequence, 0)
	return w.Bytes(), w.Err() == nil
}

// answered is what an answer says.
type answered struct {
	status, index int32
	vars          []Variable // good until the next answer
}

// answer reads the answer to the request made last. It reports false if that is not
// a response that is fully understood and, in SNMPv3, secured as the request. The
// message is kept, and changed.
func (o *own) answer(msg []byte) (a answered, ok bool) {
	r := ber.NewReader(msg)
	body, err := r.Enter(ber.Sequence)
	if err != nil {
		return a, false
	}
	if v, err := body.Int32(); err != nil || v != o.version {
		return a, false
	}
	if o.secured != nil {
		if body, ok = o.secured.open(msg, body); !ok {
			return a, false
		}
	} else if name, err := body.Octets(ber.OctetString); err != nil || string(name) != o.community {
		return a, false
	}
	pdu, err := body.Enter(ber.Response)
	if err != nil || body.Done() != nil {
		return a, false
	}
	if id, err := pdu.Int32(); err != nil || id != o.id {
		return a, false
	}
	if a.status, err = pdu.Int32(); err != nil || a.status < 0 || a.status > math.MaxUint8 {
		return a, false
	}
	if a.index, err = pdu.Int32(); err != nil {
		return a, false
	}
	list, err := pdu.Enter(ber.Sequence)
	if err != nil || pdu.Done() != nil {
		return a, false
	}
	o.vars = o.vars[:0]
	for list.Len() > 0 {
		o.vars = append(o.vars, Variable{})
		if o.vars[len(o.vars)-1].read(&list, &o.scratch) != nil {
			return a, false
		}
	}
	a.vars = o.vars
	return a, true
}
