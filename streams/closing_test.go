package streams

import (
	"slices"
	"strings"
	"testing"

	"netramet/meter/packet"
)

// segment is a packet of a stream: S, F, R and A name its flags, and it goes the other
// way after "<".
type segment struct {
	at    packet.Uptime
	flags string
	seq   uint32
}

func (s *segment) seen() Seen {
	seen := Seen{Uptime: s.at, First: int64(s.at), Time: int64(s.at), PDUs: 1, Octets: 40, HasTCP: true, TCPSeq: s.seq}
	for letter, flag := range map[string]uint8{"S": flagSYN, "F": flagFIN, "R": flagRST, "A": flagACK} {
		if strings.Contains(s.flags, letter) {
			seen.TCPFlags |= flag
		}
	}
	if strings.HasPrefix(s.flags, "<") {
		seen.Dir = packet.Dest
	}
	return seen
}

var closings = []struct {
	name     string
	segments []segment
	ends     []packet.Uptime // of the streams, in order
	reasons  []Reason
	pdus     []uint64
}{
	{"FIN, FIN, ACK", []segment{{1, "S", 10}, {1, "<SA", 20}, {2, "FA", 11}, {3, "<FA", 21}, {4, "A", 12}},
		[]packet.Uptime{204}, []Reason{ReasonClose}, []uint64{5}},
	{"the ACK of the first FIN does not close", []segment{{2, "FA", 11}, {3, "<A", 21}, {4, "<A", 21}},
		[]packet.Uptime{504}, []Reason{ReasonTimeout}, []uint64{3}},
	{"a FIN that is sent again is no second one", []segment{{2, "FA", 11}, {3, "FA", 11}, {4, "<A", 21}},
		[]packet.Uptime{504}, []Reason{ReasonTimeout}, []uint64{3}},
	{"the last ACK is missing", []segment{{2, "<FA", 11}, {3, "FA", 21}},
		[]packet.Uptime{503}, []Reason{ReasonTimeout}, []uint64{2}},
	{"both at once", []segment{{2, "FA", 11}, {2, "<FA", 21}, {3, "A", 12}, {3, "<A", 22}},
		[]packet.Uptime{203}, []Reason{ReasonClose}, []uint64{4}},
	{"RST", []segment{{1, "S", 10}, {2, "<RA", 0}}, []packet.Uptime{202}, []Reason{ReasonClose}, []uint64{2}},
	{"RST alone", []segment{{2, "R", 7}}, []packet.Uptime{202}, []Reason{ReasonClose}, []uint64{1}},
	{"closing segments again, in the grace", []segment{{2, "R", 7}, {150, "<FA", 7}, {201, "R", 7}},
		[]packet.Uptime{202}, []Reason{ReasonClose}, []uint64{3}},
	{"any packet behind the grace", []segment{{2, "R", 7}, {202, "<A", 7}},
		[]packet.Uptime{202, 702}, []Reason{ReasonClose, ReasonTimeout}, []uint64{1, 1}},
	{"SYN on a closed stream", []segment{{2, "R", 7}, {3, "S", 8}, {4, "<SA", 1}},
		[]packet.Uptime{3, 504}, []Reason{ReasonClose, ReasonTimeout}, []uint64{1, 2}},
	{"SYN, ACK again on a closed stream", []segment{{1, "S", 10}, {2, "<SA", 20}, {3, "R", 11}, {103, "<SA", 20}},
		[]packet.Uptime{203}, []Reason{ReasonClose}, []uint64{4}},
	{"SYN again", []segment{{1, "S", 10}, {100, "S", 10}, {300, "S", 10}},
		[]packet.Uptime{2294}, []Reason{ReasonTimeout}, []uint64{3}},
	{"SYN of another number, before the other end has spoken", []segment{{1, "S", 10}, {2, "S", 11}, {3, "S", 11}},
		[]packet.Uptime{2, 503}, []Reason{ReasonSYN, ReasonTimeout}, []uint64{1, 2}},
	{"SYN inside the window", []segment{{1, "S", 10}, {1, "<SA", 10}, {1, "A", 11}, {2, "S", 11 + farthest}},
		[]packet.Uptime{502}, []Reason{ReasonTimeout}, []uint64{4}},
	{"SYN beyond the window", []segment{{1, "S", 10}, {1, "<SA", 10}, {1, "A", 11}, {2, "S", 12 + farthest}},
		[]packet.Uptime{2, 502}, []Reason{ReasonSYN, ReasonTimeout}, []uint64{3, 1}},
	{"no window from the other end", []segment{{1, "S", 10}, {1, "A", 11}, {2, "S", 12}},
		[]packet.Uptime{2, 502}, []Reason{ReasonSYN, ReasonTimeout}, []uint64{2, 1}},
	{"SYN before all that was sent", []segment{{1, "A", 1000}, {2, "S", 958}},
		[]packet.Uptime{2, 502}, []Reason{ReasonSYN, ReasonTimeout}, []uint64{1, 1}},
	{"a window round 0", []segment{{1, "S", 1<<32 - 2}, {2, "A", 1<<32 - 1}, {3, "S", 1<<32 - 2}, {3, "<SA", 2}, {4, "S", 5}},
		[]packet.Uptime{504}, []Reason{ReasonTimeout}, []uint64{5}},
	{"SYN, ACK with another number", []segment{{1, "S", 10}, {1, "<SA", 20}, {2, "<SA", 1 << 30}},
		[]packet.Uptime{502}, []Reason{ReasonTimeout}, []uint64{3}},
	{"SYN, ACK of another connection, of which nothing else is seen", []segment{{1, "<A", 20}, {2, "<SA", 1 << 30}},
		[]packet.Uptime{2, 502}, []Reason{ReasonSYN, ReasonTimeout}, []uint64{1, 1}},
	{"a RST with SYN opens nothing", []segment{{1, "A", 10}, {2, "SR", 1 << 30}},
		[]packet.Uptime{202}, []Reason{ReasonClose}, []uint64{2}},
}

// TestClosing: streams that measure end when TCP says so, or their time-out.
func TestClosing(t *testing.T) {
	for _, tt := range closings {
		t.Run(tt.name, func(t *testing.T) {
			tab := New(Config{})
			tab.Measure(true)
			var events []Event
			now := packet.Uptime(1)
			to := func(at packet.Uptime) {
				for ; now < at; now += tickCs {
					sweep(tab, now)
					events = append(events, tab.TakeEvents()...)
				}
			}
			for _, s := range tt.segments {
				to(s.at)
				id, _ := find(tab, pkt(1, 2, 3, 4))
				seen := s.seen()
				tab.Note(id, &seen)
				events = append(events, tab.TakeEvents()...)
			}
			to(10_000)
			var ends []packet.Uptime
			var reasons []Reason
			var pdus []uint64
			for _, e := range events {
				ends, reasons, pdus = append(ends, e.At), append(reasons, e.Reason), append(pdus, e.Life.PDUs[0]+e.Life.PDUs[1])
			}
			if !slices.Equal(ends, tt.ends) || !slices.Equal(reasons, tt.reasons) || !slices.Equal(pdus, tt.pdus) {
				t.Errorf("ends %v for %v with %v PDUs, want %v %v %v", ends, reasons, pdus, tt.ends, tt.reasons, tt.pdus)
			}
			s := tab.Stats()
			if s.Live != 0 || s.Created != uint64(len(tt.ends)) {
				t.Errorf("%+v in the end", s)
			}
			for why, n := range s.Ended {
				want := uint64(0)
				for _, r := range tt.reasons {
					if r == Reason(why) {
						want++
					}
				}
				if n != want {
					t.Errorf("%d ended for %v, want %d", n, Reason(why), want)
				}
			}
		})
	}
}

// TestBusyAfterSlow: a stream that was slow, then busy, and stops, goes as soon as it
// may, not when it would have gone had it stayed slow.
func TestBusyAfterSlow(t *testing.T) {
	tab := New(Config{})
	now := packet.Uptime(1)
	to := func(at packet.Uptime) {
		for ; now <= at; now += tickCs {
			sweep(tab, now)
		}
	}
	for _, at := range []packet.Uptime{1, 480, 900} {
		to(at)
		add(t, tab, pkt(1, 2, 3, 4), at)
	}
	for range 1000 {
		add(t, tab, pkt(1, 2, 3, 4), 901)
	}
	to(1400)
	if s := tab.Stats(); s.Live != 1 {
		t.Fatalf("%+v while it may live", s)
	}
	to(1411)
	if s := tab.Stats(); s.Live != 0 {
		t.Errorf("%+v when it has been idle for the least time", s)
	}
}
