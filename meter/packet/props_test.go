package packet

import (
	"bytes"
	"testing"
	"unsafe"

	"netramet/mib"
	"netramet/sources/wire"
)

// dirty is a record full of ones, as a reused record may be.
func dirty() Packet {
	var p Packet
	for i, b := 0, (*[unsafe.Sizeof(p)]byte)(unsafe.Pointer(&p)); i < len(b); i++ {
		b[i] = 0xff
	}
	p.Origin = Origin{} // which is not decoded
	return p
}

// checkFrame decodes f and checks what holds for every frame.
func checkFrame(t *testing.T, f *wire.Frame) Packet {
	t.Helper()
	before := bytes.Clone(f.Data)
	var p Packet
	p.DecodeNet(f)
	if p.Rest != (Rest{}) {
		t.Fatalf("DecodeNet wrote Rest: %+v", p.Rest)
	}
	net := p
	p.DecodeRest(f)
	again := dirty()
	again.DecodeNet(f)
	again.DecodeTCP(f)
	if seq, n := p.Rest.TCPSeq, p.Rest.PayloadLen; p.Flags&HasTCP != 0 && (again.Rest.TCPSeq != seq || again.Rest.PayloadLen != n) {
		t.Fatalf("DecodeTCP gives %d and %d octets, DecodeRest %d and %d", again.Rest.TCPSeq, again.Rest.PayloadLen, seq, n)
	}
	again.DecodeRest(f)
	if p != again {
		t.Fatalf("a used record differs:\n%+v\n%+v\ndata %x", p, again, f.Data)
	}
	net.Rest = p.Rest
	if net != p {
		t.Fatalf("DecodeRest changed the first part:\n%+v\n%+v", net, p)
	}
	if !bytes.Equal(before, f.Data) {
		t.Fatal("the frame was written to")
	}
	checkAbsent(t, f, &p)
	checkGlance(t, f)
	return p
}

// checkAbsent checks that what is absent is 0 and that facts agree.
func checkAbsent(t *testing.T, f *wire.Frame, p *Packet) {
	t.Helper()
	bad := func(what string) { t.Helper(); t.Fatalf("%s: %+v\nlink %d data %x", what, *p, f.LinkType, f.Data) }
	for dir := range p.PeerAddress {
		for _, b := range p.PeerAddress[dir][p.PeerLen:] {
			if b != 0 {
				bad("octets after PeerLen")
			}
		}
	}
	has := func(flag Flags) bool { return p.Flags&flag != 0 }
	ip := p.PeerType == mib.PeerIPv4 || p.PeerType == mib.PeerIPv6
	sockets := p.PeerType == mib.PeerIPX || p.PeerType == mib.PeerAppleTalk
	switch {
	case has(IsStream) && !ip, has(HasPorts) && !has(IsStream) && !sockets, has(HasTCP) && !has(HasPorts):
		bad("flags that cannot be")
	case has(IsStream) && int(p.PeerLen) != p.PeerType.AddressSize():
		bad("PeerLen")
	case !has(IsStream) && (p.TransType != 0 || p.TransOff != 0 || ip && p.PeerLen != 0):
		bad("fields without a stream")
	case !has(HasPorts) && p.TransAddress != [2]uint16{}:
		bad("ports that are not there")
	case p.QueryID != 0 && p.TransType != protoICMP && p.TransType != protoICMPv6:
		bad("a query's identifier")
	case has(NotFirst) && (!has(IsFragment) || has(HasPorts) || p.TransOff != 0):
		bad("a later fragment")
	case !has(HasTCP) && (p.TCPFlags != 0 || p.Rest.TCPSeq != 0 || p.Rest.TCPAck != 0 || p.Rest.TCPWindow != 0):
		bad("TCP facts that are not there")
	case !has(IsStream) && (p.Rest.DSCodePoint != 0 || p.Rest.ECNCodeBits != 0 || p.Rest.PayloadLen != 0):
		bad("IP facts that are not there")
	case int(p.NetOff) > len(f.Data) || int(p.TransOff) > len(f.Data):
		bad("an offset behind the data")
	case p.PeerType == mib.PeerNone && (p.Fault == FaultNone || p.NetOff != 0 || p.PeerOctets != 0):
		bad("no network layer")
	case has(Cut) && p.Fault != FaultLinkCut && p.Fault != FaultPeerCut && p.Fault != FaultTransCut:
		bad("Cut without a fault")
	case p.Fault >= NumFaults:
		bad("out of range")
	}
	want := f.WireLen
	if f.Flags&wire.NoFrameLen != 0 {
		want = p.PeerOctets
	}
	if p.FrameOctets != want && !(uint64(len(f.Data)) > uint64(f.WireLen) && p.FrameOctets == uint32(len(f.Data))) {
		bad("FrameOctets")
	}
}

// checkCuts decodes every beginning of f and checks that what is present in a
// shorter one is the same in a longer one.
func checkCuts(t *testing.T, f *wire.Frame) {
	t.Helper()
	whole := f.Data
	var last Packet
	for n := 0; n <= len(whole); n++ {
		cut := *f
		cut.Flags &^= wire.NoFrameLen // counts what is captured
		cut.Data = whole[:n:n]
		p := checkFrame(t, &cut)
		if n > 0 {
			checkGrows(t, &last, &p, whole[:n])
		}
		last = p
	}
}

// checkGrows checks that b, decoded from data, has what a has, decoded from
// one octet less.
func checkGrows(t *testing.T, a, b *Packet, data []byte) {
	t.Helper()
	same := func(what string, x, y uint64) {
		t.Helper()
		if x != 0 && x != y {
			t.Fatalf("%s changes from %d to %d at length %d\n%+v\n%+v\ndata %x", what, x, y, len(data), *a, *b, data)
		}
	}
	if (a.PeerType == mib.PeerIPv4 || a.PeerType == mib.PeerIPv6) &&
		(b.PeerType == mib.PeerOther || b.Fault == FaultLinkCut || b.NetOff > a.NetOff) {
		return // behind labels, the header that is whole now does not bear IP out
	}
	same("PeerType", uint64(a.PeerType), uint64(b.PeerType))
	same("TransType", uint64(a.TransType), uint64(b.TransType))
	same("TransOff", uint64(a.TransOff), uint64(b.TransOff))
	same("VLANid", uint64(a.Rest.VLANid), uint64(b.Rest.VLANid))
	same("Priority", uint64(a.Rest.Priority), uint64(b.Rest.Priority))
	if a.Flags&Cut == 0 && a.Fault == FaultNone {
		same("Flags", uint64(a.Flags&^HasTCP), uint64(b.Flags&^HasTCP))
	}
	if a.PeerLen != 0 && (a.PeerLen != b.PeerLen || a.PeerAddress != b.PeerAddress) {
		t.Fatalf("addresses change at length %d: %+v %+v", len(data), *a, *b)
	}
	if a.Flags&HasPorts != 0 && a.TransAddress != b.TransAddress {
		t.Fatalf("ports change at length %d: %+v %+v", len(data), *a, *b)
	}
	if a.Flags&HasTCP != 0 && (a.Rest.TCPSeq != b.Rest.TCPSeq || a.TCPFlags != b.TCPFlags) {
		t.Fatalf("TCP facts change at length %d: %+v %+v", len(data), *a, *b)
	}
	// A padding octet of Cisco HDLC shows only with the octet behind it, and a
	// jumbo payload with its option.
	if a.PeerType != mib.PeerNSAP {
		same("NetOff", uint64(a.NetOff), uint64(b.NetOff))
		if a.PeerType != mib.PeerIPv6 && b.Fault != FaultPeerHeader {
			same("PeerOctets", uint64(a.PeerOctets), uint64(b.PeerOctets))
		}
	}
	for flag := HasPorts; flag <= NotFirst; flag <<= 1 {
		if a.Flags&flag != 0 && b.Flags&flag == 0 {
			t.Fatalf("flag %b goes at length %d: %+v %+v", flag, len(data), *a, *b)
		}
	}
}
