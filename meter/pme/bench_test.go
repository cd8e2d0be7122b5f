package pme

import (
	"fmt"
	"strings"
	"testing"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

// fiveTuple saves what names a stream.
const fiveTuple = `
 Null & 0 = 0: GotoAct, next
 SourcePeerType & 255 = 0: PushPktToAct, next
 SourceTransType & 255 = 0: PushPktToAct, next
 SourcePeerAddress & 255.255.255.255 = 0: PushPktToAct, next
 DestPeerAddress & 255.255.255.255 = 0: PushPktToAct, next
 SourceTransAddress & 255.255 = 0: PushPktToAct, next
 DestTransAddress & 255.255 = 0: CountPkt, 0
`

// alternating is n tests of two attributes in turn, the last of which
// succeeds: nothing that could be grouped.
func alternating(n int) string {
	var b strings.Builder
	for i := range n - 1 {
		a := []string{"SourcePeerAddress", "DestPeerAddress"}[i&1]
		fmt.Fprintf(&b, "%s & 255.255.255.0 = 10.9.%d.0: Count, 0\n", a, i)
	}
	b.WriteString("DestTransAddress & 255.255 = 0.80: Count, 0\n")
	return b.String()
}

// networks is a list of n networks of 24 bits, each counted, and a NoMatch.
func networks(n int) *ruleset.RuleSet {
	rs := &ruleset.RuleSet{Number: 2}
	for i := range n {
		rs.Rules = append(rs.Rules, ruleset.Rule{
			Selector: mib.AttrSourcePeerAddress,
			Mask:     ruleset.Octets{255, 255, 255},
			Value:    ruleset.Octets{10, byte(i >> 8), byte(i)},
			Action:   mib.ActionCountPkt,
		})
	}
	rs.Rules = append(rs.Rules, ruleset.Rule{Action: mib.ActionNoMatch})
	return rs
}

func network(i int) *packet.Packet {
	pk := &packet.Packet{PeerType: mib.PeerIPv4, PeerLen: 4}
	pk.PeerAddress[0] = [20]byte{10, byte(i >> 8), byte(i), 1}
	return pk
}

func benchmarkMatch(b *testing.B, p *Matcher, pk *packet.Packet, want Verdict) {
	var key Key
	b.ReportAllocs()
	for b.Loop() {
		if p.Match(pk, WireOrder, &key) != want {
			b.Fatal("wrong verdict")
		}
	}
}

func BenchmarkMatchFiveTuple(b *testing.B) {
	p := mustLoad(b, fiveTuple)
	b.Run("ipv4", func(b *testing.B) {
		benchmarkMatch(b, p, ip(b, tcp, "10.0.0.1:1000", "10.0.0.2:80"), Count)
	})
	b.Run("ipv6", func(b *testing.B) {
		benchmarkMatch(b, p, ip(b, tcp, "[2001:db8::1]:1000", "[2001:db8::2]:80"), Count)
	})
}

func BenchmarkMatch40Rules(b *testing.B) {
	benchmarkMatch(b, mustLoad(b, alternating(40)), ip(b, tcp, "10.0.0.1:1000", "10.0.0.2:80"), Count)
}

func BenchmarkMatchNetworks(b *testing.B) {
	for _, n := range []int{10, 10_000, 32_000} {
		p := load(b, networks(n), NewShapes())
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkMatch(b, p, network(n-1), Count) })
		b.Run(fmt.Sprint(n, "/miss"), func(b *testing.B) { benchmarkMatch(b, p, network(65535), NoMatch) })
	}
}

func BenchmarkReverse(b *testing.B) {
	p := mustLoad(b, fiveTuple)
	var key, back Key
	p.Match(ip(b, tcp, "10.0.0.1:1000", "10.0.0.2:80"), WireOrder, &key)
	b.ReportAllocs()
	for b.Loop() {
		p.shapes.Reverse(key.Bytes(), &back)
	}
}

func BenchmarkLoad(b *testing.B) {
	rs := networks(ruleset.MaxRules - 1)
	for b.Loop() {
		if _, err := Load(rs, NewShapes()); err != nil {
			b.Fatal(err)
		}
	}
}
