package top_test

import (
	"context"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/reader"
	"netramet/reader/local"
	"netramet/reader/table"
	"netramet/reader/top"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

const million = 1_000_000

// BenchmarkCollect reads a million flows, with nobody to look at them, and with an
// Output that keeps the ten largest: in turn, for the difference is what counts. In
// intervals, it remembers what each flow had counted.
func BenchmarkCollect(b *testing.B) {
	m := filled(b, million)
	b.Run("once", func(b *testing.B) { benchCollect(b, m, true) })
	b.Run("intervals", func(b *testing.B) { benchCollect(b, m, false) })
}

func benchCollect(b *testing.B, m *control.Meter, once bool) {
	tasks := []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}
	wide := reader.Widen(tasks, top.Needs(table.Key{})...)
	var alone, with time.Duration
	pass := func(tasks []reader.Task, out reader.Output) time.Duration {
		begun := time.Now()
		if _, n, err := reader.Collect(context.Background(), local.New(m, "m"), tasks, out); err != nil || n != million {
			b.Fatalf("%d flows, error %v", n, err)
		}
		return time.Since(begun)
	}
	for b.Loop() {
		alone += pass(tasks, nobody{})
		out, err := top.New(top.Options{N: 10, Once: once}, func(all top.Tables) error {
			all.AppendTo(nil, 80, 24)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		with += pass(wide, out)
	}
	b.ReportMetric(alone.Seconds()/float64(b.N), "s/alone")
	b.ReportMetric(with.Seconds()/float64(b.N), "s/top")
	b.ReportMetric((with-alone).Seconds()/float64(b.N), "s/extra")
	b.ReportMetric(0, "ns/op")
}

// nobody is an output that looks at nothing.
type nobody struct{}

func (nobody) Begin(reader.Interval, []reader.Task) error { return nil }
func (nobody) Record(*reader.Record) error                { return nil }
func (nobody) End() error                                 { return nil }
func (nobody) Abort() error                               { return nil }

const fiveTuple = `save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
	save SourceTransType; save SourceTransAddress; save DestTransAddress; count;`

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
