package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"netramet/internal/command"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources"
)

// fiveTuple is plain accounting. Its statistics are the meter's own account
// of every packet it has read.
const fiveTuple = `
	save SourcePeerType;  save SourcePeerAddress;  save DestPeerAddress;
	save SourceTransType; save SourceTransAddress; save DestTransAddress;
	count;
	statistics;
	format FirstTime LastActiveTime SourcePeerType SourcePeerAddress DestPeerAddress
		SourceTransType SourceTransAddress DestTransAddress ToPDUs FromPDUs ToOctets FromOctets;
`

const protoDCCP = 33

// tuple names a flow as truth files do.
type tuple struct {
	proto    uint8
	from, to netip.AddrPort
}

// sums are what a flow carried; index 0 is "to". Times are centiseconds of
// uptime.
type sums struct {
	pdus, octets [2]uint64
	first, last  uint64
}

func (s *sums) add(o sums) {
	for dir := range 2 {
		s.pdus[dir] += o.pdus[dir]
		s.octets[dir] += o.octets[dir]
	}
	if s.first == 0 || o.first < s.first {
		s.first = o.first
	}
	s.last = max(s.last, o.last)
}

// metered is what one run of the command tells of a trace.
type metered struct {
	ip    map[tuple]*sums
	other map[mib.PeerType]*sums // by peer type
	stats map[string]uint64      // of #Stats
}

// meterTuples runs the command on a trace and reads back its flow data file.
func meterTuples(t *testing.T, trace string, options ...string) metered {
	t.Helper()
	dir := t.TempDir()
	rules, flows := filepath.Join(dir, "5tuple.srl"), filepath.Join(dir, "flows")
	if err := os.WriteFile(rules, []byte(fiveTuple), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args := append([]string{"-C", trace, "-F", flows}, append(options, rules)...)
	if status := run(context.Background(), args, nil, &stdout, &stderr); status != command.StatusOK || stdout.Len() > 0 {
		t.Fatalf("netramet %q: status %d\n%s%s", args, status, &stdout, &stderr)
	}
	f, err := os.Open(flows)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := readTuples(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// readTuples reads a flow data file with one collection under fiveTuple.
func readTuples(f io.Reader) (metered, error) {
	m := metered{map[tuple]*sums{}, map[mib.PeerType]*sums{}, map[string]uint64{}}
	r, err := flowfile.NewReader(f)
	if err != nil {
		return m, err
	}
	c, err := r.NextCollection()
	if err != nil {
		return m, err
	}
	var rec reader.Record
	for err = r.NextRecord(&rec); err == nil; err = r.NextRecord(&rec) {
		if err := m.record(&rec); err != nil {
			return m, err
		}
	}
	if err != io.EOF || !c.Complete {
		return m, fmt.Errorf("the collection ends with %v, complete: %v", err, c.Complete)
	}
	for _, s := range c.Stats {
		if m.stats[s.Name], err = strconv.ParseUint(s.Value, 10, 64); err != nil {
			return m, err
		}
	}
	if _, err := r.NextCollection(); err != io.EOF {
		return m, fmt.Errorf("after the collection: %v", err)
	}
	return m, nil
}

func (m *metered) record(rec *reader.Record) error {
	v := rec.Values
	s := sums{
		first: v[0].Num, last: v[1].Num,
		pdus: [2]uint64{v[8].Num, v[9].Num}, octets: [2]uint64{v[10].Num, v[11].Num},
	}
	if p := mib.PeerType(v[2].Num); p != mib.PeerIPv4 && p != mib.PeerIPv6 {
		if m.other[p] == nil {
			m.other[p] = &sums{}
		}
		m.other[p].add(s)
		return nil
	}
	k := tuple{proto: uint8(v[5].Num)}
	for dir, end := range []*netip.AddrPort{&k.from, &k.to} {
		port := binary.BigEndian.Uint16(v[6+dir].Octets[:])
		if k.proto == protoDCCP {
			port = 0 // the truth knows no ports of DCCP
		}
		a, ok := netip.AddrFromSlice(v[3+dir].Octets[:v[3+dir].Len])
		if !ok {
			return fmt.Errorf("an address of %d octets", v[3+dir].Len)
		}
		*end = netip.AddrPortFrom(a, port)
	}
	if back := (tuple{k.proto, k.to, k.from}); k.proto == protoDCCP && m.ip[back] != nil {
		k, s.pdus[0], s.pdus[1], s.octets[0], s.octets[1] = back, s.pdus[1], s.pdus[0], s.octets[1], s.octets[0]
	}
	switch {
	case m.ip[k] == nil:
		m.ip[k] = &sums{}
	case k.proto != protoDCCP:
		return fmt.Errorf("two flows %v", k)
	}
	m.ip[k].add(s)
	return nil
}

// sharedTraces is the folder of real traces beside the project; without it the
// test is skipped.
func sharedTraces(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "traces"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		t.Skip("the shared traces are not there: ../shared/traces")
	}
	return dir
}

// manifestRow is what the traces' manifest says of one.
type manifestRow struct {
	file, format, compression, link string
	packets                         uint64
}

// covered reports whether the command reads the trace's format.
func (r manifestRow) covered() bool {
	return r.format != "" && r.format != "duck" && slices.Contains([]string{"-", "gz", "zst", "bz2", "xz", "lzo", "lz4"}, r.compression)
}

func (r manifestRow) large() bool { return strings.HasPrefix(r.file, "perf/") }

func manifest(t testing.TB, dir string) []manifestRow {
	t.Helper()
	var rows []manifestRow
	for _, c := range tsv(t, filepath.Join(dir, "MANIFEST.tsv")) {
		n, _ := strconv.ParseUint(c[6], 10, 64)
		rows = append(rows, manifestRow{file: c[0], format: c[2], compression: c[3], link: c[4], packets: n})
	}
	return rows
}

// tsv reads the lines of a table, plain or in gzip, without the column names.
func tsv(t testing.TB, file string) [][]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		file += ".gz"
		data, err = os.ReadFile(file)
	}
	if err != nil {
		t.Fatal(err)
	}
	var r io.Reader = bytes.NewReader(data)
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	var rows [][]string
	for lines := bufio.NewScanner(r); lines.Scan(); {
		rows = append(rows, strings.Split(lines.Text(), "\t"))
	}
	return rows[1:]
}

// truthOf maps the trace files that have truth to its name: their own, or that
// of the trace they are a re-wrapped copy of.
func truthOf(t *testing.T, dir string, rows []manifestRow) map[string]string {
	truths := map[string]string{}
	for _, row := range rows {
		name := filepath.Base(row.file)
		if _, err := os.Stat(filepath.Join(dir, "truth", name+".summary.json")); err == nil {
			truths[row.file] = name
		}
	}
	for _, c := range tsv(t, filepath.Join(dir, "truth", "EQUIV.tsv")) {
		truths[c[0]] = c[1]
	}
	return truths
}

// TestTruth meters every trace of which an independent tool has told the flows
// and finds exactly those: packets in both directions, octets of both kinds,
// times, and what is not IP.
func TestTruth(t *testing.T) {
	dir := sharedTraces(t)
	rows := manifest(t, dir)
	truths := truthOf(t, dir, rows)
	compared := 0
	var skipped []string
	for _, row := range rows {
		name, ok := truths[row.file]
		switch {
		case !ok:
			continue
		case !row.covered():
			skipped = append(skipped, fmt.Sprintf("%s (%s, %s, link type %s)", row.file, row.format, row.compression, row.link))
			continue
		case testing.Short() && row.large():
			skipped = append(skipped, row.file+" (large)")
			continue
		}
		compared++
		t.Run(row.file, func(t *testing.T) {
			trace := filepath.Join(dir, row.file)
			var fcs []string
			if strings.Contains(row.file, "100_packets.") {
				fcs = []string{"--fcs=0"} // its ERF form was made without check sequences
			}
			frame := "frame"
			if row.format == "tsh" || row.format == "legacyatm" {
				frame = "ip" // they do not have a frame's length
			}
			compareTruth(t, meterTuples(t, trace, fcs...), readTruth(t, dir, name, frame))
			compareTruth(t, meterTuples(t, trace, append(fcs, "--octets=peer")...), readTruth(t, dir, name, "ip"))
		})
	}
	t.Logf("%d traces compared; not covered: %d\n\t%s", compared, len(skipped), strings.Join(skipped, "\n\t"))
	if compared < 37 && !testing.Short() {
		t.Errorf("%d traces compared, want at least 37", compared)
	}
}

// truth is what the independent tool says of a trace.
type truth struct {
	frames uint64
	ip     map[tuple]*sums
	other  map[string]sums // by the tool's name of the protocol
	layer  string          // whose octets: "ip" or "frame"
}

func readTruth(t *testing.T, dir, name, layer string) *truth {
	t.Helper()
	want := &truth{ip: map[tuple]*sums{}, other: map[string]sums{}, layer: layer}
	base := filepath.Join(dir, "truth", name)
	data, err := os.ReadFile(base + ".summary.json")
	if err != nil {
		t.Fatal(err)
	}
	var summary struct {
		Frames uint64 `json:"frames"`
		First  string `json:"first_time"`
	}
	if err := json.Unmarshal(data, &summary); err != nil {
		t.Fatal(err)
	}
	want.frames = summary.Frames
	want.flows(tsv(t, base+".flows.tsv"), nanoseconds(summary.First))
	for _, c := range tsv(t, base+".protocols.tsv") {
		if key, ok := strings.CutPrefix(c[0], "non-ip:"); ok {
			s := sums{pdus: [2]uint64{number(c[1])}}
			if layer == "frame" {
				s.octets[0] = number(c[3])
			}
			want.other[key] = s
		}
	}
	return want
}

// flows reads the lines of a truth file; start is the trace's, in Unix ns.
func (w *truth) flows(lines [][]string, start int64) {
	octets := 8
	if w.layer == "frame" {
		octets = 10
	}
	for _, c := range lines {
		restoreTail(c)
		k := tuple{uint8(number(c[1])), addrPort(c[2], c[3]), addrPort(c[4], c[5])}
		if w.ip[k] == nil {
			w.ip[k] = &sums{}
		}
		w.ip[k].add(sums{
			pdus:   [2]uint64{number(c[6]), number(c[7])},
			octets: [2]uint64{number(c[octets]), number(c[octets+1])},
			first:  uptimeOf(start, c[13]), last: uptimeOf(start, c[14]),
		})
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
	case c[proto] == "132" && c[sourcePort] == "0" && (c[dest] == "2.2.2.2" || c[dest] == "5678::"):
		c[sourcePort], c[destPort] = "57005", "48879"
	case c[proto] == "99" && c[dest] == "" && strings.HasPrefix(c[source], "1234::"):
		c[dest] = "5678::"
	}
}

// nanoseconds reads decimal Unix seconds without rounding.
func nanoseconds(s string) int64 {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0
	}
	r.Mul(r, big.NewRat(1e9, 1))
	return new(big.Int).Quo(r.Num(), r.Denom()).Int64()
}

// uptimeOf is decision 2: 1 + floor((t - t0) / 10 ms).
func uptimeOf(start int64, s string) uint64 { return uint64(1 + (nanoseconds(s)-start)/10_000_000) }

func number(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}

func addrPort(addr, port string) netip.AddrPort {
	a, _ := netip.ParseAddr(addr)
	return netip.AddrPortFrom(a, uint16(number(port)))
}

func compareTruth(t *testing.T, got metered, want *truth) {
	t.Helper()
	if n := got.stats["packets"]; n != want.frames {
		t.Errorf("%s: %d packets, want %d", want.layer, n, want.frames)
	}
	// A packet behind the clock, or whose stamp is not believed, is metered
	// at the clock; then times are the clock's and not the packets' own.
	timed := got.stats["late"] == 0 && got.stats["badstamps"] == 0
	for k, w := range want.ip {
		g := got.ip[k]
		switch {
		case g == nil:
			t.Errorf("%s: no flow %v, want %v", want.layer, k, *w)
			continue
		case !timed:
			g.first, g.last = w.first, w.last
		}
		if *g != *w {
			t.Errorf("%s: flow %v: got %v, want %v", want.layer, k, *g, *w)
		}
	}
	if len(got.ip) != len(want.ip) {
		t.Errorf("%s: %d flows, want %d", want.layer, len(got.ip), len(want.ip))
	}
	var g, w [2]uint64
	for _, s := range got.other {
		g[0] += s.pdus[0] + s.pdus[1]
		g[1] += s.octets[0] + s.octets[1]
	}
	for _, s := range want.other {
		w[0] += s.pdus[0]
		w[1] += s.octets[0]
	}
	if want.layer != "frame" {
		g[1] = 0 // the truth has no octets of the network layer then
	}
	if g != w {
		t.Errorf("%s: %d packets and octets that are not IP, want %d", want.layer, g, w)
	}
	// The tool has every protocol that rides in LLC, SNAP too, under one name.
	llc := want.other["llc"].pdus[0]
	for name, peer := range map[string]mib.PeerType{"arp": mib.PeerARP, "ipx": mib.PeerIPX, "lldp": mib.PeerLLDP, "loop": mib.PeerLoop} {
		var n uint64
		if s := got.other[peer]; s != nil {
			n = s.pdus[0] + s.pdus[1]
		}
		if w, ok := want.other[name]; ok && (n < w.pdus[0] || n > w.pdus[0]+llc) {
			t.Errorf("%s: %d packets of %s, want %d, and up to %d more in LLC", want.layer, n, name, w.pdus[0], llc)
		}
	}
}

// TestOfficeTruth meters the project's own trace, whose generator has told
// what its conversations carried.
func TestOfficeTruth(t *testing.T) {
	file := filepath.Join("..", "..", "testdata", "office")
	lines := tsv(t, file+".truth.tsv")
	for _, layer := range []string{"frame", "peer"} {
		got := meterTuples(t, file+".pcap", "--octets="+layer)
		want := &truth{ip: map[tuple]*sums{}, layer: layer}
		want.flows(slices.Clone(lines), nanoseconds(lines[0][13]))
		var pdus, octets uint64
		for _, f := range got.other {
			pdus += f.pdus[0] + f.pdus[1]
			octets += f.octets[0] + f.octets[1]
		}
		want.other = map[string]sums{"": {pdus: [2]uint64{pdus}, octets: [2]uint64{octets}}}
		want.frames = pdus
		for _, f := range want.ip {
			want.frames += f.pdus[0] + f.pdus[1]
		}
		if layer == "peer" {
			want.other[""] = sums{pdus: [2]uint64{pdus}}
		}
		compareTruth(t, got, want)
		for _, peer := range []mib.PeerType{mib.PeerARP, mib.PeerLLC, mib.PeerLLDP} {
			if got.other[peer] == nil {
				t.Errorf("%s: no packets of peer type %d", layer, peer)
			}
		}
	}
}

// anyPacket reads everything a packet can be asked for, and does not count
// every packet.
const anyPacket = `
	if SourcePeerType == 2 nomatch;
	if SourceTransType == 17 { if SourceTransAddress == (53, 123) ignore; }
	save SourceInterface; save SourceAdjacentType; save SourceAdjacentAddress; save DestAdjacentAddress;
	save VLANid; save Priority; save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
	save DSCodePoint; save ECNCodeBits; save SourceTransType; save SourceTransAddress; save DestTransAddress;
	count;
`

// maxHeap is how much memory the whole of TestEveryTrace may come to hold,
// beside what the process held before.
const maxHeap = 256 << 20

// TestEveryTrace meters all traces whose format is read, sound ones, odd ones
// and malformed ones: nothing crashes or hangs, memory stays bounded, every
// packet is read, and every packet read is accounted for under each rule set.
func TestEveryTrace(t *testing.T) {
	dir := sharedTraces(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read, refused := 0, 0
	for _, row := range manifest(t, dir) {
		switch {
		case !row.covered():
			refused++
			t.Run(row.file, func(t *testing.T) { refuseTrace(t, filepath.Join(dir, row.file)) })
		case testing.Short() && row.large():
		default:
			read++
			t.Run(row.file, func(t *testing.T) { accountTrace(t, dir, row) })
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > maxHeap {
		t.Errorf("memory has grown by %d octets, more than %d", grown, maxHeap)
	}
	t.Logf("%d traces metered, %d of other formats refused", read, refused)
}

// refuseTrace runs the command on a trace of a format it does not read: the
// error names the file, and nothing is written.
func refuseTrace(t *testing.T, trace string) {
	rules := filepath.Join(t.TempDir(), "5tuple.srl")
	if err := os.WriteFile(rules, []byte(fiveTuple), 0o666); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), []string{"-C", trace, rules}, nil, &stdout, &stderr)
	if status != command.StatusFailure || stdout.Len() > 0 || !strings.Contains(stderr.String(), trace) {
		t.Errorf("status %d\n%s%s", status, &stdout, &stderr)
	}
}

// accountTrace holds the packets read against the manifest, and the invariant
// of flow counts (checkSums) against the counts of every rule set, with and without
// sampling.
func accountTrace(t *testing.T, dir string, row manifestRow) {
	var sets []*ruleset.RuleSet
	for i, src := range []string{fiveTuple, anyPacket, `if SourcePeerType == 200 count;`} {
		rs, _, err := srl.Compile("account.srl", []byte(src), srl.Options{Optimise: -1})
		if err != nil {
			t.Fatal(err)
		}
		rs.Number = 2 + i
		sets = append(sets, rs)
	}
	rates := []uint32{1, 3}
	if testing.Short() {
		rates = rates[:1]
	}
	for _, rate := range rates {
		src, err := sources.Open(filepath.Join(dir, row.file), sources.Options{})
		if err != nil {
			if row.packets == 0 {
				return // an empty trace may lack even its header
			}
			t.Fatal(err)
		}
		b := &batch{o: &options{silent: true}, src: src, tasks: tasksOf(sets), meter: control.New(meter.Config{SampleRate: rate}, control.Config{})}
		b.out, b.show = flowfile.NewWriter(io.Discard, flowfile.Header{}), newProgress(b.o, nil)
		if err := b.runSets(sets, make([]string, len(sets))); err != nil {
			t.Fatal(err)
		}
		damaged := strings.Contains(row.file, ".cut37") || strings.Contains(row.file, ".truncated")
		ended := b.meterTrace(t.Context())
		b.meter.View(func(s *control.State) {
			c := s.Counts()
			// A trace of which nothing can be metered ends with an error too.
			none := c.Unsupported > 0 && c.Unsupported+c.SampledOut == c.Packets
			if damaged != errors.Is(ended, io.ErrUnexpectedEOF) || none != errors.Is(ended, errors.ErrUnsupported) || (damaged || none) != (ended != nil) {
				t.Errorf("ended with %v", ended)
			}
			if c.Packets != row.packets {
				t.Errorf("%d packets, want %d", c.Packets, row.packets)
			}
			for _, rs := range sets {
				r, err := s.RuleSetCounts(rs.Number)
				if sum := r.PDUs + r.Ignored + r.NotMatched + r.RefusedPDUs + c.Unsupported + c.SampledOut; err != nil || sum != c.Packets {
					t.Errorf("rule set %d accounts for %d packets of %d: %+v, %v", rs.Number, sum, c.Packets, r, err)
				}
			}
		})
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}
