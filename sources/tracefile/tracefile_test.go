package tracefile

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestMain fails where a test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// written writes frames to standard output and returns what is there.
func written(t testing.TB, format string, frames []wire.Frame, opt Options) []byte {
	t.Helper()
	var out bytes.Buffer
	opt.Stdout = &out
	w, err := Create(format+":-", opt)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		if err := w.Write(&frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readBack reads a trace to its clean end.
func readBack(t testing.TB, uri string, stdin io.Reader) (frames []wire.Frame, info sources.Info) {
	t.Helper()
	src, err := sources.Open(uri, sources.Options{Stdin: stdin})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var b wire.Batch
	defer b.Release()
	for err == nil {
		err = src.Read(&b)
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return frames, src.(sources.Informer).Info()
}

// same fails where frames are not those wanted.
func same(t testing.TB, got, want []wire.Frame) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range got {
		if d := sourcetest.Difference(got[i], want[i]); d != "" {
			t.Fatalf("frame %d: %s", i+1, d)
		}
	}
}

const (
	second = 1_000_000_000
	monday = 1_767_600_000 * second // 5 January 2026
)

// links that each format holds, of frames that may follow each other.
var links = map[string][]wire.LinkType{
	"pcap":   {wire.LinkEthernet},
	"pcapng": {wire.LinkEthernet, wire.LinkRaw, wire.LinkLinuxSLL, wire.LinkPPPHDLC, 147},
	"erf":    {wire.LinkEthernet, wire.LinkCHDLC, wire.LinkPPPHDLC, wire.LinkIPv4, wire.LinkIPv6, wire.LinkInfiniBand, wire.LinkATM},
}

// frame is one that a format keeps as it is.
func frame(t *rapid.T, format string) wire.Frame {
	f := wire.Frame{
		Time:      rapid.Int64Range(0, 1<<32*second-1).Draw(t, "time"),
		LinkType:  rapid.SampledFrom(links[format]).Draw(t, "link"),
		Data:      rapid.SliceOfN(rapid.Uint8(), 1, 100).Draw(t, "data"),
		Interface: 1,
	}
	f.WireLen = uint32(len(f.Data) + rapid.SampledFrom([]int{0, 0, 0, 1, 3, 4, 7, 8, 1000}).Draw(t, "cut"))
	switch f.LinkType {
	case wire.LinkCHDLC:
		f.Data[0] = 0x0f
	case wire.LinkPPPHDLC:
		f.Data[0] = 0xff
	case wire.LinkATM:
		f.Flags = wire.NoFrameLen
	}
	switch format {
	case "erf":
		f.Interface = uint8(rapid.IntRange(1, 4).Draw(t, "port"))
	case "pcapng":
		f.Interface = uint8(rapid.IntRange(1, 9).Draw(t, "interface"))
		f.Time = rapid.OneOf(rapid.Just(f.Time), rapid.Int64Range(-9223372035*second, 9223372035*second), rapid.Just(int64(wire.NoTime))).Draw(t, "any time")
		fallthrough
	case "pcap":
		f.WireLen -= min(f.WireLen, uint32(rapid.SampledFrom([]int{0, 0, 0, 5}).Draw(t, "more than the wire")))
	}
	return f
}

// renumbered are frames as pcapng has them: interfaces by first appearance, one for
// each link type.
func renumbered(frames []wire.Frame) []wire.Frame {
	type key struct {
		number uint8
		link   wire.LinkType
	}
	numbers := map[key]uint8{}
	frames = slices.Clone(frames)
	for i := range frames {
		f := &frames[i]
		k := key{f.Interface, f.LinkType}
		if numbers[k] == 0 {
			numbers[k] = uint8(len(numbers) + 1)
		}
		f.Interface = numbers[k]
	}
	return frames
}

// TestRoundTrip: whatever is written reads back the same.
func TestRoundTrip(t *testing.T) {
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				var frames []wire.Frame
				for range rapid.IntRange(1, 20).Draw(rt, "frames") {
					frames = append(frames, frame(rt, format))
				}
				want := frames
				if format == "pcapng" {
					want = renumbered(frames)
				}
				got, _ := readBack(t, format+":-", bytes.NewReader(written(t, format, frames, Options{})))
				if len(got) != len(want) {
					rt.Fatalf("%d frames, want %d", len(got), len(want))
				}
				for i := range got {
					if d := sourcetest.Difference(got[i], want[i]); d != "" {
						rt.Fatalf("frame %d: %s", i+1, d)
					}
				}
			})
		})
	}
}

// many are Ethernet frames that make several chunks.
func many() (frames []wire.Frame) {
	random := rand.NewChaCha8([32]byte{1})
	for i := range 1500 {
		f := wire.Frame{Time: monday + int64(i)*1_000_003, Data: make([]byte, 60+i%900), LinkType: wire.LinkEthernet, Interface: uint8(1 + i%3)}
		random.Read(f.Data[:len(f.Data)/2])
		f.WireLen = uint32(len(f.Data) + i%2*100)
		frames = append(frames, f)
	}
	return frames
}

// TestFiles writes each format in each compression, which is what its suffix says,
// and the octets do not depend on when the writer was flushed.
func TestFiles(t *testing.T) {
	frames := many()
	for _, format := range Formats {
		for suffix, compression := range suffixes {
			if testing.Short() && suffix == ".xz" && format != "pcapng" {
				continue
			}
			t.Run(format+suffix, func(t *testing.T) {
				want := frames
				if format == "pcap" {
					want = slices.Clone(frames)
					for i := range want {
						want[i].Interface = 1
					}
				}
				path := filepath.Join(t.TempDir(), "x."+format+suffix)
				var files [2][]byte
				for turn := range files {
					w, err := Create(path, Options{})
					if err != nil {
						t.Fatal(err)
					}
					for i := range frames {
						if err := w.Write(&frames[i]); err != nil {
							t.Fatal(err)
						}
						if turn == 1 && i%7 == 0 {
							if err := w.Flush(); err != nil {
								t.Fatal(err)
							}
						}
					}
					if err := w.Close(); err != nil || w.Close() != nil {
						t.Fatal(err)
					}
					if w.Frames() != uint64(len(frames)) || (w.Note() != "") != (format == "pcap") {
						t.Errorf("%d frames, note %q", w.Frames(), w.Note())
					}
					if files[turn], err = os.ReadFile(path); err != nil {
						t.Fatal(err)
					}
				}
				if !bytes.Equal(files[0], files[1]) {
					t.Error("the same frames make other octets")
				}
				got, info := readBack(t, path, nil)
				same(t, got, want)
				if info.Format != format || !slices.Equal(info.Compression, []string{compression}) {
					t.Errorf("%s in %q", info.Format, info.Compression)
				}
			})
		}
	}
}

// TestNames: suffixes and prefixes tell format and compression.
func TestNames(t *testing.T) {
	for _, tt := range []struct {
		uri  string
		want target
		err  string
	}{
		{uri: "a.pcap", want: target{"a.pcap", "pcap", ""}},
		{uri: "day/a.PCAPNG.GZ", want: target{"day/a.PCAPNG.GZ", "pcapng", "gzip"}},
		{uri: "a.b.erf.zst", want: target{"a.b.erf.zst", "erf", "zstd"}},
		{uri: "erf:a.pcap.xz", want: target{"a.pcap.xz", "erf", "xz"}},
		{uri: "pcap:trace", want: target{"trace", "pcap", ""}},
		{uri: "pcap:day.1", want: target{"day.1", "pcap", ""}},
		{uri: "./pcap:a.erf", want: target{"./pcap:a.erf", "erf", ""}},
		{uri: "-", want: target{"-", "pcapng", ""}},
		{uri: "erf:-", want: target{"-", "erf", ""}},
		{uri: "a", err: "tells no format"},
		{uri: "a.gz", err: "tells no format"},
		{uri: "day.pcap/a", err: "tells no format"},
		{uri: "a.pcap.bz2", err: "bzip2 is read and not written"},
		{uri: "pcap:a.lzo", err: "lzop is read and not written"},
		{uri: "a.tsh", err: "tells no format"},
		{uri: "", err: "no file name"},
		{uri: "erf:", err: "no file name"},
	} {
		got, err := parse(tt.uri)
		if tt.err == "" && (err != nil || got != tt.want) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%q: %+v, %v; want %+v, %q", tt.uri, got, err, tt.want, tt.err)
		}
		if e := Check(tt.uri); (e == nil) != (tt.err == "") {
			t.Errorf("%q: Check says %v", tt.uri, e)
		}
	}
}

// TestRefused: what a format cannot hold is refused, with what can; what came
// before is there.
func TestRefused(t *testing.T) {
	eth := wire.Frame{Time: monday, Data: make([]byte, 60), WireLen: 60, LinkType: wire.LinkEthernet, Interface: 1}
	with := func(change func(*wire.Frame)) wire.Frame {
		f := eth
		change(&f)
		return f
	}
	for _, tt := range []struct {
		name, format string
		frame        wire.Frame
		want         string
	}{
		{"link types", "pcap", with(func(f *wire.Frame) { f.LinkType = wire.LinkRaw }), "one link type: this one is raw, those before are ethernet; pcapng holds both"},
		{"before 1970", "pcap", with(func(f *wire.Frame) { f.Time = -1 }), "its is 1969-12-31T23:59:59Z; pcapng holds it"},
		{"after 2106", "pcap", with(func(f *wire.Frame) { f.Time = 1 << 32 * second }), "2106-02-07T06:28:16Z"},
		{"cells", "pcap", with(func(f *wire.Frame) { f.LinkType = wire.LinkATM }), "as erf only"},
		{"cells", "pcapng", with(func(f *wire.Frame) { f.LinkType = wire.LinkATM }), "as erf only"},
		{"before 1970", "erf", with(func(f *wire.Frame) { f.Time = -1 }), "pcapng holds it"},
		{"a link type", "erf", with(func(f *wire.Frame) { f.LinkType = wire.LinkLinuxSLL }), "link type linux-sll such as this one; pcapng does"},
		{"raw, and not IP", "erf", with(func(f *wire.Frame) { f.LinkType = wire.LinkRaw }), "link type raw"},
		{"PPP that looks like Cisco HDLC", "erf", with(func(f *wire.Frame) { f.LinkType, f.Data = wire.LinkPPPHDLC, []byte{0x0f, 0} }), "link type ppp-hdlc"},
		{"long", "erf", with(func(f *wire.Frame) { f.WireLen = 65532 }), "records of ERF have up to 65535 octets"},
		{"more than the wire", "erf", with(func(f *wire.Frame) { f.WireLen = 59 }), "a contradiction"},
		{"the fifth interface", "erf", with(func(f *wire.Frame) { f.Interface = 5 }), "ERF knows 4 interfaces"},
	} {
		t.Run(tt.format+", "+tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x."+tt.format)
			w, err := Create(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(&eth); err != nil {
				t.Fatal(err)
			}
			err = w.Write(&tt.frame)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), path+": packet 2: ") {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if again := w.Write(&eth); again != err || w.Flush() != err || w.Close() != err {
				t.Errorf("then %v", again)
			}
			got, _ := readBack(t, path, nil)
			same(t, got, []wire.Frame{eth})
		})
	}
}

// TestEmpty: a trace without packets is one.
func TestEmpty(t *testing.T) {
	for _, format := range []string{"pcap", "pcapng"} {
		if got, _ := readBack(t, format+":-", bytes.NewReader(written(t, format, nil, Options{}))); len(got) != 0 {
			t.Errorf("%s: %d frames", format, len(got))
		}
	}
	if out := written(t, "erf", nil, Options{}); len(out) != 0 {
		t.Errorf("erf: % x", out)
	}
}

// TestAbout: pcapng keeps what is said of interfaces that have packets, and of the
// section.
func TestAbout(t *testing.T) {
	section := wire.Section{Comment: "of May", Hardware: "a PC", System: "Plan 9", Application: "snoopy"}
	all := []wire.Interface{
		{Name: "eth0", Description: "unused", LinkType: wire.LinkEthernet},
		{Name: "eth1", Description: "uplink", Comment: "tapped", LinkType: wire.LinkEthernet, SnapLen: 300},
		{Name: strings.Repeat("x", 5000), LinkType: wire.LinkEthernet, SnapLen: 80},
	}
	frames := []wire.Frame{
		{Time: monday, Data: make([]byte, 60), WireLen: 60, LinkType: wire.LinkEthernet, Interface: 2},
		{Time: -5, Data: make([]byte, 60), WireLen: 60, LinkType: wire.LinkEthernet, Interface: 3},
		{Time: wire.NoTime, Data: make([]byte, 100), WireLen: 300, LinkType: wire.LinkEthernet, Interface: 2},
	}
	file := written(t, "pcapng", frames, Options{
		SnapLen: 100, Application: "netramet", About: func() (wire.Section, []wire.Interface) { return section, all },
	})
	got, info := readBack(t, "-", bytes.NewReader(file))
	want := slices.Clone(frames)
	want[0].Interface, want[1].Interface, want[2].Interface = 1, 2, 1
	same(t, got, want)
	section.Application = "netramet"
	all[1].SnapLen, all[2].Name = 100, all[2].Name[:255]
	if info.Section != section || !slices.Equal(info.Interfaces, all[1:]) {
		t.Errorf("%+v", info)
	}
}

// TestUnknownLength: a frame whose length nobody knows has the network layer's, and
// so counts the same.
func TestUnknownLength(t *testing.T) {
	v4 := append([]byte{0x45, 0, 0x05, 0xdc}, make([]byte, 32)...)
	v6 := append([]byte{0x60, 0, 0, 0, 0x02, 0x00}, make([]byte, 34)...)
	for _, tt := range []struct {
		data []byte
		link wire.LinkType
		want uint32
	}{{append([]byte{0x45, 0, 0, 28}, make([]byte, 32)...), wire.LinkRaw, 28}, {append([]byte{0x45, 0, 0, 0}, make([]byte, 32)...), wire.LinkRaw, 36}, {v4, wire.LinkRaw, 1500}, {v6, wire.LinkRaw, 552}, {v4, wire.LinkIPv4, 1500}, {v4, wire.LinkEthernet, 36}, {v4[:10], wire.LinkRaw, 10}} {
		f := wire.Frame{Time: monday, Data: tt.data, WireLen: uint32(len(tt.data)), LinkType: tt.link, Interface: 1, Flags: wire.NoFrameLen}
		for _, format := range []string{"pcap", "pcapng"} {
			got, _ := readBack(t, "-", bytes.NewReader(written(t, format, []wire.Frame{f}, Options{})))
			if len(got) != 1 || got[0].WireLen != tt.want || len(got[0].Data) != min(len(tt.data), int(tt.want)) {
				t.Errorf("%s, %v, %d octets: %+v, want %d", format, tt.link, len(tt.data), got, tt.want)
			}
		}
	}
}

// broken fails after some octets.
type broken struct{ left int }

var errBroken = errors.New("broken pipe")

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

// TestFaults: whatever cannot be written ends in one error, at the latest when the
// file is closed, and nobody waits.
func TestFaults(t *testing.T) {
	frames := many()
	for _, left := range []int{0, 10, chunkSize + chunkSize/2, 2 * chunkSize} {
		w, err := Create("-", Options{Stdout: &broken{left}})
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(frames) && err == nil; i++ {
			err = w.Write(&frames[i])
		}
		if cerr := w.Close(); !errors.Is(cerr, errBroken) || err != nil && err != cerr || cerr.Error() != "standard output: broken pipe" {
			t.Errorf("after %d octets: %v, then %v", left, err, cerr)
		}
	}
	dir := t.TempDir()
	for uri, want := range map[string]string{
		"pcap:" + dir: dir + ": is a directory",
		filepath.Join(dir, "no", "such", "x.erf"): "no such file",
	} {
		if _, err := Create(uri, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", uri, err, want)
		}
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full: a full disk is not tried")
	}
	for _, packed := range []string{"", ".gz", ".zst", ".xz", ".lz4", ".sz"} {
		link := filepath.Join(dir, "full.pcap"+packed)
		if err := os.Symlink("/dev/full", link); err != nil {
			t.Skip(err)
		}
		w, err := Create(link, Options{})
		if err == nil {
			for i := 0; i < len(frames) && err == nil; i++ {
				err = w.Write(&frames[i])
			}
			err = w.Close()
		}
		if err == nil || !strings.HasSuffix(err.Error(), "no space left on device") {
			t.Errorf("%s: %v", link, err)
		}
	}
}

// TestFlush: what is flushed can be read before more comes.
func TestFlush(t *testing.T) {
	r, out := io.Pipe()
	w, err := Create("pcap:-", Options{Stdout: out})
	if err != nil {
		t.Fatal(err)
	}
	f := wire.Frame{Time: monday, Data: make([]byte, 60), WireLen: 60, LinkType: wire.LinkEthernet, Interface: 1}
	if err := w.Write(&f); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 24+16+60)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
