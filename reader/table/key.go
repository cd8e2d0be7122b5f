package table

import (
	"fmt"
	"strings"

	"netramet/internal/spelling"
	"netramet/mib"
	"netramet/reader/columns"
)

// By is what flows are ordered by.
type By uint8

// The orders. Of all but some attributes the largest comes first.
const (
	ByOctets    By = iota // ToOctets and FromOctets together
	ByPDUs                // ToPDUs and FromPDUs together
	ByRate                // octets per second: see Rate
	ByAttribute           // Key.Attr; of addresses the smallest comes first
)

// Key is an order of flows.
type Key struct {
	By   By
	Attr mib.Attr // of ByAttribute
}

// words are the keys that are no attribute's name.
var words = map[string]By{"octets": ByOctets, "pdus": ByPDUs, "rate": ByRate}

// String is how ParseKey reads it.
func (k Key) String() string {
	for word, by := range words {
		if by == k.By {
			return word
		}
	}
	return columnOf(k.Attr)
}

// ParseKey reads a key: octets, pdus, rate, or an attribute by its name or its
// column's.
func ParseKey(text string) (Key, error) {
	if by, ok := words[strings.ToLower(text)]; ok {
		return Key{By: by}, nil
	}
	a, ok := attrNamed(text)
	switch {
	case !ok:
		return Key{}, fmt.Errorf("%q is not octets, pdus, rate or an attribute%s", text, meant(text))
	case a.IsDistribution():
		return Key{}, fmt.Errorf("%s is a distribution, which has no order", a)
	case !a.Is(mib.UseRead):
		return Key{}, fmt.Errorf("%s cannot be read from a flow", a)
	}
	return Key{By: ByAttribute, Attr: a}, nil
}

// columnOf is the name of an attribute's column.
func columnOf(a mib.Attr) string {
	if c, ok := columns.Of(a); ok {
		return c.Name
	}
	return a.String()
}

// attrNamed finds an attribute by its name or its column's, in any case; also the two
// times by the names that they have in all flow data.
func attrNamed(text string) (mib.Attr, bool) {
	switch c, ok := columns.ByName(text); {
	case ok && c.Attr != mib.AttrNull:
		return c.Attr, true
	case ok && c.Name == "last_time":
		return mib.AttrLastActiveTime, true
	}
	return mib.Lookup(strings.ReplaceAll(text, "_", ""))
}

// meant is a hint at the key that is spelled much like text; none if there is none.
func meant(text string) string {
	const most = 2 // slips
	best, least := "", most+1
	try := func(word string) {
		if d := spelling.Distance(strings.ToLower(text), strings.ToLower(word), most); d < least {
			best, least = word, d
		}
	}
	for _, word := range []string{"octets", "pdus", "rate"} {
		try(word)
	}
	for _, a := range mib.Attrs() {
		if a.Is(mib.UseRead) {
			try(a.String())
			try(columnOf(a))
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}
