package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"netramet/sources/filter"
	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// long is an expression whose program fits, but not together with what sockets need.
func long(t *testing.T) string {
	t.Helper()
	text := "port 1000"
	for port := 1; ; port += 2 {
		next := fmt.Sprintf("%s or udp port %d", text, port)
		e, err := filter.Parse(next)
		if err != nil {
			return text
		}
		if p, err := e.Compile(wire.LinkEthernet); err != nil || len(p.Raw()) > filter.MaxInstructions-20 {
			return text
		}
		text = next
	}
}

// TestFilterSelects: what the kernel and the source select together is what the
// expression selects of the frames as they were sent, tags and all.
func TestFilterSelects(t *testing.T) {
	sent := append(pairs(t, 12), frames(t, 20)...)
	sent = append(sent, sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.ARP{}))
	for _, row := range []struct {
		text    string
		decided bool
	}{
		{"ip", true}, {"ip6", true}, {"vlan", true}, {"not vlan", true}, {"vlan 3", true}, {"vlan and vlan", true},
		{"vlan and ip", true}, {"ip or (vlan and ip6)", true}, {"host 10.0.3.1", true}, {"vlan and host 10.0.3.1", true},
		{"src net 10.1.0.0/16 or vlan 9", true}, {"udp port 1000", true}, {"arp", true}, {"greater 140", true}, {"ip[6:2] & 0x1fff != 0", true},
		{"ether[12:2] = 0x88a8", true}, {"tcp", true}, {long(t), false},
	} {
		for _, snap := range []int{0, 30} {
			if snap > 0 && testing.Short() && row.text != "vlan and host 10.0.3.1" {
				continue
			}
			name := row.text[:min(len(row.text), 40)]
			netnsTest(t, fmt.Sprintf("%s, %d octets", name, snap), func(t *testing.T) {
				netns.Pair(t, "a0", "b0")
				e, err := filter.Parse(row.text)
				if err != nil {
					t.Fatal(err)
				}
				s := open(t, Options{Interfaces: []string{"a0"}, Filter: e, SnapLen: snap})
				if s.decided != row.decided {
					t.Errorf("the kernel decides: %v", s.decided)
				}
				stage := filter.NewStage(e)
				want := []wire.Frame{}
				for _, f := range sent {
					if ok, err := stage.Match(&f); err != nil {
						t.Fatal(err)
					} else if ok {
						want = append(want, f)
					}
				}
				send(t, netns.NewSender(t, "b0"), sent)
				got := readAll(t, s, len(want))
				nothingMore(t, s)
				for i := range want {
					if snap > 0 {
						want[i].Data = want[i].Data[:min(snap, len(want[i].Data))]
					}
				}
				if !slices.Equal(contents(got), contents(want)) {
					t.Errorf("%d frames or others, want %d of %d", len(got), len(want), len(sent))
				}
				if i := s.Interfaces()[0]; i.Packets != uint64(len(want)) || i.Dropped != 0 {
					t.Errorf("%+v, want %d packets", i, len(want))
				}
			})
		}
	}
}

// TestFilterOfAnotherLink: an expression that has no meaning for an interface is
// refused before anything is metered.
func TestFilterOfAnotherLink(t *testing.T) {
	netns.Enter(t)
	netns.IP(t, "tuntap add t0 mode tun")
	e, err := filter.Parse("ether host 02:00:00:00:00:01")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Interfaces: []string{"t0"}, Filter: e}); err == nil || !strings.Contains(err.Error(), "interface t0") {
		t.Errorf("%v", err)
	}
}
