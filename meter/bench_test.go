package meter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

// benchBatches is a second of a busy link, ready to be fed.
func benchBatches(b *testing.B, packets, flows int) []wire.Batch {
	g, err := traffic.NewLink(traffic.Options{Duration: time.Second, Packets: packets, Flows: flows, Snap: 64})
	if err != nil {
		b.Fatal(err)
	}
	all, err := traffic.Collect(g, 0)
	if err != nil {
		b.Fatal(err)
	}
	var batches []wire.Batch
	for frames := traffic.Frames(all); len(frames) > 0; {
		n := min(len(frames), wire.BatchSize)
		batches = append(batches, wire.Batch{Frames: frames[:n:n]})
		frames = frames[n:]
	}
	return batches
}

// perPacket tells the time of a packet.
func perPacket(b *testing.B, packets int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets*b.N), "ns/packet")
}

// BenchmarkCount feeds the same second again and again, each a second later: all
// streams and flows are there, and verdicts are remembered.
func BenchmarkCount(b *testing.B) {
	for _, flows := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("%dFlows", flows), func(b *testing.B) {
			const packets = 200_000
			batches := benchBatches(b, packets, flows)
			m := newMeter(b, Config{}, fiveTuple)
			later := func() {
				for i := range batches {
					for k := range batches[i].Frames {
						batches[i].Frames[k].Time += int64(time.Second)
					}
				}
			}
			feed := func() {
				for i := range batches {
					m.Feed(&batches[i])
				}
				later()
			}
			feed()
			b.ReportAllocs()
			for b.Loop() {
				feed()
			}
			perPacket(b, packets)
		})
	}
}

// BenchmarkNewFlows feeds packets each of which makes a stream and a flow.
func BenchmarkNewFlows(b *testing.B) {
	const packets = 100_000
	batches := benchBatches(b, packets, packets)
	b.ReportAllocs()
	for b.Loop() {
		m := newMeter(b, Config{}, fiveTuple)
		for i := range batches {
			m.Feed(&batches[i])
		}
	}
	perPacket(b, packets)
}

// BenchmarkDistributions is BenchmarkCount with what flows may keep beside counters; each
// run is one beside a plain one, and "added" is the difference of a packet.
func BenchmarkDistributions(b *testing.B) {
	const packets = 200_000
	ask := func(save string) string { return strings.Replace(fiveTuple, "count;", save+" count;", 1) }
	for _, tt := range []struct{ name, rules string }{
		{"sizes", ask(`save ToPacketSize = 60.0.0!0 & 1.0.25!1500; save FromPacketSize = 60.0.0!0 & 1.0.25!1500;`)},
		{"times", ask(`save ToInterarrivalTime = 60.0.0!0 & 2.3.1!1800; save FromTurnaroundTime = 60.0.0!0 & 2.3.1!1800;`)},
		{"rates", ask(`save ToBitRate = 48.10.0!0 & 1.6.1!24; save FromBitRate = 48.10.0!0 & 1.6.1!24;`)},
		{"streams", ask(lifeDists)},
		{"TCPData", ask(dataDists)},
	} {
		b.Run(tt.name, func(b *testing.B) {
			batches := benchBatches(b, packets, 10_000)
			feed := func(m *Meter) time.Duration {
				begin := time.Now()
				for i := range batches {
					m.Feed(&batches[i])
				}
				return time.Since(begin)
			}
			plain, asked := newMeter(b, Config{}, fiveTuple), newMeter(b, Config{}, tt.rules)
			var took [2]time.Duration
			for b.Loop() {
				took[0] += feed(plain)
				took[1] += feed(asked)
				for i := range batches {
					for k := range batches[i].Frames {
						batches[i].Frames[k].Time += int64(time.Second)
					}
				}
			}
			n := float64(packets * b.N)
			b.ReportMetric(float64(took[1])/n, "ns/packet")
			b.ReportMetric(float64(took[1]-took[0])/n, "added-ns/packet")
			b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
		})
	}
}
