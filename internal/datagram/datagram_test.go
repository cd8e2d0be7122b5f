package datagram

import (
	"bytes"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

func TestFind(t *testing.T) {
	eth := sourcetest.Ether("", "")
	v4, v6 := sourcetest.IPv4{Src: "192.0.2.1", Dst: "192.0.2.2"}, sourcetest.IPv6{Src: "2001:db8::1", Dst: "2001:db8::2"}
	udp, data := sourcetest.UDP{Src: 5, Dst: 2055}, sourcetest.Payload(9)
	payload := sourcetest.Frame(t, eth, v4, udp, data).Data[14+20+8:][:9]
	tests := []struct {
		name string
		f    wire.Frame
		from string
	}{
		{"IPv4", sourcetest.Frame(t, eth, v4, udp, data), "192.0.2.1:5"},
		{"IPv6 and a tag", sourcetest.Frame(t, eth, sourcetest.Tag{ID: 3}, v6, udp, data), "[2001:db8::1]:5"},
		{"another port", sourcetest.Frame(t, eth, v4, sourcetest.UDP{Src: 2055, Dst: 53}, data), ""},
		{"TCP", sourcetest.Frame(t, eth, v4, sourcetest.TCP{Src: 5, Dst: 2055}, data), ""},
		{"cut", sourcetest.Frame(t, eth, v4, udp, data, sourcetest.Snap(14+20+8+8)), ""},
		{"cut in the header", sourcetest.Frame(t, eth, v4, udp, data, sourcetest.Snap(14+20+5)), ""},
	}
	x := Finder{Ports: map[uint16]bool{2055: true}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, got, ok := x.Find(&tt.f)
			switch {
			case ok != (tt.from != ""):
				t.Errorf("found %v", ok)
			case ok && (from.String() != tt.from || !bytes.Equal(got, payload)):
				t.Errorf("% x from %v", got, from)
			}
		})
	}
	// A first fragment has the ports, and not all of the datagram.
	fragment := sourcetest.Frame(t, eth, v4, udp, data)
	fragment.Data[14+6] |= 0x20
	if _, _, ok := x.Find(&fragment); ok {
		t.Error("a fragment is taken for a datagram")
	}
	if n := x.Partial(); n != 3 {
		t.Errorf("%d are not all there, want 3: two are cut, and one is a fragment", n)
	}
}

// FuzzFind checks that no frame is read beyond its end.
func FuzzFind(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 5, 8, 7, 0, 12, 0, 0, 1, 2, 3, 4}, uint8(101))
	f.Fuzz(func(t *testing.T, data []byte, link uint8) {
		x := Finder{Ports: map[uint16]bool{2055: true}}
		fr := wire.Frame{Data: data, WireLen: uint32(len(data)), LinkType: wire.LinkType(link)}
		if _, got, ok := x.Find(&fr); ok && len(got) > len(data) {
			t.Errorf("%d octets of %d", len(got), len(data))
		}
	})
}
