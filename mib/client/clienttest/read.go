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

// value is an instance of an object; ok is false if the meter has none.
func (m *Meter) value(o mib.Obj, index []uint32) (v ber.Value, ok bool) {
	info := o.Info()
	if m.Hide || m.Foreign && info.Module == "NETRAMET-MIB" {
		return v, false
	}
	if info.Kind == mib.KindScalar {
		if len(index) != 1 || index[0] != 0 {
			return v, false
		}
		return m.scalar(o)
	}
	switch len(index) {
	case 1:
		n := index[0]
		if x := m.st.ruleSets[n]; x != nil {
			if v, ok = m.ruleSetColumn(o, n, x); ok {
				return v, true
			}
		}
		if x := m.st.tasks[n]; x != nil {
			if v, ok = x.column(o); ok {
				return v, true
			}
		}
		if x := m.st.readers[n]; x != nil {
			return x.column(o, m.Narrow)
		}
	case 2:
		if x := m.st.ruleSets[index[0]]; x != nil && index[1] > 0 && int64(index[1]) <= int64(len(x.Rules)) {
			return x.Rules[index[1]-1].column(o)
		}
	}
	return v, false
}

func (m *Meter) ruleSetColumn(o mib.Obj, n uint32, x *RuleSet) (v ber.Value, ok bool) {
	switch o {
	case mib.ObjFlowRuleInfoSize:
		return number(int64(len(x.Rules))), true
	case mib.ObjFlowRuleInfoOwner:
		return text(x.Owner), true
	case mib.ObjFlowRuleInfoStatus:
		return number(int64(x.Status)), true
	case mib.ObjFlowRuleInfoName:
		return text(x.Name), true
	case mib.ObjFlowRuleInfoFlowRecords:
		return number(int64(len(m.Flows[int(n)]))), true
	case mib.ObjNtmRuleSetIgnored, mib.ObjNtmRuleSetNotMatched, mib.ObjNtmRuleSetRefused, mib.ObjNtmRuleSetRefusedOctets:
		return counter(m.Stats[o]), true
	case mib.ObjNtmRuleSetCreated, mib.ObjNtmRuleSetRecovered:
		return counter(m.Stats[o]), !m.Narrow
	case mib.ObjNtmRuleSetError:
		return text(m.errs[n]), true
	}
	return v, false
}

func (x *Rule) column(o mib.Obj) (v ber.Value, ok bool) {
	switch o {
	case mib.ObjFlowRuleSelector:
		return number(int64(x.Selector)), true
	case mib.ObjFlowRuleMask:
		return text(x.Mask), true
	case mib.ObjFlowRuleMatchedValue:
		return text(x.Value), true
	case mib.ObjFlowRuleAction:
		return number(int64(x.Action)), true
	case mib.ObjFlowRuleParameter:
		return number(int64(x.Parameter)), true
	}
	return v, false
}

func (x *Task) column(o mib.Obj) (v ber.Value, ok bool) {
	switch o {
	case mib.ObjFlowManagerCurrentRuleSet:
		return number(int64(x.Current)), true
	case mib.ObjFlowManagerStandbyRuleSet:
		return number(int64(x.Standby)), true
	case mib.ObjFlowManagerHighWaterMark:
		return number(int64(x.HighWaterMark)), true
	case mib.ObjFlowManagerOwner:
		return text(x.Owner), true
	case mib.ObjFlowManagerStatus:
		return number(int64(x.Status)), true
	case mib.ObjFlowManagerRunningStandby:
		return truth(x.RunningStandby), true
	}
	return v, false
}

func (x *Reader) column(o mib.Obj, narrow bool) (v ber.Value, ok bool) {
	switch o {
	case mib.ObjFlowReaderTimeout:
		return number(int64(x.Timeout)), true
	case mib.ObjFlowReaderOwner:
		return text(x.Owner), true
	case mib.ObjFlowReaderLastTime:
		return ticks(uint32(x.LastTime)), true
	case mib.ObjFlowReaderPreviousTime:
		return ticks(uint32(x.Previous)), true
	case mib.ObjFlowReaderStatus:
		return number(int64(x.Status)), true
	case mib.ObjFlowReaderRuleSet:
		return number(int64(x.RuleSet)), true
	case mib.ObjNtmReaderWaits:
		return truth(x.Waits), true
	case mib.ObjNtmReaderCollected:
		return wide(x.Collected), true
	case mib.ObjNtmReaderTime:
		return wide(x.Time), true
	case mib.ObjNtmReaderLastTime:
		return wide(x.LastTime), !narrow
	}
	return v, false
}

func (m *Meter) scalar(o mib.Obj) (v ber.Value, ok bool) {
	switch o {
	case mib.ObjFlowActiveFlows:
		return number(int64(m.Stats[o])), true
	case mib.ObjNtmVersion:
		return text("test"), true
	case mib.ObjNtmUptime64:
		return counter(m.Uptime), true
	case mib.ObjNtmOctetMode:
		return number(1), true
	case mib.ObjNtmTraceState:
		return number(int64(m.TraceState)), true
	case mib.ObjNtmTraceInterval:
		return counter(m.Interval), true
	case mib.ObjNtmTraceStart:
		return counter(m.Start), true
	case mib.ObjNtmTraceError:
		return text(m.TraceError), true
	case mib.ObjNtmTracePeriod:
		return ber.Value{Tag: ber.Gauge32, Uint: 6000}, true
	case mib.ObjNtmPacketsRead, mib.ObjNtmOctetsRead, mib.ObjNtmPacketsUnsupported, mib.ObjNtmPacketsSampledOut,
		mib.ObjNtmPacketsRefused, mib.ObjNtmOctetsRefused, mib.ObjNtmPacketsBehind, mib.ObjNtmPacketsBadTime,
		mib.ObjNtmPacketsFlooded, mib.ObjNtmOctetsFlooded, mib.ObjNtmFlowsCreated, mib.ObjNtmFlowsRecovered:
		return counter(m.Stats[o]), true
	}
	n, ok := m.st.scalars[o]
	return number(n), ok
}

// nextIndex is the first index of an object behind after; nil if there is none.
func (m *Meter) nextIndex(o mib.Obj, after []uint32) (best []uint32) {
	consider := func(index ...uint32) {
		if slices.Compare(index, after) <= 0 || best != nil && slices.Compare(index, best) >= 0 {
			return
		}
		if _, ok := m.value(o, index); ok {
			best = index
		}
	}
	if o.Info().Kind == mib.KindScalar {
		consider(0)
		return best
	}
	for n := range m.st.ruleSets {
		consider(n)
		rule := uint32(1)
		if len(after) > 1 && after[0] == n {
			rule = after[1] + 1
		}
		consider(n, rule)
	}
	for n := range m.st.tasks {
		consider(n)
	}
	for n := range m.st.readers {
		consider(n)
	}
	return best
}

// Get implements agent.Table.
func (r *rooted) Get(_ *agent.Request, inst []uint32, v *agent.Value) agent.Status {
	m := r.t.m
	o, index, _ := mib.FindObject(append(slices.Clone(r.root), inst...))
	if o == mib.ObjNtmTraceState {
		m.slow++
		m.advance()
	}
	x, ok := m.value(o, index)
	if !ok {
		return agent.NoSuchInstance
	}
	give(v, x)
	return agent.OK
}

// Next implements agent.Table.
func (r *rooted) Next(_ *agent.Request, after []uint32, next *agent.Name, v *agent.Value) agent.Status {
	m := r.t.m
	name := append(slices.Clone(r.root), after...)
	o, index, _ := mib.FindObject(name)
	if o == mib.ObjFlowPackageData || o == mib.ObjNtmPackageData && !m.Foreign && !m.Narrow {
		if st, ok := r.nextPackage(index, next, name[:len(name)-len(index)], v); ok {
			return st
		}
	}
	for ; int(o) < len(allObjects) && slices.Equal(o.OID()[:min(len(r.root), len(o.OID()))], r.root); o, index = o+1, nil {
		if found := m.nextIndex(o, index); found != nil {
			next.Set(o.OID()[len(r.root):]...)
			next.Append(found...)
			x, _ := m.value(o, found)
			give(v, x)
			return agent.OK
		}
	}
	return agent.EndOfMibView
}

var allObjects = mib.Objects()

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
	buf := make([]byte, 1<<17)
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
		case mib.ClassDistribution:
			f.distribution(&w, a)
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

// distribution encodes a distribution as RFC 2724 §3.3 says.
func (f *Flow) distribution(w *ber.Writer, a mib.Attr) {
	end := w.Len()
	if d, ok := f.Distributions[a]; ok {
		for _, n := range slices.Backward(d.Counters) {
			w.Uint(ber.Integer, n)
		}
		w.Wrap(ber.Sequence, end)
		w.Octets(ber.OctetString, []byte(d.Value))
		w.Octets(ber.OctetString, []byte(d.Mask))
	}
	w.Wrap(ber.Sequence, end)
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
