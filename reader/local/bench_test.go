package local_test

import (
	"context"
	"io"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/reader/local"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

const fiveTuple = `save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
	save SourceTransType; save SourceTransAddress; save DestTransAddress; count;`

// BenchmarkCollect reads 100,000 flows, all of them changed, and writes them as
// flow data.
func BenchmarkCollect(b *testing.B) {
	const flows = 100_000
	m := filled(b, flows)
	tasks := []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}
	b.ReportAllocs()
	for b.Loop() {
		from := local.New(m, "meter")
		out := flowfile.NewWriter(io.Discard, flowfile.Header{Version: "test", Meter: "m", Interface: "i", Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC})
		if _, _, err := reader.Collect(context.Background(), from, tasks, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(flows*b.N), "ns/flow")
}

// filled is a meter with so many flows of one packet each.
func filled(b *testing.B, flows int) *control.Meter {
	rs, _, err := srl.Compile("test.srl", []byte(fiveTuple), srl.Options{Optimise: -1})
	if err != nil {
		b.Fatal(err)
	}
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
