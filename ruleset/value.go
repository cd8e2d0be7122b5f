package ruleset

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"netramet/mib"
)

// maxValueText bounds the text of one value or mask: 20 octets in their
// longest notation and some leading zeros.
const maxValueText = 128

// Literal is a value or mask as it is written, before an attribute says how
// large it is (RFC 2723 App. B).
type Literal struct {
	// Octets holds the fields of a value with more than one field, or an
	// IPv6 address, from the left; valid iff !Single.
	Octets Octets
	// Len is how many octets the text gives, 1..20; valid iff !Single.
	Len int
	// Single says that the text is one number or one character, which fills
	// the whole attribute from the right.
	Single bool
	// Number is that number; valid iff Single.
	Number uint64
}

// Errors of values, for callers that add a hint of their own. The errors of
// this file wrap them.
var (
	ErrValueSyntax = errors.New("not a value")
	ErrValueSize   = errors.New("does not fit")
	ErrRange       = errors.New("a range")
)

// ValueError is an error of a value: what is wrong with it, and the kind of error,
// which is ErrValueSyntax or ErrValueSize.
type ValueError struct {
	Text string
	Kind error
}

// Error is the text and the kind.
func (e *ValueError) Error() string { return e.Text + ": " + e.Kind.Error() }

// Unwrap returns the kind.
func (e *ValueError) Unwrap() error { return e.Kind }

func valueError(kind error, format string, args ...any) error {
	return &ValueError{fmt.Sprintf(format, args...), kind}
}

// ParseLiteral reads a value or mask: decimal octets "130.216", hexadecimal
// octets "FF-FF", 2-octet decimals "1.3.10!50", a single number "23", a
// character constant "'W'", or IPv6 text. It knows no names, no "/width" and
// no surrounding white space.
func ParseLiteral(text string) (Literal, error) {
	switch {
	case text == "":
		return Literal{}, valueError(ErrValueSyntax, "empty text")
	case len(text) > maxValueText:
		return Literal{}, valueError(ErrValueSyntax, "%.20q... is too long", text)
	case text[0] == '\'':
		return parseChar(text)
	case strings.Contains(text, ":"):
		return parseIPv6(text)
	case strings.ContainsAny(text, ".-!"):
		return parseFields(text)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return Literal{}, valueError(ErrValueSize, "%q is larger than 64 bits", text)
	}
	if err != nil || text[0] == '+' {
		return Literal{}, valueError(ErrValueSyntax, "%q", text)
	}
	return Literal{Single: true, Number: n}, nil
}

// parseFields reads fields, each followed by the character that tells its
// kind; the last one takes the kind of the field before it.
func parseFields(text string) (Literal, error) {
	if looksLikeRange(text) {
		return Literal{}, rangeError(text)
	}
	var l Literal
	var kind byte
	for rest := text; rest != ""; {
		field := rest
		i := strings.IndexAny(rest, ".-!")
		if i >= 0 {
			field, kind, rest = rest[:i], rest[i], rest[i+1:]
			if rest == "" {
				return Literal{}, valueError(ErrValueSyntax, "%q ends in %q", text, kind)
			}
		} else {
			rest = ""
		}
		base, bits := 10, 8
		switch kind {
		case '-':
			base = 16
		case '!':
			bits = 16
		}
		n, err := strconv.ParseUint(field, base, bits)
		if err != nil || field[0] == '+' {
			return Literal{}, fieldError(text, field, kind, err)
		}
		if l.Len+bits/8 > len(l.Octets) {
			return Literal{}, valueError(ErrValueSize, "%q has more than %d octets", text, len(l.Octets))
		}
		if bits == 16 {
			l.Octets[l.Len] = byte(n >> 8)
			l.Len++
		}
		l.Octets[l.Len] = byte(n)
		l.Len++
	}
	return l, nil
}

func rangeError(text string) error {
	return fmt.Errorf("%q is %w of addresses, and there are none: a network is written with its width", text, ErrRange)
}

// looksLikeRange reports whether text is two addresses with a hyphen, as
// 10.1.0.1-10.1.0.9 or 10.1.0.1-9: fields of another kind stand behind others
// in a value, but not one between.
func looksLikeRange(text string) bool {
	low, high, ok := strings.Cut(text, "-")
	return ok && strings.Contains(low, ".") && high != "" && strings.Trim(high, "0123456789.") == ""
}

func fieldError(text, field string, kind byte, err error) error {
	what := map[byte]string{
		'.': "a decimal octet, 0 to 255",
		'-': "a hexadecimal octet, 0 to FF",
		'!': "a decimal number of two octets, 0 to 65535",
	}[kind]
	if errors.Is(err, strconv.ErrRange) {
		return valueError(ErrValueSize, "field %q of %q is not %s", field, text, what)
	}
	return valueError(ErrValueSyntax, "field %q of %q is not %s", field, text, what)
}

func parseIPv6(text string) (Literal, error) {
	if isColonMAC(text) {
		return Literal{}, valueError(ErrValueSyntax, "%q: write a MAC address with hyphens, %s",
			text, strings.ReplaceAll(text, ":", "-"))
	}
	if low, high, ok := strings.Cut(text, "-"); ok && high != "" {
		if _, err := netip.ParseAddr(low); err == nil {
			return Literal{}, rangeError(text)
		}
	}
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return Literal{}, valueError(ErrValueSyntax, "%q is no IPv6 address", text)
	}
	l := Literal{Len: 16}
	b := a.As16()
	copy(l.Octets[:], b[:])
	return l, nil
}

// isColonMAC reports whether text is six hexadecimal octets between colons.
func isColonMAC(text string) bool {
	if len(text) != 17 {
		return false
	}
	for i := 0; i < len(text); i++ {
		if i%3 == 2 && text[i] != ':' || i%3 != 2 && !isHexDigit(text[i]) {
			return false
		}
	}
	return true
}

func isHexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// parseChar reads a C-style character constant of one octet.
func parseChar(text string) (Literal, error) {
	bad := valueError(ErrValueSyntax, "%s is no character constant of one octet", text)
	if len(text) < 3 || text[len(text)-1] != '\'' {
		return Literal{}, bad
	}
	body := text[1 : len(text)-1]
	if body[0] != '\\' {
		if len(body) != 1 || body == "'" {
			return Literal{}, bad
		}
		return Literal{Single: true, Number: uint64(body[0])}, nil
	}
	if len(body) == 2 {
		if i := strings.IndexByte(`abfnrtv\'"?`, body[1]); i >= 0 {
			return Literal{Single: true, Number: uint64("\a\b\f\n\r\t\v\\'\"?"[i])}, nil
		}
	}
	digits, base := body[1:], 8
	if strings.HasPrefix(digits, "x") {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 8)
	if err != nil || digits[0] == '+' {
		return Literal{}, bad
	}
	return Literal{Single: true, Number: n}, nil
}

// FillSize is how many octets a single number fills in attribute a: the
// attribute's size, but 4 in a peer address (an IPv4 address, or a part of
// one) and 1 in a meter variable, whose attribute is not known before the
// rules run, and in Null.
func FillSize(a mib.Attr) int {
	switch a {
	case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress:
		return 4
	case mib.AttrNull:
		return 1
	}
	if a.IsVariable() {
		return 1
	}
	return a.UsualSize()
}

// MaskSize is the largest number of octets a mask or value of attribute a
// may have. Null's are never looked at, so any size will do there.
func MaskSize(a mib.Attr) int {
	if a == mib.AttrNull {
		return mib.MaxAddress
	}
	return a.Size()
}

// Place puts a literal where it belongs in a mask or value of attribute a:
// fields from the left, octets that are not given zero; a single number at
// the right end of the first FillSize octets. n is how many octets the
// literal covers: its own, or FillSize. The error wraps ErrValueSize.
func Place(a mib.Attr, l Literal) (o Octets, n int, err error) {
	if !l.Single {
		if l.Len > MaskSize(a) {
			return o, 0, valueError(ErrValueSize, "%d octets are more than the %d of %s", l.Len, MaskSize(a), a)
		}
		return l.Octets, l.Len, nil
	}
	n = FillSize(a)
	if n < 8 && l.Number > math.MaxUint64>>(64-8*n) {
		size := fmt.Sprintf("%d octets", n)
		if n == 1 {
			size = "one octet"
		}
		return o, 0, valueError(ErrValueSize, "%d is too large for the %s of %s", l.Number, size, a)
	}
	for i, v := n-1, l.Number; v != 0; i, v = i-1, v>>8 {
		o[i] = byte(v)
	}
	return o, n, nil
}

// ParseValue reads a value or mask of attribute a: ParseLiteral, then Place.
func ParseValue(a mib.Attr, text string) (Octets, error) {
	l, err := ParseLiteral(text)
	if err != nil {
		return Octets{}, err
	}
	o, _, err := Place(a, l)
	return o, err
}

// WidthMask is the mask of the first bits bits of attribute a, "/bits" in
// text. The largest width is the attribute's size; 0 gives the empty mask.
func WidthMask(a mib.Attr, bits int) (Octets, error) {
	var o Octets
	if bits < 0 || bits > 8*MaskSize(a) {
		return o, valueError(ErrValueSize, "/%d: %s has %d bits", bits, a, 8*MaskSize(a))
	}
	for i := 0; i < bits/8; i++ {
		o[i] = 0xFF
	}
	if r := bits % 8; r != 0 {
		o[bits/8] = byte(0xFF << (8 - r))
	}
	return o, nil
}

// FullMask is the mask of every bit of attribute a, the default where none is
// written. For attributes whose size varies (peer addresses, variables,
// subscriber ids) that is all 20 octets, so that it fits any address.
func FullMask(a mib.Attr) Octets {
	o, _ := WidthMask(a, 8*MaskSize(a)) // cannot fail: that is the limit
	return o
}

// Last is the number of octets of o up to its last one that is not zero.
func (o *Octets) Last() int {
	n := len(o)
	for n > 0 && o[n-1] == 0 {
		n--
	}
	return n
}

// Width is the number of leading one bits of a mask; ok is false if it has one
// bits behind them.
func (o *Octets) Width() (bits int, ok bool) {
	for bits < 8*len(o) && o[bits/8]&(0x80>>(bits%8)) != 0 {
		bits++
	}
	m, _ := WidthMask(mib.AttrNull, bits) // cannot fail: Null takes any width
	return bits, m == *o
}

// IsZero reports whether all octets are zero; a rule with such a mask always
// succeeds (RFC 2722 §4.4).
func (o *Octets) IsZero() bool { return *o == Octets{} }

// Outside reports whether o has bits that mask does not have: a test for
// such a value never succeeds.
func (o *Octets) Outside(mask *Octets) bool {
	for i := range o {
		if o[i]&^mask[i] != 0 {
			return true
		}
	}
	return false
}
