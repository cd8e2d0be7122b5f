package netflow

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/meter/packet"
	"netramet/sources/wire"
)

// told is a record in a line: what rules see of it.
func told(r *wire.Record) string {
	var p packet.Packet
	p.DecodeNet(&r.Frame)
	p.DecodeRest(&r.Frame)
	at := func(t int64) string {
		if t == wire.NoTime {
			return "-"
		}
		return time.Duration(t - startTime).String()
	}
	octets := fmt.Sprint(r.Octets)
	if r.Octets == wire.OctetsOfFrame {
		octets = "frame's"
	}
	addr := func(i int) string {
		a, _ := netip.AddrFromSlice(p.PeerAddress[i][:p.PeerLen])
		return fmt.Sprintf("%v:%d", a, p.TransAddress[i])
	}
	s := fmt.Sprintf("%d %s>%s %dp %so %s..%s dscp%d", p.TransType, addr(0), addr(1), r.PDUs, octets, at(r.FirstTime), at(r.LastTime), p.Rest.DSCodePoint)
	x := r.Exporter
	if x.ASN != [2]uint32{} || x.Prefix != [2]uint8{} || x.Interface != [2]uint32{} {
		s += fmt.Sprintf(" as%v /%v if%v", x.ASN, x.Prefix, x.Interface)
	}
	if p.Rest.VLANid != 0 {
		s += fmt.Sprintf(" vlan%d.%d", p.Rest.VLANid, p.Rest.Priority)
	}
	if r.Frame.LinkType == wire.LinkEthernet {
		s += fmt.Sprintf(" mac%x", p.Rest.AdjacentAddress[0][:6])
	}
	if p.Fault != packet.FaultNone || p.Flags&packet.HasTCP != 0 {
		s += fmt.Sprintf(" fault %v flags %b", p.Fault, p.Flags)
	}
	return s
}

// Fields of templates.
var (
	usual = []el{{8, 4, 0}, {12, 4, 0}, {7, 2, 0}, {11, 2, 0}, {4, 1, 0}, {2, 4, 0}, {1, 4, 0}, {22, 4, 0}, {21, 4, 0}}
	short = []el{{8, 4, 0}, {2, 2, 0}, {1, 2, 0}}
)

func usualRecord(src string, pdus, octets uint32) []byte {
	return be(src, "10.0.0.2", uint16(1000), uint16(80), 17, pdus, octets, uint32(bootedAgo-5000), uint32(bootedAgo-1000))
}

func shortRecord(src string, pdus, octets uint16) []byte { return be(src, pdus, octets) }

// TestVersions: what each version and kind of field tells.
func TestVersions(t *testing.T) {
	const u = "17 10.0.0.1:1000>10.0.0.2:80 7p 900o -4.999s..-999ms dscp0"
	header := be([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, uint16(0x8100), uint16(3<<13|77), uint16(0x0800),
		[]byte{0x45, 0xb8, 0, 100, 0, 0, 0, 0, 64, 17, 0, 0}, "10.0.0.1", "10.0.0.2", uint16(5), uint16(6), uint16(80), uint16(0))
	untagged := be(header[:12], header[16:])
	five := record5Of("10.0.0.1", "10.0.0.2", 7, 900, bootedAgo-5000, bootedAgo-1000)
	for _, tt := range []struct {
		name      string
		datagrams [][]byte
		want      []string
	}{
		{"version 5", [][]byte{message5(0, 0, five)},
			[]string{"6 10.0.0.1:1000>10.0.0.2:80 7p 900o -5s..-1s dscp46 as[64500 64501] /[24 16] if[3 4]"}},
		{"version 5, sampled", [][]byte{message5(0, 1<<14|100, record5Of("10.0.0.1", "10.0.0.2", 7, 900, bootedAgo, bootedAgo))},
			[]string{"6 10.0.0.1:1000>10.0.0.2:80 700p 90000o 0s..0s dscp46 as[64500 64501] /[24 16] if[3 4]"}},
		{"version 9", [][]byte{message9(0, 1, set(0, templateOf(300, usual...)), set(300, usualRecord("10.0.0.1", 7, 900)))}, []string{u}},
		{"template behind the data", [][]byte{message9(0, 1, set(300, usualRecord("10.0.0.1", 7, 900))), message9(1, 1, set(0, templateOf(300, usual...)))}, []string{u}},
		{"template of another domain", [][]byte{message9(0, 1, set(300, usualRecord("10.0.0.1", 7, 900))), message9(0, 2, set(0, templateOf(300, usual...)))}, nil},
		{"template changed", [][]byte{
			messageIPFIX(0, 1, set(2, templateOf(300, usual...)), set(2, templateOf(300, short...)), set(300, shortRecord("10.0.0.1", 2, 80), shortRecord("10.0.0.3", 3, 90))),
		}, []string{"0 10.0.0.1:0>0.0.0.0:0 2p 80o -..- dscp0", "0 10.0.0.3:0>0.0.0.0:0 3p 90o -..- dscp0"}},
		{"template withdrawn", [][]byte{messageIPFIX(0, 1, set(2, templateOf(300, short...))), messageIPFIX(0, 1, set(2, be(uint16(300), uint16(0)))),
			messageIPFIX(0, 1, set(300, shortRecord("10.0.0.1", 2, 80)))}, nil},
		{"all templates withdrawn", [][]byte{messageIPFIX(0, 1, set(2, templateOf(300, short...))), messageIPFIX(0, 1, set(2, be(uint16(2), uint16(0)))),
			messageIPFIX(0, 1, set(300, shortRecord("10.0.0.1", 2, 80)))}, nil},
		{"variable lengths and enterprises", [][]byte{messageIPFIX(0, 1,
			set(2, templateOf(300, el{82, variable, 0}, el{8, 4, 0}, el{12, 4, 0}, el{77, variable, 9}, el{2, 8, 0}, el{1, 3, 0}, el{100, 6, 4711})),
			set(300, be(3, []byte("eth"), "10.0.0.1", "10.0.0.2", 255, uint16(300), make([]byte, 300), uint64(7), 0, uint16(900), make([]byte, 6)),
				be(0, "10.0.0.3", "10.0.0.2", 0, uint64(8), 1, uint16(0), make([]byte, 6))))},
			[]string{"0 10.0.0.1:0>10.0.0.2:0 7p 900o -..- dscp0", "0 10.0.0.3:0>10.0.0.2:0 8p 65536o -..- dscp0"}},
		{"biflow", [][]byte{messageIPFIX(0, 1, set(2, templateOf(300, el{27, 16, 0}, el{28, 16, 0}, el{7, 2, 0}, el{11, 2, 0}, el{4, 1, 0}, el{5, 1, 0}, el{10, 4, 0}, el{14, 4, 0},
			el{2, 4, 0}, el{1, 4, 0}, el{2, 4, reversePEN}, el{1, 4, reversePEN}, el{5, 1, reversePEN}, el{152, 8, 0}, el{153, 8, 0}, el{152, 8, reversePEN})),
			set(300, be("2001:db8::1", "2001:db8::2", uint16(1000), uint16(80), 6, 46<<2, uint32(70000), uint32(2), uint32(3), uint32(400), uint32(5), uint32(600), 8<<2,
				uint64(startTime/1e6-9000), uint64(startTime/1e6-2000), uint64(startTime/1e6-8000))))},
			[]string{"6 2001:db8::1:1000>2001:db8::2:80 3p 400o -9s..-2s dscp46 as[0 0] /[0 0] if[70000 2]",
				"6 2001:db8::2:80>2001:db8::1:1000 5p 600o -8s..-2s dscp8 as[0 0] /[0 0] if[2 70000]"}},
		{"responder", [][]byte{messageIPFIX(0, 1, set(2, templateOf(300, el{8, 4, 0}, el{12, 4, 0}, el{231, 4, 0}, el{232, 4, 0})),
			set(300, be("10.0.0.1", "10.0.0.2", uint32(10), uint32(20)), be("10.0.0.1", "10.0.0.2", uint32(0), uint32(20)), be("10.0.0.1", "10.0.0.2", uint32(0), uint32(0))))},
			[]string{"0 10.0.0.1:0>10.0.0.2:0 1p 10o -..- dscp0", "0 10.0.0.2:0>10.0.0.1:0 1p 20o -..- dscp0", "0 10.0.0.2:0>10.0.0.1:0 1p 20o -..- dscp0"}},
		{"link and code point", [][]byte{messageIPFIX(0, 1, set(2, templateOf(300, el{56, 6, 0}, el{80, 6, 0}, el{58, 2, 0}, el{244, 1, 0}, el{8, 4, 0}, el{12, 4, 0}, el{195, 1, 0},
			el{2, 1, 0}, el{85, 2, 0}, el{16, 4, 0}, el{17, 2, 0}, el{9, 1, 0}, el{13, 1, 0}, el{150, 4, 0}, el{161, 4, 0})),
			set(300, be([]byte{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7}, uint16(101), 5, "10.0.0.1", "10.0.0.2", 10, 1, uint16(40), uint32(4200000000), uint16(2), 8, 25, uint32(startTime/1e9-60), uint32(1500))))},
			[]string{"0 10.0.0.1:0>10.0.0.2:0 1p 40o -1m0s..-58.5s dscp10 as[4200000000 2] /[8 25] if[0 0] vlan101.5 mac010203040506"}},
		{"sampler of options", [][]byte{message9(0, 1, set(1, be(uint16(400), uint16(4), uint16(8), uint16(1), uint16(4), uint16(48), uint16(1), uint16(50), uint16(4))),
			set(400, be(uint32(1), 3, uint32(64)), be(uint32(1), 4, uint32(10))), set(0, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{48, 1, 0})),
			set(300, be("10.0.0.1", uint16(2), uint16(80), 3), be("10.0.0.1", uint16(2), uint16(80), 4)))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 128p 5120o -..- dscp0", "0 10.0.0.1:0>0.0.0.0:0 20p 800o -..- dscp0"}},
		{"selector of IPFIX options", [][]byte{messageIPFIX(0, 1, set(3, be(uint16(400), uint16(3), uint16(1), uint16(149), uint16(4), uint16(305), uint16(4), uint16(306), uint16(4))),
			set(400, be(uint32(1), uint32(1), uint32(99)))), messageIPFIX(1, 1, set(2, templateOf(300, short...)), set(300, shortRecord("10.0.0.1", 2, 80)))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 200p 8000o -..- dscp0"}},
		{"exporter of options, and records that name sampler 0", [][]byte{message9(0, 1, set(1, be(uint16(400), uint16(4), uint16(4), uint16(1), uint16(4), uint16(34), uint16(4))),
			set(400, be(uint32(1), uint32(64))), set(0, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{48, 1, 0})), set(300, be("10.0.0.1", uint16(2), uint16(80), 0)))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 128p 5120o -..- dscp0"}},
		{"exporter of options, and records that name a sampler that is not told", [][]byte{message9(0, 1, set(1, be(uint16(400), uint16(4), uint16(4), uint16(1), uint16(4), uint16(34), uint16(4))),
			set(400, be(uint32(1), uint32(64))), set(0, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{48, 1, 0})), set(300, be("10.0.0.1", uint16(2), uint16(80), 7)))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 128p 5120o -..- dscp0"}},
		{"samplers of options, and records that name one that is not told", [][]byte{message9(0, 1, set(1, be(uint16(400), uint16(4), uint16(8), uint16(1), uint16(4), uint16(48), uint16(1), uint16(50), uint16(4))),
			set(400, be(uint32(1), 3, uint32(64))), set(0, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{48, 1, 0})), set(300, be("10.0.0.1", uint16(2), uint16(80), 7)))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 2p 80o -..- dscp0"}},
		{"interfaces of options, and records that name a sampler", [][]byte{message9(0, 1, set(1, be(uint16(400), uint16(4), uint16(4), uint16(2), uint16(4), uint16(34), uint16(4))),
			set(400, be(uint32(3), uint32(64))), set(0, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{10, 4, 0}, el{48, 1, 0})), set(300, be("10.0.0.1", uint16(2), uint16(80), uint32(3), 7)))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 128p 5120o -..- dscp0 as[0 0] /[0 0] if[3 0]"}},
		{"interfaces of options, version 9", [][]byte{message9(0, 1, set(1, be(uint16(400), uint16(4), uint16(4), uint16(2), uint16(4), uint16(34), uint16(4))),
			set(400, be(uint32(3), uint32(64)), be(uint32(70000), uint32(10))), set(0, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{10, 4, 0}, el{14, 4, 0})),
			set(300, be("10.0.0.1", uint16(2), uint16(80), uint32(3), uint32(70000)), be("10.0.0.1", uint16(2), uint16(80), uint32(5), uint32(70000)),
				be("10.0.0.1", uint16(2), uint16(80), uint32(9), uint32(3)), be("10.0.0.1", uint16(2), uint16(80), uint32(5), uint32(6))))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 128p 5120o -..- dscp0 as[0 0] /[0 0] if[3 70000]", "0 10.0.0.1:0>0.0.0.0:0 20p 800o -..- dscp0 as[0 0] /[0 0] if[5 70000]",
				"0 10.0.0.1:0>0.0.0.0:0 128p 5120o -..- dscp0 as[0 0] /[0 0] if[9 3]", "0 10.0.0.1:0>0.0.0.0:0 20p 800o -..- dscp0 as[0 0] /[0 0] if[5 6]"}},
		{"interfaces of options, IPFIX", [][]byte{messageIPFIX(0, 1, set(3, be(uint16(400), uint16(2), uint16(1), uint16(10), uint16(4), uint16(34), uint16(4))),
			set(400, be(uint32(3), uint32(64)), be(uint32(4), uint32(10)))), messageIPFIX(2, 1, set(2, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{10, 4, 0})),
			set(300, be("10.0.0.1", uint16(2), uint16(80), uint32(3)), be("10.0.0.1", uint16(2), uint16(80), uint32(4))))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 128p 5120o -..- dscp0 as[0 0] /[0 0] if[3 0]", "0 10.0.0.1:0>0.0.0.0:0 20p 800o -..- dscp0 as[0 0] /[0 0] if[4 0]"}},
		{"probability of IPFIX options", [][]byte{messageIPFIX(0, 1, set(3, be(uint16(400), uint16(2), uint16(1), uint16(302), uint16(4), uint16(311), uint16(8))),
			set(400, be(uint32(3), 1.0/3), be(uint32(4), 0.0049))), messageIPFIX(2, 1, set(2, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{302, 4, 0})),
			set(300, be("10.0.0.1", uint16(2), uint16(80), uint32(3)), be("10.0.0.1", uint16(2), uint16(80), uint32(4))))},
			[]string{"0 10.0.0.1:0>0.0.0.0:0 6p 240o -..- dscp0", "0 10.0.0.1:0>0.0.0.0:0 408p 16320o -..- dscp0"}},
		{"uptime of IPFIX options", [][]byte{messageIPFIX(0, 1, set(3, be(uint16(400), uint16(2), uint16(1), uint16(149), uint16(4), uint16(160), uint16(8))),
			set(400, be(uint32(1), uint64(startTime/1e6-bootedAgo)))), messageIPFIX(1, 1, set(2, templateOf(300, usual...)), set(300, usualRecord("10.0.0.1", 7, 900)))},
			[]string{"17 10.0.0.1:1000>10.0.0.2:80 7p 900o -5s..-1s dscp0"}},
		{"uptime never told", [][]byte{messageIPFIX(1, 1, set(2, templateOf(300, usual...)), set(300, usualRecord("10.0.0.1", 7, 900)))},
			[]string{"17 10.0.0.1:1000>10.0.0.2:80 7p 900o -..- dscp0"}},
		{"sFlow", [][]byte{sflowOf(1, 512, 1518, header)}, []string{"17 10.0.0.1:5>10.0.0.2:6 512p frame'so -..- dscp46 as[0 0] /[0 0] if[7 8] vlan77.3 mac020000000001"}},
		{"sFlow, extended", [][]byte{sflowOf(1, 2, 1518, untagged, be(uint32(77), uint32(3), uint32(0), uint32(0)), be(uint32(1), "10.0.0.9", uint32(24), uint32(16)),
			be(uint32(2), "2001:db8::9", uint32(64500), uint32(64501), uint32(64502), uint32(2), uint32(1), uint32(2), uint32(1), uint32(2), uint32(2), uint32(2), uint32(64503), uint32(64504), uint32(0), uint32(100)))},
			[]string{"17 10.0.0.1:5>10.0.0.2:6 2p frame'so -..- dscp46 as[64501 64504] /[24 16] if[7 8] vlan77.3 mac020000000001"}},
		{"sFlow, path that ends with a set", [][]byte{sflowOf(1, 2, 1518, header, be(uint32(78), uint32(4), uint32(0), uint32(0)), nil,
			be(uint32(1), "10.0.0.9", uint32(0), uint32(64501), uint32(0), uint32(2), uint32(2), uint32(1), uint32(1), uint32(1), uint32(2), uint32(2), uint32(3), uint32(0), uint32(100)))},
			[]string{"17 10.0.0.1:5>10.0.0.2:6 2p frame'so -..- dscp46 as[64501 0] /[0 0] if[7 8] vlan77.3 mac020000000001"}},
		{"sFlow, set of one", [][]byte{sflowOf(1, 2, 1518, untagged, be(uint32(0xfff), uint32(4), uint32(0), uint32(0)), nil,
			be(uint32(1), "10.0.0.9", uint32(0), uint32(64501), uint32(0), uint32(1), uint32(1), uint32(1), uint32(64500), uint32(0), uint32(100)))},
			[]string{"17 10.0.0.1:5>10.0.0.2:6 2p frame'so -..- dscp46 as[64501 64500] /[0 0] if[7 8] mac020000000001"}},
		{"sFlow, extended records that contradict themselves", [][]byte{sflowOf(1, 2, 1518, untagged, be(uint32(7)), be(uint32(9), uint32(1)), be(uint32(1), "10.0.0.9", uint32(0), uint32(1), uint32(0), uint32(1<<31), uint32(2), uint32(1<<30)))},
			[]string{"17 10.0.0.1:5>10.0.0.2:6 2p frame'so -..- dscp46 as[0 0] /[0 0] if[7 8] mac020000000001"}},
		{"sFlow, rate not told, or not believed", [][]byte{sflowOf(1, 0, 1518, header), sflowOf(2, 1<<31, 1518, header)},
			[]string{"17 10.0.0.1:5>10.0.0.2:6 1p frame'so -..- dscp46 as[0 0] /[0 0] if[7 8] vlan77.3 mac020000000001",
				"17 10.0.0.1:5>10.0.0.2:6 1p frame'so -..- dscp46 as[0 0] /[0 0] if[7 8] vlan77.3 mac020000000001"}},
		{"version 1", [][]byte{message1(five)}, []string{"6 10.0.0.1:1000>10.0.0.2:80 7p 900o -5s..-1s dscp46 as[0 0] /[0 0] if[3 4]"}},
		{"version 7", [][]byte{message7(0, five)}, []string{"6 10.0.0.1:1000>10.0.0.2:80 7p 900o -5s..-1s dscp46 as[64500 64501] /[24 16] if[3 4]"}},
		{"no record is of nothing", [][]byte{messageIPFIX(0, 1, set(2, templateOf(300), templateOf(301, el{8, 0, 0})), set(301, make([]byte, 40)))}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewCollector(Options{})
			var got []string
			for _, r := range take(c, exporterA, tt.datagrams...) {
				got = append(got, told(&r))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			if st := c.Stats(); st.Damaged+st.Foreign+st.OddTimes+st.Skewed+st.Lost != 0 || int(st.Records) != len(tt.want) {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestTell: without Apply, counts are as exported and the exporter's rate is known.
func TestTell(t *testing.T) {
	c := NewCollector(Options{Sampling: Tell})
	r := take(c, exporterA, message5(0, 100, record5Of("10.0.0.1", "10.0.0.2", 7, 900, bootedAgo, bootedAgo)))
	if len(r) != 1 || r[0].PDUs != 7 || r[0].Octets != 900 || c.Exporters()[0].Rates != [2]uint32{100, 100} {
		t.Errorf("%+v, %+v", r, c.Exporters())
	}
}

// TestProbability: what a record tells as the probability that a packet was sampled.
func TestProbability(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    any
		want uint64
	}{
		{"one in 100", 0.01, 100},
		{"in 4 octets", float32(0.01), 100},
		{"rounded", 0.0003, 3333},
		{"most packets", 0.8, 1},
		{"all", 1.0, 1},
		{"none", 0.0, 1},
		{"below none", -0.5, 1},
		{"above all", 1.5, 1},
		{"no number", math.NaN(), 1},
		{"infinite", math.Inf(1), 1},
		{"the least believed", 1.0 / maxRate, maxRate},
		{"not believed", 1e-7, 1},
		{"as small as can be", 5e-324, 1},
		{"in 2 octets", uint16(0x3c00), 1},
		{"in 9 octets", be(0, 0.01), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := be(tt.p)
			r := take(NewCollector(Options{}), exporterA, messageIPFIX(0, 1,
				set(2, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{311, uint16(len(p)), 0})), set(300, be("10.0.0.1", uint16(2), uint16(80), p))))
			if len(r) != 1 || r[0].PDUs != 2*tt.want || r[0].Octets != 80*tt.want {
				t.Errorf("%+v, want times %d", r, tt.want)
			}
		})
	}
}

// TestTimes: whatever times an exporter tells, those of its records are possible.
func TestTimes(t *testing.T) {
	const s = int64(time.Second)
	for _, tt := range []struct {
		name        string
		skew        int64  // of the header, ns
		uptime      uint32 // ms
		first, last uint32
		want        [2]int64 // before the datagram came
		odd, skewed bool
	}{
		{"as it is", 0, bootedAgo, bootedAgo - 5000, bootedAgo - 1000, [2]int64{-5 * s, -s}, false, false},
		{"across a wrap", 0, 2000, 1<<32 - 3000, 1<<32 - 1000, [2]int64{-5 * s, -3 * s}, false, false},
		{"first after last", 0, 10_000, 9000, 5000, [2]int64{-5 * s, -5 * s}, true, false},
		{"from the future", 0, 10_000, 9000, 60_000, [2]int64{-s, 0}, true, false},
		{"days ago", 0, 500_000_000, 1000, 2000, [2]int64{wire.NoTime, wire.NoTime}, true, false},
		{"a wrong clock", 86400 * 365 * s, 10_000, 5000, 9000, [2]int64{-5 * s, -s}, false, true},
		{"a clock of 1970", 5*s - startTime, 10_000, 5000, 9000, [2]int64{-5 * s, -s}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewCollector(Options{})
			d := message5(0, 0, record5Of("10.0.0.1", "10.0.0.2", 7, 900, tt.first, tt.last))
			copy(d[4:], be(tt.uptime, uint32((startTime+tt.skew)/s)))
			room, r := make([]byte, frameRoom), wire.Record{}
			c.Begin(exporterA, startTime, d)
			if !c.Next(&r, room) {
				t.Fatal("no record")
			}
			want := tt.want
			for i := range want {
				if want[i] != wire.NoTime {
					want[i] += startTime
				}
			}
			if got := [2]int64{r.FirstTime, r.LastTime}; got != want || r.Frame.Time != startTime {
				t.Errorf("%s, at %d", told(&r), r.Frame.Time-startTime)
			}
			if st := c.Stats(); st.OddTimes != 0 != tt.odd || st.Skewed != 0 != tt.skewed {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestLost: what is missing of numbers is lost, unless it comes late; an exporter that
// begins anew loses nothing.
func TestLost(t *testing.T) {
	one := record5Of("10.0.0.1", "10.0.0.2", 7, 900, bootedAgo, bootedAgo)
	v5 := func(seqs ...uint32) (all [][]byte) {
		for _, seq := range seqs {
			all = append(all, message5(seq, 0, one, one))
		}
		return all
	}
	v9 := func(seqs ...uint32) (all [][]byte) {
		for _, seq := range seqs {
			all = append(all, message9(seq, 1))
		}
		return all
	}
	ipfix := func(seqs ...uint32) (all [][]byte) {
		for _, seq := range seqs {
			all = append(all, messageIPFIX(seq, 1, set(2, templateOf(300, short...)), set(300, shortRecord("10.0.0.1", 1, 1), shortRecord("10.0.0.1", 1, 1))))
		}
		return all
	}
	totals := func(many ...int) (all [][]byte) {
		seq := uint32(7)
		for _, n := range many {
			var records []byte
			for range n {
				records = append(records, shortRecord("10.0.0.1", 1, 1)...)
			}
			seq += uint32(n)
			all = append(all, messageIPFIX(seq, 1, set(2, templateOf(300, short...)), set(3, be(uint16(401), uint16(2), uint16(1), uint16(149), uint16(4), uint16(160), uint16(8))),
				set(401, be(uint32(1), uint64(0))), set(300, records)))
		}
		return all
	}
	boot := be(uint32(1), uint64(startTime/int64(time.Millisecond)-bootedAgo))
	options := [][]byte{ // two records of the exporter's own in a set
		messageIPFIX(0, 1, set(3, be(uint16(401), uint16(2), uint16(1), uint16(149), uint16(4), uint16(160), uint16(8))), set(401, boot, boot)),
		messageIPFIX(2, 1, set(401, boot)),
		messageIPFIX(3, 1),
	}
	for _, tt := range []struct {
		name      string
		datagrams [][]byte
		want      uint64
	}{
		{"version 5, none", v5(100, 102, 104), 0},
		{"version 5", v5(100, 106, 108, 113), 7},
		{"version 5, late", v5(100, 104, 102, 106), 0},
		{"version 5, late in the middle", v5(100, 110, 104, 112), 6},
		{"twice", v5(100, 102, 102, 104), 0},
		{"wrapped", v5(1<<32-2, 2, 4), 2},
		{"version 1, not numbered", [][]byte{message1(one), message1(one)}, 0},
		{"version 7", [][]byte{message7(7, one), message7(10, one)}, 2},
		{"version 9", v9(5, 6, 9), 2},
		{"IPFIX", ipfix(5, 7, 12), 3},
		{"IPFIX, numbered by totals", totals(0, 3, 1, 5, 2), 0},
		{"IPFIX, options that tell when it booted", options, 0},
		{"began anew", v9(1_000_000, 1, 2, 3, 4), 0},
		{"began anew, far away", v9(1, 1<<31, 1<<31+1), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := NewCollector(Options{})
			take(c, exporterA, tt.datagrams...)
			c.End()
			if st := c.Stats(); st.Lost != tt.want || c.Exporters()[0].Lost != tt.want {
				t.Errorf("%d lost, want %d", st.Lost, tt.want)
			}
		})
	}
}

// TestExporters: each has its own templates and interface; MeterID is its address.
func TestExporters(t *testing.T) {
	c := NewCollector(Options{FirstInterface: 5, From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}})
	b, v6 := netip.MustParseAddrPort("192.0.2.2:40000"), netip.MustParseAddrPort("[2001:db8::102:304]:1")
	take(c, exporterA, message9(0, 1, set(0, templateOf(300, usual...))))
	take(c, b, message9(0, 1, set(0, templateOf(300, short...))))
	got := append(take(c, exporterA, message9(1, 1, set(300, usualRecord("10.0.0.1", 7, 900)))),
		take(c, b, message9(1, 1, set(300, shortRecord("10.0.0.1", 7, 900))))...)
	got = append(got, take(c, v6, message5(0, 0, record5Of("10.0.0.1", "10.0.0.2", 7, 900, 0, 0)))...)
	take(c, netip.MustParseAddrPort("198.51.100.1:1"), message9(0, 1, set(0, templateOf(300, usual...))))
	var all []string
	for _, r := range got {
		all = append(all, fmt.Sprintf("%d %x", r.Frame.Interface, r.Exporter.ID))
	}
	if want := []string{"5 c0000201", "6 c0000202", "7 1020304"}; !slices.Equal(all, want) || c.Stats().Refused != 1 {
		t.Errorf("%v, %+v", all, c.Stats())
	}
}

// TestPassedOver: samples and datagrams without packets are counted, and told of once.
func TestPassedOver(t *testing.T) {
	var lines []string
	c := NewCollector(Options{Tell: func(s string) { lines = append(lines, s) }})
	for range 2 {
		take(c, exporterA, sflowDatagram("10.9.8.7", 1, 2, make([]byte, 16)), sflowDatagram("10.9.8.7", 2, 1, make([]byte, 32)),
			be(uint16(8), uint16(1), uint32(0)), be(uint32(4), uint32(1)), be(uint32(0xffffffff)), nil)
	}
	if st := c.Stats(); st.Counters != 2 || st.Empty != 2 || st.Foreign != 8 || st.Damaged != 0 {
		t.Errorf("%+v", st)
	}
	want := []string{"NetFlow version 8", "sFlow version 4", "no flow records"}
	if len(lines) != len(want) {
		t.Fatalf("%q", lines)
	}
	for i := range want {
		if !strings.Contains(lines[i], want[i]) {
			t.Errorf("%q, want %q", lines[i], want[i])
		}
	}
}

// TestRateNotTold: that samples count as one packet each is told once.
func TestRateNotTold(t *testing.T) {
	var lines []string
	c := NewCollector(Options{Tell: func(s string) { lines = append(lines, s) }})
	header := make([]byte, 14)
	if n := len(take(c, exporterA, sflowOf(1, 0, 64, header), sflowOf(2, 0, 64, header), sflowOf(3, 1, 64, header))); n != 3 {
		t.Errorf("%d records", n)
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "192.0.2.1: sFlow tells a sampling rate of 0") || c.Exporters()[0].Rates != [2]uint32{} {
		t.Errorf("%q, %+v", lines, c.Exporters())
	}
}

// TestNoted: what exporters do that users should know is told once of each of them, where
// it is asked for.
func TestNoted(t *testing.T) {
	rated := func(index uint32) []byte {
		return messageIPFIX(0, 1, set(2, templateOf(300, el{8, 4, 0}, el{2, 2, 0}, el{1, 2, 0}, el{10, 4, 0}, el{34, 4, 0})),
			set(300, be("10.0.0.1", uint16(2), uint16(80), index, uint32(64)), be("10.0.0.1", uint16(2), uint16(80), index+1, uint32(10)), be("10.0.0.1", uint16(2), uint16(80), index, uint32(1))))
	}
	for _, tt := range []struct {
		name  string
		opt   Options
		index uint32
		want  []string
	}{
		{"nothing", Options{}, 70000, nil},
		{"sampling", Options{TellRates: true}, 70000, []string{"192.0.2.1: saw one packet in 64: packets and octets are multiplied by what it tells"}},
		{"sampling that is not applied", Options{TellRates: true, Sampling: Tell}, 7, []string{"192.0.2.1: saw one packet in 64: packets and octets count as exported"}},
		{"interfaces", Options{TellInterfaces: true}, 255, []string{"192.0.2.1: has interfaces above 255, as 256: SourceInterface and DestInterface are 255 for all of these"}},
		{"interfaces of their own", Options{TellInterfaces: true}, 254, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var lines []string
			tt.opt.Tell = func(s string) { lines = append(lines, s) }
			c := NewCollector(tt.opt)
			if n := len(take(c, exporterA, rated(tt.index), rated(tt.index))); n != 6 {
				t.Errorf("%d records", n)
			}
			if !slices.Equal(lines, tt.want) {
				t.Errorf("%q, want %q", lines, tt.want)
			}
			if got := c.Exporters()[0].Rates; got != [2]uint32{10, 64} {
				t.Errorf("rates %d", got)
			}
		})
	}
}

// TestAgents: datagrams of several agents may come by way of one address. Each has its
// own numbers, and is the MeterID of its records.
func TestAgents(t *testing.T) {
	c := NewCollector(Options{})
	header := be([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}, uint16(0x86dd))
	sample := be(uint32(1), uint32(1), uint32(5), uint32(0), uint32(0), uint32(7), uint32(8), uint32(1),
		uint32(1), uint32(16+len(header)+2), uint32(1), uint32(64), uint32(0), uint32(len(header)), header, uint16(0))
	var got []uint32
	for i := range uint32(3) {
		for j, agent := range []string{"10.0.0.1", "10.0.0.2", "0.0.0.0"} {
			for _, r := range take(c, exporterA, sflowDatagram(agent, 100*uint32(j)+i, 1, sample)) {
				got = append(got, r.Exporter.ID)
			}
		}
	}
	c.End()
	const a, b, relay = 10<<24 | 1, 10<<24 | 2, 192<<24 | 2<<8 | 1
	if want := []uint32{a, b, relay, a, b, relay, a, b, relay}; !slices.Equal(got, want) || c.Stats().Lost != 0 {
		t.Errorf("%x, want %x; %+v", got, want, c.Stats())
	}
}
