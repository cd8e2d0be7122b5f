package traceinfo

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// collected runs frames through a Collector and reports.
func collected(t *testing.T, frames []wire.Frame, ended error) *Report {
	t.Helper()
	c := New()
	src := sourcetest.NewFake(frames, 7)
	defer src.Close()
	var b wire.Batch
	for {
		err := src.Read(&b)
		if rerr := c.Run(&b); rerr != nil {
			t.Fatal(rerr)
		}
		if err == io.EOF {
			return c.Report("x.pcap", src, ended)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func udp(t *testing.T, at time.Duration, src, dst string, from, to uint16) wire.Frame {
	t.Helper()
	return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: src, Dst: dst}, sourcetest.UDP{Src: from, Dst: to}, sourcetest.At(at))
}

// TestReport: what is counted of packets, times, flows and ports.
func TestReport(t *testing.T) {
	first := udp(t, 5*time.Second, "10.0.0.1", "10.0.0.2", 1, 1).Time
	frames := []wire.Frame{
		udp(t, 5*time.Second, "10.0.0.1", "10.0.0.2", 4000, 53),
		udp(t, 6*time.Second, "10.0.0.2", "10.0.0.1", 53, 4000), // the same flow
		udp(t, 4*time.Second, "10.0.0.1", "10.0.0.2", 53, 53),   // behind the one before, another flow
		udp(t, 7*time.Second, "10.0.0.2", "10.0.0.1", 53, 53),   // the same
		udp(t, 7*time.Second, "10.0.0.1", "10.0.0.2", 53, 4000), // another one
		{Time: wire.NoTime, Data: []byte{1, 2}, WireLen: 60, LinkType: 147, Interface: 2},
		{Time: first + int64(3*time.Second), Data: make([]byte, 20), WireLen: 14, LinkType: wire.LinkEthernet, Interface: 1},
	}
	r := collected(t, frames, nil)
	whole := uint64(len(frames[0].Data))
	if r.Packets != 7 || r.Captured != 5*whole+22 || r.Cut != 1 || r.Longer != 1 || r.Untimed != 1 || r.OutOfOrder != 1 || r.Flows != 3 || r.MoreFlows {
		t.Errorf("%+v", r)
	}
	if *r.Start != Seconds(first-1e9) || *r.End != Seconds(first+3e9) || *r.Duration != 4e9 || r.PacketRate != 7.0/4 || r.Octets != 5*whole+74 {
		t.Errorf("from %v to %v, %v, %v packets/s, %d octets", r.Start, r.End, r.Duration, r.PacketRate, r.Octets)
	}
	if r.Shortest != 14 || r.Longest != max(60, uint32(whole)) || r.LinkType != "ethernet, linktype(147)" || len(r.LinkTypes) != 2 || r.LinkTypes[1] != (Link{147, "linktype(147)", 1}) {
		t.Errorf("%+v", r)
	}
	if want := (Port{"udp", 53, 5, 5 * whole}); r.Ports[0] != want || r.Ports[1] != (Port{"udp", 4000, 3, 3 * whole}) || len(r.Ports) != 2 {
		t.Errorf("ports %+v", r.Ports)
	}
	if want := (Protocol{17, "udp", 5, 5 * whole}); len(r.Transports) != 1 || r.Transports[0] != want {
		t.Errorf("transports %+v", r.Transports)
	}
	if len(r.Interfaces) != 2 || r.Interfaces[1].Number != 2 || r.Interfaces[1].Octets != 60 {
		t.Errorf("interfaces %+v", r.Interfaces)
	}
	if !slices.Contains(r.Faults, Fault{"link type not supported", 1}) {
		t.Errorf("faults %+v", r.Faults)
	}
}

// TestDamaged: what was read is told, and that there should have been more.
func TestDamaged(t *testing.T) {
	damage := errors.Join(errors.New("offset 5"), sources.ErrDamaged)
	r := collected(t, []wire.Frame{udp(t, 0, "10.0.0.1", "10.0.0.2", 1, 2)}, damage)
	if !r.Damaged || r.Packets != 1 || r.Error != damage.Error() || r.PacketRate != 0 {
		t.Errorf("%+v", r)
	}
	if r := Unopened("x", damage); !r.Damaged || r.Format != "" {
		t.Errorf("%+v", r)
	}
}

// TestEmpty: no packets have no times, and nothing is null that is a list.
func TestEmpty(t *testing.T) {
	for _, r := range []*Report{collected(t, nil, nil), Unopened("x", io.ErrUnexpectedEOF)} {
		text, err := r.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil || bytes.Count(text, []byte("\n")) != 1 {
			t.Fatal(err)
		}
		for name, v := range got {
			if null := v == nil; null != slices.Contains([]string{"snaplen", "start", "end", "duration_s", "section"}, name) {
				t.Errorf("%s is %v", name, v)
			}
		}
		var out strings.Builder
		if err := r.WriteText(&out); err != nil || strings.Contains(out.String(), "NaN") || strings.Contains(out.String(), "4294967295") {
			t.Errorf("%v: %s", err, &out)
		}
	}
}

// TestMaxFlows: memory is bounded, and what is not counted is told.
func TestMaxFlows(t *testing.T) {
	if testing.Short() {
		t.Skip("a million flows; not in short mode")
	}
	c := New()
	f := udp(t, 0, "10.0.0.1", "10.0.0.2", 1, 2)
	const source = 14 + 12
	for i := range uint32(MaxFlows + 10) {
		a := netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)}).As4()
		copy(f.Data[source:], a[:])
		f.Data[14+20] = byte(i >> 24)
		if c.add(&f); c.moreFlows != (i >= MaxFlows) {
			t.Fatalf("flow %d: %v", i, c.moreFlows)
		}
	}
	if len(c.flows) != MaxFlows {
		t.Errorf("%d flows", len(c.flows))
	}
}

// TestSeconds: times are exact, before 1970 too.
func TestSeconds(t *testing.T) {
	for s, want := range map[Seconds]string{0: "0.000000000", 1_500_000_001: "1.500000001", -1: "-0.000000001", -1 << 63: "-9223372036.854775808"} {
		if got := s.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
