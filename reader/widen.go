package reader

import (
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// Widen returns tasks that read attributes beside those that their FORMATs ask for. What
// is added stands behind all else, and Task.Asked is the FORMAT without it.
func Widen(tasks []Task, more ...mib.Attr) []Task {
	wide := slices.Clone(tasks)
	for i := range wide {
		t := &wide[i]
		if t.Format == nil {
			t.Format = defaultFormat
		}
		f := &ruleset.Format{Attrs: slices.Clone(t.Format.Attrs), Seps: slices.Clone(t.Format.Seps)}
		for _, a := range more {
			if !slices.Contains(f.Attrs, a) {
				f.Attrs = append(f.Attrs, a)
				f.Seps[len(f.Seps)-1] += " "
				f.Seps = append(f.Seps, "")
			}
		}
		if len(f.Attrs) > len(t.Format.Attrs) {
			t.Format, t.Asked = f, t.Shown()
		}
	}
	return wide
}

// Shown is what the rule set's FORMAT asks for: the first attributes of Format.
func (t *Task) Shown() *ruleset.Format {
	if t.Asked != nil {
		return t.Asked
	}
	return t.Format
}
