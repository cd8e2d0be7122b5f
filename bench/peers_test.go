//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSoftflowdSums: what softflowd prints at its end.
func TestSoftflowdSums(t *testing.T) {
	d := &done{stderr: []byte(`softflowd v1.1.0 starting data collection
Number of active flows: 0
Packets processed: 184578
Fragments: 0
Ignored packets: 15422 (15422 non-IP, 0 too short)
Flows expired: 18000 (0 forced)
Flows exported: 26948 (26948 records) in 919 packets (0 failures)

Per-protocol statistics:     Octets      Packets   Avg Life    Max Life
            tcp (6):       80457272       142232       1.94s     567.46s
           udp (17):       23382838        42346       1.87s     558.19s
`)}
	got, err := softflowdSums(d, "")
	if want := (sums{Packets: 184578, IPOctets: 80457272 + 23382838, Flows: 18000}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	if _, err := softflowdSums(&done{}, ""); err == nil {
		t.Error("no sums and no error")
	}
}

// TestPmacctdSums: the CSV that its print plugin writes.
func TestPmacctdSums(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		text string
		want sums
		err  bool
	}{
		{"SRC_IP,DST_IP,SRC_PORT,DST_PORT,PROTOCOL,PACKETS,BYTES\n10.0.0.1,10.0.0.2,1,2,tcp,3,400\n10.0.0.2,10.0.0.1,2,1,tcp,1,60\n", sums{Packets: 4, IPOctets: 460}, false},
		{"SRC_IP,PACKETS,BYTES\n10.0.0.1,x,2\n", sums{}, true},
	} {
		if err := os.WriteFile(filepath.Join(dir, "flows"), []byte(tc.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := pmacctdSums(nil, dir); got != tc.want || (err != nil) != tc.err {
			t.Errorf("%q: %+v, %v", tc.text, got, err)
		}
	}
}

func TestNumberOf(t *testing.T) {
	text := []byte("Flows: 7\nPackets_tcp: 5\nPackets: 200000\n")
	if n, err := numberOf(text, "\nPackets:"); n != 200000 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := numberOf(text, "Bytes:"); err == nil {
		t.Error("a number of what is not there")
	}
}

func TestAgreement(t *testing.T) {
	is := sums{Packets: 1000, FrameOctets: 64000, IPOctets: 50000, Flows: 10}
	for _, tc := range []struct {
		says sums
		want string
		ours bool
	}{
		{sums{Packets: 1000, FrameOctets: 64000, Flows: 10}, "packets octets flows", true},
		{sums{Packets: 1000, IPOctets: 50000}, "packets octets", false},
		{sums{Packets: 500, IPOctets: 50000, Flows: 11}, "packets -50.00% octets flows +10.00%", false},
		{sums{}, "tells nothing", false},
	} {
		if got := agreement(is, tc.says); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.says, got, tc.want)
		}
		if err := mustAgree(is, tc.says); (err == nil) != tc.ours {
			t.Errorf("%+v: %v", tc.says, err)
		}
	}
}

// TestNamesOfTools: each is one program's, and what it needs is named.
func TestNamesOfTools(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range peers() {
		if seen[p.name] || len(p.needs) == 0 || !strings.HasPrefix(p.name, p.needs[0]) {
			t.Errorf("%s needs %q", p.name, p.needs)
		}
		seen[p.name] = true
	}
}
