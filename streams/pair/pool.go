package pair

import (
	"math"

	"netramet/internal/slab"
	"netramet/meter/packet"
)

// Queue names a stream's queue in its Pool until End; the zero Queue is none.
type Queue uint32

// request is a request that waits.
type request struct {
	time int64 // Unix ns
	// id and question are those of packet.Facts. Of TCP, id holds two sequence
	// numbers: the first one (upper half) and the one behind the last.
	id       uint64
	question uint32
	next     uint32 // in its list, number+1; 0 ends
	order    uint32 // of queueing in its queue
	kind     Kind
	state    state
	also     Kind // as in Event
	_        uint8
}

// state is what has happened to a request.
type state uint8

const (
	lost      state = 1 << iota // has been told as Lost
	sentAgain                   // TCP data sent more than once: no time (Karn's rule)
	answered                    // TCP data acknowledged selectively; stays to know its octets
)

// waits reports that nothing has answered the request.
func (r *request) waits() bool { return r.state&answered == 0 }

// first and behind are the sequence numbers that a request of TCP begins and ends
// with.
func (r *request) first() uint32  { return uint32(r.id >> 32) }
func (r *request) behind() uint32 { return uint32(r.id) }

// queue is what waits of one stream.
type queue struct {
	due   int64    // Unix ns after which the next request is lost; Never if none
	limit [2]int64 // ns that a request of each direction may wait; 0: for ever
	lists [2]list  // by direction
	order uint32
	kinds Kinds
	n     uint16 // requests in both lists
	tcp   [2]sender
}

// list is requests in the order in which they came, of one direction: number+1; 0:
// none.
type list struct{ head, tail uint32 }

// Never is the time that never comes, in Unix ns.
const Never = math.MaxInt64

// Sizes in octets.
const (
	requestSize = 32
	queueSize   = 80
)

// Pool holds the queues of the streams of one table. Its memory is that of the most
// requests that ever waited at a time, which the limits and the number of streams
// bound.
type Pool struct {
	cfg      Config
	queues   slab.Slab[queue]
	requests slab.Slab[request]
	// freeQueue (linked by lists[0].head) and freeRequest (by next) are number+1.
	freeQueue, freeRequest uint32
	stats                  Stats
}

// New makes an empty pool; memory is taken as requests come.
func New(cfg Config) *Pool { return &Pool{cfg: cfg.WithDefaults()} }

// Stats returns the counts so far.
func (p *Pool) Stats() Stats { return p.stats }

// Bytes is the memory the pool holds, in octets.
func (p *Pool) Bytes() int {
	return int(p.queues.Len())*queueSize + int(p.requests.Len())*requestSize
}

// Want adds kinds to those that are matched in a queue, and makes one if q is none. A
// request of each direction is lost after limit, in nanoseconds, or after the limit
// it had, if that is larger; 0 adds none.
func (p *Pool) Want(q Queue, kinds Kinds, limit [2]int64) Queue {
	if q == 0 {
		q = p.newQueue()
	}
	u := p.queues.At(uint32(q - 1))
	if u.kinds|kinds == u.kinds && limit[0] <= u.limit[0] && limit[1] <= u.limit[1] {
		return q
	}
	u.kinds |= kinds
	for dir, n := range limit {
		u.limit[dir] = max(u.limit[dir], n)
	}
	p.schedule(u)
	return q
}

func (p *Pool) newQueue() Queue {
	n := p.freeQueue
	if n != 0 {
		p.freeQueue = p.queues.At(n - 1).lists[0].head
	} else {
		n = p.queues.Grow() + 1
	}
	*p.queues.At(n - 1) = queue{due: Never}
	return Queue(n)
}

// schedule finds out when the next request of a queue is lost.
func (p *Pool) schedule(u *queue) {
	u.due = Never
	for dir, list := range u.lists {
		for at := list.head; at != 0; {
			r := p.requests.At(at - 1)
			u.expect(r, packet.Direction(dir))
			at = r.next
		}
	}
}

// expect makes a queue due when a request in it is lost.
func (u *queue) expect(r *request, dir packet.Direction) {
	if limit := u.limit[dir]; limit > 0 && r.state&(lost|answered) == 0 {
		u.due = min(u.due, later(r.time, limit))
	}
}

// later is t+d, d at least 0, or the end of time.
func later(t, d int64) int64 {
	if s := t + d; s >= t {
		return s
	}
	return Never
}

// waited is how long it is from request to now; the longest there is, if that is
// more than 64 bits hold.
func waited(request, now int64) int64 {
	d := now - request
	if now > request && d < 0 {
		return Never
	}
	return d
}

// Expire tells of the requests that are lost by now, a Unix time in nanoseconds, and
// returns the time up to which their stream is to live on: that after which the next one
// will be lost, or Patience ends. If nothing waits for that, it is Never.
func (p *Pool) Expire(q Queue, now int64, events []Event) (int64, []Event) {
	if q == 0 {
		return Never, events
	}
	u := p.queues.At(uint32(q - 1))
	events = p.expire(u, now, events)
	if p.cfg.Patience == 0 {
		return u.due, events
	}
	return min(u.due, p.lastWait(u, now)), events
}

// lastWait is when Patience ends for the last request that waits, if that is not before
// now; else Never.
func (p *Pool) lastWait(u *queue, now int64) int64 {
	last, some := now, false
	for _, list := range u.lists {
		for at := list.head; at != 0; {
			r := p.requests.At(at - 1)
			if until := later(r.time, p.cfg.Patience); r.waits() && until >= last {
				last, some = until, true
			}
			at = r.next
		}
	}
	if !some {
		return Never
	}
	return last
}

func (p *Pool) expire(u *queue, now int64, events []Event) []Event {
	if now <= u.due {
		return events
	}
	for dir, list := range u.lists {
		limit := u.limit[dir]
		for at := list.head; at != 0; {
			r := p.requests.At(at - 1)
			if limit > 0 && r.state&(lost|answered) == 0 && now > later(r.time, limit) {
				r.state |= lost
				p.stats.Lost++
				events = append(events, Event{What: Lost, Kind: r.kind, Dir: packet.Direction(dir), Request: r.time, ID: r.name(), Also: r.also})
			}
			at = r.next
		}
	}
	p.schedule(u)
	return events
}

// name is the ID of events.
func (r *request) name() uint64 {
	switch r.kind {
	case TCPData:
		return uint64(r.behind())
	case TCPSyn:
		return uint64(r.first())
	}
	return r.id
}

// End ends a queue at the time now, Unix ns. What waits within its limit is dropped,
// or, at the end of a trace (cut), counted as waiting for ever.
func (p *Pool) End(q Queue, now int64, cut bool, events []Event) []Event {
	if q == 0 {
		return events
	}
	u := p.queues.At(uint32(q - 1))
	events = p.expire(u, now, events)
	for _, list := range u.lists {
		for at := list.head; at != 0; {
			r := p.requests.At(at - 1)
			next := r.next
			if !cut || r.state&lost != 0 {
				p.leave(r)
			}
			p.release(at)
			at = next
		}
	}
	u.lists[0].head, p.freeQueue = p.freeQueue, uint32(q)
	return events
}

// leave counts a request that leaves unanswered.
func (p *Pool) leave(r *request) {
	switch {
	case !r.waits():
		return
	case r.state&lost != 0:
		p.stats.Expired++
	default:
		p.stats.Dropped++
	}
	p.stats.Waiting--
}

func (p *Pool) release(at uint32) {
	p.requests.At(at-1).next, p.freeRequest = p.freeRequest, at
}

// push queues a request; if the queue is full, its oldest one goes.
func (p *Pool) push(u *queue, dir packet.Direction, r request) {
	most := p.cfg.MaxOther
	if r.kind == TCPData || r.kind == TCPSyn {
		most = p.cfg.MaxTCP
	}
	if int(u.n) >= most {
		p.dropOldest(u)
	}
	at := p.freeRequest
	if at != 0 {
		p.freeRequest = p.requests.At(at - 1).next
	} else {
		at = p.requests.Grow() + 1
	}
	r.order, r.next = u.order, 0
	u.order++
	slot := p.requests.At(at - 1)
	*slot = r
	l := &u.lists[dir]
	if l.tail == 0 {
		l.head = at
	} else {
		p.requests.At(l.tail - 1).next = at
	}
	l.tail = at
	u.n++
	p.stats.Queued++
	p.stats.Waiting++
	u.expect(slot, dir)
}

func (p *Pool) dropOldest(u *queue) {
	dir := packet.Source
	a, b := u.lists[0].head, u.lists[1].head
	// Orders are compared as sequence numbers are: they come round.
	if a == 0 || b != 0 && int32(p.requests.At(b-1).order-p.requests.At(a-1).order) < 0 {
		dir = packet.Dest
	}
	r := p.requests.At(u.lists[dir].head - 1)
	if r.kind == TCPData {
		u.tcp[dir].forget(r.behind())
	}
	p.leave(r)
	p.remove(u, dir, 0, u.lists[dir].head)
}

// remove takes request at, behind prev or first if that is 0, out of a list, and
// returns the one that follows it.
func (p *Pool) remove(u *queue, dir packet.Direction, prev, at uint32) (next uint32) {
	l := &u.lists[dir]
	next = p.requests.At(at - 1).next
	if prev == 0 {
		l.head = next
	} else {
		p.requests.At(prev - 1).next = next
	}
	if l.tail == at {
		l.tail = prev
	}
	u.n--
	p.release(at)
	return next
}
