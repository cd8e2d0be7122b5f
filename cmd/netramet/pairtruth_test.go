package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"netramet/internal/command"
	"netramet/meter/packet"
	"netramet/sources"
	"netramet/sources/wire"
	"netramet/streams/pair"
)

// The truth files are tshark's. Its times are those of pairs that tell the same, but
// for what is listed at each kind.

// truthPacket is a packet of a trace, as the naive half of these tests has it.
type truthPacket struct {
	time  int64
	ends  [2]netip.AddrPort
	facts packet.Facts
	flags packet.Flags
	// stream is that of the packet, 0 if it has none; dir its direction there.
	stream int
	dir    packet.Direction
}

// foundPair is a pair in terms of the trace. Times are in microseconds.
type foundPair struct {
	kind           pair.Kind
	asker, replier netip.AddrPort
	reply, took    int64
	id             uint64
}

// dumpedPairs meters a trace and reads its pairs back.
func dumpedPairs(t *testing.T, trace string, options ...string) (pairs []foundPair) {
	t.Helper()
	dir := t.TempDir()
	rules, dump := filepath.Join(dir, "all.srl"), filepath.Join(dir, "pairs")
	if err := os.WriteFile(rules, []byte("save SourcePeerType; count;\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-s", "-C", trace, "-F", filepath.Join(dir, "flows"), "--dump-pairs", dump}, options...)
	if status, errs := runToEnd(t, append(args, rules)...); status != command.StatusOK {
		t.Fatalf("status %d: %s", status, errs)
	}
	for _, row := range namedRows(t, dump) {
		end := func(name string) netip.AddrPort {
			port, err := strconv.ParseUint(row[name+"_port"], 10, 16)
			if err != nil {
				t.Fatal(err)
			}
			return netip.AddrPortFrom(netip.MustParseAddr(row[name]), uint16(port))
		}
		p := foundPair{asker: end("source"), replier: end("dest"), reply: inMicro(t, row["reply_time"], 1e6), took: inMicro(t, row["turnaround_us"], 1)}
		if d := p.reply - inMicro(t, row["request_time"], 1e6) - p.took; d < -1 || d > 1 {
			t.Errorf("the times of %v differ by %d µs", row, d)
		}
		for _, p.kind = range []pair.Kind{pair.ICMP, pair.DNS, pair.SNMP, pair.NTP, pair.UDP, pair.TCPData, pair.TCPSyn} {
			if p.kind.String() == row["kind"] {
				break
			}
		}
		id, sequence, echo := strings.Cut(row["id"], "/")
		p.id, _ = strconv.ParseUint(id, 10, 64)
		if echo {
			n, _ := strconv.ParseUint(sequence, 10, 16)
			p.id = p.id<<16 | n
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// decodedTrace reads a trace. Its frame n is packets[n-1].
func decodedTrace(t *testing.T, file string) (packets []truthPacket) {
	t.Helper()
	src, err := sources.Open(file, sources.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	ports := packet.FactsPorts{DNS: []uint16{53}}
	var table pairStreams
	var b wire.Batch
	for {
		err := src.Read(&b)
		for i := range b.Frames {
			var p packet.Packet
			f := &b.Frames[i]
			p.DecodeNet(f)
			s := truthPacket{time: f.Time, flags: p.Flags}
			p.DecodeFacts(f, &ports, &s.facts)
			for end, a := range p.PeerAddress {
				addr, _ := netip.AddrFromSlice(a[:p.PeerLen])
				s.ends[end] = netip.AddrPortFrom(addr, p.TransAddress[end])
			}
			if p.Flags&packet.IsStream != 0 {
				table.find(&s, p.TransType)
			}
			packets = append(packets, s)
		}
		if errors.Is(err, io.EOF) {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// pairStreams is a stream table in which streams end only where a connection begins on
// one that was closed, or silent for five seconds.
type pairStreams struct {
	streams map[pairStreamKey]*pairStream
	n       int
}

type pairStreamKey struct {
	a, b  netip.AddrPort
	trans uint8
}

type pairStream struct {
	number int
	last   int64
	closed bool
}

// find gives s its stream and direction.
func (n *pairStreams) find(s *truthPacket, trans uint8) {
	key := pairStreamKey{s.ends[0], s.ends[1], trans}
	if s.ends[1].Compare(s.ends[0]) < 0 {
		key.a, key.b, s.dir = key.b, key.a, packet.Dest
	}
	if n.streams == nil {
		n.streams = map[pairStreamKey]*pairStream{}
	}
	const silence = 5e9
	begins := s.facts.TCPFlags&(packet.TCPSyn|packet.TCPAck) == packet.TCPSyn
	x := n.streams[key]
	if x == nil || begins && (x.closed || s.time-x.last > silence) {
		n.n++
		x = &pairStream{number: n.n}
		n.streams[key] = x
	}
	x.last = s.time
	x.closed = x.closed || s.facts.TCPFlags&(packet.TCPFin|packet.TCPRst) != 0
	s.stream = x.number
}

func micro(ns int64) int64 { return (ns + 500) / 1000 }

// pairTruths calls f for each truth file of a kind, with the trace it is of.
func pairTruths(t *testing.T, kind string, f func(t *testing.T, trace string, rows []map[string]string)) {
	dir := filepath.Join("..", "..", "..", "shared", "traces")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the shared traces are not here")
	}
	names, _ := filepath.Glob(filepath.Join(dir, "truth", "*."+kind+".tsv*"))
	for _, name := range names {
		base, _, _ := strings.Cut(filepath.Base(name), "."+kind+".tsv")
		base, _, _ = strings.Cut(base, ".via-libtrace")
		traces, _ := filepath.Glob(filepath.Join(dir, "*", base))
		if len(traces) != 1 {
			t.Fatalf("%d traces of %s", len(traces), name)
		}
		t.Run(base, func(t *testing.T) { f(t, traces[0], namedRows(t, name)) })
	}
}

func namedRows(t *testing.T, name string) (rows []map[string]string) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	lines := bufio.NewScanner(r)
	lines.Scan()
	header := strings.Split(lines.Text(), "\t")
	for lines.Scan() {
		row := map[string]string{}
		for i, v := range strings.Split(lines.Text(), "\t") {
			row[header[i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// inMicro turns a decimal number of units, of so many microseconds, to microseconds.
func inMicro(t *testing.T, s string, unit float64) int64 {
	t.Helper()
	whole, fraction, _ := strings.Cut(s, ".")
	w, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	f, err := strconv.ParseFloat("0."+fraction+"0", 64)
	if err != nil {
		t.Fatal(err)
	}
	return w*int64(unit) + int64(f*unit+0.5)
}

// pairKey names a pair by its reply.
type pairKey struct {
	kind           pair.Kind
	asker, replier netip.AddrPort
	reply          int64
	id             uint64
}

// comparePairs joins pairs with the truth's times by their replies, and reports what only
// one of them has and explain does not, and where they differ by more than a
// microsecond. explain is asked for those that are missing in pairs, and extra there.
func comparePairs(t *testing.T, pairs []foundPair, truth map[pairKey]int64, explain func(k pairKey, missing bool) string) {
	t.Helper()
	joined, why := 0, map[string]int{}
	tell := func(k pairKey, missing bool, what string) {
		if reason := explain(k, missing); reason != "" {
			why[reason]++
		} else {
			t.Errorf("%v %v > %v id %d, reply at %d: %s", k.kind, k.asker, k.replier, k.id, k.reply, what)
		}
	}
	left := maps.Clone(truth)
	for _, p := range pairs {
		k := pairKey{p.kind, p.asker, p.replier, p.reply, p.id}
		took, ok := left[k]
		if !ok {
			tell(k, false, fmt.Sprintf("%d µs, the truth has none", p.took))
			continue
		}
		delete(left, k)
		if d := took - p.took; d < -1 || d > 1 {
			t.Errorf("%v took %d µs, want %d", k, p.took, took)
		}
		joined++
	}
	for k, took := range left {
		tell(k, true, fmt.Sprintf("no pair, the truth has %d µs", took))
	}
	t.Logf("%d pairs as they should be; %v", joined, why)
}

func unexplained(pairKey, bool) string { return "" }

func ofKind(pairs []foundPair, kind pair.Kind) (some []foundPair) {
	for _, p := range pairs {
		if p.kind == kind {
			some = append(some, p)
		}
	}
	return some
}

func frameNumber(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n - 1
}

// wholeOrFirst is packet n or, if that is a later fragment, the datagram's first one:
// tshark takes a datagram for the fragment that completes it.
func wholeOrFirst(packets []truthPacket, n int) *truthPacket {
	for i := n; i > 0 && packets[n].flags&packet.NotFirst != 0; i-- {
		p := &packets[i]
		if p.flags&(packet.IsFragment|packet.NotFirst) == packet.IsFragment && p.ends[0].Addr() == packets[n].ends[0].Addr() {
			return p
		}
	}
	return &packets[n]
}

// TestPairTruthDNS: tshark takes a query that is repeated after five seconds or more for
// another one. No trace has such a query that is answered.
func TestPairTruthDNS(t *testing.T) {
	pairTruths(t, "dns", func(t *testing.T, trace string, rows []map[string]string) {
		packets, pairs := decodedTrace(t, trace), dumpedPairs(t, trace)
		truth := map[pairKey]int64{}
		for _, row := range rows {
			if row["srcport_udp"] == "" {
				continue // over TCP
			}
			p := wholeOrFirst(packets, frameNumber(t, row["frame.number"]))
			id, err := strconv.ParseUint(row["dns.id"], 0, 16)
			if err != nil {
				t.Fatal(err)
			}
			later := micro(packets[frameNumber(t, row["frame.number"])].time) - micro(p.time)
			truth[pairKey{pair.DNS, p.ends[1], p.ends[0], micro(p.time), id}] = inMicro(t, row["dns.time"], 1e6) - later
		}
		comparePairs(t, ofKind(pairs, pair.DNS), truth, unexplained)
	})
}

func TestPairTruthICMP(t *testing.T) {
	pairTruths(t, "icmp", func(t *testing.T, trace string, rows []map[string]string) {
		packets, pairs := decodedTrace(t, trace), dumpedPairs(t, trace)
		truth := map[pairKey]int64{}
		for _, row := range rows {
			p := &packets[frameNumber(t, row["frame.number"])]
			took := row["resptime_ms"] + row["icmpv6.resptime_ms"]
			truth[pairKey{pair.ICMP, p.ends[1], p.ends[0], micro(p.time), p.facts.ID}] = inMicro(t, took, 1e3)
		}
		comparePairs(t, ofKind(pairs, pair.ICMP), truth, unexplained)
	})
}

// TestPairTruthTCP holds both kinds of TCP against tshark's times from a segment to what
// acknowledges it. Where they differ, it is because
//   - the segment was sent more than once before it was acknowledged (Karn's rule):
//     tshark measures from the first time;
//   - it was acknowledged selectively before: tshark waits for the other;
//   - no time has passed: tshark does not print 0.
func TestPairTruthTCP(t *testing.T) {
	pairTruths(t, "tcp_ackrtt", func(t *testing.T, trace string, rows []map[string]string) {
		packets, pairs := decodedTrace(t, trace), dumpedPairs(t, trace)
		truth, replies := map[pairKey]int64{}, map[pairKey]int{}
		for i := range packets {
			p := &packets[i]
			at := pairKey{asker: p.ends[1], replier: p.ends[0], reply: micro(p.time)}
			replies[at] = i
		}
		for _, row := range rows {
			n, asked := frameNumber(t, row["frame.number"]), &packets[frameNumber(t, row["acks_frame"])]
			p := &packets[n]
			kind, id := pair.TCPData, uint64(p.facts.Ack)
			switch flags := asked.facts.TCPFlags; {
			case flags&(packet.TCPSyn|packet.TCPAck) == packet.TCPSyn:
				kind, id = pair.TCPSyn, uint64(asked.facts.Seq)
			case flags&packet.TCPSyn != 0 || asked.facts.PayloadLen == 0:
				continue // what follows a SYN-ACK, or a FIN without data: no pair
			}
			truth[pairKey{kind, p.ends[1], p.ends[0], micro(p.time), id}] = inMicro(t, row["ack_rtt"], 1e6)
		}
		took := map[pairKey]int64{}
		for _, p := range pairs {
			took[pairKey{p.kind, p.asker, p.replier, p.reply, p.id}] = p.took
		}
		comparePairs(t, append(ofKind(pairs, pair.TCPData), ofKind(pairs, pair.TCPSyn)...), truth, func(k pairKey, missing bool) string {
			n := replies[pairKey{asker: k.asker, replier: k.replier, reply: k.reply}]
			switch {
			case k.kind != pair.TCPData:
			case missing && timesSent(packets[:n], &packets[n], uint32(k.id)-1) > 1:
				return "sent more than once"
			case missing && selectively(packets[:n], &packets[n], uint32(k.id)):
				return "acknowledged selectively before"
			case !missing && selectively(packets[:n+1], &packets[n], uint32(k.id)):
				return "acknowledged selectively"
			}
			if !missing && took[k] == 0 {
				return "no time has passed"
			}
			return ""
		})
	})
}

// timesSent is how often the other end of a reply's stream sent an octet.
func timesSent(packets []truthPacket, reply *truthPacket, octet uint32) (n int) {
	for i := range packets {
		p := &packets[i]
		if p.stream == reply.stream && p.dir != reply.dir && octet-p.facts.Seq < p.facts.PayloadLen {
			n++
		}
	}
	return n
}

// selectively reports whether the end that sent a reply acknowledged a segment
// selectively, of which the sequence number behind its last octet is given.
func selectively(packets []truthPacket, reply *truthPacket, behind uint32) bool {
	for i := range packets {
		p := &packets[i]
		if p.stream != reply.stream || p.dir != reply.dir {
			continue
		}
		for _, b := range p.facts.SACK[:p.facts.SACKs] {
			if int32(behind-b[0]) > 0 && int32(b[1]-behind) >= 0 {
				return true
			}
		}
	}
	return false
}
