package packet

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"netramet/mib"
	"netramet/sources/wire"
)

var allLinkRows = slices.Concat(linkRows, tagRows, ringRows, wirelessRows, capturedRows, juniperRows)

func le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }
func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

var (
	snapIPv4  = join(hex("aaaa03 000000 0800"), tcp4)
	etherTCP4 = join(ether(etherIPv4), tcp4)
)

var tagRows = []linkRow{
	{"802.1ah", wire.LinkEthernet, join(ether(etherITag), hex("00000064"), etherTCP4), is4(32)},
	{"802.1ah behind a backbone tag", wire.LinkEthernet, join(ether(etherTagS), tag(9, etherITag), hex("00000064"), ether(etherTag), tag(7, etherIPv6), tcp6), is6(40)},
	{"802.1ah, cut", wire.LinkEthernet, join(ether(etherITag), hex("00000064 0200")), want{fault: FaultLinkCut}},
	{"802.1BR", wire.LinkEthernet, join(ether(etherETag), hex("20010000 0000"), be(etherIPv4), tcp4), is4(22)},
	{"NSH, IPv4", wire.LinkEthernet, join(ether(etherNSH), hex("0002 0201 00000aff"), tcp4), is4(22)},
	{"NSH, IPv6", wire.LinkEthernet, join(ether(etherNSH), hex("0002 0202 00000aff"), tcp6), is6(22)},
	{"NSH of kind 1, Ethernet", wire.LinkEthernet, join(ether(etherNSH), hex("0fc6 0103 00000aff"), zeros(16), etherTCP4), is4(52)},
	{"NSH in NSH", wire.LinkEthernet, join(ether(etherNSH), hex("0002 0204 00000aff 0002 0205 00000bff"), label(16, true), tcp4), is4(34)},
	{"NSH, shorter than its path", wire.LinkEthernet, join(ether(etherNSH), hex("0001 0201 00000aff"), tcp4), plain(mib.PeerOther, 14)},
	{"NSH, another protocol", wire.LinkEthernet, join(ether(etherNSH), hex("0002 0206 00000aff"), tcp4), plain(mib.PeerOther, 22)},
	{"DSA with an EtherType", wire.LinkEthernet, join(ether(etherEDSA), hex("0000 c0180000"), be(etherIPv4), tcp4), is4(22)},
	{"DSA", wire.LinkDSA, join(hex(macDest), hex(macSource), hex("c0180000"), be(etherIPv4), tcp4), is4(18)},
	{"DSA with EtherType", wire.LinkEDSA, join(hex(macDest), hex(macSource), hex("dada0000 c0180000"), be(etherIPv6), tcp6), is6(22)},
	{"DSA of Broadcom", wire.LinkDSABroadcom, join(hex(macDest), hex(macSource), hex("20000003"), be(etherTag), tag(7, etherIPv4), tcp4), is4(22)},
	{"DSA of Broadcom before", wire.LinkDSAPrepend, join(hex("20000003"), etherTCP4), is4(18)},

	{"pseudowire", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), etherTCP4), is4(32)},
	{"pseudowire of a tag", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), ether(etherTag), tag(5, etherIPv6), tcp6), is6(36)},
	{"pseudowire of ARP", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), hex("00000009"), ether(etherARP), zeros(28)), plain(mib.PeerARP, 36)},
	{"pseudowire of LLC", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), ether(38), hex("424203"), zeros(35)), plain(mib.PeerLLC, 32)},
	{"pseudowire, then labels", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), ether(etherMPLS), label(17, true), tcp4), is4(36)},
	{"pseudowire of addresses like a control word", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), hex("001122334455 00aabbccddee 0800"), tcp4), is4(32)},
	{"pseudowire from a group of stations", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), hex("021122334455 01aabbccddee 0800"), tcp4), plain(mib.PeerOther, 18)},
	{"associated channel", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), hex("10000007"), zeros(24)), plain(mib.PeerOther, 18)},
	{"labels alone", wire.LinkMPLS, join(label(16, true), tcp4), is4(4)},
}

var ringRows = []linkRow{
	{"FDDI", wire.LinkFDDI, join(hex("50"), hex(macDest), hex(macSource), snapIPv4), is4(21)},
	{"FDDI, synchronous with priority", wire.LinkFDDI, join(hex("d1"), hex(macDest), hex(macSource), hex("424203"), zeros(35)), plain(mib.PeerLLC, 13)},
	{"FDDI management", wire.LinkFDDI, join(hex("41"), hex(macDest), hex(macSource), zeros(20)), plain(mib.PeerOther, 13)},
	{"token ring", wire.LinkTokenRing, join(hex("1040"), hex(macDest), hex(macSource), snapIPv4), is4(22)},
	{"token ring, source routed", wire.LinkTokenRing, join(hex("1040"), hex(macDest), hex("820000000005 0670 0011 0020"), snapIPv4), is4(28)},
	{"token ring, IPX", wire.LinkTokenRing, join(hex("1040"), hex(macDest), hex(macSource), hex("e0e003"), ipxHead), isIPX(17)},
	{"token ring management", wire.LinkTokenRing, join(hex("1005"), hex(macDest), hex(macSource), zeros(20)), plain(mib.PeerOther, 14)},
	{"token ring, cut in its routes", wire.LinkTokenRing, join(hex("1040"), hex(macDest), hex("820000000005 0670 00")), want{fault: FaultLinkCut}},
	{"ARCNET", wire.LinkARCNET, join(hex("be 50 d4 00 0007"), tcp4), is4(6)},
	{"ARCNET, IPv6", wire.LinkARCNET, join(hex("be 50 c4 00 0007"), tcp6), is6(6)},
	{"ARCNET, exception", wire.LinkARCNET, join(hex("be 50 d4 ff ffff ff 00 0007"), tcp4), is4(10)},
	{"ARCNET, first fragment", wire.LinkARCNET, join(hex("be 50 d4 01 0007"), tcp4), is4(6)},
	{"ARCNET, second fragment", wire.LinkARCNET, join(hex("be 50 d4 02 0007"), zeros(40)), plain(mib.PeerOther, 6)},
	{"ARCNET, RFC 1051", wire.LinkARCNET, join(hex("be 50 f0"), tcp4), is4(3)},
	{"ARCNET, ARP", wire.LinkARCNET, join(hex("be 50 d5 00 0007"), zeros(18)), plain(mib.PeerARP, 6)},
	{"ARCNET, IPX", wire.LinkARCNET, join(hex("be 50 fa 00 0007"), ipxHead), isIPX(6)},
	{"ARCNET, AppleTalk", wire.LinkARCNET, join(hex("be 50 dd 00 0007"), ddpHead), isDDP(6)},
	{"ARCNET of Linux", wire.LinkARCNETLinux, join(hex("be 50 0000 d4 00 0007"), tcp4), is4(8)},
	{"ARCNET of Linux, RFC 1051", wire.LinkARCNETLinux, join(hex("be 50 0000 f1"), zeros(18)), plain(mib.PeerARP, 5)},
	{"IP over fibre channel", wire.LinkIPoverFC, join(zeros(16), snapIPv4), is4(24)},
	{"IP over FireWire", wire.LinkFireWire, join(zeros(16), be(etherIPv4), tcp4), is4(18)},
	{"IP over InfiniBand", wire.LinkIPoIB, join(zeros(40), be(etherIPv4), be(0), tcp4), is4(44)},
	{"IP over InfiniBand of snoop", wire.LinkIPoIBSnoop, join(be(etherIPv4), be(0), tcp4), is4(4)},
	{"InfiniBand", wire.LinkInfiniBand, join(hex("0002 000100140002"), hex("64"), zeros(19), be(etherIPv4), be(0), tcp4), is4(32)},
	{"InfiniBand, global", wire.LinkInfiniBand, join(hex("0003 000100140002"), zeros(40), hex("65"), zeros(23), be(etherIPv6), be(0), tcp6), is6(76)},
	{"InfiniBand, IPv6 alone", wire.LinkInfiniBand, join(hex("0001 000100140002"), tcp6), is6(8)},
	{"InfiniBand, connected", wire.LinkInfiniBand, join(hex("0002 000100140002"), hex("04"), zeros(60)), plain(mib.PeerOther, 0)},
	{"InfiniBand, management", wire.LinkInfiniBand, join(hex("0002 000100140002"), hex("64"), zeros(19), hex("0181 0101"), zeros(40)), plain(mib.PeerOther, 0)},

	{"frame relay", wire.LinkFrameRelay, join(hex("1841 03 cc"), tcp4), is4(4)},
	{"frame relay, IPv6", wire.LinkFrameRelay, join(hex("1841 03 8e"), tcp6), is6(4)},
	{"frame relay of Cisco", wire.LinkFrameRelay, join(hex("1861 0800"), tcp4), is4(4)},
	{"frame relay, address of 4", wire.LinkFrameRelay, join(hex("18400203 03 cc"), tcp4), is4(6)},
	{"frame relay, address of 3, padded", wire.LinkFrameRelay, join(hex("184003 03 00 cc"), tcp4), is4(6)},
	{"frame relay, SNAP", wire.LinkFrameRelay, join(hex("1841 03 00 80 000000 0800"), tcp4), is4(10)},
	{"frame relay, bridged", wire.LinkFrameRelay, join(hex("1841 03 00 80 0080c2 0007"), etherTCP4), is4(24)},
	{"frame relay, OSI", wire.LinkFrameRelay, join(hex("1841 03"), clnp), isCLNP(3)},
	{"frame relay, PPP", wire.LinkFrameRelay, join(hex("1841 03 cf 0021"), tcp4), is4(6)},
	{"frame relay, signalling", wire.LinkFrameRelay, hex("0001 03 08 00 75 51 01 00 53 02 01 00"), plain(mib.PeerOther, 3)},
	{"frame relay, no address", wire.LinkFrameRelay, join(hex("18400202 03 cc"), tcp4), plain(mib.PeerOther, 0)},
	{"frame relay with direction", wire.LinkFRelayDir, join(hex("01 1841 03 cc"), tcp4), is4(5)},
	{"frame relay, multi-link", wire.LinkMFR, join(hex("c001 1841 03 cc"), tcp4), is4(6)},
	{"frame relay, multi-link control", wire.LinkMFR, hex("e100 01 01 05 61 62 00"), plain(mib.PeerOther, 0)},
	{"Cisco HDLC with direction", wire.LinkCHDLCDir, join(hex("01 0f00 0800"), tcp4), is4(5)},

	{"AAL5, bridged", wire.LinkRFC1483, join(hex("aaaa03 0080c2 0007 0000"), etherTCP4), is4(24)},
	{"AAL5, a bridged frame alone", wire.LinkRFC1483, join(be(0), etherTCP4), is4(16)},
	{"AAL5, OSI identifier", wire.LinkRFC1483, join(hex("fefe03 cc"), tcp4), is4(4)},
	{"AAL5, PPP", wire.LinkRFC1483, join(hex("fefe03 cf 0021"), tcp4), is4(6)},
	{"AAL5 of Cisco", wire.LinkRFC1483, join(hex("03 8e"), tcp6), is6(2)},
	{"AAL5, spanning tree bridged", wire.LinkRFC1483, join(hex("aaaa03 0080c2 000e"), zeros(35)), plain(mib.PeerLLC, 0)},
}

// wlan is the header of an 802.11 data frame with these octets of frame control
// and further octets.
func wlan(control string, further int) []byte {
	return join(hex(control), be(0), hex(macDest), hex(macSource), hex("02000000000b"), be(0), zeros(further))
}

var wirelessRows = []linkRow{
	{"802.11", wire.Link80211, join(wlan("0801", 0), snapIPv4), is4(32)},
	{"802.11, QoS", wire.Link80211, join(wlan("8802", 2), snapIPv4), is4(34)},
	{"802.11, QoS and HT control", wire.Link80211, join(wlan("8882", 6), snapIPv4), is4(38)},
	{"802.11, four addresses", wire.Link80211, join(wlan("0803", 6), snapIPv4), is4(38)},
	{"802.11, aggregated", wire.Link80211, join(wlan("8801", 0), be(0x8000), hex(macDest), hex(macSource), be(48), snapIPv4), is4(48)},
	{"802.11, encrypted", wire.Link80211, join(wlan("0841", 0), zeros(40)), plain(mib.PeerOther, 0)},
	{"802.11, no data", wire.Link80211, wlan("4801", 0), plain(mib.PeerOther, 0)},
	{"802.11, beacon", wire.Link80211, join(wlan("8000", 0), zeros(40)), plain(mib.PeerOther, 0)},
	{"radiotap", wire.LinkRadiotap, join(hex("0000 0800 00000000"), wlan("0801", 0), snapIPv4), is4(40)},
	{"radiotap, padded", wire.LinkRadiotap, join(hex("0000 1100 03000000"), zeros(8), hex("20"), wlan("8801", 2), zeros(2), snapIPv4), is4(53)},
	{"radiotap, more words, padded", wire.LinkRadiotap, join(hex("0000 0d00 02000080 00000000 20"), wlan("8801", 2), zeros(2), snapIPv4), is4(49)},
	{"radiotap, shorter than itself", wire.LinkRadiotap, join(hex("0000 0700 00000000"), zeros(40)), plain(mib.PeerOther, 0)},
	{"PPI, 802.11", wire.LinkPPI, join(hex("00 00 0800"), le32(105), wlan("0801", 0), snapIPv4), is4(40)},
	{"PPI, Ethernet behind fields", wire.LinkPPI, join(hex("00 00 0c00"), le32(1), zeros(4), etherTCP4), is4(26)},
	{"PPI, raw IP of another system", wire.LinkPPI, join(hex("00 00 0800"), le32(12), tcp6), is6(8)},
	{"PPI, a link type that is not known", wire.LinkPPI, join(hex("00 00 0800"), le32(147), zeros(40)), plain(mib.PeerOther, 8)},
	{"Prism", wire.LinkPrism, join(hex("44000000"), zeros(140), wlan("0801", 0), snapIPv4), is4(176)},
	{"AVS", wire.LinkAVS, join(hex("80211001 00000040"), zeros(56), wlan("0801", 0), snapIPv4), is4(96)},
	{"AVS as Prism", wire.LinkPrism, join(hex("80211001 00000040"), zeros(56), wlan("0801", 0), snapIPv4), is4(96)},
	{"cooked radiotap", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareRadiotap, 4), hex("0000 0800 00000000"), wlan("0801", 0), snapIPv4), is4(56)},
}

// tapped is a header of PKTAP.
func tapped(size, dlt uint32) []byte {
	return join(le32(size), le32(1), le32(dlt), zeros(int(size)-12))
}

var capturedRows = []linkRow{
	{"PKTAP", wire.LinkPKTAP, join(tapped(108, 1), etherTCP4), is4(122)},
	{"PKTAP, raw IP", wire.LinkPKTAP, join(tapped(112, 12), tcp6), is6(112)},
	{"PKTAP of old", wire.LinkUser2, join(tapped(108, 1), etherTCP4), is4(122)},
	{"user's own", wire.LinkUser2, join(zeros(40)), want{fault: FaultLinkType}},
	{"PKTAP, shorter than itself", wire.LinkPKTAP, join(le32(100), le32(1), le32(1), zeros(108)), plain(mib.PeerOther, 0)},
	{"NFLOG", wire.LinkNFLOG, join(hex("02 00 0028"), le16(8), le16(1), hex("08000316"), le16(5), le16(10), zeros(4), le16(44), le16(9), tcp4), is4(24)},
	{"NFLOG, big", wire.LinkNFLOG, join(hex("0a 00 0028"), be(8), be(1), hex("86dd0316"), be(64), be(9), tcp6), is6(16)},
	{"NFLOG, another family", wire.LinkNFLOG, join(hex("07 00 0028"), le16(44), le16(9), tcp4), plain(mib.PeerOther, 8)},
	{"NFLOG without a packet", wire.LinkNFLOG, join(hex("02 00 0028"), le16(8), le16(1), hex("08000316")), want{fault: FaultLinkCut}},
	{"NFLOG, attribute of no length", wire.LinkNFLOG, join(hex("02 00 0028"), le16(0), le16(1), zeros(8)), plain(mib.PeerOther, 4)},
	{"IPNET", wire.LinkIPNET, join(hex("01 02"), zeros(22), tcp4), is4(24)},
	{"IPNET, IPv6", wire.LinkIPNET, join(hex("01 1a"), zeros(22), tcp6), is6(24)},
	{"packet filter log", wire.LinkPFLog, join(hex("3d 02"), zeros(62), tcp4), is4(64)},
	{"enc", wire.LinkENC, join(hex("18000000"), zeros(8), tcp6), is6(12)},
	{"SLIP", wire.LinkSLIP, join(hex("01 40"), zeros(14), tcp4), is4(16)},
	{"SLIP of BSD/OS", wire.LinkSLIPBSDOS, join(zeros(24), tcp4), is4(24)},
	{"SLIP of BSD/OS, shorter", wire.LinkSLIPBSDOS, join(zeros(16), tcp4), is4(16)},
	{"PPP of BSD/OS", wire.LinkPPPBSDOS, join(zeros(5), be(pppIPv4), zeros(17), tcp4), is4(24)},
	{"PPP of pppd", wire.LinkPPPD, join(hex("00 03 0057"), tcp6), is6(4)},
	{"Hilscher", wire.LinkNetAnalyzer, join(zeros(4), etherTCP4), is4(18)},
	{"cooked frame relay of Cisco", wire.LinkLinuxSLL2, join(cookedHeaderV2(hardwareFrameRelay, 0), hex("1861 0800"), tcp4), is4(24)},
}

// magic is Juniper's header with these flags.
func magic(flags string) []byte { return hex("4d4743" + flags) }

var juniperRows = []linkRow{
	{"Juniper Ethernet", wire.LinkJuniperEther, join(magic("80"), be(6), zeros(6), etherTCP4), is4(26)},
	{"Juniper PPPoE", wire.LinkJuniperPPPoE, join(magic("00"), hex("540000000001 020000000002 0800"), tcp4), is4(18)},
	{"Juniper PPPoE over ATM", wire.LinkJuniperPPPoEATM, join(magic("00"), be(etherSession), pppoe(42), be(pppIPv4), tcp4), is4(14)},
	{"Juniper without link", wire.LinkJuniperEther, join(magic("02"), zeros(4), tcp6), is6(8)},
	{"Juniper PPP", wire.LinkJuniperPPP, join(magic("00"), hex("ff03 0021"), tcp4), is4(8)},
	{"Juniper frame relay", wire.LinkJuniperFRelay, join(magic("00"), hex("1841 03 cc"), tcp4), is4(8)},
	{"Juniper Cisco HDLC", wire.LinkJuniperCHDLC, join(magic("00"), hex("0f00 0800"), tcp4), is4(8)},
	{"Juniper GGSN", wire.LinkJuniperGGSN, join(magic("00"), hex("0100 06 00 0000 0000"), tcp6), is6(12)},
	{"Juniper services", wire.LinkJuniperServices, join(magic("00"), hex("4701000000000000"), tcp4), is4(12)},
	{"Juniper monitor", wire.LinkJuniperMonitor, join(magic("00"), zeros(8), tcp4), is4(12)},
	{"Juniper encryption", wire.LinkJuniperES, join(magic("00"), hex("0001 40 01"), tcp4), plain(mib.PeerOther, 4)},
	{"Juniper encryption, authenticated", wire.LinkJuniperES, join(magic("00"), hex("0001 40 03"), zeros(12), tcp4), is4(20)},
	{"Juniper multi-link PPP", wire.LinkJuniperMLPPP, join(magic("00"), hex("0007 0021"), tcp4), is4(8)},
	{"Juniper multi-link PPP, link services", wire.LinkJuniperMLPPP, join(magic("00"), hex("54070000 ff03 0057"), tcp6), is6(12)},
	{"Juniper multi-link PPP, queued", wire.LinkJuniperMLPPP, join(magic("00"), hex("47000000 0010 0000"), tcp6), is6(12)},
	{"Juniper multi-link PPP, OSI on a child", wire.LinkJuniperMLPPP, join(magic("00"), hex("0023"), clnp), isCLNP(6)},
	{"Juniper multi-link frame relay", wire.LinkJuniperMLFR, join(magic("00"), hex("0007 03cc"), tcp4), is4(8)},
	{"Juniper multi-link frame relay, OSI", wire.LinkJuniperMLFR, join(magic("00"), hex("54070000 0300"), clnp), isCLNP(10)},
	{"Juniper FRF.16", wire.LinkJuniperMFR, join(magic("00"), hex("00000007 038e"), tcp6), is6(10)},
	{"Juniper FRF.16, a child", wire.LinkJuniperMFR, join(magic("00"), hex("c001 1841 03 cc"), tcp4), is4(10)},
	{"Juniper FRF.16, queued labels", wire.LinkJuniperMFR, join(magic("00"), hex("47000000 0020 0000"), label(16, true), tcp4), is4(16)},
	{"Juniper ATM1", wire.LinkJuniperATM1, join(magic("00"), hex("00000001"), snapIPv4), is4(16)},
	{"Juniper ATM1, management", wire.LinkJuniperATM1, join(magic("00"), hex("80000001"), zeros(48)), plain(mib.PeerOther, 8)},
	{"Juniper ATM2", wire.LinkJuniperATM2, join(magic("01"), hex("0000000100000000"), tcp4), is4(12)},
	{"Juniper ATM2, PPP", wire.LinkJuniperATM2, join(magic("01"), hex("0000000100000000 0021"), tcp4), is4(14)},
	{"Juniper ATM2, bridged", wire.LinkJuniperATM2, join(magic("00"), hex("0000000100000000"), etherTCP4), is4(26)},
	{"Juniper ATM2, management", wire.LinkJuniperATM2, join(magic("00"), hex("0000000100000010"), zeros(48)), plain(mib.PeerOther, 12)},
	{"Juniper voice", wire.LinkJuniperVP, join(magic("00"), zeros(18), tcp4), is4(22)},
	{"Juniper SRX, Ethernet", wire.LinkJuniperSRX, join(magic("00"), etherTCP4), is4(18)},
	{"Juniper without its number", wire.LinkJuniperEther, join(hex("4d474400"), etherTCP4), plain(mib.PeerOther, 0)},
}

// TestAdjacentOfLinks: links whose headers have MAC addresses in other places.
func TestAdjacentOfLinks(t *testing.T) {
	mac := func(s string) (a [MaxPeer]byte) { copy(a[:], hex(s)); return a }
	both := [2][MaxPeer]byte{Source: mac(macSource), Dest: mac(macDest)}
	bss := mac("02000000000b")
	for _, r := range []struct {
		name string
		row  string
		want Rest
	}{
		{"FDDI", "FDDI", Rest{AdjacentType: mib.AdjacentFDDI, AdjacentAddress: both}},
		{"token ring", "token ring", Rest{AdjacentType: mib.AdjacentTokenRing, AdjacentAddress: both}},
		{"without the routing bit", "token ring, source routed", Rest{AdjacentType: mib.AdjacentTokenRing, AdjacentAddress: both}},
		{"to the access point", "802.11", Rest{AdjacentType: mib.Adjacent80211, AdjacentAddress: [2][MaxPeer]byte{Source: mac(macSource), Dest: bss}}},
		{"from the access point", "802.11, QoS", Rest{AdjacentType: mib.Adjacent80211, AdjacentAddress: [2][MaxPeer]byte{Source: bss, Dest: mac(macDest)}}},
		{"radiotap", "radiotap", Rest{AdjacentType: mib.Adjacent80211, AdjacentAddress: [2][MaxPeer]byte{Source: mac(macSource), Dest: bss}}},
		{"switch tag, then a VLAN", "DSA of Broadcom", Rest{AdjacentType: mib.AdjacentEthernet, AdjacentAddress: both, VLANid: 7}},
		{"Ethernet in PKTAP", "PKTAP", Rest{AdjacentType: mib.AdjacentEthernet, AdjacentAddress: both}},
		{"backbone addresses and tag", "802.1ah behind a backbone tag", Rest{AdjacentType: mib.AdjacentEthernet, AdjacentAddress: both, VLANid: 9}},
		{"no addresses", "NFLOG", Rest{}},
	} {
		t.Run(r.name, func(t *testing.T) {
			i := slices.IndexFunc(allLinkRows, func(l linkRow) bool { return l.name == r.row })
			f := frame(allLinkRows[i].link, allLinkRows[i].data)
			got := checkFrame(t, &f).Rest
			got.DSCodePoint, got.ECNCodeBits, got.TCPWindow, got.TCPSeq, got.TCPAck, got.PayloadLen = 0, 0, 0, 0, 0, 0
			if r.want.AdjacentLen = 6; got != r.want {
				t.Errorf("got %+v\nwant %+v", got, r.want)
			}
		})
	}
}

// TestLongLinkHeaders: what begins so far behind that offsets would not fit is not
// decoded.
func TestLongLinkHeaders(t *testing.T) {
	const behind = 24 + 8 // 802.11 and SNAP
	for n, want := range map[int]Fault{
		maxLinkOctets - behind: FaultNone, maxLinkOctets - behind + 1: FaultLimit, 65000: FaultLimit,
	} {
		f := frame(wire.LinkRadiotap, join(hex("0000"), le16(uint16(n)), zeros(n-4), wlan("0801", 0), snapIPv4))
		if p := checkFrame(t, &f); p.Fault != want || want == FaultNone && int(p.NetOff) != n+behind {
			t.Errorf("a header of %d octets: %v, the packet at %d", n, p.Fault, p.NetOff)
		}
	}
	// A tunnel may begin far behind too: sixteen headers of 2,048 octets.
	options := bytes.Repeat(extHeader(protoDestOpts, 2048), 15)
	data := join(ipv6(protoDestOpts, 16*2048+uint16(len(user4))), options, extHeader(4, 2048), user4)
	f := frame(wire.LinkRaw, data)
	if p := checkInner(t, &f); p.Flags&Tunnelled != 0 || p.TransOff != 40+16*2048 {
		t.Errorf("%+v", p)
	}
}
