package packet

import (
	"testing"

	"netramet/mib"
	"netramet/sources/wire"
)

// fuzzLinks are the link types a fuzzed octet chooses from.
var fuzzLinks = []wire.LinkType{
	wire.LinkEthernet, wire.LinkNull, wire.LinkPPP, wire.LinkPPPHDLC, wire.LinkPPPEther, wire.LinkRaw, wire.LinkCHDLC,
	wire.LinkLoop, wire.LinkLinuxSLL, wire.LinkPPPWithDir, wire.LinkIPv4, wire.LinkIPv6, wire.LinkLinuxSLL2,
	linkRawBSD, linkRawOpenBSD, 147,
}

// FuzzDecode checks on any octets what checkFrame, checkCuts and the oracle
// check.
func FuzzDecode(f *testing.F) {
	seed := func(link wire.LinkType, data []byte) {
		for i, l := range fuzzLinks {
			if l == link {
				f.Add(uint8(i), uint8(0), uint32(len(data)), data)
			}
		}
	}
	for _, r := range linkRows {
		seed(r.link, r.data)
	}
	for _, r := range ipv4Rows {
		seed(wire.LinkRaw, r.data)
	}
	for _, r := range ipv6Rows {
		seed(wire.LinkIPv6, r.data)
	}
	f.Add(uint8(0), uint8(wire.NoFrameLen|wire.HasVLAN), uint32(0), join(ether(etherIPv4), tcp4))
	f.Fuzz(func(t *testing.T, link, flags uint8, wireLen uint32, data []byte) {
		fr := frame(fuzzLinks[int(link)%len(fuzzLinks)], data)
		fr.WireLen, fr.Flags, fr.VLAN = wireLen, wire.Flags(flags), 0x6005
		p := checkFrame(t, &fr)
		checkOracle(t, &fr, &p)
		if p.PeerType == mib.PeerNone && p.Fault == FaultLinkType && fr.LinkType != 147 {
			t.Fatalf("link type %d refused", fr.LinkType)
		}
		if len(data) <= 160 {
			checkCuts(t, &fr)
		}
	})
}
