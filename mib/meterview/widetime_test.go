package meterview

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// wrap is the uptime at which SNMP's 32 bits begin anew.
const wrap = meter.Uptime(1) << 32

// ages is a meter whose uptime has wrapped twice: host 0 is seen at uptime 1,
// host 1 once more after each wrap, host 2 after the second.
func ages(t testing.TB) *rig {
	r := newRig(t, meter.Config{Inactivity: 1 << 62})
	r.load(perHost, `save SourcePeerType; count;`)
	r.feed(0, 2, 0)
	for n := range meter.Uptime(2) {
		r.feed(1, 1+int(n), time.Duration((n+1)*wrap+100)*10*time.Millisecond)
	}
	return r
}

// Flows in order of making: 1 host 0, 2 type, 3 host 1, 4 host 2.
func TestWidePackages(t *testing.T) {
	r := ages(t)
	for _, tt := range []struct{ after, want string }{
		{".2.31.32", "2.31.32.2.0.0.1=1 1"},
		{".2.31.32.2.0.0.0", "2.31.32.2.0.0.1=1 1"},
		{".2.31.32.2.0.0.1", "2.31.32.2.0.0.3=1 8589934693"},
		{".2.31.32.2.0.1.0", "2.31.32.2.0.1.1=1 1"},
		{".2.31.32.2.0.2.0", "2.31.32.2.0.2.3=1 8589934693"},
		{".2.31.32.2.2.101.3", "2.31.32.2.2.101.4=8589934693 8589934693"},
		{".2.31.32.2.2.102.0", "2.31.32.3.0.0.2=1 8589934693"}, // ahead of now: the next rule set
		{".2.31.32.2.4294967295.4294967295.0", "2.31.32.3.0.0.2=1 8589934693"},
		{".2.31.32.3.1.7.0", "2.31.32.3.1.7.2=1 8589934693"},
		{".2.31.32.3.0.0.2", ""},
		{".2.9.9.2.0.0.0", ""},
		{"", ""},
	} {
		if got := r.wideNext(tt.after); got != tt.want {
			t.Errorf("after %q comes %q, want %q", tt.after, got, tt.want)
		}
	}
	for inst, want := range map[string]string{
		"2.0.0.3": "a package", "2.2.101.3": "a package", "2.2.102.3": "noSuchInstance", "2.0.2.1": "noSuchInstance", "2.0.0.2": "noSuchInstance",
		"2.0.1": "noSuchInstance", "2.0.0.3.0": "noSuchInstance",
	} {
		got := r.get("ntmPackageData.1.3." + inst)
		if absent := want == "noSuchInstance"; absent != (got == want) {
			t.Errorf("ntmPackageData.1.3.%s is %s", inst, got)
		}
	}
	// The time mark is 64 bits too, and FLOW-METER-MIB's own has 32.
	wide := r.next(oid(t, "ntmPackageData.1.3.2.2.101.3"))
	narrow := r.next(oid(t, "flowPackageData.1.3.2.101.3"))
	if w, n := fmt.Sprintf("%x", wide.value.Bytes), fmt.Sprintf("%x", narrow.value.Bytes); w != "300746050200000065" || n != "3003430165" {
		t.Errorf("time marks %s and %s", w, n)
	}
}

// wideNext is the name after ntmPackageData and after, and the two times there.
func (r *rig) wideNext(after string) string {
	r.t.Helper()
	base := mib.ObjNtmPackageData.OID()
	b := r.next(oid(r.t, "ntmPackageData"+after))
	if len(b.name) <= len(base) || !slices.Equal(b.name[:len(base)], base) {
		return ""
	}
	seq := ber.NewReader(b.value.Bytes)
	in, err := seq.Enter(ber.Sequence)
	if err != nil {
		r.t.Fatal(err)
	}
	var times [2]uint64
	for i := range times {
		var v ber.Value
		if err := in.Value(&v); err != nil || v.Tag != ber.Counter64 {
			r.t.Fatalf("%x: %v, %v", b.value.Bytes, v, err)
		}
		times[i] = v.Uint
	}
	return fmt.Sprintf("%s=%d %d", strings.TrimPrefix(mib.OIDName(b.name), "ntmPackageData."), times[0], times[1])
}

// TestWideSelectors takes as many attributes as a name has room for.
func TestWideSelectors(t *testing.T) {
	var attrs []string
	for _, a := range mib.Attrs() {
		if a.Is(mib.UseRead) {
			attrs = append(attrs, fmt.Sprint(uint8(a)))
		}
	}
	r := ages(t)
	n := min(len(attrs), mib.MaxWideSelector)
	after := fmt.Sprintf("ntmPackageData.%d.%s.2.2.0", n, strings.Join(attrs[:n], "."))
	if b := r.next(oid(t, after)); mib.OIDName(b.name) != after+".3" {
		t.Errorf("after %d attributes comes %s", n, mib.OIDName(b.name))
	}
}

// TestReaderLastTime tells a collection's time in 64 bits.
func TestReaderLastTime(t *testing.T) {
	r := ages(t)
	r.mustSet(parse(t, "flowReaderStatus.3=4, flowReaderRuleSet.3=2")...)
	r.mustSet(parse(t, "flowReaderLastTime.3=0")...)
	if last, wide := r.get("flowReaderLastTime.3"), r.get("ntmReaderLastTime.3"); last != "101" || wide != "0000000200000065" {
		t.Errorf("LastTime is %s and %s", last, wide)
	}
}

// TestWidePackagesKeepToTheView: who is shown NETRAMET-MIB for its figures, and
// no flow data, is shown none there either.
func TestWidePackagesKeepToTheView(t *testing.T) {
	for view, want := range map[string]bool{
		"netrametMIB": false, "netrametMIB,system": false, "netrametMIB,flowMIB,-flowData": false,
		"netrametMIB,flowMIB,-flowDataPackageTable": false, "-flowData": false,
		"netrametMIB,flowMIB": true, "netrametMIB,flowData": true, "-interfaces": true, "flowMIB": false,
	} {
		r := ages(t)
		acc, err := agent.ParseUsers(strings.NewReader("community health read view "+view+"\n"), "users")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.agent.SetAccess(acc); err != nil {
			t.Fatal(err)
		}
		r.as = "health"
		inst := "ntmPackageData.1.28.2.0.0.1"
		got := r.get(inst)
		next := mib.OIDName(r.next(oid(t, "ntmPackageData.1.28.2.0.0")).name)
		if (got != "noSuchObject") != want || (next == inst) != want {
			t.Errorf("view %s: the flow is %s, the next of its table %s", view, got, next)
		}
	}
}
