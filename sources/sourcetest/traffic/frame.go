package traffic

import (
	"encoding/binary"
	"net/netip"
)

// MaxBenchFlows is the most flows of a bench or link trace: their clients are
// the addresses of 10.0.0.0/8.
const MaxBenchFlows = 1 << 24

// The parts of a frame: nothing is behind the TCP header but zeros.
const (
	ethernetLen = 14
	ipv4Len     = 20
	ipv6Len     = 40
	tcpLen      = 20
	udpLen      = 8
)

// flowSpace is the flows that can be made without being remembered: everything
// about a flow follows from its number and the salt.
type flowSpace struct{ salt uint64 }

// flow gives flow number i from its client's side. The client's address is i
// itself, scrambled one to one, so no two flows are alike; the server's
// network is another, so none is the reverse of one.
func (s flowSpace) flow(i int) (f Flow, v6 bool) {
	client := uint32(uint64(i)*0x9e3779b1+s.salt) & (MaxBenchFlows - 1)
	h := mix(uint64(i) ^ s.salt)
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

// transport is what a TCP header says beside the ports.
type transport struct {
	seq, ack uint32
	flags    uint8
}

// The flags of TCP that are set here.
const (
	tcpFIN = 1
	tcpSYN = 2
	tcpACK = 16
)

// build writes a frame with an IP packet of size octets into d, which has room
// for it, and gives its length. Behind the headers it leaves what is there.
func build(d []byte, f Flow, v6 bool, size uint16, t transport) int {
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
		be.PutUint32(l4[4:], t.seq)
		be.PutUint32(l4[8:], t.ack)
		l4[12], l4[13], l4[14] = 5<<4, t.flags, 0x20
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
