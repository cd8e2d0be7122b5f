package traffic

import (
	"container/heap"
	"fmt"
	"io"
	"time"

	"netramet/sources/sourcetest"
)

// Realistic makes an office's traffic. See NewRealistic.
type Realistic struct {
	o      Options
	r      random
	agenda agenda
	order  uint64
	end    int64 // Unix nanoseconds
	done   int   // packets made
	err    error
	ipID   uint16
}

// event is something on the agenda: a packet to hand over, or the start of
// something that puts more on it.
type event struct {
	at     int64  // Unix nanoseconds
	order  uint64 // equal times keep the order of planning
	start  func(at int64)
	packet Packet
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	if a[i].at != a[j].at {
		return a[i].at < a[j].at
	}
	return a[i].order < a[j].order
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(event)) }
func (a *agenda) Pop() any {
	old := *a
	e := old[len(old)-1]
	old[len(old)-1] = event{}
	*a = old[:len(old)-1]
	return e
}

// NewRealistic starts a realistic trace. Only conversations that are going on
// are held in memory.
func NewRealistic(o Options) (*Realistic, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t0 := o.Start.UnixNano() / 1000 * 1000
	g := &Realistic{o: o, r: newRandom(o.Seed), end: t0 + int64(o.Duration)}
	begun := 0
	slot := int64(o.Duration) / int64(o.Flows)
	var next func(at int64)
	next = func(at int64) {
		g.conversation(at)
		if begun++; begun < o.Flows {
			// One conversation per slot of time, anywhere in it.
			offset := int64(0)
			if slot >= 1000 {
				offset = int64(g.r.below(int(slot/1000))) * 1000
			}
			g.plan(t0+(slot*int64(begun)+offset)/1000*1000, next)
		}
	}
	g.plan(t0, next)
	g.every(t0+300_000_000, 10*time.Second, g.stp)
	g.every(t0+1_700_000_000, 30*time.Second, g.lldp)
	g.every(t0+2_500_000_000, 20*time.Second, g.arp)
	return g, nil
}

// Next is Generator's.
func (g *Realistic) Next(p *Packet) error {
	for g.err == nil {
		if len(g.agenda) == 0 || g.o.Packets > 0 && g.done >= g.o.Packets {
			return io.EOF
		}
		e := heap.Pop(&g.agenda).(event)
		switch {
		case e.at >= g.end: // what is left lies behind the end too
			return io.EOF
		case e.start != nil:
			e.start(e.at)
		default:
			*p = e.packet
			g.done++
			return nil
		}
	}
	return fmt.Errorf("traffic: %w", g.err)
}

// plan puts a start on the agenda.
func (g *Realistic) plan(at int64, start func(int64)) {
	g.order++
	heap.Push(&g.agenda, event{at: at, order: g.order, start: start})
}

// every plans a start again and again.
func (g *Realistic) every(at int64, period time.Duration, start func(int64)) {
	g.plan(at, func(at int64) {
		start(at)
		g.every(at+int64(period), period, start)
	})
}

// send puts a packet on the agenda: p says all but the frame.
func (g *Realistic) send(at int64, p Packet, parts ...sourcetest.Part) {
	f, err := sourcetest.Build(append(parts, sourcetest.AtTime(time.Unix(0, at)))...)
	if err != nil {
		if g.err == nil {
			g.err = err
		}
		return
	}
	if g.o.Snap > 0 && len(f.Data) > g.o.Snap {
		f.Data = f.Data[:g.o.Snap:g.o.Snap]
	}
	p.Frame = f
	g.order++
	heap.Push(&g.agenda, event{at: at, order: g.order, packet: p})
}

// conversation starts one conversation of a kind drawn by lot.
func (g *Realistic) conversation(at int64) {
	kinds := [...]struct {
		weight int
		start  func(int64)
	}{
		{42, g.tcp}, {36, g.dns}, {8, g.ping}, {4, g.ntp}, {4, g.bulk}, {3, g.mld}, {3, g.esp},
	}
	draw := g.r.below(100)
	for _, k := range kinds {
		if draw -= k.weight; draw < 0 {
			k.start(at)
			return
		}
	}
}
