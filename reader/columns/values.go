package columns

import (
	"slices"

	"netramet/internal/digits"
	"netramet/mib"
	"netramet/reader"
)

// AppendValue appends the text of a value of an attribute: a number, a port, or an
// address as the Address type has it. ok is false if the flow has none. Distributions,
// whose counters are not in the value, have no text.
func AppendValue(b []byte, v *reader.Value, a mib.Attr) (_ []byte, ok bool) {
	switch c, ok := Of(a); {
	case !ok || c.Type == Numbers:
		return b, false
	case c.Type == Address:
		return appendAddress(b, v)
	}
	if class := a.Class(); class == mib.ClassAddress || class == mib.ClassMask {
		n, ok := port(v)
		if !ok {
			return b, false
		}
		return digits.AppendUint(b, n), true
	}
	return digits.AppendUint(b, v.Num), true
}

// port is a transport address as a number. ok is false if the flow does not have it.
func port(v *reader.Value) (n uint64, ok bool) {
	switch v.Len {
	case 0:
		return 0, false
	case 1:
		return uint64(v.Octets[0]), true
	}
	return uint64(v.Octets[0])<<8 | uint64(v.Octets[1]), true
}

// appendAddress appends an address or a mask: IPv4 and IPv6 as RFC 5952 writes them,
// all others as octets in hexadecimal with colons. It needs no escaping in any
// format. ok is false if the flow does not have it.
func appendAddress(b []byte, v *reader.Value) (_ []byte, ok bool) {
	b = slices.Grow(b, valueRoom)
	end, ok := putAddress(b[:cap(b)], len(b), v)
	return b[:end], ok
}

// putAddress is appendAddress where there is room for valueRoom octets. It returns
// where the address ends.
func putAddress(b []byte, at int, v *reader.Value) (end int, ok bool) {
	o := v.Octets[:min(int(v.Len), mib.MaxAddress)]
	switch len(o) {
	case 0:
		return at, false
	case 4:
		return digits.PutQuad(b, at, o), true
	case 16:
		return digits.PutIPv6(b, at, (*[16]byte)(o)), true
	}
	const hex = "0123456789abcdef"
	for _, c := range o {
		b[at], b[at+1], b[at+2] = hex[c>>4], hex[c&15], ':'
		at += 3
	}
	return at - 1, true // without the last colon
}

// appendNumbers appends numbers as a list in brackets.
func appendNumbers(b []byte, list []uint64) []byte {
	b = append(b, '[')
	for i, n := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = digits.AppendUint(b, n)
	}
	return append(b, ']')
}

// isLetter reports whether a number stands for a letter, printable ASCII: rules give
// kinds and classes as 'a'.
func isLetter(n uint64) bool { return n > ' ' && n <= '~' }
