package live

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/netns"
	"netramet/sources/wire"
)

// pairs are packets of n pairs of addresses, in both directions, some of them in
// fragments, IPv4 and IPv6, plain, tagged and twice tagged.
func pairs(t testing.TB, n int) (list []wire.Frame) {
	t.Helper()
	for i := range n {
		for _, back := range []bool{false, true} {
			a, b := fmt.Sprintf("10.0.%d.1", i), fmt.Sprintf("10.1.0.%d", i)
			c, d := fmt.Sprintf("2001:db8::%x", i+1), fmt.Sprintf("2001:db8:1::%x:0:1", i)
			if back {
				a, b, c, d = b, a, d, c
			}
			udp, load := sourcetest.UDP{Src: 1000, Dst: 2000}, sourcetest.Payload(60)
			v4 := sourcetest.IPv4{Src: a, Dst: b}
			v6 := sourcetest.IPv6{Src: c, Dst: d}
			ether := sourcetest.Ether("", "")
			for _, parts := range [][]sourcetest.Part{
				{ether, v4, udp, load},
				{ether, sourcetest.VLAN(uint16(i + 1)), v4, udp, load},
				{ether, sourcetest.QinQ(7), sourcetest.VLAN(uint16(i + 1)), v4, udp, load},
				{ether, v6, udp, load},
				{ether, sourcetest.VLAN(9), v6, udp, load},
			} {
				list = append(list, sourcetest.Frame(t, parts...))
			}
			for _, peer := range []sourcetest.Part{v4, v6} {
				fragments, err := sourcetest.Fragments(24, uint32(i), ether, peer, udp, load)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, fragments...)
			}
		}
	}
	return list
}

// contents are the frames' octets, sorted.
func contents(frames []wire.Frame) []string {
	list := make([]string, len(frames))
	for i, f := range frames {
		list[i] = string(f.Data)
	}
	slices.Sort(list)
	return list
}

// TestRingsShare: two rings have each packet once, and a pair of addresses in one.
func TestRingsShare(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	s := open(t, Options{Interfaces: []string{"a0"}, Rings: 2})
	sent := pairs(t, 50)
	sender := netns.NewSender(t, "b0")
	ringOf := map[[2]string]int{}
	var used [2]int
	var got []wire.Frame
	for _, f := range sent {
		send(t, sender, []wire.Frame{f})
	}
	// Each Read is of one ring, the one whose turn it was.
	var b wire.Batch
	defer b.Release()
	for end := time.Now().Add(patience); len(got) < len(sent) && time.Now().Before(end); {
		if err := s.Read(&b); err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Frames {
			key := addressPair(f)
			if was, ok := ringOf[key]; ok && was != s.turn {
				t.Fatalf("pair %x in ring %d and in ring %d", key, was, s.turn)
			}
			ringOf[key] = s.turn
			used[s.turn]++
			f.Data = append([]byte(nil), f.Data...)
			got = append(got, f)
		}
	}
	if !slices.Equal(contents(got), contents(sent)) {
		t.Errorf("%d frames came, or others than the %d sent", len(got), len(sent))
	}
	if used[0] == 0 || used[1] == 0 {
		t.Errorf("frames of the rings: %v", used)
	}
}

// addressPair is an Ethernet frame's addresses, the smaller one first.
func addressPair(f wire.Frame) [2]string {
	at := 12
	for f.Data[at] == 0x81 || f.Data[at] == 0x88 {
		at += 4
	}
	first, size := at+2+12, 4
	if f.Data[at] == 0x86 {
		first, size = at+2+8, 16
	}
	a, b := string(f.Data[first:first+size]), string(f.Data[first+size:first+2*size])
	return [2]string{min(a, b), max(a, b)}
}

// TestTagsArrive: frames with tags arrive as they were sent, whatever the kernel
// has taken out of them.
func TestTagsArrive(t *testing.T) {
	netns.Enter(t)
	netns.Pair(t, "a0", "b0")
	s := open(t, Options{Interfaces: []string{"a0"}})
	sent := pairs(t, 5)
	send(t, netns.NewSender(t, "b0"), sent)
	for i, f := range readAll(t, s, len(sent)) {
		sent[i].Interface, f.Time = 1, sent[i].Time
		if d := sourcetest.Difference(f, sent[i]); d != "" {
			t.Errorf("frame %d: %s", i, d)
		}
	}
}

// TestDropsAreCounted: what comes while nobody reads is in the ring or counted.
func TestDropsAreCounted(t *testing.T) {
	for _, rings := range []int{1, 2} {
		t.Run(fmt.Sprint(rings), func(t *testing.T) {
			netns.Enter(t)
			netns.Pair(t, "a0", "b0")
			s := open(t, Options{Interfaces: []string{"a0"}, Rings: rings, RingOctets: 16 * MinBlockOctets, BlockOctets: MinBlockOctets})
			sent := append(frames(t, 2000), pairs(t, 100)...)
			send(t, netns.NewSender(t, "b0"), sent)
			st := s.Stats()
			if st.Dropped == 0 {
				t.Fatalf("nothing was dropped: %+v", st)
			}
			got := readAll(t, s, len(sent)-int(st.Dropped))
			// Reading goes on behind it, and nothing else comes.
			send(t, netns.NewSender(t, "b0"), sent[:10])
			readAll(t, s, 10)
			st = s.Stats()
			if uint64(len(got))+10 != st.Frames || st.Frames+st.Dropped != uint64(len(sent)+10) || s.Interfaces()[0].Dropped != st.Dropped {
				t.Errorf("%d sent, %d read, %+v, %+v", len(sent)+10, len(got)+10, st, s.Interfaces())
			}
		})
	}
}
