package packet

import (
	"encoding/binary"

	"netramet/sources/wire"
)

// FactsKind says what the protocol facts of a packet are.
type FactsKind uint8

// The kinds. All from FactsDNS on are of UDP.
const (
	NoFacts   FactsKind = iota
	FactsICMP           // an echo request or reply, of ICMP or ICMPv6
	FactsTCP
	FactsDNS
	FactsSNMP
	FactsNTP
	FactsUDP // any other UDP packet, and one of which too little is captured
)

// IsUDP reports that the packet is one of UDP.
func (k FactsKind) IsUDP() bool { return k >= FactsDNS }

// Role says whether a packet asks, answers, or does both (NTP's symmetric modes).
// TCP segments and plain UDP packets have no role of their own.
type Role uint8

// The roles.
const (
	Asks Role = 1 << iota
	Answers
)

// The TCP flags that Facts.TCPFlags holds.
const (
	TCPFin = 1 << 0
	TCPSyn = 1 << 1
	TCPRst = 1 << 2
	TCPAck = 1 << 4
)

// MaxSACK is the most blocks that a TCP header holds (RFC 2018 §3).
const MaxSACK = 4

// Facts is what matching packets in pairs needs of a packet: a plain copy, without
// slices or pointers. DecodeFacts writes every field; absent ones are 0.
type Facts struct {
	Kind     FactsKind
	Role     Role
	TCPFlags uint8 // FIN is bit 0, CWR bit 7
	SACKs    uint8 // blocks in SACK
	// Question is a hash of a DNS message's first question, its letters without
	// case; 0 if there is none or it is not captured to its end.
	Question uint32
	// ID names the request: identifier and sequence number of an ICMP echo (in the
	// upper and lower 16 bits), the message ID of DNS, the request-id of SNMP or
	// the msgID of SNMPv3, the transmit timestamp of NTP.
	ID uint64
	// Answered is the ID of the request that the packet answers; valid iff Answers.
	Answered uint64
	// PayloadLen is the octets behind the TCP header by the IP length.
	PayloadLen uint32
	Seq, Ack   uint32 // of TCP; Ack is valid iff TCPFlags has TCPAck
	// SACK are the edges of the blocks of a selective acknowledgement: the first
	// sequence number of each and the one behind its last.
	SACK [MaxSACK][2]uint32
}

// FactsPorts are the UDP ports by which a protocol is known.
type FactsPorts struct {
	DNS []uint16
}

// UDP ports of protocols whose messages have identifiers.
const (
	portNTP      = 123
	portSNMP     = 161
	portSNMPTrap = 162 // informs are answered
)

// DecodeFacts fills facts from f, the frame DecodeNet filled p from. It reads the
// first part of p only, and of the frame no octet behind those captured or behind
// the end of the IP packet.
func (p *Packet) DecodeFacts(f *wire.Frame, ports *FactsPorts, facts *Facts) {
	*facts = Facts{}
	if p.Flags&(IsStream|NotFirst) != IsStream || p.TransOff == 0 {
		return
	}
	d := f.Data
	if end := uint64(p.NetOff) + uint64(p.PeerOctets); end < uint64(len(d)) {
		d = d[:end]
	}
	if int(p.TransOff) > len(d) {
		return
	}
	d = d[p.TransOff:]
	switch p.TransType {
	case protoTCP:
		if p.Flags&HasTCP != 0 {
			facts.PayloadLen = p.payload(f)
			facts.tcp(d)
		}
	case protoUDP:
		if p.Flags&HasPorts != 0 {
			facts.udp(p, d, ports)
		}
	case protoICMP:
		facts.echo(d, 8, 0)
	case protoICMPv6:
		facts.echo(d, 128, 129)
	}
}

// echo takes an ICMP message whose types of echo request and reply are given (RFC
// 792, RFC 4443 §4).
func (t *Facts) echo(d []byte, request, reply uint8) {
	if len(d) < 8 {
		return
	}
	switch d[0] {
	case request:
		t.Role = Asks
	case reply:
		t.Role = Answers
	default:
		return
	}
	t.Kind = FactsICMP
	t.both(uint64(binary.BigEndian.Uint32(d[4:])))
}

// both sets the identifier that requests and replies of a protocol have alike.
func (t *Facts) both(id uint64) {
	t.ID = id
	if t.Role&Answers != 0 {
		t.Answered = id
	}
}

// tcp takes the TCP header d begins with, of which tcpFacts octets are there.
func (t *Facts) tcp(d []byte) {
	const fixed = 20
	header := int(d[12]>>4) * 4
	if header < fixed {
		return
	}
	t.Kind = FactsTCP
	t.Seq, t.Ack = binary.BigEndian.Uint32(d[4:]), binary.BigEndian.Uint32(d[8:])
	t.TCPFlags = d[13]
	if header > fixed && len(d) > fixed {
		t.selective(d[fixed:min(header, len(d))])
	}
}

// selective takes the blocks of the first SACK option among the options o.
func (t *Facts) selective(o []byte) {
	const end, pad, sack = 0, 1, 5
	for len(o) > 0 {
		switch {
		case o[0] == end:
			return
		case o[0] == pad:
			o = o[1:]
			continue
		case len(o) < 2 || o[1] < 2:
			return
		}
		size := int(o[1])
		if o[0] == sack {
			for b := o[2:min(size, len(o))]; len(b) >= 8 && t.SACKs < MaxSACK; b = b[8:] {
				t.SACK[t.SACKs] = [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
				t.SACKs++
			}
			return
		}
		if size > len(o) {
			return
		}
		o = o[size:]
	}
}

// udp takes the UDP datagram that d begins with.
func (t *Facts) udp(p *Packet, d []byte, ports *FactsPorts) {
	const header = 8
	t.Kind = FactsUDP
	if len(d) < header {
		return
	}
	// The payload is what the datagram's length says; 0 is a jumbo payload's, or
	// that of a datagram which is cut into segments later.
	length := int(binary.BigEndian.Uint16(d[4:]))
	if length >= header && length < len(d) {
		d = d[:length]
	}
	d = d[header:]
	known := false
	switch {
	case p.onPort(portNTP):
		known = t.ntp(d)
	case p.onPort(portSNMP) || p.onPort(portSNMPTrap):
		known = t.snmp(d)
	default:
		for _, port := range ports.DNS {
			if p.onPort(port) {
				known = t.dns(d, length-header)
				break
			}
		}
	}
	if !known {
		*t = Facts{Kind: FactsUDP}
	}
}

func (p *Packet) onPort(port uint16) bool {
	return p.TransAddress[Source] == port || p.TransAddress[Dest] == port
}

// ntp takes an NTP packet (RFC 5905 §7.3), and reports whether it is one that asks
// or answers. A server copies the client's transmit timestamp, whatever it is, to
// the origin timestamp; symmetric peers do so with each other's.
func (t *Facts) ntp(d []byte) bool {
	const (
		originAt, transmitAt, size = 24, 40, 48

		active, passive, client, server = 1, 2, 3, 4
	)
	if len(d) < size {
		return false
	}
	transmit, origin := binary.BigEndian.Uint64(d[transmitAt:]), binary.BigEndian.Uint64(d[originAt:])
	switch d[0] & 7 {
	case client:
		t.Role = Asks
	case server:
		t.Role = Answers
	case active, passive:
		if transmit != 0 {
			t.Role |= Asks
		}
		if origin != 0 {
			t.Role |= Answers
		}
	}
	t.Kind, t.ID, t.Answered = FactsNTP, transmit, origin
	return t.Role != 0
}

// dns takes a DNS message, of which d is captured and length octets were sent.
// Identifier and flags suffice; the question, where it is captured, tells apart
// messages of one identifier.
func (t *Facts) dns(d []byte, length int) bool {
	const header, least, response = 12, 4, 0x80
	if len(d) < least || length > 0 && length < header {
		return false
	}
	t.Kind, t.Role = FactsDNS, Asks
	if d[2]&response != 0 {
		t.Role = Answers
	}
	t.both(uint64(binary.BigEndian.Uint16(d)))
	if len(d) > header && binary.BigEndian.Uint16(d[4:]) > 0 {
		t.Question = question(d[header:])
	}
	return true
}

// question is a hash of the question, name, type and class, that b begins with; 0
// if it does not end within b. Names in questions are not compressed.
func question(b []byte) uint32 {
	const (
		basis, prime = 2166136261, 16777619 // FNV-1a
		maxLabel     = 63
		typeAndClass = 4
	)
	at := 0
	for {
		if at >= len(b) || b[at] > maxLabel {
			return 0
		}
		if b[at] == 0 {
			break
		}
		at += 1 + int(b[at])
	}
	const maxName = 255
	end := at + 1 + typeAndClass
	if end > len(b) || at >= maxName {
		return 0
	}
	h := uint32(basis)
	for i, c := range b[:end] {
		if i < at && 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		h = (h ^ uint32(c)) * prime
	}
	return max(h, 1)
}
