package sources

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"io"
	"os"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	lz4lib "github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"

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
		packets += readOnce(b, path, batch)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}

func BenchmarkPcapRead(b *testing.B)   { benchRead(b, pcapOf(benchFrames())) }
func BenchmarkPcapNGRead(b *testing.B) { benchRead(b, pcapngOf(benchFrames())) }

// BenchmarkFormats reads the same packets from several formats, in turn, and tells the
// time of a packet in each, the shortest of all turns, as so many times that of pcap.
// TSH holds less of each packet than the 64 octets that the others do.
func BenchmarkFormats(b *testing.B) {
	frames := benchFrames()
	names := []string{"pcap", "erf", "tsh", "snoop", "pcapng"}
	paths := []string{save(b, "trace", pcapOf(frames))}
	for _, name := range names[1:] {
		data := tshOf(len(frames))
		if name != "tsh" {
			data = encoded(b, name, frames)
		}
		paths = append(paths, save(b, "trace", data))
	}
	best := make([]time.Duration, len(names))
	for b.Loop() {
		for i, path := range paths {
			begun := time.Now()
			readOnce(b, path, new(wire.Batch))
			if took := time.Since(begun); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of all formats together: nothing to know
	b.ReportMetric(float64(best[0].Nanoseconds())/float64(len(frames)), "pcap-ns/packet")
	for i, name := range names[1:] {
		b.ReportMetric(float64(best[i+1])/float64(best[0]), name+"/pcap")
	}
}

// readOnce reads a trace and returns how many packets it has.
func readOnce(b *testing.B, path string, batch *wire.Batch) (packets int) {
	b.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for err == nil {
		err = s.Read(batch)
		packets += len(batch.Frames)
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	return packets
}

// tshOf is a TSH trace of n packets.
func tshOf(n int) []byte {
	var all []byte
	for i := range n {
		r := make([]byte, tshLen)
		binary.BigEndian.PutUint32(r, uint32(1_000_000_000+i))
		binary.BigEndian.PutUint32(r[4:], 1<<24|uint32(i%1_000_000))
		copy(r[8:], []byte{0x45, 0, 0, 60, byte(i >> 8), byte(i), 0, 0, 64, 6, 0, 0, 10, 0, byte(i >> 8), byte(i), 192, 0, 2, byte(i)})
		all = append(all, r...)
	}
	return all
}

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

// BenchmarkCompressed reads a trace of each compression, beside the decompressor
// alone. The trace is of packets of which some octets are alike.
func BenchmarkCompressed(b *testing.B) {
	data := pcapOf(benchFrames()[:50_000])
	for _, row := range []struct {
		name  string
		alone func(r io.Reader) (io.Reader, error)
	}{
		{"gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"bzip2", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
		{"xz", func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, 0) }},
		{"zstd", func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) }},
		{"lzop", func(r io.Reader) (io.Reader, error) { return openLzop(bufio.NewReader(r)) }}, // there is no other
		{"lz4", func(r io.Reader) (io.Reader, error) { return lz4lib.NewReader(r), nil }},
		{"snappy", func(r io.Reader) (io.Reader, error) { return s2.NewReader(r), nil }},
	} {
		packed, err := capfile.CompressAll(data, row.name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(row.name+"/alone", func(b *testing.B) {
			for b.Loop() {
				r, err := row.alone(bytes.NewReader(packed))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, r); err != nil || n != int64(len(data)) {
					b.Fatal(n, err)
				}
				if c, ok := r.(io.Closer); ok {
					c.Close()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*50_000), "ns/packet")
		})
		b.Run(row.name+"/read", func(b *testing.B) { benchRead(b, packed) })
	}
}
