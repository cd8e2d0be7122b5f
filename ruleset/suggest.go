package ruleset

import (
	"maps"
	"slices"
	"strings"

	"netramet/internal/spelling"
	"netramet/mib"
)

// didYouMean returns a hint with the names nearest to the one written: those
// at most two changes away, else the first that begins with it; "" if none is
// near.
func didYouMean(name string, known []string) string {
	name = strings.ToLower(name)
	if len(name) < 2 || len(name) > 40 {
		return ""
	}
	spelled := make(map[string]string, len(known))
	words := make([]string, 0, len(known))
	for _, k := range known {
		low := strings.ToLower(k)
		words, spelled[low] = append(words, low), k
	}
	near := spelling.Nearest(name, words, min(2, len(name)-1))
	if len(name) >= 3 && len(near) == 0 {
		slices.Sort(words)
		for _, w := range words {
			if w != name && strings.HasPrefix(w, name) {
				near = append(near, w)
				break
			}
		}
	}
	for i, w := range near {
		near[i] = spelled[w]
	}
	return DidYouMean(near)
}

// maxMeant bounds the names that a hint offers.
const maxMeant = 3

// DidYouMean is the hint that offers names, "" if there are none, or too many
// to choose from.
func DidYouMean(names []string) string {
	if len(names) == 0 || len(names) > maxMeant {
		return ""
	}
	return "did you mean " + strings.Join(names, " or ") + "?"
}

// NamesFor lists the names, in lower case, that stand for values of attribute
// a; nil if a has none of its own.
func NamesFor(a mib.Attr) []string {
	switch a.Slot() {
	case mib.AttrSourcePeerType:
		return mib.PeerNames()
	case mib.AttrSourceAdjacentType:
		return append(sortedNames(adjacentNames), mib.PeerNames()...)
	case mib.AttrSourceTransType:
		return sortedNames(protocolNames)
	}
	if a == mib.AttrSourceTransAddress || a == mib.AttrDestTransAddress {
		return sortedNames(portNames)
	}
	return nil
}

// otherWords are what users of other tools call attributes: behind the name of
// a side, if they have two, and by themselves.
var otherWords = map[string][2]mib.Attr{
	"address": peerAddresses, "addr": peerAddresses, "ip": peerAddresses, "ipaddress": peerAddresses, "ipaddr": peerAddresses,
	"host": peerAddresses, "net": peerAddresses, "network": peerAddresses, "peer": peerAddresses, "peeraddr": peerAddresses,
	"ipv4": peerAddresses, "ipv6": peerAddresses, "ip4": peerAddresses, "ip6": peerAddresses, "subnet": peerAddresses,
	"port": ports, "transport": ports, "portnumber": ports, "service": ports, "socket": ports, "transaddr": ports, "transportaddress": ports,
	"mac": adjacentAddresses, "macaddress": adjacentAddresses, "macaddr": adjacentAddresses, "ethernetaddress": adjacentAddresses,
	"hardwareaddress": adjacentAddresses, "hwaddr": adjacentAddresses, "ether": adjacentAddresses, "linkaddress": adjacentAddresses,
	"protocol": {mib.AttrSourceTransType}, "proto": {mib.AttrSourceTransType}, "prot": {mib.AttrSourceTransType},
	"ipprotocol": {mib.AttrSourceTransType}, "ipproto": {mib.AttrSourceTransType}, "transporttype": {mib.AttrSourceTransType}, "nextheader": {mib.AttrSourceTransType},
	"ethertype": {mib.AttrSourcePeerType}, "family": {mib.AttrSourcePeerType}, "addressfamily": {mib.AttrSourcePeerType},
	"ipversion": {mib.AttrSourcePeerType}, "version": {mib.AttrSourcePeerType}, "addresstype": {mib.AttrSourcePeerType},
	"if": interfaces, "iface": interfaces, "ifindex": interfaces,
	"vlan": {mib.AttrVLANid}, "vlantag": {mib.AttrVLANid}, "dot1q": {mib.AttrVLANid}, "pcp": {mib.AttrPriority}, "cos": {mib.AttrPriority},
	"dscp": {mib.AttrDSCodePoint}, "tos": {mib.AttrDSCodePoint}, "diffserv": {mib.AttrDSCodePoint}, "ecn": {mib.AttrECNCodeBits},
	"direction": {mib.AttrMatchingStoD},
	"bytes":     {mib.AttrToOctets, mib.AttrFromOctets}, "octets": {mib.AttrToOctets, mib.AttrFromOctets},
	"packets": {mib.AttrToPDUs, mib.AttrFromPDUs}, "pkts": {mib.AttrToPDUs, mib.AttrFromPDUs}, "frames": {mib.AttrToPDUs, mib.AttrFromPDUs},
	"start": {mib.AttrFirstTime}, "starttime": {mib.AttrFirstTime}, "firstseen": {mib.AttrFirstTime}, "begin": {mib.AttrFirstTime},
	"end": {mib.AttrLastActiveTime}, "endtime": {mib.AttrLastActiveTime}, "lasttime": {mib.AttrLastActiveTime}, "lastseen": {mib.AttrLastActiveTime},
}

var (
	peerAddresses     = [2]mib.Attr{mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress}
	ports             = [2]mib.Attr{mib.AttrSourceTransAddress, mib.AttrDestTransAddress}
	adjacentAddresses = [2]mib.Attr{mib.AttrSourceAdjacentAddress, mib.AttrDestAdjacentAddress}
	interfaces        = [2]mib.Attr{mib.AttrSourceInterface, mib.AttrDestInterface}
)

// sides are the words for the two ends of a flow, and which of the two they are.
var sides = []struct {
	word string
	end  int
}{
	{"source", 0}, {"src", 0}, {"sender", 0}, {"s", 0}, {"from", 0},
	{"destination", 1}, {"dest", 1}, {"dst", 1}, {"receiver", 1}, {"d", 1}, {"to", 1},
}

// bySide finds a word of otherWords with that of a side before or behind it.
func bySide(name string) (a mib.Attr, ok bool) {
	for _, s := range sides {
		as, ok := otherWords[strings.TrimPrefix(name, s.word)]
		if !ok && len(s.word) > 1 {
			as, ok = otherWords[strings.TrimSuffix(name, s.word)]
		}
		switch {
		case !ok:
		case as[1] == mib.AttrNull:
			return as[0], true
		case as[0] == mib.AttrToOctets || as[0] == mib.AttrToPDUs: // what goes to the destination comes from the source
			return as[1-s.end], true
		default:
			return as[s.end], true
		}
	}
	return 0, false
}

// MeantAttrs returns the attributes that name, which is none, was most likely
// meant to be: what other tools call so, the two ends' where the end is left
// out, or those that are spelled nearly like it. All of them can be used in the
// way use.
func MeantAttrs(name string, use mib.Use) []string {
	name = strings.ToLower(name)
	bare := strings.ReplaceAll(name, "_", "")
	if as, ok := otherWords[bare]; ok {
		return usable(use, as[0], as[1])
	}
	if a, ok := bySide(bare); ok {
		return usable(use, a)
	}
	if a, ok := mib.Lookup("source" + bare); ok {
		return usable(use, a, a.Reverse())
	}
	if a, ok := mib.Lookup(bare); ok { // with underlines
		return usable(use, a)
	}
	var words []string
	spelled := make(map[string]string)
	for _, a := range mib.Attrs() {
		if low := strings.ToLower(a.String()); a != mib.AttrNull && a.Is(use) {
			words, spelled[low] = append(words, low), a.String()
		}
	}
	near := spelling.Nearest(name, words, 1+len(name)/5)
	for i, w := range near {
		near[i] = spelled[w]
	}
	return near
}

// usable are the names of those attributes that can be used so.
func usable(use mib.Use, attrs ...mib.Attr) []string {
	var names []string
	for _, a := range attrs {
		if a != mib.AttrNull && a.Is(use) && !slices.Contains(names, a.String()) {
			names = append(names, a.String())
		}
	}
	return names
}

// attrHint says what was meant by name, which is no attribute.
func attrHint(name string) string {
	if h := DidYouMean(MeantAttrs(name, 0)); h != "" {
		return h
	}
	return didYouMean(name, attrNames())
}

func attrNames() []string {
	var names []string
	for _, a := range mib.Attrs() {
		names = append(names, a.String())
	}
	return names
}

func actionNames() []string {
	var names []string
	for a := mib.ActionIgnore; a < mib.NumActions; a++ {
		names = append(names, a.String())
	}
	return names
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedLabels(m map[string]*label) []string {
	names := make([]string, 0, len(m))
	for _, l := range m {
		names = append(names, l.name)
	}
	slices.Sort(names)
	return names
}
