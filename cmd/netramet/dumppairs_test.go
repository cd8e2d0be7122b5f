package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
	"netramet/meter"
	"netramet/mib"
	"netramet/streams/pair"
)

// TestPairLines: the line of a pair of each kind.
func TestPairLines(t *testing.T) {
	const start = 1_700_000_000_000_000_000
	v4 := meter.Pair{PeerType: mib.PeerIPv4, Address: [2][16]byte{{192, 0, 2, 1}, {198, 51, 100, 2}}, Port: [2]uint16{1025, 53}}
	v6 := meter.Pair{PeerType: mib.PeerIPv6, Address: [2][16]byte{{0x20, 1, 0xd, 0xb8, 15: 1}, {0x20, 1, 0xd, 0xb8, 15: 2}}}
	for _, c := range []struct {
		pair meter.Pair
		kind pair.Kind
		id   uint64
		took int64
		want string
	}{
		{v4, pair.DNS, 0xbeef, 1_500_000, "dns 1700000000.000000000 1700000000.001500000 192.0.2.1 1025 198.51.100.2 53 48879 1500"},
		{v6, pair.ICMP, 7<<16 | 12, 1_500, "icmp 1700000000.000000000 1700000000.000001500 2001:db8::1 0 2001:db8::2 0 7/12 1.5"},
		{v4, pair.SNMP, 0xffffffff, 1, "snmp 1700000000.000000000 1700000000.000000001 192.0.2.1 1025 198.51.100.2 53 -1 0.001"},
		{v4, pair.SNMP, 1<<32 | 77, 0, "snmp 1700000000.000000000 1700000000.000000000 192.0.2.1 1025 198.51.100.2 53 77 0"},
		{v4, pair.UDP, 0, 2_000_000_000, "udp 1700000000.000000000 1700000002.000000000 192.0.2.1 1025 198.51.100.2 53 - 2000000"},
		{v4, pair.NTP, 1<<64 - 1, 10, "ntp 1700000000.000000000 1700000000.000000010 192.0.2.1 1025 198.51.100.2 53 18446744073709551615 0.01"},
		{v4, pair.TCPData, 1<<32 - 1, 1000, "tcp-data 1700000000.000000000 1700000000.000001000 192.0.2.1 1025 198.51.100.2 53 4294967295 1"},
	} {
		p := c.pair
		p.Event = pair.Event{Kind: c.kind, ID: c.id, Request: start, Reply: start + c.took}
		want := strings.ReplaceAll(c.want, " ", "\t") + "\n"
		if got := string(appendPair(nil, &p)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if n, columns := strings.Count(want, "\t"), strings.Count(pairHeader, "\t"); n != columns {
			t.Errorf("%d columns, the header has %d", n, columns)
		}
	}
}

// TestPairsIntoAnotherFile: what a run writes or reads is not written over.
func TestPairsIntoAnotherFile(t *testing.T) {
	dir := t.TempDir()
	trace, rules, out := filepath.Join(dir, "t.pcap"), filepath.Join(dir, "all.srl"), filepath.Join(dir, "out")
	header := "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00"
	for name, text := range map[string]string{trace: header, rules: "save SourcePeerType; count;\n"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args   []string
		status int
		err    string
	}{
		{[]string{"-F", out, "--dump-pairs", out}, command.StatusUsage, "name two files"},
		{[]string{"--dump-streams", out, "--dump-pairs", out}, command.StatusUsage, "name two files"},
		{[]string{"--dump-pairs", trace}, command.StatusFailure, "another one"},
		{[]string{"--dump-pairs", rules}, command.StatusFailure, "another one"},
	} {
		if status, errs := runToEnd(t, append(append([]string{"-s", "-C", trace}, tt.args...), rules)...); status != tt.status || !strings.Contains(errs, tt.err) {
			t.Errorf("%q: status %d: %s", tt.args, status, errs)
		}
	}
	if status, errs := runToEnd(t, "-s", "-C", trace, "-F", filepath.Join(dir, "flows"), "--dump-pairs", out, rules); status != command.StatusOK {
		t.Fatalf("status %d: %s", status, errs)
	}
	if text, err := os.ReadFile(out); err != nil || string(text) != pairHeader {
		t.Errorf("%q, %v: want the header alone", text, err)
	}
}
