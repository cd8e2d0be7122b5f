package table

import "strconv"

// prefixes are those of the SI, each a thousand times the one before.
const prefixes = " kMGTPE"

// appendScaled adds a number with its unit in at most four digits: 999 B, 1.0 kB,
// 745.9 MB. Halves are rounded up. The unit may be empty.
func appendScaled(dst []byte, n uint64, unit string) []byte {
	const thousand = 1000
	step, power := uint64(1), 0
	for n/step >= thousand && power < len(prefixes)-1 {
		step *= thousand
		power++
	}
	if power == 0 {
		return appendUnit(strconv.AppendUint(dst, n, 10), "", unit)
	}
	tenths := n/(step/10) + (n%(step/10)+step/20)/(step/10)
	if tenths >= 10*thousand && power < len(prefixes)-1 { // rounded up to the next prefix
		tenths, power = 10, power+1
	}
	dst = strconv.AppendUint(dst, tenths/10, 10)
	dst = append(dst, '.', byte('0'+tenths%10))
	return appendUnit(dst, prefixes[power:power+1], unit)
}

func appendUnit(dst []byte, prefix, unit string) []byte {
	if prefix == "" && unit == "" {
		return dst
	}
	dst = append(dst, ' ')
	return append(append(dst, prefix...), unit...)
}

// appendShare adds part of all in percent, to a tenth; nothing of nothing. A part
// that is there never shows as none, and one that is not all never as all.
func appendShare(dst []byte, part, all uint64) []byte {
	if all == 0 {
		return dst
	}
	tenths := uint64(float64(part)/float64(all)*1000 + 0.5)
	switch {
	case part == 0:
	case tenths == 0:
		return append(dst, "<0.1 %"...)
	case part < all && tenths >= 1000:
		return append(dst, ">99.9 %"...)
	}
	dst = strconv.AppendUint(dst, tenths/10, 10)
	return append(dst, '.', byte('0'+tenths%10), ' ', '%')
}
