package pair

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"netramet/meter/packet"
)

// step is a packet of a scenario: at a time, in milliseconds, one end of the stream
// ("a" or "b") sends it.
type step struct {
	at    float64
	from  string
	facts packet.Facts
}

func ns(ms float64) int64 { return int64(ms * float64(time.Millisecond)) }

func (s *step) dir() packet.Direction {
	if s.from == "b" {
		return packet.Dest
	}
	return packet.Source
}

// Packets of scenarios.

func message(kind packet.FactsKind, role packet.Role, id uint64, question uint32) packet.Facts {
	f := packet.Facts{Kind: kind, Role: role, Question: question, ID: id}
	if role&packet.Answers != 0 {
		f.Answered = id
	}
	return f
}

func ask(kind packet.FactsKind, id uint64) packet.Facts { return message(kind, packet.Asks, id, 0) }

func reply(kind packet.FactsKind, id uint64) packet.Facts {
	return message(kind, packet.Answers, id, 0)
}

func query(id uint64, question uint32) packet.Facts {
	return message(packet.FactsDNS, packet.Asks, id, question)
}

func response(id uint64, question uint32) packet.Facts {
	return message(packet.FactsDNS, packet.Answers, id, question)
}

// symmetric is a packet of NTP's symmetric modes.
func symmetric(transmit, origin uint64) packet.Facts {
	f := packet.Facts{Kind: packet.FactsNTP, Role: packet.Asks, ID: transmit, Answered: origin}
	if origin != 0 {
		f.Role |= packet.Answers
	}
	return f
}

var udp = packet.Facts{Kind: packet.FactsUDP}

// segment is a TCP segment; its flags are letters of SAFR.
func segment(flags string, seq, length, ack uint32, sack ...[2]uint32) packet.Facts {
	f := packet.Facts{Kind: packet.FactsTCP, Seq: seq, PayloadLen: length, Ack: ack, SACKs: uint8(len(sack))}
	for i, letter := range "FSR A" {
		if strings.ContainsRune(flags, letter) {
			f.TCPFlags |= 1 << i
		}
	}
	copy(f.SACK[:], sack)
	return f
}

func data(seq, length uint32) packet.Facts { return segment("A", seq, length, 1) }

func acks(ack uint32, sack ...[2]uint32) packet.Facts { return segment("A", 1, 0, ack, sack...) }

// String is an event as scenarios have it: "tcp-data a 105 1ms+20ms".
func (e Event) String() string {
	from := string("ab"[e.Dir])
	at := time.Duration(e.Request)
	if e.What == Lost {
		return fmt.Sprintf("%v %s %d %v lost", e.Kind, from, e.ID, at)
	}
	late := ""
	if e.AlreadyLost {
		late = " late"
	}
	return fmt.Sprintf("%v %s %d %v+%v%s", e.Kind, from, e.ID, at, time.Duration(e.Turnaround()), late)
}

type scenario struct {
	name    string
	limit   float64 // of both directions, ms; 0: none
	measure Measure
	kinds   Kinds // AllKinds but UDP, if 0
	steps   []step
	want    []string
}

const i, d, s, n = packet.FactsICMP, packet.FactsDNS, packet.FactsSNMP, packet.FactsNTP

// far is a sequence number near the end of the numbers.
const far = 0xffffff00

var scenarios = []scenario{
	{name: "echo", steps: []step{{0, "a", ask(i, 7)}, {1, "a", ask(i, 8)}, {2.5, "b", reply(i, 7)}, {3, "b", reply(i, 8)}},
		want: []string{"icmp a 7 0s+2.5ms", "icmp a 8 1ms+2ms"}},
	{name: "echo, both ends ask", steps: []step{{0, "a", ask(i, 7)}, {1, "b", ask(i, 7)}, {2, "b", reply(i, 7)}, {5, "a", reply(i, 7)}},
		want: []string{"icmp a 7 0s+2ms", "icmp b 7 1ms+4ms"}},
	{name: "an end does not answer itself", steps: []step{{0, "a", ask(i, 7)}, {1, "a", reply(i, 7)}}},
	{name: "reply without request", steps: []step{{0, "b", reply(i, 7)}, {1, "a", ask(i, 7)}}},
	{name: "reply twice", steps: []step{{0, "a", query(5, 0)}, {1, "b", response(5, 0)}, {2, "b", response(5, 0)}},
		want: []string{"dns a 5 0s+1ms"}},
	{name: "query repeated", steps: []step{{0, "a", query(5, 9)}, {1000, "a", query(5, 9)}, {1010, "b", response(5, 9)}, {1020, "b", response(5, 9)}},
		want: []string{"dns a 5 0s+1.01s"}},
	{name: "query repeated, measured from the last", measure: FromLast,
		steps: []step{{0, "a", query(5, 9)}, {1000, "a", query(5, 9)}, {1010, "b", response(5, 9)}, {1020, "b", response(5, 9)}},
		want:  []string{"dns a 5 1s+10ms"}},
	{name: "identifier used again after the reply", steps: []step{{0, "a", query(5, 9)}, {1, "b", response(5, 9)}, {9, "a", query(5, 8)}, {12, "b", response(5, 8)}},
		want: []string{"dns a 5 0s+1ms", "dns a 5 9ms+3ms"}},
	{name: "identifier used again after a minute", steps: []step{{0, "a", query(5, 9)}, {60_000.001, "a", query(5, 9)}, {60_003.001, "b", response(5, 9)}},
		want: []string{"dns a 5 1m0.000001s+3ms"}},
	{name: "repeated within a minute", steps: []step{{0, "a", query(5, 9)}, {60_000, "a", query(5, 9)}, {60_003, "b", response(5, 9)}},
		want: []string{"dns a 5 0s+1m0.003s"}},
	{name: "one identifier, two questions", steps: []step{{0, "a", query(5, 9)}, {1, "a", query(5, 8)}, {4, "b", response(5, 8)}, {6, "b", response(5, 9)}},
		want: []string{"dns a 5 1ms+3ms", "dns a 5 0s+6ms"}},
	{name: "reply to another question", steps: []step{{0, "a", query(5, 9)}, {4, "b", response(5, 8)}}},
	{name: "question not captured in the reply", steps: []step{{0, "a", query(5, 9)}, {1, "a", query(5, 8)}, {4, "b", response(5, 0)}, {6, "b", response(5, 0)}},
		want: []string{"dns a 5 0s+4ms", "dns a 5 1ms+5ms"}},
	{name: "replies in another order", steps: []step{{0, "a", ask(s, 1)}, {1, "a", ask(s, 2)}, {2, "b", reply(s, 2)}, {3, "b", reply(s, 1)}},
		want: []string{"snmp a 2 1ms+1ms", "snmp a 1 0s+3ms"}},
	{name: "NTP client and server", steps: []step{{0, "a", ask(n, 0xe8)}, {30, "b", packet.Facts{Kind: n, Role: packet.Answers, ID: 0xe9, Answered: 0xe8}}},
		want: []string{"ntp a 232 0s+30ms"}},
	{name: "NTP peers", steps: []step{{0, "a", symmetric(10, 0)}, {30, "b", symmetric(20, 10)}, {70, "a", symmetric(30, 20)}, {71, "b", symmetric(40, 20)}},
		want: []string{"ntp a 10 0s+30ms", "ntp b 20 30ms+40ms"}},
	{name: "a time that goes back", steps: []step{{5, "a", query(5, 9)}, {4, "b", response(5, 9)}, {6, "b", response(5, 9)}}},
	{name: "no time has passed", steps: []step{{5, "a", query(5, 9)}, {5, "b", response(5, 9)}}, want: []string{"dns a 5 5ms+0s"}},

	{name: "UDP turns", kinds: UDP.Set(), steps: []step{{0, "a", udp}, {1, "a", udp}, {3, "b", udp}, {4, "b", udp}, {9, "a", udp}},
		want: []string{"udp a 0 0s+3ms", "udp b 0 4ms+5ms"}},
	{name: "UDP turns, measured from the last", kinds: UDP.Set(), measure: FromLast, steps: []step{{0, "a", udp}, {1, "a", udp}, {3, "b", udp}},
		want: []string{"udp a 0 1ms+2ms"}},
	{name: "UDP of a known protocol", kinds: UDP.Set() | DNS.Set(), steps: []step{{0, "a", query(5, 9)}, {3, "b", response(5, 9)}},
		want: []string{"dns a 5 0s+3ms", "udp a 0 0s+3ms"}},
	{name: "kinds that nobody asks for", kinds: ICMP.Set(), steps: []step{{0, "a", query(5, 9)}, {3, "b", response(5, 9)}, {4, "a", data(100, 5)}, {5, "b", acks(105)}}},

	{name: "lost, and late", limit: 700, steps: []step{{0, "a", query(5, 9)}, {100, "a", query(6, 9)}, {750, "b", response(6, 9)}, {900, "b", response(5, 9)}},
		want: []string{"dns a 5 0s lost", "dns a 6 100ms+650ms", "dns a 5 0s+900ms late"}},
	{name: "at the limit", limit: 700, steps: []step{{0, "a", query(5, 9)}, {700, "b", response(5, 9)}}, want: []string{"dns a 5 0s+700ms"}},
	{name: "lost once, though repeated", limit: 700, steps: []step{{0, "a", query(5, 9)}, {800, "a", query(5, 9)}, {5000, "a", query(5, 9)}, {5020, "b", response(5, 9)}},
		want: []string{"dns a 5 0s lost", "dns a 5 0s+5.02s late"}},

	{name: "SYN and SYN-ACK", steps: []step{{0, "a", segment("S", 99, 0, 0)}, {8, "b", segment("SA", 500, 0, 100)}, {9, "a", segment("A", 100, 0, 501)}, {10, "b", segment("SA", 500, 0, 100)}},
		want: []string{"tcp-syn a 99 0s+8ms"}},
	{name: "SYN refused", steps: []step{{0, "a", segment("S", 99, 0, 0)}, {8, "b", segment("RA", 0, 0, 100)}}, want: []string{"tcp-syn a 99 0s+8ms"}},
	{name: "SYN sent again", steps: []step{{0, "a", segment("S", 99, 0, 0)}, {1000, "a", segment("S", 99, 0, 0)}, {1008, "b", segment("SA", 500, 0, 100)}},
		want: []string{"tcp-syn a 99 0s+1.008s"}},
	{name: "SYN sent again, measured from the last", measure: FromLast,
		steps: []step{{0, "a", segment("S", 99, 0, 0)}, {1000, "a", segment("S", 99, 0, 0)}, {1008, "b", segment("SA", 500, 0, 100)}},
		want:  []string{"tcp-syn a 99 1s+8ms"}},
	{name: "SYN-ACK of another connection", steps: []step{{0, "a", segment("S", 99, 0, 0)}, {8, "b", segment("SA", 500, 0, 7777)}}},
	{name: "SYN with data", steps: []step{{0, "a", segment("S", 99, 10, 0)}, {8, "b", segment("SA", 500, 0, 110)}, {9, "b", acks(110)}}, want: []string{"tcp-syn a 99 0s+8ms"}},
	{name: "SYN with data that are not taken", steps: []step{{0, "a", segment("S", 99, 10, 0)}, {8, "b", segment("SA", 500, 0, 100)}, {9, "a", segment("A", 100, 10, 501)}, {17, "b", acks(110)}},
		want: []string{"tcp-syn a 99 0s+8ms"}},
	{name: "both ends open", steps: []step{{0, "a", segment("S", 99, 0, 0)}, {1, "b", segment("S", 499, 0, 0)}, {5, "a", segment("SA", 99, 0, 500)}, {6, "b", segment("SA", 499, 0, 100)}},
		want: []string{"tcp-syn b 499 1ms+4ms", "tcp-syn a 99 0s+6ms"}},

	{name: "data and ack", steps: []step{{1, "a", data(100, 5)}, {21, "b", acks(105)}}, want: []string{"tcp-data a 105 1ms+20ms"}},
	{name: "ack with data", steps: []step{{0, "a", segment("A", 100, 5, 700)}, {2, "b", segment("A", 700, 9, 105)}, {5, "a", segment("A", 105, 0, 709)}},
		want: []string{"tcp-data a 105 0s+2ms", "tcp-data b 709 2ms+3ms"}},
	{name: "delayed ack", steps: []step{{0, "a", data(100, 100)}, {1, "a", data(200, 100)}, {40, "b", acks(300)}}, want: []string{"tcp-data a 300 1ms+39ms"}},
	{name: "ack between segments", steps: []step{{0, "a", data(100, 100)}, {1, "a", data(200, 100)}, {40, "b", acks(250)}, {50, "b", acks(300)}}, want: []string{"tcp-data a 300 1ms+49ms"}},
	{name: "ack again", steps: []step{{0, "a", data(100, 5)}, {2, "b", acks(105)}, {3, "b", acks(105)}}, want: []string{"tcp-data a 105 0s+2ms"}},
	{name: "sent again before the ack", steps: []step{{0, "a", data(100, 5)}, {200, "a", data(100, 5)}, {202, "b", acks(105)}, {203, "b", acks(105)}}},
	{name: "sent again after the ack", steps: []step{{0, "a", data(100, 5)}, {2, "b", acks(105)}, {200, "a", data(100, 5)}, {202, "b", acks(105)}}, want: []string{"tcp-data a 105 0s+2ms"}},
	{name: "an earlier one sent again", steps: []step{{0, "a", data(100, 5)}, {1, "a", data(105, 5)}, {200, "a", data(100, 5)}, {202, "b", acks(110)}}, want: []string{"tcp-data a 110 1ms+201ms"}},
	{name: "sent again in larger segments", steps: []step{{0, "a", data(100, 5)}, {1, "a", data(105, 5)}, {200, "a", data(100, 10)}, {202, "b", acks(110)}}},
	{name: "sent again, but for the last octets", steps: []step{{0, "a", data(100, 10)}, {200, "a", data(100, 5)}, {202, "b", acks(110)}}, want: []string{"tcp-data a 110 0s+202ms"}},
	{name: "old octets and new ones", steps: []step{{0, "a", data(100, 5)}, {200, "a", data(100, 15)}, {202, "b", acks(115)}}, want: []string{"tcp-data a 115 200ms+2ms"}},
	{name: "a gap filled", steps: []step{{0, "a", data(100, 5)}, {1, "a", data(110, 5)}, {2, "a", data(105, 5)}, {9, "b", acks(110)}, {12, "b", acks(115)}},
		want: []string{"tcp-data a 110 2ms+7ms", "tcp-data a 115 1ms+11ms"}},
	{name: "keep-alive with an octet", steps: []step{{0, "a", data(100, 5)}, {2, "b", acks(105)}, {60_000, "a", data(104, 1)}, {60_002, "b", acks(105)}}, want: []string{"tcp-data a 105 0s+2ms"}},
	{name: "keep-alive without data", steps: []step{{0, "a", data(100, 5)}, {2, "b", acks(105)}, {60_000, "a", data(104, 0)}, {60_002, "b", acks(105)}}, want: []string{"tcp-data a 105 0s+2ms"}},
	{name: "keep-alive before the ack", steps: []step{{0, "a", data(100, 5)}, {1, "a", data(104, 1)}, {2, "b", acks(105)}}},
	{name: "window probe", steps: []step{{0, "a", data(100, 1)}, {500, "a", data(100, 1)}, {501, "b", acks(100)}, {900, "a", data(100, 50)}, {903, "b", acks(150)}}, want: []string{"tcp-data a 150 900ms+3ms"}},
	{name: "FIN with data", steps: []step{{0, "a", segment("FA", 100, 5, 1)}, {2, "b", acks(106)}}, want: []string{"tcp-data a 106 0s+2ms"}},
	{name: "FIN alone", steps: []step{{0, "a", data(100, 5)}, {1, "a", segment("FA", 105, 0, 1)}, {3, "b", acks(106)}}},
	{name: "reset", steps: []step{{0, "a", data(100, 5)}, {1, "b", segment("R", 1, 7, 0)}, {2, "b", segment("RA", 1, 0, 105)}}, want: []string{"tcp-data a 105 0s+2ms"}},
	{name: "sequence numbers come round", steps: []step{{0, "a", data(far, 0x80)}, {1, "a", data(far+0x80, 0x100)}, {2, "a", data(0x80, 0x80)}, {3, "b", acks(far + 0x80)}, {5, "b", acks(0x80)}, {9, "b", acks(0x100)}},
		want: []string{"tcp-data a 4294967168 0s+3ms", "tcp-data a 128 1ms+4ms", "tcp-data a 256 2ms+7ms"}},
	{name: "sent again where they come round", steps: []step{{0, "a", data(far+0x80, 0x100)}, {2, "a", data(far+0x80, 0x100)}, {5, "b", acks(0x80)}}},
	{name: "ack of octets that were not seen", steps: []step{{0, "b", acks(500)}, {1, "a", data(480, 20)}, {2, "b", acks(500)}, {3, "a", data(500, 20)}, {5, "b", acks(520)}}, want: []string{"tcp-data a 520 3ms+2ms"}},
	{name: "ack far beyond", steps: []step{{0, "a", data(100, 5)}, {1, "b", acks(3_000_000_000)}, {2, "b", acks(105)}}, want: []string{"tcp-data a 105 0s+2ms"}},
	{name: "selective ack", steps: []step{{0, "a", data(100, 10)}, {1, "a", data(110, 10)}, {2, "a", data(120, 10)},
		{21, "b", acks(100, [2]uint32{110, 120})}, {22, "b", acks(100, [2]uint32{110, 130})}, {30, "a", data(100, 10)}, {50, "b", acks(130)}},
		want: []string{"tcp-data a 120 1ms+20ms", "tcp-data a 130 2ms+20ms"}},
	{name: "selective ack of several", steps: []step{{1, "a", data(110, 10)}, {2, "a", data(120, 10)}, {3, "a", data(140, 10)},
		{22, "b", acks(100, [2]uint32{140, 150}, [2]uint32{110, 130})}},
		want: []string{"tcp-data a 150 3ms+19ms", "tcp-data a 130 2ms+20ms"}},
	{name: "selectively acknowledged, then sent again", steps: []step{{0, "a", data(100, 10)}, {1, "a", data(110, 10)},
		{21, "b", acks(100, [2]uint32{110, 120})}, {30, "a", data(110, 10)}, {35, "b", acks(100, [2]uint32{110, 120})}, {60, "b", acks(120)}},
		want: []string{"tcp-data a 120 1ms+20ms"}},
	{name: "selective ack the wrong way round", steps: []step{{0, "a", data(100, 10)}, {1, "b", acks(100, [2]uint32{110, 100}, [2]uint32{110, 110})}}},
	{name: "another connection", steps: []step{{0, "a", segment("S", 99, 0, 0)}, {1, "b", segment("SA", 499, 0, 100)}, {2, "a", segment("A", 100, 10, 500)}, {3, "b", acks(110)},
		{9000, "a", segment("S", 3_000_000_000, 0, 0)}, {9001, "b", segment("SA", 77, 0, 3_000_000_001)}, {9002, "a", segment("A", 3_000_000_001, 5, 78)}, {9004, "b", segment("A", 78, 0, 3_000_000_006)}},
		want: []string{"tcp-syn a 99 0s+1ms", "tcp-data a 110 2ms+1ms", "tcp-syn a 3000000000 9s+1ms", "tcp-data a 3000000006 9.002s+2ms"}},
	{name: "data lost, sent again late", limit: 100, steps: []step{{0, "a", data(100, 5)}, {300, "a", data(100, 5)}, {301, "b", acks(105)}}, want: []string{"tcp-data a 105 0s lost"}},
}

// play plays the steps of a scenario in a queue of a pool, and checks the books after
// each of them.
func (s *scenario) play(t *testing.T, p *Pool, q Queue) (events []Event) {
	t.Helper()
	for _, step := range s.steps {
		events = p.Match(q, step.dir(), &step.facts, ns(step.at), events)
		checkBooks(t, p)
	}
	return events
}

func (s *scenario) pool() (*Pool, Queue) {
	kinds := s.kinds
	if kinds == 0 {
		kinds = AllKinds &^ UDP.Set()
	}
	p := New(Config{Measure: s.measure})
	return p, p.Want(0, kinds, [2]int64{ns(s.limit), ns(s.limit)})
}

// checkBooks counts the requests in all queues, and holds the counts against each
// other.
func checkBooks(t testing.TB, p *Pool) {
	t.Helper()
	s, free, waiting, kept := p.Stats(), 0, uint64(0), 0
	for at := p.freeRequest; at != 0; at = p.requests.At(at - 1).next {
		free++
	}
	gone := map[uint32]bool{}
	for q := p.freeQueue; q != 0; q = p.queues.At(q - 1).lists[0].head {
		gone[q-1] = true
	}
	for k := range p.queues.Len() {
		u, n := p.queues.At(k), 0
		if gone[k] {
			continue
		}
		for dir := range u.lists {
			last := uint32(0)
			for at := u.lists[dir].head; at != 0; at = p.requests.At(at - 1).next {
				if p.requests.At(at - 1).waits() {
					waiting++
				}
				n, last = n+1, at
			}
			if last != u.lists[dir].tail {
				t.Fatalf("a list ends with %d, not %d", last, u.lists[dir].tail)
			}
		}
		if n != int(u.n) || n > max(p.cfg.MaxTCP, p.cfg.MaxOther) {
			t.Fatalf("%d requests in a queue that says %d", n, u.n)
		}
		kept += n
	}
	if free+kept != int(p.requests.Len()) {
		t.Fatalf("%d requests free and %d queued of %d", free, kept, p.requests.Len())
	}
	if s.Waiting != waiting || s.Queued != s.Matched+s.Dropped+s.Expired+s.Waiting || s.Pairs+s.Backwards > s.Matched {
		t.Fatalf("the books do not balance, %d waiting: %+v", waiting, s)
	}
}

func TestRules(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			p, q := s.pool()
			var got []string
			for _, e := range s.play(t, p, q) {
				got = append(got, e.String())
			}
			if strings.Join(got, "\n") != strings.Join(s.want, "\n") {
				t.Errorf("pairs\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(s.want, "\n"))
			}
		})
	}
}

// TestQueueOfOneStream plays all scenarios at once, each in a queue of its own: no
// queue knows of another.
func TestQueueOfOneStream(t *testing.T) {
	p := New(Config{})
	var queues []Queue
	for range scenarios {
		queues = append(queues, p.Want(0, AllKinds&^UDP.Set(), [2]int64{}))
	}
	for k, s := range scenarios {
		if s.kinds != 0 || s.measure != FromFirst || s.limit != 0 {
			continue
		}
		if got := s.play(t, p, queues[k]); len(got) != len(s.want) {
			t.Errorf("%s: %v, want %v", s.name, got, s.want)
		}
	}
}
