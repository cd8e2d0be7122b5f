package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"netramet/reader/amounts/amountstest"
)

// amountsOf is amountstest.Of for a file that has flows.
func amountsOf(t testing.TB, kind, file string) map[amountstest.Flow]amountstest.Sum {
	t.Helper()
	all := amountstest.Of(t, kind, file, nil)
	if len(all) == 0 {
		t.Errorf("%s: no flows", file)
	}
	return all
}

// checkAmounts holds files of JSON Lines and CSV, and one of amounts that is a flow file
// or "", to the counters: the amounts of each flow add up to what it had counted at last,
// and none is unknown.
func checkAmounts(t testing.TB, jsonl, csv, flows string) {
	t.Helper()
	rows := amountsOf(t, "jsonl", jsonl)
	var total uint64
	for k, c := range rows {
		if total += c.Counter; c.Counter != c.Amounts {
			t.Errorf("flow %v counted %d, its amounts are %d", k, c.Counter, c.Amounts)
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
		total -= c.Amounts
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
	amountstest.EachObject(t, at("snmp.jsonl"), func(o map[string]json.Number) {
		if o["first_time"] == "null" || o["last_time"] == "null" {
			t.Fatalf("a flow without its times: %v", o)
		}
	})
}
