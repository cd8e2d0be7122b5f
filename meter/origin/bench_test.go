package origin

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
)

// fullTable is the text of about as many prefixes as the Internet announces, in
// lengths much as there.
func fullTable(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for range n {
		var a [16]byte
		if rnd.IntN(5) == 0 { // IPv6
			length := []int{32, 48, 48, 40, 44}[rnd.IntN(5)]
			a = [16]byte{0x20 + byte(rnd.IntN(2))*4, byte(rnd.IntN(64)), byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32())}
			p, _ := netip.AddrFrom16(a).Prefix(length)
			fmt.Fprintf(&b, "%v\t%d\n", p, rnd.IntN(400_000))
			continue
		}
		length := []int{24, 24, 24, 24, 24, 24, 22, 23, 20, 16}[rnd.IntN(10)]
		p, _ := netip.AddrFrom4([4]byte{byte(1 + rnd.IntN(222)), byte(rnd.Uint32()), byte(rnd.Uint32()), 0}).Prefix(length)
		fmt.Fprintf(&b, "%v\t%d\n", p, rnd.IntN(400_000))
	}
	return b.Bytes()
}

// BenchmarkRead is what it takes to read a million prefixes, and to hold them.
func BenchmarkRead(b *testing.B) {
	text := fullTable(1_000_000)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		t, err := Read(bytes.NewReader(text), "table")
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(t.Len()), "B/prefix")
		b.ReportMetric(float64(t.Len()), "prefixes")
	}
}

// BenchmarkReadNames is what it takes to read a million prefixes, each with a number and
// a name of its own.
func BenchmarkReadNames(b *testing.B) {
	var text bytes.Buffer
	for i := range 500_000 {
		fmt.Fprintf(&text, "10.%d.%d.%d/32 %d Customer %d & Sons\n", i>>16, i>>8&255, i&255, 600_000+i, i)
		fmt.Fprintf(&text, "2001:db8:%x:%x::/64 %d Customer %d of IPv6\n", i>>16, i&0xffff, i+1, i)
	}
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		t, err := Read(bytes.NewReader(text.Bytes()), "table")
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(t.Len()), "B/prefix")
		b.ReportMetric(float64(t.Names().Len()), "names")
	}
}

// BenchmarkLookup is the look-up of addresses at random in such a table.
func BenchmarkLookup(b *testing.B) {
	t, err := Read(bytes.NewReader(fullTable(1_000_000)), "table")
	if err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	addrs := make([]netip.Addr, 1<<16)
	for i := range addrs {
		addrs[i] = netip.AddrFrom4([4]byte{byte(1 + rnd.IntN(222)), byte(rnd.Uint32()), byte(rnd.Uint32()), byte(rnd.Uint32())})
	}
	var sum uint32
	i := 0
	for b.Loop() {
		asn, _ := t.Lookup(addrs[i&(len(addrs)-1)])
		sum += asn
		i++
	}
	_ = sum
}
