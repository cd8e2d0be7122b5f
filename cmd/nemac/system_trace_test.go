package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

// benchTrace writes a generated trace: packets of 40 flows over a time, in
// bursts that begin gap after one another.
func benchTrace(t testing.TB, packets int, each time.Duration, bursts int, gap time.Duration) string {
	t.Helper()
	var frames []wire.Frame
	for i := range bursts {
		frames = append(frames, burst(t, uint64(i+1), packets, each, time.Duration(i)*gap)...)
	}
	return pcapFile(t, frames)
}

// burst generates packets of 40 flows over a time, which begin some time after
// those of a trace.
func burst(t testing.TB, seed uint64, packets int, each, after time.Duration) []wire.Frame {
	t.Helper()
	g, err := traffic.NewBench(traffic.Options{Seed: seed, Packets: packets, Flows: 40, Duration: each,
		Start: traffic.DefaultStart.Add(after), Snap: 128})
	if err != nil {
		t.Fatal(err)
	}
	all, err := traffic.Collect(g, packets)
	if err != nil {
		t.Fatal(err)
	}
	return traffic.Frames(all)
}

func pcapFile(t testing.TB, frames []wire.Frame) string {
	t.Helper()
	var b bytes.Buffer
	w, err := capfile.NewPcap(&b, capfile.Pcap{LinkType: wire.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		if err := w.Write(&frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	return writeFile(t, "bench.pcap", b.String())
}

// distRules saves distributions of so many counters that no datagram holds those of a
// flow together.
func distRules(t testing.TB) string {
	t.Helper()
	text := "if SourcePeerType == 1 save; else ignore; save SourcePeerAddress & 255.255.255.248;\n"
	for a := mib.AttrToPacketSize; a <= mib.AttrFromPDURate; a++ {
		text += fmt.Sprintf("save %s = 250.%d.0!0 & 2.0.1!65000;\n", a, min(1, uint8(a)/uint8(mib.AttrToBitRate)))
	}
	return writeFile(t, "dist.srl", text+"count;\n")
}

// cutTrace is a file without its last octets.
func cutTrace(t testing.TB, file string, cut int) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "cut.pcap", string(b[:len(b)-cut]))
}

// run has both programs meter a trace and compares what nemac collected with
// batch mode's. args are the meter's. All three end with the same status.
func (s *system) run(t testing.TB, args, rules []string, nemacArgs ...string) {
	t.Helper()
	want, status := s.batch(t, args, rules...)
	m := s.startMeter(t, args...)
	flows := filepath.Join(t.TempDir(), "f.flows")
	n := s.follow(t, m.port, flows, rules, nemacArgs...)
	n.want(status)
	m.want(status)
	checkFlows(t, flows, want)
	if status == 0 && !slices.Contains(args, "--allow-refused") { // which nemac warns of
		n.quiet()
	}
}

// systemEqual: nemac's flow file is the one that batch mode writes.
func systemEqual(t *testing.T, s *system) {
	office, small := testdata("office.pcap"), testdata("small.pcapng")
	bench := benchTrace(t, 3000, time.Minute, 1, 0)
	table := writeFile(t, "table", "10.0.0.0/8 64500\n198.51.100.0/24 4200000000\n2001:db8::/32 64501\n2001:db8:1:a::/64 64502\n")
	for _, tt := range []struct {
		name  string
		long  bool // left out of a short run
		args  []string
		rules []string
	}{
		{"a minute", false, []string{"-C", office, "-T60"}, ruleFiles("5tuple.srl")},
		{"one second", true, []string{"-C", office, "-T1"}, ruleFiles("peertype.rules", "hosts.srl")},
		{"seven seconds, many rule sets", false, []string{"-C", office, "-T7"},
			ruleFiles("services.srl", "hosts.srl", "networks.srl", "adjacent.rules", "groups.rules", "5tuple.rules")},
		{"one collection", false, []string{"-C", office}, ruleFiles("services.srl", "5tuple.srl")},
		{"longer than the trace", true, []string{"-C", office, "-T3600"}, ruleFiles("hosts.srl")},
		{"some intervals", false, []string{"-C", office, "-T10", "-N7"}, ruleFiles("services.srl")},
		{"one interval", true, []string{"-C", office, "-T60", "-N1"}, ruleFiles("services.srl")},
		{"more intervals than there are", true, []string{"-C", small, "-T1", "-N1000000"}, ruleFiles("5tuple.srl")},
		{"flows recovered", false, []string{"-C", office, "-T5", "--inactivity", "10"},
			[]string{writeFile(t, "plain.srl", "save SourcePeerType; save SourcePeerAddress; save DestPeerAddress; count;\n")}},
		{"IP octets, a sample", true, []string{"-C", office, "-T60", "--octets=peer", "-n3", "--seed=7"}, ruleFiles("5tuple.srl")},
		{"flow table too small", true, []string{"-C", office, "-T60", "-f20", "--allow-refused"}, ruleFiles("services.srl")},
		{"pcapng", false, []string{"-C", small, "-T7"}, ruleFiles("5tuple.srl", "services.srl")},
		{"bench", true, []string{"-C", bench, "-T1"}, ruleFiles("5tuple.srl")},
		{"gaps of hours", false, []string{"-C", benchTrace(t, 200, 90*time.Second, 3, 7*time.Hour), "-T60"}, ruleFiles("hosts.srl", "5tuple.srl")},
		{"gaps and -N inside one", true, []string{"-C", benchTrace(t, 200, 90*time.Second, 2, 7*time.Hour), "-T60", "-N100"}, ruleFiles("hosts.srl")},
		{"distributions", false, []string{"-C", office, "-T60"}, append(ruleFiles("rules/link-rates.srl", "rules/lifetimes.srl"), distRules(t))},
		{"pairs", false, []string{"-C", office, "-T60"}, ruleFiles("turnaround.rules", "rules/root-servers.srl")},
		{"streams of each interval", true, []string{"-C", office, "-T20", "-N6"}, ruleFiles("rules/lifetimes.srl")},
		{"distributions of idle flows", true, []string{"-C", benchTrace(t, 200, 90*time.Second, 2, 7*time.Hour), "-T60"}, []string{distRules(t)}},
		{"no packet", false, []string{"-C", pcapFile(t, nil), "-T60"}, ruleFiles("5tuple.srl")},
		{"what is beside addresses", false, []string{"-C", office, "-T60", "--prefixes", table, "--meter-id", "192.0.2.1"},
			[]string{
				writeFile(t, "origins.srl", "save SourceASN; save SourcePrefix; save DestASN; save DestPrefix; save MeterID; count;\n"+
					"format SourceASN SourcePrefix DestASN DestPrefix MeterID ToPDUs FromPDUs;\n"),
				writeFile(t, "classes.srl", "if SourceASN == 4200000000 nomatch; save DSCodePoint; save ECNCodeBits; save VLANid; save Priority; count;\n"+
					"format DSCodePoint ECNCodeBits VLANid Priority ToPDUs FromPDUs;\n"),
			}},
		{"one packet", true, []string{"-C", benchTrace(t, 1, time.Second, 1, 0), "-T1"}, ruleFiles("5tuple.srl")},
		{"nothing matches", true, []string{"-C", office, "-T60"}, []string{writeFile(t, "none.srl", "if SourcePeerType == 99 count;\nelse ignore;\n")}},
		{"damaged", false, []string{"-C", cutTrace(t, office, 29), "-T60"}, ruleFiles("5tuple.srl")},
		{"damaged at once", true, []string{"-C", cutTrace(t, benchTrace(t, 1, time.Second, 1, 0), 3), "-T60"}, ruleFiles("5tuple.srl")},
	} {
		if tt.long && testing.Short() {
			continue
		}
		t.Run(tt.name, func(t *testing.T) { s.run(t, tt.args, tt.rules) })
	}
}

// systemOrder: either program may be started first.
func systemOrder(t *testing.T, s *system) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T60"}, ruleFiles("services.srl", "hosts.srl")
	want, _ := s.batch(t, args, rules...)
	flows := filepath.Join(t.TempDir(), "f.flows")
	var m *process
	var n *process
	for try := 1; ; try++ {
		port := freePort(t)
		n = s.follow(t, port, flows, rules, "--wait", "20")
		n.expect(`msg="waiting for the meter"`)
		m = s.start(t, "", s.meter, append([]string{"--listen", "127.0.0.1:" + port}, args...)...)
		found := m.expect(`msg=listening|the port is in use`)
		if found[0] == "msg=listening" {
			break
		}
		if try == 5 { // somebody else took the port, each time
			t.Skip("no port stays free here")
		}
		n.kill()
	}
	n.want(0)
	m.want(0)
	checkFlows(t, flows, want)
}

// sharedTraces is the folder of traces beside the project, empty if it is not
// there.
func sharedTraces() string {
	_, here, _, _ := runtime.Caller(0)
	for dir := filepath.Dir(here); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			traces := filepath.Join(filepath.Dir(dir), "shared", "traces")
			if _, err := os.Stat(traces); err != nil {
				return ""
			}
			return traces
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// systemShared does the same with traces that nobody generated.
func systemShared(t *testing.T, s *system) {
	traces := sharedTraces()
	if traces == "" {
		t.Skip("no ../shared/traces")
	}
	for _, tt := range []struct {
		trace, seconds string
		rules          []string
	}{
		{"real/Malcolm-Test-Artifacts__Telnet.pcap", "60", ruleFiles("5tuple.srl", "services.srl")},
		{"real/Malcolm-Test-Artifacts__Tunnels.pcap", "60", ruleFiles("hosts.srl")}, // 80 days, with gaps
		{"real/arkime__arkime_synthetic.pcap", "3600", ruleFiles("services.srl", "hosts.srl")},
		{"real/mercury__top_100_fingerprints.pcap", "7", ruleFiles("5tuple.srl")},
		{"real/Malcolm-Test-Artifacts__NTP.pcap", "300", ruleFiles("services.srl", "groups.rules")},
		{"dns/zeek__dns-edns-ecs.pcap", "60", ruleFiles("endsystems.rules", "5tuple.srl")},
		{"edge/PcapPlusPlus__ipv6_options.pcap", "60", ruleFiles("5tuple.srl")},       // 42 years
		{"real/mercury__emix.pcap", "86400", ruleFiles("5tuple.srl", "services.srl")}, // 22 years
		{"real/mercury__emix.pcap", "0", ruleFiles("hosts.srl", "5tuple.srl")},
		{"formats/arkime__y2038-bgp.pcap", "0", ruleFiles("5tuple.srl")},
		{"encap/zeek__mixed-vlan-mpls.pcap", "42949673", ruleFiles("5tuple.srl")},
		{"derived/vlan.pcap.cut37", "1", ruleFiles("5tuple.srl", "hosts.srl")},
		{"derived/vlan.pcap.truncated.gz", "1", ruleFiles("5tuple.srl")},
	} {
		t.Run(strings.ReplaceAll(tt.trace, "/", ":"), func(t *testing.T) {
			file := filepath.Join(traces, filepath.FromSlash(tt.trace))
			if _, err := os.Stat(file); err != nil {
				t.Skip(err)
			}
			s.run(t, []string{"-C", file, "-T" + tt.seconds}, tt.rules)
		})
		if testing.Short() {
			break
		}
	}
}
