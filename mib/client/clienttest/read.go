package clienttest

import (
	"maps"
	"slices"

	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// rooted is a table that answers below one prefix.
type rooted struct {
	t    *table
	root []uint32
}

// object is one instance.
type object struct {
	name  []uint32
	value ber.Value
}

func number(n int64) ber.Value   { return ber.Value{Tag: ber.Integer, Int: n} }
func ticks(n uint32) ber.Value   { return ber.Value{Tag: ber.TimeTicks, Uint: uint64(n)} }
func text(s string) ber.Value    { return ber.Value{Tag: ber.OctetString, Bytes: []byte(s)} }
func counter(n uint64) ber.Value { return ber.Value{Tag: ber.Counter64, Uint: n} }
func wide(n uint64) ber.Value    { b := make([]byte, 8); put64(b, n); return text(string(b)) }
func truth(b bool) ber.Value {
	if b {
		return number(1)
	}
	return number(2)
}

func put64(b []byte, n uint64) {
	for i := range 8 {
		b[i] = byte(n >> (56 - 8*i))
	}
}

// objects lists everything but the packages, in order of name. It is made
// once for each PDU.
func (r *rooted) objects() []object {
	all, ok := r.t.m.listed[r]
	if !ok {
		all = r.list()
		r.t.m.listed[r] = all
	}
	return all
}

func (r *rooted) list() []object {
	m, s := r.t.m, r.t.m.st
	var all []object
	if m.Hide {
		return nil
	}
	add := func(o mib.Obj, v ber.Value, index ...uint32) {
		if oid := o.OID(); slices.Equal(oid[:len(r.root)], r.root) {
			all = append(all, object{append(oid[:len(oid):len(oid)], index...), v})
		}
	}
	for n, x := range s.ruleSets {
		add(mib.ObjFlowRuleInfoSize, number(int64(len(x.Rules))), n)
		add(mib.ObjFlowRuleInfoOwner, text(x.Owner), n)
		add(mib.ObjFlowRuleInfoStatus, number(int64(x.Status)), n)
		add(mib.ObjFlowRuleInfoName, text(x.Name), n)
		add(mib.ObjFlowRuleInfoFlowRecords, number(int64(len(m.Flows[int(n)]))), n)
		for i, rule := range x.Rules {
			k := uint32(i + 1)
			add(mib.ObjFlowRuleSelector, number(int64(rule.Selector)), n, k)
			add(mib.ObjFlowRuleMask, text(rule.Mask), n, k)
			add(mib.ObjFlowRuleMatchedValue, text(rule.Value), n, k)
			add(mib.ObjFlowRuleAction, number(int64(rule.Action)), n, k)
			add(mib.ObjFlowRuleParameter, number(int64(rule.Parameter)), n, k)
		}
		if !m.Foreign {
			for _, o := range []mib.Obj{mib.ObjNtmRuleSetIgnored, mib.ObjNtmRuleSetNotMatched, mib.ObjNtmRuleSetRefused, mib.ObjNtmRuleSetRefusedOctets} {
				add(o, counter(m.Stats[o]), n)
			}
			if !m.Narrow {
				add(mib.ObjNtmRuleSetCreated, counter(m.Stats[mib.ObjNtmRuleSetCreated]), n)
				add(mib.ObjNtmRuleSetRecovered, counter(m.Stats[mib.ObjNtmRuleSetRecovered]), n)
			}
			add(mib.ObjNtmRuleSetError, text(m.errs[n]), n)
		}
	}
	for n, x := range s.tasks {
		add(mib.ObjFlowManagerCurrentRuleSet, number(int64(x.Current)), n)
		add(mib.ObjFlowManagerStandbyRuleSet, number(int64(x.Standby)), n)
		add(mib.ObjFlowManagerHighWaterMark, number(int64(x.HighWaterMark)), n)
		add(mib.ObjFlowManagerOwner, text(x.Owner), n)
		add(mib.ObjFlowManagerStatus, number(int64(x.Status)), n)
		add(mib.ObjFlowManagerRunningStandby, truth(x.RunningStandby), n)
	}
	for n, x := range s.readers {
		add(mib.ObjFlowReaderTimeout, number(int64(x.Timeout)), n)
		add(mib.ObjFlowReaderOwner, text(x.Owner), n)
		add(mib.ObjFlowReaderLastTime, ticks(uint32(x.LastTime)), n)
		add(mib.ObjFlowReaderPreviousTime, ticks(uint32(x.Previous)), n)
		add(mib.ObjFlowReaderStatus, number(int64(x.Status)), n)
		add(mib.ObjFlowReaderRuleSet, number(int64(x.RuleSet)), n)
		if !m.Foreign {
			add(mib.ObjNtmReaderWaits, truth(x.Waits), n)
			add(mib.ObjNtmReaderCollected, wide(x.Collected), n)
			add(mib.ObjNtmReaderTime, wide(x.Time), n)
			if !m.Narrow {
				add(mib.ObjNtmReaderLastTime, wide(x.LastTime), n)
			}
		}
	}
	for o, v := range s.scalars {
		add(o, number(v), 0)
	}
	add(mib.ObjFlowActiveFlows, number(int64(m.Stats[mib.ObjFlowActiveFlows])), 0)
	if m.Foreign {
		return sorted(all)
	}
	add(mib.ObjNtmVersion, text("test"), 0)
	add(mib.ObjNtmUptime64, counter(m.Uptime), 0)
	add(mib.ObjNtmOctetMode, number(1), 0)
	add(mib.ObjNtmTraceState, number(int64(m.TraceState)), 0)
	add(mib.ObjNtmTraceInterval, counter(m.Interval), 0)
	add(mib.ObjNtmTraceStart, counter(m.Start), 0)
	add(mib.ObjNtmTraceError, text(m.TraceError), 0)
	add(mib.ObjNtmTracePeriod, ber.Value{Tag: ber.Gauge32, Uint: 6000}, 0)
	for _, o := range []mib.Obj{mib.ObjNtmPacketsRead, mib.ObjNtmOctetsRead, mib.ObjNtmPacketsUnsupported, mib.ObjNtmPacketsSampledOut,
		mib.ObjNtmPacketsRefused, mib.ObjNtmOctetsRefused, mib.ObjNtmPacketsBehind, mib.ObjNtmPacketsBadTime,
		mib.ObjNtmPacketsFlooded, mib.ObjNtmOctetsFlooded, mib.ObjNtmFlowsCreated, mib.ObjNtmFlowsRecovered} {
		add(o, counter(m.Stats[o]), 0)
	}
	return sorted(all)
}

func byName(o object, name []uint32) int { return slices.Compare(o.name, name) }

func sorted(all []object) []object {
	slices.SortFunc(all, func(a, b object) int { return slices.Compare(a.name, b.name) })
	return all
}

// Get implements agent.Table.
func (r *rooted) Get(_ *agent.Request, inst []uint32, v *agent.Value) agent.Status {
	name := append(slices.Clone(r.root), inst...)
	if o, _, _ := mib.FindObject(name); o == mib.ObjNtmTraceState {
		r.t.m.slow++
		r.t.m.advance()
		clear(r.t.m.listed)
	}
	all := r.objects()
	if i, ok := slices.BinarySearchFunc(all, name, byName); ok {
		give(v, all[i].value)
		return agent.OK
	}
	return agent.NoSuchInstance
}

// Next implements agent.Table.
func (r *rooted) Next(_ *agent.Request, after []uint32, next *agent.Name, v *agent.Value) agent.Status {
	name := append(slices.Clone(r.root), after...)
	pack, index, _ := mib.FindObject(name)
	if pack == mib.ObjFlowPackageData || pack == mib.ObjNtmPackageData && !r.t.m.Foreign && !r.t.m.Narrow {
		if st, ok := r.nextPackage(index, next, name[:len(name)-len(index)], v); ok {
			return st
		}
	}
	all := r.objects()
	i, exact := slices.BinarySearchFunc(all, name, byName)
	if exact {
		i++
	}
	if i == len(all) {
		return agent.EndOfMibView
	}
	next.Set(all[i].name[len(r.root):]...)
	give(v, all[i].value)
	return agent.OK
}

func give(v *agent.Value, x ber.Value) {
	switch x.Tag {
	case ber.Integer:
		v.Int(int32(x.Int))
	case ber.TimeTicks:
		v.TimeTicks(uint32(x.Uint))
	case ber.Gauge32:
		v.Gauge32(uint32(x.Uint))
	case ber.Counter64:
		v.Counter64(x.Uint)
	default:
		v.Octets(x.Bytes)
	}
}

// nextPackage finds the flow behind the index of a package, below its column;
// ok is false if the index asks for no flow that there is.
func (r *rooted) nextPackage(index []uint32, next *agent.Name, column []uint32, v *agent.Value) (st agent.Status, ok bool) {
	// Behind the selector come rule set, time, flow; NETRAMET-MIB's time has two
	// halves.
	isWide := slices.Equal(column, mib.ObjNtmPackageData.OID())
	last := 2
	if isWide {
		last++
	}
	if len(index) == 0 || len(index) < int(index[0])+1+last {
		return 0, false
	}
	n := int(index[0])
	selector, rest := index[1:1+n], index[1+n:]
	after := uint32(0)
	if len(rest) > last {
		after = rest[last]
	}
	rest = rest[:last]
	for _, f := range r.t.m.Flows[int(rest[0])] {
		changed := f.Changed
		since := uint64(rest[1])
		if isWide {
			since = since<<32 | uint64(rest[2])
		} else {
			changed = uint64(uint32(changed))
		}
		if f.Index <= after || changed < since {
			continue
		}
		next.Set(column[len(r.root):]...)
		next.Append(index[:1+n]...)
		next.Append(rest...)
		next.Append(f.Index)
		v.Octets(f.Package(selector, int(rest[0]), isWide))
		return agent.OK, true
	}
	return 0, false
}

// Package encodes the flow's values for a selector; wide times have 64 bits.
func (f *Flow) Package(selector []uint32, ruleSet int, wide bool) []byte {
	buf := make([]byte, 4096)
	var w ber.Writer
	w.Reset(buf)
	for _, s := range slices.Backward(selector) {
		a := mib.Attr(s)
		n := f.Numbers[a]
		switch a {
		case mib.AttrFlowIndex:
			n = uint64(f.Index)
		case mib.AttrFlowRuleSet:
			n = uint64(ruleSet)
		}
		switch a.Class() {
		case mib.ClassAddress, mib.ClassMask:
			w.Octets(ber.OctetString, []byte(f.Octets[a]))
		case mib.ClassCounter:
			w.Uint(ber.Counter64, n)
		case mib.ClassTime:
			if wide {
				w.Uint(ber.Counter64, n)
				continue
			}
			w.Uint(ber.TimeTicks, uint64(uint32(n)))
		default:
			w.Int(ber.Integer, int64(n))
		}
	}
	w.Header(ber.Sequence, w.Len())
	return slices.Clone(w.Bytes())
}

// Owners returns the Owners of all rows but the meter's own, without repeats.
func (m *Meter) Owners() []string {
	set := map[string]bool{}
	for n, r := range m.st.ruleSets {
		set[r.Owner] = set[r.Owner] || n != 1
	}
	for _, r := range m.st.readers {
		set[r.Owner] = true
	}
	for _, t := range m.st.tasks {
		set[t.Owner] = true
	}
	delete(set, "meter")
	return slices.Sorted(maps.Keys(set))
}
