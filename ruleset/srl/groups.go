package srl

import (
	"fmt"

	"netramet/mib"
	"netramet/ruleset"
)

// MaxGroups bounds the attributes of one list of groups.
const MaxGroups = 64

// Group is an attribute by which flow data is grouped, and the part of it that counts.
type Group struct {
	Attr mib.Attr
	// Mask is what counts of an address; valid iff not All.
	Mask ruleset.Octets
	// Bits are what counts of a number or port; valid iff not All.
	Bits uint64
	All  bool // no mask is written

	origin ruleset.Origin
}

// Fault is an error about the attribute, which shows where it stands.
func (g *Group) Fault(hint, format string, args ...any) error {
	return ruleset.Diags{g.origin.Diag(ruleset.Error, fmt.Sprintf(format, args...), hint)}
}

// ParseGroups reads attributes with commas between, each as SAVE has it: alone, with a
// width, or with a mask. name stands for the list in messages.
func ParseGroups(name, text string) ([]Group, error) {
	c := &compiler{alone: true}
	var groups []Group
	if c.scanAlone(name, text) {
		g := grouper{resolver{c: c, here: &routine{}}, 1}
		groups = g.list()
	}
	return groups, c.diags().Err()
}

// grouper reads tokens from next on.
type grouper struct {
	resolver
	next int32
}

func (g *grouper) token() token { return g.c.toks[g.next] }

func (g *grouper) list() (groups []Group) {
	for {
		group, ok := g.group()
		if !ok {
			return nil
		}
		for _, old := range groups {
			if old.Attr == group.Attr {
				g.c.errorf(place{offset: int32(group.origin.Offset) + 1}, "", "%s stands twice", group.Attr)
				return nil
			}
		}
		groups = append(groups, group)
		switch t := g.token(); {
		case t.kind == tokEOF:
			return groups
		case !t.is(","):
			g.c.errorf(t.at, "SourcePeerAddress/24, DestTransAddress", "expected ',' between attributes, found %s", t)
			return nil
		case len(groups) == MaxGroups:
			g.c.errorf(t.at, "", "more than %d attributes", MaxGroups)
			return nil
		}
		g.next++
	}
}

func (g *grouper) group() (group Group, ok bool) {
	t := g.token()
	if t.kind != tokAttr && t.kind != tokIdent {
		what := t.String()
		if t.kind == tokEOF {
			what = "the end"
		}
		g.c.errorf(t.at, "", "expected the name of an attribute, found %s", what)
		return group, false
	}
	group = Group{All: true, origin: g.c.origin(t.at)}
	if group.Attr, ok = g.readable(t.at, t.text); !ok {
		return group, false
	}
	if group.Attr.IsDistribution() || group.Attr.Class() == mib.ClassCounter {
		g.c.errorf(t.at, "", "%s is counted, flows are not grouped by it", group.Attr)
		return group, false
	}
	g.next++
	op := operand{at: t.at, width: -1, saved: true}
	switch sign := g.token(); {
	case sign.is("/"):
		op.kind, ok = onlyWidth, g.c.toks[g.next+1].kind == tokInt
		if !ok {
			g.c.errorf(sign.at, group.Attr.String()+"/24", "expected a width, a number of bits, after '/'")
			return group, false
		}
		if op.width, ok = g.c.width(g.c.toks[g.next+1]); !ok {
			return group, false
		}
	case sign.is("&"):
		op.kind = onlyMask
		if mask := g.c.toks[g.next+1]; mask.kind != tokInt && mask.kind != tokValue {
			g.c.errorf(sign.at, group.Attr.String()+" & 255.255", "expected a mask after '&'")
			return group, false
		}
		if op.mask, ok = g.c.literal(g.next+1, mib.AttrNull); !ok {
			return group, false
		}
	default:
		return group, true
	}
	g.next += 2
	_, mask, hint, err := op.place(group.Attr)
	if err != nil {
		g.c.errorf(t.at, hint, "%s", plain(err))
		return group, false
	}
	group.All, group.Mask = false, mask
	if IsNumber(group.Attr) {
		group.Bits = number(&mask, group.Attr.Size())
	}
	return group, true
}
