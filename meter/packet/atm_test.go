package packet

import (
	"testing"

	"netramet/mib"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestAAL5: an AAL5 frame carries LLC or IP alone, behind the header of a cell,
// of SunATM, or none.
func TestAAL5(t *testing.T) {
	ip := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.UDP{Src: 5, Dst: 6}).Data[14:]
	ip6 := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv6{Src: "2001:db8::1", Dst: "2001:db8::2"}, sourcetest.UDP{Src: 5, Dst: 6}).Data[14:]
	ether := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.UDP{Src: 5, Dst: 6}).Data
	snap := []byte{0xaa, 0xaa, 3, 0, 0, 0, 8, 0}
	cell := []byte{0, 0xa0, 6, 0x70}
	for _, tt := range []struct {
		name string
		link wire.LinkType
		head []byte
		body []byte
		peer mib.PeerType
	}{
		{"LLC", wire.LinkRFC1483, snap, ip, mib.PeerIPv4},
		{"IP alone", wire.LinkRFC1483, nil, ip, mib.PeerIPv4},
		{"IPv6 alone", wire.LinkRFC1483, nil, ip6, mib.PeerIPv6},
		{"classical IP", wire.LinkCLIP, snap, ip, mib.PeerIPv4},
		{"a cell", wire.LinkATM, append(cell[:4:4], snap...), ip, mib.PeerIPv4},
		{"a cell of IP alone", wire.LinkATM, cell, ip, mib.PeerIPv4},
		{"SunATM, LLC", wire.LinkSunATM, append([]byte{0x82, 0, 0, 40}, snap...), ip, mib.PeerIPv4},
		{"SunATM, LAN emulation", wire.LinkSunATM, []byte{1, 0, 0, 40, 0, 9}, ether, mib.PeerIPv4},
		{"SunATM, IP alone", wire.LinkSunATM, []byte{0x80, 0, 0, 40}, ip, mib.PeerIPv4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := append(tt.head[:len(tt.head):len(tt.head)], tt.body...)
			f := wire.Frame{Data: data, WireLen: uint32(len(data)), LinkType: tt.link, Interface: 1}
			var p Packet
			p.DecodeNet(&f)
			if p.Fault != FaultNone || p.PeerType != tt.peer || p.TransType != protoUDP || p.TransAddress != [2]uint16{5, 6} {
				t.Errorf("%+v", p)
			}
			for n := range len(data) {
				f.Data = data[:n]
				p.DecodeNet(&f) // no panic, wherever it is cut
			}
		})
	}
}
