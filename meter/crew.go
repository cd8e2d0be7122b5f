package meter

import (
	"runtime"
	"sync/atomic"
)

// crew runs a step of every lane, several at the same time: start lets helpers
// begin, and wait does what they have not taken and waits for them. Between the
// two the caller does something else.
//
// Helpers begin with the first lane; the caller, who comes later, finds the last
// ones, of which the very last is small.
//
// A round takes some ten microseconds, less than it takes to wake a goroutine.
// So helpers look for work again and again, and end by themselves when there has
// been none for a while.
type crew struct {
	lanes   int32
	step    func(lane int)
	next    atomic.Int32 // lane to be taken next
	done    atomic.Int32 // lanes that are through
	helpers atomic.Int32 // alive
	started bool         // and not waited for
}

// patience is how often a helper looks for work in vain before it ends, some
// hundred microseconds; between them it gives way to other goroutines.
const (
	patience = 1 << 13
	giveWay  = 1 << 6
)

func (c *crew) init(lanes int, step func(lane int)) {
	c.lanes, c.step = int32(lanes), step
	c.next.Store(c.lanes)
}

// start lets helpers take lanes. What they read must not change before wait.
func (c *crew) start() {
	c.started = true
	c.done.Store(0)
	c.next.Store(0)
	most := min(c.lanes, int32(runtime.GOMAXPROCS(0))) - 1
	for n := c.helpers.Load(); n < most; n++ {
		c.helpers.Add(1)
		go c.help()
	}
}

// wait ends the step that was started; nothing if none was.
func (c *crew) wait() {
	if !c.started {
		return
	}
	c.started = false
	for c.take() {
		continue
	}
	for n := 1; c.done.Load() < c.lanes; n++ {
		breathe()
		if n%giveWay == 0 {
			runtime.Gosched()
		}
	}
}

// breathe passes some ten nanoseconds and leaves the processor's units alone
// meanwhile, which may serve a second thread: each step waits for the last.
func breathe() {
	x := uint64(1)<<63 | 1
	for range 4 {
		x = x/3 | 1<<63
	}
	if x == 0 {
		runtime.Gosched() // so that the compiler keeps the loop
	}
}

// take does the step of the next lane; false if all are taken.
func (c *crew) take() bool {
	if c.next.Load() >= c.lanes {
		return false
	}
	// Whoever comes late here takes a lane of the step that has begun since.
	lane := c.next.Add(1) - 1
	if lane >= c.lanes {
		return false
	}
	c.step(int(lane))
	c.done.Add(1)
	return true
}

func (c *crew) help() {
	defer c.helpers.Add(-1)
	for vain := 0; vain < patience; vain++ {
		if c.take() {
			vain = 0
			continue
		}
		breathe()
		if vain%giveWay == 0 {
			runtime.Gosched()
		}
	}
}
