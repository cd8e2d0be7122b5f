package traffic

import (
	"errors"
	"fmt"
	"io"
	"time"

	"netramet/sources/wire"
)

// Link makes what a busy link carries: flows whose sizes follow Zipf's law, the
// packets of each near each other in time, in trains with pauses between them.
// Large flows last, small ones come and go. Addresses, protocols and ports are
// those of Bench; TCP opens, counts its octets and closes. It remembers the
// flows that have begun and not ended, 48 octets each, and nothing else, so
// traces of any size are made in a few megabytes, unless they are scattered.
type Link struct {
	o       Options
	r       random
	flows   flowSpace
	sizes   linkSizes
	starts  linkStarts
	running turns
	frame   []byte
	t0      int64
	made    int
}

// linkFlow is a flow that has packets to come.
type linkFlow struct {
	next, end int64 // ns from the trace's beginning: the next packet, and when the last one may be
	rank      int
	left      int
	begun     uint8 // packets so far, up to 2
	seq       [2]uint32
}

// NewLink starts a link trace. Options.Packets must be enough for all flows.
func NewLink(o Options) (*Link, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	switch {
	case o.Flows > MaxBenchFlows:
		return nil, fmt.Errorf("traffic: %d flows, at most %d", o.Flows, MaxBenchFlows)
	case o.Singles < 0 || o.Singles > 100:
		return nil, fmt.Errorf("traffic: %d %% of the flows of one packet", o.Singles)
	case o.Zipf:
		return nil, errors.New("traffic: a link follows Zipf's law without being told")
	}
	sizes, err := newLinkSizes(o.Packets, o.Flows, o.Singles)
	if err != nil {
		return nil, err
	}
	l := &Link{o: o, r: newRandom(o.Seed), sizes: sizes, t0: o.Start.UnixNano(), frame: make([]byte, 2048)}
	l.flows = flowSpace{l.r.pcg.Uint64()}
	l.starts = newLinkStarts(sizes, o.Flows, int64(o.Duration), l.flows.salt)
	return l, nil
}

// Next is Generator's. It allocates nothing but for the list of running flows,
// while that grows.
func (l *Link) Next(p *Packet) error {
	for {
		from, at, ok := l.starts.next()
		if !ok || len(l.running) > 0 && l.running[0].next < at {
			break
		}
		l.running.add(l.begin(from.begin(), at))
	}
	if len(l.running) == 0 {
		return io.EOF
	}
	f := &l.running[0]
	l.packet(f, p)
	if f.left--; f.left == 0 {
		l.running.drop()
		return nil
	}
	f.next += l.gap(f)
	l.running.settle()
	return nil
}

// The mean time between two packets of a small flow is from fastest to slowest,
// each power of two in between as likely.
const (
	fastest = int64(2 * time.Millisecond)
	octaves = 7 // 2 to 256 ms
)

// begin is a flow at its first packet.
func (l *Link) begin(rank int, at int64) linkFlow {
	f := linkFlow{next: at, rank: rank, left: l.sizes.of(rank)}
	f.seq = [2]uint32{uint32(l.r.pcg.Uint64()), uint32(l.r.pcg.Uint64())}
	rest := int64(l.o.Duration) - 1 - at
	if l.o.Scattered {
		f.end = at + rest
		return f
	}
	if rank < l.starts.large.flows {
		f.end = at + rest/100*int64(l.r.between(60, 100))
		return f
	}
	mean := fastest << l.r.below(octaves)
	f.end = at + min(rest, int64(f.left)*mean)
	return f
}

// gap is how long the flow is quiet: seven of eight packets follow each other
// sixteen times as fast as their mean, and the pauses make up for it.
func (l *Link) gap(f *linkFlow) int64 {
	rest := max(0, f.end-f.next)
	mean := rest / int64(f.left)
	if l.o.Scattered {
		return l.r.upTo(min(rest, 2*mean))
	}
	if l.r.below(8) > 0 {
		return mean / 16
	}
	return min(rest, mean*121/16)
}

// The sizes of IP packets in octets, each as likely.
var (
	linkData  = [...]uint16{1500, 1500, 1500, 1500, 1500, 1300, 576, 200} // TCP, to where most of it goes
	linkAcks  = [...]uint16{52, 52, 52, 52, 52, 52, 120, 400}             // TCP, back
	linkUDP   = [...]uint16{64, 80, 120, 300, 576, 1252, 1252, 1252}
	linkQuery = [...]uint16{60, 64, 70, 90} // UDP, the first packet
)

// packet makes the flow's next packet.
func (l *Link) packet(f *linkFlow, p *Packet) {
	flow, v6 := l.flows.flow(f.rank)
	draw := l.r.pcg.Uint64()
	back := f.direction(draw)
	size := f.size(flow.Proto, back, draw>>8)
	header := ipv4Len
	if v6 {
		header = ipv6Len
	}
	size = max(size, uint16(header+tcpLen))
	t := transport{seq: f.seq[back], ack: f.seq[1-back], flags: f.flags()}
	f.seq[back] += uint32(int(size) - header - tcpLen)
	if f.begun < 2 {
		f.seq[back]++ // SYN
		f.begun++
	}
	if back == 1 {
		flow = flow.Reverse()
	}
	length := build(l.frame, flow, v6, size, t)
	captured := length
	if l.o.Snap > 0 {
		captured = min(length, l.o.Snap)
	}
	*p = Packet{
		Frame: wire.Frame{
			Time: l.t0 + f.next/1000*1000, Data: l.frame[:captured],
			WireLen: uint32(length), LinkType: wire.LinkEthernet,
			Interface: uint8(1 + f.rank%l.o.Interfaces),
		},
		IP: true, Flow: flow, IPOctets: uint32(size),
	}
	l.made++
}

// direction is 0 from the flow's client to its server, 1 back: the first packet
// of a flow, its answer, and then both as likely.
func (f *linkFlow) direction(draw uint64) int {
	if f.begun < 2 {
		return int(f.begun)
	}
	return int(draw & 1)
}

// size draws the size of an IP packet. Servers send most of TCP's octets in
// three flows of four.
func (f *linkFlow) size(proto uint8, back int, draw uint64) uint16 {
	i := draw & 7
	switch {
	case proto == protoUDP && f.begun == 0:
		return linkQuery[i&3]
	case proto == protoUDP:
		return linkUDP[i]
	case f.begun < 2:
		return 0 // SYN: the headers alone
	case (back == 1) == (f.rank&3 != 0):
		return linkData[i]
	}
	return linkAcks[i]
}

// flags are those of the next packet, if it is TCP.
func (f *linkFlow) flags() uint8 {
	switch {
	case f.begun == 0:
		return tcpSYN
	case f.begun == 1:
		return tcpSYN | tcpACK
	case f.left == 1:
		return tcpFIN | tcpACK
	}
	return tcpACK
}
