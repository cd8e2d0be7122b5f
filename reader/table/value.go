package table

import (
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"netramet/mib"
	"netramet/reader"
)

// appendValue adds the text of value at, of attribute a: addresses of IP as RFC 5952
// has them, ports as numbers, others in hexadecimal. ok is false if the flow has none.
func appendValue(dst []byte, rec *reader.Record, at int, a mib.Attr) (text []byte, ok bool) {
	v := &rec.Values[at]
	octets := v.Octets[:v.Len]
	switch a.Class() {
	case mib.ClassAddress, mib.ClassMask:
	default:
		return strconv.AppendUint(dst, v.Num, 10), true
	}
	switch {
	case len(octets) == 0:
		return dst, false
	case a.Size() == 2 && len(octets) == 2:
		return strconv.AppendUint(dst, uint64(octets[0])<<8|uint64(octets[1]), 10), true
	case len(octets) == 4 || len(octets) == 16:
		address, _ := netip.AddrFromSlice(octets)
		return address.AppendTo(dst), true
	}
	for i := range octets {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, octets[i:i+1])
	}
	return dst, true
}

// columnName is an attribute's name in lower case, with underscores between its words.
func columnName(a mib.Attr) string {
	name := strings.ReplaceAll(a.String(), "PDUs", "Pdus")
	var b strings.Builder
	for i := range len(name) {
		lower := func(at int) bool { return at < len(name) && name[at] >= 'a' && name[at] <= 'z' }
		if i > 0 && !lower(i) && (name[i] < '0' || name[i] > '9') && (lower(i-1) || lower(i+1)) {
			b.WriteByte('_')
		}
		b.WriteByte(name[i])
	}
	return strings.ToLower(b.String())
}

// attrNamed finds an attribute by its name or its column's, in any case.
func attrNamed(text string) (mib.Attr, bool) {
	return mib.Lookup(strings.ReplaceAll(text, "_", ""))
}
