package meterview

import (
	"encoding/hex"
	"slices"
	"testing"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/ber"
)

// TestEncode: each kind of value as docs/mib.md says, in both tables of packages.
func TestEncode(t *testing.T) {
	// FromPacketSize & 1.0.25!1500 = 3.0.0!0
	spec := []byte{1, 0, 0, 25, 0x05, 0xdc, 3, 0, 0, 0, 0, 0}
	for _, tt := range []struct {
		name         string
		attr         mib.Attr
		value        meter.Value
		narrow, wide string
	}{
		{"address", mib.AttrSourcePeerAddress, meter.Value{Octets: []byte{10, 1, 0, 5}}, "04040a010005", ""},
		{"counter", mib.AttrToPDUs, meter.Value{Num: 1<<64 - 1}, "460900ffffffffffffffff", ""},
		{"number of four octets", mib.AttrMeterID, meter.Value{Num: 1<<32 - 1}, "420500ffffffff", ""},
		{"time", mib.AttrLastActiveTime, meter.Value{Num: 3<<32 + 1}, "430101", "46050300000001"},
		{"no distribution", mib.AttrFromPacketSize, meter.Value{}, "3000", ""},
		{"distribution", mib.AttrFromPacketSize, meter.Value{Octets: spec, Numbers: []uint64{5, 0, 66051, 1}},
			"3020" + "04060100001905dc" + "0406030000000000" + "300e" + "020105" + "020100" + "0203010203" + "020101", ""},
		{"counters of 64 bits", mib.AttrFlowTime, meter.Value{Octets: spec, Numbers: []uint64{1 << 63, 1<<63 - 1}},
			"3027" + "04060100001905dc" + "0406030000000000" + "3015" + "0209008000000000000000" + "02087fffffffffffffff", ""},
	} {
		if tt.wide == "" {
			tt.wide = tt.narrow
		}
		for _, table := range []*packages{newPackages(nil), newWidePackages(nil)} {
			want := tt.narrow
			if table.wide {
				want = tt.wide
			}
			buf := make([]byte, 1<<12)
			encode := func() {
				table.w.Reset(buf)
				table.encode(tt.attr, &tt.value)
			}
			if n := testing.AllocsPerRun(10, encode); n != 0 {
				t.Errorf("%s: %v allocations", tt.name, n)
			}
			if got := hex.EncodeToString(table.w.Bytes()); got != want || table.w.Err() != nil {
				t.Errorf("%s, wide %v: %s, want %s", tt.name, table.wide, got, want)
			}
		}
	}
	// What no message holds is found to be too long, and never sent in part.
	table := newPackages(nil)
	table.w.Reset(make([]byte, 2000))
	table.encode(mib.AttrFlowTime, &meter.Value{Octets: spec, Numbers: slices.Repeat([]uint64{1<<64 - 1}, mib.MaxCounters)})
	if err := table.w.Err(); err != ber.ErrFull {
		t.Errorf("error %v", err)
	}
}
