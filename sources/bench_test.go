package sources

import (
	"io"
	"os"
	"testing"

	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// benchFrames is 200,000 packets of a 64-octet snapshot.
func benchFrames() []wire.Frame { return manyFrames(200_000, 64, 64) }

// benchRead reads a file again and again, and tells the time of a packet.
func benchRead(b *testing.B, data []byte) {
	path := save(b, "trace", data)
	batch := new(wire.Batch)
	packets := 0
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			err = s.Read(batch)
			packets += len(batch.Frames)
		}
		if err != io.EOF {
			b.Fatal(err)
		}
		s.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}

func BenchmarkPcapRead(b *testing.B)   { benchRead(b, pcapOf(benchFrames())) }
func BenchmarkPcapNGRead(b *testing.B) { benchRead(b, pcapngOf(benchFrames())) }

// BenchmarkCopy is the bare reading of the same file, for comparison.
func BenchmarkCopy(b *testing.B) {
	frames := benchFrames()
	data := pcapOf(frames)
	path := save(b, "trace", data)
	buf := make([]byte, chunkSize)
	packets := 0
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = f.Read(buf)
		}
		f.Close()
		packets += len(frames)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}

func BenchmarkCompressed(b *testing.B) {
	data := pcapOf(benchFrames()[:50_000])
	for _, name := range []string{"gzip", "zstd", "bzip2"} {
		b.Run(name, func(b *testing.B) {
			packed, err := capfile.CompressAll(data, name)
			if err != nil {
				b.Fatal(err)
			}
			benchRead(b, packed)
		})
	}
}
