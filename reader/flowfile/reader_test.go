package flowfile

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// oldFile is of the shape that NeTraMet 3.x wrote: a year of two digits, peer
// types of before RFC 2720, no end of a block.
const oldFile = `##NeTraMet v3.2.  -c300 -r rules.test  meter1 -i eth0  2000 flows  starting at 08:00:00 Mon 6 Nov 95
#Format: flowruleset flowindex firsttime  sourcepeertype sourcepeeraddress destpeeraddress  topdus frompdus
#Time: 08:00:00 Mon  6 Nov 95 meter1 Flows from 1 to 512
1 2 11  2 192.0.2.0 198.51.100.0  5 6
1 3 11  5 4.1.152.0 59.2.189.0  2 2
#Strange: something else
#Time: 08:05:00 Mon  6 Nov 95 meter1 Flows from 511 to 30512
1 2 11  2 192.0.2.0 198.51.100.0  7 9
#EndData: meter1
`

func TestOldFile(t *testing.T) {
	h, blocks := readAll(t, []byte(oldFile))
	if h.Version != "3.2" || h.Options != "-c300 -r rules.test" || h.Meter != "meter1" || h.Interface != "-i eth0" ||
		h.MaxFlows != 2000 || !h.Start.Equal(time.Date(1995, 11, 6, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("header %+v", h)
	}
	if len(blocks) != 2 || len(blocks[0].recs) != 2 || len(blocks[1].recs) != 1 {
		t.Fatalf("blocks %+v", blocks)
	}
	if b := blocks[0]; b.Complete || b.From != 1 || b.To != 512 || b.Meter != "meter1" {
		t.Errorf("first block %+v", b.Collection)
	}
	if b := blocks[1]; !b.Complete || b.HasNumber {
		t.Errorf("second block %+v", b.Collection)
	}
	want := reader.Record{RuleSet: 1, Index: 3, FirstTime: 11, PeerType: 5, Values: []reader.Value{
		num(1), num(3), num(11), num(5), addr("4.1.152.0"), addr("59.2.189.0"), num(2), num(2)}}
	if d := cmp.Diff(want, blocks[0].recs[1], cmp.AllowUnexported(reader.Record{}, reader.Value{})); d != "" {
		t.Error(d)
	}
}

func TestNotes(t *testing.T) {
	r, err := NewReader(iotest.OneByteReader(strings.NewReader(oldFile)))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.NextCollection()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	notes, n := r.Skipped()
	if d := cmp.Diff([]Note{{Line: 6, Text: "#Strange: something else"}}, notes); n != 1 || d != "" {
		t.Errorf("%d notes, %s", n, d)
	}
}

func TestSampleReadsBack(t *testing.T) {
	var b bytes.Buffer
	sample(t, NewWriter(&b, testHeader()))
	h, blocks := readAll(t, b.Bytes())
	if d := cmp.Diff(testHeader(), h); d != "" {
		t.Error(d)
	}
	if len(blocks) != 2 || len(blocks[0].recs) != 7 || len(blocks[1].recs) != 3 {
		t.Fatalf("%d blocks", len(blocks))
	}
	c := blocks[1].Collection
	want := Collection{Meter: "campus.pcap", Time: testStart.Add(600 * time.Second), From: 30000, To: 60001,
		Stats:    []reader.Stat{{Name: "packets", Value: "9977"}, {Name: "flows", Value: "8"}, {Name: "refused", Value: "0"}},
		Complete: true, Number: 2, HasNumber: true}
	if d := cmp.Diff(want, c); d != "" {
		t.Error(d)
	}
	if rec := blocks[1].recs[2]; rec.RuleSet != 7 || rec.Index != 8 || rec.PeerType != mib.PeerIPv6 || rec.Values[4] != addr("2001:db8::9") {
		t.Errorf("last record %+v", rec)
	}
}

func TestReaderErrors(t *testing.T) {
	const head = "##NeTraMet v1:  -  m -  octets=frame zone=UTC  1 flows  starting at 00:00:00 Thu 1 Jan 1970\n"
	const block = "#Time: 00:00:00 Thu  1 Jan 1970 m Flows from 1 to 2\n"
	for _, tt := range []struct{ name, file, want string }{
		{"empty", "", "line 1: an empty file"},
		{"something else", "\x1f\x8b\x08 zip", "line 1: first line"},
		{"no date", "##NeTraMet v1:  -  m -  1 flows  starting at noon\n", `line 1: time "noon"`},
		{"bad flows", "##NeTraMet v1:  -  m -  x flows  starting at 00:00:00 Thu 1 Jan 1970\n", "number of flows"},
		{"record without format", head + block + "1 2 3\n", "line 3: a flow record without"},
		{"format without attribute", head + "#Format: hello\n", "line 2: #Format"},
		{"wrong value", head + "#Format: flowindex topdus\n" + block + "1 x\n", `line 4: "x" is no value of ToPDUs`},
		{"wrong separator", head + "#Format: flowindex topdus\n" + block + "1:2\n", `line 4: expected " " before ToPDUs, in column 2`},
		{"too many ways", head + "#Format: flowindextopdusfrompdustooctetsfromoctets x\n" + block + strings.Repeat("1", 60) + " y x\n", "line 4: the separators leave too many ways|line 4: the record is not of the format"},
		{"too much", head + "#Format: flowindex topdus\n" + block + "1 2 3\n", `line 4: " 3" follows`},
		{"several ways", head + "#Format: flowindextopdus\n" + block + "1002\n", "line 4: the separators leave more than one way"},
		{"bad interval", head + "#Time: 00:00:00 Thu  1 Jan 1970 m Flows from 1 2\n", "line 2: #Time line"},
		{"no interval", head + "#Time: 00:00:00\n", `line 2: #Time line without`},
		{"bad time", head + "#Time: 25:00:00 Thu  1 Jan 1970 m Flows from 1 to 2\n", "line 2: #Time line: time"},
		{"bad rule set", head + block + "#Ruleset: 300 x\n", `line 3: #Ruleset: "300"`},
		{"bad stats", head + block + "#Stats: x\n", "line 3: #Stats"},
		{"long line", head + block + "#" + strings.Repeat("x", 2*MaxLine) + "\n", "line 3: more than 1048576 octets"},
		{"long last line", head + block + strings.Repeat("x", 2*MaxLine), "line 3: more than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := firstError(strings.NewReader(tt.file))
			ok := false
			for _, w := range strings.Split(tt.want, "|") {
				ok = ok || err != nil && strings.Contains(err.Error(), w)
			}
			if !ok {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("%v is no *SyntaxError", err)
			}
		})
	}
}

// firstError returns the first error but io.EOF of reading a file to its end.
func firstError(f io.Reader) (first error) {
	r, err := NewReader(f)
	if err != nil {
		return err
	}
	var rec reader.Record
	for {
		_, err := r.NextCollection()
		for err == nil {
			err = r.NextRecord(&rec)
			if err == nil {
				continue
			}
			if err != io.EOF && first == nil {
				first = err
			}
			var syntax *SyntaxError
			if errors.As(err, &syntax) {
				err = nil
			}
		}
		if first == nil && err != io.EOF {
			first = err
		}
		if first != nil {
			return first
		}
		if _, err = r.peekLine(); err == io.EOF {
			return nil
		}
	}
}

func TestGoesOnAfterABadLine(t *testing.T) {
	file := strings.Replace(oldFile, "1 3 11  5", "1 3 eleven  5", 1)
	r, err := NewReader(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextCollection(); err != nil {
		t.Fatal(err)
	}
	var rec reader.Record
	if err := r.NextRecord(&rec); err != nil {
		t.Fatal(err)
	}
	var syntax *SyntaxError
	if err := r.NextRecord(&rec); !errors.As(err, &syntax) || syntax.Line != 5 {
		t.Fatalf("got %v, want an error of line 5", err)
	}
	if err := r.NextRecord(&rec); err != io.EOF {
		t.Fatalf("got %v, want io.EOF", err)
	}
	if c, err := r.NextCollection(); err != nil || c.From != 511 {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func TestReadError(t *testing.T) {
	broken := errors.New("cable pulled")
	err := firstError(io.MultiReader(strings.NewReader(oldFile[:300]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestRoundTrip: what was written reads back the same, for all attributes, peer
// types and separators that CheckFormat lets through; where separators make a
// record ambiguous the reader says so and guesses nothing.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFormat(t)
		if CheckFormat(f) != nil {
			return
		}
		p, err := newPlan(f)
		if err != nil {
			t.Fatal(err)
		}
		pt := rapid.SampledFrom([]mib.PeerType{0, 1, 2, 3, 11, 12, 13, 14, 240, 255}).Draw(t, "peer type")
		var recs []reader.Record
		for range rapid.IntRange(1, 3).Draw(t, "records") {
			recs = append(recs, drawRecord(t, p, pt))
		}
		var b bytes.Buffer
		task := []reader.Task{{RuleSet: 9, Name: "any", Format: f}}
		if err := put(NewWriter(&b, testHeader()), interval(3), task, recs...); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.NextCollection(); err != nil {
			t.Fatal(err)
		}
		for i := range recs {
			var got reader.Record
			if err := r.NextRecord(&got); err != nil {
				if !p.certain && strings.Contains(err.Error(), " way") {
					return
				}
				t.Fatalf("%v\n%s", err, b.String())
			}
			for k := range got.Values {
				if g, w := got.Numbers(k), recs[i].Numbers(k); !slices.Equal(g, w) {
					t.Fatalf("%s: got %d, want %d\n%s", p.cols[k].attr, g, w, b.String())
				}
				if p.cols[k].form == formDist {
					continue
				}
				want := normal(&p.cols[k], recs[i].Values[k], pt)
				if got.Values[k] != want {
					t.Fatalf("%s: got %+v, want %+v\n%s", p.cols[k].attr, got.Values[k], want, b.String())
				}
			}
		}
	})
}

func drawFormat(t *rapid.T) *ruleset.Format {
	var attrs []mib.Attr
	for _, a := range mib.Attrs() {
		if _, ok := formOf(a); ok {
			attrs = append(attrs, a)
		}
	}
	seps := []string{" ", "  ", ":", "/", "\t", " (", ") ", ", ", "-", ".", "", " 0 ", "->", "=\"", "é"}
	f := &ruleset.Format{
		Attrs: rapid.SliceOfNDistinct(rapid.SampledFrom(attrs), 1, 12, rapid.ID[mib.Attr]).Draw(t, "attributes"),
		Seps:  []string{rapid.SampledFrom([]string{"", " ", "flow: ", "("}).Draw(t, "head")},
	}
	for range f.Attrs {
		f.Seps = append(f.Seps, rapid.SampledFrom(seps).Draw(t, "separator"))
	}
	return f
}

func drawRecord(t *rapid.T, p *plan, pt mib.PeerType) reader.Record {
	var rec reader.Record
	rec.Clear(len(p.cols))
	rec.RuleSet, rec.PeerType = 9, pt
	for i := range p.cols {
		c, v := &p.cols[i], &rec.Values[i]
		switch c.form {
		case formDist:
			if rapid.Bool().Draw(t, "distribution") {
				rec.AddNumbers(i, rapid.SliceOfN(rapid.Uint64(), 2, 256).Draw(t, "counters")...)
			}
		case formNumber:
			v.Num = rapid.Uint64Range(0, maxNumber(c.attr)).Draw(t, "number")
			switch c.attr {
			case mib.AttrSourcePeerType, mib.AttrDestPeerType:
				v.Num = uint64(pt)
			case mib.AttrFlowRuleSet:
				v.Num = 9
			}
		case formPort:
			v.Len = rapid.SampledFrom([]uint8{0, 2}).Draw(t, "length")
		case formHyphen, formAdjacent:
			v.Len = rapid.Uint8Range(0, mib.MaxAddress).Draw(t, "length")
		case formPeer:
			v.Len = rapid.SampledFrom([]uint8{0, 1, 3, 4, 5, 10, 16, 20, uint8(pt.AddressSize())}).Draw(t, "length")
		}
		for k := range v.Octets[:v.Len] {
			v.Octets[k] = rapid.SampledFrom([]byte{0, 0, 1, 10, 127, 255, 0xab}).Draw(t, "octet")
		}
	}
	return rec
}

// FuzzReader: whatever comes in, reading ends, and a record that was read and
// is written again reads the same.
func FuzzReader(f *testing.F) {
	var b bytes.Buffer
	sample(f, NewWriter(&b, testHeader()))
	f.Add(b.Bytes())
	f.Add([]byte(oldFile))
	f.Add([]byte("##NeTraMet v1\n#Format: sourcepeeraddress:sourcetransaddress topacketsize\n#Time: 01:02:03 Mon 1 Jan 99 m Flows from 1 to 2\n::1:80 1 2 3\n#EndData\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		var rec reader.Record
		for lines := 0; lines <= len(data)+1; lines++ {
			if r.cur == nil {
				if _, err := r.NextCollection(); err == io.EOF {
					return
				}
				continue
			}
			if err := r.NextRecord(&rec); err != nil {
				continue
			}
			checkAgain(t, r, &rec)
		}
		t.Fatalf("still reading after %d calls", len(data)+1)
	})
}

// checkAgain writes rec in its format and reads it again. A record that shows
// two different peer types may come out otherwise.
func checkAgain(t *testing.T, r *Reader, rec *reader.Record) {
	p := r.plan
	line, err := p.appendRecord(nil, rec)
	if err != nil {
		t.Fatalf("%q does not print: %v", r.fields, err)
	}
	fields, err := p.split(bytes.TrimSuffix(line, []byte("\n")), nil)
	if err != nil {
		if p.certain {
			t.Fatalf("%q does not read again: %v", line, err)
		}
		return
	}
	var again reader.Record
	again.Clear(len(p.cols))
	again.PeerType = rec.PeerType
	for i := range p.cols {
		if !p.cols[i].parse(&again, i, fields[i]) || again.Values[i] != rec.Values[i] || !slices.Equal(again.Numbers(i), rec.Numbers(i)) {
			t.Fatalf("%s: %q became %q", p.cols[i].attr, r.fields[i], fields[i])
		}
	}
}
