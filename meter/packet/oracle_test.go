package packet

import (
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"netramet/mib"
	"netramet/sources/wire"
)

// The oracle holds the decoder against gopacket's. What gopacket finds, the
// decoder must find too. The other way round it is no judge, because it is
// weaker than, or wrong at:
//
//   - LLC behind a VLAN tag, FabricPath, Cisco MetaData, VN-Tag, Cisco HDLC,
//     cooked capture 2, LLC and 802.3 behind cooked capture: gives up;
//   - cooked captures with protocol 0: takes it for LLC;
//   - cooked captures of netlink, frame relay and radiotap: takes their protocol
//     for an EtherType;
//   - pseudowires: takes some for IP;
//   - SNAP: takes any organisation's protocol for an EtherType, and goes on
//     behind LLC frames that are not UI;
//   - EtherTypes 6558 and 88BE: takes them for Ethernet and ERSPAN without the
//     GRE header they belong behind;
//   - the version in IP headers: not checked;
//   - MPLS: takes what begins with 4 or 6 for IP, without a look at the header;
//   - IPv4 total length 0: takes the captured length for it, and so refuses a
//     header that is cut;
//   - transport headers that are cut behind the ports (a TCP header of 19
//     captured octets): gives no ports, and so loses half of a snapped trace;
//   - first fragments, IPv4 and IPv6, and atomic fragments: gives no ports;
//   - IPv6 extension headers behind an IPv4 header: follows them;
//   - an IPv6 hop-by-hop header that is longer than the packet: followed;
//   - the end of an IPv6 packet with a hop-by-hop header: taken to be later by the
//     size of that, which the payload length holds already;
//   - IPv6 payload length 0 without a jumbo option (offload): gives no ports;
//   - PPPoE: believes a length beyond the captured octets, and takes discovery
//     frames with a session's code for a session;
//   - IPv6 mobility, HIP and shim6 headers, DCCP: not known.

// oracleView is what gopacket says of a packet. Absent parts are zero.
type oracleView struct {
	peer     mib.PeerType
	address  [2]netip.Addr
	trans    uint8
	hasTrans bool
	ports    [2]uint16
	hasPorts bool
	labelled bool // behind MPLS
	late     bool // its end is taken to be later than it is
	off      int  // of the network header
}

// oracle decodes f with gopacket. ok is false where gopacket does not get to
// a network layer, or gets there in one of the ways listed above.
func oracle(f *wire.Frame) (v oracleView, ok bool) {
	var first gopacket.Decoder
	switch f.LinkType {
	case wire.LinkEthernet, wire.LinkLinuxSLL, wire.LinkNull, wire.LinkLoop, wire.LinkPPP:
		first = layers.LinkType(f.LinkType)
	case wire.LinkPPPEther:
		first = layers.LayerTypePPPoE
	case wire.LinkIPv4:
		first = layers.LayerTypeIPv4
	case wire.LinkIPv6:
		first = layers.LayerTypeIPv6
	case wire.LinkRaw, linkRawBSD, linkRawOpenBSD:
		first = layers.LinkTypeRaw
	default:
		return v, false
	}
	// Without spare capacity, which its PPPoE decoder would take for data.
	p := gopacket.NewPacket(f.Data[:len(f.Data):len(f.Data)], first, gopacket.DecodeOptions{NoCopy: true})
	all := p.Layers()
	var etherType layers.EthernetType
	for i, l := range all {
		if i > 0 {
			v.off += len(all[i-1].LayerContents())
		}
		switch l := l.(type) {
		case *layers.Ethernet:
			if i > 0 {
				return v, false
			}
			etherType = l.EthernetType
		case *layers.LLC:
			if l.Control != llcUI || l.IG || l.CR {
				return v, false
			}
		case *layers.SNAP:
			oui := uint32(l.OrganizationalCode[0])<<16 | uint32(l.OrganizationalCode[1])<<8 | uint32(l.OrganizationalCode[2])
			if oui != ouiEthernet && oui != ouiBridgeTunnel && oui != ouiApple || l.Type < etherLeastType {
				return v, false
			}
			etherType = l.Type
		case *layers.PPPoE:
			if etherType == etherDiscovery {
				return v, false
			}
		case *layers.Dot1Q:
			etherType = l.Type
		case *layers.LinuxSLL:
			switch l.AddrType {
			case hardwareFrameRelay, hardwareRadiotap, hardwareNetlink:
				return v, false
			}
			if l.EthernetType < etherLeastType {
				return v, false
			}
			etherType = l.EthernetType
		case *layers.MPLS:
			v.labelled = true
		case *layers.PPP, *layers.Loopback:
		case *layers.ARP:
			v.peer = mib.PeerARP
			return v, true
		case *layers.IPv4:
			if len(l.Contents) < ipv4Header || l.Version != 4 {
				return v, false
			}
			if l.IHL >= 5 && l.Contents[2]|l.Contents[3] == 0 && l.Length < uint16(l.IHL)*4 {
				return v, false
			}
			if l.IHL < 5 || l.Length < uint16(l.IHL)*4 {
				v.peer = mib.PeerIPv4 // kept, but refused
				return v, true
			}
			v.peer, v.trans, v.hasTrans = mib.PeerIPv4, uint8(l.Protocol), true
			v.addresses(l.SrcIP, l.DstIP)
			v.transport(all[i+1:])
			return v, true
		case *layers.IPv6:
			if len(l.Contents) < ipv6Header || l.Version != 6 {
				return v, false
			}
			v.peer = mib.PeerIPv6
			v.addresses(l.SrcIP, l.DstIP)
			v.transport(all[i+1:])
			return v, true
		default:
			return v, false
		}
	}
	return v, false
}

func (v *oracleView) addresses(source, dest []byte) {
	v.address[Source], _ = netip.AddrFromSlice(source)
	v.address[Dest], _ = netip.AddrFromSlice(dest)
}

// transport takes the ports from the layers behind the network header.
func (v *oracleView) transport(behind []gopacket.Layer) {
	set := func(l gopacket.Layer, proto uint8, source, dest uint16) {
		if len(l.LayerContents()) == 0 {
			return // gopacket keeps layers that it could not decode
		}
		v.trans, v.hasTrans = proto, true
		v.ports, v.hasPorts = [2]uint16{source, dest}, true
	}
	if v.peer == mib.PeerIPv6 && len(behind) > 0 {
		_, v.late = behind[0].(*layers.IPv6HopByHop)
	}
	for _, l := range behind {
		switch l := l.(type) {
		case *layers.IPv6HopByHop, *layers.IPv6Routing, *layers.IPv6Destination, *layers.IPSecAH:
			if v.peer == mib.PeerIPv6 {
				continue
			}
		case *layers.TCP:
			set(l, protoTCP, uint16(l.SrcPort), uint16(l.DstPort))
		case *layers.UDP:
			set(l, protoUDP, uint16(l.SrcPort), uint16(l.DstPort))
		case *layers.UDPLite:
			set(l, protoUDPLite, uint16(l.SrcPort), uint16(l.DstPort))
		case *layers.SCTP:
			set(l, protoSCTP, uint16(l.SrcPort), uint16(l.DstPort))
		}
		return
	}
}

// checkOracle compares p, decoded from f, with what gopacket says, and
// reports whether it compared peers and ports.
func checkOracle(t *testing.T, f *wire.Frame, p *Packet) (peers, ports bool) {
	t.Helper()
	v, ok := oracle(f)
	if !ok || p.Fault == FaultLimit || v.labelled && (p.PeerType == mib.PeerOther || int(p.NetOff) != v.off) {
		return false, false
	}
	bad := func(what string) {
		t.Helper()
		t.Errorf("%s: gopacket peer %d %v transport %d %v\nours %d %x transport %d %v fault %v\nlink %d data %x", what,
			v.peer, v.address, v.trans, v.ports, p.PeerType, p.PeerAddress, p.TransType, p.TransAddress, p.Fault, f.LinkType, f.Data)
	}
	if p.PeerType != v.peer {
		bad("peer type")
		return true, false
	}
	for dir := range v.address {
		if a, _ := netip.AddrFromSlice(p.PeerAddress[dir][:p.PeerLen]); a != v.address[dir] {
			bad("address")
		}
	}
	if p.PeerType == mib.PeerIPv6 && p.Fault == FaultPeerHeader {
		return true, false
	}
	if v.hasTrans && p.TransType != v.trans {
		bad("transport type")
	}
	if v.late && p.Fault == FaultTransCut && p.Flags&Cut == 0 {
		return true, false
	}
	if v.hasPorts && p.TransAddress != v.ports {
		bad("ports")
	}
	return true, v.hasPorts
}

func TestOracleBuilt(t *testing.T) {
	var peers, ports int
	each := func(link wire.LinkType, data []byte) {
		f := frame(link, data)
		p := checkFrame(t, &f)
		byPeer, byPort := checkOracle(t, &f, &p)
		if byPeer {
			peers++
		}
		if byPort {
			ports++
		}
	}
	for _, r := range allLinkRows {
		each(r.link, r.data)
	}
	for _, r := range ipv4Rows {
		each(wire.LinkRaw, r.data)
		each(wire.LinkEthernet, join(ether(etherIPv4), r.data))
	}
	for _, r := range ipv6Rows {
		each(wire.LinkRaw, r.data)
		each(wire.LinkEthernet, join(ether(etherIPv6), r.data))
	}
	if peers < 100 || ports < 40 {
		t.Errorf("compared peers of %d packets, ports of %d", peers, ports)
	}
}

func TestOracleTraces(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedTraces(t), "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	limit := uint64(2000)
	if testing.Short() {
		limit = 100
	}
	frames, peers, ports := 0, 0, 0
	for _, file := range files {
		eachFrame(file, func(n uint64, f *wire.Frame) {
			if n > limit {
				return
			}
			var p Packet
			p.DecodeNet(f)
			byPeer, byPort := checkOracle(t, f, &p)
			frames++
			if byPeer {
				peers++
			}
			if byPort {
				ports++
			}
		})
		if t.Failed() {
			t.Fatal(file)
		}
	}
	t.Logf("%d frames, peers of %d and ports of %d compared", frames, peers, ports)
	if peers < frames/2 || ports < frames/3 {
		t.Error("too few compared")
	}
}
