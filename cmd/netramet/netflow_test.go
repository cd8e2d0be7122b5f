package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/internal/command"
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

var updateExport = flag.Bool("update-export", false, "write testdata/export.pcap anew")

// exportEvery is how often the exporter of the test sends what it has.
const exportEvery = 30 * time.Second

// exporting makes NetFlow of packets: one record for each direction of a conversation in
// each half minute, of version 9.
type exporting struct {
	boot   int64
	until  int64
	flows  map[string]*exported
	order  []*exported
	seq    uint32
	frames []wire.Frame
}

type exported struct {
	v6           bool
	head         []byte // addresses, ports, protocol
	pdus, octets uint32
	first, last  int64
}

func (e *exporting) add(p *packet.Packet) {
	if e.boot == 0 {
		e.boot = p.Time - int64(time.Hour)
		e.until = p.Time + int64(exportEvery)
	}
	for p.Time >= e.until {
		e.send()
		e.until += int64(exportEvery)
	}
	var h []byte
	for i := range p.PeerAddress {
		h = append(h, p.PeerAddress[i][:p.PeerLen]...)
	}
	for _, port := range p.TransAddress {
		h = binary.BigEndian.AppendUint16(h, port)
	}
	h = append(h, p.TransType)
	x := e.flows[string(h)]
	if x == nil {
		x = &exported{v6: p.PeerType == mib.PeerIPv6, head: h, first: p.Time}
		e.flows[string(h)] = x
		e.order = append(e.order, x)
	}
	x.pdus++
	x.octets += p.PeerOctets
	x.last = p.Time
}

// The two templates, for addresses of both families.
func exportTemplates() (set []byte) {
	for _, v := range [][]uint16{{300, 8, 4, 12, 4}, {301, 27, 16, 28, 16}} {
		set = be16(set, v[0], 9, v[1], v[2], v[3], v[4], 7, 2, 11, 2, 4, 1, 2, 4, 1, 4, 22, 4, 21, 4)
	}
	return append(be16(nil, 0, uint16(4+len(set))), set...)
}

func be16(b []byte, all ...uint16) []byte {
	for _, n := range all {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return b
}

// send sends all records, some in a datagram.
func (e *exporting) send() {
	for part := range slices.Chunk(e.order, 20) {
		sets := exportTemplates()
		for _, x := range part {
			r := slices.Clone(x.head)
			for _, n := range []uint32{x.pdus, x.octets, e.uptime(x.first), e.uptime(x.last)} {
				r = binary.BigEndian.AppendUint32(r, n)
			}
			id := uint16(300)
			if x.v6 {
				id = 301
			}
			sets = append(be16(sets, id, uint16(4+len(r))), r...)
		}
		b := be16(nil, 9, uint16(len(part)+2))
		for _, n := range []uint32{e.uptime(e.until), uint32(e.until / 1e9), e.seq, 1} {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		e.seq++
		e.datagram(append(b, sets...))
	}
	e.order, e.flows = e.order[:0:0], make(map[string]*exported)
}

func (e *exporting) uptime(t int64) uint32 { return uint32((t - e.boot) / 1e6) }

// datagram puts a datagram to port 2055 into a frame.
func (e *exporting) datagram(data []byte) {
	udp := append(be16(nil, 40000, 2055, uint16(8+len(data)), 0), data...)
	ip := be16(nil, 0x4500, uint16(20+len(udp)), 0, 0, 0x4011, 0, 0xc000, 0x0201, 0xc000, 0x0263)
	frame := append([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0}, append(ip, udp...)...)
	e.frames = append(e.frames, wire.Frame{Time: e.until, Data: frame, WireLen: uint32(len(frame)), LinkType: wire.LinkEthernet, Interface: 1})
}

// exportOf is what an exporter would have sent of a trace's IP packets.
func exportOf(t *testing.T, trace string) []byte {
	t.Helper()
	src, err := sources.Open(trace, sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	e := exporting{flows: make(map[string]*exported)}
	var b wire.Batch
	var p packet.Packet
	for err == nil {
		err = src.Read(&b)
		for i := range b.Frames {
			if p.DecodeNet(&b.Frames[i]); p.Flags&packet.IsStream != 0 {
				e.add(&p)
			}
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	e.send()
	return e.pcap(t)
}

// pcap is a trace of the frames.
func (e *exporting) pcap(t *testing.T) []byte {
	t.Helper()
	for _, f := range capfile.Formats() {
		if f.Name == "pcap" {
			data, err := f.Encode(e.frames)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
	t.Fatal("no pcap among the formats")
	return nil
}

// meterTo runs the command and returns its flow data without the header line, and what it
// said.
func meterTo(t *testing.T, args ...string) (flows, said string) {
	t.Helper()
	var out, stderr bytes.Buffer
	if status := run(context.Background(), args, nil, &out, &stderr); status != command.StatusOK {
		t.Fatalf("%q: status %d: %s", args, status, &stderr)
	}
	_, flows, _ = strings.Cut(out.String(), "\n")
	return flows, stderr.String()
}

func dataLines(flows string) (lines []string) {
	for line := range strings.Lines(flows) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// TestNetFlow: what an exporter made of a trace gives the flows of the trace, with the
// times of its packets, whatever the number of lanes.
func TestNetFlow(t *testing.T) {
	dir := t.TempDir()
	trace := filepath.Join("..", "..", "testdata", "office.pcap")
	export := filepath.Join(dir, "export.pcap")
	data := exportOf(t, trace)
	if err := os.WriteFile(export, data, 0o666); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join("..", "..", "testdata", "export.pcap")
	if *updateExport {
		if err := os.WriteFile(kept, data, 0o666); err != nil {
			t.Fatal(err)
		}
	} else if now, err := os.ReadFile(kept); err != nil || !bytes.Equal(now, data) {
		t.Errorf("%s is not what the test makes: go test ./cmd/netramet -run TestNetFlow -update-export (%v)", kept, err)
	}
	rules := filepath.Join(dir, "five.srl")
	err := os.WriteFile(rules, []byte(`set five; if SourcePeerType == (1, 2) save SourcePeerType; else ignore; save SourceTransType; save SourcePeerAddress; save DestPeerAddress;
		save SourceTransAddress; save DestTransAddress; count;
		format SourcePeerType SourceTransType SourcePeerAddress DestPeerAddress SourceTransAddress DestTransAddress ToPDUs FromPDUs ToOctets FromOctets;`), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	packets, _ := meterTo(t, "--octets=peer", "-s", "-C", trace, rules)
	records, said := meterTo(t, "--netflow", "-C", export, rules)
	if got, want := dataLines(records), dataLines(packets); !slices.Equal(got, want) || len(want) < 100 {
		t.Errorf("%d flows of records, %d of packets", len(got), len(want))
	}
	if !strings.Contains(said, "of 1 exporters") || !strings.Contains(said, " 0 lost") || strings.Contains(said, "late") {
		t.Errorf("said %s", said)
	}
	timed := filepath.Join(dir, "timed.srl")
	if err := os.WriteFile(timed, []byte(timedRules), 0o666); err != nil {
		t.Fatal(err)
	}
	want, _ := meterTo(t, "-s", "--netflow", "-T60", "-C", export, timed, rules)
	for _, more := range [][]string{{"--lanes=2"}, {"--lanes=3"}, {"--lanes=8"}, {"--no-cache"}, {"--netflow-from=192.0.2.1"}} {
		args := append([]string{"-s", "--netflow", "-T60", "-C", export, timed, rules}, more...)
		if got, _ := meterTo(t, args...); got != want {
			t.Errorf("%q: other flow data", more)
		}
	}
	if none, said := meterTo(t, "--netflow=9996", "-C", export, rules); len(dataLines(none)) != 0 || !strings.Contains(said, "no datagram goes to the ports") {
		t.Errorf("records of another port: %s\n%s", none, said)
	}
	cut := filepath.Join(dir, "cut.pcap")
	if status, said := runToEnd(t, "-s", "-C", export, "--snap=96", "--write", cut); status != command.StatusOK {
		t.Fatal(said)
	}
	if none, said := meterTo(t, "--netflow", "-C", cut, rules); len(dataLines(none)) != 0 || !strings.Contains(said, "is whole: 40 are cut") {
		t.Errorf("records of datagrams that were cut: %s\n%s", none, said)
	}
}

// TestExportersTold: what exporters sampled, and interfaces that rules cannot tell apart,
// are told, these where rules ask for them.
func TestExportersTold(t *testing.T) {
	e := exporting{until: 1_700_000_000 * int64(time.Second)}
	for seq, sampled := range []uint16{100, 20, 1} { // of NetFlow 5, one record each
		b := be16(nil, 5, 1, 0, 1, 1_700_000_000>>16, 1_700_000_000&0xffff, 0, 0, 0, uint16(seq), 0, sampled)
		b = be16(b, 10<<8, 1, 10<<8, 2, 0, 0, 300, 4, 0, 7, 0, 900, 0, 1, 0, 1, 1000, 80, 0, 6<<8, 0, 0, 0, 0)
		e.datagram(b)
	}
	trace := filepath.Join(t.TempDir(), "export.pcap")
	if err := os.WriteFile(trace, e.pcap(t), 0o666); err != nil {
		t.Fatal(err)
	}
	const wide = "netramet: 192.0.2.1: has interfaces above 255, as 300: SourceInterface and DestInterface are 255 for all of these\n"
	rules := filepath.Join(t.TempDir(), "interfaces.srl")
	if err := os.WriteFile(rules, []byte("save SourceInterface; count; format SourceInterface ToPDUs;"), 0o666); err != nil {
		t.Fatal(err)
	}
	nets := filepath.Join(t.TempDir(), "nets")
	if err := os.WriteFile(nets, []byte("10.0.0.1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		args    []string
		wide    bool
		sampled string
		pdus    string
	}{
		{"interfaces", []string{rules}, true, ", sampled 1 in 20 to 1 in 100, multiplied\n", "255 847"},
		{"counts as exported", []string{rules, "--netflow-sampling=tell"}, true, ", sampled 1 in 20 to 1 in 100, not multiplied\n", "255 21"},
		{"no interfaces", []string{"@ip"}, false, ", sampled 1 in 20 to 1 in 100, multiplied\n", "847"},
		{"directions", []string{rules, "--direction=nets:" + nets}, false, ", multiplied\n", "847"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			flows, said := meterTo(t, append([]string{"--netflow", "-C", trace}, tt.args...)...)
			if n := strings.Count(said, wide); n > 1 || n == 1 != tt.wide {
				t.Errorf("told %d times of interfaces", n)
			}
			if !strings.Contains(said, tt.sampled) || !strings.Contains(flows, tt.pdus) {
				t.Errorf("said %s\nflows %s", said, flows)
			}
		})
	}
}
