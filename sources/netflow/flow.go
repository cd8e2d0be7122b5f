package netflow

import (
	"encoding/binary"
	"math"
	"time"

	"netramet/sources/wire"
)

// flow is what a record tells, as far as it is known. Pairs indexed by direction are
// those of a biflow; of another record the second is not there.
type flow struct {
	has      [2]uint64 // bit set of kinds, by direction
	address  [2][16]byte
	isIPv6   bool
	protocol uint8
	class    [2]uint8 // DS field with its ECN bits
	version  uint8
	tcpFlags [2]uint8
	port     [2]uint16
	icmp     uint16 // type and code
	mac      [2][6]byte
	vlan     uint16
	priority uint8
	ether    uint16
	pdus     [2]uint64
	octets   [2]uint64
	first    [2]int64 // Unix ns, or as when says
	last     [2]int64
	boot     int64 // Unix ns
	span     int64 // ns
	told     wire.Exporter

	oneIn, sampled, skipped uint64
	probability             float64 // that a packet was sampled, as told
	sampler                 uint64
}

// hasKind reports whether a kind of field was there.
func (f *flow) hasKind(dir uint8, k kind) bool { return f.has[dir]>>k&1 != 0 }

// decode takes a record from b, which has the octets of the shortest one. It returns
// how many octets it took; false if the record does not end in b.
func (t *template) decode(f *flow, b []byte) (used int, ok bool) {
	*f = flow{}
	if !t.variable {
		for i := range t.fields {
			x := &t.fields[i]
			f.take(x, b[x.at:int(x.at)+int(x.length)])
		}
		return t.least, true
	}
	for i := range t.fields {
		x := &t.fields[i]
		n := int(x.length)
		if n == variable {
			if used >= len(b) {
				return 0, false
			}
			n = int(b[used])
			used++
			if n == 255 { // RFC 7011 §7
				if used+2 > len(b) {
					return 0, false
				}
				n = int(binary.BigEndian.Uint16(b[used:]))
				used += 2
			}
		}
		if used+n > len(b) {
			return 0, false
		}
		f.take(x, b[used:used+n])
		used += n
	}
	return used, true
}

// number is a field of up to 8 octets (RFC 7011 §6.2); 0 if it is longer.
func number(b []byte) (n uint64) {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 8:
		return binary.BigEndian.Uint64(b)
	}
	if len(b) > 8 {
		return 0
	}
	for _, x := range b {
		n = n<<8 | uint64(x)
	}
	return n
}

// fraction is a field of the type float64, which may be sent as a float32 (RFC 7011 §6.2);
// 0 if it has another length.
func fraction(b []byte) float64 {
	switch len(b) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return 0
}

const seconds1900 = 2_208_988_800 // from the epoch of NTP to that of Unix

// ntp is a time of RFC 5905's format.
func ntp(n uint64) int64 {
	return (int64(n>>32)-seconds1900)*int64(time.Second) + int64(n&0xffffffff*uint64(time.Second)>>32)
}

// bounded keeps numbers of the network from overflowing as times.
func bounded(n uint64, unit time.Duration) int64 {
	return int64(min(n, uint64(1<<62)/uint64(unit)) * uint64(unit))
}

// take takes a field's value. It is long, for it is a switch.
func (f *flow) take(x *field, b []byte) {
	if x.kind == skipped || len(b) == 0 {
		return
	}
	d := x.dir & 1
	n := number(b)
	f.has[d] |= 1 << x.kind
	switch x.kind {
	case octets, octetTotal:
		if x.kind == octets || !f.hasKind(d, octets) {
			f.octets[d] = n
		}
	case packets, packetTotal:
		if x.kind == packets || !f.hasKind(d, packets) {
			f.pdus[d] = n
		}
	case protocol:
		f.protocol = uint8(n)
	case trafficClass:
		f.class[d] = uint8(n)
	case codePoint:
		f.class[d] = f.class[d]&3 | uint8(n)<<2
	case tcpFlags:
		f.tcpFlags[d] = uint8(n)
	case sourcePort, destPort:
		f.port[x.kind-sourcePort] = uint16(n)
	case source4, dest4:
		if len(b) == 4 && !f.isIPv6 {
			copy(f.address[x.kind-source4][:], b)
		}
	case source6, dest6:
		f.take6(x.kind, b)
	case sourcePrefix, destPrefix:
		f.told.Prefix[x.kind-sourcePrefix] = max(uint8(min(n, 128)), f.told.Prefix[x.kind-sourcePrefix])
	case input, output:
		f.told.Interface[x.kind-input] = uint32(n)
	case sourceAS, destAS:
		f.told.ASN[x.kind-sourceAS] = uint32(n)
	case sourceMAC, destMAC:
		if len(b) == 6 {
			f.mac[x.kind-sourceMAC] = [6]byte(b)
		}
	case vlan:
		f.vlan = uint16(n) & 0xfff
	case priority:
		f.priority = uint8(n) & 7
	case icmpBoth:
		f.icmp = uint16(n)
	case icmpType:
		f.icmp = f.icmp&0xff | uint16(n)<<8
	case icmpCode:
		f.icmp = f.icmp&^0xff | uint16(n)&0xff
	case ipVersion:
		f.version = uint8(n)
	case etherType:
		f.ether = uint16(n)
	case oneIn:
		f.oneIn = n
	case sampledOf:
		f.sampled = n
	case skippedOf:
		if f.skipped = n; x.all {
			f.skipped -= min(n, f.sampled)
		}
	case sampler:
		f.sampler = n
	case probability:
		f.probability = fraction(b)
	default:
		f.takeTime(x.kind, d, n)
	}
}

// take6 takes an address of IPv6. Exporters leave those of the other family zero, in
// templates that have both.
func (f *flow) take6(k kind, b []byte) {
	if len(b) != 16 || f.version == 4 || allZero(b) && !f.isIPv6 && f.hasIPv4() {
		return
	}
	if !f.isIPv6 {
		f.isIPv6, f.address = true, [2][16]byte{}
	}
	f.address[k-source6] = [16]byte(b)
}

// hasIPv4 reports whether there is an address of IPv4.
func (f *flow) hasIPv4() bool { return f.has[0]&(1<<source4|1<<dest4) != 0 }

// hasAddress reports whether there is an address at all.
func (f *flow) hasAddress() bool {
	return f.has[0]&(1<<source4|1<<dest4|1<<source6|1<<dest6) != 0
}

// takeTime takes a field that tells a time. Uptimes and differences stay what they
// are until the whole record is known.
func (f *flow) takeTime(k kind, d uint8, n uint64) {
	switch k {
	case firstUptime, firstDelta:
		f.first[d] = int64(n & 0xffffffff)
	case lastUptime, lastDelta:
		f.last[d] = int64(n & 0xffffffff)
	case firstSeconds:
		f.first[d] = bounded(n, time.Second)
	case lastSeconds:
		f.last[d] = bounded(n, time.Second)
	case firstMillis:
		f.first[d] = bounded(n, time.Millisecond)
	case lastMillis:
		f.last[d] = bounded(n, time.Millisecond)
	case firstMicros:
		f.first[d] = ntp(n)
	case lastMicros:
		f.last[d] = ntp(n)
	case bootMillis:
		f.boot = bounded(n, time.Millisecond)
	case spanMillis:
		f.span = bounded(n, time.Millisecond)
	case spanMicros:
		f.span = bounded(n, time.Microsecond)
	}
}
