package agent

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"netramet/mib/ber"
)

// maxView limits the entries of a view.
const maxView = 64

// Subtree is one entry of a view.
type Subtree struct {
	OID     []uint32
	Exclude bool // else include
}

// View is a set of subtrees, as VACM's view tree families without masks
// (RFC 3415 §4): the longest entry that is a prefix of a name decides, and a
// name without one is outside. A nil View holds everything. Views do not
// change once made.
type View struct{ entries []Subtree }

// NewView makes a view. If it only excludes, everything else is included.
func NewView(subtrees []Subtree) (*View, error) {
	if len(subtrees) > maxView {
		return nil, fmt.Errorf("a view of %d subtrees; at most %d are allowed", len(subtrees), maxView)
	}
	v := &View{entries: slices.Clone(subtrees)}
	if !slices.ContainsFunc(subtrees, func(s Subtree) bool { return !s.Exclude }) {
		v.entries = append(v.entries, Subtree{})
	}
	slices.SortFunc(v.entries, func(a, b Subtree) int { return slices.Compare(a.OID, b.OID) })
	for i, e := range v.entries {
		if len(e.OID) > ber.MaxOID {
			return nil, fmt.Errorf("a view's subtree has more than %d sub-identifiers", ber.MaxOID)
		}
		if i > 0 && slices.Equal(e.OID, v.entries[i-1].OID) && e.Exclude != v.entries[i-1].Exclude {
			return nil, fmt.Errorf("a view includes and excludes %s", cmp.Or(dotted(e.OID), "all"))
		}
	}
	return v, nil
}

// governs returns the longest entry that is a prefix of name, nil if none is.
func (v *View) governs(name []uint32) (best *Subtree) {
	for i := range v.entries {
		if e := &v.entries[i]; hasPrefix(name, e.OID) && (best == nil || len(e.OID) >= len(best.OID)) {
			best = e
		}
	}
	return best
}

// Contains reports whether name is in the view.
func (v *View) Contains(name []uint32) bool {
	if v == nil {
		return true
	}
	e := v.governs(name)
	return e != nil && !e.Exclude
}

// skip finds the smallest name, greater than name, at which something that is
// in the view may begin. name is outside the view. The result is appended to
// buf; ok is false if there is nothing more.
//
// Every step goes beyond the begin or the end of one entry, so a search needs
// at most two steps for each.
func (v *View) skip(name []uint32, buf []uint32) (target []uint32, ok bool) {
	var best []uint32
	for i := range v.entries {
		e := &v.entries[i]
		if !e.Exclude && compare(e.OID, name) > 0 {
			best = e.OID // entries are sorted: the first is the smallest
			break
		}
	}
	if e := v.governs(name); e != nil {
		if end, ok := after(e.OID, buf); ok && (best == nil || compare(end, best) < 0) {
			return end, true
		}
	}
	return append(buf[:0], best...), best != nil
}

// after appends to buf[:0] the smallest name greater than all of the subtree.
func after(subtree, buf []uint32) ([]uint32, bool) {
	for n := len(subtree); n > 0; n-- {
		if subtree[n-1] < math.MaxUint32 {
			buf = append(buf[:0], subtree[:n]...)
			buf[n-1]++
			return buf, true
		}
	}
	return buf[:0], false
}

// hasPrefix reports whether name begins with prefix.
func hasPrefix(name, prefix []uint32) bool {
	return len(name) >= len(prefix) && slices.Equal(name[:len(prefix)], prefix)
}

// relate says where name lies: before the subtree (-1), in it (0), or behind
// it (1).
func relate(name, subtree []uint32) int {
	return compare(name[:min(len(name), len(subtree))], subtree)
}

// compare orders names; it is slices.Compare without the price of a generic
// call, paid for every name sent.
func compare(a, b []uint32) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return len(a) - len(b)
}
