//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netramet/sources/sourcetest/capfile"
	"netramet/sources/sourcetest/traffic"
)

// TestCount: what the generator says of a trace, flow by flow, while the table
// grows, and where look-ups are done in batches.
func TestCount(t *testing.T) {
	for _, tc := range []struct {
		packets, flows, snap int
	}{
		{1, 1, 64}, {5_000, 700, 64}, {300_000, 2 * fits, 64}, {2_000, 100, 2000},
	} {
		t.Run(fmt.Sprint(tc), func(t *testing.T) {
			g, err := traffic.NewLink(traffic.Options{Duration: time.Minute, Packets: tc.packets, Flows: tc.flows, Snap: tc.snap})
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "trace")
			f, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			w, err := capfile.NewPcap(f, capfile.Pcap{LinkType: 1})
			if err != nil {
				t.Fatal(err)
			}
			var truth traffic.Truth
			var want sums
			var p traffic.Packet
			for g.Next(&p) == nil {
				truth.Add(&p)
				want.packets++
				want.octets += uint64(p.Frame.WireLen)
				if err := w.Write(&p.Frame); err != nil {
					t.Fatal(err)
				}
			}
			want.flows = tc.flows
			got, table, err := count(path)
			if err != nil || got != want {
				t.Fatalf("%+v, %v, want %+v", got, err, want)
			}
			rows := map[[2]uint64]int{}
			for _, r := range table.rows[1 : table.n+1] {
				rows[[2]uint64{uint64(r.pdus[0]) + uint64(r.pdus[1]), r.octets[0] + r.octets[1]}]++
			}
			for _, s := range truth.Flows() {
				rows[[2]uint64{s.PDUs[0] + s.PDUs[1], s.FrameOctets[0] + s.FrameOctets[1]}]--
			}
			for r, n := range rows {
				if n != 0 {
					t.Errorf("flows of %d packets and %d octets: %d too many", r[0], r[1], n)
				}
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, make([]byte, 100), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := count(path); err == nil {
		t.Error("zeros are a trace")
	}
}
