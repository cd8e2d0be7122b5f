package filter

import (
	"golang.org/x/net/bpf"

	"netramet/sources/wire"
)

// Registers of link layers whose headers have no fixed length.
const (
	regHeader = iota // where the link layer's header begins
	regLoad          // where it ends
	regsBegin        // how many these are
)

// begin is what a program does first on a link type whose headers have no fixed
// length: it finds out where they end. It is true where the frame has the octets that
// tell.
func (g *generator) begin() *cond {
	const header80211 = 24 // of data frames with three addresses
	put := func(code ...bpf.RawInstruction) *cond {
		return done(append(code, bpf.RawInstruction{Op: opSt, K: regHeader},
			bpf.RawInstruction{Op: opAddK, K: header80211}, bpf.RawInstruction{Op: opSt, K: regLoad}))
	}
	length16 := put( // little-endian, behind a version
		bpf.RawInstruction{Op: opLdb, K: 3}, bpf.RawInstruction{Op: opLshK, K: 8}, bpf.RawInstruction{Op: opTax},
		bpf.RawInstruction{Op: opLdb, K: 2}, bpf.RawInstruction{Op: opOrK | sourceX})
	length32 := put(bpf.RawInstruction{Op: opLd, K: 4})
	switch g.link {
	case wire.LinkPFLog: // its length, which is rounded up
		return done([]bpf.RawInstruction{{Op: opLdb}, {Op: opAddK, K: 3}, {Op: opAndK, K: 0xfffffffc}, {Op: opSt, K: regLoad}})
	case wire.Link80211:
		return and(put(bpf.RawInstruction{Op: opLdImm}), g.begin80211(always(true)))
	case wire.LinkAVS:
		return and(length32, g.begin80211(always(true)))
	case wire.LinkPrism: // it may be an AVS header
		isAVS := g.masked(offset{}, 4, 0x80211000, 0xfffff000)
		return and(or(and(isAVS, length32), put(bpf.RawInstruction{Op: opLdImm, K: 144})), g.begin80211(always(true)))
	case wire.LinkPPI:
		return and(length16, g.begin80211(always(true)))
	case wire.LinkRadiotap:
		return and(length16, g.begin80211(g.radiotapPad()))
	}
	return always(true)
}

// begin80211 adds to a header of IEEE 802.11 what data frames may have more: two
// octets for quality of service, and padding.
func (g *generator) begin80211(pad *cond) *cond {
	qos := g.masked(offset{reg: regHeader + 1}, 1, 0x80, 0x80)
	more := done([]bpf.RawInstruction{{Op: opLdMem, K: regLoad}, {Op: opAddK, K: 2}, {Op: opSt, K: regLoad}})
	return or(not(g.isData()), and(or(not(qos), more), pad))
}

// isData is the test for a data frame of IEEE 802.11.
func (g *generator) isData() *cond { return g.masked(offset{reg: regHeader + 1}, 1, 0x08, 0x0c) }

// radiotapPad rounds the header up where radiotap's flags say so.
func (g *generator) radiotapPad() *cond {
	const (
		present = 4 // which fields there are, little-endian
		hasTime = 0x01000000
		hasFlag = 0x02000000
		hasMore = 0x00000080 // words that say what is present
		padding = 0x20
	)
	flags := func(at uint32) *cond { return g.masked(offset{octets: at}, 1, padding, padding) }
	behindTime := g.masked(offset{octets: present}, 4, hasTime, hasTime)
	pad := and(g.masked(offset{octets: present}, 4, hasFlag, hasFlag|hasMore), or(and(behindTime, flags(16)), and(not(behindTime), flags(8))))
	return or(not(pad), done([]bpf.RawInstruction{{Op: opLdMem, K: regLoad}, {Op: opAddK, K: 3}, {Op: opAndK, K: 0xfffffffc}, {Op: opSt, K: regLoad}}))
}

// asks reports whether a condition reads one of the first n registers.
func (c *cond) asks(n uint32) bool {
	for _, in := range c.code {
		if (in.Op == opLdMem || in.Op == opLdxMem) && in.K < n {
			return true
		}
	}
	return c.a != nil && c.a.asks(n) || c.b != nil && c.b.asks(n)
}
