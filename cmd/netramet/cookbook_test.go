package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"

	"github.com/google/go-cmp/cmp"
)

// tsharkPacket is a packet as tshark sees it.
type tsharkPacket struct {
	octets     uint64
	minute     int // since the first packet
	src, dst   netip.Addr
	proto      int
	sport, dpt uint64
}

// tsharkSees is what tshark says of a trace's packets, fragments as they came.
func tsharkSees(t *testing.T, trace string) (packets []tsharkPacket) {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark here to compare with")
	}
	args := []string{"-r", trace, "-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-T", "fields", "-E", "occurrence=f"}
	for _, field := range []string{"frame.len", "frame.time_relative", "ip.src", "ip.dst", "ip.proto", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"} {
		args = append(args, "-e", field)
	}
	out, err := exec.Command(tshark, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		number := func(i int) uint64 {
			n, _ := strconv.ParseUint(f[i], 10, 64) // absent: 0
			return n
		}
		since, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		p := tsharkPacket{octets: number(0), minute: int(since / 60), proto: int(number(4))}
		for i := 2; i <= 5; i += 3 {
			if f[i] != "" {
				p.src, p.dst = netip.MustParseAddr(f[i]), netip.MustParseAddr(f[i+1])
			}
		}
		switch {
		case f[7] != "":
			p.proto, p.sport, p.dpt = 6, number(7), number(8)
		case f[9] != "":
			p.proto, p.sport, p.dpt = 17, number(9), number(10)
		}
		packets = append(packets, p)
	}
	return packets
}

// cookbookRow is a flow: a value as text for each attribute.
type cookbookRow map[mib.Attr]string

// number is a counter of it.
func (r cookbookRow) number(a mib.Attr) uint64 {
	n, _ := strconv.ParseUint(r[a], 10, 64)
	return n
}

// cookbookRows are the flows of each collection of a run.
func cookbookRows(t *testing.T, args ...string) (collections [][]cookbookRow) {
	t.Helper()
	r, err := flowfile.NewReader(bytes.NewReader(meterLibrary(t, args...)))
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := r.NextCollection(); err == io.EOF {
			return collections
		} else if err != nil {
			t.Fatal(err)
		}
		var rows []cookbookRow
		for {
			var rec reader.Record
			if err := r.NextRecord(&rec); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			row := cookbookRow{}
			for i, a := range r.Format().Attrs {
				v := &rec.Values[i]
				switch {
				case a.Class() != mib.ClassAddress && a.Class() != mib.ClassMask:
					row[a] = strconv.FormatUint(v.Num, 10)
				case a == mib.AttrDestTransAddress:
					row[a] = strconv.Itoa(int(v.Octets[0])<<8 | int(v.Octets[1]))
				default:
					if addr, ok := netip.AddrFromSlice(v.Octets[:v.Len]); ok {
						row[a] = addr.String()
					}
				}
			}
			rows = append(rows, row)
		}
		collections = append(collections, rows)
	}
}

// cookbookSums are octets, by a text for what they are those of.
type cookbookSums map[string]uint64

func (s cookbookSums) add(octets uint64, format string, args ...any) {
	if octets > 0 {
		s[fmt.Sprintf(format, args...)] += octets
	}
}

// cookbookJob is one of the page's: how its flows and the packets are summed.
type cookbookJob struct {
	name  string
	args  []string
	flow  func(s cookbookSums, r cookbookRow, to, from uint64)
	frame func(s cookbookSums, p *tsharkPacket)
}

const source, dest = mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress

var (
	ours     = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8:1::/48")}
	oursList = "=10.1.0.0/16,2001:db8:1::/48"
)

func isOurs(a netip.Addr) bool { return ours[0].Contains(a) || ours[1].Contains(a) }

// both cookbookSums a flow under its two ends, one direction by itself.
func both(s cookbookSums, r cookbookRow, to, from uint64) {
	s.add(to, "%s > %s", r[source], r[dest])
	s.add(from, "%s > %s", r[dest], r[source])
}

var cookbookJobs = []cookbookJob{
	{"top talkers in and out", []string{"@talkers" + oursList},
		func(s cookbookSums, r cookbookRow, to, from uint64) {
			s.add(to, "%s out", strings.TrimPrefix(r[source], "0.0.0.0"))
			s.add(from, "%s in", r[source])
		},
		func(s cookbookSums, p *tsharkPacket) {
			switch {
			case isOurs(p.src) && !isOurs(p.dst):
				s.add(p.octets, "%v out", p.src)
			case isOurs(p.dst) && !isOurs(p.src):
				s.add(p.octets, "%v in", p.dst)
			default:
				s.add(p.octets, " out")
			}
		}},
	{"per /24", []string{"@networks"}, both, func(s cookbookSums, p *tsharkPacket) {
		network := func(a netip.Addr) string {
			switch {
			case a.Is4():
				return netip.PrefixFrom(a, 24).Masked().Addr().String()
			case a.Is6():
				return netip.PrefixFrom(a, 48).Masked().Addr().String()
			}
			return "0.0.0.0"
		}
		s.add(p.octets, "%v > %v", network(p.src), network(p.dst))
	}},
	{"per service", []string{"@services"},
		func(s cookbookSums, r cookbookRow, to, from uint64) {
			if port := r[mib.AttrDestTransAddress]; port != "0" {
				s.add(to+from, "%s %s", r[mib.AttrSourceTransType], port)
			}
		},
		func(s cookbookSums, p *tsharkPacket) {
			if p.sport > 0 {
				s.add(p.octets, "%d %d", p.proto, min(p.sport, p.dpt)) // so are the trace's servers
			}
		}},
	{"one network against the rest", []string{"@matrix=10.1.20.0/24"},
		func(s cookbookSums, r cookbookRow, to, from uint64) { both(s, r, to, from) },
		func(s cookbookSums, p *tsharkPacket) {
			one := netip.MustParsePrefix("10.1.20.0/24")
			side := func(a netip.Addr) string {
				if one.Contains(a) {
					return "10.1.20.0"
				}
				return "0.0.0.0"
			}
			s.add(p.octets, "%s > %s", side(p.src), side(p.dst))
		}},
	{"only DNS", []string{"@dns"}, both, func(s cookbookSums, p *tsharkPacket) {
		if p.sport == 53 || p.dpt == 53 {
			s.add(p.octets, "%v > %v", p.src, p.dst)
		}
	}},
	{"who talks to X", []string{"@peers=198.51.100.17"}, both, func(s cookbookSums, p *tsharkPacket) {
		if x := netip.MustParseAddr("198.51.100.17"); p.src == x || p.dst == x {
			s.add(p.octets, "%v > %v", p.src, p.dst)
		}
	}},
	{"IPv4 against IPv6", []string{"@ip"},
		func(s cookbookSums, r cookbookRow, to, from uint64) {
			if kind := r[mib.AttrSourcePeerType]; len(kind) == 1 {
				s.add(to+from, "IP %s", kind)
			}
		},
		func(s cookbookSums, p *tsharkPacket) {
			switch {
			case p.src.Is4():
				s.add(p.octets, "IP 1")
			case p.src.Is6():
				s.add(p.octets, "IP 2")
			}
		}},
}

// TestCookbookNumbers: what the page's jobs say of a trace is what tshark says.
func TestCookbookNumbers(t *testing.T) {
	if testing.Short() {
		t.Skip("short: tshark is not asked")
	}
	packets := tsharkSees(t, office)
	for _, job := range cookbookJobs {
		t.Run(job.name, func(t *testing.T) {
			got, want := cookbookSums{}, cookbookSums{}
			for _, r := range cookbookRows(t, append([]string{"-C", office}, job.args...)...)[0] {
				job.flow(got, r, r.number(mib.AttrToOctets), r.number(mib.AttrFromOctets))
			}
			for i := range packets {
				job.frame(want, &packets[i])
			}
			if len(want) == 0 || !maps.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
	t.Run("rates per minute", func(t *testing.T) { cookbookRates(t, packets) })
	t.Run("1,000 customers by name", func(t *testing.T) { cookbookCustomers(t, packets) })
}

// cookbookRates holds the octets of each minute against tshark's.
func cookbookRates(t *testing.T, packets []tsharkPacket) {
	want, got, before := cookbookSums{}, cookbookSums{}, cookbookSums{}
	for _, p := range packets {
		want.add(p.octets, "minute %d", p.minute)
	}
	for minute, rows := range cookbookRows(t, "-C", office, "-T", "60", "@ip") {
		for _, r := range rows {
			n := r.number(mib.AttrToOctets)
			got.add(n-before[r[mib.AttrSourcePeerType]], "minute %d", minute)
			before[r[mib.AttrSourcePeerType]] = n
		}
	}
	if len(want) != 5 || !maps.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

// cookbookCustomers gives a thousand customers their networks, one inside another.
func cookbookCustomers(t *testing.T, packets []tsharkPacket) {
	var table strings.Builder
	customer := map[netip.Addr]int{} // of single addresses
	network := netip.MustParsePrefix("10.1.20.0/24")
	fmt.Fprintf(&table, "%v 1000 Laboratory\n", network)
	for i := range 999 {
		a := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8 * 10), byte(i)})
		if _, twice := customer[a]; twice {
			t.Fatal(a)
		}
		customer[a] = i + 1
		fmt.Fprintf(&table, "%v/32 %d Customer %d & Sons\n", a, i+1, i+1)
	}
	file := filepath.Join(t.TempDir(), "customers")
	if err := os.WriteFile(file, []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	want, got := cookbookSums{}, cookbookSums{}
	for _, p := range packets {
		of := func(a netip.Addr) int {
			if n := customer[a]; n > 0 {
				return n
			}
			if a.Is4() && network.Contains(a) {
				return 1000
			}
			return 0
		}
		want.add(p.octets, "%d > %d", of(p.src), of(p.dst))
	}
	for _, r := range cookbookRows(t, "-C", office, "--prefixes", file, "@customers")[0] {
		got.add(r.number(mib.AttrToOctets), "%s > %s", r[mib.AttrSourceASN], r[mib.AttrDestASN])
		got.add(r.number(mib.AttrFromOctets), "%s > %s", r[mib.AttrDestASN], r[mib.AttrSourceASN])
	}
	if len(want) < 20 || !maps.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
