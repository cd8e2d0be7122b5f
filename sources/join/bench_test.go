package join

import (
	"io"
	"testing"

	"netramet/sources"
	"netramet/sources/wire"
)

// BenchmarkJoin reads the packets of one file, of two in sequence, and of two and
// of fifty that are merged.
func BenchmarkJoin(b *testing.B) {
	const packets = 200_000
	for _, bb := range []struct {
		name  string
		files int64
		order Order
	}{{"one file", 1, Sequence}, {"sequence of 2", 2, Sequence}, {"2 merged", 2, ByTime}, {"50 merged", 50, ByTime}} {
		b.Run(bb.name, func(b *testing.B) {
			var files [][]byte
			for n := range bb.files {
				from, to, step := n, int64(packets), bb.files
				if bb.order == Sequence {
					from, to, step = n*packets/bb.files, (n+1)*packets/bb.files, 1
				}
				files = append(files, encode(b, "pcap", framesAt(byte(n), between(from, to, step)...)))
			}
			parts := save(b, files...)
			batch := new(wire.Batch)
			for b.Loop() {
				src, err := Open(parts, Options{Order: bb.order})
				if err != nil {
					b.Fatal(err)
				}
				if n := drain(b, src, batch); n != packets {
					b.Fatalf("%d packets", n)
				}
				src.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/packets, "ns/packet")
		})
	}
}

func drain(b *testing.B, src sources.Source, batch *wire.Batch) (n int) {
	for {
		err := src.Read(batch)
		n += len(batch.Frames)
		if err == io.EOF {
			return n
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
