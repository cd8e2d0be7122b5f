package mib

import "strings"

const (
	tsr = UseTest | UseSave | UseRead
	sr  = UseSave | UseRead
)

// attrs is indexed by attribute number; an entry without a name is no
// attribute. Sizes are RFC 2723 App. C's and, beyond it, docs/deviations.md's.
var attrs = buildAttrs([]AttrInfo{
	{Attr: AttrNull, Name: "Null", Class: ClassNone, Use: UseTest},
	{Attr: AttrFlowIndex, Name: "FlowIndex", Size: 4, Class: ClassNumber, Use: UseRead},
	{Attr: AttrFlowStatus, Name: "FlowStatus", Size: 1, Class: ClassNumber, Use: UseRead},
	{Attr: AttrFlowTimeMark, Name: "FlowTimeMark", Size: 4, Class: ClassTime, Use: UseRead},
	{Attr: AttrSourceInterface, Name: "SourceInterface", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrDestInterface},
	{Attr: AttrSourceAdjacentType, Name: "SourceAdjacentType", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrDestAdjacentType},
	{Attr: AttrSourceAdjacentAddress, Name: "SourceAdjacentAddress", Size: MaxAddress, Class: ClassAddress, Use: tsr, Reverse: AttrDestAdjacentAddress, Mask: AttrSourceAdjacentMask},
	{Attr: AttrSourceAdjacentMask, Name: "SourceAdjacentMask", Size: MaxAddress, Class: ClassMask, Use: UseRead, Reverse: AttrDestAdjacentMask},
	{Attr: AttrSourcePeerType, Name: "SourcePeerType", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrDestPeerType},
	{Attr: AttrSourcePeerAddress, Name: "SourcePeerAddress", Size: MaxAddress, Class: ClassAddress, Use: tsr, Reverse: AttrDestPeerAddress, Mask: AttrSourcePeerMask},
	{Attr: AttrSourcePeerMask, Name: "SourcePeerMask", Size: MaxAddress, Class: ClassMask, Use: UseRead, Reverse: AttrDestPeerMask},
	{Attr: AttrSourceTransType, Name: "SourceTransType", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrDestTransType},
	{Attr: AttrSourceTransAddress, Name: "SourceTransAddress", Size: 2, Class: ClassAddress, Use: tsr, Reverse: AttrDestTransAddress, Mask: AttrSourceTransMask},
	{Attr: AttrSourceTransMask, Name: "SourceTransMask", Size: 2, Class: ClassMask, Use: UseRead, Reverse: AttrDestTransMask},
	{Attr: AttrDestInterface, Name: "DestInterface", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrSourceInterface},
	{Attr: AttrDestAdjacentType, Name: "DestAdjacentType", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrSourceAdjacentType},
	{Attr: AttrDestAdjacentAddress, Name: "DestAdjacentAddress", Size: MaxAddress, Class: ClassAddress, Use: tsr, Reverse: AttrSourceAdjacentAddress, Mask: AttrDestAdjacentMask},
	{Attr: AttrDestAdjacentMask, Name: "DestAdjacentMask", Size: MaxAddress, Class: ClassMask, Use: UseRead, Reverse: AttrSourceAdjacentMask},
	{Attr: AttrDestPeerType, Name: "DestPeerType", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrSourcePeerType},
	{Attr: AttrDestPeerAddress, Name: "DestPeerAddress", Size: MaxAddress, Class: ClassAddress, Use: tsr, Reverse: AttrSourcePeerAddress, Mask: AttrDestPeerMask},
	{Attr: AttrDestPeerMask, Name: "DestPeerMask", Size: MaxAddress, Class: ClassMask, Use: UseRead, Reverse: AttrSourcePeerMask},
	{Attr: AttrDestTransType, Name: "DestTransType", Size: 1, Class: ClassNumber, Use: tsr, Reverse: AttrSourceTransType},
	{Attr: AttrDestTransAddress, Name: "DestTransAddress", Size: 2, Class: ClassAddress, Use: tsr, Reverse: AttrSourceTransAddress, Mask: AttrDestTransMask},
	{Attr: AttrDestTransMask, Name: "DestTransMask", Size: 2, Class: ClassMask, Use: UseRead, Reverse: AttrSourceTransMask},
	{Attr: AttrPDUScale, Name: "PDUScale", Size: 1, Class: ClassNumber, Use: UseRead},
	{Attr: AttrOctetScale, Name: "OctetScale", Size: 1, Class: ClassNumber, Use: UseRead},
	{Attr: AttrFlowRuleSet, Name: "FlowRuleSet", Size: 1, Class: ClassNumber, Use: UseTest | UseRead},
	{Attr: AttrToOctets, Name: "ToOctets", Size: 8, Class: ClassCounter, Use: UseRead},
	{Attr: AttrToPDUs, Name: "ToPDUs", Size: 8, Class: ClassCounter, Use: UseRead},
	{Attr: AttrFromOctets, Name: "FromOctets", Size: 8, Class: ClassCounter, Use: UseRead},
	{Attr: AttrFromPDUs, Name: "FromPDUs", Size: 8, Class: ClassCounter, Use: UseRead},
	{Attr: AttrFirstTime, Name: "FirstTime", Size: 4, Class: ClassTime, Use: UseRead},
	{Attr: AttrLastActiveTime, Name: "LastActiveTime", Size: 4, Class: ClassTime, Use: UseRead},
	{Attr: AttrSourceSubscriberID, Name: "SourceSubscriberID", Size: 20, Class: ClassAddress, Use: tsr, Reverse: AttrDestSubscriberID},
	{Attr: AttrDestSubscriberID, Name: "DestSubscriberID", Size: 20, Class: ClassAddress, Use: tsr, Reverse: AttrSourceSubscriberID},
	{Attr: AttrSessionID, Name: "SessionID", Size: 10, Class: ClassAddress, Use: tsr},
	{Attr: AttrSourceClass, Name: "SourceClass", Size: 1, Class: ClassNumber, Use: tsr | UseStore, Reverse: AttrDestClass},
	{Attr: AttrDestClass, Name: "DestClass", Size: 1, Class: ClassNumber, Use: tsr | UseStore, Reverse: AttrSourceClass},
	{Attr: AttrFlowClass, Name: "FlowClass", Size: 1, Class: ClassNumber, Use: tsr | UseStore},
	{Attr: AttrSourceKind, Name: "SourceKind", Size: 1, Class: ClassNumber, Use: tsr | UseStore, Reverse: AttrDestKind},
	{Attr: AttrDestKind, Name: "DestKind", Size: 1, Class: ClassNumber, Use: tsr | UseStore, Reverse: AttrSourceKind},
	{Attr: AttrFlowKind, Name: "FlowKind", Size: 1, Class: ClassNumber, Use: tsr | UseStore},
	{Attr: AttrMatchingStoD, Name: "MatchingStoD", Size: 1, Most: 1, Class: ClassNumber, Use: UseTest},
	{Attr: AttrV1, Name: "V1", Size: MaxAddress, Class: ClassVariable, Use: UseTest | UseSave},
	{Attr: AttrV2, Name: "V2", Size: MaxAddress, Class: ClassVariable, Use: UseTest | UseSave},
	{Attr: AttrV3, Name: "V3", Size: MaxAddress, Class: ClassVariable, Use: UseTest | UseSave},
	{Attr: AttrV4, Name: "V4", Size: MaxAddress, Class: ClassVariable, Use: UseTest | UseSave},
	{Attr: AttrV5, Name: "V5", Size: MaxAddress, Class: ClassVariable, Use: UseTest | UseSave},
	{Attr: AttrDistributions, Name: "Distributions", Size: 4, Class: ClassNumber, Use: UseRead},
	{Attr: AttrToPacketSize, Name: "ToPacketSize", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromPacketSize, Name: "FromPacketSize", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToInterarrivalTime, Name: "ToInterarrivalTime", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromInterarrivalTime, Name: "FromInterarrivalTime", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToTurnaroundTime, Name: "ToTurnaroundTime", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromTurnaroundTime, Name: "FromTurnaroundTime", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToBitRate, Name: "ToBitRate", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromBitRate, Name: "FromBitRate", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToPDURate, Name: "ToPDURate", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromPDURate, Name: "FromPDURate", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToTurnaroundTime1, Name: "ToTurnaroundTime1", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToTurnaroundTime2, Name: "ToTurnaroundTime2", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToTurnaroundTime3, Name: "ToTurnaroundTime3", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToTurnaroundTime4, Name: "ToTurnaroundTime4", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromTurnaroundTime1, Name: "FromTurnaroundTime1", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromTurnaroundTime2, Name: "FromTurnaroundTime2", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromTurnaroundTime3, Name: "FromTurnaroundTime3", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromTurnaroundTime4, Name: "FromTurnaroundTime4", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFlowTime, Name: "FlowTime", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToFlowPDUs, Name: "ToFlowPDUs", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromFlowPDUs, Name: "FromFlowPDUs", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrToFlowOctets, Name: "ToFlowOctets", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrFromFlowOctets, Name: "FromFlowOctets", Size: 6, Class: ClassDistribution, Use: sr},
	{Attr: AttrMeterID, Name: "MeterID", Size: 4, Class: ClassNumber, Use: tsr},
	{Attr: AttrSourceASN, Name: "SourceASN", Size: 4, Class: ClassNumber, Use: tsr, Reverse: AttrDestASN},
	{Attr: AttrSourcePrefix, Name: "SourcePrefix", Size: 1, Most: 128, Class: ClassNumber, Use: tsr, Reverse: AttrDestPrefix},
	{Attr: AttrDestASN, Name: "DestASN", Size: 4, Class: ClassNumber, Use: tsr, Reverse: AttrSourceASN},
	{Attr: AttrDestPrefix, Name: "DestPrefix", Size: 1, Most: 128, Class: ClassNumber, Use: tsr, Reverse: AttrSourcePrefix},
	{Attr: AttrDSCodePoint, Name: "DSCodePoint", Size: 1, Most: 63, Class: ClassNumber, Use: tsr},
	{Attr: AttrToLostPDUs, Name: "ToLostPDUs", Size: 8, Class: ClassCounter, Use: UseRead},
	{Attr: AttrFromLostPDUs, Name: "FromLostPDUs", Size: 8, Class: ClassCounter, Use: UseRead},
	{Attr: AttrVLANid, Name: "VLANid", Size: 2, Most: 4095, Class: ClassNumber, Use: tsr},
	{Attr: AttrPriority, Name: "Priority", Size: 1, Most: 7, Class: ClassNumber, Use: tsr},
	{Attr: AttrECNCodeBits, Name: "ECNCodeBits", Size: 1, Most: 3, Class: ClassNumber, Use: tsr},
})

var attrByName = func() map[string]Attr {
	m := make(map[string]Attr, 128)
	for i := range attrs {
		if attrs[i].Name != "" {
			m[strings.ToLower(attrs[i].Name)] = Attr(i)
		}
	}
	return m
}()

func buildAttrs(list []AttrInfo) (t [256]AttrInfo) {
	for i := range t {
		t[i].Attr, t[i].Reverse = Attr(i), Attr(i)
	}
	for _, a := range list {
		if a.Reverse == AttrNull {
			a.Reverse = a.Attr
		}
		t[a.Attr] = a
	}
	return t
}
