package packet

import (
	"testing"

	"netramet/sources/wire"
)

// TestQueryID: queries and replies of ICMP and ICMPv6 have their identifier, and
// nothing else has one.
func TestQueryID(t *testing.T) {
	message := func(kind string) []byte { return hex(kind + " 00 0000 1234 0001") }
	for _, r := range []struct {
		name string
		data []byte
		want uint16
	}{
		{"echo", join(ipv4(protoICMP, 28), message("08")), 0x1234},
		{"echo reply", join(ipv4(protoICMP, 28), message("00")), 0x1234},
		{"time stamp", join(ipv4(protoICMP, 28), message("0d")), 0x1234},
		{"address mask reply", join(ipv4(protoICMP, 28), message("12")), 0x1234},
		{"extended echo", join(ipv4(protoICMP, 28), message("2a")), 0x1234},
		{"unreachable", join(ipv4(protoICMP, 28), message("03")), 0},
		{"first fragment", join(fragment(ipv4(protoICMP, 28), 0, true), message("08")), 0x1234},
		{"later fragment", join(fragment(ipv4(protoICMP, 28), 9, false), message("08")), 0},
		{"cut before it", join(ipv4(protoICMP, 28), message("08")[:5]), 0},
		{"in the padding", join(ipv4(protoICMP, 24), message("08")), 0},
		{"ICMPv6 in IPv4", join(ipv4(protoICMP, 28), message("80")), 0},
		{"echo", join(ipv6(protoICMPv6, 8), message("80")), 0x1234},
		{"echo reply behind options", join(ipv6(protoDestOpts, 16), extHeader(protoICMPv6, 8), message("81")), 0x1234},
		{"neighbour solicitation", join(ipv6(protoICMPv6, 8), message("87")), 0},
		{"UDP", join(ipv4(protoUDP, 28), message("08")), 0},
	} {
		f := frame(wire.LinkRaw, r.data)
		if p := checkFrame(t, &f); p.QueryID != r.want {
			t.Errorf("%s: %x, want %x", r.name, p.QueryID, r.want)
		}
		checkCuts(t, &f)
	}
	for _, r := range []struct {
		data []byte
		want uint8
	}{{tcp4, 0x18}, {tcp6, 0x18}, {tcp4[:35], 0}} {
		f := frame(wire.LinkRaw, r.data)
		if p := checkFrame(t, &f); p.TCPFlags != r.want {
			t.Errorf("TCP flags %x, want %x", p.TCPFlags, r.want)
		}
	}
}
