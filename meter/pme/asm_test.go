package pme

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

// assemble makes a rule set from lines of the form
//
//	[label:] attribute & mask = value: action, target
//
// where mask and value are octets with dots, hex octets with hyphens, or an
// attribute's name, and target is a number, "next" or a label.
func assemble(t testing.TB, text string) *ruleset.RuleSet {
	t.Helper()
	rs := &ruleset.RuleSet{Number: 7}
	labels := make(map[string]int)
	var targets []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if label, rest, _ := strings.Cut(line, ":"); !strings.Contains(label, "&") {
			labels[label] = len(rs.Rules) + 1
			if line = strings.TrimSpace(rest); line == "" {
				continue
			}
		}
		test, act, ok := strings.Cut(line, ":")
		f := strings.Fields(test)
		if !ok || len(f) != 5 {
			t.Fatalf("bad line %q", line)
		}
		action, target, _ := strings.Cut(act, ",")
		var r ruleset.Rule
		r.Selector = mustAttr(t, f[0])
		r.Mask, r.Value = octets(t, f[2]), octets(t, f[4])
		if r.Action, ok = mib.LookupAction(strings.TrimSpace(action)); !ok {
			t.Fatalf("bad action in %q", line)
		}
		rs.Rules = append(rs.Rules, r)
		targets = append(targets, strings.TrimSpace(target))
	}
	for i, target := range targets {
		n, err := strconv.Atoi(target)
		switch {
		case target == "":
			n = 0
		case target == "next":
			n = i + 2
		case err != nil:
			if n = labels[target]; n == 0 {
				t.Fatalf("no label %q", target)
			}
		}
		rs.Rules[i].Parameter = uint16(n)
	}
	return rs
}

func mustAttr(t testing.TB, name string) mib.Attr {
	t.Helper()
	a, ok := mib.Lookup(name)
	if !ok {
		t.Fatalf("no attribute %q", name)
	}
	return a
}

func octets(t testing.TB, s string) (o ruleset.Octets) {
	t.Helper()
	if a, ok := mib.Lookup(s); ok {
		o[0] = byte(a)
		return o
	}
	if strings.Contains(s, "-") {
		b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
		if err != nil {
			t.Fatal(err)
		}
		copy(o[:], b)
		return o
	}
	for i, f := range strings.Split(s, ".") {
		n, err := strconv.ParseUint(f, 10, 8)
		if err != nil {
			t.Fatalf("octets %q: %v", s, err)
		}
		o[i] = byte(n)
	}
	return o
}

// ip makes a packet from "source[:port]" and dest; v6 hosts in brackets.
func ip(t testing.TB, proto uint8, source, dest string) *packet.Packet {
	t.Helper()
	pk := &packet.Packet{TransType: proto}
	for i, s := range []string{source, dest} {
		var addr netip.Addr
		if ap, err := netip.ParseAddrPort(s); err == nil {
			addr, pk.TransAddress[i] = ap.Addr(), ap.Port()
		} else {
			addr = netip.MustParseAddr(strings.Trim(s, "[]"))
		}
		pk.PeerLen = uint8(copy(pk.PeerAddress[i][:], addr.AsSlice()))
		pk.PeerType = mib.PeerIPv4
		if addr.Is6() {
			pk.PeerType = mib.PeerIPv6
		}
	}
	return pk
}

// flows is the two-direction algorithm of RFC 2722 §4.3 over a set of keys.
type flows struct {
	p     *Matcher
	known map[string]bool
	last  Key // of the flow that the last packet was counted in
}

func newFlows(t testing.TB, text string) *flows {
	t.Helper()
	p := load(t, assemble(t, text), NewShapes())
	return &flows{p: p, known: make(map[string]bool)}
}

// meter says how pk is counted: "f", "r", or "-" if it is not.
func (f *flows) meter(pk *packet.Packet) string {
	var key, back Key
	switch f.p.Match(pk, WireOrder, &key) {
	case Count:
		f.p.shapes.Reverse(key.Bytes(), &back)
		if !f.known[string(key.Bytes())] && f.known[string(back.Bytes())] {
			f.last = back
			return "r"
		}
		f.known[string(key.Bytes())] = true
		f.last = key
		return "f"
	case NoMatch:
		if f.p.Match(pk, Reversed, &key) == Count {
			f.known[string(key.Bytes())] = true
			f.last = key
			return "r"
		}
	}
	return "-"
}

// show prints what a key saves: "Attribute=value/mask ...".
func show(s *Shapes, key []byte) string {
	var b strings.Builder
	for i, a := range s.Attrs(key) {
		v, ok1 := s.Value(key, a)
		m, ok2 := s.Mask(key, a)
		if !ok1 || !ok2 {
			return fmt.Sprintf("%s has no value", a)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s=%s/%s", a, dotted(v), dotted(m))
	}
	return b.String()
}

func dotted(b []byte) string {
	var parts []string
	for _, o := range b {
		parts = append(parts, strconv.Itoa(int(o)))
	}
	return strings.Join(parts, ".")
}

// pushAt puts what rule pc saves of pk into an empty pattern queue.
func (p *Matcher) pushAt(pk *packet.Packet, pc uint32) int {
	p.fill(pk, WireOrder)
	p.queueHash[0] = p.lengthsOf(pk).hash()
	return p.push(&p.code[pc], pc, 0, 0)
}
