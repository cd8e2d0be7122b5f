package traffic

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

var link = Options{Seed: 7, Duration: time.Minute, Packets: 20_000, Flows: 3_000}

func linked(t testing.TB, o Options) []Packet {
	t.Helper()
	g, err := NewLink(o)
	return collect(t, g, err)
}

// sizesOf are how many packets each flow has, by the sums of a Truth.
func sizesOf(packets []Packet) map[int]int {
	var truth Truth
	for i := range packets {
		truth.Add(&packets[i])
	}
	sizes := map[int]int{}
	for _, s := range truth.Flows() {
		sizes[int(s.PDUs[0]+s.PDUs[1])]++
	}
	return sizes
}

// TestLinkFlows: packets, flows and flows of one packet are as many as was asked
// for, and flow k has about 1/k of the largest one's packets.
func TestLinkFlows(t *testing.T) {
	for _, tc := range []struct {
		packets, flows, singles, wantSingles int
	}{
		{20_000, 3_000, 0, -1},
		{20_000, 3_000, 90, 2_700},
		{3_000, 3_000, 0, 3_000},
		{3_000, 3_000, 100, 3_000},
		{20_000, 1, 0, 0},
		{2, 2, 0, 2},
		{1, 1, 50, -1},
	} {
		o := link
		o.Packets, o.Flows, o.Singles = tc.packets, tc.flows, tc.singles
		t.Run(fmt.Sprintf("%d packets %d flows %d%%", tc.packets, tc.flows, tc.singles), func(t *testing.T) {
			g, err := NewLink(o)
			if tc.packets == 1 {
				if err == nil {
					t.Fatal("one packet does for a flow of two")
				}
				return
			}
			packets := collect(t, g, err)
			sizes, flows := sizesOf(packets), 0
			for _, n := range sizes {
				flows += n
			}
			if len(packets) != tc.packets || flows != tc.flows {
				t.Errorf("%d packets of %d flows", len(packets), flows)
			}
			if tc.wantSingles >= 0 && sizes[1] != tc.wantSingles {
				t.Errorf("%d flows of one packet, want %d", sizes[1], tc.wantSingles)
			}
			for rank := range min(20, tc.flows) {
				got, want := g.sizes.of(rank), g.sizes.of(0)/(rank+1)
				if d := got - max(want, 1); d < -1 || d > 1 {
					t.Errorf("flow %d of %d packets, want %d", rank+1, got, want)
				}
			}
		})
	}
}

// TestLinkIsNear: small flows are over soon, large ones go on, and many packets
// follow one of their own flow closely.
func TestLinkIsNear(t *testing.T) {
	var truth Truth
	last := map[Flow]int64{}
	near := 0
	for _, p := range linked(t, link) {
		truth.Add(&p)
		f := p.Flow
		if p.Flow.Src.Compare(p.Flow.Dst) > 0 {
			f = f.Reverse()
		}
		if at, ok := last[f]; ok && p.Frame.Time-at <= int64(20*time.Millisecond) {
			near++
		}
		last[f] = p.Frame.Time
	}
	if near < link.Packets/2 {
		t.Errorf("%d of %d packets follow one of their flow within 20 ms", near, link.Packets)
	}
	for _, s := range truth.Flows() {
		lasts, n := time.Duration(s.Last-s.First), s.PDUs[0]+s.PDUs[1]
		switch {
		case n > 2*largeFlow && lasts < link.Duration/4:
			t.Errorf("a flow of %d packets lasts %v", n, lasts)
		case n <= 10 && lasts > 30*time.Second:
			t.Errorf("a flow of %d packets lasts %v", n, lasts)
		case n > 1 && s.PDUs[1] == 0:
			t.Errorf("a flow of %d packets has no answer", n)
		}
	}
}

// TestLinkScattered: all flows go on to the end, and few packets follow one of
// their own flow closely.
func TestLinkScattered(t *testing.T) {
	o := link
	o.Scattered = true
	var truth Truth
	for _, p := range linked(t, o) {
		truth.Add(&p)
	}
	short, all := 0, 0
	for _, s := range truth.Flows() {
		if s.PDUs[0]+s.PDUs[1] < 3 {
			continue
		}
		all++
		if s.Last-s.First < int64(5*time.Second) {
			short++
		}
	}
	if all == 0 || short > all/3 {
		t.Errorf("%d of %d flows last less than 5 s", short, all)
	}
}

// TestLinkKinds: the shares of protocols and of IPv6, and that connections are
// opened once.
func TestLinkKinds(t *testing.T) {
	o := link
	o.Flows, o.Packets = 10_000, 40_000
	count := map[string]int{}
	var truth Truth
	for _, p := range linked(t, o) {
		truth.Add(&p)
		if p.Flow.Proto == protoTCP {
			offset := ethernetLen + ipv4Len
			if p.Flow.Src.Is6() {
				offset = ethernetLen + ipv6Len
			}
			if p.Frame.Data[offset+13] == tcpSYN {
				count["SYN"]++
			}
		}
	}
	for _, s := range truth.Flows() {
		if s.Flow.Src.Is6() {
			count["IPv6"]++
		}
		if s.Flow.Proto == protoTCP {
			count["TCP"]++
		}
	}
	if n := count["IPv6"]; n != o.Flows/10 {
		t.Errorf("%d flows of %d are IPv6", n, o.Flows)
	}
	if n := count["TCP"]; n < o.Flows*70/100 || n > o.Flows*80/100 {
		t.Errorf("%d flows of %d are TCP", n, o.Flows)
	}
	if count["SYN"] != count["TCP"] {
		t.Errorf("%d connections open %d times", count["TCP"], count["SYN"])
	}
}

// TestLinkMemory: what is remembered are the flows that are running.
func TestLinkMemory(t *testing.T) {
	o := Options{Duration: 10 * time.Minute, Packets: 400_000, Flows: 200_000, Singles: 90}
	g, err := NewLink(o)
	if err != nil {
		t.Fatal(err)
	}
	var p Packet
	most := 0
	for i := 0; ; i++ {
		err := g.Next(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(g.running))
	}
	if most > o.Flows/100 {
		t.Errorf("%d of %d flows were remembered at once", most, o.Flows)
	}
}

func TestLinkDoesNotAllocate(t *testing.T) {
	o := link
	o.Packets = 1 << 20
	g, err := NewLink(o)
	if err != nil {
		t.Fatal(err)
	}
	g.running = append(make(turns, 0, o.Flows), g.running...)
	var p Packet
	n := testing.AllocsPerRun(1000, func() {
		if err := g.Next(&p); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations per packet", n)
	}
}

func TestLinkRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		o    Options
		want string
	}{
		{"too few packets", Options{Duration: 1, Packets: 9, Flows: 10}, "9 packets cannot"},
		{"too few for two each", Options{Duration: 1, Packets: 10, Flows: 10, Singles: 50}, "10 packets cannot"},
		{"too many for one each", Options{Duration: 1, Packets: 11, Flows: 10, Singles: 100}, "11 packets cannot"},
		{"percentage", Options{Duration: 1, Packets: 10, Flows: 10, Singles: 101}, "101 %"},
		{"zipf", Options{Duration: 1, Packets: 10, Flows: 10, Zipf: true}, "without being told"},
		{"flows", Options{Duration: 1, Packets: 1 << 30, Flows: MaxBenchFlows + 1}, "at most"},
		{"no duration", Options{Packets: 10, Flows: 10}, "duration"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := NewLink(tc.o); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q in it", err, tc.want)
			}
		})
	}
}
