package flowfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netramet/internal/golden"
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// sample writes two rule sets over two collections: the shape of RFC 2123
// §4.1's sample, with what 4.x and this project add.
func sample(t testing.TB, out reader.Output) {
	t.Helper()
	protocols := reader.Task{RuleSet: 2, Name: "protocols", Format: format(t,
		`flowruleset flowindex firsttime "  " sourcepeertype sourcepeeraddress destpeeraddress "  " topdus frompdus "  " tooctets fromoctets`)}
	gateways := reader.Task{RuleSet: 7, Name: "gateway ports", Statistics: true, Format: format(t,
		`flowindex " " sourceadjacentaddress " > " destadjacentaddress "  " sourcepeertype sourcepeeraddress "/" sourcepeermask "  " sourcetranstype desttransaddress flowkind " [" topdus ":" frompdus "]"`)}
	tasks := []reader.Task{protocols, gateways}
	prot := func(index uint32, first uint64, t mib.PeerType, src, dst reader.Value, counts ...uint64) reader.Record {
		r := reader.Record{RuleSet: 2, Index: index, FirstTime: first, PeerType: t,
			Values: []reader.Value{num(2), num(uint64(index)), num(first), num(uint64(t)), src, dst}}
		for _, c := range counts {
			r.Values = append(r.Values, num(c))
		}
		return r
	}
	gate := func(index uint32, mac byte, t mib.PeerType, src, mask reader.Value, rest ...reader.Value) reader.Record {
		r := reader.Record{RuleSet: 7, Index: index, PeerType: t, Values: []reader.Value{num(uint64(index)),
			octets(0, 0x80, 0x48, 0x81, 0x0e, mac), octets(2, 7, 1, 4, 0xed, 0x4a), num(uint64(t)), src, mask}}
		r.Values = append(r.Values, rest...)
		return r
	}
	none := reader.Value{}
	iv1 := reader.Interval{Number: 1, Time: testStart.Add(300 * time.Second), From: 1, To: 30001,
		Stats: []reader.Stat{{Name: "packets", Value: "4210"}, {Name: "flows", Value: "6"}, {Name: "refused", Value: "0"}}}
	iv2 := reader.Interval{Number: 2, Time: testStart.Add(600 * time.Second), From: 30000, To: 60001,
		Stats: []reader.Stat{{Name: "packets", Value: "9977"}, {Name: "flows", Value: "8"}, {Name: "refused", Value: "0"}}}
	err := errors.Join(
		put(out, iv1, tasks,
			prot(1, 1, mib.PeerIPv4, addr("192.0.2.0"), addr("198.51.100.0"), 59, 65, 4286, 3796),
			prot(2, 13, mib.PeerIPv6, addr("2001:db8::"), addr("2001:db8:ffff::"), 12, 11, 1302, 980),
			prot(3, 18, mib.PeerIPX, octets(0, 0, 0, 0x1c, 0, 0, 0xc0, 0x11, 0x22, 0x33), none, 1, 0, 60, 0),
			prot(4, 21, mib.PeerAppleTalk, octets(0xff, 0, 5), octets(1, 0x90, 200), 4, 0, 222, 0),
			prot(5, 33, mib.PeerDECnet, octets(4, 1, 0x98), octets(59, 3, 13), 1, 1, 60, 60),
			prot(6, 40, mib.PeerNSAP, octets(0x47, 0, 5, 0x80, 0xff), none, 2, 0, 3000, 0),
			gate(7, 0x7c, mib.PeerIPv4, addr("192.0.2.9"), addr("255.255.255.255"), num(6), octets(0, 80), num('W'), num(9), num(7))),
		put(out, iv2, tasks,
			prot(1, 1, mib.PeerIPv4, addr("192.0.2.0"), addr("198.51.100.0"), 9586, 7148, 1111118, 565274),
			gate(7, 0x7c, mib.PeerIPv4, addr("192.0.2.9"), addr("255.255.255.255"), num(6), octets(0, 80), num('W'), num(19), num(17)),
			gate(8, 0x7d, mib.PeerIPv6, addr("2001:db8::9"), addr("ffff:ffff:ffff:ffff::"), num(17), octets(0x14, 0xe9), num(0), num(1), num(0))),
	)
	if err != nil {
		t.Fatal(err)
	}
}

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	sample(t, NewWriter(&b, testHeader()))
	golden.Compare(t, filepath.Join("testdata", "sample.flows"), b.Bytes())
}

func TestHeaderLine(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    Header
		line string
	}{
		{"whole", testHeader(), "##NeTraMet v6.0:  -C campus.pcap -T 300  campus.pcap pcap Ethernet  octets=frame zone=UTC  4000000 flows  starting at 09:58:30 Wed 5 Mar 2003"},
		{"empty parts", Header{Start: testStart, Octets: OctetsPeer}, "##NeTraMet v-:  -  - -  octets=peer zone=unknown  0 flows  starting at 09:58:30 Wed 5 Mar 2003"},
		{"odd white space", Header{Version: "1", Options: " a \n\tb  c ", Meter: "my trace", Interface: "x", Start: testStart, Zone: ZoneUTC},
			"##NeTraMet v1:  a b c  my_trace x  octets=unknown zone=UTC  0 flows  starting at 09:58:30 Wed 5 Mar 2003"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(appendHeader(nil, &tt.h)); got != tt.line+"\n" {
				t.Errorf("got  %s want %s", got, tt.line)
			}
			back, own, err := parseHeader([]byte(tt.line))
			if err != nil || !own {
				t.Fatalf("parseHeader: own %v, %v", own, err)
			}
			if got := string(appendHeader(nil, &back)); strings.ReplaceAll(got, "v:", "v-:") != tt.line+"\n" {
				t.Errorf("read back: %s", got)
			}
			if back.Octets != tt.h.Octets || back.Zone != tt.h.Zone || !back.Start.Equal(testStart) {
				t.Errorf("read back: %+v", back)
			}
		})
	}
}

func TestCheckFormat(t *testing.T) {
	sizes := []mib.Attr{mib.AttrToPacketSize, mib.AttrFromPacketSize}
	for _, tt := range []struct {
		name string
		f    ruleset.Format
		want string // part of the error; "" for none
	}{
		{"default", *ruleset.DefaultFormat(), ""},
		{"odd separators", ruleset.Format{Attrs: []mib.Attr{mib.AttrToPDUs, mib.AttrFromPDUs}, Seps: []string{"<", "|#|", ">"}}, ""},
		{"nothing", ruleset.Format{Seps: []string{""}}, "no attribute"},
		{"separators missing", ruleset.Format{Attrs: []mib.Attr{mib.AttrToPDUs}, Seps: []string{""}}, "1 separators for 1"},
		{"newline", ruleset.Format{Attrs: []mib.Attr{mib.AttrToPDUs}, Seps: []string{"", "\n"}}, "breaks the line"},
		{"looks like information", ruleset.Format{Attrs: []mib.Attr{mib.AttrToPDUs}, Seps: []string{"#", ""}}, "information lines"},
		{"not an attribute of flows", ruleset.Format{Attrs: []mib.Attr{mib.AttrV1}, Seps: []string{"", ""}}, "no attribute V1"},
		{"distributions apart", ruleset.Format{Attrs: sizes, Seps: []string{"(", " / ", ")"}}, ""},
		{"distributions side by side", ruleset.Format{Attrs: sizes, Seps: []string{"(", "  ", ")"}}, "numbers of ToPacketSize end and those of FromPacketSize begin"},
		{"attribute name inside", ruleset.Format{Attrs: []mib.Attr{mib.AttrToPDUs, mib.AttrFromPDUs}, Seps: []string{"", " flowkind ", ""}}, "read back"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckFormat(&tt.f)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWriterMisuse(t *testing.T) {
	task := simpleTask(t, 2, "two")
	rec := simpleRecord(2, 1, 1)
	for _, tt := range []struct {
		name string
		do   func(w *Writer) error
		want string
	}{
		{"record outside", func(w *Writer) error { return w.Record(&rec) }, "outside"},
		{"end outside", func(w *Writer) error { return w.End() }, "did not begin"},
		{"begin inside", func(w *Writer) error {
			return errors.Join(w.Begin(interval(1), []reader.Task{task}), w.Begin(interval(2), []reader.Task{task}))
		}, "inside another"},
		{"no format", func(w *Writer) error { return w.Begin(interval(1), []reader.Task{{RuleSet: 2}}) }, "no format"},
		{"foreign rule set", func(w *Writer) error {
			r := simpleRecord(3, 1, 1)
			return put(w, interval(1), []reader.Task{task}, r)
		}, "rule set 3"},
		{"rule set that is over", func(w *Writer) error {
			return put(w, interval(1), []reader.Task{task, simpleTask(t, 3, "three")}, simpleRecord(3, 1, 1), rec)
		}, "is over"},
		{"values missing", func(w *Writer) error {
			return put(w, interval(1), []reader.Task{task}, reader.Record{RuleSet: 2})
		}, "0 values for 3"},
		{"address too long", func(w *Writer) error {
			f := format(t, "sourcetransaddress")
			return put(w, interval(1), []reader.Task{{RuleSet: 2, Format: f}}, reader.Record{RuleSet: 2, Values: []reader.Value{octets(1, 2, 3)}})
		}, "3 octets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			err := tt.do(NewWriter(&b, testHeader()))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if strings.Contains(b.String(), endMark) {
				t.Errorf("a block was completed:\n%s", b.String())
			}
		})
	}
}

func TestAbortKeepsStateOfTheFile(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, testHeader())
	task := []reader.Task{simpleTask(t, 2, "two")}
	if err := w.Begin(interval(1), task); err != nil {
		t.Fatal(err)
	}
	rec := simpleRecord(2, 1, 1)
	if err := errors.Join(w.Record(&rec), w.Abort()); err != nil {
		t.Fatal(err)
	}
	if b.Len() != 0 {
		t.Fatalf("an aborted block was written:\n%s", b.String())
	}
	if err := put(w, interval(1), task, rec); err != nil {
		t.Fatal(err)
	}
	h, blocks := readAll(t, b.Bytes())
	if h.Meter != "campus.pcap" || len(blocks) != 1 || len(blocks[0].recs) != 1 {
		t.Errorf("after an aborted block: %+v %+v", h, blocks)
	}
}

func TestAbortAfterFlushLeavesWholeRecords(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, testHeader())
	if err := w.Begin(interval(1), []reader.Task{simpleTask(t, 2, "two")}); err != nil {
		t.Fatal(err)
	}
	for i := uint32(1); b.Len() == 0; i++ {
		rec := simpleRecord(2, i, 1)
		if err := w.Record(&rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Abort(), put(w, interval(2), []reader.Task{simpleTask(t, 2, "two")}, simpleRecord(2, 1, 5))); err != nil {
		t.Fatal(err)
	}
	_, blocks := readAll(t, b.Bytes())
	if len(blocks) != 2 || blocks[0].Complete || !blocks[1].Complete {
		t.Errorf("got %d blocks, want an incomplete and a complete one", len(blocks))
	}
}

// TestPartialWrite lets standard output's disk be full in the middle of a line.
func TestPartialWrite(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := NewWriter(&limited{File: f, left: 250}, testHeader())
	recs := make([]reader.Record, 100)
	for i := range recs {
		recs[i] = simpleRecord(2, uint32(i+1), 1000)
	}
	if err := put(w, interval(1), []reader.Task{simpleTask(t, 2, "two")}, recs...); !errors.Is(err, errFull) {
		t.Fatalf("got %v, want %v", err, errFull)
	}
	got, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 || len(got) == 250 || got[len(got)-1] != '\n' {
		t.Errorf("%d octets, not whole lines:\n%s", len(got), got)
	}
	if err := put(w, interval(2), nil); !errors.Is(err, errFull) {
		t.Errorf("after a write error: %v", err)
	}
}

var errFull = errors.New("no space left")

// limited is a file with room for left octets.
type limited struct {
	*os.File
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	n, err := l.File.Write(b[:min(len(b), l.left)])
	l.left -= n
	if err == nil && n < len(b) {
		err = errFull
	}
	return n, err
}

func defaultRecord(index uint32) reader.Record {
	return reader.Record{RuleSet: 2, Index: index, FirstTime: 1, PeerType: mib.PeerIPv4, Values: []reader.Value{
		num(2), num(uint64(index)), num(123456), num(7654321), num(1), addr("130.216.1.211"), addr("192.0.2.7"),
		num(6), octets(0xc3, 0x50), octets(1, 0xbb), num('W'), num(1234), num(1100), num(1234567), num(123456789)}}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	t.Run("writer", func(t *testing.T) { recordsDoNotAllocate(t, NewWriter(io.Discard, testHeader())) })
	t.Run("file", func(t *testing.T) {
		recordsDoNotAllocate(t, openFlows(t, filepath.Join(t.TempDir(), "flows"), Options{}))
	})
}

func recordsDoNotAllocate(t *testing.T, out reader.Output) {
	if err := out.Begin(interval(1), []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}); err != nil {
		t.Fatal(err)
	}
	rec := defaultRecord(1)
	write := func() {
		if err := out.Record(&rec); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 * flushAt / 60 { // until the buffer has its size
		write()
	}
	if n := testing.AllocsPerRun(5000, write); n != 0 {
		t.Errorf("%v allocations per record", n)
	}
	if err := out.Abort(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkRecord(b *testing.B) {
	w := NewWriter(io.Discard, testHeader())
	if err := w.Begin(interval(1), []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}); err != nil {
		b.Fatal(err)
	}
	rec := defaultRecord(1)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Record(&rec); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var buf bytes.Buffer
	recs := make([]reader.Record, 1000)
	for i := range recs {
		recs[i] = defaultRecord(uint32(i + 1))
	}
	if err := put(NewWriter(&buf, testHeader()), interval(1), []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}, recs...); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(buf.Len()))
	for b.Loop() {
		readAll(b, buf.Bytes())
	}
}
