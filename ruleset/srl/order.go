package srl

import (
	"cmp"
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// pattern is what one rule tests for.
type pattern struct {
	value, mask ruleset.Octets
}

// maxOrder bounds the look-ups of order in one program, patterns times masks.
// The lists of a program that fits into a rule set need no more, unless most
// of their patterns are needless.
const maxOrder = 1 << 24

// order puts the patterns of an operand list in an order that is fast to
// match: patterns with one mask are neighbours, the longest masks first, and
// patterns that an earlier one makes needless are dropped. It never changes
// whether a packet matches, nor, where saved, which pattern is the first that
// it matches; where it could not keep that it leaves the list as it is.
//
// Why longest first is right for prefixes: two prefixes that match one packet
// lie within each other. If the shorter one came first in the source, the
// longer one can never be reached and has been dropped; if it came second,
// longest first keeps it second.
//
// work counts the look-ups, against maxOrder.
func order(list []pattern, saved bool, work *int) []pattern {
	const most = 8*mib.MaxAddress + 1     // different masks, so that the work stays near linear
	masks := make(map[ruleset.Octets]int) // rank of each mask
	prefixes := true
	for _, p := range list {
		if _, seen := masks[p.mask]; seen {
			continue
		}
		n, ok := p.mask.Width()
		prefixes = prefixes && ok
		masks[p.mask] = -n
		if !ok {
			masks[p.mask] = len(masks)
		}
		if len(masks) > most || !prefixes && saved {
			return dropRepeats(list)
		}
	}
	if *work += len(list) * len(masks); *work > maxOrder {
		return dropRepeats(list)
	}
	list = dropCovered(list, saved)
	slices.SortStableFunc(list, func(a, b pattern) int {
		return cmp.Compare(masks[a.mask], masks[b.mask])
	})
	return list
}

// dropRepeats drops patterns that are the same as an earlier one.
func dropRepeats(list []pattern) []pattern {
	seen := make(map[pattern]bool, len(list))
	return slices.DeleteFunc(list, func(p pattern) bool {
		was := seen[p]
		seen[p] = true
		return was
	})
}

// dropCovered drops patterns all of whose packets match another one: an
// earlier one or, if it does not matter which one matches, any.
func dropCovered(list []pattern, saved bool) []pattern {
	byMask := make(map[ruleset.Octets]map[ruleset.Octets]int) // first place of each value
	for i, p := range list {
		if byMask[p.mask] == nil {
			byMask[p.mask] = make(map[ruleset.Octets]int)
		}
		if _, ok := byMask[p.mask][p.value]; !ok {
			byMask[p.mask][p.value] = i
		}
	}
	out := make([]pattern, 0, len(list))
	for i, p := range list {
		if !covered(byMask, i, p, saved) {
			out = append(out, p)
		}
	}
	return out
}

func covered(byMask map[ruleset.Octets]map[ruleset.Octets]int, i int, p pattern, saved bool) bool {
	for m, values := range byMask {
		if m.Outside(&p.mask) {
			continue // m looks at bits that p leaves open
		}
		var v ruleset.Octets
		for k := range v {
			v[k] = p.value[k] & m[k]
		}
		first, ok := values[v]
		if ok && first != i && (first < i || !saved && m != p.mask) {
			return true
		}
	}
	return false
}
