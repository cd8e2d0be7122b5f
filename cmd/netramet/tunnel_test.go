package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/internal/command"
	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// tunnelled are the packets of one conversation, which alternate between two
// tunnels of IPv4 and one of IPv6, and are answered.
func tunnelled(t *testing.T) []wire.Frame {
	t.Helper()
	ends := []struct{ a, b string }{{"192.0.2.1", "192.0.2.2"}, {"198.51.100.1", "198.51.100.2"}, {"2001:db8::1", "2001:db8::2"}}
	var frames []wire.Frame
	for i := range 60 {
		outer, user := ends[i%3], sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}
		ports := sourcetest.UDP{Src: 1025, Dst: 53}
		if i%2 == 1 {
			outer.a, outer.b, user.Src, user.Dst, ports.Src, ports.Dst = outer.b, outer.a, user.Dst, user.Src, ports.Dst, ports.Src
		}
		var f wire.Frame
		if i%3 < 2 {
			f = sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: outer.a, Dst: outer.b}, user, ports)
		} else {
			f = sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv6{Src: outer.a, Dst: outer.b}, user, ports)
		}
		f.Time = int64(i) * int64(100*time.Millisecond)
		frames = append(frames, f)
	}
	return frames
}

// TestTunnelVerdicts: a stream is what its inner packets say, in whatever tunnel,
// and a verdict remembered for it never stands for another tunnel's.
func TestTunnelVerdicts(t *testing.T) {
	dir := t.TempDir()
	trace, err := capfile.Formats()[0].Encode(tunnelled(t))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "trace.pcap")
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("trace.pcap", trace)
	rules := []string{
		write("a.srl", []byte(`save SourcePeerType; save SourcePeerAddress; save DestPeerAddress; save SourceTransAddress; save DestTransAddress; count;
			format SourcePeerAddress DestPeerAddress SourceTransAddress ToPDUs FromPDUs ToOctets;`)),
		write("b.srl", []byte(`save SourceAdjacentType; save SourceAdjacentAddress; save DestAdjacentAddress;
			save SourcePeerAddress; save DestPeerAddress; count;
			format SourceAdjacentType SourceAdjacentAddress DestAdjacentAddress SourcePeerAddress DestPeerAddress ToPDUs FromPDUs;`)),
		write("c.srl", []byte(`if SourceAdjacentType == 1 && SourceAdjacentAddress == 198.51.100.1 { save SourceTransAddress; count; } nomatch;
			format SourceTransAddress ToPDUs FromPDUs;`)),
		write("d.srl", []byte(`if SourceAdjacentAddress == 2001:db8::/32 { save DestAdjacentAddress/24; count; } ignore;
			format DestAdjacentAddress DestAdjacentMask ToPDUs FromPDUs;`)),
	}
	meter := func(options ...string) string {
		var out, errs bytes.Buffer
		args := append(append([]string{"-s", "-C", file}, options...), rules...)
		if status := run(t.Context(), args, nil, &out, &errs); status != command.StatusOK {
			t.Fatalf("%q: status %d\n%s", options, status, &errs)
		}
		_, records, _ := strings.Cut(out.String(), "\n") // the first line names the options
		return records
	}
	got := meter("--tunnel=inner", "--octets=peer")
	for _, want := range []string{
		"\n10.0.0.1 10.0.0.2 1025 30 30 840\n",
		"\n1 192.0.2.1 192.0.2.2 10.0.0.1 10.0.0.2 10 10\n",
		"\n1 198.51.100.2 198.51.100.1 10.0.0.2 10.0.0.1 10 10\n",
		"\n2 2001:db8::1 2001:db8::2 10.0.0.1 10.0.0.2 10 10\n",
		"\n1025 10 10\n",
		"\n2001:d00:: ffff:ff00:: 20 0\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no record %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n10.0.0.") + strings.Count(got, " 10.0.0.1 10.0.0.2 ") + strings.Count(got, " 10.0.0.2 10.0.0.1 "); n != 4 {
		t.Errorf("%d records of the conversation, want 4:\n%s", n, got)
	}
	for _, options := range [][]string{{"--no-cache"}, {"--lanes", "3"}, {"--lanes", "3", "--no-cache"}} {
		if other := meter(append(options, "--tunnel=inner", "--octets=peer")...); other != got {
			t.Errorf("%q:\n%s\nwithout:\n%s", options, other, got)
		}
	}
	outer := meter("--octets=peer")
	if !strings.Contains(outer, "\n192.0.2.1 192.0.2.2 0 10 10 480\n") || strings.Contains(outer, "10.0.0.1") {
		t.Errorf("outer layer:\n%s", outer)
	}
}

// TestTunnelTruth holds the innermost addresses of the shared traces against those
// that tshark sees last.
func TestTunnelTruth(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not on the path")
	}
	if testing.Short() {
		t.Skip("tshark takes its time")
	}
	var files []string
	for _, part := range []string{"GrePackets", "gre-*", "gre-sample", "erspan", "gtp", "ipv6-in-ipv4", "vxlan", "geneve", "in4", "in6",
		"Teredo", "ah-esp", "80211http", "radiotap", "nflog", "PKTAP", "e1000g", "ipoib", "frame-relay", "NBMA", "arcnet", "zeek__llc"} {
		found, _ := filepath.Glob(filepath.Join(sharedTraces(t), "encap", "*"+part+"*"))
		files = append(files, found...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want := lastAddresses(t, tshark, file)
			got := innerAddresses(t, file)
			if !maps.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// pairs counts the packets between two addresses, in either direction.
type pairs map[string]int

func (p pairs) add(a, b string, n int) {
	if b < a {
		a, b = b, a
	}
	p[a+" "+b] += n
}

// innerAddresses are those of the packets in tunnels.
func innerAddresses(t *testing.T, file string) pairs {
	t.Helper()
	rules := filepath.Join(t.TempDir(), "pairs.srl")
	program := `if SourcePeerType == 1 || SourcePeerType == 2 { save SourcePeerType; save SourcePeerAddress; save DestPeerAddress; count; } ignore;
		format SourcePeerAddress DestPeerAddress ToPDUs FromPDUs;`
	if err := os.WriteFile(rules, []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"-s", "--tunnel=inner", "-C", file, rules}, nil, &out, &errs); status != command.StatusOK {
		t.Fatalf("status %d: %s", status, &errs)
	}
	p := pairs{}
	for line := range strings.Lines(out.String()) {
		var a, b string
		var to, from int
		if n, _ := fmt.Sscan(line, &a, &b, &to, &from); n == 4 && !strings.HasPrefix(line, "#") {
			p.add(a, b, to+from)
		}
	}
	return p
}

// lastAddresses are those of the innermost IP header of each packet that is not
// part of an ICMP message.
func lastAddresses(t *testing.T, tshark, file string) pairs {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tshark, "-n", "-r", file, "-T", "fields", "-E", "separator=;",
		"-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
		"-e", "frame.protocols", "-e", "ip.src", "-e", "ip.dst", "-e", "ipv6.src", "-e", "ipv6.dst")
	out, err := cmd.Output()
	if fault := (*exec.ExitError)(nil); err != nil && !errors.As(err, &fault) { // it complains of traces that end early
		t.Fatal(err)
	}
	p := pairs{}
	for line := range strings.Lines(string(out)) {
		c := strings.Split(strings.TrimRight(line, "\n"), ";")
		if len(c) != 5 {
			t.Fatalf("tshark: %q", line)
		}
		var source, dest string
		fours, sixes := 0, 0
	layers:
		for proto := range strings.SplitSeq(c[0], ":") {
			at := func(column, n int) string { return strings.Split(c[column], ",")[n] }
			switch proto {
			case "icmp", "icmpv6":
				break layers
			case "ip":
				source, dest, fours = at(1, fours), at(2, fours), fours+1
			case "ipv6":
				source, dest, sixes = at(3, sixes), at(4, sixes), sixes+1
			}
		}
		if source != "" {
			p.add(source, dest, 1)
		}
	}
	return p
}
