package flowfile

import (
	"bytes"
	"fmt"

	"netramet/internal/digits"
	"netramet/mib"
	"netramet/reader"
)

// form is how an attribute's value looks in a flow record.
type form uint8

const (
	formNumber   form = iota // decimal
	formPort                 // two octets, decimal
	formHyphen               // octets in upper-case hexadecimal, hyphens between
	formAdjacent             // the same, but the end of a tunnel as formPeer
	formPeer                 // a peer address or mask, see appendPeer
	formDist                 // a distribution: decimal numbers, blanks between
)

// formOf returns the form of a's values; ok is false if flows have no such
// attribute.
func formOf(a mib.Attr) (f form, ok bool) {
	if !a.Is(mib.UseRead) {
		return 0, false
	}
	switch a.Class() {
	case mib.ClassNumber, mib.ClassCounter, mib.ClassTime:
		return formNumber, true
	case mib.ClassDistribution:
		return formDist, true
	case mib.ClassAddress, mib.ClassMask:
		switch a {
		case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourcePeerMask, mib.AttrDestPeerMask:
			return formPeer, true
		case mib.AttrSourceAdjacentAddress, mib.AttrDestAdjacentAddress, mib.AttrSourceAdjacentMask, mib.AttrDestAdjacentMask:
			return formAdjacent, true
		case mib.AttrSourceTransAddress, mib.AttrDestTransAddress, mib.AttrSourceTransMask, mib.AttrDestTransMask:
			return formPort, true
		}
		return formHyphen, true
	}
	return 0, false
}

// noValue is what an address that was not saved prints as: zeros.
var noValue reader.Value

// appendValue appends the value of a column but formDist. t is the record's peer
// type, shown says that the record prints it too.
func (c *column) appendValue(b []byte, v *reader.Value, t mib.PeerType, shown bool) ([]byte, error) {
	if c.form == formNumber {
		return digits.AppendUint(b, v.Num), nil
	}
	if v.Len > mib.MaxAddress {
		return b, fmt.Errorf("%s has %d octets, at most %d are possible", c.attr, v.Len, mib.MaxAddress)
	}
	switch c.form {
	case formPort:
		if v.Len > 2 {
			return b, fmt.Errorf("%s has %d octets, not 2", c.attr, v.Len)
		}
		if v.Len == 0 {
			return append(b, '0'), nil
		}
		n := uint64(v.Octets[0])
		if v.Len == 2 {
			n = n<<8 | uint64(v.Octets[1])
		}
		return digits.AppendUint(b, n), nil
	case formHyphen, formAdjacent:
		if v.Len == 0 {
			return appendHyphened(b, noValue.Octets[:c.attr.UsualSize()]), nil // as meters give it
		}
		if c.form == formAdjacent && (v.Len == 4 || v.Len == 16) {
			return appendPeer(b, v, mib.PeerNone, false), nil
		}
		return appendHyphened(b, v.Octets[:v.Len]), nil
	}
	return appendPeer(b, v, t, shown), nil
}

// appendDist appends the counters of a distribution, and 0 for one that the flow
// does not have.
func appendDist(b []byte, counters []uint64) []byte {
	if len(counters) == 0 {
		return append(b, '0')
	}
	for i, n := range counters {
		if i > 0 {
			b = append(b, ' ')
		}
		b = digits.AppendUint(b, n)
	}
	return b
}

// appendPeer appends a peer address or mask. The form follows the peer type
// where the length is that type's, else the length; so every form tells its
// octets without the type, but for AppleTalk and DECnet, which are printed
// only in records that show the type.
func appendPeer(b []byte, v *reader.Value, t mib.PeerType, shown bool) []byte {
	n := int(v.Len)
	if n == 0 { // not saved: zeros of natural length
		v = &noValue
		if n = t.AddressSize(); n == 0 {
			return append(b, "0.0.0.0"...)
		}
	}
	o := v.Octets[:n]
	switch {
	case t == mib.PeerNSAP:
		return appendHex(b, o)
	case n == 4:
		return digits.AppendQuad(b, o)
	case n == 16:
		return digits.AppendIPv6(b, (*[16]byte)(o))
	case n == 10: // IPX: network, node
		b = append(appendHex(b, o[:4]), '.')
		return appendHex(b, o[4:])
	case n == 3 && shown && t == mib.PeerAppleTalk: // network, node
		b = append(digits.AppendUint(b, uint64(o[0])<<8|uint64(o[1])), '.')
		return digits.AppendUint(b, uint64(o[2]))
	case n == 3 && shown && t == mib.PeerDECnet: // area, host
		b = append(digits.AppendUint(b, uint64(o[0])), '.')
		return digits.AppendUint(b, uint64(o[1])<<8|uint64(o[2]))
	}
	return appendHex(b, o)
}

const hexDigits = "0123456789ABCDEF"

func appendHex(b, o []byte) []byte {
	for _, c := range o {
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

func appendHyphened(b, o []byte) []byte {
	for i, c := range o {
		if i > 0 {
			b = append(b, '-')
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

// parse reads the text of column i of a record into it.
func (c *column) parse(rec *reader.Record, i int, text []byte) (ok bool) {
	if c.form == formDist {
		return parseDist(rec, i, text)
	}
	return c.parseValue(&rec.Values[i], text, rec.PeerType)
}

// parseValue reads the text of a column into v; of a distribution only whether it
// is one.
func (c *column) parseValue(v *reader.Value, text []byte, t mib.PeerType) (ok bool) {
	*v = reader.Value{}
	switch c.form {
	case formNumber:
		v.Num, ok = parseUint(text, maxNumber(c.attr))
		return ok
	case formPort:
		n, ok := parseUint(text, 1<<16-1)
		v.Octets[0], v.Octets[1], v.Len = byte(n>>8), byte(n), 2
		return ok
	case formHyphen:
		return parseHex(v, text, 1)
	case formAdjacent:
		return parseHex(v, text, 1) || bytes.ContainsAny(text, ".:") && parsePeer(v, text, mib.PeerNone) && (v.Len == 4 || v.Len == 16)
	case formPeer:
		return parsePeer(v, text, t)
	}
	return parseDist(nil, 0, text)
}

// maxNumber is the largest value of a number attribute that a file may hold.
// Times and counters have 64 bits; the others are bound by the types that hold
// them, not by RFC 2723's sizes, which some meters exceed (interfaces).
func maxNumber(a mib.Attr) uint64 {
	switch {
	case a == mib.AttrSourcePeerType || a == mib.AttrDestPeerType || a == mib.AttrFlowRuleSet:
		return 1<<8 - 1
	case a.Class() == mib.ClassNumber:
		return 1<<32 - 1
	}
	return 1<<64 - 1
}

// parseUint reads a decimal number of at most max.
func parseUint(text []byte, max uint64) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 20 {
		return 0, false
	}
	for _, c := range text {
		d := uint64(c - '0')
		if d > 9 || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, n <= max
}

// parsePeer reads what appendPeer printed, or any program that prints dotted
// quads. t decides only between AppleTalk and DECnet.
func parsePeer(v *reader.Value, text []byte, t mib.PeerType) bool {
	dots, colons, dot := 0, 0, 0
	for i, c := range text {
		switch c {
		case '.':
			dots, dot = dots+1, i
		case ':':
			colons++
		}
	}
	switch {
	case colons > 0:
		if len(text) > 45 { // the longest form of an IPv6 address
			return false
		}
		return parseIPv6(v, text)
	case dots == 3:
		return parseQuad(v, text)
	case dots == 1 && dot == 8 && len(text) == 21: // IPX
		var net, node reader.Value
		if !parseHex(&net, text[:dot], 0) || !parseHex(&node, text[dot+1:], 0) {
			return false
		}
		copy(v.Octets[:], net.Octets[:4])
		copy(v.Octets[4:], node.Octets[:6])
		v.Len = 10
		return true
	case dots == 1:
		return parsePair(v, text[:dot], text[dot+1:], t)
	case dots == 0:
		return parseHex(v, text, 0)
	}
	return false
}

// parseQuad reads an IPv4 address or mask.
func parseQuad(v *reader.Value, text []byte) bool {
	part, digits, n := 0, 0, 0
	for _, c := range text {
		if c == '.' {
			if digits == 0 {
				return false
			}
			v.Octets[part] = byte(n)
			part, digits, n = part+1, 0, 0
			continue
		}
		if c < '0' || c > '9' {
			return false
		}
		if digits, n = digits+1, n*10+int(c-'0'); digits > 3 || n > 255 {
			return false
		}
	}
	v.Octets[3], v.Len = byte(n), 4
	return digits > 0 && part == 3
}

// parsePair reads AppleTalk's network.node and DECnet's area.host.
func parsePair(v *reader.Value, left, right []byte, t mib.PeerType) bool {
	maxLeft, maxRight := uint64(1<<16-1), uint64(1<<8-1)
	if t == mib.PeerDECnet {
		maxLeft, maxRight = maxRight, maxLeft
	} else if t != mib.PeerAppleTalk {
		return false
	}
	l, ok1 := parseUint(left, maxLeft)
	r, ok2 := parseUint(right, maxRight)
	all := l<<8 | r
	if t == mib.PeerDECnet {
		all = l<<16 | r
	}
	v.Octets[0], v.Octets[1], v.Octets[2], v.Len = byte(all>>16), byte(all>>8), byte(all), 3
	return ok1 && ok2
}

// parseHex reads octets of two hexadecimal digits each, with gap hyphens (0 or
// 1) between them.
func parseHex(v *reader.Value, text []byte, gap int) bool {
	step := 2 + gap
	n := (len(text) + gap) / step
	if n == 0 || n > mib.MaxAddress || n*step-gap != len(text) {
		return false
	}
	for i := range n {
		at := i * step
		hi, lo := unhex(text[at]), unhex(text[at+1])
		if hi > 15 || lo > 15 || i > 0 && gap > 0 && text[at-1] != '-' {
			return false
		}
		v.Octets[i] = hi<<4 | lo
	}
	v.Len = uint8(n)
	return true
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// maxDist is the size of the longest text of a distribution: counters of 20 digits
// with blanks between.
const maxDist = 21*mib.MaxCounters - 1

// parseDist reads numbers with single blanks between into value i of rec, unless
// that is nil. A single 0 is a distribution that the flow does not have.
func parseDist(rec *reader.Record, i int, text []byte) bool {
	if len(text) > maxDist {
		return false
	}
	for count := 1; count <= mib.MaxCounters; count++ {
		number, rest, more := bytes.Cut(text, []byte(" "))
		n, ok := parseUint(number, 1<<64-1)
		if !ok {
			return false
		}
		if rec != nil && (n > 0 || more || count > 1) {
			rec.AddNumbers(i, n)
		}
		if !more {
			return true
		}
		text = rest
	}
	return false
}

// inForm[f] says which characters values of form f are made of.
var inForm = func() (set [formDist + 1][256]bool) {
	for f, chars := range map[form]string{
		formNumber:   "0123456789",
		formPort:     "0123456789",
		formHyphen:   "0123456789ABCDEFabcdef-",
		formPeer:     "0123456789ABCDEFabcdef.:",
		formAdjacent: "0123456789ABCDEFabcdef-.:",
		formDist:     "0123456789 ",
	} {
		for _, c := range []byte(chars) {
			set[f][c] = true
		}
	}
	return set
}()
