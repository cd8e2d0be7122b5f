package meterview

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// twoSets runs rule set 2, flows by host, and 3, flows by peer type. Hosts 0-4
// are seen at uptime 1, host 1 again at 101, host 3 at 201.
func twoSets(t testing.TB) *rig {
	r := newRig(t, meter.Config{})
	r.load(perHost, `save SourcePeerType; count;`)
	r.feed(0, 5, 0)
	r.feed(1, 1, time.Second)
	r.feed(3, 1, 2*time.Second)
	return r
}

// Flows in order of making: 1 host 0, 2 type, 3 host 1, 4 host 2, 5 host 3, 6
// host 4.
func TestTimeFilter(t *testing.T) {
	r := twoSets(t)
	tests := []struct {
		after string // name after flowDataToPDUs
		want  string // the rest of the next name there, and the value
	}{
		{"", "2.0.1=1"},
		{".0", "2.0.1=1"},
		{".2", "2.0.1=1"},
		{".2.0", "2.0.1=1"},
		{".2.0.0", "2.0.1=1"},
		{".2.0.1", "2.0.3=2"},
		{".2.0.1.9", "2.0.3=2"},
		{".2.0.6", "3.0.2=7"},
		{".2.1.0", "2.1.1=1"},
		{".2.2.0", "2.2.3=2"},
		{".2.101.0", "2.101.3=2"},
		{".2.101.3", "2.101.5=2"},
		{".2.101.5", "3.0.2=7"}, // the next rule set begins at time 0
		{".2.102.0", "2.102.5=2"},
		{".2.202.0", "3.0.2=7"},
		{".2.4294967295.0", "3.0.2=7"},
		{".3.201.0", "3.201.2=7"},
		{".3.202.0", ""},
		{".3.0.2", ""},
		{".4", ""},
	}
	base := mib.ObjFlowDataToPDUs.OID()
	for _, tt := range tests {
		got := ""
		b := r.next(oid(t, "flowDataToPDUs"+tt.after))
		if len(b.name) > len(base) && slices.Equal(b.name[:len(base)], base) {
			got = strings.TrimPrefix(mib.OIDName(b.name), "flowDataToPDUs.") + "=" + show(&b.value)
		}
		if got != tt.want {
			t.Errorf("after %q comes %q, want %q", tt.after, got, tt.want)
		}
	}
	for inst, want := range map[string]string{
		"2.0.3": "2", "2.101.3": "2", "2.1.3": "2", "2.102.3": "noSuchInstance", "2.0.2": "noSuchInstance",
		"3.0.2": "7", "2.0.7": "noSuchInstance", "2.0.3.1": "noSuchInstance", "2.0": "noSuchInstance",
	} {
		if got := r.get("flowDataToPDUs." + inst); got != want {
			t.Errorf("flowDataToPDUs.%s is %s, want %s", inst, got, want)
		}
	}
}

// TestTimeFilterWraps: uptimes are longer than SNMP's 32 bits.
func TestTimeFilterWraps(t *testing.T) {
	r := newRig(t, meter.Config{Inactivity: 1 << 62})
	r.load(perHost)
	r.feed(0, 1, 0)
	// 2^32 centiseconds and a second later.
	r.feed(1, 1, (1<<32+100)*10*time.Millisecond)
	for filter, want := range map[uint32]string{0: "1", 50: "2", 101: "2", 102: "", 1<<32 - 1: "2"} {
		b := r.next(oid(t, fmt.Sprintf("flowDataToPDUs.2.%d.0", filter)))
		o, index, _ := mib.FindObject(b.name)
		got := ""
		if o == mib.ObjFlowDataToPDUs && index[1] == filter {
			got = fmt.Sprint(index[2])
		}
		if filter == 102 && got == "2" {
			continue // 102 lies ahead of now: it is taken for 497 days ago
		}
		if got != want {
			t.Errorf("filter %d finds flow %q, want %q", filter, got, want)
		}
	}
	if got := r.get("flowDataLastActiveTime.2.0.2"); got != "101" {
		t.Errorf("last active at %s, want 101", got)
	}
	if got, want := r.get("ntmUptime64.0"), fmt.Sprint(uint64(1<<32+101)); got != want {
		t.Errorf("uptime %s, want %s", got, want)
	}
}

func TestPackages(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.load(`save SourcePeerType; save SourcePeerAddress/24; save DestPeerAddress; save SourceTransType; save DestTransAddress; count;`)
	r.feed(1, 1, 0)
	r.feed(1, 1, 3*time.Second)
	tests := []struct {
		name, selector, want string // want in hexadecimal
	}{
		{"the digest's", "4.9.19.11.27", "3012" + "04040a000000" + "0404c0a80001" + "020106" + "46016c"},
		{"one", "1.1", "3003" + "020101"},
		{"mask", "1.10", "3006" + "0404ffffff00"},
		{"not saved", "3.5.6.12", "300f" + "020100" + "0406000000000000" + "04020000"},
		{"time", "2.31.32", "3007" + "430101" + "4302012d"},
		{"order", "3.32.31.26", "300a" + "4302012d" + "430101" + "020102"},
		{"a number of four octets", "1.113", "3003" + "420100"},
		{"status and mark", "2.2.3", "3007" + "020102" + "4302012d"},
		{"distribution", "1.66", "3002" + "3000"},
	}
	for _, tt := range tests {
		inst := "flowPackageData." + tt.selector + ".2.0.1"
		_, _, got := r.exchange(ber.GetRequest, 0, 0, bind{oid(t, inst), ber.Value{Tag: ber.Null}})
		if s := fmt.Sprintf("%x", got[0].value.Bytes); s != tt.want {
			t.Errorf("%s: %s is\n%s, want\n%s", tt.name, inst, s, tt.want)
		}
		next := r.next(oid(t, "flowPackageData."+tt.selector+".2.0"))
		if mib.OIDName(next.name) != inst || fmt.Sprintf("%x", next.value.Bytes) != tt.want {
			t.Errorf("%s: the next is %s %x", tt.name, mib.OIDName(next.name), next.value.Bytes)
		}
	}
}

func TestPackageSelectors(t *testing.T) {
	r := twoSets(t)
	var all []string
	for _, a := range mib.Attrs() {
		if a.Is(mib.UseRead) {
			all = append(all, fmt.Sprint(uint8(a)))
		}
	}
	tests := []struct {
		name, after string
		want        string // name after flowPackageData; empty: behind the table
	}{
		{"none", "", ""},
		{"length 0", ".0", ""},
		{"length 0 and more", ".0.2.0.0", ""},
		{"cut short", ".3.9.19", ""},
		{"unknown attribute", ".2.9.99.2.0.0", ""},
		{"not readable", ".1.51.2.0.0", ""},
		{"too large", ".1.300.2.0.0", ""},
		{"repeated", ".2.9.9.2.0.0", ""},
		{"too long", ".114" + strings.Repeat(".9", 110), ""},
		{"no rule set", ".1.9", "1.9.2.0.1"},
		{"no time", ".1.9.3", "1.9.3.0.2"},
		{"in order", ".1.9.2.101.3", "1.9.2.101.5"},
		{"next rule set", ".1.9.2.101.5", "1.9.3.0.2"},
		{"the last", ".1.9.3.0.2", ""},
		{"all there are", fmt.Sprintf(".%d.%s.2.0", len(all), strings.Join(all, ".")), fmt.Sprintf("%d.%s.2.0.1", len(all), strings.Join(all, "."))},
	}
	base := mib.ObjFlowPackageData.OID()
	for _, tt := range tests {
		got := ""
		b := r.next(oid(t, "flowPackageData"+tt.after))
		if len(b.name) > len(base) && slices.Equal(b.name[:len(base)], base) {
			got = strings.TrimPrefix(mib.OIDName(b.name), "flowPackageData.")
		}
		if got != tt.want {
			t.Errorf("%s: after %q comes %q, want %q", tt.name, tt.after, got, tt.want)
		}
	}
}

// TestColumnActivity reads a column by the deprecated table and decodes it.
func TestColumnActivity(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.load(perHost)
	const flows = 1000
	r.feed(0, flows, 0)
	r.feed(7, 1, time.Second)
	column := func(attr mib.Attr, since, size int) map[uint16]string {
		got := map[uint16]string{}
		name := oid(t, fmt.Sprintf("flowColumnActivityData.%d.%d.0", attr, since))
		for {
			b := r.next(name)
			o, index, _ := mib.FindObject(b.name)
			if o != mib.ObjFlowColumnActivityData || mib.Attr(index[0]) != attr {
				return got
			}
			if len(b.value.Bytes) > 1000 {
				t.Fatalf("%d octets", len(b.value.Bytes))
			}
			name = b.name
			data := b.value.Bytes
			for len(data) > 2 {
				n := binary.BigEndian.Uint16(data)
				k := size
				if size == 0 {
					k = 1 + int(data[2])
				}
				if _, twice := got[n]; twice || n == 0 {
					t.Fatalf("flow %d twice", n)
				}
				got[n] = fmt.Sprintf("%x", data[2:2+k])
				data = data[2+k:]
			}
		}
	}
	if got := column(mib.AttrSourcePeerAddress, 0, 0); len(got) != flows || got[6] != "040a000005" || got[1] != "010a" {
		t.Errorf("%d addresses; %q %q", len(got), got[6], got[1])
	}
	if got := column(mib.AttrToPDUs, 0, 4); len(got) != flows || got[8] != "00000002" {
		t.Errorf("%d counts; %q", len(got), got[8])
	}
	if got := column(mib.AttrSourcePeerType, 101, 1); len(got) != 1 || got[8] != "01" {
		t.Errorf("since 101: %v", got)
	}
	if got := r.get("flowColumnActivityTime.1.0.8"); got != "101" {
		t.Errorf("time %s", got)
	}
	if got := r.get("flowColumnActivityData.9.102.8"); got != "noSuchInstance" {
		t.Errorf("after the last change: %s", got)
	}
}

// TestColumnActivityOfNobody: to find out that a principal sees no flow, the
// table is gone through once, not once for each attribute and column.
func TestColumnActivityOfNobody(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.load(perHost)
	const flows = 100
	r.feed(0, flows, 0)
	r.as = "b"
	table := newActivity(r.view)
	whole := (&agent.Request{}).Budget()
	for _, name := range []string{"flowColumnActivityTable", "flowColumnActivityData.8.0.50", "flowColumnActivityTime.8.7"} {
		b := r.next(oid(t, name))
		if o, _, _ := mib.FindObject(b.name); o >= mib.ObjFlowColumnActivityTable && o <= mib.ObjFlowColumnActivityData {
			t.Errorf("%s: %s is seen", name, mib.OIDName(b.name))
		}
		q := &agent.Request{Principal: &agent.Principal{Owner: "b", OwnerOnly: true}, Version: agent.V2c}
		after := oid(t, name)[min(len(oid(t, name)), len(mib.ObjFlowColumnActivityTable.OID())+1):]
		r.view.Do(agent.Read, func() {
			if st := table.Next(q, after, new(agent.Name), new(agent.Value)); st != agent.EndOfMibView {
				t.Errorf("%s: %v", name, st)
			}
		})
		if n := whole - q.Budget(); n > 3*(flows+1) {
			t.Errorf("%s: %d flows were looked at", name, n)
		}
	}
}

// TestTwoReaders read by their own time marks and miss nothing.
func TestTwoReaders(t *testing.T) {
	r := newRig(t, meter.Config{Inactivity: time.Second})
	r.load(perHost)
	r.mustSet(parse(t, "flowReaderStatus.1=4, flowReaderRuleSet.1=2, flowReaderOwner.1=\"one\"")...)
	r.mustSet(parse(t, "flowReaderStatus.2=4, flowReaderRuleSet.2=2, flowReaderOwner.2=\"two\"")...)
	collect := func(row int) string {
		r.mustSet(set(t, fmt.Sprintf("flowReaderLastTime.%d", row), 0))
		from := r.get(fmt.Sprintf("flowReaderPreviousTime.%d", row))
		var flows []string
		name := oid(t, "flowPackageData.1.1.2."+from+".0")
		prefix := name[:len(name)-1]
		for b := r.next(name); len(b.name) > len(prefix) && slices.Equal(b.name[:len(prefix)], prefix); b = r.next(b.name) {
			flows = append(flows, fmt.Sprint(b.name[len(b.name)-1]))
		}
		return from + ":" + strings.Join(flows, ",")
	}
	steps := []struct {
		at     time.Duration
		host   int
		reader int
		want   string
	}{
		{0, 0, 1, "0:1"},
		{time.Second, 1, 1, "1:1,2"},
		{2 * time.Second, 2, 2, "0:1,2,3"},
		{2 * time.Second, 2, 2, "0:1,2,3"}, // the same collection again
		{3 * time.Second, 3, 2, "201:3,4"},
		// Flow 1, idle since 1, was collected by both before their previous
		// time, 101 and 301; flow 2 has changed at 101.
		{4 * time.Second, 4, 1, "101:2,3,4,5"},
		{4 * time.Second, 4, 2, "301:4,5"},
	}
	for i, s := range steps {
		r.feed(s.host, 1, s.at)
		if got := collect(s.reader); got != s.want {
			t.Errorf("step %d: %s, want %s", i, got, s.want)
		}
	}
	r.feed(4, 1, 5*time.Second)
	if got := r.get("ntmFlowsRecovered.0"); got == "0" {
		t.Error("nothing is recovered")
	}
	// One that stops reading holds what it has not read, until it is removed.
	r.mustSet(set(t, "flowReaderStatus.1", 6))
	r.mustSet(set(t, "flowReaderStatus.2", 6))
	r.feed(9, 1, 10*time.Second)
	if got := r.get("flowActiveFlows.0"); got != "1" {
		t.Errorf("%s flows without readers, want 1", got)
	}
}

// TestDestroyManyFlows: they are gone at once, and their memory at ticks.
func TestDestroyManyFlows(t *testing.T) {
	const flows = 10_000
	r := newRig(t, meter.Config{})
	r.download(7, perHost)
	r.run(7)
	r.download(8, `save SourcePeerType; count;`)
	r.run(8)
	r.feed(0, flows, 0)
	if got := r.get("flowActiveFlows.0"); got != fmt.Sprint(flows+1) {
		t.Fatalf("%s flows", got)
	}
	r.mustSet(parse(t, "flowManagerStatus.7=6, flowRuleInfoStatus.7=6")...)
	if n := len(r.walk("flowDataKind")); n != 1 {
		t.Errorf("%d flows are seen", n)
	}
	if got := r.get("flowActiveFlows.0"); got != "1" {
		t.Errorf("%s active flows", got)
	}
	// The number is used again at once; no old flow may come back.
	r.download(7, perHost)
	if n := len(r.walk("flowDataKind.7")); n != 0 {
		t.Errorf("%d flows of a rule set that never ran", n)
	}
	r.run(7)
	r.feed(0, 3, time.Second)
	for _, b := range r.walk("flowDataToPDUs.7") {
		if b.value.Uint != 1 {
			t.Errorf("%s is %d: an old flow", mib.OIDName(b.name), b.value.Uint)
		}
	}
	if got := r.get("flowRuleInfoFlowRecords.7"); got != "3" {
		t.Errorf("%s flows, want 3", got)
	}
	if got := r.get("ntmRuleSetPDUs.8"); got != fmt.Sprint(flows+3) {
		t.Errorf("%s PDUs of rule set 8", got)
	}
}

func TestFloodAndStandby(t *testing.T) {
	r := newControlledRig(t, meter.Config{MaxFlows: 100}, control.Config{RunDefault: true, FloodMark: 90})
	r.download(7, perHost)
	r.download(8, `save SourcePeerAddress/16; count;`)
	r.mustSet(parse(t, "flowManagerStatus.7=4, flowManagerCurrentRuleSet.7=7, flowManagerStandbyRuleSet.7=8, flowManagerHighWaterMark.7=50")...)
	r.feed(0, 60, 0)
	if got := r.get("flowManagerRunningStandby.7"); got != "2" {
		t.Error("standby runs before a tick")
	}
	r.feed(0, 1, 200*time.Millisecond)
	if got := r.get("flowManagerRunningStandby.7"); got != "1" {
		t.Error("standby does not run above the high-water mark")
	}
	r.feed(1000, 50, 300*time.Millisecond)
	if got := r.get("flowRuleInfoFlowRecords.7"); got != "60" {
		t.Errorf("%s flows of the current rule set, want 60", got)
	}
	if got := r.get("flowRuleInfoFlowRecords.8"); got != "1" {
		t.Errorf("%s flows of the standby rule set, want 1", got)
	}
	// Back, without a mark: now the flood mark holds.
	r.mustSet(parse(t, "flowManagerRunningStandby.7=2, flowManagerHighWaterMark.7=0")...)
	r.feed(2000, 50, 400*time.Millisecond)
	if got := r.get("flowFloodMode.0"); got != "1" {
		t.Error("no flood mode above the flood mark")
	}
	if got := r.get("flowActiveFlows.0"); got != "91" {
		t.Errorf("%s flows, want one above the mark of 90", got)
	}
	refused := r.get("ntmPacketsRefused.0")
	if refused == "0" || r.get("ntmPacketsFlooded.0") != refused || r.get("ntmOctetsFlooded.0") != r.get("ntmOctetsRefused.0") {
		t.Errorf("refused are %s packets, %s by flood mode", refused, r.get("ntmPacketsFlooded.0"))
	}
	r.mustSet(parse(t, "flowFloodMark.0=0, flowFloodMode.0=2")...)
	r.feed(3000, 5, 500*time.Millisecond)
	if got := r.get("flowActiveFlows.0"); got != "96" || r.get("ntmPacketsRefused.0") != refused {
		t.Errorf("%s flows after the flood, want 96", got)
	}
	for _, n := range []int{1, 7} {
		r.checkSum(n)
	}
}

// checkSum: every packet read while a rule set ran is counted in one place. It
// ran from the start but for the standby time of rule set 7.
func (r *rig) checkSum(n int) {
	r.t.Helper()
	r.meter.View(func(s *control.State) {
		c, _ := s.RuleSetCounts(n)
		in, _ := s.RuleSetInput(n)
		sum := c.PDUs + c.Ignored + c.NotMatched + c.RefusedPDUs + in.SampledOut + in.Unsupported
		want := s.Counts().Packets
		if n == 7 {
			want -= 51
		}
		if sum != want {
			r.t.Errorf("rule set %d accounts for %d of %d packets", n, sum, want)
		}
	})
}

// TestWalkWhileMetering feeds a meter from one goroutine and walks it from
// another.
func TestWalkWhileMetering(t *testing.T) {
	r := newRig(t, meter.Config{Inactivity: time.Second})
	r.load(perHost, `save SourcePeerType; count;`)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	fed := make(chan struct{})
	wg.Go(func() {
		for i := 0; ; i++ {
			if i == 20 {
				close(fed)
			}
			select {
			case <-stop:
				return
			default:
			}
			r.feed(i*100%3000, 200, time.Duration(i)*100*time.Millisecond)
		}
	})
	<-fed
	for range 20 {
		r.walk("flowDataToPDUs")
		r.walk("ntmObjects")
	}
	close(stop)
	wg.Wait()
}
