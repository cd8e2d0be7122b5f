package filter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"netramet/sources"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// expressions reads the list that tcpdump and this package agree on.
func expressions(tb testing.TB) (list []string) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "expressions.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}

// tcpdump is the program's path.
func tcpdump(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("no tcpdump: what it selects is not compared")
	}
	return path
}

// unknownThere are link types that tcpdump's filters do not know, or look for the
// network layer of in the wrong place.
var unknownThere = map[wire.LinkType]bool{wire.LinkATM: true, wire.LinkPPPWithDir: true, wire.LinkFrameRelay: true,
	wire.LinkFRelayDir: true, wire.LinkCHDLCDir: true, wire.LinkSLIP: true, wire.LinkSLIPBSDOS: true}

// TestTcpdump: what each expression selects of made frames, whole and damaged,
// tcpdump selects, on each link type; what one refuses, so does the other.
func TestTcpdump(t *testing.T) {
	program := tcpdump(t)
	for _, link := range linkTypes {
		if unknownThere[link] || testing.Short() && link != wire.LinkEthernet && link != wire.LinkLinuxSLL {
			continue
		}
		t.Run(link.String(), func(t *testing.T) {
			t.Parallel()
			compare(t, program, link, frames(t, link))
		})
	}
}

// mostOfTrace bounds the frames that are taken of one trace.
const mostOfTrace = 400

// TestTcpdumpTraces is TestTcpdump on frames of the shared traces.
func TestTcpdumpTraces(t *testing.T) {
	program := tcpdump(t)
	dir := filepath.Join("..", "..", "..", "shared", "traces")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the shared traces are not there: ../shared/traces")
	}
	most := mostOfTrace
	if testing.Short() {
		most /= 10
	}
	byLink := make(map[wire.LinkType][]wire.Frame)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, f := range someFrames(path, most) {
			byLink[f.LinkType] = append(byLink[f.LinkType], f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range linkTypes {
		if list := byLink[link]; len(list) > 0 && !unknownThere[link] {
			t.Run(link.String(), func(t *testing.T) {
				t.Parallel()
				t.Logf("%d frames", len(list))
				compare(t, program, link, list)
			})
		}
	}
}

// someFrames are the first frames of a file; none if it is no trace.
func someFrames(path string, most int) (list []wire.Frame) {
	src, err := sources.Open(path, sources.Options{})
	if err != nil {
		return nil
	}
	defer src.Close()
	var b wire.Batch
	defer b.Release()
	for err == nil && len(list) < most {
		err = src.Read(&b)
		for _, f := range b.Frames {
			f.Data = slices.Clone(f.Data[:min(len(f.Data), 2000)])
			list = append(list, f)
		}
	}
	return list[:min(len(list), most)]
}

// every says that each n-th expression is compared on a link type: all on
// Ethernet, for each is a run of tcpdump.
func every(link wire.LinkType) int {
	switch short := testing.Short(); {
	case short && link != wire.LinkEthernet:
		return 16
	case short || link != wire.LinkEthernet:
		return 4
	}
	return 1
}

// beyond reports whether an expression has a meaning here and none in tcpdump.
func beyond(link wire.LinkType, text string) bool {
	switch link {
	case wire.LinkPPPHDLC, wire.LinkPPPEther, wire.LinkPPPD, wire.LinkPPPBSDOS:
		return strings.HasPrefix(text, "mpls")
	case wire.LinkCLIP, wire.LinkNetAnalyzer, wire.LinkIPoverFC:
		return strings.HasPrefix(text, "llc")
	}
	return addressless(link) && hasWord(text, "ether", "broadcast", "multicast", "vlan")
}

// addressless are link types whose addresses and tags tcpdump alone knows.
func addressless(link wire.LinkType) bool {
	return link == wire.LinkARCNET || link == wire.LinkARCNETLinux || variable(link) && link != wire.LinkPFLog
}

// variable are link types whose headers have no fixed length. On them tcpdump finds nothing
// in tunnels, and reads octets that it does not need.
func variable(link wire.LinkType) bool {
	l, _ := layoutOf(link)
	return l.load.reg != 0
}

func hasWord(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// compare holds the expressions against tcpdump's on frames of one link type.
func compare(t *testing.T, program string, link wire.LinkType, list []wire.Frame) {
	t.Helper()
	if link == wire.LinkNull || link == wire.LinkENC {
		// The families are in the file's order; here either order does.
		list = slices.DeleteFunc(list, func(f wire.Frame) bool { return len(f.Data) > 3 && f.Data[0] == 0 && f.Data[3] != 0 })
	}
	if variable(link) {
		list = slices.DeleteFunc(list, func(f wire.Frame) bool { return len(f.Data) < int(f.WireLen) })
	}
	var file bytes.Buffer
	w, err := capfile.NewPcap(&file, capfile.Pcap{LinkType: link})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		f := &list[i]
		f.Time = int64(i) * 1e3 // its number
		f.WireLen = max(f.WireLen, uint32(len(f.Data)))
		f.Flags = 0
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	compared := 0
	for i, text := range expressions(t) {
		if i%every(link) != 0 || variable(link) && hasWord(text, "geneve", "pppoes") {
			continue
		}
		theirs, refusal := selectedBy(t, program, file.Bytes(), text)
		e, err := Parse(text)
		var p *Program
		if err == nil {
			p, err = e.Compile(link)
		}
		if err != nil || refusal != "" {
			if err == nil != (refusal == "") && !beyond(link, text) {
				t.Errorf("%s: here: %v\ntcpdump: %s", text, err, refusal)
			}
			continue
		}
		compared++
		var ours []int
		for i, f := range list {
			if p.Match(f.Data, f.WireLen) {
				ours = append(ours, i)
			}
		}
		if slices.Equal(ours, theirs) {
			continue
		}
		plain, _ := selectedBy(t, program, file.Bytes(), text, "-O")
		if i, who := difference(list, ours, theirs, plain); i >= 0 {
			t.Errorf("%s: %s alone selects frame %d: %x", text, who, i, list[i].Data[:min(len(list[i].Data), 120)])
		}
	}
	t.Logf("%d expressions compared", compared)
}

// difference is the first frame that one side alone selects; -1: none. Where a
// frame ends before the octets that an expression asks for, tcpdump itself
// answers now so, now so: its optimiser leaves reads out, and so the rejection
// that they would be. There one of its two answers will do, and where a damaged
// header is longer than the frame.
func difference(list []wire.Frame, ours, theirs, plain []int) (frame int, who string) {
	for i := range list {
		_, here := slices.BinarySearch(ours, i)
		_, there := slices.BinarySearch(theirs, i)
		if _, unoptimised := slices.BinarySearch(plain, i); here == there || here == unoptimised && (len(list[i].Data) < int(list[i].WireLen) || variable(list[i].LinkType)) {
			continue
		}
		if here {
			return i, "this package"
		}
		return i, "tcpdump"
	}
	return -1, ""
}

// selectedBy are the numbers of the frames that tcpdump selects, or its refusal.
func selectedBy(t *testing.T, program string, file []byte, text string, options ...string) (list []int, refusal string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append(options, "-r", "-", "-w", "-", "--", text)...)
	cmd.Stdin = bytes.NewReader(file)
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	if err := cmd.Run(); err != nil {
		if strings.Contains(msg.String(), "rejects all packets") {
			return nil, ""
		}
		if !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		return nil, msg.String()
	}
	r := bytes.NewReader(out.Bytes()[24:])
	for {
		var head [4]uint32
		if err := binary.Read(r, binary.LittleEndian, &head); err != nil {
			return list, ""
		}
		list = append(list, int(head[0]*1e6+head[1]))
		if _, err := r.Seek(int64(head[2]), io.SeekCurrent); err != nil {
			t.Fatal(err)
		}
	}
}
