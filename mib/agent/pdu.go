package agent

import (
	"netramet/mib/ber"
)

// pdu is a PDU that has been read and found well-formed to its end.
type pdu struct {
	tag   ber.Tag
	reqID int32
	a, b  int32      // non-repeaters and max-repetitions, or not used
	list  ber.Reader // the variable bindings
	raw   []byte     // the same as octets
	whole []byte     // the whole PDU, header included
	count int        // of variable bindings
}

// confirmed reports whether the sender of such a PDU waits for an answer
// (RFC 3411 §2.8).
func (p *pdu) confirmed() bool {
	switch p.tag {
	case ber.GetRequest, ber.GetNextRequest, ber.GetBulkRequest, ber.SetRequest, ber.InformRequest:
		return true
	}
	return false
}

// legalPDU reports whether a version knows a PDU.
func legalPDU(v Version, tag ber.Tag) bool {
	switch tag {
	case ber.GetRequest, ber.GetNextRequest, ber.Response, ber.SetRequest:
		return true
	case ber.TrapV1:
		return v == V1
	case ber.GetBulkRequest, ber.InformRequest, ber.TrapV2, ber.Report:
		return v != V1
	}
	return false
}

// parsePDU reads the PDU and checks all of its variable bindings, so that
// later steps meet no malformed one and nothing is done for half a message.
func (a *worker) parsePDU(r *ber.Reader) error {
	p := &a.x.pdu
	*p = pdu{tag: r.Peek()}
	if !legalPDU(a.x.env.version, p.tag) {
		return ber.ErrTag
	}
	p.whole = r.Rest()
	in, err := r.Enter(p.tag)
	if err != nil {
		return err
	}
	p.whole = p.whole[:len(p.whole)-r.Len()]
	if p.tag == ber.TrapV1 {
		return nil // of another form, and never for an agent
	}
	if p.reqID, err = in.Int32(); err != nil {
		return err
	}
	if p.a, err = in.Int32(); err != nil {
		return err
	}
	if p.b, err = in.Int32(); err != nil {
		return err
	}
	if p.list, err = in.Enter(ber.Sequence); err != nil {
		return err
	}
	p.raw = p.list.Rest()
	for l := p.list; l.Len() > 0; p.count++ {
		if _, err := l.VarBind(a.name[:0], &a.in); err != nil {
			return err
		}
	}
	return in.Done()
}

// requested reads the next name of the request. It was read once before, by
// parsePDU, so it is well-formed.
func (a *worker) requested(l *ber.Reader) []uint32 {
	name, _ := l.VarBind(a.name[:0], &a.in)
	return name
}

// get processes a GetRequest (RFC 3416 §4.2.1).
func (a *worker) get() {
	x := &a.x
	l := x.pdu.list
	for i := 1; i <= x.pdu.count; i++ {
		name := a.requested(&l)
		if a.exhausted() {
			a.x.fail(TooBig, 0) // managers then ask for less at a time
			return
		}
		st := a.reg.viewGet(&x.req, name, &a.val)
		if st == OK && x.env.version == V1 && a.val.val.Tag == ber.Counter64 {
			st = NoSuchName // RFC 3584 §4.2.2.1
		}
		if !a.answer(name, st, i) {
			return
		}
	}
}

// getNext processes a GetNextRequest (RFC 3416 §4.2.2).
func (a *worker) getNext() {
	x := &a.x
	l := x.pdu.list
	for i := 1; i <= x.pdu.count; i++ {
		name := a.requested(&l)
		if a.exhausted() {
			a.x.fail(TooBig, 0)
			return
		}
		st := a.next(name)
		if st == OK {
			name = a.nextName.oid()
		}
		if !a.answer(name, st, i) {
			return
		}
	}
}

// answer puts what reading ended with. It reports false if the PDU has failed
// as a whole.
func (a *worker) answer(name []uint32, st Status, index int) bool {
	x := &a.x
	x.req.Spend(bindingWork)
	switch {
	case st == OK:
	case x.env.version == V1 && (st.exception() || st == NoSuchName):
		x.fail(NoSuchName, index)
		return false
	case st.exception():
		a.val.val = ber.Value{Tag: ber.Tag(st)}
	case st == TooBig: // the value is larger than any message
		x.fail(TooBig, 0)
		return false
	default:
		// Reading knows no other error (RFC 3416 §4.2.1).
		x.fail(GenErr, index)
		return false
	}
	switch x.put(name, &a.val.val) {
	case nil:
		return true
	case ber.ErrFull:
		x.fail(TooBig, 0)
	default: // the table returned no value, or one out of its type's range
		x.fail(GenErr, index)
	}
	return false
}

// getBulk processes a GetBulkRequest (RFC 3416 §4.2.3). The answer ends where
// the next binding would not fit or the work for it is done; if not even the
// first one fits, it is tooBig, since an empty answer would tell a manager
// nothing.
func (a *worker) getBulk() {
	x := &a.x
	nonRepeaters := min(int(max(x.pdu.a, 0)), x.pdu.count)
	repetitions := int(max(x.pdu.b, 0))
	l := x.pdu.list
	for i := 1; i <= nonRepeaters; i++ {
		if _, more := a.bulkStep(a.requested(&l), i); !more {
			return
		}
	}
	if repetitions == 0 {
		return
	}
	// What has been sent is the memory: the newest name of every column is
	// read back from the answer, so the number of columns costs 4 octets each.
	a.lastRow = a.lastRow[:0]
	done := true
	for i := nonRepeaters + 1; i <= x.pdu.count; i++ {
		at := x.end
		ended, more := a.bulkStep(a.requested(&l), i)
		if !more {
			return
		}
		done = done && ended
		a.lastRow = append(a.lastRow, column(at, ended))
	}
	for r := 1; r < repetitions && !done; r++ {
		done = true
		for c, last := range a.lastRow {
			at := x.end
			ended, more := a.bulkRepeat(last, nonRepeaters+1+c)
			if !more {
				return
			}
			done = done && ended
			a.lastRow[c] = column(at, ended)
		}
	}
}

// column packs where a column's newest binding stands and, as the sign,
// whether the column has ended.
func column(at int, ended bool) int32 {
	if ended {
		return -int32(at)
	}
	return int32(at)
}

// bulkRepeat puts the next binding of the column whose newest one is last.
func (a *worker) bulkRepeat(last int32, index int) (ended, more bool) {
	x := &a.x
	r := ber.NewReader(x.dst[max(last, -last):x.end])
	vb, _ := r.Enter(ber.Sequence)
	name, err := vb.OID(a.name[:0])
	if err != nil { // impossible: the agent wrote it
		x.fail(GenErr, index)
		return false, false
	}
	if last < 0 {
		a.pause()
		return true, a.bulkPut(name, EndOfMibView, index)
	}
	return a.bulkStep(name, index)
}

// bulkStep puts what follows name.
func (a *worker) bulkStep(name []uint32, index int) (ended, more bool) {
	if a.exhausted() {
		return false, false
	}
	st := a.next(name)
	if st == OK {
		name = a.nextName.oid()
	}
	return st == EndOfMibView, a.bulkPut(name, st, index)
}

// bulkPut is answer for GetBulk, where a full message is a normal end.
func (a *worker) bulkPut(name []uint32, st Status, index int) bool {
	x := &a.x
	if a.answer(name, st, index) {
		return true
	}
	if x.status == TooBig && x.end > headroom {
		x.fail(OK, 0)
	}
	return false
}
