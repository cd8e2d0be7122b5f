// Package meterview binds a meter to an SNMP agent: FLOW-METER-MIB (RFC 2720),
// NETRAMET-MIB, and the interfaces of IF-MIB that the meter reads.
//
// It owns how rows and flows look in SNMP: names, types, the BER of packages,
// error statuses, and who may see whose rows. It keeps no rows itself and
// decides nothing about them: package meter does, with plain data. It opens no
// socket and reads no clock. Commands make a View, give its Do to the agent
// and register it there.
package meterview

import (
	"fmt"
	"log/slog"
	"time"

	"netramet/meter"
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

	// Changed is called after each Set that changed something, when the
	// meter's state has been left again. It must not call the agent, which
	// has not answered yet. nil is nothing.
	Changed func()

	// Log gets the reasons why Sets of rows are refused; nil is nowhere.
	Log *slog.Logger
}

// View shows one meter to one agent.
type View struct {
	meter *meter.Meter
	cfg   Config

	// Inside Do only. The functions are made once, so that a PDU allocates no
	// closure.
	s         *meter.State
	f         func()
	read      func(*meter.State)
	write     func(*meter.State) error
	writing   bool
	committed bool
	refused   func() // logs why the Set was refused, outside; nil if there is nothing to tell
	found     int    // flows found since the state was entered

	flow    meter.Flow
	control control
}

// New makes a View of a meter.
func New(m *meter.Meter, cfg Config) *View {
	v := &View{meter: m, cfg: cfg}
	v.control = control{v: v, requests: make(map[rowName]meter.RowStatus)}
	v.read = v.inside
	v.write = func(s *meter.State) error {
		v.inside(s)
		return nil
	}
	return v
}

// Do is the agent's Config.Do: it runs f while the meter's state holds still.
func (v *View) Do(op agent.Op, f func()) {
	v.f = f
	if v.writing = op == agent.Write; v.writing {
		_ = v.meter.Update(v.write) // has no error of its own
	} else {
		v.meter.View(v.read)
	}
	v.f = nil
	if v.refused != nil {
		v.refused() // a log that is slow to be read must not hold metering up
		v.refused = nil
	}
	if v.committed {
		v.committed = false
		if v.cfg.Changed != nil {
			v.cfg.Changed()
		}
	}
}

func (v *View) inside(s *meter.State) {
	v.s, v.found = s, 0
	v.f()
	v.s = nil
}

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
		if err := a.Register(entry, t, &v.control); err != nil {
			return fmt.Errorf("meterview: %v: %w", table, err)
		}
	}
	for o, read := range v.scalars() {
		if err := a.Register(o.OID(), &scalar{read}, &v.control); err != nil {
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
	for n := max(from, 1); n <= 255; n++ {
		if v.sees(q, n) {
			return n
		}
	}
	return 0
}

// stretch is how many flows are found before metering may go on: about half a
// millisecond's work.
const stretch = 512

// search is meter.SearchFlow to its end. Between two pieces of work it lets
// the meter go on, so that neither long searches nor large answers make
// packets wait.
func (v *View) search(ruleSet uint32, since meter.Uptime, after uint32) uint32 {
	for {
		budget := meter.SearchBudget
		found, more := v.s.SearchFlow(int(ruleSet), since, after, &budget)
		if found != 0 {
			if v.found++; v.found%stretch == 0 {
				v.yield()
			}
			return found
		}
		if more == 0 {
			return 0
		}
		after = more
		v.yield()
	}
}

func (v *View) yield() {
	if !v.writing {
		v.s.Yield()
	}
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
