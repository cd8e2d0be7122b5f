package srl

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"netramet/internal/spelling"
	"netramet/mib"
	"netramet/ruleset"
)

// literal reads the value or mask of token i, for attribute a if that is known;
// ok is false after an error.
func (c *compiler) literal(i int32, a mib.Attr) (l ruleset.Literal, ok bool) {
	t := c.toks[i]
	if t.kind == tokIdent {
		c.undefined(t, a)
		return l, false
	}
	l, err := ruleset.ParseLiteral(t.text)
	if err != nil {
		hint := ""
		switch {
		case strings.HasSuffix(t.text, ".") || strings.HasSuffix(t.text, "-") || strings.HasSuffix(t.text, "!"):
			hint = "the last field has no sign behind it"
		case a.IsDistribution():
			hint = useHint(a, 0) + " (limits have two octets, all else one)"
		case t.text[0] == '\'':
			hint = `one character, as 'W', '\n' or '\x57'`
		case errors.Is(err, ruleset.ErrRange):
			hint = "write a list of networks, as (10.1.0.0/29, 10.1.0.8)"
		case isRange(t.text):
			hint = c.rangeHint()
		case strings.Contains(t.text, ":") && !strings.Contains(t.text, "::") && strings.Count(t.text, ":") < 5:
			hint = "zeros at the end of an IPv6 address are written ::, as in 2001:db8::/32"
		case c.alone && a.Class() == mib.ClassCounter:
			hint = "numbers are written out, as 1000000"
		case strings.ContainsAny(t.text, "abcdefxABCDEFX") && !strings.ContainsAny(t.text, "-:."):
			hint = "hexadecimal is written in octets with -, as FF-0A"
		}
		c.errorf(t.at, hint, "%s", plain(err))
	}
	return l, err == nil
}

// undefined reports a name where a value of attribute a must stand.
func (c *compiler) undefined(t token, a mib.Attr) {
	if c.errors > maxDiags {
		return // it would not be shown, and the hint takes time
	}
	hint := c.definedBelow(t.text)
	if _, ok := standardNames()[t.text]; hint == "" && ok {
		hint = `put   include "standard.srl";   first: it defines the usual names`
	}
	if hint == "" {
		hint = ruleset.DidYouMean(c.meantValues(t.text, a))
	}
	if hint == "" && len(t.text) == 1 && a.IsComputed() {
		hint = "a character stands in single quotation marks, as 'W'"
	}
	if hint == "" && !c.alone {
		hint = fmt.Sprintf("define %s = value;", t.text)
	}
	c.errorf(t.at, hint, "'%s' is not defined", t.text)
}

// definedBelow is the hint for a name whose DEFINE comes after its use.
func (c *compiler) definedBelow(name string) string {
	if len(c.macros) > maxNear {
		return ""
	}
	for _, m := range c.macros {
		if m.name == name && !m.standard {
			return fmt.Sprintf("%s is defined further down, at %s: a DEFINE stands before its first use", name, c.where(m.at))
		}
	}
	return ""
}

// meantValues are the names that an undefined one may have been meant to be:
// the program's own, and those of the kind that attribute a holds, if any.
func (c *compiler) meantValues(name string, a mib.Attr) []string {
	words := ruleset.NamesFor(a)
	if words == nil {
		words = slices.Collect(maps.Keys(standardNames()))
	}
	if len(c.macros) <= maxNear {
		for _, m := range c.macros {
			if !m.standard {
				words = append(words, m.name)
			}
		}
	}
	return spelling.Nearest(name, words, 1+len(name)/5)
}

// about is an error of package ruleset with the text that it is about.
func about(text string, err error) error {
	if bad := (*ruleset.ValueError)(nil); errors.As(err, &bad) {
		return &ruleset.ValueError{Text: text + ": " + bad.Text, Kind: bad.Kind}
	}
	return fmt.Errorf("%s: %w", text, err)
}

// plain is an error of package ruleset without the kind of error at its end.
func plain(err error) string {
	s := err.Error()
	if bad := (*ruleset.ValueError)(nil); errors.As(err, &bad) {
		s = bad.Text
	}
	if strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`) {
		s += " is no value" // nothing was said of it but that
	}
	return s
}

const rangeHint = "SRL has no ranges: a mask tests a range, e.g. == 0/6 for ports below 1024"

// rangeHint says how a range is tested.
func (c *compiler) rangeHint() string {
	if c.alone {
		return "a range is two tests: a >= 80 && a <= 90"
	}
	return rangeHint
}

// isRange reports whether text is two decimal numbers with a hyphen, a colon or two dots, which
// looks like a range but, if anything, is two hexadecimal octets.
func isRange(text string) bool {
	low, high, ok := strings.Cut(text, "-")
	for _, sign := range []string{":", ".."} {
		if !ok {
			low, high, ok = strings.Cut(text, sign)
		}
	}
	a, errA := strconv.Atoi(low)
	b, errB := strconv.Atoi(high)
	return ok && errA == nil && errB == nil && low[0] != '0' && a < b
}

// operand reads one operand, of attribute a if that is known.
func (c *compiler) operand(n operandNode, a mib.Attr) (op operand, ok bool) {
	t := c.toks[n.value]
	op = operand{at: t.at, text: t.text, width: -1}
	op.name = c.standardName(t)
	if op.value, ok = c.literal(n.value, a); !ok {
		return op, false
	}
	switch {
	case n.width != 0:
		op.kind = widthMask
		op.width, ok = c.width(c.toks[n.width])
	case n.mask != 0:
		op.kind = writtenMask
		op.maskName, op.maskAt = c.standardName(c.toks[n.mask]), c.toks[n.mask].at
		of := mib.AttrNull // a mask is no value of the attribute, but of a distribution it is half of one
		if a.IsDistribution() {
			of = a
		}
		op.mask, ok = c.literal(n.mask, of)
	}
	return op, ok
}

// standardName is the name of standard.srl whose text t is, "" if it is none.
func (c *compiler) standardName(t token) string {
	if t.at.macro > 0 && c.macros[t.at.macro-1].standard {
		return c.macros[t.at.macro-1].name
	}
	return ""
}

func (c *compiler) width(t token) (int, bool) {
	w, err := strconv.Atoi(t.text)
	if err != nil || w > 8*mib.MaxAddress {
		c.errorf(t.at, "", "a width is a number of bits, 0 to %d", 8*mib.MaxAddress)
		return 0, false
	}
	return w, true
}

// place gives the operand's octets in attribute a: the value (zero where only
// a mask is written) and the mask. The error is a message, its hint may be
// empty.
func (op *operand) place(a mib.Attr) (value, mask ruleset.Octets, hint string, err error) {
	for _, name := range []string{op.name, op.maskName} {
		if hint, err = ruleset.CheckName(a, name); err != nil {
			return value, mask, hint, err
		}
	}
	if op.kind != onlyMask && op.kind != onlyWidth {
		if strings.HasPrefix(op.text, "'") && a.Size() != 1 {
			return value, mask, "", fmt.Errorf("a character constant is one octet, %s has %d", a, a.Size())
		}
		if value, _, err = ruleset.Place(a, op.value); err != nil {
			if !op.value.Single { // else its number is told
				err = about(op.text, err)
			}
			return value, mask, "", err
		}
	}
	switch op.kind {
	case wholeMask:
		mask = ruleset.FullMask(a)
	case widthMask, onlyWidth:
		mask, err = ruleset.WidthMask(a, op.width)
	default:
		mask, _, err = ruleset.Place(a, op.mask)
	}
	if err != nil {
		if errors.Is(err, ruleset.ErrValueSize) && op.kind != writtenMask && op.kind != onlyMask {
			return value, mask, "", fmt.Errorf("width /%d is too large: %s has %d bits", op.width, a, 8*a.Size())
		}
		return value, mask, "", err
	}
	if op.kind != onlyMask && op.kind != onlyWidth {
		if err = ruleset.CheckLength(a, op.value, &mask); err != nil {
			return value, mask, "", about(op.text, err)
		}
		if err = ruleset.CheckValue(a, &value, &mask); err != nil {
			return value, mask, "", err
		}
	}
	if !a.IsDistribution() && value.Outside(&mask) {
		err = fmt.Errorf("%s has bits outside its mask", op.text)
		if !op.saved {
			err = fmt.Errorf("%w, so that it can never match", err)
		}
		return value, mask, op.maskHint(a), err
	}
	return value, mask, "", nil
}

// maskHint says what to write for a value with bits outside its mask.
func (op *operand) maskHint(a mib.Attr) string {
	if op.kind != widthMask {
		return "bits that the mask does not have must be zero in the value"
	}
	if op.value.Single && ruleset.FillSize(a) > 1 && op.value.Number < 256 {
		return fmt.Sprintf("a single number fills the whole attribute: write %s.0/%d", op.text, op.width)
	}
	return fmt.Sprintf("bits behind the first %d must be zero", op.width)
}
