package traffic

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"netramet/sources/wire"
)

// benchSnap is the snap length of a bench trace unless Options say otherwise.
const benchSnap = 64

// benchSizes are the sizes of the IP packets, in octets, each as likely: about
// the mix of the Internet. Frames are no shorter than 60.
var benchSizes = [...]uint16{46, 46, 52, 52, 64, 128, 300, 576, 1400, 1500}

// Bench makes Ethernet frames of exactly Options.Flows flows, both directions
// as likely, 90 % IPv4 and 10 % IPv6, three quarters TCP and one quarter
// UDP, with right checksums over a payload of zeros. Everything about a flow
// follows from its number, so flows cost no memory (with Zipf, 8 octets).
type Bench struct {
	o     Options
	r     random
	flows flowSpace
	step  int // the packets that visit every flow: one in so many
	made  int
	sums  []uint64 // Zipf: running sums of the weights
	frame []byte
	t0    int64
}

// NewBench starts a bench trace.
func NewBench(o Options) (*Bench, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Packets <= 0 {
		return nil, errors.New("traffic: a bench trace needs a number of packets")
	}
	if o.Flows > MaxBenchFlows {
		return nil, fmt.Errorf("traffic: %d flows, at most %d", o.Flows, MaxBenchFlows)
	}
	if o.Snap == 0 {
		o.Snap = benchSnap
	}
	b := &Bench{o: o, r: newRandom(o.Seed), step: max(1, o.Packets/o.Flows), t0: o.Start.UnixNano()}
	b.flows = flowSpace{b.r.pcg.Uint64()}
	b.frame = make([]byte, max(1600, o.Snap))
	if o.Zipf {
		var total uint64
		b.sums = make([]uint64, o.Flows)
		for i := range b.sums {
			total += 1 << 40 / uint64(i+1)
			b.sums[i] = total
		}
	}
	return b, nil
}

// Next is Generator's. It allocates nothing.
func (b *Bench) Next(p *Packet) error {
	if b.made == b.o.Packets {
		return io.EOF
	}
	hi, lo := bits.Mul64(uint64(b.made), uint64(b.o.Duration))
	at, _ := bits.Div64(hi, lo, uint64(b.o.Packets))
	flow, v6 := b.flows.flow(b.pick())
	draw := b.r.pcg.Uint64()
	if draw&1 != 0 {
		flow = flow.Reverse()
	}
	size := benchSizes[draw>>1%uint64(len(benchSizes))]
	if v6 {
		size = max(size, ipv6Len+tcpLen)
	}
	seq := uint32(draw >> 32)
	length := build(b.frame, flow, v6, size, transport{seq: seq, ack: ^seq, flags: tcpACK})
	*p = Packet{
		Frame: wire.Frame{
			Time: b.t0 + int64(at)/1000*1000, Data: b.frame[:min(length, b.o.Snap)],
			WireLen: uint32(length), LinkType: wire.LinkEthernet,
			Interface: uint8(1 + b.made%b.o.Interfaces),
		},
		IP: true, Flow: flow, IPOctets: uint32(size),
	}
	b.made++
	return nil
}

// pick draws a flow's number. Every step-th packet visits the next flow in
// turn, so that none is left out; the others are drawn.
func (b *Bench) pick() int {
	if turn := b.made / b.step; b.made%b.step == 0 && turn < b.o.Flows {
		return turn
	}
	if b.sums == nil {
		return b.r.below(b.o.Flows)
	}
	want, _ := bits.Mul64(b.r.pcg.Uint64(), b.sums[len(b.sums)-1])
	at, _ := slices.BinarySearch(b.sums, want+1)
	return at
}
