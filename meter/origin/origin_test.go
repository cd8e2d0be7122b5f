package origin

import (
	"net/netip"
	"strings"
	"testing"

	"netramet/meter/packet"
	"netramet/mib"

	"pgregory.net/rapid"
)

func read(t *testing.T, text string) *Table {
	t.Helper()
	table, err := Read(strings.NewReader(text), "table")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, text, address string
		asn                 uint32
		length              uint8
	}{
		{"prefix and number", "192.0.2.0/24 64500\n", "192.0.2.1", 64500, 24},
		{"a tab between", "192.0.2.0/24\t64500", "192.0.2.255", 64500, 24},
		{"address, length, number", "192.0.2.0\t24\t64500\n", "192.0.2.1", 64500, 24},
		{"IPv6", "2001:db8::/32 64501\n", "2001:db8:1::1", 64501, 32},
		{"IPv6 in three fields", "2001:db8:: 32 64501\n", "2001:db8::", 64501, 32},
		{"written AS64500", "192.0.2.0/24 AS64500", "192.0.2.1", 64500, 24},
		{"written as64500", "192.0.2.0/24 as64500", "192.0.2.1", 64500, 24},
		{"written 1.10", "192.0.2.0/24 1.10", "192.0.2.1", 65546, 24},
		{"the largest", "192.0.2.0/24 4294967295", "192.0.2.1", 4294967295, 24},
		{"several origins", "192.0.2.0 24 64500_64501", "192.0.2.1", 64500, 24},
		{"a set", "192.0.2.0/24 {64500,64501}", "192.0.2.1", 64500, 24},
		{"a set with spaces", "192.0.2.0/24 {64500, 64501}", "192.0.2.1", 64500, 24},
		{"a set without braces", "192.0.2.0 24 64500,64501", "192.0.2.1", 64500, 24},
		{"origins, one of them a set", "192.0.2.0 24 64502_64500,64501", "192.0.2.1", 64502, 24},
		{"the first line counts", "192.0.2.0/24 1\n192.0.2.0/24 2\n", "192.0.2.1", 1, 24},
		{"the longest prefix", "192.0.2.0/24 1\n192.0.2.128/25 2\n192.0.0.0/16 3", "192.0.2.129", 2, 25},
		{"the longest prefix, whatever the order", "192.0.2.128/25 2\n192.0.2.0/24 1", "192.0.2.127", 1, 24},
		{"a single address", "192.0.2.1/32 7\n192.0.2.0/24 1", "192.0.2.1", 7, 32},
		{"everything", "0.0.0.0/0 5\n", "203.0.113.9", 5, 0},
		{"everything of IPv4 alone", "0.0.0.0/0 5\n", "2001:db8::1", 0, 0},
		{"none", "192.0.2.0/24 64500\n", "192.0.3.1", 0, 0},
		{"comments and empty lines", "# of today\n; too\n\n  \n192.0.2.0/24 64500 # mine\n", "192.0.2.1", 64500, 24},
		{"lines of Windows", "\ufeff192.0.2.0/24 64500\r\n\r\n", "192.0.2.1", 64500, 24},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asn, length := read(t, tt.text).Lookup(netip.MustParseAddr(tt.address))
			if asn != tt.asn || length != tt.length {
				t.Errorf("%d, /%d; want %d, /%d", asn, length, tt.asn, tt.length)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "table: there is no prefix in it"},
		{"comments alone", "# nothing\n", "table: there is no prefix in it"},
		{"no number", "# one\n192.0.2.0/24\n", `table:2: "192.0.2.0/24": a line is a prefix and the number`},
		{"no length", "192.0.2.0 64500\n", `table:1: "192.0.2.0" is no prefix: it is an address and a length`},
		{"no address", "\nexample/24 64500\n", `table:2: "example/24" is no prefix`},
		{"a length too long", "192.0.2.0/33 64500\n", `table:1: "192.0.2.0/33" is no prefix`},
		{"a length too long, of three fields", "192.0.2.0 33 64500\n", `table:1: "192.0.2.0/33" is no prefix`},
		{"bits beyond the length", "192.0.2.1/24 64500\n", "table:1: 192.0.2.1/24: the address has bits beyond the length; the prefix is 192.0.2.0/24"},
		{"a zone", "fe80::%eth0/64 1", `is no prefix`},
		{"a number too large", "192.0.2.0/24 4294967296\n", `table:1: "4294967296" is no number of an autonomous system: they go from 0 to 4294967295`},
		{"a dotted number too large", "192.0.2.0/24 1.65536\n", `"1.65536" is no number`},
		{"no number at all", "192.0.2.0/24 mine\n", `"mine" is no number`},
		{"a negative number", "192.0.2.0/24 -1\n", `"-1" is no number`},
		{"AS alone", "192.0.2.0/24 AS\n", `"AS" is no number`},
		{"an empty set", "192.0.2.0/24 {}\n", `"{}": "{}" is no number`},
		{"a set with a hole", "192.0.2.0/24 {1,,2}\n", `"{1,,2}": "" is no number`},
		{"two numbers", "192.0.2.0/24 64500 64501\n", `"64501": a name that is a number stands between quotation marks`},
		{"no text", "TABLE\x00\x01\n", "table:1: this is no text"},
		{"a line without end", strings.Repeat("1", maxLine+1), "table:1: a line of more than 65536 octets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.text), "table")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestFill(t *testing.T) {
	table := read(t, "10.0.0.0/8 100\n10.1.0.0/16 200\n2001:db8::/32 300\n::ffff:0:0/96 400\n")
	packetOf := func(peer mib.PeerType, source, dest string) *packet.Packet {
		p := &packet.Packet{PeerType: peer}
		p.Origin = packet.Origin{MeterID: 7, ASN: [2]uint32{1, 2}, Prefix: [2]uint8{3, 4}} // of the packet before
		for i, text := range []string{source, dest} {
			a := netip.MustParseAddr(text).AsSlice()
			p.PeerLen = uint8(copy(p.PeerAddress[i][:], a))
		}
		return p
	}
	for _, tt := range []struct {
		name  string
		table *Table
		p     *packet.Packet
		want  packet.Origin
	}{
		{"IPv4", table, packetOf(mib.PeerIPv4, "10.1.0.1", "10.2.0.1"), packet.Origin{MeterID: 7, ASN: [2]uint32{200, 100}, Prefix: [2]uint8{16, 8}}},
		{"IPv6", table, packetOf(mib.PeerIPv6, "2001:db9::1", "2001:db8::1"), packet.Origin{MeterID: 7, ASN: [2]uint32{0, 300}, Prefix: [2]uint8{0, 32}}},
		{"IPv4 in IPv6", table, packetOf(mib.PeerIPv6, "::ffff:10.1.0.1", "::"), packet.Origin{MeterID: 7, ASN: [2]uint32{400, 0}, Prefix: [2]uint8{96, 0}}},
		{"no IP", table, packetOf(mib.PeerARP, "10.1.0.1", "10.1.0.1"), packet.Origin{MeterID: 7}},
		{"no address", table, &packet.Packet{PeerType: mib.PeerIPv4}, packet.Origin{}},
		{"no table", nil, packetOf(mib.PeerIPv4, "10.1.0.1", "10.1.0.1"), packet.Origin{MeterID: 7}},
		{"an empty table", new(Table), packetOf(mib.PeerIPv4, "10.1.0.1", "10.1.0.1"), packet.Origin{MeterID: 7}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.table.Fill(tt.p); tt.p.Origin != tt.want {
				t.Errorf("%+v, want %+v", tt.p.Origin, tt.want)
			}
			if n := testing.AllocsPerRun(10, func() { tt.table.Fill(tt.p) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// TestLongestMatch holds look-ups against a search of the whole list.
func TestLongestMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octet := rapid.SampledFrom([]byte{0, 1, 2, 3, 128, 129, 255})
		drawAddr := func() netip.Addr {
			b := make([]byte, rapid.SampledFrom([]int{4, 16}).Draw(t, "size"))
			for i := range b {
				if i < 3 || i == len(b)-1 {
					b[i] = octet.Draw(t, "octet")
				}
			}
			a, _ := netip.AddrFromSlice(b)
			return a
		}
		type line struct {
			p   netip.Prefix
			asn uint32
		}
		table, list := new(Table), []line(nil)
		for range rapid.IntRange(0, 30).Draw(t, "prefixes") {
			a := drawAddr()
			p, _ := a.Prefix(rapid.IntRange(0, a.BitLen()).Draw(t, "length"))
			l := line{p, rapid.Uint32().Draw(t, "asn")}
			table.Add(l.p, l.asn)
			list = append(list, l)
		}
		for range 10 {
			a, want := drawAddr(), line{}
			for _, l := range list {
				if l.p.Contains(a) && (!want.p.IsValid() || l.p.Bits() > want.p.Bits()) {
					want = l
				}
			}
			asn, length := table.Lookup(a)
			if asn != want.asn || int(length) != max(want.p.Bits(), 0) {
				t.Fatalf("%v: %d, /%d; want %d, %v", a, asn, length, want.asn, want.p)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("192.0.2.0/24 64500\n2001:db8:: 32 1_{2,3}\n")
	f.Add("# \n0/0 AS1.1;\r\n")
	f.Add("10.0.0.0/8 - Acme & Sons\n10.1.0.0/16 7 \"#1\" # x\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Read(strings.NewReader(text), "table")
		if (err == nil) != (table.Len() > 0) {
			t.Errorf("%d prefixes, error %v", table.Len(), err)
		}
		if names, also := ReadNames(strings.NewReader(text), "table"); err == nil && (also != nil || names.Len() != table.Names().Len()) {
			t.Errorf("%d names, alone %d, error %v", table.Names().Len(), names.Len(), also)
		}
	})
}
