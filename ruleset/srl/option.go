package srl

import (
	"errors"
	"strings"

	"netramet/mib"
	"netramet/ruleset"
)

// option takes one of NeTraMet's statements.
func (r *resolver) option(n *optionNode) {
	out := &r.prog.out
	at := r.at(n.Pos.Offset)
	switch {
	case n.Set != nil:
		if out.Name != "" {
			r.c.errorf(at, "", "a program has one SET statement")
			return
		}
		r.set(n.Set)
	case n.Format != nil:
		if out.Format != nil {
			r.c.errorf(at, "", "a program has one FORMAT statement")
			return
		}
		r.format(n.Format, at)
	case n.Optimise != nil:
		if out.Optimise >= 0 {
			r.c.errorf(at, "", "a program has one OPTIMISE statement")
		}
		out.Optimise = r.number(n.Optimise, 0, 2, "the level of OPTIMISE")
	default:
		out.Statistics = true
	}
}

// set names the rule set; a number is its number too (decision 8).
func (r *resolver) set(n *settingNode) {
	at := r.at(n.Pos.Offset)
	text := r.c.spelled(n.Pos.Offset)
	if r.c.toks[n.Pos.Offset].kind == tokString {
		text, _ = ruleset.Unquote(text) // the scanner has seen its quotes
	}
	number, name, err := ruleset.ParseSet(text)
	if err == nil && name == "" {
		err = errors.New("the name of a rule set is empty")
	}
	if err != nil {
		r.c.errorf(at, "", "%v", err)
		return
	}
	r.prog.out.Number, r.prog.out.Name = number, name
}

// spelled is the text of token i as it is written: names are kept in lower
// case otherwise.
func (c *compiler) spelled(i int) string {
	t := c.toks[i]
	text := c.files[t.at.file].Body
	start := int(t.at.offset) - 1
	end := start + len(t.text)
	if t.at.macro == 0 && end <= len(text) && strings.EqualFold(text[start:end], t.text) {
		return text[start:end]
	}
	return t.text
}

// format takes a FORMAT: strings take the place of the space between values.
func (r *resolver) format(items []*formatNode, at place) {
	var b ruleset.FormatBuilder
	var stand []ruleset.Origin
	before := r.c.errors
	for _, it := range items {
		where := r.at(it.Pos.Offset)
		var err error
		if it.Str != "" {
			var text string
			if text, err = ruleset.Unquote(it.Str); err == nil {
				err = b.Text(text)
			}
		} else if a, ok := isReadable(it.Attr); ok {
			r.prog.columns = append(r.prog.columns, where)
			stand = append(stand, r.c.origin(where))
			err = b.Attr(a)
		} else {
			r.unknownAttribute(where, it.Attr, mib.UseRead)
		}
		if err != nil {
			r.c.errorf(where, "", "%v", err)
		}
	}
	f, err := b.Format()
	if err != nil && r.c.errors == before {
		r.c.errorf(at, "", "%v", err)
	}
	if err == nil && r.c.errors == before {
		i, warning, err := f.Judge()
		if err != nil {
			r.c.errorf(r.prog.columns[i], "leave it out for one space", "%v", err)
		} else if warning != "" {
			r.c.warnf(r.prog.columns[i], ruleset.SeparatorHint(f.Attrs[i]), "%s", warning)
		}
	}
	r.prog.out.Format, r.prog.out.FormatAt = f, stand
}

// isReadable is isAttribute for FORMAT, which may also name the bit set of
// distributions.
func isReadable(name string) (mib.Attr, bool) {
	if a, ok := mib.Lookup(name); ok && a == mib.AttrDistributions {
		return a, true
	}
	return isAttribute(name)
}
