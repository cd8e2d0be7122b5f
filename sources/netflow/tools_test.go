package netflow_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources"
	"netramet/sources/netflow"
	"netramet/sources/tracefile"
	"netramet/sources/wire"
)

// sum is what was counted of one direction of a conversation.
type sum struct{ pdus, octets uint64 }

// sums are by direction: protocol, addresses and ports.
type sums map[string]sum

func (s sums) add(f *wire.Frame, pdus, octets uint64) {
	var p packet.Packet
	p.DecodeNet(f)
	if octets == wire.OctetsOfFrame {
		octets = pdus * uint64(p.PeerOctets)
	}
	key := fmt.Sprintf("%d %d %x:%d %x:%d", p.PeerType, p.TransType, p.PeerAddress[0][:p.PeerLen], p.TransAddress[0],
		p.PeerAddress[1][:p.PeerLen], p.TransAddress[1])
	x := s[key]
	s[key] = sum{x.pdus + pdus, x.octets + octets}
}

// difference says what b counts otherwise than a, in some lines.
func (a sums) difference(b sums) string {
	var lines []string
	for k, x := range a {
		if b[k] != x {
			lines = append(lines, fmt.Sprintf("%s: %v, want %v", k, b[k], x))
		}
	}
	for k, x := range b {
		if _, ok := a[k]; !ok {
			lines = append(lines, fmt.Sprintf("%s: %v, which is not there", k, x))
		}
	}
	sort.Strings(lines)
	if n := len(lines); n > 12 {
		lines = append(lines[:12], fmt.Sprintf("and %d more", n-12))
	}
	return strings.Join(lines, "\n")
}

// total is all of it.
func (a sums) total() (t sum) {
	for _, x := range a {
		t.pdus += x.pdus
		t.octets += x.octets
	}
	return t
}

// trafficOf sums up the packets of a trace that keep tells to.
func trafficOf(t *testing.T, path string, keep func(*packet.Packet) bool) sums {
	t.Helper()
	src, err := sources.Open(path, sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	all := sums{}
	var b wire.Batch
	var p packet.Packet
	for {
		err := src.Read(&b)
		for i := range b.Frames {
			f := &b.Frames[i]
			if p.DecodeNet(f); p.Flags&packet.IsStream != 0 && keep(&p) {
				all.add(f, 1, uint64(p.PeerOctets))
			}
		}
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// collect runs a tool that exports to a port, and sums up what came. look, if not nil,
// looks at each record.
func collect(t *testing.T, look func(*wire.Record), run func(port uint16) *exec.Cmd) (sums, *netflow.Source) {
	t.Helper()
	src, err := netflow.Listen("netflow://127.0.0.1:0", netflow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	cmd := run(src.Addr().Port())
	done := make(chan error, 1)
	go func() {
		out, err := cmd.CombinedOutput()
		if filepath.Base(cmd.Path) == "pmacctd" {
			err = nil // it may fail at the end of a trace, all of which it has exported
		}
		if err != nil {
			err = fmt.Errorf("%v: %w\n%s", cmd, err, out)
		}
		done <- err
	}()
	all := sums{}
	var b wire.Batch
	for ended := false; ; {
		if err := src.Read(&b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Records {
			r := &b.Records[i]
			all.add(&r.Frame, r.PDUs, r.Octets)
			if look != nil {
				look(r)
			}
		}
		if len(b.Records) > 0 {
			continue
		}
		if ended { // what it sent was there before it ended
			return all, src
		}
		select {
		case err := <-done:
			if ended = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
	}
}

func needs(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
}

func command(t *testing.T, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, args[0], args[1:]...)
}

// unfragmented is a trace without fragments, of which each tool makes something else:
// softflowd 1.1 calls those of IPv6 protocol 0, nfpcapd 1.7 leaves some out, pmacctd 1.7
// counts all with the first.
func unfragmented(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "unfragmented.pcap")
	w, err := tracefile.Create(path, tracefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	src, err := sources.Open("../../testdata/office.pcap", sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var b wire.Batch
	var p packet.Packet
	for err = nil; err == nil; {
		err = src.Read(&b)
		for i := range b.Frames {
			p.DecodeNet(&b.Frames[i])
			if p.Flags&packet.IsFragment == 0 && p.Flags&packet.IsStream != 0 {
				if err := w.Write(&b.Frames[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// ipv4 keeps what version 5 can tell.
func ipv4(p *packet.Packet) bool { return p.PeerType == mib.PeerIPv4 }

func all(*packet.Packet) bool { return true }

// checkTool compares what a tool exported with the traffic that it saw.
func checkTool(t *testing.T, got sums, src *netflow.Source, want sums) {
	t.Helper()
	if st := src.Collected(); st.Damaged+st.Foreign+st.Lost+st.Unknown+st.Empty != 0 || st.Records == 0 {
		t.Errorf("%+v", st)
	}
	if d := want.difference(got); d != "" {
		t.Errorf("%v, want %v\n%s", got.total(), want.total(), d)
	}
}

// TestSoftflowd: what softflowd exports of a trace is the traffic of the trace.
func TestSoftflowd(t *testing.T) {
	needs(t, "softflowd")
	office := unfragmented(t)
	for version, keep := range map[string]func(*packet.Packet) bool{"5": ipv4, "9": all, "10": all} {
		t.Run("version "+version, func(t *testing.T) {
			got, src := collect(t, nil, func(port uint16) *exec.Cmd {
				return command(t, "softflowd", "-r", office, "-n", fmt.Sprintf("127.0.0.1:%d", port), "-v", version, "-D")
			})
			checkTool(t, got, src, trafficOf(t, office, keep))
		})
	}
}

// TestNfdump: the same of nfpcapd, whose files nfreplay sends.
func TestNfdump(t *testing.T) {
	needs(t, "nfpcapd", "nfreplay")
	office := unfragmented(t)
	dir := t.TempDir()
	if out, err := command(t, "nfpcapd", "-r", office, "-l", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "nfcapd.2*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("nfpcapd left %q, %v", files, err)
	}
	for _, version := range []string{"5", "9"} {
		t.Run("version "+version, func(t *testing.T) {
			got, src := collect(t, nil, func(port uint16) *exec.Cmd {
				return command(t, "nfreplay", "-r", files[0], "-H", "127.0.0.1", "-p", fmt.Sprint(port), "-v", version)
			})
			// nfpcapd 1.7.1 overlooks some packets of IPv6, as nfdump -I shows.
			for key := range got {
				if !strings.HasPrefix(key, "1 ") {
					delete(got, key)
				}
			}
			checkTool(t, got, src, trafficOf(t, office, ipv4))
		})
	}
}

// pmacctd is pmacctd with a configuration.
func pmacctd(t *testing.T, format string, args ...any) *exec.Cmd {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "pmacctd.conf")
	if err := os.WriteFile(conf, []byte("daemonize: false\n"+fmt.Sprintf(format, args...)), 0o600); err != nil {
		t.Fatal(err)
	}
	return command(t, "pmacctd", "-f", conf)
}

// TestPmacctd: the same of pmacctd.
func TestPmacctd(t *testing.T) {
	needs(t, "pmacctd")
	office := unfragmented(t)
	for version, keep := range map[string]func(*packet.Packet) bool{"5": ipv4, "9": all, "10": all} {
		t.Run("version "+version, func(t *testing.T) {
			if testing.Short() && version != "10" {
				t.Skip("it takes seconds")
			}
			got, src := collect(t, nil, func(port uint16) *exec.Cmd {
				return pmacctd(t, "pcap_savefile: %s\naggregate: src_host, dst_host, src_port, dst_port, proto, tos\n"+
					"plugins: nfprobe\nnfprobe_receiver: 127.0.0.1:%d\nnfprobe_version: %s\n", office, port, version)
			})
			checkTool(t, got, src, trafficOf(t, office, keep))
		})
	}
}

// TestSFlow: the same of the sFlow that pmacctd sends, with the systems and prefixes that
// it takes from a table.
func TestSFlow(t *testing.T) {
	needs(t, "pmacctd")
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	office := unfragmented(t)
	nets := filepath.Join(t.TempDir(), "nets")
	if err := os.WriteFile(nets, []byte("64500,10.0.0.0/8\n64501,0.0.0.0/0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := 0
	got, src := collect(t, func(r *wire.Record) {
		var p packet.Packet
		if p.DecodeNet(&r.Frame); p.PeerType != mib.PeerIPv4 {
			return
		}
		want := wire.Exporter{ID: 192<<24 | 2<<8 | 77}
		for i := range want.ASN {
			if want.ASN[i], want.Prefix[i] = 64501, 0; p.PeerAddress[i][0] == 10 {
				want.ASN[i], want.Prefix[i] = 64500, 8
			}
		}
		if r.Exporter != want {
			if wrong++; wrong < 5 {
				t.Errorf("exporter tells %+v, want %+v", r.Exporter, want)
			}
		}
	}, func(port uint16) *exec.Cmd {
		return pmacctd(t, "pcap_savefile: %s\naggregate: src_host, dst_host, src_port, dst_port, proto, tos, src_as, dst_as, src_mask, dst_mask\n"+
			"networks_file: %s\nnetworks_file_no_lpm: true\npmacctd_as: file\npmacctd_net: file\n"+
			"plugins: sfprobe\nsfprobe_receiver: 127.0.0.1:%d\nsfprobe_agentip: 192.0.2.77\n", office, nets, port)
	})
	// At its end, pmacctd leaves the samples behind that fill no datagram.
	const fill = 5
	came := src.Collected().Records
	if most := trafficOf(t, office, all).total().pdus; came+fill <= most {
		t.Errorf("%d samples of %d packets", came, most)
	}
	left := came
	checkTool(t, got, src, trafficOf(t, office, func(*packet.Packet) bool {
		if left == 0 {
			return false
		}
		left--
		return true
	}))
}
