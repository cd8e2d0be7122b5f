package ruleset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"netramet/mib"
)

// This file reads one rule:
//
//	attribute & mask = value: action, parameter;
//
// The mask may also be "/width", and may stand behind the value; without one
// every bit of the attribute counts.

const ruleHint = "a rule reads: attribute & mask = value: action, parameter;"

// rule reads a rule and adds it. After an error it goes on behind the next
// semicolon.
func (r *reader) rule() {
	var rule Rule
	var at rulePlaces
	at.file = r.file
	if !r.test(&rule, &at) || !r.action(&rule, &at) {
		r.skipStatement()
		// Labels and rule numbers after it would be wrong by one, and make
		// messages about rules that are right.
		r.addRule(Rule{Selector: mib.AttrNull, Action: mib.ActionIgnore}, at)
		return
	}
	r.addRule(rule, at)
	if r.accept(';') || r.end() {
		return
	}
	if !r.brokeLine(int(at.par)) {
		r.errorAt(r.here(), "", "%s where a semicolon should end the rule", r.what())
		r.skipStatement()
	}
}

// brokeLine reports whether a newline stands between offset from and here.
func (r *reader) brokeLine(from int) bool {
	return strings.IndexByte(r.text[from:r.pos], '\n') >= 0
}

func (r *reader) addRule(rule Rule, at rulePlaces) {
	if len(r.rs.Rules) == MaxRules {
		r.errorAt(place{at.file, at.attr}, "", "more than %d rules", MaxRules)
		r.stop = true
		return
	}
	r.rs.Rules = append(r.rs.Rules, rule)
	r.rules = append(r.rules, at)
}

// test reads "attribute & mask = value" and the colon after it.
func (r *reader) test(rule *Rule, at *rulePlaces) bool {
	at.attr = int32(r.skipTo())
	name := r.word()
	a, ok := mib.Lookup(name)
	if !ok {
		r.errorAt(place{r.file, at.attr}, attrHint(name), "unknown attribute %.40q", name)
		return false
	}
	rule.Selector = a
	at.mask = at.attr
	masked, ok := r.mask(rule, at)
	if !ok {
		return false
	}
	if !r.accept('=') {
		r.errorAt(r.here(), ruleHint, "%s where '=' and the value should follow", r.what())
		return false
	}
	r.accept('=') // "==" is what SRL writes
	var lit Literal
	if rule.Value, lit, ok = r.operand(a, &at.value, "value"); !ok {
		return false
	}
	if !masked {
		if masked, ok = r.mask(rule, at); !ok {
			return false
		}
	}
	if !masked {
		rule.Mask = FullMask(a)
	}
	if err := CheckLength(a, lit, &rule.Mask); err != nil {
		r.errorAt(place{r.file, at.value}, "", "%v", err)
		return false
	}
	r.accept(':')
	return true
}

// mask reads "& mask", "/ width" or "& /width". found is false if none of
// them comes next.
func (r *reader) mask(rule *Rule, at *rulePlaces) (found, ok bool) {
	and := r.accept('&')
	start := int32(r.skipTo())
	if r.accept('/') {
		at.mask = start
		r.space()
		text := r.word()
		bits, err := strconv.ParseUint(text, 10, 8)
		if err != nil {
			r.errorAt(place{r.file, start}, "", "width %.40q is no number of bits", text)
			return true, false
		}
		if rule.Mask, err = WidthMask(rule.Selector, int(bits)); err != nil {
			r.errorAt(place{r.file, start}, "", "%v", err)
			return true, false
		}
		return true, true
	}
	if !and {
		return false, true
	}
	rule.Mask, _, ok = r.operand(rule.Selector, &at.mask, "mask")
	return true, ok
}

// operand reads a mask or value of attribute a. Only values have names.
func (r *reader) operand(a mib.Attr, offset *int32, what string) (o Octets, lit Literal, ok bool) {
	*offset = int32(r.skipTo())
	at := r.here()
	text := r.value(a)
	if text == "" {
		r.errorAt(at, ruleHint, "%s where a %s should stand", r.what(), what)
		return o, lit, false
	}
	named := false
	if what == "value" {
		lit, named = NamedValue(a, text)
	}
	if !named {
		var err error
		if lit, err = ParseLiteral(text); err != nil {
			hint, other := CheckName(a, text)
			if other == nil {
				hint, other = r.literalHint(a, text), fmt.Errorf("%s of %s: %w", what, a, err)
			}
			r.errorAt(at, hint, "%v", other)
			return o, lit, false
		}
	}
	o, _, err := Place(a, lit)
	if err != nil {
		r.errorAt(at, "", "%s of %s: %v", what, a, err)
		return o, lit, false
	}
	if what == "mask" && lit.Single && lit.Number > 0 && lit.Number <= 128 && FillSize(a) == 4 && a.Size() > 4 && a.Class() == mib.ClassAddress {
		r.warnAt(at, fmt.Sprintf("for the first %d bits write /%d", lit.Number, lit.Number),
			"mask %d of %s selects bits of its fourth octet only", lit.Number, a)
	}
	return o, lit, true
}

func (r *reader) literalHint(a mib.Attr, text string) string {
	if text == "" || isHexDigit(text[0]) && strings.ContainsAny(text, ".-!:") {
		return ""
	}
	return didYouMean(text, NamesFor(a))
}

// action reads "action, parameter".
func (r *reader) action(rule *Rule, at *rulePlaces) bool {
	at.action = int32(r.skipTo())
	name := r.word()
	if name == "" {
		r.errorAt(r.here(), ruleHint, "%s where the action should stand", r.what())
		return false
	}
	action, ok := mib.LookupAction(name)
	if !ok {
		r.errorAt(place{r.file, at.action}, didYouMean(name, actionNames()), "unknown action %.40q", name)
		return false
	}
	rule.Action = action
	at.par = int32(r.pos)
	lineEnds := r.newLine()
	if !r.accept(',') && action.Ends() {
		// "Ignore;" and "Ignore" will do: the parameter has no meaning there.
		c := r.peek()
		if c == ';' || c == 0 || lineEnds && (c < '0' || c > '9') {
			return true
		}
	}
	at.par = int32(r.skipTo())
	return r.parameter(rule, place{r.file, at.par})
}

// parameter reads "Next", a rule number or a label.
func (r *reader) parameter(rule *Rule, at place) bool {
	text := r.word()
	n := len(r.rs.Rules) + 1 // this rule's number
	switch {
	case text == "":
		r.errorAt(at, ruleHint, "%s where the parameter of %s should stand", r.what(), rule.Action)
		return false
	case strings.EqualFold(text, "next"):
		if rule.Action == mib.ActionReturn {
			r.errorAt(at, "", "Return takes the number of a rule after the Gosub, not Next")
			return false
		}
		if n == MaxRules {
			r.errorAt(at, "", "no rule can follow rule %d", n)
			return false
		}
		rule.Parameter = uint16(n + 1)
	case text[0] >= '0' && text[0] <= '9':
		v, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			r.errorAt(at, "", "parameter %.40q is not a number 0 to %d", text, MaxRules)
			return false
		}
		rule.Parameter = uint16(v)
	case rule.Action == mib.ActionReturn:
		r.errorAt(at, "", "Return takes the number of a rule after the Gosub, not a label")
		return false
	default:
		r.gotos = append(r.gotos, target{rule: n - 1, name: text, at: at})
	}
	return true
}

// resolve puts rule numbers in place of labels.
func (r *reader) resolve() {
	for _, g := range r.gotos {
		l := r.labels[strings.ToLower(g.name)]
		switch {
		case l == nil:
			if !r.stop {
				r.errorAt(g.at, r.labelHint(g.name), "no rule has the label %.40q", g.name)
			}
			continue
		case l.rule > MaxRules:
			if !r.stop {
				r.errorAt(l.at, "", "no rule can follow the label %.40q", l.name)
			}
		default:
			r.rs.Rules[g.rule].Parameter = uint16(l.rule)
		}
		l.used = true
	}
	var odd []*label
	for _, l := range r.labels {
		if !l.colon && !l.used {
			odd = append(odd, l)
		}
	}
	slices.SortFunc(odd, func(a, b *label) int { return int(a.at.offset) - int(b.at.offset) })
	for _, l := range odd {
		r.warnAt(l.at, "", "%.40q is taken for a label, but no rule goes there", l.name)
	}
}

func (r *reader) labelHint(name string) string {
	if len(r.labels) > 1000 {
		return "" // looking for the nearest of so many would take long
	}
	return didYouMean(name, sortedLabels(r.labels))
}

// addFindings checks the rules and puts what is found at its place.
func (r *reader) addFindings(main *Text) {
	for _, f := range r.rs.Check() {
		p := place{file: main}
		if f.Rule > 0 {
			at := &r.rules[f.Rule-1]
			p = place{at.file, [...]int32{at.attr, at.attr, at.mask, at.value, at.action, at.par}[f.Field]}
		}
		d := p.diag(f.Severity, f.message(), f.Hint)
		if f.Rule == 0 {
			d.Line, d.Column, d.Source = 0, 0, ""
		}
		r.diags = append(r.diags, d)
	}
}
