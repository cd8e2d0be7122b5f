// Package control keeps the tables by which managers and readers control a
// meter (RFC 2720): rule sets, readers, managers' tasks, the flood mark, and the
// phase of a trace that is read in step with its readers.
//
// It decides what rows may become, which rule sets run, and when readers hold
// flows back, and has the engine, package meter, do it: that is told which rule
// sets to hold and to run, what has been collected, and at what usage to ask. It
// knows no SNMP, clock or socket: package meterview shows the tables to SNMP,
// commands use them as they are. All change rows in one way, a Change.
package control

import (
	"time"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources/wire"
)

// Config is what is fixed of the tables when a meter starts.
type Config struct {
	// RunDefault has rule set 1 run from the start, as the task of manager
	// row 1: the way of live meters. On traces and in one command it does
	// not run (decision 8).
	RunDefault bool

	// FloodMark is the usage of the flow table in percent above which only
	// rule set 1 makes new flows; 0 or 100 is no mark. DefaultFloodMark is
	// RFC 2720's; batches have none (decision 15).
	FloodMark int
}

// Meter is a meter with its control tables. Feed and Finish are the engine's;
// View and Update are its own, and take the place of the engine's.
type Meter struct {
	*meter.Meter
	tables tables
	inside Tables // made once, so that entering allocates nothing
}

// tables are the control tables. They are looked at and changed inside View and
// Update only, and by the engine's call when the usage is above a mark.
type tables struct {
	ruleSets  [ruleset.MaxNumber + 1]*ruleSet
	readers   rows[Reader]
	tasks     rows[Task]
	floodMark int // percent
	trace     trace
	endedAt   meter.Uptime // from which on nothing is metered; 0: the meter goes on
}

// New makes a meter with no row but those of the built-in rule set 1 and, if it
// runs, its task.
func New(engine meter.Config, cfg Config) *Meter {
	m := &Meter{Meter: meter.New(engine)}
	m.tables.trace.phase = mib.TraceIdle
	_ = m.Meter.Update(func(e *meter.Engine) error { // has no error
		m.inside = Tables{State{&e.State, &m.tables}, e}
		m.inside.setFloodMark(cfg.FloodMark)
		m.inside.addBuiltin()
		if cfg.RunDefault {
			m.tables.tasks.put(1, &Task{Active: true, Current: 1, TimeStamp: e.Uptime()})
			m.tables.runTasks(e)
		}
		return nil
	})
	return m
}

// State is the engine's state and the tables as they can be read inside View or
// Update. Outside it is of no use.
type State struct {
	*meter.State
	all *tables
}

// rows returns the tables; outside View and Update it fails, as all calls of
// meter.State do.
func (s *State) rows() *tables {
	_ = s.Uptime()
	return s.all
}

// Tables is the State inside Update, which can be changed, too.
type Tables struct {
	State
	engine *meter.Engine
}

// View calls f with the state between two rounds of packets; see meter.View.
func (m *Meter) View(f func(*State)) {
	m.Meter.View(func(*meter.State) { f(&m.inside.State) })
}

// Update is View for a function that changes something. The error is f's.
func (m *Meter) Update(f func(*Tables) error) error {
	return m.Meter.Update(func(*meter.Engine) error { return f(&m.inside) })
}

// Change makes one Change of rows of this process, which never time out: f
// stages it. Its error, or that of the check, is returned, and nothing changed.
func (m *Meter) Change(f func(*Change) error) error {
	return m.Update(func(t *Tables) error {
		c := t.Begin("", time.Time{})
		if err := f(c); err != nil {
			return err
		}
		if err := c.Check(); err != nil {
			return err
		}
		c.Commit()
		return nil
	})
}

// SetInactivity sets the time after which a flow is idle; 0 is at once.
func (t *Tables) SetInactivity(d time.Duration) error { return t.engine.SetInactivity(d) }

// NameInterface gives an interface its name and row; see meter.Engine.
func (t *Tables) NameInterface(number int, name string, link wire.LinkType) error {
	return t.engine.NameInterface(number, name, link)
}

// SetSourceStats says what an interface's source counts; see meter.Engine.
func (t *Tables) SetSourceStats(number int, stats wire.SourceStats) error {
	return t.engine.SetSourceStats(number, stats)
}

// SetInterfaceDown says whether an interface is down; see meter.Engine.
func (t *Tables) SetInterfaceDown(number int, down bool) error {
	return t.engine.SetInterfaceDown(number, down)
}

// SetSampleRate sets flowInterfaceSampleRate; see meter.Engine.
func (t *Tables) SetSampleRate(number int, rate uint32) error {
	return t.engine.SetSampleRate(number, rate)
}
