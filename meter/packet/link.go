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
	etherFabric    = 0x8903 // Cisco FabricPath
	etherMetaData  = 0x8909 // Cisco MetaData
	etherVNTag     = 0x8926
	etherLoop      = 0x9000
	etherTagOld    = 0x9100 // stacked tags before 802.1ad
	etherISO       = 0xfefe // OSI over Cisco HDLC
)

func isTag(t uint16) bool {
	return t == etherTag || t == etherTagS || t == etherTagOld
}

// Numbered as raw IP by the platforms that wrote them into files.
const (
	linkRawBSD     wire.LinkType = 12
	linkRawOpenBSD wire.LinkType = 14
)

// maxLinkHeaders limits the headers before the network layer: the link's own,
// tags, labels, LLC, SNAP, PPPoE and PPP, each counting one.
const maxLinkHeaders = 32

// step says what the octets at the walker's offset are.
type step uint8

const (
	stepDone      step = iota
	stepEtherType      // what walker.etherType says
	stepLLC            // IEEE 802.2, or IPX without it
	stepMPLS           // a label
	stepPPPoE          // a PPPoE header
	stepPPP            // a PPP protocol number, perhaps compressed
	stepFramedPPP      // the same, perhaps after address and control octets
	stepCHDLC          // Cisco HDLC
	stepVersion        // IP by the version, nothing else can be
	stepLabelled       // IP that its header bears out, or anything else
	stepAAL5           // LLC (RFC 2684), or IP without it
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
	off       int    // of the next header; in the end, of the network layer
	etherType uint16 // for stepEtherType

	peer  mib.PeerType
	form  addressForm
	fault Fault
}

// walk goes from the start of the frame to the network layer, telling its
// offset, peer type and form, or why there is none.
func (w *walker) walk(t wire.LinkType) {
	s := w.begin(t)
	for range maxLinkHeaders {
		switch s {
		case stepDone:
			return
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
		case stepCHDLC:
			s = w.typed(4, 2)
		case stepVersion:
			s = w.version()
		case stepLabelled:
			s = w.labelled()
		case stepAAL5:
			s = w.aal5()
		}
	}
	if s != stepDone {
		w.stop(FaultLimit)
	}
}

// begin chooses the first step for a link type.
func (w *walker) begin(t wire.LinkType) step {
	switch t {
	case wire.LinkEthernet:
		return w.typed(etherHeader, 12)
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
		if w.have(1) && (w.d[0] == chdlcUnicast || w.d[0] == chdlcBroadcast) {
			return stepCHDLC
		}
		return stepFramedPPP
	case wire.LinkPPPWithDir:
		if !w.have(1) {
			return w.stop(FaultLinkCut)
		}
		w.off = 1
		return stepFramedPPP
	case wire.LinkPPPEther:
		return stepPPPoE
	case wire.LinkCHDLC:
		return stepCHDLC
	case wire.LinkRFC1483, wire.LinkCLIP:
		return stepAAL5
	case wire.LinkATM:
		return w.behind(atmHeader, stepAAL5)
	case wire.LinkSunATM:
		return w.sunATM()
	}
	return w.stop(FaultLinkType)
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
	case etherTag, etherTagS, etherTagOld:
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
		if w.have(2) && w.d[w.off+1] != 1 {
			return w.found(mib.PeerOther) // not the one option that is in use
		}
		return w.typed(8, 6)
	case etherVNTag:
		return w.typed(6, 4)
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
	sapSTP   = 0x42
	sapSNAP  = 0xaa
	sapVines = 0xbc
	sapIPX   = 0xe0
	sapISO   = 0xfe
	llcUI    = 0x03
)

// SNAP organisations under which the protocol is an EtherType: RFC 1042's,
// the bridge tunnel's (802.1H) and Apple's.
const (
	ouiEthernet     = 0x000000
	ouiBridgeTunnel = 0x0000f8
	ouiApple        = 0x080007
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
	if !w.have(3) {
		return w.stop(FaultLinkCut)
	}
	dsap, ssap, control := w.d[w.off], w.d[w.off+1], w.d[w.off+2]
	if control != llcUI || dsap != ssap {
		return w.found(mib.PeerLLC)
	}
	switch dsap {
	case sapSNAP:
		return w.snap()
	case sapIP:
		w.off += 3
		return w.found(mib.PeerIPv4)
	case sapIPX:
		w.off += 3
		return w.foundWith(mib.PeerIPX, formIPX)
	case sapISO:
		w.off += 3
		return w.iso()
	case sapVines:
		w.off += 3
		return w.found(mib.PeerVines)
	}
	return w.found(mib.PeerLLC)
}

// snap passes LLC and SNAP. Protocols of other organisations (CDP, VTP and
// their like) count as LLC.
func (w *walker) snap() step {
	const size = 8
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	switch binary.BigEndian.Uint32(w.d[w.off+2:]) & 0xffffff {
	case ouiEthernet, ouiBridgeTunnel, ouiApple:
		// A protocol below the least EtherType must not start LLC again.
		if w.word(6) >= etherLeastType {
			return w.typed(size, 6)
		}
	}
	return w.found(mib.PeerLLC)
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

// Address families of the BSD loopback header. IPv6 has one number per system.
const (
	familyInet         = 2
	familyISO          = 7
	familyInet6Linux   = 10
	familyAppleTalk    = 16
	familyIPX          = 23
	familyInet6        = 24 // NetBSD, OpenBSD, BSD/OS
	familyInet6FreeBSD = 28
	familyInet6Darwin  = 30
)

// family passes the BSD loopback header: an address family in the byte order
// of the machine that wrote it. Families are small numbers, so the order shows.
// Some systems write an EtherType in network order instead.
func (w *walker) family() step {
	const size = 4
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	family := binary.BigEndian.Uint32(w.d)
	if family > 0xffff {
		family = binary.LittleEndian.Uint32(w.d)
	}
	w.etherType = w.word(2)
	w.off = size
	switch family {
	case familyInet:
		return w.found(mib.PeerIPv4)
	case familyInet6, familyInet6FreeBSD, familyInet6Darwin, familyInet6Linux:
		return w.found(mib.PeerIPv6)
	case familyISO:
		return w.foundWith(mib.PeerNSAP, formISO)
	case familyAppleTalk:
		return w.foundWith(mib.PeerAppleTalk, formDDP)
	case familyIPX:
		return w.foundWith(mib.PeerIPX, formIPX)
	}
	if w.etherType >= etherLeastType {
		return stepEtherType
	}
	return w.found(mib.PeerOther)
}

// cookedHeader is the layout of a Linux cooked capture header: offsets of its
// fields (of the address length, its last octet) and its size, in octets.
type cookedHeader struct {
	protocol, hardware, addressLen, address, size int
}

var (
	cookedV1 = cookedHeader{protocol: 14, hardware: 2, addressLen: 5, address: 6, size: 16}
	cookedV2 = cookedHeader{protocol: 0, hardware: 8, addressLen: 11, address: 12, size: 20}
)

// ARPHRD numbers of Linux. With the last three the protocol is no EtherType: it
// is netlink's own, or says nothing of the frame relay or radiotap header that
// follows.
const (
	hardwareEthernet   = 1
	hardwarePPP        = 512
	hardwareFrameRelay = 770
	hardwareRadiotap   = 803
	hardwareNetlink    = 824
)

// cooked passes a Linux cooked header. Below the EtherTypes its protocol is a
// number of Linux.
func (w *walker) cooked(h cookedHeader) step {
	const (
		rawIPX   = 0x0001
		linuxLLC = 0x0004
		linuxPPP = 0x0007
	)
	if !w.have(h.size) {
		return w.stop(FaultLinkCut)
	}
	hardware := w.word(h.hardware)
	w.etherType = w.word(h.protocol)
	w.off = h.size
	switch hardware {
	case hardwareFrameRelay, hardwareRadiotap, hardwareNetlink:
		return w.found(mib.PeerOther)
	}
	switch {
	case w.etherType == rawIPX, w.etherType == linuxLLC:
		return stepLLC
	case w.etherType == linuxPPP:
		return stepFramedPPP
	case w.etherType < etherLeastType:
		return w.found(mib.PeerOther)
	}
	return stepEtherType
}
