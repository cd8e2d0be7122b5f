package direction

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// list writes a list and opens it.
func list(t testing.TB, kind, text string) (*Tagger, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Open(kind + ":" + path)
}

func TestDirection(t *testing.T) {
	ip4 := func(src, dst string) wire.Frame {
		return sourcetest.Frame(t, sourcetest.Ether("02:00:00:00:00:0a", "02:00:00:00:00:0b"), sourcetest.IPv4{Src: src, Dst: dst}, sourcetest.UDP{Src: 1, Dst: 2})
	}
	ip6 := func(src, dst string) wire.Frame {
		return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.VLAN(5), sourcetest.IPv6{Src: src, Dst: dst}, sourcetest.UDP{Src: 1, Dst: 2})
	}
	mac := func(src, dst string) wire.Frame {
		return sourcetest.Frame(t, sourcetest.Ether(src, dst), sourcetest.IPv4{}, sourcetest.UDP{Src: 1, Dst: 2})
	}
	const nets = "# inside\n10.0.0.0/8\n\n192.0.2.7 # a host\n  2001:db8::/32\t\n"
	const macs = "02:00:00:00:00:0A\n02-00-00-00-00-0c # another\n0200.0000.000d"
	cut := ip4("10.0.0.1", "192.0.2.1")
	cut.Data = cut.Data[:20]
	raw := ip4("10.0.0.1", "192.0.2.1")
	raw.Data, raw.LinkType = raw.Data[14:], wire.LinkRaw
	for _, tt := range []struct {
		name, kind, list string
		frame            wire.Frame
		want             uint8
	}{
		{"out", "nets", nets, ip4("10.255.0.1", "192.0.2.1"), Out},
		{"in", "nets", nets, ip4("192.0.2.1", "10.255.0.1"), In},
		{"both inside", "nets", nets, ip4("192.0.2.7", "10.255.0.1"), Other},
		{"none inside", "nets", nets, ip4("192.0.2.6", "11.0.0.1"), Other},
		{"a host", "nets", nets, ip4("192.0.2.7", "11.0.0.1"), Out},
		{"IPv6, behind a tag, in", "nets", nets, ip6("2001:db9::1", "2001:db8::1"), In},
		{"IPv6, out", "nets", nets, ip6("2001:db8::1", "2001:db9::1"), Out},
		{"IPv6 that looks like an IPv4 net", "nets", nets, ip6("a00::1", "2001:db9::1"), Other},
		{"without Ethernet", "nets", nets, raw, Out},
		{"cut before the addresses", "nets", nets, cut, Other},
		{"ARP", "nets", nets, sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.Raw{0, 1, 8, 0, 6, 4, 0, 1}), Other},
		{"MAC, out", "macs", macs, mac("02:00:00:00:00:0a", "02:00:00:00:00:0b"), Out},
		{"MAC, in", "macs", macs, mac("02:00:00:00:00:0b", "02:00:00:00:00:0c"), In},
		{"MAC, both", "macs", macs, mac("02:00:00:00:00:0c", "02:00:00:00:00:0d"), Other},
		{"MAC, cut before the network layer", "macs", macs, cut, Out},
		{"without a MAC", "macs", macs, raw, Other},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := list(t, tt.kind, tt.list)
			if err != nil {
				t.Fatal(err)
			}
			b := wire.Batch{Frames: []wire.Frame{ip4("10.0.0.1", "11.0.0.1"), tt.frame}}
			if err := d.Run(&b); err != nil || b.Frames[1].Interface != tt.want {
				t.Errorf("direction %d, %v, want %d", b.Frames[1].Interface, err, tt.want)
			}
			if n := testing.AllocsPerRun(10, func() { _ = d.Run(&b) }); n != 0 {
				t.Errorf("%v allocations a batch", n)
			}
		})
	}
	if got := Names(); len(got) != int(Other) || got[In-1] != "in" || got[Out-1] != "out" {
		t.Errorf("names %q", got)
	}
}

func TestOpen(t *testing.T) {
	for _, tt := range []struct{ kind, list, text string }{
		{"nets", "10.0.0.0/8\n10.1.0.5/8\n", `2: "10.1.0.5/8": it has bits behind the first 8; is 10.0.0.0/8 meant?`},
		{"nets", "10.0.0.0/33", `1: "10.0.0.0/33": it is a network or an address, as 192.0.2.0/24 or 2001:db8::1`},
		{"nets", "fe80::1%eth0", `1: "fe80::1%eth0": it is a network or an address, `},
		{"nets", "example.org", `1: "example.org": it is a network or an address, `},
		{"macs", "# one\n02:00:00:00:00", `2: "02:00:00:00:00": it is a MAC address, as 02:00:00:00:00:01`},
		{"macs", "10.0.0.0/8", `1: "10.0.0.0/8": it is a MAC address, `},
		{"nets", "# nothing\n", "1: the list is empty"},
		{"nets", strings.Repeat("x", maxLine+1), "1: the line is longer than 4096 octets"},
	} {
		_, err := list(t, tt.kind, tt.list)
		if err == nil || !strings.Contains(err.Error(), "list:"+tt.text) {
			t.Errorf("%s %q: %v, want %s", tt.kind, tt.list[:min(len(tt.list), 20)], err, tt.text)
		}
	}
	if _, err := Open("nets:" + filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a list that is not there is opened")
	}
	if d, err := Open("interface"); err != nil || d != nil {
		t.Errorf("interface: %v, %v", d, err)
	}
	for _, spec := range []string{"", "nets", "nets:", "macs:", "interface:1", "addresses:x", "x"} {
		if Check(spec) == nil {
			t.Errorf("%q is taken", spec)
		}
		if _, err := Open(spec); err == nil {
			t.Errorf("%q is opened", spec)
		}
	}
}

// TestListLimit: a list has a most that it may hold.
func TestListLimit(t *testing.T) {
	err := lines(strings.NewReader(strings.Repeat("x\n", maxEntries+1)), func(string) error { return nil })
	if err == nil || err.Error() != "1048577: a list has at most 1048576 entries" {
		t.Errorf("%v", err)
	}
}

// FuzzList reads any text as both kinds of list: it is read or refused with the
// number of a line.
func FuzzList(f *testing.F) {
	for _, seed := range []string{"10.0.0.0/8\n2001:db8::1 # host\n", "02:00:00:00:00:01\n0200.0000.0002", "\x00\n/", "::ffff:10.0.0.0/104", "#"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		nets, err := readNets(strings.NewReader(text))
		if err == nil && nets.Size() == 0 || err != nil && !strings.Contains(err.Error(), ":") {
			t.Errorf("nets of %q: %v", text, err)
		}
		if _, err := readMACs(strings.NewReader(text)); err != nil && !strings.Contains(err.Error(), ":") {
			t.Errorf("macs of %q: %v", text, err)
		}
	})
}
