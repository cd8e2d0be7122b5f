package mib

import (
	"fmt"
	"strings"
)

// IsRate reports whether a is the distribution of a rate, whose Parameter-1 is the
// number of seconds between two samples (RFC 2724 §3.2).
func (a Attr) IsRate() bool { return a >= AttrToBitRate && a <= AttrFromPDURate }

// IsTurnaround reports whether a is the distribution of a turnaround time, whose
// Parameter-1 is a Pairing.
func (a Attr) IsTurnaround() bool {
	return a == AttrToTurnaroundTime || a == AttrFromTurnaroundTime || a >= AttrToTurnaroundTime1 && a <= AttrFromTurnaroundTime4
}

// IsFrom reports whether a is a distribution of packets From a flow's dest. All others are of
// those To it, or of both.
func (a Attr) IsFrom() bool {
	switch a {
	case AttrFromPacketSize, AttrFromInterarrivalTime, AttrFromTurnaroundTime, AttrFromBitRate, AttrFromPDURate,
		AttrFromTurnaroundTime1, AttrFromTurnaroundTime2, AttrFromTurnaroundTime3, AttrFromTurnaroundTime4,
		AttrFromFlowPDUs, AttrFromFlowOctets:
		return true
	}
	return false
}

// Pairing is Parameter-1 of a turnaround distribution: which two packets the time
// lies between.
type Pairing uint8

// The pairings. 0 is RFC 2724's; all others are this project's numbers, of which
// that of DNS is NeTraMet's.
const (
	PairingPlain   Pairing = 0 // successive packets of a flow in opposite directions
	PairingICMP    Pairing = 1
	PairingTCPData Pairing = 6
	PairingTCPSYN  Pairing = 7
	PairingDNS     Pairing = 11
	PairingSNMP    Pairing = 12
	PairingNTP     Pairing = 13
	PairingUDP     Pairing = 14
)

var pairings = []struct {
	code Pairing
	name string
}{
	{PairingPlain, "successive packets"}, {PairingICMP, "ICMP echo"}, {PairingTCPData, "TCP data/ack"}, {PairingTCPSYN, "TCP SYN/SYN-ACK"},
	{PairingDNS, "DNS"}, {PairingSNMP, "SNMP"}, {PairingNTP, "NTP"}, {PairingUDP, "any UDP"},
}

// Known reports whether there is such a pairing.
func (p Pairing) Known() bool { return p.String() != "" }

// String says which packets are paired, in a few words; nothing if there is no such
// pairing.
func (p Pairing) String() string {
	for _, known := range pairings {
		if known.code == p {
			return known.name
		}
	}
	return ""
}

// PairingNames lists the pairings, for messages.
func PairingNames() string {
	var names []string
	for _, p := range pairings {
		names = append(names, fmt.Sprintf("%d %s", uint8(p.code), p.name))
	}
	return strings.Join(names, ", ")
}
