package flowfile

import "netramet/reader"

// parseIPv6 reads the text of an IPv6 address (RFC 4291 §2.2), as netip.ParseAddr
// does without a zone, and without taking memory.
func parseIPv6(v *reader.Value, text []byte) bool {
	at, gap := 0, -1 // octets so far, and where :: stands among them
	if len(text) >= 2 && text[0] == ':' && text[1] == ':' {
		gap, text = 0, text[2:]
	}
	for len(text) > 0 {
		n, digits := 0, 0
		for digits < len(text) && digits < 5 {
			d := unhex(text[digits])
			if d > 15 {
				break
			}
			n, digits = n<<4|int(d), digits+1
		}
		if digits == 0 || digits > 4 || at > 14 {
			return false
		}
		if digits < len(text) && text[digits] == '.' { // the last four octets
			var quad reader.Value
			if at > 12 || gap < 0 && at != 12 || !parseQuad(&quad, text) || zeroLed(text) {
				return false
			}
			copy(v.Octets[at:], quad.Octets[:4])
			at += 4
			break
		}
		v.Octets[at], v.Octets[at+1] = byte(n>>8), byte(n)
		at += 2
		if text = text[digits:]; len(text) == 0 {
			break
		}
		if text[0] != ':' || len(text) == 1 {
			return false
		}
		if text = text[1:]; text[0] == ':' {
			if gap >= 0 {
				return false
			}
			gap, text = at, text[1:]
		}
	}
	v.Len = 16
	if gap < 0 {
		return at == 16
	}
	if at == 16 {
		return false // :: is at least one group
	}
	moved := copy(v.Octets[16-(at-gap):16], v.Octets[gap:at])
	clear(v.Octets[gap : 16-moved])
	return true
}

// zeroLed reports whether one of the fields of a dotted quad has a needless zero in
// front, which some take for octal.
func zeroLed(text []byte) bool {
	for i := range text {
		if text[i] == '0' && (i == 0 || text[i-1] == '.') && i+1 < len(text) && text[i+1] != '.' {
			return true
		}
	}
	return false
}
