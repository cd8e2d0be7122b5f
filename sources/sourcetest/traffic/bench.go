package traffic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/netip"
	"slices"

	"netramet/sources/wire"
)

// benchSnap is the snap length of a bench trace unless Options say otherwise.
const benchSnap = 64

// MaxBenchFlows is the most flows of a bench trace: their clients are the
// addresses of 10.0.0.0/8.
const MaxBenchFlows = 1 << 24

// The parts of a bench frame: nothing is behind the TCP header but zeros.
const (
	ethernetLen = 14
	ipv4Len     = 20
	ipv6Len     = 40
	tcpLen      = 20
	udpLen      = 8
)

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
	salt  uint64
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
	b.salt = b.r.pcg.Uint64()
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
	flow, v6 := b.flow(b.pick())
	draw := b.r.pcg.Uint64()
	if draw&1 != 0 {
		flow = flow.Reverse()
	}
	size := benchSizes[draw>>1%uint64(len(benchSizes))]
	if v6 {
		size = max(size, ipv6Len+tcpLen)
	}
	length := b.build(flow, v6, size, uint32(draw>>32))
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

// flow gives flow number i from its client's side. The client's address is i
// itself, scrambled one to one, so no two flows are alike; the server's
// network is another, so none is the reverse of one.
func (b *Bench) flow(i int) (f Flow, v6 bool) {
	client := uint32(uint64(i)*0x9e3779b1+b.salt) & (MaxBenchFlows - 1)
	h := mix(uint64(i) ^ b.salt)
	f.SrcPort, f.DstPort = uint16(1024+h%60000), benchPorts[h>>20%uint64(len(benchPorts))]
	f.Proto = protoTCP
	if h>>40&3 == 0 {
		f.Proto = protoUDP
	}
	if i%10 != 9 {
		f.Src = netip.AddrFrom4([4]byte{10, byte(client >> 16), byte(client >> 8), byte(client)})
		f.Dst = netip.AddrFrom4([4]byte{172, 16 | byte(h>>44&15), byte(h >> 48), byte(h >> 56)})
		return f, false
	}
	src := [16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 10}
	dst := [16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 172}
	binary.BigEndian.PutUint32(src[12:], client)
	binary.BigEndian.PutUint32(dst[12:], uint32(h>>44))
	f.Src, f.Dst = netip.AddrFrom16(src), netip.AddrFrom16(dst)
	return f, true
}

var benchPorts = [...]uint16{443, 443, 443, 80, 53, 22, 25, 8080}

// mix is the finisher of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// build writes a frame with an IP packet of size octets and gives its length.
func (b *Bench) build(f Flow, v6 bool, size uint16, seq uint32) int {
	d := b.frame
	clear(d[:ethernetLen+ipv6Len+tcpLen])
	copy(d, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01")
	be := binary.BigEndian
	var l4 []byte
	var acc uint64
	if v6 {
		be.PutUint16(d[12:], 0x86dd)
		ip := d[ethernetLen:]
		ip[0], ip[6], ip[7] = 0x60, f.Proto, 64
		be.PutUint16(ip[4:], size-ipv6Len)
		src, dst := f.Src.As16(), f.Dst.As16()
		copy(ip[8:], src[:])
		copy(ip[24:], dst[:])
		l4, size = ip[ipv6Len:], size-ipv6Len
		acc = words(ip[8:40])
	} else {
		be.PutUint16(d[12:], 0x0800)
		ip := d[ethernetLen:]
		ip[0], ip[6], ip[8], ip[9] = 0x45, 0x40, 64, f.Proto
		be.PutUint16(ip[2:], size)
		src, dst := f.Src.As4(), f.Dst.As4()
		copy(ip[12:], src[:])
		copy(ip[16:], dst[:])
		be.PutUint16(ip[10:], folded(words(ip[:ipv4Len])))
		l4, size = ip[ipv4Len:], size-ipv4Len
		acc = words(ip[12:20])
	}
	be.PutUint16(l4, f.SrcPort)
	be.PutUint16(l4[2:], f.DstPort)
	acc += uint64(f.Proto) + uint64(size)
	if f.Proto == protoTCP {
		be.PutUint32(l4[4:], seq)
		be.PutUint32(l4[8:], ^seq)
		l4[12], l4[13], l4[14] = 5<<4, 0x10, 0x20 // ACK
		be.PutUint16(l4[16:], folded(acc+words(l4[:tcpLen])))
	} else {
		be.PutUint16(l4[4:], size)
		c := folded(acc + words(l4[:udpLen]))
		if c == 0 {
			c = 0xffff
		}
		be.PutUint16(l4[6:], c)
	}
	length := ethernetLen + ipv4Len + int(size)
	if v6 {
		length = ethernetLen + ipv6Len + int(size)
	}
	return max(length, 60)
}

// words sums data, an even number of octets, as 16-bit words.
func words(data []byte) (acc uint64) {
	for ; len(data) >= 2; data = data[2:] {
		acc += uint64(binary.BigEndian.Uint16(data))
	}
	return acc
}

// folded ends an Internet checksum.
func folded(acc uint64) uint16 {
	for acc > 0xffff {
		acc = acc&0xffff + acc>>16
	}
	return ^uint16(acc)
}
