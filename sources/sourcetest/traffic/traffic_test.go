package traffic

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

var office = Options{Seed: 7, Duration: 2 * time.Minute, Flows: 400, Interfaces: 2}

var bench = Options{Seed: 7, Duration: time.Second, Packets: 20_000, Flows: 3_000, Snap: 2000}

func realistic(t testing.TB, o Options) []Packet {
	t.Helper()
	g, err := NewRealistic(o)
	return collect(t, g, err)
}

func benched(t testing.TB, o Options) []Packet {
	t.Helper()
	g, err := NewBench(o)
	return collect(t, g, err)
}

func collect(t testing.TB, g Generator, err error) []Packet {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Collect(g, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

func TestDeterministic(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(testing.TB, Options) []Packet
		o    Options
	}{
		{"realistic", realistic, office},
		{"bench", benched, bench},
		{"link", linked, link},
	} {
		t.Run(tc.name, func(t *testing.T) {
			first := tc.make(t, tc.o)
			// reflect, because cmp explains where a yes or no will do.
			if !reflect.DeepEqual(first, tc.make(t, tc.o)) {
				t.Error("the same seed makes another trace")
			}
			other := tc.o
			other.Seed++
			if reflect.DeepEqual(first, tc.make(t, other)) {
				t.Error("another seed makes the same trace")
			}
		})
	}
}

// TestOrder: times go up, are whole microseconds, and end in time.
func TestOrder(t *testing.T) {
	for name, packets := range map[string][]Packet{
		"realistic": realistic(t, office), "bench": benched(t, bench), "link": linked(t, link),
	} {
		t0 := DefaultStart.UnixNano()
		if packets[0].Frame.Time != t0 {
			t.Errorf("%s: first packet at %d, want %d", name, packets[0].Frame.Time, t0)
		}
		last := t0
		for i, p := range packets {
			if p.Frame.Time < last || p.Frame.Time%1000 != 0 {
				t.Fatalf("%s: packet %d at %d after %d", name, i+1, p.Frame.Time, last)
			}
			last = p.Frame.Time
		}
		if max := t0 + int64(office.Duration); last >= max {
			t.Errorf("%s: last packet at %d, the end is %d", name, last, max)
		}
	}
}

// decoded is what gopacket makes of a whole frame, outermost IP header.
func decoded(t *testing.T, p *Packet) Packet {
	t.Helper()
	got := Packet{Frame: p.Frame}
	d := gopacket.NewPacket(p.Frame.Data, layers.LayerTypeEthernet, gopacket.NoCopy)
	later := false // a fragment that is not the first
	var body []byte
	for _, l := range d.Layers() {
		switch l := l.(type) {
		case *layers.IPv4:
			got.IP, got.IPOctets = true, uint32(l.Length)
			got.Flow.Src, _ = netip.AddrFromSlice(l.SrcIP)
			got.Flow.Dst, _ = netip.AddrFromSlice(l.DstIP)
			got.Flow.Proto = uint8(l.Protocol)
			later, body = l.FragOffset > 0, l.LayerPayload()
			got.Fragment = later || l.Flags&layers.IPv4MoreFragments != 0
		case *layers.IPv6:
			got.IP, got.IPOctets = true, 40+uint32(l.Length)
			got.Flow.Src, _ = netip.AddrFromSlice(l.SrcIP)
			got.Flow.Dst, _ = netip.AddrFromSlice(l.DstIP)
			got.Flow.Proto = uint8(l.NextHeader)
			if l.HopByHop != nil {
				got.Flow.Proto = uint8(l.HopByHop.NextHeader)
			}
		case *layers.IPv6Destination:
			got.Flow.Proto = uint8(l.NextHeader)
		case *layers.IPv6Fragment:
			got.Flow.Proto, got.Fragment, later = uint8(l.NextHeader), true, l.FragmentOffset > 0
			body = l.LayerPayload()
		case *layers.TCP:
			got.Flow.SrcPort, got.Flow.DstPort = uint16(l.SrcPort), uint16(l.DstPort)
			checksum(t, got, l, l.LayerContents(), l.LayerPayload(), l)
		case *layers.UDP:
			got.Flow.SrcPort, got.Flow.DstPort = uint16(l.SrcPort), uint16(l.DstPort)
			checksum(t, got, l, l.LayerContents(), l.LayerPayload(), l)
		}
	}
	if got.Fragment && !later {
		// gopacket does not look into a first fragment.
		got.Flow.SrcPort, got.Flow.DstPort = uint16(body[0])<<8|uint16(body[1]), uint16(body[2])<<8|uint16(body[3])
	}
	return got
}

// checksum has gopacket make a transport header again and compares.
func checksum(t *testing.T, p Packet, again gopacket.SerializableLayer, header, body []byte,
	l interface {
		SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
	}) {
	t.Helper()
	var network gopacket.NetworkLayer = &layers.IPv6{SrcIP: p.Flow.Src.AsSlice(), DstIP: p.Flow.Dst.AsSlice()}
	if p.Flow.Src.Is4() {
		network = &layers.IPv4{SrcIP: p.Flow.Src.AsSlice(), DstIP: p.Flow.Dst.AsSlice()}
	}
	want := append(bytes.Clone(header), body...)
	b := gopacket.NewSerializeBuffer()
	if err := l.SetNetworkLayerForChecksum(network); err != nil {
		t.Fatal(err)
	}
	opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, opts, again, gopacket.Payload(body)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes()[:len(header)], want[:len(header)]) {
		t.Errorf("%v: header\n% x, gopacket writes\n% x", p.Flow, header, b.Bytes()[:len(header)])
	}
}

// TestTruthIsInTheOctets decodes every frame with gopacket: it must say the
// same as the generator.
func TestTruthIsInTheOctets(t *testing.T) {
	for name, packets := range map[string][]Packet{
		"realistic": realistic(t, office), "bench": benched(t, bench), "link": linked(t, link),
	} {
		t.Run(name, func(t *testing.T) {
			for i := range packets {
				p := &packets[i]
				if int(p.Frame.WireLen) != len(p.Frame.Data) {
					t.Fatalf("packet %d: %d octets of %d", i+1, len(p.Frame.Data), p.Frame.WireLen)
				}
				if got := decoded(t, p); !reflect.DeepEqual(*p, got) {
					t.Fatalf("packet %d: %s", i+1, cmp.Diff(*p, got, sameAddr))
				}
			}
		})
	}
}

// TestMix: the realistic trace has all it promises.
func TestMix(t *testing.T) {
	count := map[string]int{}
	for _, p := range realistic(t, office) {
		d := gopacket.NewPacket(p.Frame.Data, layers.LayerTypeEthernet, gopacket.NoCopy)
		for _, l := range d.Layers() {
			count[l.LayerType().String()]++
			if tcp, ok := l.(*layers.TCP); ok {
				for flag, set := range map[string]bool{"SYN": tcp.SYN, "FIN": tcp.FIN, "RST": tcp.RST} {
					if set {
						count[flag]++
					}
				}
			}
		}
		if p.Fragment {
			count["fragments"]++
		}
		count[fmt.Sprint("interface ", p.Frame.Interface)]++
	}
	for _, want := range []string{
		"TCP", "UDP", "DNS", "NTP", "ICMPv4", "ICMPv6", "ARP", "STP", "Dot1Q", "IPv4", "IPv6", "IPv6Destination",
		"IPv6HopByHop", "IPv6Fragment", "IPSecESP", "LinkLayerDiscovery", "SYN", "FIN", "RST", "fragments",
		"interface 1", "interface 2",
	} {
		if count[want] == 0 {
			t.Errorf("no %s in %v", want, count)
		}
	}
}

// TestLosses: some sequence numbers come twice, some queries stay unanswered.
func TestLosses(t *testing.T) {
	again := map[string]int{}
	dns := map[Flow]int{}
	for _, p := range realistic(t, office) {
		d := gopacket.NewPacket(p.Frame.Data, layers.LayerTypeEthernet, gopacket.NoCopy)
		if tcp, ok := d.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && (len(tcp.Payload) > 0 || tcp.SYN) {
			again[fmt.Sprint(p.Flow, tcp.Seq)]++
		}
		if p.Flow.DstPort == 53 {
			dns[p.Flow]++
		} else if p.Flow.SrcPort == 53 {
			dns[p.Flow.Reverse()]--
		}
	}
	repeated, unanswered := 0, 0
	for _, n := range again {
		if n > 1 {
			repeated++
		}
	}
	for _, n := range dns {
		if n > 0 {
			unanswered++
		}
	}
	if repeated == 0 || unanswered == 0 {
		t.Errorf("%d repeated segments, %d unanswered queries", repeated, unanswered)
	}
}

func TestBenchFlows(t *testing.T) {
	for _, tc := range []struct {
		name           string
		packets, flows int
		zipf           bool
		want           int
	}{
		{"uniform", 20_000, 3_000, false, 3_000},
		{"zipf", 20_000, 3_000, true, 3_000},
		{"one packet each", 3_000, 3_000, false, 3_000},
		{"one flow", 100, 1, false, 1},
		{"fewer packets than flows", 100, 3_000, true, 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Options{Packets: tc.packets, Flows: tc.flows, Zipf: tc.zipf, Duration: time.Second}
			var truth Truth
			packets := benched(t, o)
			v6 := 0
			for i := range packets {
				truth.Add(&packets[i])
				if packets[i].Flow.Src.Is6() {
					v6++
				}
				if n := len(packets[i].Frame.Data); n > benchSnap {
					t.Fatalf("packet %d has %d octets", i+1, n)
				}
			}
			if len(packets) != tc.packets || len(truth.Flows()) != tc.want {
				t.Errorf("%d packets of %d flows, want %d of %d", len(packets), len(truth.Flows()), tc.packets, tc.want)
			}
			if tc.packets == 20_000 && !tc.zipf && (v6 < 1_800 || v6 > 2_200) {
				t.Errorf("%d IPv6 packets of %d, want a tenth", v6, tc.packets)
			}
		})
	}
}

// TestZipf: the most frequent flow has far more than an equal share.
func TestZipf(t *testing.T) {
	o := bench
	o.Zipf = true
	var truth Truth
	for _, p := range benched(t, o) {
		truth.Add(&p)
	}
	most := uint64(0)
	for _, s := range truth.Flows() {
		most = max(most, s.PDUs[0]+s.PDUs[1])
	}
	if most < 1_500 {
		t.Errorf("the most frequent flow has %d of 20000 packets", most)
	}
}

func TestBenchDoesNotAllocate(t *testing.T) {
	g, err := NewBench(Options{Packets: 1 << 20, Flows: 1000, Duration: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var p Packet
	n := testing.AllocsPerRun(1000, func() {
		if err := g.Next(&p); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func TestTruthSums(t *testing.T) {
	packets := realistic(t, office)
	var truth Truth
	var pdus, octets, ipOctets, fragments uint64
	for i := range packets {
		truth.Add(&packets[i])
		pdus++
		octets += uint64(packets[i].Frame.WireLen)
		ipOctets += uint64(packets[i].IPOctets)
		if packets[i].Fragment {
			fragments++
		}
	}
	for _, s := range append([]Sums{truth.Other()}, truth.Flows()...) {
		pdus -= s.PDUs[0] + s.PDUs[1]
		octets -= s.FrameOctets[0] + s.FrameOctets[1]
		ipOctets -= s.IPOctets[0] + s.IPOctets[1]
		fragments -= s.Fragments
		if s.PDUs[0] == 0 || s.First > s.Last {
			t.Errorf("flow %+v", s)
		}
	}
	if pdus|octets|ipOctets|fragments != 0 {
		t.Errorf("truth differs from the packets by %d packets, %d frame and %d IP octets, %d fragments", pdus, octets, ipOctets, fragments)
	}
}

func TestTruthFile(t *testing.T) {
	a := Flow{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), 1024, 80, 6}
	b := Flow{Src: netip.MustParseAddr("2001:db8::1"), Dst: netip.MustParseAddr("2001:db8::2"), Proto: 17}
	var truth Truth
	for i, p := range []Packet{
		{IP: true, Flow: a, IPOctets: 40},
		{IP: true, Flow: a.Reverse(), IPOctets: 50},
		{},
		{IP: true, Flow: b, IPOctets: 1496, Fragment: true},
		{IP: true, Flow: a, IPOctets: 60},
	} {
		p.Frame.Time, p.Frame.WireLen = int64(i+1)*1e9+5, p.IPOctets+14
		truth.Add(&p)
	}
	var out strings.Builder
	if _, err := truth.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	want := header +
		"4\t6\t10.0.0.1\t1024\t10.0.0.2\t80\t2\t1\t100\t50\t128\t64\t0\t1.000000005\t5.000000005\n" +
		"6\t17\t2001:db8::1\t0\t2001:db8::2\t0\t1\t0\t1496\t0\t1510\t0\t1\t4.000000005\t4.000000005\n"
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Error(d)
	}
	if o := truth.Other(); o.PDUs[0] != 1 || o.FrameOctets[0] != 14 {
		t.Errorf("others %+v", o)
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, tc := range []struct {
		name string
		o    Options
	}{
		{"no duration", Options{Flows: 1, Packets: 1}},
		{"no flows", Options{Duration: 1, Packets: 1}},
		{"negative packets", Options{Duration: 1, Flows: 1, Packets: -1}},
		{"interfaces", Options{Duration: 1, Flows: 1, Packets: 1, Interfaces: 256}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := NewRealistic(tc.o); err == nil {
				t.Error("realistic takes it")
			}
			if _, err := NewBench(tc.o); err == nil {
				t.Error("bench takes it")
			}
		})
	}
	if _, err := NewBench(Options{Duration: 1, Flows: 1}); err == nil {
		t.Error("bench takes no packets")
	}
	if _, err := NewBench(Options{Duration: 1, Packets: 1, Flows: MaxBenchFlows + 1}); err == nil {
		t.Error("bench takes any number of flows")
	}
}

// TestPacketLimit: Packets and Snap cut the same trace off.
func TestPacketLimit(t *testing.T) {
	o := office
	o.Packets, o.Snap = 50, 60
	whole, part := realistic(t, office), realistic(t, o)
	if len(part) != 50 {
		t.Fatalf("%d packets", len(part))
	}
	for i := range part {
		f := whole[i].Frame
		if !bytes.HasPrefix(f.Data, part[i].Frame.Data) || f.WireLen != part[i].Frame.WireLen || len(part[i].Frame.Data) > 60 {
			t.Fatalf("packet %d differs", i+1)
		}
	}
	g, err := NewBench(Options{Duration: 1, Flows: 1, Packets: 1})
	if err != nil {
		t.Fatal(err)
	}
	var p Packet
	for i, want := range []error{nil, io.EOF, io.EOF} {
		if err := g.Next(&p); !errors.Is(err, want) {
			t.Errorf("call %d gives %v, want %v", i+1, err, want)
		}
	}
}

// TestDamaged: what is left of a realistic trace has one direction of each conversation,
// nothing that opens or closes one, and fewer packets.
func TestDamaged(t *testing.T) {
	damaged := office
	damaged.Damaged = true
	seen := map[Flow]bool{}
	left := realistic(t, damaged)
	for _, p := range left {
		if !p.IP || p.Fragment || p.Flow.SrcPort == 0 {
			continue
		}
		if seen[p.Flow] = true; seen[p.Flow.Reverse()] {
			t.Fatalf("both directions of %v", p.Flow)
		}
		d := gopacket.NewPacket(p.Frame.Data, layers.LayerTypeEthernet, gopacket.NoCopy)
		if tcp, ok := d.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && (tcp.SYN || tcp.FIN || tcp.RST) {
			t.Fatalf("%v opens or closes", p.Flow)
		}
	}
	if whole := realistic(t, office); len(left) > len(whole)/4 || len(seen) < 10 {
		t.Errorf("%d of %d packets of %d flows are left", len(left), len(whole), len(seen))
	}
}
