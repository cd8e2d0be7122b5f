package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/reader/flowfile"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// A vector is a rule set, packets that go through it one after the other, and
// the flows they make. They are the programs that RFC 2723 §4 and RFC 2123 §3
// show, written anew, with the behaviour that the RFCs' text describes.
type vector struct {
	name    string
	file    string // in testdata/vectors
	replace [2]string
	packets []vectorPacket
	flows   string // flow records after all packets went through twice
}

// vectorPacket is one packet: "f" counts in the To counters of a flow, "r" in
// From, "-" in none.
type vectorPacket struct {
	proto    string
	from, to string // address, address:port or name of a station
	want     string
}

var vectors = []vector{
	{
		name: "A ports", file: "ports.srl",
		packets: []vectorPacket{
			{"tcp", "130.216.1.1:1024", "130.217.2.2:80", "f"},
			{"tcp", "130.217.2.2:80", "130.216.1.1:1024", "r"},
			{"tcp", "9.9.9.9:23", "8.8.8.8:5000", "r"}, // the server's packet comes first
			{"tcp", "8.8.8.8:5000", "9.9.9.9:23", "f"},
			{"udp", "8.8.8.8:53", "130.216.1.1:4000", "f"},
			{"udp", "130.216.1.1:4000", "8.8.8.8:53", "f"}, // another flow: the destination's port is saved
			{"tcp", "7.7.7.7:21", "6.6.6.6:20", "-"},       // well-known on both sides
			{"icmp", "1.2.3.4", "5.6.7.8", "f"},
			{"icmp", "5.6.7.8", "1.2.3.4", "r"},
			{"tcp", "[2001:db8::1]:1", "[2001:db8::2]:80", "-"},
		},
		flows: `
			1 130.216.1.1/255.255.255.255 130.217.2.2/255.255.255.255 6 80 87 2 2
			1 8.8.8.8/255.255.255.255 9.9.9.9/255.255.255.255 6 23 84 2 2
			1 8.8.8.8/255.255.255.255 130.216.1.1/255.255.255.255 17 4000 63 2 0
			1 130.216.1.1/255.255.255.255 8.8.8.8/255.255.255.255 17 53 63 2 0
			1 1.2.3.4/255.255.255.255 5.6.7.8/255.255.255.255 0 0 0 2 2`,
	},
	{
		name: "B groups of networks", file: "groups.srl",
		packets: []vectorPacket{
			{"tcp", "130.216.1.1:1", "130.217.2.2:2", "f"},
			{"tcp", "130.217.2.2:2", "130.216.1.1:1", "r"},
			{"tcp", "8.8.8.8:1", "130.216.1.1:2", "f"},
			{"tcp", "130.216.1.1:2", "8.8.8.8:1", "r"},
			{"udp", "139.80.3.3:1", "132.181.4.4:2", "f"},
			{"udp", "8.8.8.7:9", "130.216.99.1:9", "f"}, // the third packet's networks
		},
		flows: `
			130.216.0.0/255.255.0.0 130.217.0.0/255.255.0.0 10 20 2 2
			8.8.8.0/255.255.255.0 130.216.0.0/255.255.0.0 30 10 4 2
			139.80.0.0/255.255.0.0 132.181.0.0/255.255.0.0 20 20 2 0`,
	},
	{
		name: "C our networks as source", file: "oursource.srl",
		packets: []vectorPacket{
			{"tcp", "8.8.8.8:1", "130.216.1.1:2", "r"},
			{"tcp", "130.216.1.1:2", "8.8.8.8:1", "f"},
			{"tcp", "130.216.1.1:2", "130.216.7.7:1", "-"},
			{"tcp", "9.9.9.9:2", "8.8.8.8:1", "f"},
			{"tcp", "8.8.8.8:1", "9.9.9.9:2", "r"},
		},
		flows: `
			130.216.0.0/255.255.0.0 8.8.8.0/255.255.255.0 10 30 2 2
			9.9.9.0/255.255.255.0 8.8.8.0/255.255.255.0 30 30 2 2`,
	},
	{
		name: "D subroutine", file: "subroutine.rules",
		packets: []vectorPacket{
			{"tcp", "130.216.1.1:1", "156.62.2.2:2", "f"},
			{"tcp", "156.62.2.2:2", "130.216.1.1:1", "r"},
			{"tcp", "8.8.8.8:1", "130.216.1.1:2", "r"},
			{"tcp", "130.216.1.1:2", "8.8.8.8:1", "f"},
			{"tcp", "9.9.9.9:1", "8.8.8.8:2", "-"},
			{"tcp", "130.216.1.1:1", "130.216.2.2:2", "-"},
		},
		flows: `
			1 130.216.0.0/255.255.0.0 156.62.0.0/255.255.0.0 2 2
			1 130.216.0.0/255.255.0.0 0.0.0.0/0.0.0.0 2 2`,
	},
	{
		name: "E two gateways", file: "gateways.rules",
		packets: []vectorPacket{
			{"udp", "g1", "g2", "f"},
			{"udp", "g2", "g1", "r"},
			{"udp", "g1", "h", "f"},
			{"udp", "h", "g1", "r"},
			{"udp", "g2", "h", "f"},
			{"udp", "h", "g2", "r"},
			{"udp", "h", "i", "-"},
		},
		flows: `
			00-80-48-81-0E-7C 02-07-01-04-ED-4A 3 2 2
			00-80-48-81-0E-7C 00-AA-00-00-00-01 1 2 2
			02-07-01-04-ED-4A 00-AA-00-00-00-01 2 2 2`,
	},
	{
		name: "F one network", file: "net130.rules",
		packets: []vectorPacket{
			{"tcp", "130.216.1.1:1", "156.62.2.2:2", "f"},
			{"tcp", "156.62.2.2:2", "130.216.1.1:1", "r"},
			{"tcp", "9.9.9.9:1", "8.8.8.8:2", "-"},
		},
		flows: `1 130.216.1.1/255.255.255.255 156.62.2.2/255.255.255.255 2 2`,
	},
	{
		// The mistake that RFC 2123 §3.2 prints: the rule that saves is
		// entered with its test on.
		name: "F with Goto for GotoAct", file: "net130.rules", replace: [2]string{"GotoAct, both", "Goto, both"},
		packets: []vectorPacket{
			{"tcp", "130.216.1.1:1", "156.62.2.2:2", "-"},
			{"tcp", "156.62.2.2:2", "130.216.1.1:1", "-"},
			{"tcp", "9.9.9.9:1", "8.8.8.8:2", "-"},
		},
	},
	{
		name: "G and, save, pop", file: "andsave.srl",
		packets: []vectorPacket{
			{"tcp", "10.1.1.1:5", "30.1.1.1:6", "f"},
			{"tcp", "10.1.1.1:5", "40.1.1.1:6", "f"},
			{"tcp", "10.9.9.9:7", "20.1.1.1:8", "f"},
			{"tcp", "11.9.9.9:5", "20.1.1.1:8", "f"}, // the second one's port
		},
		flows: `
			10.0.0.0/255.0.0.0 30.0.0.0/255.0.0.0 0 2 0
			0.0.0.0/0.0.0.0 0.0.0.0/0.0.0.0 5 4 0
			10.0.0.0/255.0.0.0 20.0.0.0/255.0.0.0 0 2 0`,
	},
}

// TestVectors puts packets through the real compiler and meter, with and
// without remembered verdicts.
func TestVectors(t *testing.T) {
	for _, v := range vectors {
		for name, cache := range map[string]meter.CacheMode{"cache": meter.CacheVerdicts, "no cache": meter.NoCache} {
			t.Run(v.name+"/"+name, func(t *testing.T) { v.run(t, cache) })
		}
	}
}

func (v *vector) run(t *testing.T, cache meter.CacheMode) {
	rs := v.compile(t)
	var out bytes.Buffer
	b := &batch{o: &options{silent: true}, tasks: tasksOf([]*ruleset.RuleSet{rs})}
	b.show = newProgress(b.o, nil)
	b.out = flowfile.NewWriter(&out, flowfile.Header{Meter: "vectors"})
	b.meter = control.New(meter.Config{Cache: cache, MaxGap: meter.AnyGap}, control.Config{})
	if err := b.runSets([]*ruleset.RuleSet{rs}, []string{v.file}); err != nil {
		t.Fatal(err)
	}
	before := directions(b.meter, rs.Number)
	for pass := range 2 { // verdicts are known in the second
		for i, p := range v.packets {
			if stop := b.meter.Feed(&wire.Batch{Frames: []wire.Frame{p.frame(t, int64(pass*100+i))}}); stop != meter.Taken {
				t.Fatalf("stop %d", stop)
			}
			now := directions(b.meter, rs.Number)
			got := "-"
			switch {
			case now[0] == before[0]+1 && now[1] == before[1]:
				got = "f"
			case now[1] == before[1]+1 && now[0] == before[0]:
				got = "r"
			case now != before:
				got = fmt.Sprint(before, now)
			}
			if before = now; got != p.want {
				t.Errorf("pass %d: %s %s -> %s: %s, want %s", pass+1, p.proto, p.from, p.to, got, p.want)
			}
		}
	}
	b.meter.Finish()
	if err := b.collect(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	var want []string
	for line := range strings.Lines(v.flows) {
		if line = strings.TrimSpace(line); line != "" {
			want = append(want, line)
		}
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("flows\n%s\nwant\n%s", g, w)
	}
}

// compile reads the vector's rules as the command does.
func (v *vector) compile(t *testing.T) *ruleset.RuleSet {
	t.Helper()
	file := filepath.Join("testdata", "vectors", v.file)
	if v.replace[0] != "" {
		file = replaced(t, file, v.replace)
	}
	sets, err := (&options{rules: []string{file}}).readRules(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return sets[0]
}

// directions sums the PDUs of all flows, To and From.
func directions(m *control.Meter, number int) (sum [2]uint64) {
	m.View(func(s *control.State) {
		var f meter.Flow
		for i := s.NextFlow(number, 0, 0); i != 0; i = s.NextFlow(number, 0, i) {
			s.Flow(i, &f)
			sum[0] += f.PDUs[0]
			sum[1] += f.PDUs[1]
		}
	})
	return sum
}

// stations are the link-layer addresses of vector E.
var stations = map[string]struct{ mac, addr string }{
	"g1": {"00:80:48:81:0e:7c", "10.0.0.1:1"},
	"g2": {"02:07:01:04:ed:4a", "10.0.0.2:1"},
	"h":  {"00:aa:00:00:00:01", "10.0.0.3:1"},
	"i":  {"00:aa:00:00:00:02", "10.0.0.4:1"},
}

// frame makes the packet as frame number n of a trace.
func (p vectorPacket) frame(t *testing.T, n int64) wire.Frame {
	t.Helper()
	ether := sourcetest.Ether("", "")
	var end [2]netip.AddrPort
	for i, text := range []string{p.from, p.to} {
		if s, ok := stations[text]; ok {
			text = s.addr
			*[]*string{&ether.Src, &ether.Dst}[i] = s.mac
		}
		if p.proto == "icmp" {
			text += ":0"
		}
		var err error
		if end[i], err = netip.ParseAddrPort(text); err != nil {
			t.Fatal(err)
		}
	}
	var ip sourcetest.Part = sourcetest.IPv4{Src: end[0].Addr().String(), Dst: end[1].Addr().String()}
	if end[0].Addr().Is6() {
		ip = sourcetest.IPv6{Src: end[0].Addr().String(), Dst: end[1].Addr().String()}
	}
	transport := map[string]sourcetest.Part{
		"tcp":  sourcetest.TCP{Src: end[0].Port(), Dst: end[1].Port()},
		"udp":  sourcetest.UDP{Src: end[0].Port(), Dst: end[1].Port()},
		"icmp": sourcetest.ICMP{},
	}[p.proto]
	f, err := sourcetest.Build(ether, ip, transport)
	if err != nil {
		t.Fatal(err)
	}
	f.Time = sourcetest.StartTime + n*1_000_000
	return f
}

// TestVectorH: values of SRL and of low-level rules, in the notation of RFC
// 2723 appendix B, are these octets.
func TestVectorH(t *testing.T) {
	for _, test := range []struct {
		text string
		attr mib.Attr
		want string
	}{
		{"1.3.10!50", mib.AttrSourceAdjacentAddress, "0103000A0032"},
		{"60.0!0", mib.AttrSourceAdjacentAddress, "3C0000000000"},
		{"2.3.1!10000", mib.AttrSourceAdjacentAddress, "020300012710"},
		{"FF-FF-00-00", mib.AttrSourcePeerAddress, "FFFF0000"},
		{"FF-FF", mib.AttrSourcePeerAddress, "FFFF0000"},
		{"130.216", mib.AttrSourcePeerAddress, "82D80000"},
		{"23", mib.AttrSourceTransAddress, "0017"},
		{"0.23", mib.AttrSourceTransAddress, "0017"},
		{"10000", mib.AttrDestTransAddress, "2710"},
	} {
		for name, src := range map[string]string{
			"SRL":   fmt.Sprintf("save %v = %s; count;", test.attr, test.text),
			"rules": fmt.Sprintf("RULES %v & FF-FF-FF-FF-FF-FF = %s: PushRuleTo, Next; Null & 0 = 0: Count, 0;", test.attr, test.text),
		} {
			if name == "rules" && test.attr.UsualSize() != 6 {
				src = strings.Replace(src, "FF-FF-FF-FF-FF-FF", strings.Repeat("255.", min(test.attr.UsualSize(), 4)-1)+"255", 1)
			}
			rs, _, err := srl.Read(name, []byte(src), srl.Options{Optimise: -1})
			if err != nil {
				t.Errorf("%s: %s\n%v", name, src, err)
				continue
			}
			want, _ := hex.DecodeString(test.want)
			found := false
			for _, r := range rs.Rules {
				if r.Selector == test.attr {
					found = true
					if got := r.Value[:len(want)]; !bytes.Equal(got, want) {
						t.Errorf("%s: %s on %v is %X, want %X", name, test.text, test.attr, got, want)
					}
				}
			}
			if !found {
				t.Errorf("%s: no rule about %v: %v", name, test.attr, rs.Rules)
			}
		}
	}
}

// replaced is a copy of a file with one text in the place of another.
func replaced(t *testing.T, file string, texts [2]string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(data, []byte(texts[0])) != 1 {
		t.Fatalf("%s: %q does not stand there once", file, texts[0])
	}
	copied := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(copied, bytes.Replace(data, []byte(texts[0]), []byte(texts[1]), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	return copied
}
