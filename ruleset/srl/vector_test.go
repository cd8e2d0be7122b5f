package srl

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/ruleset"
)

// meter is the two-direction algorithm of RFC 2722 §4.3 over one map.
type meter struct {
	rules []ruleset.Rule
	flows map[string]bool
}

// meterPacket returns "f" or "r", the direction counted, and the flow's key;
// or "ignored".
func (m *meter) meterPacket(p packet) string {
	v, key := interpret(m.rules, p, true, true)
	switch v {
	case counted:
		switch {
		case m.flows[keyText(key)]:
			return "f " + keyText(key)
		case m.flows[keyText(reverse(key))]:
			return "r " + keyText(reverse(key))
		}
		m.flows[keyText(key)] = true
		return "f " + keyText(key)
	case noMatch:
		if v, key = interpret(m.rules, p, false, true); v == counted {
			m.flows[keyText(key)] = true
			return "r " + keyText(key)
		}
	}
	return "ignored"
}

func reverse(key map[mib.Attr]saved) map[mib.Attr]saved {
	r := make(map[mib.Attr]saved, len(key))
	for a, s := range key {
		r[a.Reverse()] = s
	}
	return r
}

// keyText prints a key in order of attributes, the types once.
func keyText(key map[mib.Attr]saved) string {
	slots := make(map[mib.Attr]saved)
	for a, s := range key {
		slots[a.Slot()] = s
	}
	var attrs []mib.Attr
	for a := range slots {
		attrs = append(attrs, a)
	}
	slices.Sort(attrs)
	var parts []string
	for _, a := range attrs {
		s := slots[a]
		text := fmt.Sprint(s.value[0])
		switch {
		case strings.HasSuffix(a.String(), "PeerAddress"):
			n, _ := s.mask.Width()
			text = fmt.Sprintf("%s/%d", netip.AddrFrom4([4]byte(s.value[:4])), n)
		case strings.HasSuffix(a.String(), "TransAddress"):
			text = fmt.Sprint(int(s.value[0])<<8 | int(s.value[1]))
		case a == mib.AttrFlowKind:
			text = string(rune(s.value[0]))
		}
		parts = append(parts, short.Replace(a.String())+"="+text)
	}
	return strings.Join(parts, " ")
}

var short = strings.NewReplacer("Source", "S", "Dest", "D", "PeerAddress", "", "TransAddress", "port", "TransType", "proto", "PeerType", "af", "Flow", "")

// ipPacket makes a packet of "proto source[:port] dest[:port]".
func ipPacket(t *testing.T, text string) packet {
	t.Helper()
	f := strings.Fields(text)
	p := packet{mib.AttrSourcePeerType: {1}, mib.AttrDestPeerType: {1}}
	proto := map[string]byte{"icmp": 1, "tcp": 6, "udp": 17}[f[0]]
	p[mib.AttrSourceTransType], p[mib.AttrDestTransType] = ruleset.Octets{proto}, ruleset.Octets{proto}
	for i, peer := range []mib.Attr{mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress} {
		host, port, ok := strings.Cut(f[1+i], ":")
		var o ruleset.Octets
		a := netip.MustParseAddr(host).As4()
		copy(o[:], a[:])
		p[peer] = o
		if ok {
			v, err := ruleset.ParseValue(mib.AttrSourceTransAddress, port)
			if err != nil {
				t.Fatal(err)
			}
			p[[]mib.Attr{mib.AttrSourceTransAddress, mib.AttrDestTransAddress}[i]] = v
		}
	}
	return p
}

const portsProgram = `
	define tcp = 6;  define udp = 17;  define ipv4 = 1;
	define ftp = (20, 21);  define telnet = 23;  define www = 80;
	if SourcePeerType == ipv4 save; else ignore;
	if (SourceTransType == tcp || SourceTransType == udp) save, {
		# The well-known port is wanted as destination.
		if SourceTransAddress == (www, ftp, telnet) nomatch;
		if DestTransAddress == telnet save, store FlowKind := 'T';
		else if DestTransAddress == www save, store FlowKind := 'W';
		else if DestTransAddress == ftp save, store FlowKind := 'F';
		else { save DestTransAddress; store FlowKind := '?'; }
	}
	else save SourceTransType = 0;
	save SourcePeerAddress /32;
	save DestPeerAddress /32;
	count;`

const netKind = `
	subroutine net_kind (address addr, variable net)
		if addr == 130.216/16 save, { store net := 10; return 1; }
		else if addr == (130.217/16, 130.123/16, 130.195/16, 132.181/16, 138.75/16, 139.80/16) save, {
			store net := 20; return 2;
		}
		save addr/24;
		store net := 30; return 3;
	endsub;`

// TestVectors: the programs of RFC 2723 §4 and what a meter does with packets
// in turn.
func TestVectors(t *testing.T) {
	tests := []struct {
		name, src string
		packets   [][2]string
	}{
		{"ports", portsProgram, [][2]string{
			{"tcp 130.216.1.1:1024 130.217.2.2:80", "f Saf=1 S=130.216.1.1/32 Sproto=6 D=130.217.2.2/32 Dport=80 Kind=W"},
			{"tcp 130.217.2.2:80 130.216.1.1:1024", "r Saf=1 S=130.216.1.1/32 Sproto=6 D=130.217.2.2/32 Dport=80 Kind=W"},
			{"tcp 9.9.9.9:23 8.8.8.8:5000", "r Saf=1 S=8.8.8.8/32 Sproto=6 D=9.9.9.9/32 Dport=23 Kind=T"},
			{"tcp 8.8.8.8:5000 9.9.9.9:23", "f Saf=1 S=8.8.8.8/32 Sproto=6 D=9.9.9.9/32 Dport=23 Kind=T"},
			{"udp 8.8.8.8:53 130.216.1.1:4000", "f Saf=1 S=8.8.8.8/32 Sproto=17 D=130.216.1.1/32 Dport=4000 Kind=?"},
			{"udp 130.216.1.1:4000 8.8.8.8:53", "f Saf=1 S=130.216.1.1/32 Sproto=17 D=8.8.8.8/32 Dport=53 Kind=?"},
			{"tcp 1.1.1.1:21 2.2.2.2:20", "ignored"},
			{"icmp 1.2.3.4 5.6.7.8", "f Saf=1 S=1.2.3.4/32 Sproto=0 D=5.6.7.8/32"},
			{"icmp 5.6.7.8 1.2.3.4", "r Saf=1 S=1.2.3.4/32 Sproto=0 D=5.6.7.8/32"},
		}},
		{"networks", "call net_kind (SourcePeerAddress, SourceKind) endcall; call net_kind (DestPeerAddress, DestKind) endcall; count;" + netKind, [][2]string{
			{"tcp 130.216.1.1:1 130.217.2.2:2", "f S=130.216.0.0/16 D=130.217.0.0/16 SKind=10 DKind=20"},
			{"tcp 130.217.2.2:2 130.216.1.1:1", "r S=130.216.0.0/16 D=130.217.0.0/16 SKind=10 DKind=20"},
			{"tcp 8.8.8.8:2 130.216.1.1:1", "f S=8.8.8.0/24 D=130.216.0.0/16 SKind=30 DKind=10"},
			{"tcp 130.216.1.1:1 8.8.8.8:2", "r S=8.8.8.0/24 D=130.216.0.0/16 SKind=30 DKind=10"},
		}},
		{"networks with return labels", `
			call net_kind (DestPeerAddress, DestKind) 1: nomatch; endcall;
			call net_kind (SourcePeerAddress, SourceKind) 1: count; endcall;
			save SourcePeerAddress /24; save DestPeerAddress /24; count;` + netKind, [][2]string{
			{"tcp 8.8.8.8:2 130.216.1.1:1", "r S=130.216.0.0/16 D=8.8.8.0/24 SKind=10 DKind=30"},
			{"tcp 130.216.1.1:1 130.216.9.9:1", "ignored"},
			{"tcp 9.9.9.9:1 8.8.8.8:1", "f S=9.9.9.0/24 D=8.8.8.0/24 SKind=30 DKind=30"},
		}},
		{"saved by half", `
			if SourcePeerAddress == 10.0/8 && DestPeerAddress == (20.0/8, 30.0/8) save, count;
			else { save SourceTransAddress; count; }`, [][2]string{
			{"tcp 10.1.1.1:5 30.1.1.1:6", "f S=10.0.0.0/8 D=30.0.0.0/8"},
			{"tcp 10.1.1.1:5 40.1.1.1:6", "f Sport=5"},
		}},
		{"failed both ways", `
			if MatchingStoD == 1 && DestTransAddress == 80 nomatch;
			if SourceTransAddress == 80 { store FlowKind := 'W'; count; }
			if MatchingStoD == 1 nomatch;
			store FlowKind := 'X'; count;`, [][2]string{
			{"tcp 10.1.1.1:5 30.1.1.1:80", "r Kind=W"},
			{"tcp 10.1.1.1:80 30.1.1.1:5", "f Kind=W"},
			{"tcp 10.1.1.1:5 30.1.1.1:6", "r Kind=X"},
		}},
		{"statements in a macro", `
			define server = if DestPeerAddress == 10.1.1.1 store FlowKind := 'A'\;
			                else if DestPeerAddress == 10.1.1.2 store FlowKind := 'B'\; ;
			server;
			if FlowKind == 0 nomatch;
			else { save FlowTime = 50.0.0!0 & 2.4.1!12000; save DestPeerAddress; count; }`, [][2]string{
			{"udp 10.9.9.9:5 10.1.1.2:53", "f D=10.1.1.2/160 Kind=B Time=0"},
			{"udp 10.1.1.1:53 10.9.9.9:5", "r D=10.1.1.1/160 Kind=A Time=0"},
			{"udp 10.1.1.3:53 10.9.9.9:5", "ignored"},
		}},
	}
	for _, tt := range tests {
		for level := range 3 {
			t.Run(fmt.Sprintf("%s, level %d", tt.name, level), func(t *testing.T) {
				rs, _, err := Compile("vector.srl", []byte(tt.src), Options{Optimise: level})
				if err != nil {
					t.Fatal(err)
				}
				m := &meter{rules: rs.Rules, flows: make(map[string]bool)}
				for _, p := range tt.packets {
					if got := m.meterPacket(ipPacket(t, p[0])); got != p[1] {
						t.Errorf("%s:\ngot  %s\nwant %s", p[0], got, p[1])
					}
				}
			})
		}
	}
}

// TestShippedBehaviour: what the programs of testdata say of themselves.
func TestShippedBehaviour(t *testing.T) {
	tests := []struct {
		file    string
		packets [][2]string
	}{
		{"5tuple.srl", [][2]string{
			{"tcp 10.1.1.1:5 10.1.1.2:80", "f Saf=1 S=10.1.1.1/160 Sproto=6 Sport=5 D=10.1.1.2/160 Dport=80"},
			{"tcp 10.1.1.2:80 10.1.1.1:5", "r Saf=1 S=10.1.1.1/160 Sproto=6 Sport=5 D=10.1.1.2/160 Dport=80"},
			{"icmp 10.1.1.2 10.1.1.1", "f Saf=1 S=10.1.1.2/160 Sproto=1 D=10.1.1.1/160"},
		}},
		{"hosts.srl", [][2]string{
			{"tcp 10.1.1.1:5 10.1.1.2:80", "f Saf=1 S=10.1.1.1/160 D=10.1.1.2/160"},
			{"udp 10.1.1.2:53 10.1.1.1:99", "r Saf=1 S=10.1.1.1/160 D=10.1.1.2/160"},
		}},
		{"services.srl", [][2]string{
			{"tcp 10.1.1.2:443 10.1.1.1:5", "r Saf=1 S=10.1.1.1/160 Sproto=6 D=10.1.1.2/160 Dport=443 Kind=W"},
			{"tcp 10.1.1.1:6 10.1.1.2:443", "f Saf=1 S=10.1.1.1/160 Sproto=6 D=10.1.1.2/160 Dport=443 Kind=W"},
			{"udp 10.1.1.1:123 10.1.1.2:123", "f Saf=1 S=10.1.1.1/160 Sproto=17 Sport=123 D=10.1.1.2/160 Dport=123 Kind=T"},
			{"udp 10.1.1.2:123 10.1.1.1:123", "r Saf=1 S=10.1.1.1/160 Sproto=17 Sport=123 D=10.1.1.2/160 Dport=123 Kind=T"},
			{"udp 10.1.1.1:7000 10.1.1.2:7001", "f Saf=1 S=10.1.1.1/160 Sproto=17 D=10.1.1.2/160 Kind=?"},
			{"icmp 10.1.1.1 10.1.1.2", "f Saf=1 S=10.1.1.1/160 Sproto=1 D=10.1.1.2/160 Kind=I"},
		}},
		{"networks.srl", [][2]string{
			{"tcp 8.8.8.8:53 10.1.1.1:5", "r Saf=1 S=10.0.0.0/8 D=8.8.8.0/24 SKind=1 DKind=3"},
			{"tcp 10.1.1.1:5 8.8.8.8:53", "f Saf=1 S=10.0.0.0/8 D=8.8.8.0/24 SKind=1 DKind=3"},
			{"tcp 8.8.8.8:5 192.0.2.1:53", "f Saf=1 S=8.8.8.0/24 D=192.0.2.0/24 SKind=3 DKind=2"},
			{"tcp 192.0.2.1:53 8.8.8.8:5", "r Saf=1 S=8.8.8.0/24 D=192.0.2.0/24 SKind=3 DKind=2"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			src, err := os.ReadFile(filepath.Join(testdata, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			rs, _, err := Compile(tt.file, src, Options{Optimise: -1})
			if err != nil {
				t.Fatal(err)
			}
			m := &meter{rules: rs.Rules, flows: make(map[string]bool)}
			for _, p := range tt.packets {
				if got := m.meterPacket(ipPacket(t, p[0])); got != p[1] {
					t.Errorf("%s:\ngot  %s\nwant %s", p[0], got, p[1])
				}
			}
		})
	}
}
