// Package amountstest reads the amounts in files that outputs wrote, for tests which hold
// them to what a meter has counted. It goes by what stands in the files, and by no code
// of those outputs but the reader of flow data files.
package amountstest

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
)

// Sum is a flow in a file: what it had counted at last, and its amounts together.
type Sum struct{ Counter, Amounts uint64 }

// Flow names a flow for ever, in one kind of file. First is a real time in some, which
// another run of nemac may tell a little differently.
type Flow struct{ RuleSet, Index, First string }

// Of reads the ToOctets of a file of a kind: jsonl, csv or flows. No amount may be
// unknown. What flows had counted is not in flow files. Flows of which name makes the
// same are one; nil: none are.
func Of(t testing.TB, kind, file string, name func(Flow) Flow) map[Flow]Sum {
	t.Helper()
	if name == nil {
		name = func(f Flow) Flow { return f }
	}
	all := map[Flow]Sum{}
	add := func(k Flow, counter, amount, baseline string) {
		n, err := strconv.ParseUint(counter, 10, 64)
		m, err2 := strconv.ParseUint(amount, 10, 64)
		if err = errors.Join(err, err2); err != nil || baseline != "false" {
			t.Fatalf("%s: flow %v: counter %q, amount %q, baseline %s", file, k, counter, amount, baseline)
		}
		k = name(k)
		all[k] = Sum{n, all[k].Amounts + m}
	}
	switch kind {
	case "jsonl":
		EachObject(t, file, func(o map[string]json.Number) {
			add(Flow{string(o["ruleset"]), string(o["flow_index"]), string(o["first_time"])}, string(o["to_octets"]), string(o["to_octets_amount"]), string(o["baseline"]))
		})
	case "csv":
		eachRow(t, file, func(row map[string]string) {
			add(Flow{row["ruleset"], row["flow_index"], row["first_time"]}, row["to_octets"], row["to_octets_amount"], row["baseline"])
		})
	case "flows":
		for _, c := range EachRecord(t, file, func(r *flowfile.Reader, rec *reader.Record) {
			k := name(Flow{strconv.Itoa(rec.RuleSet), strconv.Itoa(int(rec.Index)), strconv.FormatUint(rec.FirstTime, 10)})
			for i, a := range r.Format().Attrs {
				if a == mib.AttrToOctets {
					all[k] = Sum{0, all[k].Amounts + rec.Values[i].Num}
				}
			}
		}) {
			if !c.Complete || c.Baseline {
				t.Errorf("%s: collection %d: complete %v, unknown amounts %v: %v", file, c.Number, c.Complete, c.Baseline, c.Notes)
			}
		}
	default:
		t.Fatalf("files of kind %q", kind)
	}
	return all
}

// EachObject calls do for each flow of a file of JSON Lines, whose values of other types
// than numbers are their text.
func EachObject(t testing.TB, file string, do func(map[string]json.Number)) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var o map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %s: %v", file, line, err)
		}
		if string(o["type"]) != `"flow"` {
			continue
		}
		texts := map[string]json.Number{}
		for name, value := range o {
			texts[name] = json.Number(strings.Trim(string(value), `"`))
		}
		do(texts)
	}
}

// eachRow calls do for each row of a CSV file, by names of its columns.
func eachRow(t testing.TB, file string, do func(map[string]string)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatal(file, err)
	}
	for _, cells := range rows[1:] {
		row := map[string]string{}
		for i, name := range rows[0] {
			row[name] = cells[i]
		}
		do(row)
	}
}

// EachRecord calls do for each record of a flow data file, and returns its collections. A
// file into which nothing was written has none.
func EachRecord(t testing.TB, file string, do func(*flowfile.Reader, *reader.Record)) (all []*flowfile.Collection) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil && fi.Size() == 0 {
		return nil
	}
	r, err := flowfile.NewReader(f)
	for err == nil {
		var c *flowfile.Collection
		if c, err = r.NextCollection(); err != nil {
			break
		}
		var rec reader.Record
		for err = r.NextRecord(&rec); err == nil; err = r.NextRecord(&rec) {
			do(r, &rec)
		}
		all = append(all, c)
		if err == io.EOF {
			err = nil
		}
	}
	if err != io.EOF {
		t.Fatal(file, err)
	}
	return all
}
