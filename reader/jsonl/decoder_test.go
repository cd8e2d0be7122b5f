package jsonl

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/lines/linestest"
)

// TestDecoder: records that were written are read again, in all sets of names, but for
// what was not wanted.
func TestDecoder(t *testing.T) {
	for _, names := range []columns.Names{columns.RTFM, columns.ECS, columns.OTel} {
		c := linestest.Sample()[0]
		file := linestest.Write(t, New(names), []linestest.Collection{c})
		line, _, _ := bytes.Cut(file, []byte("\n"))
		var h Head
		members, err := ReadHead(line, &h)
		if err != nil || h.Type != "flow" || h.RuleSet != c.Tasks[0].RuleSet || h.Interval != 1 || !h.Start.Equal(c.Interval.MeterStart) {
			t.Fatalf("%s: %+v, %v", names, h, err)
		}
		s := NewShape(members)
		known := line[:bytes.Index(line, []byte(`"flow_index"`))]
		if names == columns.OTel {
			known = nil
		}
		d := s.Decoder(h.Start, func(at int) bool { return s.Format.Attrs[at] != mib.AttrToPDUs }, known)
		for i := range c.Records[:2] {
			var got reader.Record
			rest, ok, err := d.Next(file, &got)
			if file = rest; err != nil || !ok {
				t.Fatalf("%s: %v, %v", names, ok, err)
			}
			want := &c.Records[i]
			if got.Index != want.Index || got.FirstTime != want.FirstTime {
				t.Errorf("%s: flow %d of %d", names, got.Index, got.FirstTime)
			}
			for j, a := range c.Tasks[0].Format.Attrs {
				value := want.Values[j]
				switch {
				case a == mib.AttrToPDUs:
					value = reader.Value{}
				case a.Class() == mib.ClassCounter:
					value.Num = want.Amounts[j]
				}
				at := -1
				for k, b := range s.Format.Attrs {
					if a == b {
						at = k
					}
				}
				if at < 0 || got.Values[at] != value {
					t.Errorf("%s, flow %d: %s is %+v, want %+v", names, i, a, got.Values[max(at, 0)], value)
				}
			}
		}
	}
}

// TestDecoderBlanks: a line that somebody else has set with blanks is read as one without
// them, or refused.
func TestDecoderBlanks(t *testing.T) {
	const known = `{"type":"flow",`
	for _, row := range []struct {
		baseline string
		ok, want bool
	}{{"true", true, true}, {"false", true, false}, {" true", true, true}, {"\ttrue", true, true}, {"true ", false, false}, {"1", false, false}, {`"true"`, false, false}} {
		line := []byte(known + `"flow_index":7,"baseline":` + row.baseline + `}`)
		s := NewShape([]string{"type", "flow_index", "baseline"})
		for _, begin := range []string{"", known} {
			var rec reader.Record
			_, ok, err := s.Decoder(time.Unix(0, 0), func(int) bool { return true }, []byte(begin)).Next(line, &rec)
			if ok != row.ok || ok != (err == nil) || ok && (rec.Baseline != row.want || rec.Index != 7) {
				t.Errorf("%s, %q known: %v, %v, %+v", line, begin, ok, err, rec)
			}
		}
	}
}

// FuzzDecoder: whatever a line is, it is read as its first members say, or refused.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte(`{"type":"flow","schema":1,"meter":"gw","flow_index":1,"first_time":"2026-01-05T09:00:00Z","source_peer_address":"10.0.0.1","dest_trans_address":80,"to_octets":5,"to_octets_amount":null,"notes":["a",{"b":"\u00e9}"}]}`))
	f.Add([]byte(`{"type":"flow","flow_index":1,"baseline": true}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		line, _, _ = bytes.Cut(line, []byte("\n"))
		var h Head
		members, err := ReadHead(line, &h)
		if err != nil {
			return
		}
		s := NewShape(members)
		var rec reader.Record
		all := func(int) bool { return true }
		rest, ok, err := s.Decoder(time.Unix(0, 0), all, nil).Next(line, &rec)
		if len(rest) > 0 || ok && (err != nil || len(rec.Values) != len(s.Format.Attrs)) {
			t.Errorf("%q: %v, %v", line, ok, err)
		}
		// What all lines begin with need not be read.
		if i := bytes.Index(line, []byte(`,"flow_index":`)); i > 0 {
			var fast reader.Record
			_, okToo, _ := s.Decoder(time.Unix(0, 0), all, line[:i+1]).Next(line, &fast)
			if ok != okToo || ok && (rec.Index != fast.Index || rec.Baseline != fast.Baseline || !slices.Equal(rec.Values, fast.Values)) {
				t.Errorf("%q: %v %+v\n%v %+v", line, ok, rec, okToo, fast)
			}
		}
	})
}
