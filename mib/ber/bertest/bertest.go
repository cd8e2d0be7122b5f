// Package bertest makes BER that is odd and legal, for tests of its readers.
package bertest

import "netramet/mib/ber"

// constructed is the bit of a tag whose value holds others.
const constructed = 0x20

// Longer returns a message with all its lengths in more octets than they need
// (RFC 3417 §8 allows that), by 2 to 110, within constructed values too. What
// is no BER it returns as it is.
func Longer(b []byte) (out []byte) {
	for r := ber.NewReader(b); r.Len() > 0; {
		tag := r.Peek()
		c, err := r.Octets(tag)
		if err != nil {
			return b
		}
		if tag&constructed != 0 {
			c = Longer(c)
		}
		zeros := 2 + len(c)*7%109
		out = append(out, byte(tag), byte(0x80|zeros+3))
		out = append(out, make([]byte, zeros)...)
		out = append(out, byte(len(c)>>16), byte(len(c)>>8), byte(len(c)))
		out = append(out, c...)
	}
	return out
}
