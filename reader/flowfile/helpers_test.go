package flowfile

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

var testStart = time.Date(2003, time.March, 5, 9, 58, 30, 0, time.UTC)

func testHeader() Header {
	return Header{
		Version: "6.0", Options: "-C campus.pcap -T 300", Meter: "campus.pcap", Interface: "pcap Ethernet",
		MaxFlows: 4000000, Octets: OctetsFrame, Zone: ZoneUTC, Start: testStart,
	}
}

// format makes a Format of attribute names and quoted separators.
func format(t testing.TB, items string) *ruleset.Format {
	t.Helper()
	var b ruleset.FormatBuilder
	for items = strings.TrimSpace(items); items != ""; items = strings.TrimSpace(items) {
		if items[0] == '"' {
			end := strings.IndexByte(items[1:], '"') + 1
			if err := b.Text(items[1:end]); err != nil {
				t.Fatal(err)
			}
			items = items[end+1:]
			continue
		}
		word, rest, _ := strings.Cut(items, " ")
		a, ok := mib.Lookup(word)
		if !ok {
			t.Fatalf("no attribute %q", word)
		}
		if err := b.Attr(a); err != nil {
			t.Fatal(err)
		}
		items = rest
	}
	f, err := b.Format()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func num(n uint64) reader.Value { return reader.Value{Num: n} }

func octets(o ...byte) (v reader.Value) {
	v.Len = uint8(copy(v.Octets[:], o))
	return v
}

func addr(s string) reader.Value { return octets(netip.MustParseAddr(s).AsSlice()...) }

// put writes one collection to out.
func put(out reader.Output, iv reader.Interval, tasks []reader.Task, recs ...reader.Record) error {
	if err := out.Begin(iv, tasks); err != nil {
		return err
	}
	for i := range recs {
		if err := out.Record(&recs[i]); err != nil {
			return errors.Join(err, out.Abort())
		}
	}
	if err := out.End(); err != nil {
		return errors.Join(err, out.Abort())
	}
	return nil
}

// block is what a Reader gave for one collection.
type block struct {
	Collection
	recs []reader.Record
}

// readAll parses a whole file; any error is fatal.
func readAll(t testing.TB, data []byte) (Header, []block) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	for {
		c, err := r.NextCollection()
		if err == io.EOF {
			return r.Header(), all
		}
		if err != nil {
			t.Fatalf("NextCollection: %v", err)
		}
		var b block
		for {
			var rec reader.Record
			if err := r.NextRecord(&rec); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("NextRecord: %v", err)
			}
			b.recs = append(b.recs, rec)
		}
		b.Collection = *c
		all = append(all, b)
	}
}

// simpleTask and simpleRecord are a task of three attributes and a flow of it.
func simpleTask(t testing.TB, number int, name string) reader.Task {
	return reader.Task{RuleSet: number, Name: name, Format: format(t, "flowruleset flowindex topdus")}
}

func simpleRecord(set int, index uint32, pdus uint64) reader.Record {
	return reader.Record{RuleSet: set, Index: index,
		Values: []reader.Value{num(uint64(set)), num(uint64(index)), num(pdus)}}
}

func interval(n uint64) reader.Interval {
	iv := reader.Interval{Number: n, Time: testStart.Add(time.Duration(n) * 300 * time.Second), From: 1, To: 1 + n*30000}
	if n > 1 {
		iv.From = (n-1)*30000 + 1 - 1
	}
	return iv
}
