package ruleset

import (
	"math/bits"

	"netramet/mib"
)

// Saved is which attributes the flows of a rule set may have. It does not change.
type Saved struct {
	saved, pushed [256]bool // where it is counted from there; anywhere
	width         [256]int  // bits from the left that each save of it has
}

// Has reports whether some flow may have the attribute. Those that no rule need save,
// counters and times, all flows have.
func (s *Saved) Has(a mib.Attr) bool { return !a.Is(mib.UseSave) || s.saved[a.Slot()] }

// Width is how many bits, from the left, every flow that has the attribute has of it.
func (s *Saved) Width(a mib.Attr) int { return s.width[a.Slot()] }

// Saved finds out what the rules save; nil if there are too many ways through them.
func (rs *RuleSet) Saved() *Saved {
	g := graphOf(rs.Rules)
	if !g.Complete() {
		return nil
	}
	s := &Saved{}
	save := func(a mib.Attr, width int) {
		a = a.Slot()
		if !s.saved[a] || width < s.width[a] {
			s.width[a] = width
		}
		s.saved[a] = true
	}
	variable := false
	counts := g.counting()
	g.nodes(func(at node) {
		r := &rs.Rules[at.index()]
		if !r.Pushes() || g.never(at) {
			return
		}
		s.pushed[r.Selector.Slot()] = true
		if counts[at] {
			save(r.Selector, r.Mask.leadingOnes())
			variable = variable || r.Selector.IsVariable()
		}
	})
	for i := range rs.Rules {
		if r := &rs.Rules[i]; variable && r.Assigns() { // what the variable may stand for
			save(mib.Attr(r.Value[0]), 0)
		}
	}
	return s
}

// leadingOnes is how many bits of a mask are set before the first that is not.
func (v *Octets) leadingOnes() (n int) {
	for _, b := range v {
		ones := bits.LeadingZeros8(^b)
		if n += ones; ones < 8 {
			break
		}
	}
	return n
}
