package columns

import (
	"strings"
	"testing"

	"netramet/mib"
	"netramet/reader"
)

// TestRow: what stands around values, short and long, stays around them, whatever room
// there is.
func TestRow(t *testing.T) {
	task := &reader.Task{RuleSet: 2, Names: twoNames{}, Format: format(mib.AttrFlowKind, mib.AttrDestASN, mib.AttrToPacketSize, mib.AttrSourcePeerAddress)}
	rec := &reader.Record{}
	rec.Clear(4)
	rec.Values[0].Num, rec.Values[1].Num, rec.Values[3] = 'k', 1, address("2001:db8::1")
	rec.AddNumbers(2, 1<<64-1, 0, 7)
	l := NewLayout(&reader.Interval{MeterStart: start}, task, RTFM)
	shout := func(b []byte, from int) []byte {
		return append(b[:from], strings.Repeat(strings.ToUpper(string(b[from:])), 100)...)
	}
	for _, before := range []string{"", "<", strings.Repeat("<", 16), strings.Repeat("<", 17), strings.Repeat("<", 49), strings.Repeat("<", 500)} {
		row, want := l.NewRow("", ""), "x"
		for i := range l.Cells {
			c := &l.Cells[i]
			row.Add(c, Dress{Before: before, After: ">", Null: "none", Escape: shout})
			switch text, ok := map[string]string{
				"flow_kind": "107", "flow_kind_char": strings.Repeat("K", 100), "dest_asn": "1", "dest_asn_name": strings.Repeat("ONE", 100),
				"to_packet_size": "[18446744073709551615,0,7]", "source_peer_address": "2001:db8::1", "baseline": "false", "flow_index": "0",
				"first_time": "2026-01-05T09:00:00.123456789Z", "schema": "1", "ruleset": "2", "interval": "0", "restarted": "false",
				"meter_start": "2026-01-05T09:00:00.123456789Z", "interval_end": "2026-01-05T09:00:00.123456789Z",
			}[c.Label]; {
			case ok:
				want += before + text + ">"
			default:
				want += "none"
			}
		}
		for _, b := range [][]byte{{'x'}, append(make([]byte, 0, 1<<16), 'x')} {
			if got := string(row.Append(b, rec)); got != want {
				t.Errorf("%d octets before each value:\n%s\nwant\n%s", len(before), got, want)
			}
		}
	}
}
