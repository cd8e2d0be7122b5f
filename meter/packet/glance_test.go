package packet

import (
	"bytes"
	"encoding/binary"
	"testing"

	"netramet/mib"
	"netramet/sources/wire"
)

// checkGlance: what a Glance says of a frame, DecodeTo says too, and of such a packet
// nothing is missing.
func checkGlance(t *testing.T, f *wire.Frame) (seen bool) {
	t.Helper()
	var g Glance
	if !g.Of(f) {
		return false
	}
	p := dirty()
	p.DecodeNet(f)
	words := func(a []byte) [2]uint64 {
		return [2]uint64{binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(a[8:])}
	}
	want := Glance{
		Source: words(p.PeerAddress[Source][:]), Dest: words(p.PeerAddress[Dest][:]),
		Ports:      uint32(p.TransAddress[Source])<<16 | uint32(p.TransAddress[Dest]),
		PeerOctets: p.PeerOctets, PeerType: p.PeerType, TransType: p.TransType, TCPFlags: p.TCPFlags,
	}
	if g != want {
		t.Errorf("%x:\n%+v, want\n%+v", f.Data, g, want)
	}
	if p.Fault != FaultNone || p.Flags&^HasTCP != IsStream|HasPorts || p.QueryID != 0 || p.FrameOctets != f.WireLen {
		t.Errorf("%x: decoded with %v, flags %#x, %d octets", f.Data, p.Fault, p.Flags, p.FrameOctets)
	}
	return true
}

// TestGlance: which packets a glance is enough for, whatever is captured of them.
func TestGlance(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		want int // the least that has to be captured; 0: a glance is not enough
	}{
		{"TCP", join(ether(etherIPv4), tcp4), 14 + 20 + 4},
		{"UDP over IPv6", join(ether(etherIPv6), ipv6(protoUDP, 8), udpHeader()), 14 + 40 + 4},
		{"one tag", join(ether(etherTag), tag(0x6005, etherIPv4), tcp4), 18 + 20 + 4},
		{"two tags", join(ether(etherTagS), tag(1, etherTag), tag(2, etherIPv4), tcp4), 0},
		{"options", join(ether(etherIPv4), ipv4Options(protoUDP, 32, 1, 1, 1, 0), udpHeader()), 14 + 24 + 4},
		{"ICMP", join(ether(etherIPv4), ipv4(protoICMP, 28), zeros(8)), 0},
		{"a fragment", join(ether(etherIPv4), fragment(bytes.Clone(tcp4), 0, true)), 0},
		{"an extension", join(ether(etherIPv6), ipv6(protoHopByHop, 16), extHeader(protoUDP, 8), udpHeader()), 0},
		{"no length", join(ether(etherIPv4), ipv4(protoTCP, 0), tcpHeader()), 0},
		{"ARP", join(ether(0x0806), zeros(46)), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.data) + 1 {
				f := frame(wire.LinkEthernet, tt.data[:n])
				f.WireLen = uint32(len(tt.data))
				if got, want := checkGlance(t, &f), tt.want != 0 && n >= tt.want; got != want {
					t.Errorf("of %d octets: %v, want %v", n, got, want)
				}
			}
		})
	}
	f := frame(wire.LinkEthernet, join(ether(etherIPv4), tcp4))
	for name, change := range map[string]func(*wire.Frame){
		"another link":                   func(f *wire.Frame) { f.LinkType = wire.LinkRaw },
		"a stripped tag":                 func(f *wire.Frame) { f.Flags = wire.HasVLAN },
		"more captured than on the wire": func(f *wire.Frame) { f.WireLen-- },
	} {
		g := f
		change(&g)
		if checkGlance(t, &g) {
			t.Errorf("%s: a glance is enough", name)
		}
	}
	if got := (&Glance{PeerType: mib.PeerIPv4}).Of(&wire.Frame{}); got {
		t.Error("of nothing")
	}
}

func BenchmarkGlance(b *testing.B) {
	f := frame(wire.LinkEthernet, join(ether(etherIPv4), tcp4))
	var g Glance
	b.ReportAllocs()
	for b.Loop() {
		g.Of(&f)
	}
}
