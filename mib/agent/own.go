package agent

import (
	"math"

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
		prefix  []uint32
		objects []Scalar
	}{
		{[]uint32{1, 3, 6, 1, 2, 1, 1}, a.systemGroup(sys)},
		{[]uint32{1, 3, 6, 1, 2, 1, 11}, a.snmpGroup()},
		{[]uint32{1, 3, 6, 1, 6, 3, 1, 1, 6}, a.snmpSetGroup()},
		{[]uint32{1, 3, 6, 1, 6, 3, 10, 2, 1}, a.engineGroup()},
		{[]uint32{1, 3, 6, 1, 6, 3, 11, 2, 1}, counters(map[uint32]*uint32{
			1: &a.count.UnknownSecurityModels, 2: &a.count.InvalidMsgs, 3: &a.count.UnknownPDUHandlers})},
		{[]uint32{1, 3, 6, 1, 6, 3, 12, 1}, counters(map[uint32]*uint32{
			4: &a.count.UnavailableContexts, 5: &a.count.UnknownContexts})},
		{[]uint32{1, 3, 6, 1, 6, 3, 15, 1, 1}, a.usmGroup()},
	} {
		s, err := NewScalars(g.objects...)
		if err == nil {
			s.guard = &a.mu // messages outside of Do count meanwhile
			err = a.reg.add(g.prefix, s, s)
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
		{ID: 1, Read: func(_ *Request, v *Value) { v.Text(sys.Descr) }},
		{ID: 2, Read: func(_ *Request, v *Value) { v.OID(objectID) }},
		{ID: 3, Read: func(q *Request, v *Value) { v.TimeTicks(upTime(q)) }},
		text(4, &a.system.contact),
		text(5, &a.system.name),
		text(6, &a.system.location),
		{ID: 7, Read: func(_ *Request, v *Value) { v.Int(sys.Services) }},
		{ID: 8, Read: func(_ *Request, v *Value) { v.TimeTicks(0) }}, // sysORTable never changes: it is empty
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
		1: &c.InPkts, 3: &c.InBadVersions, 4: &c.InBadCommunityNames,
		5: &c.InBadCommunityUses, 6: &c.InASNParseErrs,
		31: &c.SilentDrops, 32: &c.ProxyDrops,
	}), Scalar{ // snmpEnableAuthenTraps: enabled(1), disabled(2)
		ID:   30,
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
		ID:   1,
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
		{ID: 1, Read: func(_ *Request, v *Value) { v.Octets(a.engine.ID()) }},
		{ID: 2, Read: func(q *Request, v *Value) { b, _ := a.engine.Clock(q.Now); v.Int(b) }},
		{ID: 3, Read: func(q *Request, v *Value) { _, s := a.engine.Clock(q.Now); v.Int(s) }},
		{ID: 4, Read: func(_ *Request, v *Value) { v.Int(MaxMessage) }},
	}
}

func (a *Agent) usmGroup() (objects []Scalar) {
	for f := usm.UnsupportedSecLevels; f < usm.NumFaults; f++ {
		objects = append(objects, Scalar{ID: uint32(f), Read: func(_ *Request, v *Value) { v.Counter32(a.engine.Stat(f)) }})
	}
	return objects
}
