package flowfile

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// byLines reads all records of a file by NextLines and Decoders, which read what wanted
// says, as text; and errors.
func byLines(data []byte, room int, wanted func(mib.Attr) bool) (got []string) {
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		return []string{err.Error()}
	}
	buf := make([]byte, 0, room)
	for {
		c, err := r.NextCollection()
		if err == io.EOF {
			return got
		} else if err != nil {
			got = append(got, "error")
			continue
		}
		for {
			lines, err := r.NextLines(buf)
			if err == io.EOF {
				break
			}
			if err != nil {
				got = append(got, "error")
				continue
			}
			if r.Format() == nil {
				for line := range bytes.Lines(lines.Text) {
					if len(bytes.TrimSpace(line)) > 0 {
						got = append(got, "error")
					}
				}
				continue
			}
			number, name := r.RuleSet()
			d := r.Decoder(func(i int) bool { return wanted(r.Format().Attrs[i]) })
			var rec reader.Record
			for text := lines.Text; len(text) > 0; {
				rest, ok, err := d.Next(text, &rec)
				if text = rest; err != nil {
					got = append(got, "error")
				} else if ok {
					got = append(got, fmt.Sprint(c.From, number, name, rec.RuleSet, rec.Index, rec.FirstTime, rec.PeerType, shown(r.Format(), &rec, wanted)))
				}
			}
		}
		got = append(got, fmt.Sprint("end ", c.Complete, c.Number, c.Notes, c.Anew))
	}
}

// byRecords does the same by NextRecord.
func byRecords(data []byte, wanted func(mib.Attr) bool) (got []string) {
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		return []string{err.Error()}
	}
	for {
		c, err := r.NextCollection()
		if err == io.EOF {
			return got
		} else if err != nil {
			got = append(got, "error")
			continue
		}
		for {
			var rec reader.Record
			err := r.NextRecord(&rec)
			if err == io.EOF {
				break
			}
			if err != nil {
				got = append(got, "error")
				continue
			}
			number, name := r.RuleSet()
			if i := r.plan.ruleSet; i < 0 {
				rec.RuleSet = 0
			}
			got = append(got, fmt.Sprint(c.From, number, name, rec.RuleSet, rec.Index, rec.FirstTime, rec.PeerType, shown(r.Format(), &rec, wanted)))
		}
		got = append(got, fmt.Sprint("end ", c.Complete, c.Number, c.Notes, c.Anew))
	}
}

// shown are the wanted values of a record.
func shown(f *ruleset.Format, rec *reader.Record, wanted func(mib.Attr) bool) (out []string) {
	for i, a := range f.Attrs {
		if v := &rec.Values[i]; wanted(a) && !a.IsDistribution() {
			out = append(out, fmt.Sprint(a, v.Num, v.Octets[:v.Len]))
		}
	}
	return out
}

func wantAll(mib.Attr) bool    { return true }
func wantSome(a mib.Attr) bool { return a%3 != 1 }

const linesFile = `##NeTraMet v1:  -  gw eth0  octets=peer zone=UTC  9 flows  starting at 14:00:00 Mon 5 Jan 2026
#Format: flowruleset flowindex firsttime sourcepeertype sourcepeeraddress destpeeraddress:desttransaddress  sourceadjacentaddress flowkind  tooctets fromoctets
#Time: 14:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001
# a note
#Ruleset: 2 two
2 1 1 1 10.0.0.1 10.0.0.2:80  00-00-00-00-00-01 87  18446744073709551615 0
2 2 1 2 2001:db8::1 ::ffff:1.2.3.4:443  00-00-00-00-00-01 0  1 2
2 3 1 12 65280.5 1.2:0  00-00-00-00-00-01 0  1 2

2 4 1 x 65280.5 1.2:0  00-00-00-00-00-01 0  1 2
2 5 1 1 10.0.0.1 10.0.0.2:80  00-00-00-00-00-01 87  18446744073709551616 0
#Ruleset: 3 three
#Format: flowindex topdus (topacketsize) frompdus
1 2 (0 1 2 3) 4
7 2 (0) 4` + "\r\n\r\n" + `
#EndData: gw 1
#Time: 14:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001
#Ruleset: 3 three
1 2 (0 1 2 3) 4
#Unknown: 5
2 2 (0 1 2 3) 4
#Time: 14:03:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001
1 2 (0 1 2 3) 4
`

// TestLines: records read by the run and as far as they are wanted are those that are
// read one by one.
func TestLines(t *testing.T) {
	files := map[string][]byte{"a file": []byte(linesFile), "cut": []byte(linesFile)[:len(linesFile)-3]}
	files["3.x"], files["4.x"], files["fd_filter"] = []byte(oldFile), []byte(newerFile), []byte(filteredFile)
	block := linesFile[:strings.Index(linesFile, "2 2 1 2")]
	files["ends of lines that were made twice"] = []byte(block + "2 9 1 1 10.0.0.1 10.0.0.2:80  00-00-00-00-00-01 87  1 0\r\r\n2 9 1 1 10.0.0.1 10.0.0.2:80  00-00-00-00-00-01 87  1 0\r\r")
	files["blanks that are not of ASCII"] = []byte(block + "\u00a0\n\u3000\n \u0085")
	for name, data := range files {
		for _, room := range []int{1, 50, 200, 1 << 16} {
			for i, wanted := range []func(mib.Attr) bool{wantAll, wantSome} {
				want := byRecords(data, wanted)
				if d := cmp.Diff(want, byLines(data, room, wanted)); d != "" {
					t.Errorf("%s, room %d, wanted %d (-records +lines)\n%s", name, room, i, d)
				}
			}
		}
	}
}

func TestLinesDoNotAllocate(t *testing.T) {
	data := []byte(linesFile)[:strings.Index(linesFile, "2 3 1 12")]
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextCollection(); err != nil {
		t.Fatal(err)
	}
	lines, err := r.NextLines(make([]byte, 0, 1<<16))
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.ReplaceAll(lines.Text, []byte(":"), []byte("_"))
	text = bytes.ReplaceAll(text, []byte("2001_db8__1"), []byte("2001:db8::1"))
	text = bytes.ReplaceAll(text, []byte("__ffff_1.2.3.4"), []byte("::ffff:1.2.3.4"))
	if err := r.setFormat("flowruleset flowindex firsttime sourcepeertype sourcepeeraddress destpeeraddress_desttransaddress  sourceadjacentaddress flowkind  tooctets fromoctets"); err != nil {
		t.Fatal(err)
	}
	d := r.Decoder(func(int) bool { return true })
	var rec reader.Record
	n := testing.AllocsPerRun(100, func() {
		for rest := text; len(rest) > 0; {
			var ok bool
			if rest, ok, err = d.Next(rest, &rec); !ok || err != nil {
				t.Fatalf("%v", err)
			}
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzLines holds reading by the run against reading one by one.
func FuzzLines(f *testing.F) {
	f.Add([]byte(linesFile), 100)
	f.Add([]byte(linesFile[:len(linesFile)-1]+"\r\r"), 1)
	f.Fuzz(func(t *testing.T, data []byte, room int) {
		room = max(room%5000, 1)
		if d := cmp.Diff(byRecords(data, wantAll), byLines(data, room, wantAll), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("(-records +lines)\n%s", d)
		}
	})
}

// TestParseIPv6 against the standard library.
func TestParseIPv6(t *testing.T) {
	for _, s := range []string{"::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1::2::3", ":1::2", "1:", ":", "", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::01.2.3.4", "::1.2.3.4.5", "12345::", "g::", "::1:", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "::0.0.0.0", "1.2.3.4", "::1.2.3.4:5", "FFff:0:0:0:0:0:0:0"} {
		compareIPv6(t, s)
	}
}

func FuzzParseIPv6(f *testing.F) {
	f.Add("1:2::ffff:1.2.3.4")
	f.Fuzz(compareIPv6)
}

func compareIPv6(t *testing.T, s string) {
	var v reader.Value
	got := parseIPv6(&v, []byte(s))
	a, err := netip.ParseAddr(s)
	want := err == nil && a.Is6() && a.Zone() == ""
	if got != want || want && (v.Len != 16 || v.Octets != [mib.MaxAddress]byte(append(a.AsSlice(), 0, 0, 0, 0))) {
		t.Errorf("%q: %v %v, want %v %v", s, got, v, want, a)
	}
}

func BenchmarkDecode(b *testing.B) {
	var buf bytes.Buffer
	recs := make([]reader.Record, 1000)
	for i := range recs {
		recs[i] = defaultRecord(uint32(i + 1))
	}
	if err := put(NewWriter(&buf, testHeader()), interval(1), []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}, recs...); err != nil {
		b.Fatal(err)
	}
	for _, want := range []struct {
		name   string
		wanted func(mib.Attr) bool
	}{{"all", wantAll}, {"counters", func(a mib.Attr) bool { return a.Class() == mib.ClassCounter }}} {
		b.Run(want.name, func(b *testing.B) {
			b.SetBytes(int64(buf.Len()))
			room := make([]byte, 0, 1<<16)
			for b.Loop() {
				n := 0
				r, err := NewReader(bytes.NewReader(buf.Bytes()))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := r.NextCollection(); err != nil {
					b.Fatal(err)
				}
				var rec reader.Record
				for {
					lines, err := r.NextLines(room)
					if err == io.EOF {
						break
					}
					d := r.Decoder(func(i int) bool { return want.wanted(r.Format().Attrs[i]) })
					for text := lines.Text; len(text) > 0; n++ {
						if text, _, err = d.Next(text, &rec); err != nil {
							b.Fatal(err)
						}
					}
				}
				if n != len(recs) {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(len(recs)*b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// TestTextIsUTF8: names of files may be anything, flow data is UTF-8.
func TestTextIsUTF8(t *testing.T) {
	for text, want := range map[string]string{
		"gw":           "gw",
		"bad\xff.pcap": "bad\ufffd.pcap",
		"a \n b\x1b[m": "a_b_[m",
		"":             "-",
	} {
		if got := string(appendText(nil, text, '_')); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
