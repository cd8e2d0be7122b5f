package agent

import "netramet/mib/ber"

// worker is what one message needs while it is worked on. There are as many as
// messages were ever worked on at once.
type worker struct {
	*Agent
	x        exchange
	setters  []Setter // of the Set being processed
	txn      Txn
	arena    []uint32 // names and OIDs of the Set being processed
	lastRow  []int32  // GetBulk: where the newest name of each column stands
	runFunc  func()   // run, made once so that a PDU allocates no closure
	plain    []byte   // decrypted scoped PDU
	name     [ber.MaxOID]uint32
	nameBuf  [ber.MaxOID]uint32
	fromBuf  [ber.MaxOID]uint32
	oidBuf   [ber.MaxOID]uint32
	nextName Name
	val      Value
	in       ber.Value
}

// worker returns one that is idle, or makes it.
func (a *Agent) worker() *worker {
	if n := len(a.idle); n > 0 {
		w := a.idle[n-1]
		a.idle = a.idle[:n-1]
		return w
	}
	w := &worker{Agent: a}
	w.in.OID = w.oidBuf[:0]
	w.runFunc = w.run
	return w
}

// Work is counted, not timed, so that what a request may do does not depend on
// the machine. Its unit is a row that is looked at in passing: some nanoseconds.
const (
	// pieceOfWork is how much is done before others get in: well below a
	// millisecond.
	pieceOfWork = 1 << 15

	// maxWork is what one PDU may take: some hundred milliseconds. A single
	// binding may take more, for there is no way to ask for less.
	maxWork = 1 << 25

	bindingWork = 100 // for a binding read and written
	stepWork    = 20  // for an instance stepped over
)

// Spend counts work that was done for the request, in rows looked at.
func (q *Request) Spend(rows int) { q.spent += rows }

// Budget is how much work is left of the present piece. A Table whose search is
// not at its end when it is 0 or less, and for which it was more when it was
// called, may return More.
func (q *Request) Budget() int { return pieceOfWork - q.spent }

// pause lets others in if the PDU has done a piece of its work.
func (a *worker) pause() {
	if q := &a.x.req; q.Budget() <= 0 {
		a.x.work += q.spent
		q.spent = 0
		a.yield()
	}
}

// exhausted reports, before a binding, whether the PDU has done all the work
// that it may. At least one binding is answered.
func (a *worker) exhausted() bool {
	a.pause()
	return a.x.work > maxWork && a.x.end > headroom
}

// next finds the first instance after name, piece by piece.
func (a *worker) next(name []uint32) Status {
	for {
		st := a.reg.viewNext(&a.x.req, name, &a.nextName, &a.val, a.nameBuf[:0])
		if st != More {
			return st
		}
		name = append(a.fromBuf[:0], a.nextName.oid()...)
		a.pause()
	}
}
