package meter

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/sources/wire"
)

// TestExporters: what exporters tell of a record counts for that record alone, also
// where another record of its stream has the opposite, whatever is remembered.
func TestExporters(t *testing.T) {
	one := wire.Exporter{ID: 0xc0000201, ASN: [2]uint32{64500, 64501}, Interface: [2]uint32{3, 300}, Prefix: [2]uint8{24, 16}}
	two := wire.Exporter{ID: 0xc0000202, ASN: [2]uint32{64500, 0}, Interface: [2]uint32{1 << 24, 2}}
	var records []wire.Record
	for i, x := range []wire.Exporter{one, one, two, one, {}, two} {
		f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", time.Duration(i)*time.Second)
		if f.Interface = 7; i == 3 {
			f = tcp(t, "10.0.0.2:2", "10.0.0.1:1", time.Duration(i)*time.Second)
		}
		records = append(records, wire.Record{Frame: f, FirstTime: wire.NoTime, LastTime: wire.NoTime, PDUs: 10, Octets: 100, Exporter: x})
	}
	for _, tt := range []struct {
		rules string
		want  []string
	}{
		{`save SourceInterface; save DestInterface; count;`, []string{
			"30 0 SourceInterface=[3] DestInterface=[255]", "20 0 SourceInterface=[255] DestInterface=[2]",
			"10 0 SourceInterface=[7] DestInterface=[7]"}},
		{`save MeterID; save SourceASN; save DestPrefix; count;`, []string{
			"30 0 MeterID=[192 0 2 1] SourceASN=[0 0 251 244] DestPrefix=[16]", "20 0 MeterID=[192 0 2 2] SourceASN=[0 0 251 244] DestPrefix=[0]",
			"10 0 MeterID=[0 0 0 99] SourceASN=[0 0 0 0] DestPrefix=[0]"}},
		{`if DestASN == 64501 save SourcePeerAddress; else ignore; count;`, []string{"10 0 SourcePeerAddress=[10 0 0 2]", "20 0 SourcePeerAddress=[10 0 0 1]"}},
		{`save SourcePeerAddress; save DestPeerAddress; count;`, []string{"50 10 SourcePeerAddress=[10 0 0 1] DestPeerAddress=[10 0 0 2]"}},
	} {
		slices.Sort(tt.want)
		for _, cfg := range []Config{{}, {Cache: NoCache}, {Lanes: 3}, {Lanes: 3, Near: NeverNear}} {
			cfg.Records, cfg.MeterID = true, 99
			m := newMeter(t, cfg, tt.rules)
			for i := range records {
				m.Feed(&wire.Batch{Records: records[i : i+1]})
			}
			got := flowsOf(m, 2)
			slices.Sort(got)
			for i := range got {
				got[i], _, _ = strings.Cut(strings.ReplaceAll(got[i], " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0]", "]"), "&")
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s\nlanes %d, cache %d: got\n%q\nwant\n%q", tt.rules, cfg.Lanes, cfg.Cache, got, tt.want)
			}
		}
	}
}

// TestOwnTimes: a flow's times are those of its records' packets; when it has changed
// is when the records came. Octets may be told by the frame.
func TestOwnTimes(t *testing.T) {
	const s = time.Second
	record := func(first, last, came time.Duration, src string, octets uint64) wire.Record {
		f := tcp(t, src, "10.0.0.9:80", came)
		return wire.Record{Frame: f, FirstTime: f.Time + int64(first-came), LastTime: f.Time + int64(last-came), PDUs: 3, Octets: octets}
	}
	for lanes := range 3 {
		var ended []string
		cfg := Config{Records: true, Lanes: lanes + 1, StreamEnded: func(e *StreamEnd) {
			ended = append(ended, time.Duration(e.Last-e.First).String())
		}}
		m := newMeter(t, cfg, `save SourcePeerAddress; count;`)
		b := wire.Batch{Records: []wire.Record{
			record(0, 0, 0, "10.0.0.1:1", 1), // the meter's start
			record(8*s, 12*s, 20*s, "10.0.0.2:1", 2),
			record(5*s, 9*s, 21*s, "10.0.0.2:1", wire.OctetsOfFrame), // came later, was earlier
			record(-9*s, 25*s, 22*s, "10.0.0.3:1", 3),                // before the start, after the clock
			record(19*s, 18*s, 23*s, "10.0.0.4:1", 1e9),              // first after last
		}}
		b.Records = append(b.Records, wire.Record{Frame: tcp(t, "10.0.0.5:1", "10.0.0.9:80", 24*s), FirstTime: wire.NoTime, LastTime: wire.NoTime, PDUs: 1, Octets: 7})
		m.Feed(&b)
		got := ""
		m.View(func(st *State) {
			var f Flow
			for i := st.NextFlow(2, 0, 0); i != 0; i = st.NextFlow(2, 0, i) {
				st.Flow(i, &f)
				got += fmt.Sprintf("%d to %d, changed %d, %d PDUs, %d octets; ", f.FirstTime, f.LastActive, f.Changed, f.PDUs[0], f.Octets[0])
			}
			if c := st.Counts(); c.Late != 0 {
				t.Errorf("%d late", c.Late)
			}
		})
		want := "1 to 1, changed 1, 3 PDUs, 1 octets; 801 to 1201, changed 2101, 6 PDUs, 164 octets; " +
			"1 to 2201, changed 2201, 3 PDUs, 3 octets; 1801 to 1801, changed 2301, 3 PDUs, 1000000000 octets; 2401 to 2401, changed 2401, 1 PDUs, 7 octets; "
		if got != want {
			t.Errorf("%d lanes: got\n%s\nwant\n%s", lanes+1, got, want)
		}
		m.Finish()
		slices.Sort(ended)
		if got, want := fmt.Sprint(ended), "[0s 0s 0s 22s 7s]"; got != want {
			t.Errorf("%d lanes: streams lasted %s, want %s", lanes+1, got, want)
		}
	}
}
