package traffic

import (
	"bufio"
	"fmt"
	"io"
)

// Sums are what one flow carried. Index 0 is "to", the direction of its first
// packet, 1 "from".
type Sums struct {
	Flow        Flow // direction of the first packet
	PDUs        [2]uint64
	IPOctets    [2]uint64
	FrameOctets [2]uint64
	Fragments   uint64 // fragments among the PDUs, first ones too
	First, Last int64  // Unix nanoseconds of the first and last packet
}

// Truth sums packets by flow from what their generator says of them. The zero
// Truth is ready.
type Truth struct {
	flows []Sums // in order of their first packets
	index map[Flow]int
	other Sums
}

// Add counts a packet.
func (t *Truth) Add(p *Packet) {
	s, dir := &t.other, 0
	if p.IP {
		s, dir = t.find(p.Flow)
	}
	if s.PDUs[0]+s.PDUs[1] == 0 {
		s.First = p.Frame.Time
	}
	s.Last = p.Frame.Time
	s.PDUs[dir]++
	s.IPOctets[dir] += uint64(p.IPOctets)
	s.FrameOctets[dir] += uint64(p.Frame.WireLen)
	if p.Fragment {
		s.Fragments++
	}
}

func (t *Truth) find(f Flow) (*Sums, int) {
	if i, ok := t.index[f]; ok {
		return &t.flows[i], 0
	}
	if i, ok := t.index[f.Reverse()]; ok {
		return &t.flows[i], 1
	}
	if t.index == nil {
		t.index = make(map[Flow]int)
	}
	t.index[f] = len(t.flows)
	t.flows = append(t.flows, Sums{Flow: f})
	return &t.flows[len(t.flows)-1], 0
}

// Flows gives the flows in order of their first packets. They are t's own.
func (t *Truth) Flows() []Sums { return t.flows }

// Other gives the sums of the packets that are not IP, all as "to".
func (t *Truth) Other() Sums { return t.other }

// header is the first line of a truth file.
const header = "ipver\tproto\tsrc\tsport\tdst\tdport\tto_pdus\tfrom_pdus\tto_ip_octets\tfrom_ip_octets\t" +
	"to_frame_octets\tfrom_frame_octets\tfragments\tfirst_time\tlast_time\n"

// WriteTo writes the flows as tab-separated values, one line each below a line
// of column names; times are Unix seconds with nanoseconds. Packets that are
// not IP have no line.
func (t *Truth) WriteTo(w io.Writer) (int64, error) {
	b := bufio.NewWriter(w)
	n, _ := b.WriteString(header) // bufio keeps the error for Flush
	for i := range t.flows {
		s := &t.flows[i]
		version := 6
		if s.Flow.Src.Is4() {
			version = 4
		}
		m, _ := fmt.Fprintf(b, "%d\t%d\t%s\t%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n",
			version, s.Flow.Proto, s.Flow.Src, s.Flow.SrcPort, s.Flow.Dst, s.Flow.DstPort,
			s.PDUs[0], s.PDUs[1], s.IPOctets[0], s.IPOctets[1], s.FrameOctets[0], s.FrameOctets[1],
			s.Fragments, seconds(s.First), seconds(s.Last))
		n += m
	}
	if err := b.Flush(); err != nil {
		return 0, fmt.Errorf("truth: %w", err)
	}
	return int64(n), nil
}

// seconds prints a time after 1970.
func seconds(ns int64) string { return fmt.Sprintf("%d.%09d", ns/1e9, ns%1e9) }
