package packet

import (
	"slices"
	"testing"

	"netramet/mib"
	"netramet/sources/wire"
)

// fuzzLinks are the link types a fuzzed octet chooses from: those of the rows, in
// order of first appearance.
var fuzzLinks = func() (links []wire.LinkType) {
	for _, r := range allLinkRows {
		if !slices.Contains(links, r.link) {
			links = append(links, r.link)
		}
	}
	return links
}()

// FuzzDecode checks on any octets what checkFrame, checkCuts and the oracle
// check.
func FuzzDecode(f *testing.F) {
	seed := func(link wire.LinkType, data []byte) {
		f.Add(uint8(slices.Index(fuzzLinks, link)), uint8(0), uint32(len(data)), data)
	}
	for _, r := range allLinkRows {
		seed(r.link, r.data)
	}
	for _, r := range ipv4Rows {
		seed(wire.LinkRaw, r.data)
	}
	for _, r := range ipv6Rows {
		seed(wire.LinkIPv6, r.data)
	}
	for _, r := range tunnelRows {
		seed(wire.LinkEthernet, r.data)
	}
	seed(wire.LinkLinuxSLL, join(cookedHeaderV1(1, 0), snapIPv4)) // LLC for gopacket
	f.Add(uint8(0), uint8(wire.NoFrameLen|wire.HasVLAN), uint32(0), join(ether(etherIPv4), tcp4))
	f.Fuzz(func(t *testing.T, link, flags uint8, wireLen uint32, data []byte) {
		fr := frame(fuzzLinks[int(link)%len(fuzzLinks)], data)
		fr.WireLen, fr.Flags, fr.VLAN = wireLen, wire.Flags(flags), 0x6005
		p := checkFrame(t, &fr)
		checkOracle(t, &fr, &p)
		checkInner(t, &fr)
		if p.PeerType == mib.PeerNone && p.Fault == FaultLinkType && fr.LinkType != 147 && fr.LinkType != wire.LinkUser2 {
			t.Fatalf("link type %d refused", fr.LinkType)
		}
		if len(data) <= 160 && len(data) <= int(wireLen) { // else octets are those captured
			checkCuts(t, &fr)
		}
	})
}
