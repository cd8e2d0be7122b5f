package table

import (
	"netramet/mib"
)

// headings are those of attributes that have a shorter name than their column's.
var headings = map[mib.Attr]string{
	mib.AttrSourceInterface: "Source if", mib.AttrDestInterface: "Dest if",
	mib.AttrSourceAdjacentType: "Link", mib.AttrDestAdjacentType: "Link",
	mib.AttrSourceAdjacentAddress: "Source link", mib.AttrDestAdjacentAddress: "Dest link",
	mib.AttrSourceAdjacentMask: "Source link mask", mib.AttrDestAdjacentMask: "Dest link mask",
	mib.AttrSourcePeerType: "Type", mib.AttrDestPeerType: "Type",
	mib.AttrSourcePeerAddress: "Source", mib.AttrDestPeerAddress: "Dest",
	mib.AttrSourcePeerMask: "Source mask", mib.AttrDestPeerMask: "Dest mask",
	mib.AttrSourceTransType: "Proto", mib.AttrDestTransType: "Proto",
	mib.AttrSourceTransAddress: "Sport", mib.AttrDestTransAddress: "Dport",
	mib.AttrSourceTransMask: "Sport mask", mib.AttrDestTransMask: "Dport mask",
	mib.AttrSourceClass: "Source class", mib.AttrDestClass: "Dest class", mib.AttrFlowClass: "Class",
	mib.AttrSourceKind: "Source kind", mib.AttrDestKind: "Dest kind", mib.AttrFlowKind: "Kind",
	mib.AttrSourceASN: "Source AS", mib.AttrDestASN: "Dest AS",
	mib.AttrSourcePrefix: "Source prefix", mib.AttrDestPrefix: "Dest prefix",
	mib.AttrFirstTime: "First", mib.AttrLastActiveTime: "Last",
	mib.AttrDSCodePoint: "DSCP", mib.AttrECNCodeBits: "ECN", mib.AttrVLANid: "VLAN", mib.AttrPriority: "Priority",
	mib.AttrFlowIndex: "Flow",
}

// namedHeadings are those of attributes whose numbers have names.
var namedHeadings = map[mib.Attr]string{mib.AttrSourceASN: "Source name", mib.AttrDestASN: "Dest name"}

// heading is the heading of an attribute's column.
func heading(a mib.Attr) string {
	if h, ok := headings[a]; ok {
		return h
	}
	return columnOf(a)
}

// ranks of the columns of attributes that are not missed much: see column. All
// others have rank 1, but the first has 0.
var ranks = map[mib.Attr]column{
	mib.AttrFlowTimeMark: {extra: true, rank: 95}, mib.AttrPDUScale: {extra: true, rank: 94}, mib.AttrOctetScale: {extra: true, rank: 94},
	mib.AttrFlowStatus: {extra: true, rank: 93}, mib.AttrDistributions: {extra: true, rank: 92},
	mib.AttrFlowIndex: {extra: true, rank: 91}, mib.AttrMeterID: {extra: true, rank: 90},
	mib.AttrLastActiveTime: {extra: true, rank: 80}, mib.AttrFirstTime: {extra: true, rank: 81},
	mib.AttrSourcePeerType: {rank: 9}, mib.AttrDestPeerType: {rank: 9}, mib.AttrSourceAdjacentType: {rank: 9}, mib.AttrDestAdjacentType: {rank: 9},
	mib.AttrSourceTransMask: {rank: 8}, mib.AttrDestTransMask: {rank: 8}, mib.AttrSourceAdjacentMask: {rank: 8}, mib.AttrDestAdjacentMask: {rank: 8},
	mib.AttrSourcePeerMask: {rank: 8}, mib.AttrDestPeerMask: {rank: 8},
	mib.AttrSourceAdjacentAddress: {rank: 6}, mib.AttrDestAdjacentAddress: {rank: 6},
	mib.AttrSourceTransAddress: {rank: 5}, mib.AttrDestTransAddress: {rank: 4}, mib.AttrSourceTransType: {rank: 3}, mib.AttrDestTransType: {rank: 3},
}

const (
	rankShare = 7  // of shares
	rankTold  = 10 // of an extra column that says what others say too
)
