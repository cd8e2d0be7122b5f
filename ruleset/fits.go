package ruleset

import (
	"fmt"

	"netramet/mib"
)

// This file says what an attribute can be: values beyond it are mistakes that
// no packet would show.

// CheckValue reports a value, under its mask, that no packet has in attribute
// a.
func CheckValue(a mib.Attr, value, mask *Octets) error {
	most := a.Most()
	if most == 0 || mask.IsZero() {
		return nil
	}
	n, whole := uint64(0), true
	for i := range a.Size() {
		n = n<<8 | uint64(value[i])
		whole = whole && mask[i] == 0xFF
	}
	bits := most&(most+1) == 0 // all of most's bits may be set
	if bits && n&^most == 0 || !bits && (n <= most || !whole) {
		return nil
	}
	return fmt.Errorf("%s is a number from 0 to %d, it is never %d", a, most, n)
}

// CheckLength reports a mask that goes beyond the address written before it:
// an IPv4 address has 32 bits. A mask of all octets means all there are.
func CheckLength(a mib.Attr, l Literal, mask *Octets) error {
	if a != mib.AttrSourcePeerAddress && a != mib.AttrDestPeerAddress || *mask == FullMask(a) || l.Single && l.Number == 0 {
		return nil
	}
	size := naturalSize(l)
	if mask.Last() <= size {
		return nil
	}
	kind := map[int]string{4: "an IPv4 address", 16: "an IPv6 address"}[size]
	if kind == "" {
		kind = fmt.Sprintf("an address of %d octets", l.Len)
	}
	if bits, ok := mask.Width(); ok {
		return fmt.Errorf("width /%d is too large: %s has %d bits", bits, kind, 8*size)
	}
	return fmt.Errorf("the mask is longer than the value: %s has %d octets", kind, size)
}

// naturalSize is the size in octets of the shortest addresses that begin as a
// literal does: of IPv4, IPX, IPv6 or CLNS.
func naturalSize(l Literal) int {
	for _, size := range []int{4, 10, 16} {
		if l.Single || l.Len <= size {
			return size
		}
	}
	return mib.MaxAddress
}

// CheckName reports a name that does not stand for a value of attribute a: tcp
// is no address family. Class and Kind attributes take all names. hint names
// the attribute that was meant.
func CheckName(a mib.Attr, name string) (hint string, err error) {
	if _, ok := NamedValue(a, name); ok || a.IsComputed() {
		return "", nil
	}
	for _, k := range []struct {
		attr mib.Attr
		what string
	}{
		{mib.AttrSourcePeerType, "an address family"},
		{mib.AttrSourceTransType, "an IP protocol"},
		{mib.AttrSourceTransAddress, "a port"},
		{mib.AttrSourceAdjacentType, "a link type"},
	} {
		if _, ok := NamedValue(k.attr, name); ok {
			return fmt.Sprintf("%s and %s have such values", k.attr, k.attr.Reverse()),
				fmt.Errorf("%s is %s, no value of %s", name, k.what, a)
		}
	}
	return "", nil
}
