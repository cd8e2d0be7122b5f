package srl

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

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

// set names the rule set; a number is its number too (semantics 8).
func (r *resolver) set(n *settingNode) {
	at := r.at(n.Pos.Offset)
	text := r.c.spelled(n.Pos.Offset)
	if r.c.toks[n.Pos.Offset].kind == tokString {
		text = r.unquote(at, text)
	}
	number, name, err := ruleset.ParseSet(text)
	if err != nil || name == "" {
		if err == nil {
			err = errors.New("the name of a rule set is empty")
		}
		r.c.errorf(at, "", "%v", err)
		return
	}
	r.prog.out.Number, r.prog.out.Name = number, name
}

// spelled is the text of token i as it is written: names are kept in lower
// case otherwise.
func (c *compiler) spelled(i int) string {
	t := c.toks[i]
	text := c.files[t.at.file].text
	start := int(t.at.offset) - 1
	end := start + len(t.text)
	if t.at.macro == 0 && end <= len(text) && strings.EqualFold(text[start:end], t.text) {
		return text[start:end]
	}
	return t.text
}

// format takes a FORMAT: strings take the place of the space between values.
func (r *resolver) format(items []*formatNode, at place) {
	f := &ruleset.Format{Seps: []string{""}}
	sep, given := "", false
	for _, it := range items {
		if it.Str != "" {
			sep += r.unquote(r.at(it.Pos.Offset), it.Str)
			given = true
			continue
		}
		where := r.at(it.Pos.Offset)
		a, ok := isAttribute(it.Attr)
		if low := strings.ToLower(it.Attr); !ok && low == "distributions" {
			a, ok = mib.AttrDistributions, true
		}
		switch {
		case !ok:
			r.unknownAttribute(where, it.Attr, mib.UseRead)
			continue
		case !a.Is(mib.UseRead):
			r.c.errorf(where, "", "%s cannot be read from a flow", a)
			continue
		}
		if len(f.Attrs) > 0 && !given {
			sep = " "
		}
		f.Seps[len(f.Seps)-1] = sep
		f.Attrs = append(f.Attrs, a)
		f.Seps = append(f.Seps, "")
		sep, given = "", false
	}
	f.Seps[len(f.Seps)-1] = sep
	if len(f.Attrs) == 0 && r.c.errors == 0 {
		r.c.errorf(at, "", "FORMAT names no attribute")
	}
	r.prog.out.Format = f
}

// unquote is the text of a string, which may hold no control characters but
// tabs: it ends up in lines of flow data files.
func (r *resolver) unquote(at place, s string) string {
	text, err := ruleset.Unquote(s)
	if err == nil && (!utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return c != '\t' && unicode.IsControl(c) })) {
		err = errors.New("a string holds characters and tabs only")
	}
	if err != nil {
		r.c.errorf(at, "", "%v", err)
	}
	return text
}
