package reading

import (
	"sync/atomic"
	"time"
)

// progress is a number that one goroutine counts up and another one waits for. To be woken
// costs both of them as much as a batch, so one waits for many.
type progress struct {
	_     [64]byte // on lines of its own
	n     atomic.Int64
	until atomic.Int64 // what is waited for; awake: nothing is
	over  atomic.Bool  // it goes on no more
	wake  chan struct{}
	_     [64]byte
}

const awake = -1

// patience is for how long many are waited for where there are some.
const patience = time.Millisecond

func newProgress() *progress {
	p := &progress{wake: make(chan struct{}, 1)}
	p.until.Store(awake)
	return p
}

func (p *progress) get() int64 { return p.n.Load() }

// goOn says that a number which was over goes on, before anybody else knows of it.
func (p *progress) goOn() { p.over.Store(false) }

// step counts one more.
func (p *progress) step() {
	if n, until := p.n.Add(1), p.until.Load(); until != awake && n >= until {
		p.rouse()
	}
}

// end says that the number goes on no more.
func (p *progress) end() {
	p.over.Store(true)
	p.rouse()
}

func (p *progress) rouse() {
	if p.until.Swap(awake) != awake {
		p.wake <- struct{}{}
	}
}

// await waits for the number to be least. If it has to, it waits until it is enough, but
// not for long when it is least. False says that it was over before.
func (p *progress) await(least, enough int64) bool {
	if p.n.Load() >= least {
		return true
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for p.n.Load() < least && !p.over.Load() {
		p.until.Store(enough)
		if p.n.Load() >= enough || p.over.Load() {
			p.cancel()
			break
		}
		select {
		case <-p.wake:
		case <-timer.C:
			p.cancel()
			enough = least
		}
	}
	return p.n.Load() >= least
}

// cancel ends the waiting of who may have been woken.
func (p *progress) cancel() {
	if p.until.Swap(awake) == awake {
		<-p.wake
	}
}
