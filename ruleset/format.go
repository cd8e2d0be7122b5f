package ruleset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"netramet/mib"
)

// MaxSeparator is the largest size of one separator of a FORMAT, in octets.
const MaxSeparator = 1024

// FormatBuilder makes a Format from the items of a FORMAT statement, in their
// order. The zero FormatBuilder is ready.
type FormatBuilder struct {
	attrs []mib.Attr
	seps  []string
	sep   string // the strings since the last attribute
	given bool   // there was one, so the default does not apply
	seen  [256]bool
}

// Attr adds an attribute. It refuses one that no flow has, and a second of
// the same, which a meter could not package.
func (b *FormatBuilder) Attr(a mib.Attr) error {
	switch {
	case !a.Is(mib.UseRead):
		return fmt.Errorf("%s cannot be read from a flow", a)
	case b.seen[a]:
		return fmt.Errorf("%s stands twice in the format", a)
	}
	b.seen[a] = true
	if !b.given && len(b.attrs) > 0 {
		b.sep = " "
	}
	b.attrs, b.seps = append(b.attrs, a), append(b.seps, b.sep)
	b.sep, b.given = "", false
	return nil
}

// Text adds a separator, already without its quotes. Two in a row are one.
func (b *FormatBuilder) Text(text string) error {
	if err := checkText(text); err != nil {
		return err
	}
	if len(b.sep)+len(text) > MaxSeparator {
		return fmt.Errorf("separator of more than %d octets", MaxSeparator)
	}
	b.sep += text
	b.given = true
	return nil
}

// Format returns what was added; an error if that is no attribute at all.
func (b *FormatBuilder) Format() (*Format, error) {
	if len(b.attrs) == 0 {
		return nil, errors.New("a format names at least one attribute")
	}
	return &Format{
		Attrs: append([]mib.Attr(nil), b.attrs...),
		Seps:  append(append([]string(nil), b.seps...), b.sep),
	}, nil
}

// check reports what of f a FORMAT statement cannot say.
func (f *Format) check() error {
	if len(f.Seps) != len(f.Attrs)+1 {
		return fmt.Errorf("format of %d attributes has %d separators", len(f.Attrs), len(f.Seps))
	}
	var b FormatBuilder
	for i, a := range f.Attrs {
		if err := errors.Join(b.Text(f.Seps[i]), b.Attr(a)); err != nil {
			return err
		}
	}
	if err := b.Text(f.Seps[len(f.Attrs)]); err != nil {
		return err
	}
	_, err := b.Format()
	return err
}

// Line is the format as the text after "#Format: " in a flow data file: the
// attributes' names in lower case with the separators between them.
func (f *Format) Line() string {
	var b strings.Builder
	for i, a := range f.Attrs {
		b.WriteString(f.Seps[i])
		b.WriteString(strings.ToLower(a.String()))
	}
	b.WriteString(f.Seps[len(f.Attrs)])
	return b.String()
}

// ParseFormatLine reads the text after "#Format: " in a flow data file: every
// word that is the name of a readable attribute is that, the rest is
// separators. Names that run together are distinguished. It gives back the
// format that Line printed unless a separator holds an attribute's name, or
// has a letter or digit right beside one; no reader could know better.
func ParseFormatLine(line string) (*Format, error) {
	var b FormatBuilder
	text := 0 // where the present separator began
	for i := 0; i < len(line); {
		if !isNameOctet(line[i]) {
			i++
			continue
		}
		end := i
		for end < len(line) && isNameOctet(line[end]) {
			end++
		}
		if attrs := splitNames(strings.ToLower(line[i:end])); attrs != nil {
			sep := line[text:i]
			for _, a := range attrs {
				if err := errors.Join(b.Text(sep), b.Attr(a)); err != nil {
					return nil, fmt.Errorf("format line: column %d: %w", i+1, err)
				}
				sep = ""
			}
			text = end
		}
		i = end
	}
	if err := b.Text(line[text:]); err != nil {
		return nil, fmt.Errorf("format line: %w", err)
	}
	f, err := b.Format()
	if err != nil {
		return nil, fmt.Errorf("format line: %w", err)
	}
	return f, nil
}

func isNameOctet(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// readable returns the attribute of that lower-case name if flows have it.
func readable(name string) (mib.Attr, bool) {
	a, ok := mib.Lookup(name)
	return a, ok && a.Is(mib.UseRead)
}

// maxRun bounds the work on one word of names without separators.
const maxRun = 4096

// maxAttrName is the length of the longest attribute name.
var maxAttrName = func() (n int) {
	for _, a := range mib.Attrs() {
		n = max(n, len(a.String()))
	}
	return n
}()

// splitNames cuts word into names of readable attributes, longer first names
// preferred; nil if that cannot be done.
func splitNames(word string) []mib.Attr {
	if a, ok := readable(word); ok {
		return []mib.Attr{a}
	}
	if len(word) > maxRun {
		return nil
	}
	first := make([]int, len(word)+1) // length of the first name of word[i:], 0 if it is none
	for i := len(word) - 1; i >= 0; i-- {
		for n := min(maxAttrName, len(word)-i); n > 0; n-- {
			if i+n < len(word) && first[i+n] == 0 {
				continue
			}
			if _, ok := readable(word[i : i+n]); ok {
				first[i] = n
				break
			}
		}
	}
	var attrs []mib.Attr
	for i := 0; i < len(word); i += first[i] {
		if first[i] == 0 {
			return nil
		}
		a, _ := readable(word[i : i+first[i]])
		attrs = append(attrs, a)
	}
	return attrs
}

// AtFormat is err, which is about the rule set's FORMAT, as a message that
// shows its place; file is for rule sets that have none of their own.
func (rs *RuleSet) AtFormat(file string, err error) error {
	if rs.Format == nil || len(rs.FormatAt) == 0 || rs.FormatAt[0].Text == nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return Diags{rs.FormatAt[0].Diag(Error, err.Error(), "")}
}

// unsavedDiags are the warnings of attributes in the FORMAT that no rule saves.
func (rs *RuleSet) unsavedDiags() (ds Diags) {
	for _, u := range rs.Unsaved() {
		if i := slices.Index(rs.Format.Attrs, u.Attr); i < len(rs.FormatAt) && rs.FormatAt[i].Text != nil {
			ds = append(ds, rs.FormatAt[i].Diag(Warning, u.String(), ""))
		}
	}
	return ds
}

// OutputFormat is the format to collect with: the rule set's own, or the
// default with the distributions that its rules save, in the order of their
// rules, each as " (...)" (decision 20). The caller may change the result.
func (rs *RuleSet) OutputFormat() *Format {
	if rs.Format != nil {
		return &Format{
			Attrs: append([]mib.Attr(nil), rs.Format.Attrs...),
			Seps:  append([]string(nil), rs.Format.Seps...),
		}
	}
	f := DefaultFormat()
	var seen [256]bool
	for i := range rs.Rules {
		a := rs.Rules[i].Selector
		if !rs.Rules[i].Pushes() || !a.IsDistribution() || seen[a] {
			continue
		}
		seen[a] = true
		last := len(f.Seps) - 1
		f.Seps[last] += " ("
		f.Seps = append(f.Seps, ")")
		f.Attrs = append(f.Attrs, a)
	}
	return f
}
