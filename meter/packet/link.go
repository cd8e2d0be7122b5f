package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// EtherTypes.
const (
	etherLeastType = 0x0600 // below are IEEE 802.3 lengths
	etherIPv4      = 0x0800
	etherARP       = 0x0806
	etherVines     = 0x0bad
	etherDECnet    = 0x6003
	etherRARP      = 0x8035
	etherDDP       = 0x809b
	etherVinesLoop = 0x80c4
	etherVinesEcho = 0x80c5
	etherAARP      = 0x80f3
	etherTag       = 0x8100 // 802.1Q
	etherIPX       = 0x8137
	etherIPXOld    = 0x8138
	etherIPv6      = 0x86dd
	etherPPP       = 0x880b
	etherMPLS      = 0x8847
	etherMPLSMulti = 0x8848
	etherDiscovery = 0x8863 // PPPoE
	etherSession   = 0x8864 // PPPoE
	etherJumboLLC  = 0x8870
	etherTagS      = 0x88a8 // 802.1ad
	etherLLDP      = 0x88cc
	etherITag      = 0x88e7 // 802.1ah
	etherFabric    = 0x8903 // Cisco FabricPath
	etherMetaData  = 0x8909 // Cisco MetaData
	etherVNTag     = 0x8926
	etherETag      = 0x893f // 802.1BR
	etherNSH       = 0x894f
	etherLoop      = 0x9000
	etherTagOld    = 0x9100 // stacked tags before 802.1ad
	etherTagOld2   = 0x9200 // of switches that were told to use it
	etherTagOld3   = 0x9300 // likewise
	etherEDSA      = 0xdada // a Marvell switch's
	etherISO       = 0xfefe // OSI over Cisco HDLC
)

func isTag(t uint16) bool {
	switch t {
	case etherTag, etherTagS, etherTagOld, etherTagOld2, etherTagOld3:
		return true
	}
	return false
}

// Numbered as raw IP by the platforms that wrote them into files.
const (
	linkRawBSD     wire.LinkType = 12
	linkRawOpenBSD wire.LinkType = 14
)

// maxLinkHeaders limits the headers before the network layer: the link's own,
// what a capture program put before it, tags, labels, LLC, SNAP, PPPoE and PPP,
// each counting one.
const maxLinkHeaders = 32

// maxLinkOctets limits where the network layer may begin, in a tunnel too: with
// all extension headers that are followed behind it, offsets fit 16 bits.
const maxLinkOctets = 28 << 10

// step says what the octets at the walker's offset are.
type step uint8

const (
	stepDone      step = iota
	stepLink           // what walker.link says
	stepEtherType      // what walker.etherType says
	stepLLC            // IEEE 802.2, or IPX without it
	stepMPLS           // a label
	stepPPPoE          // a PPPoE header
	stepPPP            // a PPP protocol number, perhaps compressed
	stepFramedPPP      // the same, perhaps after address and control octets
	stepVersion        // IP by the version, nothing else can be
	stepLabelled       // IP that its header bears out, a pseudowire, or anything else
	stepAAL5           // LLC (RFC 2684), or IP without it
	stepNLPID          // what a network layer protocol identifier says
	stepNSH            // a network service header
)

// addressForm says how the peer addresses of a non-IP network layer are found.
type addressForm uint8

const (
	formNone   addressForm = iota
	formIPX                // IPX header
	formDDP                // AppleTalk DDP header, long
	formLLAP               // the same, perhaps behind a LocalTalk header
	formDECnet             // DECnet phase IV on Ethernet
	formISO                // ISO 8473, ISO 9542 or ISO 10589 by the first octet
)

// walker goes through link headers to the network layer.
type walker struct {
	d         []byte
	frame     *wire.Frame
	off       int           // of the next header; in the end, of the network layer
	link      wire.LinkType // for stepLink
	etherType uint16        // for stepEtherType
	depth     Depth
	swapped   bool // the octets of 802.11's frame control may be exchanged

	peer  mib.PeerType
	form  addressForm
	fault Fault

	// What adjacent attributes are made of, where the frame is no plain one.
	adjacent mib.AdjacentType
	macs     [2]int // offsets of the first MAC addresses, 0: none
	tag      int    // offset of the outermost VLAN tag's information, 0: none
	within   bool   // inside a label or backbone header: tags are not the frame's
}

// walk goes from the start of the frame to the network layer, telling its
// offset, peer type and form, or why there is none.
func (w *walker) walk(t wire.LinkType) {
	w.link = t
	w.run(w.begin())
}

// run goes from step to step.
func (w *walker) run(s step) {
	for n := 0; n < maxLinkHeaders && s != stepDone; n++ {
		switch s {
		case stepLink:
			s = w.begin()
		case stepEtherType:
			s = w.byEtherType()
		case stepLLC:
			s = w.llc()
		case stepMPLS:
			s = w.mpls()
		case stepPPPoE:
			s = w.pppoe()
		case stepFramedPPP:
			s = w.framing()
		case stepPPP:
			s = w.ppp()
		case stepVersion:
			s = w.version()
		case stepLabelled:
			s = w.labelled()
		case stepAAL5:
			s = w.aal5()
		case stepNLPID:
			s = w.nlpid()
		case stepNSH:
			s = w.nsh()
		}
	}
	if s != stepDone || w.off > maxLinkOctets {
		w.tooFar()
	}
}

// tooFar ends the walk for headers that are too many or too long.
func (w *walker) tooFar() {
	w.peer, w.form = mib.PeerNone, formNone
	w.stop(FaultLimit)
}

// enter goes on with the header of a link type.
func (w *walker) enter(t wire.LinkType) step {
	w.link = t
	return stepLink
}

// enterAt is enter behind n octets.
func (w *walker) enterAt(n int, t wire.LinkType) step {
	w.link = t
	return w.behind(n, stepLink)
}

// begin passes the first header of walker.link. It is long because it is the
// list of link types; what is more than an offset has a file of its own.
func (w *walker) begin() step {
	switch w.link {
	case wire.LinkEthernet:
		return w.ethernet()
	case wire.LinkNull, wire.LinkLoop:
		return w.family()
	case wire.LinkRaw, linkRawBSD, linkRawOpenBSD:
		return stepVersion
	case wire.LinkIPv4:
		return w.found(mib.PeerIPv4)
	case wire.LinkIPv6:
		return w.found(mib.PeerIPv6)
	case wire.LinkLinuxSLL:
		return w.cooked(cookedV1)
	case wire.LinkLinuxSLL2:
		return w.cooked(cookedV2)
	case wire.LinkPPP:
		return stepFramedPPP
	case wire.LinkPPPHDLC:
		if w.have(1) && (w.d[w.off] == chdlcUnicast || w.d[w.off] == chdlcBroadcast) {
			return w.typed(chdlcHeader, 2)
		}
		return stepFramedPPP
	case wire.LinkPPPWithDir:
		return w.behind(direction, stepFramedPPP)
	case wire.LinkPPPD:
		return w.behind(pppFraming, stepPPP)
	case wire.LinkPPPEther:
		return stepPPPoE
	case wire.LinkCHDLC:
		return w.typed(chdlcHeader, 2)
	case wire.LinkCHDLCDir:
		return w.typed(direction+chdlcHeader, direction+2)
	case wire.LinkFrameRelay:
		return w.frameRelay()
	case wire.LinkFRelayDir:
		return w.enterAt(direction, wire.LinkFrameRelay)
	case wire.LinkMFR:
		return w.multiFrameRelay()
	case wire.LinkRFC1483, wire.LinkCLIP:
		return stepAAL5
	case wire.LinkATM:
		return w.behind(atmHeader, stepAAL5)
	case wire.LinkSunATM:
		return w.sunATM()
	case wire.LinkMPLS:
		return stepMPLS
	case wire.LinkTokenRing:
		return w.tokenRing()
	case wire.LinkFDDI:
		return w.fddi()
	case wire.LinkARCNET:
		return w.arcnet()
	case wire.LinkARCNETLinux:
		return w.arcnetLinux()
	case wire.LinkIPoverFC:
		return w.behind(fcHeader, stepLLC)
	case wire.LinkFireWire:
		return w.typed(18, 16)
	case wire.LinkIPoIB:
		return w.typed(grhHeader+ipoibHeader, grhHeader)
	case wire.LinkIPoIBSnoop:
		return w.typed(ipoibHeader, 0)
	case wire.LinkInfiniBand:
		return w.infiniBand()
	case wire.LinkDSA, wire.LinkDSABroadcom:
		return w.switchTag(dsaTag)
	case wire.LinkEDSA:
		return w.switchTag(edsaTag)
	case wire.LinkDSAPrepend:
		return w.enterAt(dsaTag, wire.LinkEthernet)
	case wire.LinkNetAnalyzer:
		return w.enterAt(4, wire.LinkEthernet)
	case wire.Link80211:
		return w.ieee80211(0)
	case wire.LinkRadiotap:
		return w.radiotap()
	case wire.LinkPrism:
		return w.prism()
	case wire.LinkAVS:
		return w.avs()
	case wire.LinkPPI:
		return w.ppi()
	case wire.LinkPKTAP, wire.LinkUser2:
		return w.pktap()
	case wire.LinkNFLOG:
		return w.nflog()
	case wire.LinkIPNET:
		return w.ipnet()
	case wire.LinkPFLog:
		return w.pflog()
	case wire.LinkENC:
		return w.enc()
	case wire.LinkSLIP:
		return w.behind(slipHeader, stepVersion)
	case wire.LinkSLIPBSDOS:
		return w.slipBSDOS()
	case wire.LinkPPPBSDOS:
		return w.pppBSDOS()
	}
	if isJuniper(w.link) {
		return w.juniper()
	}
	if w.off > 0 {
		return w.found(mib.PeerOther) // inside a header that we know
	}
	return w.stop(FaultLinkType)
}

// behind passes n octets and goes on with a step.
func (w *walker) behind(n int, next step) step {
	if !w.have(n) {
		return w.stop(FaultLinkCut)
	}
	w.off += n
	return next
}

// ethernet passes the addresses and the type. The first frame's addresses are
// the adjacent ones.
func (w *walker) ethernet() step {
	w.addresses(mib.AdjacentEthernet, w.off, w.off+macSize)
	return w.typed(etherHeader, 2*macSize)
}

// addresses notes where the frame's MAC addresses are, unless it has others
// farther out.
func (w *walker) addresses(t mib.AdjacentType, dest, source int) {
	if w.adjacent == mib.AdjacentNone && !w.within {
		w.adjacent, w.macs = t, [2]int{Source: source, Dest: dest}
	}
}

// have reports whether n more octets are captured.
func (w *walker) have(n int) bool { return len(w.d)-w.off >= n }

// word is the 16-bit number i octets on, which must be captured.
func (w *walker) word(i int) uint16 { return binary.BigEndian.Uint16(w.d[w.off+i:]) }

// found ends the walk at a network layer of type t.
func (w *walker) found(t mib.PeerType) step {
	w.peer = t
	return stepDone
}

// foundWith ends the walk at a network layer whose addresses we can read.
func (w *walker) foundWith(t mib.PeerType, form addressForm) step {
	w.peer, w.form = t, form
	return stepDone
}

// stop ends the walk without a network layer.
func (w *walker) stop(fault Fault) step {
	w.fault, w.off = fault, 0
	return stepDone
}

// typed passes a header of size octets whose EtherType is at octet at.
func (w *walker) typed(size, at int) step {
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	w.etherType = w.word(at)
	w.off += size
	return stepEtherType
}

// byEtherType goes on with what an EtherType, or an 802.3 length in its place,
// announces. It is long because it is the list of them.
func (w *walker) byEtherType() step {
	switch w.etherType {
	case etherIPv4:
		return w.found(mib.PeerIPv4)
	case etherIPv6:
		return w.found(mib.PeerIPv6)
	case etherTag, etherTagS, etherTagOld, etherTagOld2, etherTagOld3:
		if w.tag == 0 && !w.within {
			w.tag = w.off
		}
		return w.typed(tagHeader, 2)
	case etherMPLS, etherMPLSMulti:
		return stepMPLS
	case etherSession:
		return stepPPPoE
	case etherDiscovery:
		return w.found(mib.PeerPPP)
	case etherFabric:
		return w.typed(2+etherHeader, 2+12) // tree and time to live, then a frame
	case etherMetaData:
		if w.have(2) && w.d[w.off+1] > 1 {
			return w.found(mib.PeerOther) // more than the one option that is in use
		}
		return w.typed(8, 6)
	case etherVNTag:
		return w.typed(6, 4)
	case etherETag, etherEDSA:
		return w.typed(8, 6)
	case etherITag:
		w.within = true
		return w.typed(4+etherHeader, 4+2*macSize) // a service identifier, then a frame
	case etherNSH:
		return stepNSH
	case etherPPP:
		return stepPPP
	case etherJumboLLC:
		return stepLLC
	case etherARP, etherRARP:
		return w.found(mib.PeerARP)
	case etherLLDP:
		return w.found(mib.PeerLLDP)
	case etherLoop:
		return w.found(mib.PeerLoop)
	case etherIPX, etherIPXOld:
		return w.foundWith(mib.PeerIPX, formIPX)
	case etherDDP:
		return w.foundWith(mib.PeerAppleTalk, formLLAP)
	case etherAARP:
		return w.found(mib.PeerAppleTalk)
	case etherDECnet:
		return w.foundWith(mib.PeerDECnet, formDECnet)
	case etherVines, etherVinesLoop, etherVinesEcho:
		return w.found(mib.PeerVines)
	case etherISO:
		return w.iso()
	}
	if w.etherType < etherLeastType {
		return stepLLC
	}
	return w.found(mib.PeerOther)
}

// LLC service access points and the one control octet that carries networks.
const (
	sapIP    = 0x06
	sapSNAP  = 0xaa
	sapVines = 0xbc
	sapIPX   = 0xe0
	sapISO   = 0xfe
	llcUI    = 0x03

	llcUIHeader = 3 // octets of both points and the control octet
)

// SNAP organisations under which the protocol is an EtherType: RFC 1042's,
// the bridge tunnel's (802.1H) and Apple's.
const (
	ouiEthernet     = 0x000000
	ouiBridgeTunnel = 0x0000f8
	ouiApple        = 0x080007
	ouiBridged      = 0x0080c2 // RFC 2684, RFC 2427: whole frames of another link
)

// llc passes an IEEE 802.2 header. Novell's IPX straight on 802.3 has none:
// its checksum, always FFFF, stands there.
func (w *walker) llc() step {
	if !w.have(2) {
		return w.stop(FaultLinkCut)
	}
	if w.word(0) == 0xffff {
		return w.foundWith(mib.PeerIPX, formIPX)
	}
	if !w.have(llcUIHeader) {
		return w.stop(FaultLinkCut)
	}
	dsap, ssap, control := w.d[w.off], w.d[w.off+1], w.d[w.off+2]
	if control != llcUI || dsap != ssap {
		return w.found(mib.PeerLLC)
	}
	switch dsap {
	case sapSNAP:
		return w.snap(llcUIHeader)
	case sapIP:
		w.off += llcUIHeader
		return w.found(mib.PeerIPv4)
	case sapIPX:
		w.off += llcUIHeader
		return w.foundWith(mib.PeerIPX, formIPX)
	case sapISO:
		w.off += llcUIHeader
		return w.nlpidOr(mib.PeerNSAP)
	case sapVines:
		w.off += llcUIHeader
		return w.found(mib.PeerVines)
	}
	return w.found(mib.PeerLLC)
}

// snap passes SNAP and the octets of LLC before it, none on frame relay.
// Protocols of other organisations (CDP, VTP and their like) count as LLC.
func (w *walker) snap(before int) step {
	const size = 5
	if !w.have(before + size) {
		return w.stop(FaultLinkCut)
	}
	switch oui := w.d[w.off+before:]; uint32(oui[0])<<16 | uint32(oui[1])<<8 | uint32(oui[2]) {
	case ouiEthernet, ouiBridgeTunnel, ouiApple:
		// A protocol below the least EtherType must not start LLC again.
		if w.word(before+3) >= etherLeastType {
			return w.typed(before+size, before+3)
		}
	case ouiBridged:
		return w.bridged(before + size)
	}
	return w.found(mib.PeerLLC)
}

// bridged passes the header of n octets before a bridged Ethernet frame (RFC 2684
// §5.2, RFC 2427 §4.2), behind LLC with two octets of padding. The frames of
// other links count as LLC.
func (w *walker) bridged(n int) step {
	const withFCS, withoutFCS, padding = 1, 7, 2
	if p := w.word(n - 2); p != withFCS && p != withoutFCS {
		return w.found(mib.PeerLLC)
	}
	if n > llcUIHeader+2 {
		n += padding
	}
	return w.enterAt(n, wire.LinkEthernet)
}

// iso finds OSI network protocols, which may follow a padding octet on Cisco
// HDLC.
func (w *walker) iso() step {
	if w.have(2) && w.d[w.off] != nlpidCLNP {
		switch w.d[w.off+1] {
		case nlpidCLNP, nlpidESIS, nlpidISIS:
			if w.etherType == etherISO {
				w.off++
			}
		}
	}
	return w.foundWith(mib.PeerNSAP, formISO)
}

// version finds IP by its version. Any other is PeerOther with a fault.
func (w *walker) version() step {
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	switch w.d[w.off] >> 4 {
	case 4:
		return w.found(mib.PeerIPv4)
	case 6:
		return w.found(mib.PeerIPv6)
	}
	w.fault = FaultPeerHeader
	return w.found(mib.PeerOther)
}
