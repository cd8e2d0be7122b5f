package sources

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// infoOf reads a trace to its end and returns what it says of itself.
func infoOf(t *testing.T, file []byte) (Info, wire.SourceStats) {
	t.Helper()
	src, err := Open("-", Options{Stdin: bytes.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := readAll(src); err != io.EOF {
		t.Fatal(err)
	}
	return src.(Informer).Info(), src.Stats()
}

// TestInfo: what traces say of themselves, and of what was lost before they were
// written.
func TestInfo(t *testing.T) {
	data := octets(60, 0x40)
	pcap := func(o capfile.Pcap) []byte {
		var out bytes.Buffer
		o.LinkType, o.SnapLen = wire.LinkEthernet, 96
		if _, err := capfile.NewPcap(&out, o); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	packed, err := capfile.CompressAll(pcap(capfile.Pcap{}), "zstd")
	if err == nil {
		packed, err = capfile.CompressAll(packed, "gzip")
	}
	if err != nil {
		t.Fatal(err)
	}
	text := func(o order, code uint16, s string) []byte { return ngOption(o, code, []byte(s)...) }
	count := func(o order, code uint16, n uint64) []byte { return ngOption(o, code, o.AppendUint64(nil, n)...) }
	section := func(o order) []byte {
		return ngBlock(o, blockSection, ngSection(o)[8:24], text(o, optComment, "of May"), text(o, optHardware, "a PC"),
			text(o, optSystem, "Plan 9"), text(o, optApplication, "snoopy"))
	}
	stats := func(o order, number uint32, opts ...[]byte) []byte {
		return ngBlock(o, blockStatistics, join(append([][]byte{o.AppendUint32(nil, number), make([]byte, 8)}, opts...)...))
	}
	eth := func(o order) []byte {
		return ngInterfaceBlock(o, 1, 68, text(o, optIfName, "eth0"), text(o, optIfDescription, "uplink"), text(o, optComment, "tapped"))
	}
	ethernet := []wire.LinkType{wire.LinkEthernet}
	said := wire.Section{Comment: "of May", Hardware: "a PC", System: "Plan 9", Application: "snoopy"}
	about := wire.Interface{Name: "eth0", Description: "uplink", Comment: "tapped", LinkType: wire.LinkEthernet, SnapLen: 68}
	for _, tt := range []struct {
		name    string
		file    []byte
		want    Info
		dropped uint64
	}{
		{"pcap", pcap(capfile.Pcap{}), Info{Format: "pcap", LinkTypes: ethernet, SnapLen: 96}, 0},
		{"pcap, the other order", pcap(capfile.Pcap{Order: be}), Info{Format: "pcap", LinkTypes: ethernet, Variant: "big-endian", SnapLen: 96}, 0},
		{"pcap, nanoseconds", pcap(capfile.Pcap{Order: be, Nano: true}), Info{Format: "pcap", LinkTypes: ethernet, Variant: "nanoseconds, big-endian", SnapLen: 96}, 0},
		{"packed twice", packed, Info{Format: "pcap", LinkTypes: ethernet, SnapLen: 96, Compression: []string{"zstd", "gzip"}}, 0},
		{"only interfaces with packets", join(section(le), ngInterfaceBlock(le, 101, 0), eth(le), ngEnhanced(le, 1, 5, 60, data)),
			Info{Format: "pcapng", Section: said, Interfaces: []wire.Interface{about}}, 0},
		{"the first section speaks", join(section(be), eth(be), ngEnhanced(be, 0, 5, 60, data), ngSection(le), eth(le), ngEnhanced(le, 0, 5, 60, data)),
			Info{Format: "pcapng", Variant: "big-endian", Section: said, Interfaces: []wire.Interface{about}}, 0},
		{"statistics are sums up to then", join(section(le), eth(le), ngEnhanced(le, 0, 5, 60, data),
			stats(le, 0, count(le, optIfDrop, 3), count(le, optOSDrop, 2)), stats(le, 0, count(le, optIfDrop, 7))),
			Info{Format: "pcapng", Section: said, Interfaces: []wire.Interface{about}}, 7},
		{"packets and statistics tell of the same losses", join(section(le), eth(le), ngEnhanced(le, 0, 5, 60, data, count(le, optDropCount, 4)),
			ngEnhanced(le, 0, 5, 60, data, count(le, optDropCount, 5)), stats(le, 0, count(le, optIfDrop, 8))),
			Info{Format: "pcapng", Section: said, Interfaces: []wire.Interface{about}}, 9},
		{"statistics of nobody, and cut ones", join(section(le), eth(le), stats(le, 9, count(le, optIfDrop, 3)), ngBlock(le, blockStatistics, octets(8, 0)), ngEnhanced(le, 0, 5, 60, data)),
			Info{Format: "pcapng", Section: said, Interfaces: []wire.Interface{about}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, st := infoOf(t, tt.file)
			if d := cmp.Diff(tt.want, got); d != "" || st.Dropped != tt.dropped {
				t.Errorf("%s\n%d dropped, want %d", d, st.Dropped, tt.dropped)
			}
		})
	}
}

// TestERFInside: of an ERF record in another format the time is the record's own,
// which is finer, if it has one.
func TestERFInside(t *testing.T) {
	for _, tt := range []struct{ stamp, want int64 }{{t0ns + 395, t0ns + 395}, {0, t0ns}} {
		record := layoutERF(tt.stamp, octets(60, 0x40))
		file := join(pcapHead(le, pcapMicro, 2, 4, 65535, uint32(wire.LinkERF)), pcapRec(le, uint32(t0ns/1e9), 0, uint32(len(record)), uint32(len(record)), nil, record))
		got, _, err := readBytes(t, file)
		if err != io.EOF || len(got) != 1 || got[0].Time != tt.want || got[0].LinkType != wire.LinkEthernet || got[0].WireLen != 60 {
			t.Errorf("%d: %+v, %v", tt.stamp, got, err)
		}
	}
}

// layoutERF is an ERF record of an Ethernet frame.
func layoutERF(at int64, data []byte) []byte {
	whole, rest := uint64(at/1e9), uint64(at%1e9)
	r := le.AppendUint64(nil, whole<<32|(rest<<32+5e8)/1e9)
	r = append(r, erfEthernet, 4)
	r = be.AppendUint16(r, uint16(erfHeaderLen+erfEthernetPad+len(data)))
	r = be.AppendUint16(r, 0)
	r = be.AppendUint16(r, uint16(len(data)+4))
	return append(append(r, 0, 0), data...)
}
