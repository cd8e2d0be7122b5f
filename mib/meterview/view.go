// Package meterview binds a meter to an SNMP agent: FLOW-METER-MIB (RFC 2720),
// NETRAMET-MIB, and the interfaces of IF-MIB that the meter reads.
//
// It owns how rows and flows look in SNMP: names, types, the BER of packages,
// error statuses, and who may see whose rows. It keeps no rows itself and
// decides nothing about them: package control does, with plain data. It opens no
// socket and reads no clock. Commands make a View, give its Do to the agent
// and register it there.
package meterview

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
)

// Config is what a View needs beside its meter.
type Config struct {
	Version string // of the program (ntmVersion)

	// Memory returns what the program has taken from its system, in octets
	// (ntmMemory). nil tells the memory of the meter's tables.
	Memory func() uint64

	// Busy returns the share of the latest ten seconds in which a lane, from
	// 1, worked, in per mille (ntmLaneBusy); Load measures it. nil leaves the
	// object out.
	Busy func(lane int, now time.Time) uint32

	// Now is the time, in Unix nanoseconds, of a meter whose source is live: each
	// request finds the uptime there (meter.State.Show). nil: packets alone move it.
	Now func() int64

	// Changed is called after each Set that changed something, when the
	// meter's state has been left again. It must not call the agent, which
	// has not answered yet. nil is nothing.
	Changed func()

	// Log gets the reasons why Sets of rows are refused; nil is nowhere.
	Log *slog.Logger
}

// View shows one meter to one agent.
type View struct {
	meter *control.Meter
	cfg   Config
	sets  sync.Mutex // keeps Sets apart: while one's rules are verified, others may read

	// Inside Do only, and not across a Yield.
	s     *control.State // always the same
	flow  meter.Flow
	value meter.Value // of one of its attributes
	txn   *txn        // of a Set; nil otherwise
}

// New makes a View of a meter.
func New(m *control.Meter, cfg Config) *View {
	v := &View{meter: m, cfg: cfg}
	m.View(func(s *control.State) { v.s = s })
	return v
}

// Do is the agent's Config.Do: it runs f while the meter's state holds still.
func (v *View) Do(op agent.Op, f func()) {
	if op == agent.Read {
		v.meter.View(func(*control.State) {
			v.show()
			f()
		})
		return
	}
	v.sets.Lock()
	defer v.sets.Unlock()
	x := txn{v: v}
	_ = v.meter.Update(func(t *control.Tables) error { // has no error of its own
		x.tables, v.txn = t, &x
		v.show()
		f()
		v.txn = nil
		return nil
	})
	x.outcome.tell(&v.cfg)
}

// show has time go on to where a request comes.
func (v *View) show() {
	if v.cfg.Now != nil {
		v.s.Show(v.cfg.Now())
	}
}

// Yield is the agent's Config.Yield: it lets the meter go on, and others in, so
// that neither long searches nor large answers make them wait.
func (v *View) Yield() { v.s.Yield() }

// UpTime is the agent's System.UpTime: the meter's uptime, of which SNMP has
// 32 bits.
func (v *View) UpTime(*agent.Request) uint32 { return uint32(v.s.Uptime()) }

// Register registers all objects at an agent whose Config.Do is the View's.
func (v *View) Register(a *agent.Agent) error {
	tables := map[mib.Obj]agent.Table{
		mib.ObjIfTable:                 v.ifTable(),
		mib.ObjFlowRuleSetInfoTable:    v.ruleSetInfoTable(),
		mib.ObjFlowInterfaceTable:      v.interfaceTable(),
		mib.ObjFlowReaderInfoTable:     v.readerTable(mib.ObjFlowReaderInfoTable, v.readReader),
		mib.ObjFlowManagerInfoTable:    v.managerTable(),
		mib.ObjFlowDataTable:           newFlowData(v),
		mib.ObjFlowColumnActivityTable: newActivity(v),
		mib.ObjFlowDataPackageTable:    newPackages(v),
		mib.ObjNtmPackageTable:         newWidePackages(v),
		mib.ObjFlowRuleTable:           newRules(v),
		mib.ObjNtmLaneTable:            v.laneTable(),
		mib.ObjNtmRuleSetTable:         v.ruleSetTable(),
		mib.ObjNtmReaderTable:          v.readerTable(mib.ObjNtmReaderTable, v.readNtmReader),
	}
	for table, t := range tables {
		entry := append(table.OID()[:len(table.OID()):len(table.OID())], 1)
		if err := a.Register(entry, t, setter{v}); err != nil {
			return fmt.Errorf("meterview: %v: %w", table, err)
		}
	}
	for o, read := range v.scalars() {
		if err := a.Register(o.OID(), &scalar{read}, setter{v}); err != nil {
			return fmt.Errorf("meterview: %v: %w", o, err)
		}
	}
	return nil
}

// visible reports whether a row of that Owner may be read (decision 29).
func visible(q *agent.Request, owner string) bool { return q.Principal.MayRead(owner) }

// sees reports whether there is a rule set of that number that may be read;
// rules and flows inherit its Owner.
func (v *View) sees(q *agent.Request, ruleSet uint32) bool {
	if ruleSet < 1 || ruleSet > 255 {
		return false
	}
	return v.s.HasRuleSet(int(ruleSet)) && visible(q, v.s.Owner(int(ruleSet)))
}

// nextSeen returns the first rule set from a number on that may be read, 0 if
// there is none.
func (v *View) nextSeen(q *agent.Request, from uint32) uint32 {
	n := max(from, 1)
	for n <= 255 && !v.sees(q, n) {
		n++
	}
	q.Spend(int(n - min(from, n)))
	if n > 255 {
		return 0
	}
	return n
}

// search is a piece of meter.SearchFlow, which gets on, however small.
func (v *View) search(q *agent.Request, ruleSet uint32, since meter.Uptime, after uint32) (found, more uint32) {
	had := max(q.Budget(), 1)
	left := had
	found, more = v.s.SearchFlow(int(ruleSet), since, after, &left)
	q.Spend(had - left)
	return found, more
}

// since is the uptime that a TimeFilter index means: the latest one, up to
// now, of which it is the low 32 bits. 0 is always.
func (v *View) since(filter uint32) meter.Uptime {
	if filter == 0 {
		return 0
	}
	now := v.s.Uptime()
	t := now&^(1<<32-1) | meter.Uptime(filter)
	if t > now && t >= 1<<32 {
		t -= 1 << 32
	}
	return t
}
