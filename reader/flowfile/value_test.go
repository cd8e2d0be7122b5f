package flowfile

import (
	"testing"

	"netramet/mib"
	"netramet/reader"
)

func TestValues(t *testing.T) {
	const ip4, ip6 = mib.PeerIPv4, mib.PeerIPv6
	none := reader.Value{}
	for _, tt := range []struct {
		name  string
		attr  mib.Attr
		t     mib.PeerType
		shown bool
		v     reader.Value
		want  string
	}{
		{"number", mib.AttrFlowIndex, 0, false, num(4294967295), "4294967295"},
		{"counter", mib.AttrToOctets, 0, false, num(18446744073709551615), "18446744073709551615"},
		{"time beyond 32 bits", mib.AttrFirstTime, 0, false, num(1 << 40), "1099511627776"},
		{"kind", mib.AttrFlowKind, 0, false, num('W'), "87"},
		{"class", mib.AttrSourceClass, 0, false, num(0), "0"},
		{"VLAN", mib.AttrVLANid, 0, false, num(4094), "4094"},
		{"port", mib.AttrSourceTransAddress, ip4, true, octets(0x1f, 0x90), "8080"},
		{"port unsaved", mib.AttrDestTransAddress, ip4, true, none, "0"},
		{"port mask", mib.AttrDestTransMask, ip4, true, octets(0xff, 0xff), "65535"},
		{"MAC", mib.AttrSourceAdjacentAddress, ip4, true, octets(0, 0x80, 0x48, 0x81, 0x0e, 0x7c), "00-80-48-81-0E-7C"},
		{"MAC unsaved", mib.AttrDestAdjacentAddress, ip4, true, none, "00-00-00-00-00-00"},
		{"end of a tunnel", mib.AttrSourceAdjacentAddress, ip6, true, addr("192.0.2.1"), "192.0.2.1"},
		{"end of a tunnel, IPv6", mib.AttrDestAdjacentAddress, ip4, true, addr("2001:db8::1"), "2001:db8::1"},
		{"mask of a tunnel's end", mib.AttrDestAdjacentMask, ip4, true, addr("255.255.0.0"), "255.255.0.0"},
		{"MAC mask", mib.AttrSourceAdjacentMask, ip4, true, octets(255, 255, 255, 0, 0, 0), "FF-FF-FF-00-00-00"},
		{"IPv4", mib.AttrSourcePeerAddress, ip4, true, addr("130.216.0.1"), "130.216.0.1"},
		{"IPv4 mask", mib.AttrSourcePeerMask, ip4, true, addr("255.255.0.0"), "255.255.0.0"},
		{"IPv4 unsaved", mib.AttrSourcePeerAddress, ip4, true, none, "0.0.0.0"},
		{"unsaved, type unknown", mib.AttrSourcePeerAddress, 0, false, none, "0.0.0.0"},
		{"IPv6", mib.AttrDestPeerAddress, ip6, true, addr("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1"},
		{"IPv6 mapped", mib.AttrDestPeerAddress, ip6, true, addr("::ffff:192.0.2.1"), "::ffff:192.0.2.1"},
		{"IPv6 mask", mib.AttrDestPeerMask, ip6, true, addr("ffff:ffff:ffff::"), "ffff:ffff:ffff::"},
		{"IPv6 unsaved", mib.AttrDestPeerAddress, ip6, true, none, "::"},
		{"IPv6 by length", mib.AttrDestPeerAddress, 0, false, addr("2001:db8::1"), "2001:db8::1"},
		{"IPv4 by length", mib.AttrDestPeerAddress, 0, false, addr("192.0.2.1"), "192.0.2.1"},
		{"IPX", mib.AttrSourcePeerAddress, mib.PeerIPX, true, octets(0, 0, 0x12, 0xab, 0, 0xc0, 1, 2, 3, 4), "000012AB.00C001020304"},
		{"IPX unsaved", mib.AttrSourcePeerAddress, mib.PeerIPX, true, none, "00000000.000000000000"},
		{"AppleTalk", mib.AttrSourcePeerAddress, mib.PeerAppleTalk, true, octets(0xff, 0x01, 7), "65281.7"},
		{"AppleTalk, type not shown", mib.AttrSourcePeerAddress, mib.PeerAppleTalk, false, octets(0xff, 0x01, 7), "FF0107"},
		{"DECnet", mib.AttrSourcePeerAddress, mib.PeerDECnet, true, octets(59, 0x03, 0xff), "59.1023"},
		{"DECnet unsaved", mib.AttrSourcePeerAddress, mib.PeerDECnet, true, none, "0.0"},
		{"NSAP", mib.AttrSourcePeerAddress, mib.PeerNSAP, true, octets(0x49, 0, 1), "490001"},
		{"NSAP as long as IPv4", mib.AttrSourcePeerAddress, mib.PeerNSAP, true, octets(0x49, 0, 1, 2), "49000102"},
		{"other type, odd length", mib.AttrSourcePeerAddress, mib.PeerOther, true, octets(1, 2, 3, 4, 5), "0102030405"},
		{"session", mib.AttrSessionID, 0, false, octets(1, 2), "01-02"},
		{"session unsaved", mib.AttrSessionID, 0, false, none, "00-00-00-00-00-00-00-00-00-00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, ok := formOf(tt.attr)
			if !ok {
				t.Fatalf("%s has no form", tt.attr)
			}
			c := &column{attr: tt.attr, form: f}
			got, err := c.appendValue(nil, &tt.v, tt.t, tt.shown)
			if err != nil || string(got) != tt.want {
				t.Fatalf("got %q, %v, want %q", got, err, tt.want)
			}
			var back reader.Value
			if !c.parseValue(&back, got, tt.t) {
				t.Fatalf("%q does not read back", got)
			}
			if want := normal(c, tt.v, tt.t); back != want {
				t.Errorf("%q reads back as %+v, want %+v", got, back, want)
			}
		})
	}
}

// normal is what a value reads back as: one that was not saved is zeros of
// natural length.
func normal(c *column, v reader.Value, t mib.PeerType) reader.Value {
	switch c.form {
	case formNumber:
		return num(v.Num)
	}
	v.Num = 0
	if v.Len > 0 {
		return v
	}
	v = reader.Value{}
	switch c.form {
	case formPort:
		v.Len = 2
	case formHyphen, formAdjacent:
		v.Len = uint8(c.attr.UsualSize())
	case formPeer:
		if v.Len = uint8(t.AddressSize()); v.Len == 0 {
			v.Len = 4
		}
	}
	return v
}

func TestParseValueRefuses(t *testing.T) {
	for _, tt := range []struct {
		attr mib.Attr
		t    mib.PeerType
		text string
	}{
		{mib.AttrFlowIndex, 0, ""},
		{mib.AttrFlowIndex, 0, "4294967296"},
		{mib.AttrFlowIndex, 0, "-1"},
		{mib.AttrToOctets, 0, "18446744073709551616"},
		{mib.AttrToOctets, 0, "99999999999999999999"},
		{mib.AttrSourcePeerType, 0, "256"},
		{mib.AttrSourceTransAddress, 0, "65536"},
		{mib.AttrSourceAdjacentAddress, 0, "00-8"},
		{mib.AttrSourceAdjacentAddress, 0, "00-80-"},
		{mib.AttrSourceAdjacentAddress, 0, "0080"},
		{mib.AttrSourceAdjacentAddress, 0, "192.0.2"},
		{mib.AttrSourceAdjacentAddress, 0, "00000012.00C001020304"},
		{mib.AttrSourceAdjacentAddress, 0, "00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00"},
		{mib.AttrSourcePeerAddress, 0, "1.2.3"},
		{mib.AttrSourcePeerAddress, 0, "1.2.3.256"},
		{mib.AttrSourcePeerAddress, 0, "1..3.4"},
		{mib.AttrSourcePeerAddress, 0, "1.2.3.4444"},
		{mib.AttrSourcePeerAddress, 0, "1.2.3.f"},
		{mib.AttrSourcePeerAddress, 0, "2001:db8"},
		{mib.AttrSourcePeerAddress, 0, "fe80::1%eth0"},
		{mib.AttrSourcePeerAddress, 0, "1.2"},
		{mib.AttrSourcePeerAddress, mib.PeerDECnet, "256.1"},
		{mib.AttrSourcePeerAddress, mib.PeerAppleTalk, "1.256"},
		{mib.AttrSourcePeerAddress, mib.PeerIPX, "0000123.00C0010203040"},
		{mib.AttrSourcePeerAddress, mib.PeerNSAP, "123"},
		{mib.AttrToPacketSize, 0, "1  2"},
		{mib.AttrToPacketSize, 0, ""},
		{mib.AttrToPacketSize, 0, "1 "},
	} {
		t.Run(tt.attr.String()+" "+tt.text, func(t *testing.T) {
			f, _ := formOf(tt.attr)
			var v reader.Value
			if (&column{attr: tt.attr, form: f}).parseValue(&v, []byte(tt.text), tt.t) {
				t.Errorf("read as %+v", v)
			}
		})
	}
}
