package sources

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"time"
)

// The traces of the New Zealand Internet Exchange are of records of 68 octets, all
// numbers little-endian: a clock, a check sequence, the length on the wire, and the
// first 54 octets of an Ethernet frame, into which two octets are put behind the first
// 26 so that the addresses of IP are aligned. A record of length 0 is a pulse of the
// clock's and no packet.
//
// The clock counts microseconds, in its upper 30 bits, and comes round every 18
// minutes. When it started is told by the file's name alone.
const (
	nzixLen    = 68
	nzixHeader = 12
	nzixBefore = 26 // octets of the frame before the two that are put into it
	nzixPad    = 2

	nzixClockBits = 30
)

// nzixFrame makes the frame in a record whole, and returns it.
func nzixFrame(r []byte) []byte {
	at := nzixHeader + nzixPad
	copy(r[at:at+nzixBefore], r[nzixHeader:nzixHeader+nzixBefore])
	return r[at:]
}

// nzixFits reports whether a record can be one.
func nzixFits(r []byte) bool {
	const longest = 1 << 14
	n := binary.LittleEndian.Uint32(r[8:])
	return n == 0 || n >= 14 && n < longest
}

// guessNZIX tells the format by its first records: where frames hold IPv4, as almost
// all do, its header is where it must be, and the clock goes on.
func guessNZIX(head []byte) bool {
	const second = 1_000_000
	ip, last := 0, uint32(0)
	for at := 0; len(head)-at >= nzixLen; at += nzixLen {
		r := head[at : at+nzixLen]
		clock := binary.LittleEndian.Uint32(r) >> 2
		if !nzixFits(r) || at > 0 && (clock-last)&(1<<nzixClockBits-1) > 10*second {
			return false
		}
		last = clock
		if n := binary.LittleEndian.Uint32(r[8:]); n == 0 || binary.BigEndian.Uint16(r[24:]) != 0x0800 {
			continue
		}
		if version := r[26]; version < 0x45 || version > 0x4f || r[35] == 0 {
			return false
		}
		ip++
	}
	return ip > 0
}

// nzixClock makes times of the clock, which comes round.
type nzixClock struct {
	start int64 // Unix ns
	now   uint64
}

func (c *nzixClock) time(stamp uint32) int64 {
	const round = 1 << nzixClockBits
	next := uint64(stamp >> 2)
	behind := (c.now - next) & (round - 1)
	if behind < round/2 && behind <= c.now {
		c.now -= behind // the same time, or a little earlier
	} else {
		c.now += (next - c.now) & (round - 1)
	}
	return c.start + int64(c.now)*1000
}

// nzixStart is the time that the name of a trace begins with, as in
// 20000706-120000.gz, taken for UTC; that of 1970 if it begins with none.
func nzixStart(name string) int64 {
	const layout = "20060102-150405"
	base := filepath.Base(strings.ReplaceAll(name, "\\", "/"))
	t, err := time.Parse(layout, base[:min(len(layout), len(base))])
	if err != nil {
		return 0
	}
	return t.UnixNano()
}
