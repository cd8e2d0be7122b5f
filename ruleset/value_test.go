package ruleset

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"netramet/mib"
)

// octets makes Octets of hexadecimal text.
func octets(t testing.TB, text string) (o Octets) {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil || len(b) > len(o) {
		t.Fatalf("bad octets %q in the test: %v", text, err)
	}
	copy(o[:], b)
	return o
}

func TestParseValue(t *testing.T) {
	const (
		src  = mib.AttrSourcePeerAddress
		port = mib.AttrDestTransAddress
		mac  = mib.AttrSourceAdjacentAddress
		dist = mib.AttrFromPacketSize
		kind = mib.AttrFlowKind
		v1   = mib.AttrV1
	)
	for _, c := range []struct {
		name string
		attr mib.Attr
		text string
		want string
	}{
		{"mixed fields", dist, "1.3.10!50", "0103000A0032"},
		{"the same in octets", dist, "1.3.0.10.0.50", "0103000A0032"},
		{"last field takes the kind before it", dist, "60.0!0", "3C00000000"},
		{"linear mask of RFC 2724", dist, "1.0.25!1500", "0100001905DC"},
		{"large 2-octet field", dist, "2.3.1!10000", "020300012710"},
		{"hex octets", src, "FF-FF-00-00", "FFFF0000"},
		{"hex in lower case", mac, "00-80-48-81-0e-7c", "00804881 0E7C"},
		{"hex after decimal", src, "1.2-F", "01 02 0F"},
		{"decimal address", src, "130.216.0.0", "82D80000"},
		{"right-hand fields are zero", src, "130.216", "82D8"},
		{"leading zeros", src, "010.001", "0A01"},
		{"number fills a port", port, "23", "0017"},
		{"fields say the same", port, "0.23", "0017"},
		{"number fills an IPv4 address", src, "10", "0000000A"},
		{"number fills a MAC address", mac, "258", "000000000102"},
		{"number fills a distribution", dist, "5", "000000000005"},
		{"number of one octet", kind, "255", "FF"},
		{"largest IPv4 number", src, "4294967295", "FFFFFFFF"},
		{"number in a subscriber id", mib.AttrSourceSubscriberID, "1", strings.Repeat("00", 19) + "01"},
		{"number in a session id", mib.AttrSessionID, "18446744073709551615", "0000FFFFFFFFFFFFFFFF"},
		{"number of 8 octets", mib.AttrToOctets, "18446744073709551615", "FFFFFFFFFFFFFFFF"},
		{"variable", v1, "255", "FF"},
		{"variable with fields", v1, "255.255.0.0", "FFFF"},
		{"null", mib.AttrNull, "0", ""},
		{"character", kind, "'W'", "57"},
		{"quote character", kind, `'\''`, "27"},
		{"newline character", kind, `'\n'`, "0A"},
		{"octal character", kind, `'\101'`, "41"},
		{"hex character", kind, `'\x41'`, "41"},
		{"IPv6", src, "2001:db8::1", "20010DB8000000000000000000000001"},
		{"IPv6 mask", src, "FFFF:FFFF::", "FFFFFFFF"},
		{"unspecified IPv6", src, "::", ""},
		{"IPv4 in IPv6", src, "::ffff:10.1.2.3", "00000000000000000000FFFF0A010203"},
		{"20 octets", src, "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1", strings.Repeat("01", 20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseValue(c.attr, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if want := octets(t, c.want); got != want {
				t.Errorf("%s on %s: got % X, want % X", c.text, c.attr, got, want)
			}
		})
	}
}

func TestParseValueErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		attr mib.Attr
		text string
		want error
	}{
		{"empty", mib.AttrFlowKind, "", ErrValueSyntax},
		{"word", mib.AttrFlowKind, "abc", ErrValueSyntax},
		{"sign", mib.AttrFlowKind, "+1", ErrValueSyntax},
		{"field sign", mib.AttrSourcePeerAddress, "1.+1", ErrValueSyntax},
		{"underscore", mib.AttrSourcePeerAddress, "1_0", ErrValueSyntax},
		{"only a dot", mib.AttrSourcePeerAddress, ".", ErrValueSyntax},
		{"dot at the end", mib.AttrSourcePeerAddress, "10.", ErrValueSyntax},
		{"two dots", mib.AttrSourcePeerAddress, "10..1", ErrValueSyntax},
		{"decimal field too large", mib.AttrSourcePeerAddress, "10.256", ErrValueSize},
		{"hex field too large", mib.AttrSourcePeerAddress, "100-1", ErrValueSize},
		{"2-octet field too large", mib.AttrSourcePeerAddress, "1!65536", ErrValueSize},
		{"hex letters in a decimal field", mib.AttrSourcePeerAddress, "1.ff", ErrValueSyntax},
		{"four octets for a port", mib.AttrDestTransAddress, "1.2.3.4", ErrValueSize},
		{"port too large", mib.AttrDestTransAddress, "65536", ErrValueSize},
		{"kind too large", mib.AttrFlowKind, "256", ErrValueSize},
		{"IPv4 number too large", mib.AttrSourcePeerAddress, "4294967296", ErrValueSize},
		{"more than 64 bits", mib.AttrSessionID, "18446744073709551616", ErrValueSize},
		{"21 octets", mib.AttrSourcePeerAddress, strings.Repeat("1.", 20) + "1", ErrValueSize},
		{"21 octets in 2-octet fields", mib.AttrSourcePeerAddress, "1." + strings.Repeat("1!", 9) + "1!1", ErrValueSize},
		{"IPv6 for a port", mib.AttrDestTransAddress, "::1", ErrValueSize},
		{"IPv6 zone", mib.AttrSourcePeerAddress, "fe80::1%eth0", ErrValueSyntax},
		{"IPv6 range", mib.AttrSourcePeerAddress, "2001:db8::1-2001:db8::9", ErrRange},
		{"IPv4 range", mib.AttrSourcePeerAddress, "10.1.0.1-9", ErrRange},
		{"hyphen and colon", mib.AttrSourcePeerAddress, "-:", ErrValueSyntax},
		{"IPv6 address and a hyphen", mib.AttrSourcePeerAddress, "::1-", ErrValueSyntax},
		{"MAC with colons", mib.AttrSourceAdjacentAddress, "00:80:48:81:0e:7c", ErrValueSyntax},
		{"two characters", mib.AttrFlowKind, "'ab'", ErrValueSyntax},
		{"no character", mib.AttrFlowKind, "''", ErrValueSyntax},
		{"open character", mib.AttrFlowKind, "'a", ErrValueSyntax},
		{"character of two octets", mib.AttrFlowKind, "'é'", ErrValueSyntax},
		{"octal character too large", mib.AttrFlowKind, `'\777'`, ErrValueSyntax},
		{"backslash alone", mib.AttrFlowKind, `'\'`, ErrValueSyntax},
		{"too long", mib.AttrFlowKind, strings.Repeat("0", 1000), ErrValueSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseValue(c.attr, c.text)
			if !errors.Is(err, c.want) {
				t.Errorf("%q on %s: got % X, error %v, want %v", c.text, c.attr, got, err, c.want)
			}
		})
	}
}

func TestPlaceSize(t *testing.T) {
	for _, c := range []struct {
		attr mib.Attr
		text string
		want int
	}{
		{mib.AttrSourcePeerAddress, "10.0", 2},
		{mib.AttrSourcePeerAddress, "10", 4},
		{mib.AttrSourcePeerAddress, "::", 16},
		{mib.AttrDestTransAddress, "80", 2},
		{mib.AttrV1, "1", 1},
	} {
		l, err := ParseLiteral(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if _, n, err := Place(c.attr, l); n != c.want || err != nil {
			t.Errorf("%s on %s covers %d octets, error %v, want %d", c.text, c.attr, n, err, c.want)
		}
	}
}

func TestWidthMask(t *testing.T) {
	for _, c := range []struct {
		attr mib.Attr
		bits int
		want string
		ok   bool
	}{
		{mib.AttrSourcePeerAddress, 0, "", true},
		{mib.AttrSourcePeerAddress, 1, "80", true},
		{mib.AttrSourcePeerAddress, 9, "FF80", true},
		{mib.AttrSourcePeerAddress, 32, "FFFFFFFF", true},
		{mib.AttrSourcePeerAddress, 160, strings.Repeat("FF", 20), true},
		{mib.AttrSourcePeerAddress, 161, "", false},
		{mib.AttrSourcePeerAddress, -1, "", false},
		{mib.AttrDestTransAddress, 6, "FC", true},
		{mib.AttrDestTransAddress, 16, "FFFF", true},
		{mib.AttrDestTransAddress, 17, "", false},
		{mib.AttrFlowKind, 8, "FF", true},
		{mib.AttrFlowKind, 9, "", false},
	} {
		got, err := WidthMask(c.attr, c.bits)
		if (err == nil) != c.ok || err == nil && got != octets(t, c.want) {
			t.Errorf("/%d of %s: got % X, error %v", c.bits, c.attr, got, err)
		}
	}
	for _, a := range mib.Attrs() {
		if m := FullMask(a); m.Last() != MaskSize(a) {
			t.Errorf("FullMask(%s) has %d octets, want %d", a, m.Last(), MaskSize(a))
		}
	}
}

func TestNamedValue(t *testing.T) {
	for _, c := range []struct {
		attr mib.Attr
		name string
		want uint64
		ok   bool
	}{
		{mib.AttrSourcePeerType, "IP", 1, true},
		{mib.AttrDestPeerType, "Dummy", 255, true},
		{mib.AttrSourceAdjacentType, "Ethernet", 7, true},
		{mib.AttrSourceAdjacentType, "ipv6", 2, true},
		{mib.AttrSourceTransType, "OSPF", 89, true},
		{mib.AttrDestTransAddress, "www", 80, true},
		{mib.AttrDestTransAddress, "tcp", 0, false},
		{mib.AttrV3, "sourcepeeraddress", 9, true},
		{mib.AttrFlowKind, "www", 0, false},
	} {
		l, ok := NamedValue(c.attr, c.name)
		if ok != c.ok || ok && (!l.Single || l.Number != c.want) {
			t.Errorf("%s for %s: got %+v, %v", c.name, c.attr, l, ok)
		}
	}
}

func FuzzParseLiteral(f *testing.F) {
	for _, s := range []string{"1.3.10!50", "FF-FF", "'W'", `'\x41'`, "::1", "23", "10.", "00:80:48:81:0e:7c", "::1-::9", "10.1.0.1-9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLiteral(text)
		if err != nil {
			if !errors.Is(err, ErrValueSyntax) && !errors.Is(err, ErrValueSize) && !errors.Is(err, ErrRange) {
				t.Fatalf("%q: error of no known kind: %v", text, err)
			}
			return
		}
		if !l.Single && (l.Len < 1 || l.Len > len(l.Octets) || l.Octets.Last() > l.Len) {
			t.Fatalf("%q: %+v is longer than it says", text, l)
		}
		for _, a := range []mib.Attr{mib.AttrSourcePeerAddress, mib.AttrDestTransAddress, mib.AttrV1, mib.AttrNull} {
			o, n, err := Place(a, l)
			if err == nil && (o.Last() > n || n > MaskSize(a)) {
				t.Fatalf("%q on %s: %d octets, %d in use", text, a, n, o.Last())
			}
		}
	})
}
