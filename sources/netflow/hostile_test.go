package netflow

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"netramet/sources/wire"
)

// seeds are datagrams of each kind.
func seeds() [][]byte {
	return [][]byte{
		message5(1, 1<<14|10, record5Of("10.0.0.1", "10.0.0.2", 7, 900, 1, 2), record5Of("10.0.0.3", "10.0.0.2", 1, 90, 1, 2)),
		message9(2, 1, set(0, templateOf(300, usual...), templateOf(301, short...)), set(300, usualRecord("10.0.0.1", 7, 900)),
			set(1, be(uint16(400), uint16(4), uint16(8), uint16(1), uint16(4), uint16(48), uint16(1), uint16(50), uint16(4))), set(400, be(uint32(1), 3, uint32(64))),
			set(301, shortRecord("10.0.0.1", 2, 80), shortRecord("10.0.0.9", 2, 80))),
		messageIPFIX(3, 1, set(2, templateOf(300, el{82, variable, 0}, el{8, 4, 0}, el{2, 4, 0}, el{1, 4, reversePEN}, el{152, 8, 0}, el{153, 8, 0})),
			set(300, be(3, []byte("eth"), "10.0.0.1", uint32(7), uint32(8), uint64(startTime/1e6), uint64(startTime/1e6))), set(2, be(uint16(301), uint16(0))),
			set(3, be(uint16(401), uint16(2), uint16(1), uint16(149), uint16(4), uint16(160), uint16(8))), set(302, shortRecord("10.0.0.1", 2, 80))),
		sflowOf(1, 512, 1518, []byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00E\x00\x00\x40\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x05\x00\x06\x00\x00\x00\x00"),
			be(uint32(7), uint32(1), uint32(0), uint32(0)), be(uint32(2), "2001:db8::9", uint32(24), uint32(16)),
			be(uint32(1), "10.0.0.9", uint32(0), uint32(1), uint32(0), uint32(1), uint32(2), uint32(2), uint32(1), uint32(2), uint32(0), uint32(0))),
		message1(record5Of("10.0.0.1", "10.0.0.2", 7, 900, 1, 2)), message7(2, record5Of("10.0.0.1", "10.0.0.2", 7, 900, 1, 2)),
	}
}

// checkRecords takes a datagram and checks what must hold of any; it returns how many
// records there were.
func checkRecords(t testing.TB, c *Collector, from netip.AddrPort, came int64, d []byte) (n int) {
	room := make([]byte, frameRoom)
	var r wire.Record
	for c.Begin(from, came, d); c.Next(&r, room); n++ {
		f := &r.Frame
		switch {
		case r.PDUs == 0, r.PDUs > maxPDUs*maxRate, len(f.Data) > frameRoom, f.Time != came, f.Interface == 0:
			t.Fatalf("record %+v", r)
		case r.FirstTime != wire.NoTime && (r.FirstTime > r.LastTime || r.LastTime > came):
			t.Fatalf("times %d to %d, came %d", r.FirstTime, r.LastTime, came)
		}
	}
	if c.heldOctets < 0 || c.heldOctets > maxHeld || c.kept < 0 || c.kept > maxKept || len(c.list) > maxExporters || len(c.ready) > 0 {
		t.Fatalf("%d octets held, %d fields kept, %d exporters, %d sets left", c.heldOctets, c.kept, len(c.list), len(c.ready))
	}
	return n
}

// FuzzDatagrams feeds two datagrams to a collector that knows templates.
func FuzzDatagrams(f *testing.F) {
	for _, a := range seeds() {
		for _, b := range seeds() {
			f.Add(a, b)
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := NewCollector(Options{})
		take(c, exporterA, seeds()[1])
		for _, d := range [][]byte{a, b, a} {
			checkRecords(t, c, exporterA, startTime, d)
		}
		c.End()
		if c.heldOctets != 0 {
			t.Errorf("%d octets held at the end", c.heldOctets)
		}
	})
}

// TestMutations: datagrams with octets changed at random, cut and put together. There
// are as many as NETFLOW_MUTATIONS says.
func TestMutations(t *testing.T) {
	n := 20_000
	if text := os.Getenv("NETFLOW_MUTATIONS"); text != "" {
		n, _ = strconv.Atoi(text)
	}
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	c, all, records := NewCollector(Options{}), seeds(), 0
	var before, after runtime.MemStats
	for i := range n {
		if i == n/10 { // all that is kept is there by then
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		d := append([]byte(nil), all[rnd.IntN(len(all))]...)
		for range rnd.IntN(6) {
			switch at := rnd.IntN(len(d)); rnd.IntN(4) {
			case 0:
				d[at] = byte(rnd.Uint32())
			case 1:
				d[at] ^= 1 << rnd.IntN(8)
			case 2:
				if at > 4 {
					d = d[:at]
				}
			default:
				if at+2 <= len(d) {
					binary.BigEndian.PutUint16(d[at:], []uint16{0, 1, 4, 0xffff, 300, 301}[rnd.IntN(6)])
				}
			}
		}
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(rnd.IntN(3))}), uint16(rnd.IntN(3)))
		records += checkRecords(t, c, from, startTime+int64(i)*int64(time.Millisecond), d)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("memory has grown by %d octets", grown)
	}
	st := c.Stats()
	if st.Datagrams != uint64(n) || records == 0 || st.Damaged == 0 || st.Unknown == 0 {
		t.Errorf("%d records, %+v", records, st)
	}
	t.Logf("%d records, %+v", records, st)
}

// TestFloods: exporters, sessions, templates and data without a template take no more
// than their limits, and what was there before goes on.
func TestFloods(t *testing.T) {
	c := NewCollector(Options{})
	take(c, exporterA, message9(0, 1, set(0, templateOf(300, short...))))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	wide := make([]el, maxFields)
	for i := range wide {
		wide[i] = el{uint16(1 + i%100), 1, 0}
	}
	big := make([]byte, 60_000)
	for i := range 2000 {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(i))
		checkRecords(t, c, from, startTime, message9(uint32(i), 1, set(0, templateOf(uint16(256+i), wide...)), set(uint16(20000+i), big)))
		checkRecords(t, c, netip.AddrPortFrom(from.Addr(), 9), startTime, messageIPFIX(uint32(i), uint32(i), set(uint16(20000+i), big)))
	}
	attacker := netip.MustParseAddrPort("10.1.0.1:1")
	for i := range 60_000 {
		id := uint16(256 + i%65_000)
		checkRecords(t, c, attacker, startTime, message9(uint32(i), uint32(i%8), set(0, templateOf(id, short...)), set(id+1, nil)))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 48<<20 {
		t.Errorf("memory has grown by %d octets", grown)
	}
	if got := take(c, exporterA, message9(1, 1, set(300, shortRecord("10.0.0.1", 2, 80)))); len(got) != 1 {
		t.Errorf("the exporter before the flood has %d records", len(got))
	}
	if st := c.Stats(); st.Refused == 0 || st.Unknown == 0 || st.NoTemplate == 0 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(c)
}

// TestEmptyTemplates: templates of which nothing is known are not free either.
func TestEmptyTemplates(t *testing.T) {
	c := NewCollector(Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var many [][]byte
	for i := range maxTemplates {
		many = append(many, templateOf(uint16(256+i), el{3, 4, 0}))
	}
	templates := set(0, many...)
	for i := range 6 * maxExporters {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(i / 6)}), uint16(i%6))
		checkRecords(t, c, from, startTime, message9(uint32(i), 1, templates))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 48<<20 {
		t.Errorf("memory has grown by %d octets", grown)
	}
	if st := c.Stats(); st.NoTemplate == 0 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(c)
}

// TestExpiry: data wait for their template for a bounded time.
func TestExpiry(t *testing.T) {
	c := NewCollector(Options{})
	came := startTime
	checkRecords(t, c, exporterA, came, message9(0, 1, set(300, shortRecord("10.0.0.1", 2, 80))))
	came += int64(maxHeldFor + 2*sweepEvery)
	if n := checkRecords(t, c, exporterA, came, message9(1, 1, set(0, templateOf(300, short...)))); n != 0 || c.Stats().Unknown != 1 || c.heldOctets != 0 {
		t.Errorf("%d records, %+v, %d octets held", n, c.Stats(), c.heldOctets)
	}
}

// BenchmarkRecords is the decoding of records, without a meter.
func BenchmarkRecords(b *testing.B) {
	var many [][]byte
	for i := range 24 {
		many = append(many, usualRecord("10.0.0.1", 7, uint32(900+i)))
	}
	var five [][]byte
	for range 30 {
		five = append(five, record5Of("10.0.0.1", "10.0.0.2", 7, 900, bootedAgo-5000, bootedAgo-1000))
	}
	for _, v := range []struct {
		name string
		d    []byte
	}{
		{"version 5", message5(0, 0, five...)},
		{"version 9", message9(0, 1, set(300, many...))},
	} {
		b.Run(v.name, func(b *testing.B) {
			c := NewCollector(Options{})
			take(c, exporterA, message9(0, 1, set(0, templateOf(300, usual...))))
			room, n := make([]byte, frameRoom), 0
			var r wire.Record
			b.ReportAllocs()
			for b.Loop() {
				for c.Begin(exporterA, startTime, v.d); c.Next(&r, room); n++ {
					continue
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
