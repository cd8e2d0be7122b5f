package agent

import (
	"slices"

	"netramet/mib/ber"
)

// set processes a SetRequest in two phases (RFC 3416 §4.2.5): all of it is
// tested, then all of it is done.
func (a *worker) set() {
	x := &a.x
	if len(x.pdu.raw) > x.room {
		// The answer to success repeats the bindings. It must be known to
		// fit before anything is done.
		x.fail(TooBig, 0)
		return
	}
	st, index := a.resolve()
	if st == OK {
		st, index = a.test()
	}
	for _, s := range a.setters {
		if st == OK {
			s.Commit(&a.txn)
		} else {
			s.Abort(&a.txn)
		}
	}
	x.fail(st, index)
	if st == OK {
		x.echo()
	}
	clear(a.setters)
	clear(a.txn.Binds) // keep nothing of the message's
}

// resolve fills in the transaction and finds out who serves its bindings.
func (a *worker) resolve() (Status, int) {
	x := &a.x
	a.txn.Request = &x.req
	a.txn.Binds = a.txn.Binds[:0]
	a.arena = a.arena[:0]
	a.setters = a.setters[:0]
	l := x.pdu.list
	for i := 1; i <= x.pdu.count; i++ {
		b := Bind{Name: a.keep(a.requested(&l)), Value: a.in}
		b.Value.OID = nil
		if b.Value.Tag == ber.ObjectID {
			b.Value.OID = a.keep(a.in.OID)
		}
		if !x.req.Principal.View.Contains(b.Name) {
			return NoAccess, i
		}
		e := a.reg.find(b.Name)
		if e == nil || e.setter == nil {
			return NotWritable, i
		}
		b.Prefix, b.Inst, b.Setter = e.prefix, b.Name[len(e.prefix):], e.setter
		a.txn.Binds = append(a.txn.Binds, b)
	}
	return OK, 0
}

// keep copies sub-identifiers for the time of the transaction. When the arena
// grows, what was handed out before stays valid in the old one.
func (a *worker) keep(ids []uint32) []uint32 {
	at := len(a.arena)
	a.arena = append(a.arena, ids...)
	return a.arena[at:len(a.arena):len(a.arena)]
}

// test runs the first phase and collects the setters that were asked.
func (a *worker) test() (Status, int) {
	for i := range a.txn.Binds {
		b := &a.txn.Binds[i]
		if !slices.Contains(a.setters, b.Setter) {
			a.setters = append(a.setters, b.Setter)
		}
		if st := b.Setter.Test(&a.txn, b); st != OK {
			return setError(st), i + 1
		}
	}
	for _, s := range a.setters {
		if st, b := s.Check(&a.txn); st != OK {
			return setError(st), a.indexOf(b)
		}
	}
	return OK, 0
}

// indexOf returns the number of a binding, 1 if a Setter blames none.
func (a *worker) indexOf(b *Bind) int {
	for i := range a.txn.Binds {
		if &a.txn.Binds[i] == b {
			return i + 1
		}
	}
	return 1
}

// setError maps what a Set cannot be answered with (exceptions, which are for
// reading) to what it can.
func setError(st Status) Status {
	switch {
	case st == NoSuchObject:
		return NotWritable
	case st == NoSuchInstance:
		return NoCreation
	case st > InconsistentName:
		return GenErr
	}
	return st
}
