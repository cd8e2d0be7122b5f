package filter

// proto is a protocol that the language has a word for.
type proto uint8

const (
	protoDefault proto = iota // none was named
	protoLink
	protoIP
	protoARP
	protoRARP
	protoATALK
	protoAARP
	protoDECnet
	protoSCA
	protoLAT
	protoMOPDL
	protoMOPRC
	protoIPv6
	protoISO
	protoSTP
	protoIPX
	protoNetBEUI
	protoSCTP
	protoTCP
	protoUDP
	protoICMP
	protoIGMP
	protoIGRP
	protoPIM
	protoVRRP
	protoCARP
	protoICMPv6
	protoAH
	protoESP
	protoESIS
	protoISIS
	protoCLNP
	protoISISL1
	protoISISL2
	protoISISIIH
	protoISISLSP
	protoISISSNP
	protoISISCSNP
	protoISISPSNP
)

// protoWords are the protocols by their words.
var protoWords = map[string]proto{
	"link": protoLink, "ether": protoLink, "ppp": protoLink, "slip": protoLink, "fddi": protoLink, "tr": protoLink, "wlan": protoLink,
	"ip": protoIP, "arp": protoARP, "rarp": protoRARP, "atalk": protoATALK, "aarp": protoAARP, "decnet": protoDECnet,
	"sca": protoSCA, "lat": protoLAT, "mopdl": protoMOPDL, "moprc": protoMOPRC, "ip6": protoIPv6, "iso": protoISO,
	"stp": protoSTP, "ipx": protoIPX, "netbeui": protoNetBEUI, "sctp": protoSCTP, "tcp": protoTCP, "udp": protoUDP,
	"icmp": protoICMP, "igmp": protoIGMP, "igrp": protoIGRP, "pim": protoPIM, "vrrp": protoVRRP, "carp": protoCARP,
	"icmp6": protoICMPv6, "ah": protoAH, "esp": protoESP, "esis": protoESIS, "es-is": protoESIS, "isis": protoISIS, "is-is": protoISIS,
	"clnp": protoCLNP, "l1": protoISISL1, "l2": protoISISL2, "iih": protoISISIIH, "lsp": protoISISLSP,
	"snp": protoISISSNP, "csnp": protoISISCSNP, "psnp": protoISISPSNP,
}

// String returns the protocol's word.
func (p proto) String() string {
	switch p {
	case protoLink:
		return "ether"
	case protoISIS:
		return "isis"
	case protoESIS:
		return "esis"
	}
	for w, q := range protoWords {
		if p == q {
			return w
		}
	}
	return ""
}

// carrier says in what a protocol is carried, and under which numbers.
type carrier struct {
	over    proto // protoDefault: IPv4 or IPv6
	numbers []uint32
}

// carriers are how protocols are told. Below 1536 a number over the link is a
// service access point of LLC.
var carriers = map[proto]carrier{
	protoIP: {protoLink, []uint32{etherIP}}, protoARP: {protoLink, []uint32{etherARP}}, protoRARP: {protoLink, []uint32{etherRARP}},
	protoATALK: {protoLink, []uint32{etherATALK}}, protoAARP: {protoLink, []uint32{etherAARP}}, protoDECnet: {protoLink, []uint32{etherDECnet}},
	protoSCA: {protoLink, []uint32{0x6007}}, protoLAT: {protoLink, []uint32{0x6004}}, protoMOPDL: {protoLink, []uint32{0x6001}},
	protoMOPRC: {protoLink, []uint32{0x6002}}, protoIPv6: {protoLink, []uint32{etherIPv6}}, protoISO: {protoLink, []uint32{sapISO}},
	protoSTP: {protoLink, []uint32{sapSTP}}, protoIPX: {protoLink, []uint32{sapIPX}}, protoNetBEUI: {protoLink, []uint32{sapNetBEUI}},

	protoSCTP: {protoDefault, []uint32{ipSCTP}}, protoTCP: {protoDefault, []uint32{ipTCP}}, protoUDP: {protoDefault, []uint32{ipUDP}},
	protoPIM: {protoDefault, []uint32{103}}, protoAH: {protoDefault, []uint32{51}}, protoESP: {protoDefault, []uint32{50}},
	protoICMP: {protoIP, []uint32{1}}, protoIGMP: {protoIP, []uint32{2}}, protoIGRP: {protoIP, []uint32{9}},
	protoVRRP: {protoIP, []uint32{112}}, protoCARP: {protoIP, []uint32{112}}, protoICMPv6: {protoIPv6, []uint32{58}},

	protoESIS: {protoISO, []uint32{0x82}}, protoISIS: {protoISO, []uint32{0x83}}, protoCLNP: {protoISO, []uint32{0x81}},

	protoISISL1: {protoISIS, []uint32{26, 24, 18, 15, 17}}, protoISISL2: {protoISIS, []uint32{27, 25, 20, 16, 17}},
	protoISISIIH: {protoISIS, []uint32{17, 15, 16}}, protoISISLSP: {protoISIS, []uint32{18, 20}},
	protoISISSNP: {protoISIS, []uint32{27, 26, 24, 25}}, protoISISCSNP: {protoISIS, []uint32{24, 25}}, protoISISPSNP: {protoISIS, []uint32{26, 27}},
}

// Numbers that the code asks for by name.
const (
	etherIP     = 0x0800
	etherARP    = 0x0806
	etherRARP   = 0x8035
	etherIPv6   = 0x86dd
	etherATALK  = 0x809b
	etherAARP   = 0x80f3
	etherDECnet = 0x6003
	etherIPX    = 0x8137
	etherVLAN   = 0x8100
	etherQinQ   = 0x88a8
	etherQinQ91 = 0x9100 // of before 802.1ad
	etherMPLS   = 0x8847
	etherPPPoED = 0x8863
	etherPPPoES = 0x8864
	nlpidIP     = 0xcc
	nlpidIPv6   = 0x8e
	nlpidCLNP   = 0x81
	nlpidESIS   = 0x82
	nlpidISIS   = 0x83
	etherBridge = 0x6558 // transparent Ethernet bridging

	sapIP      = 0x06
	sapSTP     = 0x42
	sapIPX     = 0xe0
	sapNetBEUI = 0xf0
	sapISO     = 0xfe

	maxLength8023 = 1500 // a larger type field is a type, no length

	ipTCP      = 6
	ipUDP      = 17
	ipFragment = 44 // IPv6's header of fragments
	ipSCTP     = 132
)
