package local_test

import (
	"context"
	"io"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/columns"
	"netramet/reader/csv"
	"netramet/reader/flowfile"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
	"netramet/reader/local"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

const fiveTuple = `save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
	save SourceTransType; save SourceTransAddress; save DestTransAddress; count;`

// BenchmarkCollect reads 100,000 flows, all of them changed, and writes them: as flow
// data, and as outputs of lines with amounts; "id" has Community IDs beside.
func BenchmarkCollect(b *testing.B) {
	const flows = 100_000
	rs, _, err := srl.Compile("test.srl", []byte(fiveTuple), srl.Options{Optimise: -1})
	if err != nil {
		b.Fatal(err)
	}
	m := filled(b, rs, flows)
	flowData := func() (reader.Output, error) {
		return flowfile.NewWriter(io.Discard, flowfile.Header{Version: "test", Meter: "m", Interface: "i", Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC}), nil
	}
	ofLines := func(f lines.Format) func() (reader.Output, error) {
		return func() (reader.Output, error) {
			out, err := lines.Open("-", f, lines.Options{Stdout: io.Discard})
			return amounts.New(out), err
		}
	}
	asCSV, asJSON := ofLines(csv.New(columns.RTFM)), ofLines(jsonl.New(columns.RTFM))
	for _, to := range []struct {
		name  string
		out   func() (reader.Output, error)
		saved *ruleset.Saved
	}{
		{"flows", flowData, nil}, {"csv", asCSV, nil}, {"jsonl", asJSON, nil}, {"csv-id", asCSV, rs.Saved()}, {"jsonl-id", asJSON, rs.Saved()},
	} {
		b.Run(to.name, func(b *testing.B) {
			tasks := []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat(), Saved: to.saved}}
			b.ReportAllocs()
			for b.Loop() {
				out, err := to.out()
				if err != nil {
					b.Fatal(err)
				}
				if _, _, err := reader.Collect(context.Background(), local.New(m, "meter"), tasks, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(flows*b.N), "ns/flow")
		})
	}
}

// filled is a meter with so many flows of one packet each.
func filled(b *testing.B, rs *ruleset.RuleSet, flows int) *control.Meter {
	rs.Number = 2
	m := control.New(meter.Config{}, control.Config{})
	if err := m.Change(func(c *control.Change) error { return c.Run(rs) }); err != nil {
		b.Fatal(err)
	}
	g, err := traffic.NewLink(traffic.Options{Duration: time.Second, Packets: flows, Flows: flows})
	if err != nil {
		b.Fatal(err)
	}
	var p traffic.Packet
	for g.Next(&p) == nil {
		m.Feed(&wire.Batch{Frames: []wire.Frame{p.Frame}})
	}
	return m
}
