// Package mib is the vocabulary that every other room speaks: attribute
// numbers, PME actions, address families and (generated) the objects of
// FLOW-METER-MIB and NETRAMET-MIB.
//
// It holds tables and look-ups only. It imports nothing of this project,
// opens nothing and keeps no state; everybody may import it.
package mib

import (
	"fmt"
	"strings"
)

// Attr is an RTFM attribute number (RFC 2720 FlowAttributeNumber, RFC 2722
// App. C, RFC 2724 §4). Numbers above 255 cannot be selected in a data
// package, so one octet is enough.
type Attr uint8

// The attributes. Numbers 76-88 and 119-123 are this project's (see
// docs/deviations.md); all others are IANA's.
const (
	AttrNull                  Attr = 0
	AttrFlowIndex             Attr = 1
	AttrFlowStatus            Attr = 2
	AttrFlowTimeMark          Attr = 3
	AttrSourceInterface       Attr = 4
	AttrSourceAdjacentType    Attr = 5
	AttrSourceAdjacentAddress Attr = 6
	AttrSourceAdjacentMask    Attr = 7
	AttrSourcePeerType        Attr = 8
	AttrSourcePeerAddress     Attr = 9
	AttrSourcePeerMask        Attr = 10
	AttrSourceTransType       Attr = 11
	AttrSourceTransAddress    Attr = 12
	AttrSourceTransMask       Attr = 13
	AttrDestInterface         Attr = 14
	AttrDestAdjacentType      Attr = 15
	AttrDestAdjacentAddress   Attr = 16
	AttrDestAdjacentMask      Attr = 17
	AttrDestPeerType          Attr = 18
	AttrDestPeerAddress       Attr = 19
	AttrDestPeerMask          Attr = 20
	AttrDestTransType         Attr = 21
	AttrDestTransAddress      Attr = 22
	AttrDestTransMask         Attr = 23
	AttrPDUScale              Attr = 24
	AttrOctetScale            Attr = 25
	AttrFlowRuleSet           Attr = 26
	AttrToOctets              Attr = 27
	AttrToPDUs                Attr = 28
	AttrFromOctets            Attr = 29
	AttrFromPDUs              Attr = 30
	AttrFirstTime             Attr = 31
	AttrLastActiveTime        Attr = 32
	AttrSourceSubscriberID    Attr = 33
	AttrDestSubscriberID      Attr = 34
	AttrSessionID             Attr = 35
	AttrSourceClass           Attr = 36
	AttrDestClass             Attr = 37
	AttrFlowClass             Attr = 38
	AttrSourceKind            Attr = 39
	AttrDestKind              Attr = 40
	AttrFlowKind              Attr = 41
	AttrMatchingStoD          Attr = 50
	AttrV1                    Attr = 51
	AttrV2                    Attr = 52
	AttrV3                    Attr = 53
	AttrV4                    Attr = 54
	AttrV5                    Attr = 55
	AttrDistributions         Attr = 65
	AttrToPacketSize          Attr = 66
	AttrFromPacketSize        Attr = 67
	AttrToInterarrivalTime    Attr = 68
	AttrFromInterarrivalTime  Attr = 69
	AttrToTurnaroundTime      Attr = 70
	AttrFromTurnaroundTime    Attr = 71
	AttrToBitRate             Attr = 72
	AttrFromBitRate           Attr = 73
	AttrToPDURate             Attr = 74
	AttrFromPDURate           Attr = 75
	AttrToTurnaroundTime1     Attr = 76
	AttrToTurnaroundTime2     Attr = 77
	AttrToTurnaroundTime3     Attr = 78
	AttrToTurnaroundTime4     Attr = 79
	AttrFromTurnaroundTime1   Attr = 80
	AttrFromTurnaroundTime2   Attr = 81
	AttrFromTurnaroundTime3   Attr = 82
	AttrFromTurnaroundTime4   Attr = 83
	AttrFlowTime              Attr = 84
	AttrToFlowPDUs            Attr = 85
	AttrFromFlowPDUs          Attr = 86
	AttrToFlowOctets          Attr = 87
	AttrFromFlowOctets        Attr = 88
	AttrMeterID               Attr = 112
	AttrSourceASN             Attr = 113
	AttrSourcePrefix          Attr = 114
	AttrDestASN               Attr = 115
	AttrDestPrefix            Attr = 116
	AttrDSCodePoint           Attr = 118
	AttrToLostPDUs            Attr = 119
	AttrFromLostPDUs          Attr = 120
	AttrVLANid                Attr = 121
	AttrPriority              Attr = 122
	AttrECNCodeBits           Attr = 123
)

// Class says what kind of value an attribute has.
type Class uint8

// The classes of values.
const (
	ClassNone         Class = iota // Null: no value
	ClassNumber                    // an unsigned integer of Size octets
	ClassAddress                   // an octet string, left-justified
	ClassMask                      // the mask saved with an address; read only
	ClassCounter                   // Counter64
	ClassTime                      // TimeTicks, centiseconds of uptime
	ClassDistribution              // RFC 2724 distribution
	ClassVariable                  // V1..V5: holds an attribute number
)

// Use is a set of what may be done with an attribute.
type Use uint8

// What may be done with an attribute.
const (
	UseTest  Use = 1 << iota // tested in a rule
	UseSave                  // pushed (saved) by a rule
	UseRead                  // read from a flow: FORMAT, packages
	UseStore                 // set by STORE / PushRuleTo: the six computed ones
)

// AttrInfo describes one attribute. The table of them is the only place where
// sizes, pairs and uses are told.
type AttrInfo struct {
	Attr Attr
	Name string // as the RFCs spell it; compare without regard to case

	// Size is the number of octets in a rule's mask and value. Peer
	// addresses are 4 (IPv4), 16 (IPv6) or up to MaxAddress octets; Size
	// holds the largest.
	Size int
	// Most is the largest number that a packet can have there, where that is
	// less than Size would hold; 0 where it is not.
	Most  uint64
	Class Class
	Use   Use

	// Reverse is the attribute that takes this one's place when a packet or
	// key is reversed (RFC 2722 §4.3); itself where there is no pair.
	Reverse Attr

	// Mask is the attribute that reads the mask saved with this address,
	// AttrNull where there is none.
	Mask Attr
}

// MaxAddress is the largest size of a rule's mask or value, in octets
// (RFC 2720 RuleAddress).
const MaxAddress = 20

// MaxCounters is the most counters of a distribution: those of 255 buckets, which
// one octet of a rule says the number of, and the overflow (RFC 2724 §3.2).
const MaxCounters = 256

// Info returns the description of a; ok is false if no such attribute exists.
func Info(a Attr) (info *AttrInfo, ok bool) {
	i := &attrs[a]
	return i, i.Name != ""
}

// String returns the attribute's name, or "attribute(n)".
func (a Attr) String() string {
	if i, ok := Info(a); ok {
		return i.Name
	}
	return fmt.Sprintf("attribute(%d)", uint8(a))
}

// Is reports whether a exists and has all of the uses u.
func (a Attr) Is(u Use) bool { return attrs[a].Use&u == u && attrs[a].Name != "" }

// Size returns the attribute's size in octets, 0 if it has none.
func (a Attr) Size() int { return attrs[a].Size }

// Most returns the largest number that a packet can have there, 0 where only
// the size bounds it.
func (a Attr) Most() uint64 { return attrs[a].Most }

// UsualSize is Size, but that of MAC addresses for adjacent addresses and their
// masks, which are longer only in tunnels.
func (a Attr) UsualSize() int {
	switch a {
	case AttrSourceAdjacentAddress, AttrDestAdjacentAddress, AttrSourceAdjacentMask, AttrDestAdjacentMask:
		return 6
	}
	return a.Size()
}

// Class returns the attribute's class of value.
func (a Attr) Class() Class { return attrs[a].Class }

// Reverse returns the attribute that takes a's place in the other direction.
func (a Attr) Reverse() Attr { return attrs[a].Reverse }

// IsVariable reports whether a is one of the meter variables V1..V5.
func (a Attr) IsVariable() bool { return a >= AttrV1 && a <= AttrV5 }

// IsComputed reports whether a is one of the six Class and Kind attributes,
// whose values a rule set itself sets (RFC 2722 §4.4).
func (a Attr) IsComputed() bool { return a >= AttrSourceClass && a <= AttrFlowKind }

// IsDistribution reports whether a is a distribution (RFC 2724 §3).
func (a Attr) IsDistribution() bool { return attrs[a].Class == ClassDistribution }

// Slot returns the attribute whose place a takes in a flow key. The Source
// and Dest types share one (a packet's two are always equal, RFC 2123
// §2.3.1): Slot(DestPeerType) is SourcePeerType. All others are themselves.
func (a Attr) Slot() Attr {
	switch a {
	case AttrDestAdjacentType, AttrDestPeerType, AttrDestTransType:
		return attrs[a].Reverse
	}
	return a
}

// Lookup finds an attribute by name, without regard to case.
func Lookup(name string) (Attr, bool) {
	a, ok := attrByName[strings.ToLower(name)]
	return a, ok
}

// Attrs returns all attributes in order of number.
func Attrs() []Attr {
	var all []Attr
	for i := range attrs {
		if attrs[i].Name != "" {
			all = append(all, Attr(i))
		}
	}
	return all
}
