package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
)

// flowSum is a flow in a file: what it had counted at last, and its amounts together.
type flowSum struct{ counter, amounts uint64 }

// flowKey names a flow for ever, in one kind of file.
type flowKey struct{ ruleSet, index, first string }

// amountsOf reads the ToOctets of a file of a kind, where no amount may be unknown. What
// flows had counted is not in flow files.
func amountsOf(t testing.TB, kind, file string) map[flowKey]flowSum {
	t.Helper()
	all := map[flowKey]flowSum{}
	switch add := func(k flowKey, counter, amount, baseline string) {
		n, err := strconv.ParseUint(counter, 10, 64)
		m, err2 := strconv.ParseUint(amount, 10, 64)
		if err = errors.Join(err, err2); err != nil || baseline != "false" {
			t.Fatalf("%s: flow %v: counter %q, amount %q, baseline %s", file, k, counter, amount, baseline)
		}
		all[k] = flowSum{n, all[k].amounts + m}
	}; kind {
	case "jsonl":
		eachObject(t, file, func(o map[string]json.Number) {
			add(flowKey{string(o["ruleset"]), string(o["flow_index"]), string(o["first_time"])}, string(o["to_octets"]), string(o["to_octets_amount"]), string(o["baseline"]))
		})
	case "csv":
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil || len(rows) == 0 {
			t.Fatal(file, err)
		}
		at := map[string]int{}
		for i, name := range rows[0] {
			at[name] = i
		}
		for _, row := range rows[1:] {
			add(flowKey{row[at["ruleset"]], row[at["flow_index"]], row[at["first_time"]]}, row[at["to_octets"]], row[at["to_octets_amount"]], row[at["baseline"]])
		}
	case "flows":
		eachRecord(t, file, func(r *flowfile.Reader, rec *reader.Record) {
			k := flowKey{strconv.Itoa(rec.RuleSet), strconv.Itoa(int(rec.Index)), strconv.FormatUint(rec.FirstTime, 10)}
			for i, a := range r.Format().Attrs {
				if a == mib.AttrToOctets {
					all[k] = flowSum{0, all[k].amounts + rec.Values[i].Num}
				}
			}
		})
	}
	if len(all) == 0 {
		t.Errorf("%s: no flows", file)
	}
	return all
}

// eachObject calls do for each flow of a file of JSON Lines, whose values of other types
// than numbers are their text.
func eachObject(t testing.TB, file string, do func(map[string]json.Number)) {
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

// eachRecord calls do for each record of a flow data file, whose collections must be
// whole.
func eachRecord(t testing.TB, file string, do func(*flowfile.Reader, *reader.Record)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
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
		if err == io.EOF {
			err = nil
		}
		if !c.Complete || c.Baseline {
			t.Errorf("%s: collection %d: complete %v, unknown amounts %v", file, c.Number, c.Complete, c.Baseline)
		}
	}
	if err != io.EOF {
		t.Fatal(file, err)
	}
}

// checkAmounts holds files of JSON Lines and CSV, and one of amounts that is a flow file
// or "", to the counters: the amounts of each flow add up to what it had counted at last,
// and none is unknown.
func checkAmounts(t testing.TB, jsonl, csv, flows string) {
	t.Helper()
	rows := amountsOf(t, "jsonl", jsonl)
	var total uint64
	for k, c := range rows {
		if total += c.counter; c.counter != c.amounts {
			t.Errorf("flow %v counted %d, its amounts are %d", k, c.counter, c.amounts)
		}
	}
	for k, c := range amountsOf(t, "csv", csv) {
		if rows[k] != c {
			t.Errorf("flow %v is %v in CSV and %v in JSON Lines", k, c, rows[k])
		}
		delete(rows, k)
	}
	if len(rows) > 0 {
		t.Errorf("CSV has no flows %v", rows)
	}
	if flows == "" {
		return
	}
	for _, c := range amountsOf(t, "flows", flows) {
		total -= c.amounts
	}
	if total != 0 {
		t.Errorf("the sum of the flow file's amounts is %d less than that of the counters", int64(total))
	}
}

// systemTo: all kinds of output are what batch mode writes, in intervals, with amounts,
// and with the times of FORMATs that do not ask for them.
func systemTo(t *testing.T, s *system) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	to := func(name string) []string {
		return []string{"--meter-name", "m", "-F", at(name + ".flows"), "--to", "csv:" + at(name+".csv"), "--to", "jsonl:" + at(name+".jsonl"), "--amounts"}
	}
	args := []string{"-C", testdata("office.pcap"), "-T60"}
	short := writeFile(t, "short.srl", "set short; format FlowIndex \" \" FirstTime \": \" ToOctets; save SourcePeerType; count;\n")
	rules := append(ruleFiles("services.srl"), short)
	s.start(t, "", s.meter, append(append(append([]string{"-s"}, args...), to("batch")...), rules...)...).want(0)
	m := s.startMeter(t, args...)
	collect := append([]string{"-C"}, to("snmp")[2:]...)
	for _, r := range rules {
		collect = append(collect, "-r", r)
	}
	s.startNemac(t, m.port, collect...).want(0)
	m.want(0)
	for _, kind := range []string{"csv", "jsonl"} {
		want, err := os.ReadFile(at("batch." + kind))
		got, err2 := os.ReadFile(at("snmp." + kind))
		if err = errors.Join(err, err2); err != nil || string(got) != string(want) {
			t.Errorf("%s differs from batch mode: %v, %s", kind, err, firstDifference(string(got), string(want)))
		}
	}
	checkFlows(t, at("snmp.flows"), afterHeader(t, at("batch.flows")))
	checkAmounts(t, at("snmp.jsonl"), at("snmp.csv"), at("snmp.flows"))
	eachObject(t, at("snmp.jsonl"), func(o map[string]json.Number) {
		if o["first_time"] == "null" || o["last_time"] == "null" {
			t.Fatalf("a flow without its times: %v", o)
		}
	})
}
