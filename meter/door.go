package meter

import "sync"

// door lets other goroutines at the meter's state between two rounds of
// packets. Two locks make it fair: whoever waits for the state holds next, so
// the goroutine that feeds packets cannot take the state again before it. A
// third one keeps guests apart, all who are not that goroutine. A fourth one
// keeps those apart who change something: one of them may leave the state to
// packets and to others' Views for a while, and nobody else changes it.
type door struct {
	writers, guests, next, state sync.Mutex
	meter                        *Meter
	inside                       Engine // made once, so that entering allocates nothing
}

func (d *door) enter() {
	d.next.Lock()
	d.state.Lock()
	d.next.Unlock()
}

func (d *door) leave() { d.state.Unlock() }

func (d *door) enterAsGuest() {
	d.guests.Lock()
	d.enter()
	d.meter.flush()
	d.inside.m = d.meter
}

func (d *door) leaveAsGuest() {
	d.inside.m = nil // so that a State that was kept shows at once
	d.leave()
	d.guests.Unlock()
}

// aside lets metering and Views go on while f runs, which looks at nothing of
// the state that metering changes. The caller is an Update: nobody else changes
// anything, but that metering goes on, and its watcher may be called.
func (d *door) aside(f func()) {
	d.leaveAsGuest()
	defer d.enterAsGuest()
	f()
}

// pass lets a guest who waits in before the goroutine that feeds goes on.
func (d *door) pass() {
	d.leave()
	d.enter()
}

// State is the meter's state as it can be read inside View or Update. Outside it
// is of no use.
type State struct{ m *Meter }

// Engine is the State inside Update, whose calls change it.
type Engine struct{ State }

// View calls f with the state between two rounds. Nothing is metered while f
// runs, so f does a bounded amount of work (the order of a millisecond).
func (m *Meter) View(f func(*State)) {
	m.door.enterAsGuest()
	defer m.door.leaveAsGuest()
	f(&m.door.inside.State)
}

// Update is View for a function that changes the state. The error is f's.
func (m *Meter) Update(f func(*Engine) error) error {
	m.door.writers.Lock()
	defer m.door.writers.Unlock()
	m.door.enterAsGuest()
	defer m.door.leaveAsGuest()
	return f(&m.door.inside)
}

// Yield lets metering go on before the rest of a View: it leaves the state,
// waits its turn and enters it again. What was read before may have changed. It
// is for views whose work cannot be told beforehand, and never for an Update.
func (s *State) Yield() {
	d := &s.m.door // outside, s may be touched by whoever enters
	d.leaveAsGuest()
	d.enterAsGuest()
}
