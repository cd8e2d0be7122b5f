package live

import (
	"math/bits"
	"testing"

	"golang.org/x/net/bpf"

	"netramet/sources/sourcetest"
)

// hashOf runs the part of the hash that needs no kernel over an Ethernet frame.
func hashOf(t *testing.T, frame []byte) uint32 {
	t.Helper()
	code := append([]bpf.Instruction{
		bpf.LoadConstant{Dst: bpf.RegX, Val: 14},
		bpf.LoadAbsolute{Off: 12, Size: 2},
	}, hashFrom()...)
	vm, err := bpf.NewVM(code)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(frame)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

func TestHashIsOfThePair(t *testing.T) {
	ether, udp, load := sourcetest.Ether("", ""), sourcetest.UDP{Src: 5, Dst: 6}, sourcetest.Payload(10)
	v4 := func(a, b string) sourcetest.Part { return sourcetest.IPv4{Src: a, Dst: b} }
	v6 := func(a, b string) sourcetest.Part { return sourcetest.IPv6{Src: a, Dst: b} }
	frame := func(parts ...sourcetest.Part) []byte { return sourcetest.Frame(t, parts...).Data }
	for _, row := range []struct {
		name       string
		there, far []byte
	}{
		{"IPv4 and back", frame(ether, v4("10.0.0.1", "10.0.0.2"), udp, load), frame(ether, v4("10.0.0.2", "10.0.0.1"), sourcetest.UDP{Src: 6, Dst: 5})},
		{"IPv6 and back", frame(ether, v6("2001:db8::1", "2001:db8:1::2"), udp), frame(ether, v6("2001:db8:1::2", "2001:db8::1"), udp)},
		{"tag", frame(ether, v4("10.0.0.1", "10.0.0.2"), udp), frame(ether, sourcetest.VLAN(4), v4("10.0.0.2", "10.0.0.1"), udp)},
		{"two tags", frame(ether, v6("2001:db8::1", "2001:db8::2"), udp), frame(ether, sourcetest.VLAN(4), sourcetest.VLAN(7), v6("2001:db8::1", "2001:db8::2"), udp)},
	} {
		if a, b := hashOf(t, row.there), hashOf(t, row.far); a != b || a == 0 {
			t.Errorf("%s: %#x and %#x", row.name, a, b)
		}
	}
	if h := hashOf(t, frame(ether, sourcetest.Raw(make([]byte, 40)))); h != 0 {
		t.Errorf("not IP: %#x", h)
	}
}

// TestHashSpreads: neighbouring addresses come to all rings alike.
func TestHashSpreads(t *testing.T) {
	for _, rings := range []int{2, 3, 4, 8} {
		var count [8]int
		const hosts = 64
		ones := 0
		for i := range hosts {
			for j := range i {
				f := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.0", Dst: "192.0.2.0"}, sourcetest.UDP{})
				f.Data[29], f.Data[33] = byte(i), byte(j)
				h := hashOf(t, f.Data)
				count[h%uint32(rings)]++
				ones += bits.OnesCount32(h)
			}
		}
		mean := hosts * (hosts - 1) / 2 / rings
		for i, n := range count[:rings] {
			if n < mean*3/4 || n > mean*5/4 {
				t.Errorf("ring %d of %d has %d pairs, the mean is %d", i, rings, n, mean)
			}
		}
	}
}

func TestHashProgramIsAssembled(t *testing.T) {
	if code, err := hashProgram(); err != nil || len(code) > 200 {
		t.Errorf("%d instructions, %v", len(code), err)
	}
}
