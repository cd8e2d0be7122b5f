package meterview

import (
	"encoding/binary"
	"slices"
	"testing"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// subIDs makes sub-identifiers of octets: small ones of one octet, large ones
// of five.
func subIDs(data []byte) (ids []uint32) {
	for len(data) > 0 && len(ids) < 100 {
		if data[0] == 0xff && len(data) >= 5 {
			ids = append(ids, binary.BigEndian.Uint32(data[1:]))
			data = data[5:]
			continue
		}
		ids = append(ids, uint32(data[0]))
		data = data[1:]
	}
	return ids
}

// FuzzNames: whatever name is asked for, what comes next is after it and exists,
// and a Get of the name itself is answered.
func FuzzNames(f *testing.F) {
	r := furnished(f)
	for _, seed := range [][]byte{
		{}, {1, 1, 1, 5, 7}, {2, 1, 1, 27, 7, 0, 1}, {2, 3, 1, 5, 2, 9, 27, 7, 0, 0},
		{2, 2, 1, 4, 9, 0, 3}, {3, 1, 1, 6, 7, 2}, {2, 1, 1, 27, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{2, 3, 1, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 9}, {1, 3, 1, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r.t = t
		name := append(slices.Clone(mib.ObjFlowMIB.OID()), subIDs(data)...)
		next := r.next(name)
		if next.value.Tag == ber.EndOfMibView {
			return
		}
		if slices.Compare(next.name, name) <= 0 {
			t.Fatalf("%v comes after %v", next.name, name)
		}
		get := func(name []uint32) ber.Value {
			st, _, got := r.exchange(ber.GetRequest, 0, 0, bind{name, ber.Value{Tag: ber.Null}})
			if st != agent.OK {
				t.Fatalf("Get of %v: %v", name, st)
			}
			return got[0].value
		}
		if v := get(next.name); v.Tag != next.value.Tag || show(&v) != show(&next.value) {
			t.Errorf("%s: GetNext reads %s, Get %s", mib.OIDName(next.name), show(&next.value), show(&v))
		}
		get(name)
	})
}

// FuzzSets: whatever is set, a Set is refused and changes nothing, or is made;
// the objects go on being walked, and packets metered.
func FuzzSets(f *testing.F) {
	f.Add([]byte{0, 4, 7, 4, 1, 7, 3, 0})
	f.Add([]byte{0, 4, 7, 6, 3, 1, 7, 1, 8, 2, 1, 4})
	f.Add([]byte{0, 4, 9, 5, 1, 9, 2, 5, 9, 0, 1, 6, 9, 1, 3})
	var columns []mib.Obj
	for _, o := range mib.Objects() {
		if o.Info().Writable() && o.Info().Module != "SNMPv2-MIB" {
			columns = append(columns, o)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newRig(t, meter.Config{})
		r.download(7, perHost)
		r.run(7)
		for sets := 0; len(data) >= 4 && sets < 8; sets++ {
			n := int(data[0]%8) + 1
			data = data[1:]
			var binds []bind
			for ; n > 0 && len(data) >= 3; n-- {
				binds = append(binds, randomBind(columns[int(data[0])%len(columns)], data[1], data[2]))
				data = data[3:]
			}
			before := r.snapshot()
			if r.set(binds...) != "noError" && !slices.Equal(before, r.snapshot()) {
				t.Fatal("a refused Set has changed something")
			}
			r.feed(0, 3, 0)
		}
	})
}

// randomBind makes a binding of a writable object from two octets.
func randomBind(o mib.Obj, row, val byte) bind {
	b := bind{name: slices.Clone(o.OID())}
	switch {
	case o.Info().Kind == mib.KindScalar:
		b.name = append(b.name, 0)
	case o >= mib.ObjFlowRuleSelector && o <= mib.ObjFlowRuleParameter:
		b.name = append(b.name, uint32(row>>2&15), uint32(row&3))
	default:
		b.name = append(b.name, uint32(row&15))
	}
	switch o.Info().Syntax {
	case mib.SyntaxOctets:
		b.value = ber.Value{Tag: ber.OctetString, Bytes: slices.Repeat([]byte{val & 15}, int(max(o.Info().Min, int64(val>>4))))}
	case mib.SyntaxTimeTicks:
		b.value = ber.Value{Tag: ber.TimeTicks, Uint: uint64(val)}
	default:
		b.value = ber.Value{Tag: ber.Integer, Int: int64(val)}
	}
	return b
}

// TestVersion1JumpsCounters: SNMPv1 has no Counter64.
func TestVersion1JumpsCounters(t *testing.T) {
	r := furnished(t)
	table := newFlowData(r.view)
	q := &agent.Request{Principal: &agent.Principal{}, Version: agent.V1}
	var name agent.Name
	var val agent.Value
	r.view.Do(agent.Read, func() {
		after := []uint32{mib.ColFlowDataToOctets}
		if st := table.Next(q, after, &name, &val); st != agent.OK || name.Inst()[0] != mib.ColFlowDataFirstTime {
			t.Errorf("%v: %v", st, name.Inst())
		}
	})
}
