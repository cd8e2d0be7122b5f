package agent

import (
	"math"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/usm"
)

// System fills the system group (RFC 3418 §2). Contact, Name and Location can
// be set by managers, in memory only.
type System struct {
	Descr    string
	ObjectID []uint32

	// UpTime returns sysUpTime in centiseconds; it is called as a Table is.
	// nil counts from the engine's start by the time given to Handle.
	UpTime func(q *Request) uint32

	Contact, Name, Location string
	Services                int32
}

// systemState holds what can be set.
type systemState struct {
	contact, name, location string
	authenTraps             int32  // snmpEnableAuthenTraps; the agent has none to send
	setSerial               uint32 // snmpSetSerialNo
}

// registerOwn registers the objects of SNMP itself.
func (a *Agent) registerOwn(sys System) error {
	a.system = systemState{contact: sys.Contact, name: sys.Name, location: sys.Location, authenTraps: 2}
	for _, g := range []struct {
		group   mib.Obj
		objects []Scalar
	}{
		{mib.ObjSystem, a.systemGroup(sys)},
		{mib.ObjSnmp, a.snmpGroup()},
		{mib.ObjSnmpSet, a.snmpSetGroup()},
		{mib.ObjSnmpEngine, a.engineGroup()},
		{mib.ObjSnmpMPDStats, counters(map[uint32]*uint32{
			mib.ColSnmpUnknownSecurityModels: &a.count.UnknownSecurityModels,
			mib.ColSnmpInvalidMsgs:           &a.count.InvalidMsgs,
			mib.ColSnmpUnknownPDUHandlers:    &a.count.UnknownPDUHandlers})},
		{mib.ObjSnmpTargetObjects, counters(map[uint32]*uint32{
			mib.ColSnmpUnavailableContexts: &a.count.UnavailableContexts,
			mib.ColSnmpUnknownContexts:     &a.count.UnknownContexts})},
		{mib.ObjUsmStats, a.usmGroup()},
	} {
		s, err := NewScalars(g.objects...)
		if err == nil {
			s.guard = &a.mu // messages outside of Do count meanwhile
			err = a.reg.add(g.group.OID(), s, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// counters makes Counter32 objects.
func counters(by map[uint32]*uint32) (objects []Scalar) {
	for id, c := range by {
		objects = append(objects, Scalar{ID: id, Read: func(_ *Request, v *Value) { v.Counter32(*c) }})
	}
	return objects
}

// text makes a DisplayString (SIZE (0..255)) that can be set.
func text(id uint32, s *string) Scalar {
	return Scalar{
		ID:   id,
		Read: func(_ *Request, v *Value) { v.Text(*s) },
		Test: func(_ *Request, v *ber.Value) Status {
			if v.Tag != ber.OctetString {
				return WrongType
			}
			if len(v.Bytes) > 255 {
				return WrongLength
			}
			for _, c := range v.Bytes {
				if c >= 0x80 { // NVT ASCII (RFC 2579)
					return WrongValue
				}
			}
			return OK
		},
		Write: func(v *ber.Value) { *s = string(v.Bytes) },
	}
}

func (a *Agent) systemGroup(sys System) []Scalar {
	upTime := sys.UpTime
	if upTime == nil {
		upTime = a.engineUpTime
	}
	objectID := append([]uint32(nil), sys.ObjectID...)
	return []Scalar{
		{ID: mib.ColSysDescr, Read: func(_ *Request, v *Value) { v.Text(sys.Descr) }},
		{ID: mib.ColSysObjectID, Read: func(_ *Request, v *Value) { v.OID(objectID) }},
		{ID: mib.ColSysUpTime, Read: func(q *Request, v *Value) { v.TimeTicks(upTime(q)) }},
		text(mib.ColSysContact, &a.system.contact),
		text(mib.ColSysName, &a.system.name),
		text(mib.ColSysLocation, &a.system.location),
		{ID: mib.ColSysServices, Read: func(_ *Request, v *Value) { v.Int(sys.Services) }},
		{ID: mib.ColSysORLastChange, Read: func(_ *Request, v *Value) { v.TimeTicks(0) }}, // sysORTable never changes: it is empty
	}
}

// engineUpTime is sysUpTime where nobody else gives one.
func (a *Agent) engineUpTime(q *Request) uint32 {
	_, s := a.engine.Clock(q.Now)
	return uint32(s) * 100 // wraps after 497 days, as TimeTicks do
}

func (a *Agent) snmpGroup() []Scalar {
	c := &a.count
	return append(counters(map[uint32]*uint32{
		mib.ColSnmpInPkts:              &c.InPkts,
		mib.ColSnmpInBadVersions:       &c.InBadVersions,
		mib.ColSnmpInBadCommunityNames: &c.InBadCommunityNames,
		mib.ColSnmpInBadCommunityUses:  &c.InBadCommunityUses,
		mib.ColSnmpInASNParseErrs:      &c.InASNParseErrs,
		mib.ColSnmpSilentDrops:         &c.SilentDrops,
		mib.ColSnmpProxyDrops:          &c.ProxyDrops,
	}), Scalar{ // snmpEnableAuthenTraps: enabled(1), disabled(2)
		ID:   mib.ColSnmpEnableAuthenTraps,
		Read: func(_ *Request, v *Value) { v.Int(a.system.authenTraps) },
		Test: func(_ *Request, v *ber.Value) Status {
			if v.Tag != ber.Integer {
				return WrongType
			}
			if v.Int != 1 && v.Int != 2 {
				return WrongValue
			}
			return OK
		},
		Write: func(v *ber.Value) { a.system.authenTraps = int32(v.Int) },
	})
}

// snmpSetGroup is snmpSetSerialNo, a TestAndIncr (RFC 2579): by setting the
// number it read, a manager finds out whether another one was faster.
func (a *Agent) snmpSetGroup() []Scalar {
	return []Scalar{{
		ID:   mib.ColSnmpSetSerialNo,
		Read: func(_ *Request, v *Value) { v.Int(int32(a.system.setSerial)) },
		Test: func(_ *Request, v *ber.Value) Status {
			switch {
			case v.Tag != ber.Integer:
				return WrongType
			case v.Int < 0:
				return WrongValue
			case v.Int != int64(a.system.setSerial):
				return InconsistentValue
			}
			return OK
		},
		Write: func(*ber.Value) { a.system.setSerial = (a.system.setSerial + 1) & math.MaxInt32 },
	}}
}

func (a *Agent) engineGroup() []Scalar {
	return []Scalar{
		{ID: mib.ColSnmpEngineID, Read: func(_ *Request, v *Value) { v.Octets(a.engine.ID()) }},
		{ID: mib.ColSnmpEngineBoots, Read: func(q *Request, v *Value) { b, _ := a.engine.Clock(q.Now); v.Int(b) }},
		{ID: mib.ColSnmpEngineTime, Read: func(q *Request, v *Value) { _, s := a.engine.Clock(q.Now); v.Int(s) }},
		{ID: mib.ColSnmpEngineMaxMessageSize, Read: func(_ *Request, v *Value) { v.Int(MaxMessage) }},
	}
}

func (a *Agent) usmGroup() (objects []Scalar) {
	for f := usm.UnsupportedSecLevels; f < usm.NumFaults; f++ {
		objects = append(objects, Scalar{ID: uint32(f), Read: func(_ *Request, v *Value) { v.Counter32(a.engine.Stat(f)) }})
	}
	return objects
}
