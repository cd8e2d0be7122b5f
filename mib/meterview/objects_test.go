package meterview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
	"netramet/sources/wire"
)

// furnished makes a meter that has something in every table.
func furnished(t testing.TB) *rig {
	r := newControlledRig(t, meter.Config{}, control.Config{RunDefault: true, FloodMark: control.DefaultFloodMark})
	r.download(7, perHost)
	r.run(7)
	r.mustSet(parse(t, "flowReaderStatus.3=4, flowReaderRuleSet.3=7")...)
	r.feed(0, 20, 0)
	err := r.meter.Update(func(s *control.Tables) error {
		return s.NameInterface(1, "eth0", wire.LinkEthernet)
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestEveryObject: each object of the modules that can be accessed is answered
// with its type, and takes Sets iff it is declared so.
func TestEveryObject(t *testing.T) {
	r := furnished(t)
	seen := map[mib.Obj]bind{}
	var last []uint32
	for _, root := range []string{"interfaces", "flowMIB", "netrametMIB"} {
		for _, b := range r.walk(root) {
			o, _, ok := mib.FindObject(b.name)
			if !ok {
				t.Fatalf("%v is no object", b.name)
			}
			if slices.Compare(b.name, last) <= 0 {
				t.Errorf("%s is not after %s", mib.OIDName(b.name), mib.OIDName(last))
			}
			last = b.name
			if mib.Syntax(b.value.Tag) != o.Info().Syntax {
				t.Errorf("%s is answered as %v", mib.OIDName(b.name), b.value.Tag)
			}
			if o.Info().Access == mib.NotAccessible {
				t.Errorf("%s is answered", mib.OIDName(b.name))
			}
			if _, ok := seen[o]; !ok {
				seen[o] = b
			}
		}
	}
	// A package's name carries its selector, so walks do not meet it.
	name := oid(t, "flowPackageData.2.1.9.7.0.0")
	seen[mib.ObjFlowPackageData] = r.next(name)
	seen[mib.ObjNtmPackageData] = r.next(oid(t, "ntmPackageData.2.1.9.7.0.0.0"))

	for _, o := range mib.Objects() {
		info := o.Info()
		if info.Module != "FLOW-METER-MIB" && info.Module != "NETRAMET-MIB" && !strings.HasPrefix(info.Name, "if") ||
			info.Syntax == mib.SyntaxNone || info.Access == mib.NotAccessible {
			continue
		}
		b, ok := seen[o]
		if !ok {
			t.Errorf("%v is not answered", o)
			continue
		}
		st, _, got := r.exchange(ber.GetRequest, 0, 0, bind{b.name, ber.Value{Tag: ber.Null}})
		if st != agent.OK || len(got) != 1 || got[0].value.Tag != b.value.Tag {
			t.Errorf("%v: Get %v %v", o, st, got)
		}
		probe := b
		probe.value = ber.Value{Tag: ber.IPAddress, Bytes: []byte{1, 2, 3, 4}}
		want := agent.NotWritable
		if info.Writable() {
			want = agent.WrongType // known as writable, then the type is looked at
		}
		if st, _, _ := r.exchange(ber.SetRequest, 0, 0, probe); st != want {
			t.Errorf("%v: a Set of a wrong type is %v, want %v", o, st, want)
		}
	}
}

// TestWritableObjectsTake: each writable object takes a value and tells it.
func TestWritableObjectsTake(t *testing.T) {
	r := furnished(t)
	err := r.meter.Update(func(s *control.Tables) error { return s.SetTracePhase(mib.TraceWaitRuleSet, r.now) })
	if err != nil {
		t.Fatal(err)
	}
	r.mustSet(parse(t, "flowRuleInfoStatus.9=5, flowRuleInfoSize.9=2")...)
	r.mustSet(parse(t, "flowReaderStatus.9=5")...)
	r.mustSet(parse(t, "flowManagerStatus.9=5")...)
	tested := map[mib.Obj]bool{
		mib.ObjFlowRuleInfoStatus: true, mib.ObjFlowReaderStatus: true, mib.ObjFlowManagerStatus: true,
		// What it is set to does not matter: the meter takes its uptime.
		mib.ObjFlowReaderLastTime: true,
		mib.ObjIfAdminStatus:      true,
	}
	for _, tt := range []string{
		"flowRuleInfoSize.9=3", "flowRuleInfoOwner.9=\"o\"", "flowRuleInfoName.9=\"n\"", "flowRuleInfoRulesReady.9=2",
		"flowInterfaceSampleRate.1=7", "flowReaderTimeout.9=5", "flowReaderOwner.9=\"o\"", "flowReaderRuleSet.9=7",
		"flowManagerCurrentRuleSet.9=7", "flowManagerStandbyRuleSet.9=1", "flowManagerHighWaterMark.9=65",
		"flowManagerCounterWrap.9=2", "flowManagerOwner.9=\"o\"", "flowManagerRunningStandby.9=1",
		"flowFloodMark.0=90", "flowInactivityTimeout.0=5", "flowFloodMode.0=1", "ntmReaderWaits.9=1",
		"flowRuleSelector.9.2=9", "flowRuleMask.9.2=xff000000", "flowRuleMatchedValue.9.2=x0a000000",
		"flowRuleAction.9.2=10", "flowRuleParameter.9.2=1",
		"ntmReaderCollected.9=x0000000000000000", "ntmReaderTime.9=x0000000000000001",
	} {
		b := parse(t, tt)[0]
		o, _, _ := mib.FindObject(b.name)
		tested[o] = true
		r.mustSet(b)
		if got, want := r.get(strings.SplitN(tt, "=", 2)[0]), show(&b.value); got != want {
			t.Errorf("%s: reads %s", tt, got)
		}
	}
	tested[mib.ObjNtmTraceState] = true
	r.mustSet(set(t, "ntmTraceState.0", 3))
	r.meter.View(func(s *control.State) {
		if n := s.Starters(); n != 1 {
			t.Errorf("%d have started the trace", n)
		}
	})
	for _, o := range mib.Objects() {
		m := o.Info().Module
		if o.Info().Writable() && (m == "FLOW-METER-MIB" || m == "NETRAMET-MIB") && !tested[o] {
			t.Errorf("%v is not tested", o)
		}
	}
}

// TestWalkOfEverything ends, by GetNext too, and gives the same.
func TestWalkOfEverything(t *testing.T) {
	r := furnished(t)
	bulk := r.walk("1.3.6.1")
	name, n := oid(t, "1.3.6.1"), 0
	for {
		b := r.next(name)
		if b.value.Tag == ber.EndOfMibView {
			break
		}
		if n >= len(bulk) || !slices.Equal(b.name, bulk[n].name) {
			t.Fatalf("instance %d is %s", n, mib.OIDName(b.name))
		}
		name = b.name
		n++
	}
	if n != len(bulk) || n < 500 {
		t.Errorf("GetNext gives %d instances, GetBulk %d", n, len(bulk))
	}
}

func TestMeterFigures(t *testing.T) {
	r := furnished(t)
	r.feed(0, 10, 5*time.Second)
	for name, want := range map[string]string{
		"sysUpTime.0": "501", "ntmUptime64.0": "501", "ntmVersion.0": "test", "ntmOctetMode.0": "1",
		"ntmPacketsRead.0": "30", "ntmOctetsRead.0": "1620", "ntmLanePackets.1": "30", "ntmLaneBusy.1": "250",
		"ntmRuleSetPDUs.7": "30", "ntmRuleSetPDUs.1": "30", "ntmRuleSetFlows.7": "20", "ntmFlowsCreated.0": "21",
		"flowActiveFlows.0": "21", "flowMaxFlows.0": "4000000", "flowFloodMark.0": "95", "flowInactivityTimeout.0": "600",
		"ifNumber.0": "1", "ifDescr.1": "eth0", "ifType.1": "6", "ifInUcastPkts.1": "30", "ifInOctets.1": "1620",
		"ntmTraceState.0": "1", "ntmStreamsInUse.0": "10", "ntmStreamsTimedOut.0": "20", "ntmStreamsEvicted.0": "0",
		"ntmPacketsRecalled.0": "0", "ntmRuleSetRecalled.7": "0", "ntmStreamSlots.0": "20", "ntmStreamBuckets.0": "1024", "ntmFlowSlots.0": "21", "ntmFlowBuckets.0": "1024",
		"ntmStreamTimeout.0": "500", "ntmStreamMultiplier.0": "20", "ntmStreamShort.0": "0", "ntmStreamGrace.0": "200", "ntmQueueTCP.0": "90", "ntmQueueOther.0": "60", "ntmRequestsWaiting.0": "0", "ntmTraceInterval.0": "0", "flowManagerCurrentRuleSet.1": "1",
	} {
		if got := r.get(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestLoad(t *testing.T) {
	at := func(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }
	var l Load
	if got := l.PerMille(at(0)); got != 0 {
		t.Errorf("nothing: %d", got)
	}
	for ms := 0; ms < 4000; ms += 10 {
		l.Add(at(ms), at(ms+5))
	}
	if got := l.PerMille(at(4000)); got != 500 {
		t.Errorf("half busy for 4 s: %d", got)
	}
	l.Add(at(4000), at(30000))
	for _, ms := range []int{30000, 29999, 29500} {
		if got := l.PerMille(at(ms)); got != 1000 {
			t.Errorf("busy all the time, after %d ms: %d", ms, got)
		}
	}
	if got := l.PerMille(at(60000)); got != 0 {
		t.Errorf("idle for half a minute: %d", got)
	}
}

func TestIfType(t *testing.T) {
	for link, want := range map[wire.LinkType]int32{
		wire.LinkEthernet: 6, wire.LinkPPP: 23, wire.LinkPPPHDLC: 23, wire.LinkLoop: 24, wire.LinkNull: 24, 0xffff: 1,
	} {
		if got := ifType(link); got != want {
			t.Errorf("ifType(%d) = %d, want %d", link, got, want)
		}
	}
}
