package linestest

import (
	"io"
	"math/rand/v2"
	"testing"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/reader/lines"
	"netramet/ruleset"
)

// Benchmark writes flows as a link has them: by a format with amounts, as outputs have
// it, and as a flow data file, which it is measured by. Both have the same flows and
// attributes, and hold back what they write.
func Benchmark(b *testing.B, f lines.Format) {
	tasks := []reader.Task{{RuleSet: 2, Name: "default", Format: ruleset.DefaultFormat()}}
	iv := Sample()[0].Interval
	flows := linkFlows(tasks[0].Format.Attrs, 1000)
	file, err := lines.Open("-", f, lines.Options{Stdout: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	for _, w := range []struct {
		name string
		out  reader.Output
	}{
		{"lines", file},
		{"flowfile", flowfile.NewWriter(io.Discard, flowfile.Header{})},
	} {
		b.Run(w.name, func(b *testing.B) {
			if err := w.out.Begin(iv, tasks); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if err := w.out.Record(&flows[n%len(flows)]); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.out.Abort(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// linkFlows are flows of TCP and UDP, one in ten of IPv6, most of few packets.
func linkFlows(attrs []mib.Attr, n int) []reader.Record {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([]reader.Record, n)
	for i := range all {
		rec := &all[i]
		rec.Clear(len(attrs))
		rec.RuleSet, rec.Index, rec.FirstTime, rec.PeerType = 2, uint32(i+1)*500, r.Uint64N(60000), mib.PeerIPv4
		if r.IntN(10) == 0 {
			rec.PeerType = mib.PeerIPv6
		}
		rec.Amounts = make([]uint64, len(attrs))
		pdus := 1 + 10/(1+r.Uint64N(1000))*r.Uint64N(1000)
		for j, a := range attrs {
			v := &rec.Values[j]
			switch a {
			case mib.AttrFlowRuleSet:
				v.Num = uint64(rec.RuleSet)
			case mib.AttrFlowIndex:
				v.Num = uint64(rec.Index)
			case mib.AttrFirstTime:
				v.Num = rec.FirstTime
			case mib.AttrLastActiveTime:
				v.Num = rec.FirstTime + r.Uint64N(1000)
			case mib.AttrSourcePeerType:
				v.Num = uint64(rec.PeerType)
			case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress:
				*v = address(r, rec.PeerType)
			case mib.AttrSourceTransType:
				v.Num = [...]uint64{6, 17}[r.IntN(2)]
			case mib.AttrSourceTransAddress:
				*v = octets(byte(128+r.IntN(128)), byte(r.IntN(256)))
			case mib.AttrDestTransAddress:
				*v = octets(byte(r.IntN(2)), byte(r.IntN(256)))
			case mib.AttrToPDUs, mib.AttrFromPDUs:
				v.Num = pdus
			case mib.AttrToOctets, mib.AttrFromOctets:
				v.Num = pdus * (60 + r.Uint64N(1440))
			}
			if a.Class() == mib.ClassCounter {
				rec.Amounts[j] = v.Num / 2
			}
		}
	}
	return all
}

func address(r *rand.Rand, t mib.PeerType) reader.Value {
	if t == mib.PeerIPv4 {
		return octets(byte(1+r.IntN(223)), byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256)))
	}
	v := octets(0x20, 1, 0xd, 0xb8, 0, byte(r.IntN(8)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for i := range 8 * r.IntN(2) {
		v.Octets[8+i] = byte(r.IntN(256))
	}
	v.Octets[15] = byte(1 + r.IntN(255))
	return v
}
