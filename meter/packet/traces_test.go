package packet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/sources/wire"
)

// sharedTraces is the folder of real traces beside the project, or the test
// is skipped.
func sharedTraces(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skip("no go.mod above the working directory, so no ../shared/traces")
		}
		dir = parent
	}
	traces := filepath.Join(dir, "..", "shared", "traces")
	if _, err := os.Stat(traces); err != nil {
		t.Skip("../shared/traces is absent")
	}
	return traces
}

// unpacked opens a file, through gzip if it is.
func unpacked(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil || !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		return b, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// truthFiles maps the name of a trace with truth to its flow file.
func truthFiles(t *testing.T, traces string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(traces, "truth", "*.flows.tsv*"))
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, f := range files {
		name, _, _ := strings.Cut(filepath.Base(f), ".flows.tsv")
		m[name] = f
	}
	return m
}

type flowKey struct {
	proto    uint8
	from, to netip.AddrPort
}

type flowCount struct{ pdus, peerOctets, frameOctets [2]uint64 }

// TestTruth counts 5-tuple flows over the decoded packets and compares them
// with what an independent tool says.
func TestTruth(t *testing.T) {
	traces := sharedTraces(t)
	compared := 0
	for name, truth := range truthFiles(t, traces) {
		found, err := filepath.Glob(filepath.Join(traces, "*", name))
		if err != nil || len(found) != 1 {
			continue // truth of a converted trace
		}
		if testing.Short() && strings.HasSuffix(truth, ".gz") {
			continue
		}
		flows := map[flowKey]*flowCount{}
		var p Packet
		if !eachFrame(found[0], func(_ uint64, f *wire.Frame) {
			p.DecodeNet(f)
			if p.Flags&IsStream != 0 {
				count(flows, &p)
			}
		}) {
			continue // a format this test does not read
		}
		compared++
		t.Run(name, func(t *testing.T) { compareTruth(t, flows, truth) })
	}
	if compared < 10 {
		t.Errorf("compared %d traces, want at least 10", compared)
	}
}

func count(flows map[flowKey]*flowCount, p *Packet) {
	var end [2]netip.AddrPort
	for dir := range end {
		a, _ := netip.AddrFromSlice(p.PeerAddress[dir][:p.PeerLen])
		port := p.TransAddress[dir]
		if p.TransType == protoDCCP {
			port = 0 // the truth knows no DCCP
		}
		end[dir] = netip.AddrPortFrom(a, port)
	}
	k, dir := flowKey{p.TransType, end[Source], end[Dest]}, 0
	x := flows[k]
	if x == nil {
		if x = flows[flowKey{p.TransType, end[Dest], end[Source]}]; x != nil {
			dir = 1
		} else {
			x = new(flowCount)
			flows[k] = x
		}
	}
	x.pdus[dir]++
	x.peerOctets[dir] += uint64(p.PeerOctets)
	x.frameOctets[dir] += uint64(p.FrameOctets)
}

func compareTruth(t *testing.T, flows map[flowKey]*flowCount, truth string) {
	b, err := unpacked(truth)
	if err != nil {
		t.Fatal(err)
	}
	want := map[flowKey]*flowCount{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Scan() // column names
	for lines.Scan() {
		c := strings.Split(lines.Text(), "\t")
		restoreTail(c)
		k := flowKey{uint8(number(c[1])), addrPort(c[2], c[3]), addrPort(c[4], c[5])}
		x := want[k]
		if x == nil {
			x = new(flowCount)
			want[k] = x
		}
		for dir := range 2 {
			x.pdus[dir] += number(c[6+dir])
			x.peerOctets[dir] += number(c[8+dir])
			x.frameOctets[dir] += number(c[10+dir])
		}
	}
	for k, w := range want {
		if got := flows[k]; got == nil {
			t.Errorf("no flow %v, want %v", k, *w)
		} else if *got != *w {
			t.Errorf("flow %v: got %v, want %v", k, *got, *w)
		}
	}
	if len(flows) != len(want) {
		t.Errorf("%d flows, want %d", len(flows), len(want))
	}
}

// restoreTail corrects flows of 24 FabricPath frames in mix_public. The tool
// that made the truth takes the last four octets of each inner frame for its
// frame check sequence, though there is none, and so misses the ports of an
// SCTP header of 12 octets, and the destination of an IPv6 header without
// payload. The same packets without FabricPath show what they are.
func restoreTail(c []string) {
	const proto, source, sourcePort, dest, destPort = 1, 2, 3, 4, 5
	switch {
	case c[proto] == "132" && c[sourcePort] == "0" && c[dest] == "2.2.2.2",
		c[proto] == "132" && c[sourcePort] == "0" && c[dest] == "5678::":
		c[sourcePort], c[destPort] = "57005", "48879"
	case c[proto] == "99" && c[dest] == "" && strings.HasPrefix(c[source], "1234::"):
		c[dest] = "5678::"
	}
}

func number(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}

func addrPort(addr, port string) netip.AddrPort {
	a, _ := netip.ParseAddr(addr)
	return netip.AddrPortFrom(a, uint16(number(port)))
}

// TestTraces decodes every trace that can be read, whole and cut, and checks
// the properties that every record has.
func TestTraces(t *testing.T) {
	traces := sharedTraces(t)
	files, err := filepath.Glob(filepath.Join(traces, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	limit := uint64(500)
	if testing.Short() {
		limit = 50
	}
	types := map[mib.PeerType]int{}
	faults := map[Fault]int{}
	for _, file := range files {
		if strings.Contains(file, string(filepath.Separator)+"perf"+string(filepath.Separator)) {
			continue
		}
		eachFrame(file, func(n uint64, f *wire.Frame) {
			if n > limit {
				return
			}
			p := checkFrame(t, f)
			types[p.PeerType]++
			faults[p.Fault]++
		})
	}
	t.Logf("peer types %v, faults %v", types, faults)
}
