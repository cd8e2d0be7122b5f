package ruleset

import (
	"fmt"
	"strings"

	"netramet/mib"
)

// checkTests warns of tests that never succeed, or hardly ever as meant.
func (c *checker) checkTests(g *Graph) {
	for i := range c.rules {
		n, r := i+1, &c.rules[i]
		if g.ways[i]&Testing == 0 {
			if r.PushesPacket() && g.ways[i] != 0 && !r.Value.IsZero() && !r.Selector.IsDistribution() && r.Action != mib.ActionCountPkt {
				c.add(Warning, n, FieldValue, "PushRuleTo saves the rule's value",
					"%s saves what the packet holds, the value is never used", r.Action)
			}
			continue
		}
		switch {
		case g.always(nodeOf(i, true)) || r.isPushPkt() && !r.Value.IsZero():
		case r.Value.Outside(&r.Mask) && r.Selector.IsVariable():
			c.add(Warning, n, FieldValue, "", "the value has bits outside the mask: the test only succeeds while %s holds nothing", r.Selector)
		case r.Value.Outside(&r.Mask):
			c.add(Warning, n, FieldValue, leftHint(r), "the test never succeeds: the value has bits outside the mask")
		case r.PushesPacket() && r.Value.IsZero() && !r.Selector.IsComputed():
			c.add(Warning, n, FieldValue, entryHint(n),
				"%s is entered with its test on, so that it only succeeds if %s is 0", r.Action, r.Selector)
		}
	}
}

func entryHint(n int) string {
	return fmt.Sprintf("enter it by an action that ends in Act, as Null & 0 = 0: GotoAct, %d", n)
}

// leftHint is for values that were meant to stand at the left, as 10 for
// 10.0.0.0.
func leftHint(r *Rule) string {
	size := FillSize(r.Selector)
	if r.Selector.Class() != mib.ClassAddress || size < 2 || r.Value.Last() != size {
		return ""
	}
	first := 0
	for r.Value[first] == 0 {
		first++
	}
	if first == 0 {
		return ""
	}
	var left Octets
	copy(left[:], r.Value[first:size])
	if left.Outside(&r.Mask) {
		return ""
	}
	text := dotted(&left, max(2, size-first))
	return fmt.Sprintf("a single number fills the attribute from the right; for %s write %s",
		dotted(&left, size), strings.TrimSuffix(text, ".0")+".0")
}

// testKey is a test, for finding the same one again.
type testKey struct {
	selector    mib.Attr
	mask, value Octets
}

// maxMasks bounds the masks of one attribute that a test is held against.
const maxMasks = 64

// reportShadows finds tests that fail for all packets that get to them: each
// packet they would take was taken by a rule before. It looks at chains of
// rules that are reached only by failing one after the other; in those
// nothing else happens in between.
func (c *checker) reportShadows(g *Graph) {
	seen := make(map[testKey]int)
	masks := make(map[mib.Attr][]Octets)
	for i := range c.rules {
		r, how := &c.rules[i], g.ways[i]
		if len(seen) > 0 && (how&Testing == 0 || how&Jumped != 0) {
			// New maps: to clear large ones again and again takes long.
			seen, masks = make(map[testKey]int), make(map[mib.Attr][]Octets)
		}
		if how&Testing == 0 || g.always(nodeOf(i, true)) {
			continue
		}
		if how == Testing {
			if by := shadowedBy(r, seen, masks[r.Selector]); by != 0 {
				c.add(Warning, i+1, FieldRule, "",
					"the test never succeeds: rule %d takes every packet that it would take", by)
				continue
			}
		}
		key := testKey{r.Selector, r.Mask, r.Value}
		if _, ok := seen[key]; ok || r.Value.Outside(&r.Mask) {
			continue
		}
		known := masks[r.Selector]
		if !containsMask(known, &r.Mask) {
			if len(known) >= maxMasks {
				continue
			}
			masks[r.Selector] = append(known, r.Mask)
		}
		seen[key] = i + 1
	}
}

// shadowedBy returns the rule among seen that succeeds whenever r does: it
// tests a part of r's bits for the same value.
func shadowedBy(r *Rule, seen map[testKey]int, masks []Octets) int {
	for i := range masks {
		m := &masks[i]
		if m.Outside(&r.Mask) {
			continue
		}
		var part Octets
		for j := range part {
			part[j] = r.Value[j] & m[j]
		}
		if by := seen[testKey{r.Selector, *m, part}]; by != 0 {
			return by
		}
	}
	return 0
}

func containsMask(masks []Octets, m *Octets) bool {
	for i := range masks {
		if masks[i] == *m {
			return true
		}
	}
	return false
}

// reportUnreached warns of rules that no packet gets to, one message for each
// run of them, and of a rule set that counts nothing.
func (c *checker) reportUnreached(g *Graph) {
	counts := false
	for i := 0; i < len(c.rules); i++ {
		if g.ways[i] != 0 {
			a := c.rules[i].Action
			counts = counts || a == mib.ActionCount || a == mib.ActionCountPkt
			continue
		}
		first := i
		for i+1 < len(c.rules) && g.ways[i+1] == 0 {
			i++
		}
		if first == i {
			c.add(Warning, first+1, FieldRule, "", "no packet ever gets here")
		} else {
			c.add(Warning, first+1, FieldRule, "", "no packet ever gets here, nor to the rules up to %d", i+1)
		}
	}
	if !counts {
		c.add(Warning, 0, FieldRule, "", "no packet ever gets to a Count or CountPkt, nothing is counted")
	}
}
