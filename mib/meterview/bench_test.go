package meterview

import (
	"fmt"
	"strings"
	"testing"

	"netramet/meter"
	"netramet/mib/ber"
)

// allOf are the packages of a rule set's flows with what a flow data file has
// by default.
const allOf = "flowPackageData.15.26.1.31.32.8.9.19.11.12.22.41.28.30.27.29.2.0"

// allOfWide are the same with times of 64 bits, as nemac asks for them.
var allOfWide = strings.Replace(allOf, "flowPackageData", "ntmPackageData", 1)

// packageRig has n flows to read.
func packageRig(t testing.TB, n int) *rig {
	r := newRig(t, meter.Config{})
	r.load(fiveTuple)
	r.feed(0, n, 0)
	return r
}

// packageRequests are requests for packages: what a collection asks for.
func packageRequests(r *rig) map[string][]byte {
	after := func(flow int) bind {
		return bind{oid(r.t, fmt.Sprintf("%s.%d", allOf, flow)), ber.Value{Tag: ber.Null}}
	}
	return map[string][]byte{
		"Get":                 r.message(ber.GetRequest, 0, 0, after(100)),
		"GetNext":             r.message(ber.GetNextRequest, 0, 0, after(100)),
		"GetNext of three":    r.message(ber.GetNextRequest, 0, 0, after(100), after(2000), after(0)),
		"GetNext at the end":  r.message(ber.GetNextRequest, 0, 0, after(1<<30)),
		"GetBulk":             r.message(ber.GetBulkRequest, 0, 5000, after(0)),
		"GetBulk, wide times": r.message(ber.GetBulkRequest, 0, 5000, bind{oid(r.t, allOfWide+".0.0"), ber.Value{Tag: ber.Null}}),
		"GetBulk of two":      r.message(ber.GetBulkRequest, 0, 5000, after(0), after(1000)),
		"GetBulk to the end":  r.message(ber.GetBulkRequest, 0, 5000, after(2900)),
		"flowDataTable":       r.message(ber.GetBulkRequest, 0, 5000, bind{oid(r.t, "flowDataSourcePeerAddress.2.0.0"), ber.Value{Tag: ber.Null}}),
		"flowDataTable, next": r.message(ber.GetNextRequest, 0, 0, bind{oid(r.t, "flowDataToPDUs.2.0.7"), ber.Value{Tag: ber.Null}}),
	}
}

// TestNoAllocationPerPackage: a collection allocates nothing in the meter.
func TestNoAllocationPerPackage(t *testing.T) {
	r := packageRig(t, 3000)
	for name, msg := range packageRequests(r) {
		size := len(r.agent.Handle(r.buf, msg, from, r.now)) // scratch memory grows once
		if n := testing.AllocsPerRun(5, func() { r.agent.Handle(r.buf, msg, from, r.now) }); n != 0 {
			t.Errorf("%s: %v allocations for an answer of %d octets", name, n, size)
		}
	}
	size := len(r.agent.Handle(r.buf, packageRequests(r)["GetBulk"], from, r.now))
	if size < 60_000 {
		t.Errorf("a GetBulk gives %d octets only", size)
	}
}

// benchmarkPackages measures the answers to a request, by variable binding.
func benchmarkPackages(b *testing.B, request string) {
	r := packageRig(b, 20_000)
	msg := packageRequests(r)[request]
	_, _, got, err := decode(r.agent.Handle(r.buf, msg, from, r.now))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.agent.Handle(r.buf, msg, from, r.now)
	}
	b.ReportMetric(float64(len(got)), "varbinds/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(got)), "ns/varbind")
}

func BenchmarkGetNextPackage(b *testing.B) { benchmarkPackages(b, "GetNext") }

func BenchmarkGetBulkPackage(b *testing.B) { benchmarkPackages(b, "GetBulk") }
