package flowfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// What files of the original's versions have that ours do not.

// differenceName is the name of an attribute whose differences fd_filter has printed
// in place of its counts.
var differenceName = regexp.MustCompile(`(?i)(^|[^0-9a-z_])d_(to|from)(pdus|octets|lostpdus)`)

// differenceNames takes fd_filter's names for the attributes', and reports whether
// there were any.
func differenceNames(format string) (string, bool) {
	if !strings.Contains(format, "d_") && !strings.Contains(format, "D_") {
		return format, false
	}
	plain := differenceName.ReplaceAllString(format, "${1}${2}${3}")
	return plain, plain != format
}

// differencesLine is the line of a format whose counters are differences. Its error is
// about a separator that hides that.
func differencesLine(f *ruleset.Format) (string, error) {
	var b strings.Builder
	for i, a := range f.Attrs {
		b.WriteString(f.Seps[i])
		if a.Class() == mib.ClassCounter {
			b.WriteString("d_")
		}
		b.WriteString(strings.ToLower(a.String()))
	}
	b.WriteString(f.Seps[len(f.Attrs)])
	if back, _ := differenceNames(b.String()); back != f.Line() {
		return "", fmt.Errorf("format: a separator has a letter, digit or underline right before a counter, so that the line %.200q could not be read back", b.String())
	}
	return formatMark + b.String(), nil
}

// major is the first number of the version of the program that wrote the file: 3 for
// "3.2". A file that does not tell has the largest.
func (h *Header) major() int {
	first, _, _ := strings.Cut(h.Version, ".")
	if n, err := strconv.Atoi(first); err == nil && n > 0 && h.Octets == reader.OctetsUnknown && h.Zone == ZoneUnknown {
		return n
	}
	return 1<<31 - 1
}

// Peer types of NeTraMet 3.x were numbers of its own, of which the RFCs tell that of
// IP (RFC 2123 §4.1).
const oldIP = 2

// peerType is the peer type that a number means.
func (p *plan) peerType(n uint64) mib.PeerType {
	if p.old && n == oldIP {
		return mib.PeerIPv4
	}
	return peerType(n)
}

// modern has column i of an old file mean what it does today.
func (p *plan) modern(i int, rec *reader.Record) {
	if a := p.cols[i].attr; (a == mib.AttrSourcePeerType || a == mib.AttrDestPeerType) && rec.Values[i].Num == oldIP {
		rec.Values[i].Num = uint64(mib.PeerIPv4)
	}
}

// Wraps reports that counters of the file have 32 bits, after which they begin anew:
// those of 3.x.
func (r *Reader) Wraps() bool { return r.hdr.major() <= 3 }
