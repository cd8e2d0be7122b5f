package query

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset/srl"
)

var whereAttrs = []mib.Attr{
	mib.AttrSourcePeerType, mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourceTransType, mib.AttrSourceTransAddress, mib.AttrDestTransAddress,
	mib.AttrVLANid, mib.AttrDSCodePoint, mib.AttrSourceAdjacentAddress, mib.AttrSourceInterface,
}

func wherePlace(a mib.Attr) (int, bool) {
	i := slices.Index(whereAttrs, a)
	return i, i >= 0
}

// wherePacket is a packet, and a flow that saved all of it.
func wherePacket(rnd *rand.Rand) (pk packet.Packet, rec reader.Record) {
	hosts := [][]string{{"10.0.0.1", "10.0.1.2", "10.128.0.1", "192.0.2.255"}, {"2001:db8::1", "2001:db8:1::2", "fe80::1", "::ffff:10.0.0.1"}}[rnd.IntN(2)]
	rec.Clear(len(whereAttrs))
	put := func(a mib.Attr, octets ...byte) {
		i, _ := wherePlace(a)
		v := &rec.Values[i]
		v.Len = uint8(copy(v.Octets[:], octets))
	}
	num := func(a mib.Attr, n uint64) { i, _ := wherePlace(a); rec.Values[i].Num = n }
	for i, a := range []mib.Attr{mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress} {
		addr := netip.MustParseAddr(hosts[rnd.IntN(len(hosts))])
		pk.PeerLen = uint8(copy(pk.PeerAddress[i][:], addr.AsSlice()))
		pk.PeerType = map[uint8]mib.PeerType{4: mib.PeerIPv4, 16: mib.PeerIPv6}[pk.PeerLen]
		put(a, addr.AsSlice()...)
	}
	num(mib.AttrSourcePeerType, uint64(pk.PeerType))
	pk.TransType = []uint8{1, 6, 17}[rnd.IntN(3)]
	num(mib.AttrSourceTransType, uint64(pk.TransType))
	pk.Flags |= packet.HasPorts
	for i, a := range []mib.Attr{mib.AttrSourceTransAddress, mib.AttrDestTransAddress} {
		pk.TransAddress[i] = []uint16{0, 53, 80, 443, 1023, 1024, 65535}[rnd.IntN(7)]
		put(a, byte(pk.TransAddress[i]>>8), byte(pk.TransAddress[i]))
	}
	pk.Rest.VLANid = uint16(rnd.IntN(3))
	num(mib.AttrVLANid, uint64(pk.Rest.VLANid))
	pk.Rest.DSCodePoint = uint8(rnd.IntN(64))
	num(mib.AttrDSCodePoint, uint64(pk.Rest.DSCodePoint))
	mac := []byte{0, 0x80, 0x48, byte(rnd.IntN(3)), 1, 2}
	pk.Rest.AdjacentLen = uint8(copy(pk.Rest.AdjacentAddress[0][:], mac))
	put(mib.AttrSourceAdjacentAddress, mac...)
	pk.Interface[0] = uint8(rnd.IntN(3))
	num(mib.AttrSourceInterface, uint64(pk.Interface[0]))
	return pk, rec
}

// whereTests are tests that rules have, too: in these, the family stands beside an
// address, which conditions by themselves know from the address.
var whereTests = []string{
	"SourcePeerType == IPv4", "SourcePeerType == (IPv4, IPv6)", "SourcePeerType == IPv6 && SourcePeerAddress == 2001:db8::/32",
	"SourcePeerType == IPv4 && SourcePeerAddress == 10.0/8", "SourcePeerType == 1 && DestPeerAddress == (10.0.0.1, 192.0.2/24)",
	"SourcePeerType == 1 && DestPeerAddress == 10.0.0.1 & 255.0.0.255", "SourcePeerType == 2 && DestPeerAddress == ::ffff:10.0.0.1", "SourcePeerAddress == 0A-80/16 && SourcePeerType == IPv4",
	"SourceTransType == (TCP, UDP)", "SourceTransType == 16/7", "DestTransAddress == 0/6", "SourceTransAddress == (dns, 80, 443)", "DestTransAddress == 0.0", "DestTransAddress == 255.0 & 255.0", "SourceTransAddress == 03-FF",
	"VLANid == 1", "VLANid == (0, 2)", "DSCodePoint == 32/3", "SourceAdjacentAddress == 00-80-48/24", "SourceAdjacentAddress == 00-80-48-01-01-02", "SourceInterface == (1, 2)",
}

// whereCondition is a random condition of such tests.
func whereCondition(rnd *rand.Rand, depth int) string {
	if depth == 0 || rnd.IntN(3) == 0 {
		return "(" + whereTests[rnd.IntN(len(whereTests))] + ")"
	}
	var parts []string
	for range 2 + rnd.IntN(2) {
		parts = append(parts, whereCondition(rnd, depth-1))
	}
	return "(" + strings.Join(parts, []string{" && ", " || "}[rnd.IntN(2)]) + ")"
}

// TestWhereAsRules: a condition by itself holds for a flow if a program with that
// condition counts the packet whose values it saved.
func TestWhereAsRules(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		text := whereCondition(rnd, 3)
		not := rnd.IntN(2) == 0
		program, asked := "if "+text+" count; else ignore;", text
		if not {
			program, asked = "if "+text+" ignore; else count;", "!"+text
		}
		rs, _, err := srl.Compile("x.srl", []byte("include \"standard.srl\";\n"+program), srl.Options{Optimise: i % 3})
		if err != nil {
			t.Fatalf("%s: %v", program, err)
		}
		c, _, err := srl.ParseCondition("where", asked)
		if err != nil {
			t.Fatalf("%s: %v", asked, err)
		}
		f, err := newFilter(c, wherePlace, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			pk, rec := wherePacket(rnd)
			want := pme.Interpret(rs, &pk, pme.WireOrder, nil)
			if got := f.early.holds(&rec); got != (want.Verdict == pme.Count) {
				t.Fatalf("%s: %v, the rules say %v\n%+v\n%+v", asked, got, want, pk, rec)
			}
		}
	}
}

// TestWhereFamily: the text of an address says of which family it is.
func TestWhereFamily(t *testing.T) {
	for _, tt := range []struct {
		text, addr string
		holds      bool
	}{
		{"SourcePeerAddress == 32.1/16", "32.1.2.3", true},
		{"SourcePeerAddress == 32.1/16", "2001:db8::1", false},
		{"SourcePeerAddress == 20-01/16", "2001:db8::1", true},
		{"SourcePeerAddress == 2001::/16", "2001:db8::1", true},
		{"SourcePeerAddress == 2001::/16", "32.1.0.0", false},
		{"SourcePeerAddress == 0.0.0.0", "::", false},
		{"SourcePeerAddress == 0", "::", true},
		{"SourcePeerAddress != 10.0/8", "::", true},
	} {
		c, _, err := srl.ParseCondition("where", tt.text)
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFilter(c, wherePlace, nil)
		if err != nil {
			t.Fatal(err)
		}
		var rec reader.Record
		rec.Clear(len(whereAttrs))
		i, _ := wherePlace(mib.AttrSourcePeerAddress)
		rec.Values[i].Len = uint8(copy(rec.Values[i].Octets[:], netip.MustParseAddr(tt.addr).AsSlice()))
		if got := f.early.holds(&rec); got != tt.holds {
			t.Errorf("%s of %s: %v", tt.text, tt.addr, got)
		}
	}
}

// TestWhereLate: tests of counters beside others.
func TestWhereLate(t *testing.T) {
	counters := []mib.Attr{mib.AttrToPDUs, mib.AttrToOctets}
	place := func(a mib.Attr) (int, bool) {
		if a.Class() == mib.ClassCounter {
			return 90, slices.Contains(counters, a)
		}
		return wherePlace(a)
	}
	for _, tt := range []struct {
		text        string
		early, late bool
		fault       string
	}{
		{"VLANid == 1", true, true, ""},
		{"VLANid == 1 && ToOctets > 5", true, true, ""},
		{"VLANid == 1 && ToOctets > 6", true, false, ""},
		{"VLANid == 2 && ToOctets > 5", false, true, ""},
		{"VLANid == 2 || ToOctets == 6 && ToPDUs < 3", true, true, ""},
		{"!(VLANid == 2 || ToOctets >= 6)", true, false, ""},
		{"!(VLANid == 2 || ToPDUs <= 1) && (ToPDUs == (4, 2) || DSCodePoint == 1)", true, true, ""},
		{"FromOctets > 5", false, false, "does not hold FromOctets"},
		{"VLANid == 1 && FlowKind == 5", false, false, "where:1:16: the flow data does not hold FlowKind"},
		{"ToPDUs > 5 || " + strings.TrimSuffix(strings.Repeat("VLANid == 1 || ", 65), " || "), false, false, "more than 64 tests"},
	} {
		c, _, err := srl.ParseCondition("where", tt.text)
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFilter(c, place, counters)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%.60s: error %v, want %s", tt.text, err, tt.fault)
			}
			continue
		}
		var rec reader.Record
		rec.Clear(len(whereAttrs))
		i, _ := wherePlace(mib.AttrVLANid)
		rec.Values[i].Num = 1
		if early, late := f.early.holds(&rec), f.late.finally(f.answers(&rec), []uint64{2, 6}); err != nil || early != tt.early || early && late != tt.late {
			t.Errorf("%s: %v, %v, %v", tt.text, err, early, late)
		}
	}
}
