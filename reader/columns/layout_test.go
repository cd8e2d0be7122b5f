package columns

import (
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
	"netramet/streams/dist"
)

// start is when the meter of these tests was started.
var start = time.Date(2026, 1, 5, 9, 0, 0, 123456789, time.UTC)

func format(attrs ...mib.Attr) *ruleset.Format {
	return &ruleset.Format{Attrs: attrs, Seps: make([]string, len(attrs)+1)}
}

// rules saves attributes, each with a width in bits.
func rules(widths map[mib.Attr]int) *ruleset.RuleSet {
	rs := &ruleset.RuleSet{Number: 2, Name: "x"}
	for a, w := range widths {
		r := ruleset.Rule{Selector: a, Action: mib.ActionPushPktToAct, Parameter: uint16(len(rs.Rules) + 2)}
		for i := range w {
			r.Mask[i/8] |= 0x80 >> (i % 8)
		}
		rs.Rules = append(rs.Rules, r)
	}
	rs.Rules = append(rs.Rules, ruleset.Rule{Action: mib.ActionCount})
	return rs
}

// texts is a row as text: label=value, null where there is none.
func texts(l *Layout, rec *reader.Record) map[string]string {
	row := map[string]string{}
	for i := range l.Cells {
		one := l.NewRow("", "")
		one.Add(&l.Cells[i], Dress{Null: "null"})
		row[l.Cells[i].Label] = string(one.Append(nil, rec))
	}
	return row
}

func address(text string) (v reader.Value) {
	v.Len = uint8(copy(v.Octets[:], netip.MustParseAddr(text).AsSlice()))
	return v
}

func octets(o ...byte) (v reader.Value) {
	v.Len = uint8(copy(v.Octets[:], o))
	return v
}

func check(t *testing.T, got map[string]string, want string) {
	t.Helper()
	for _, w := range strings.Fields(want) {
		name, value, _ := strings.Cut(w, "=")
		if v, ok := got[name]; !ok && value != "none" || ok && v != value {
			t.Errorf("%s is %q (there: %v), want %q", name, v, ok, value)
		}
	}
}

func TestLayout(t *testing.T) {
	task := &reader.Task{RuleSet: 3, Name: "odd name", Format: format(mib.AttrFlowIndex, mib.AttrLastActiveTime, mib.AttrFirstTime,
		mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourcePeerMask, mib.AttrSourceAdjacentAddress, mib.AttrDestTransAddress,
		mib.AttrFlowKind, mib.AttrToOctets, mib.AttrToOctets, mib.AttrDSCodePoint, mib.AttrToPacketSize, mib.AttrFromPacketSize)}
	iv := &reader.Interval{Number: 7, From: 6000, To: 12000, Meter: "m", Octets: reader.OctetsFrame, SampleRate: 1, Amounts: true}
	iv.SetStart(start)
	rec := &reader.Record{}
	rec.Clear(len(task.Format.Attrs))
	rec.RuleSet, rec.Index, rec.FirstTime = 3, 44, 6001
	rec.Values[0].Num, rec.Values[1].Num, rec.Values[2].Num = 44, 8640000, 6001
	rec.Values[3], rec.Values[4] = address("2001:db8:0:0:1::"), address("::ffff:10.1.2.3")
	rec.Values[5], rec.Values[6], rec.Values[7] = octets(255, 255, 255, 0), octets(2, 0, 0, 0xab, 1, 9), octets(0x1f, 0x90)
	rec.Values[8].Num, rec.Values[9].Num, rec.Values[10].Num = 'W', math.MaxUint64, math.MaxUint64
	spec := dist.Spec{Transform: dist.Linear, Lower: 10, Upper: 30, Buckets: 3}
	rec.Values[12] = octets(byte(spec.Transform), 0, 0, 10, 0, 30, 3, 0, 0, 0, 0, 0)
	rec.AddNumbers(12, 1, 0, 5, 2)
	rec.Amounts = append(rec.Amounts, make([]uint64, len(rec.Values))...)
	rec.Amounts[9] = 77
	const all = `schema=1 meter=m meter_start=2026-01-05T09:00:00.123456789Z ruleset=3 interval=7 interval_start=2026-01-05T09:01:00.133456789Z
		interval_end=2026-01-05T09:02:00.123456789Z restarted=false octets_mode=frame sample_rate=1
		flow_index=44 first_time=2026-01-05T09:01:00.133456789Z last_time=2026-01-06T09:00:00.123456789Z baseline=false
		first_time_cs=6001 last_active_time_cs=8640000
		source_peer_address=2001:db8:0:0:1:: dest_peer_address=::ffff:10.1.2.3 source_peer_mask=255.255.255.0
		source_adjacent_address=02:00:00:ab:01:09 dest_trans_address=8080 flow_kind=87 flow_kind_char=W
		to_octets=18446744073709551615 to_octets_amount=77 ds_code_point=0
		to_packet_size=[1,0,5,2] to_packet_size_limits=[10,20,30] from_packet_size=null from_packet_size_limits=null community_id=none`
	got := texts(NewLayout(iv, task, RTFM), rec)
	check(t, got, all)
	if got["ruleset_name"] != "odd name" {
		t.Errorf("ruleset_name is %q", got["ruleset_name"])
	}
	rec.Baseline = true
	rec.Values[8].Num = 200
	check(t, texts(NewLayout(iv, task, ECS), rec), "source.bytes=18446744073709551615 source.bytes_amount=null baseline=true flow_kind=200 flow_kind_char=null @timestamp=2026-01-05T09:02:00.123456789Z")
	*iv = reader.Interval{}
	check(t, texts(NewLayout(iv, task, OTel), rec), `meter=null meter_start=null first_time=null last_time=null interval_start=null interval_end=null
		octets_mode=null sample_rate=null to_octets_amount=none source.address=2001:db8:0:0:1::`)
}

// TestAbsent: what no rule saves is no 0, though records have one.
func TestAbsent(t *testing.T) {
	task := &reader.Task{RuleSet: 2, Format: format(mib.AttrDSCodePoint, mib.AttrSourceASN, mib.AttrToPDUs, mib.AttrSourcePeerAddress, mib.AttrDestTransAddress),
		Saved: rules(map[mib.Attr]int{mib.AttrDSCodePoint: 8, mib.AttrSourcePeerAddress: 160, mib.AttrDestTransAddress: 16}).Saved()}
	rec := &reader.Record{}
	rec.Clear(5)
	check(t, texts(NewLayout(&reader.Interval{}, task, RTFM), rec), "ds_code_point=0 source_asn=none to_pdus=0 source_peer_address=null dest_trans_address=null")
}

type twoNames struct{}

func (twoNames) Has(a mib.Attr) bool { return a == mib.AttrDestASN }
func (twoNames) Name(_ mib.Attr, n uint64) string {
	return map[uint64]string{1: "one", 2: "two"}[n]
}

func TestNamesBeside(t *testing.T) {
	task := &reader.Task{RuleSet: 2, Names: twoNames{}, Format: format(mib.AttrSourceASN, mib.AttrDestASN)}
	rec := &reader.Record{}
	rec.Clear(2)
	rec.Values[1].Num = 2
	check(t, texts(NewLayout(&reader.Interval{}, task, RTFM), rec), "source_asn_name=none dest_asn=2 dest_asn_name=two")
	rec.Values[1].Num = 3
	check(t, texts(NewLayout(&reader.Interval{}, task, RTFM), rec), "dest_asn=3 dest_asn_name=null")
}

// TestCommunityID: the published baseline of version 1 with seed 0.
func TestCommunityID(t *testing.T) {
	attrs := []mib.Attr{mib.AttrSourcePeerAddress, mib.AttrSourceTransAddress, mib.AttrDestPeerAddress, mib.AttrDestTransAddress, mib.AttrDestTransType}
	widths := map[mib.Attr]int{attrs[0]: 160, attrs[1]: 16, attrs[2]: 160, attrs[3]: 16, mib.AttrSourceTransType: 8}
	for _, tt := range []struct {
		protocol            uint64
		source              string
		sport               uint16
		dest                string
		dport               uint16
		want                string
		narrow, transNarrow int
	}{
		{6, "128.232.110.120", 34855, "66.35.250.204", 80, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 160, 16},
		{6, "66.35.250.204", 80, "128.232.110.120", 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 160, 16},
		{6, "66.35.250.204", 80, "128.232.110.120", 34855, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 32, 16},
		{17, "192.168.1.52", 54585, "8.8.8.8", 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", 160, 16},
		{132, "192.168.170.8", 7, "192.168.170.56", 80, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=", 160, 16},
		{132, "192.168.170.56", 80, "192.168.170.8", 7, "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=", 160, 16},
		{1, "192.168.0.89", 0, "192.168.0.1", 0, "null", 160, 16},
		{6, "66.35.250.204", 80, "128.232.110.120", 34855, "null", 24, 16},
		{6, "66.35.250.204", 80, "128.232.110.120", 34855, "null", 160, 8},
		{6, "2001:db8::1", 80, "2001:db8::2", 34855, "null", 64, 16},
	} {
		widths[attrs[0]], widths[attrs[3]] = tt.narrow, tt.transNarrow
		task := &reader.Task{RuleSet: 2, Format: format(attrs...), Saved: rules(widths).Saved()}
		rec := &reader.Record{}
		rec.Clear(5)
		rec.Values[0], rec.Values[2] = address(tt.source), address(tt.dest)
		rec.Values[1], rec.Values[3] = octets(byte(tt.sport>>8), byte(tt.sport)), octets(byte(tt.dport>>8), byte(tt.dport))
		rec.Values[4].Num = tt.protocol
		got := texts(NewLayout(&reader.Interval{}, task, RTFM), rec)
		if id, ok := got["community_id"]; ok && id != tt.want || !ok && tt.want != "null" {
			t.Errorf("%v: %s", tt, id)
		}
	}
}

// TestNoAllocation: a row costs none.
func TestNoAllocation(t *testing.T) {
	task := &reader.Task{RuleSet: 2, Format: ruleset.DefaultFormat()}
	l := NewLayout(&reader.Interval{MeterStart: start}, task, RTFM)
	rec := &reader.Record{}
	rec.Clear(len(task.Format.Attrs))
	row := l.NewRow("", "")
	for i := range l.Cells {
		row.Add(&l.Cells[i], Dress{})
	}
	b := row.Append(nil, rec)
	if n := testing.AllocsPerRun(100, func() { b = row.Append(b[:0], rec) }); n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}
