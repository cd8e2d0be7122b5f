package ruleset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"netramet/mib"
)

// Holds reports whether the text of a's values, as flow data files have them,
// may hold the character c.
func Holds(a mib.Attr, c byte) bool {
	chars := "0123456789"
	switch a.Class() {
	case mib.ClassDistribution:
		chars += " "
	case mib.ClassAddress, mib.ClassMask:
		switch a {
		case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourcePeerMask, mib.AttrDestPeerMask:
			chars += "ABCDEFabcdef.:"
		case mib.AttrSourceTransAddress, mib.AttrDestTransAddress, mib.AttrSourceTransMask, mib.AttrDestTransMask:
		case mib.AttrSourceAdjacentAddress, mib.AttrDestAdjacentAddress, mib.AttrSourceAdjacentMask, mib.AttrDestAdjacentMask:
			chars += "ABCDEFabcdef-.:"
		default:
			chars += "ABCDEFabcdef-"
		}
	}
	return strings.IndexByte(chars, c) >= 0
}

// SeparatorHint says what to separate values of a by.
func SeparatorHint(a mib.Attr) string {
	if a.IsDistribution() {
		return `its numbers have blanks between them: put them into parentheses, " (" ` + a.String() + ` ") "`
	}
	return "a blank, a tab or a comma stands in no value"
}

// Judge reports what keeps records of f from being read back: an error for
// values without anything between them and for separators that the line with
// the names of the columns would not show, else a warning, "" for none, of a
// separator that begins like a part of the value before it. at is the index of
// the attribute before the separator. FORMAT statements are judged so; formats
// of files that somebody else wrote are not.
func (f *Format) Judge() (at int, warning string, err error) {
	for i, a := range f.Attrs[1:] {
		before, sep := f.Attrs[i], f.Seps[i+1]
		switch {
		case sep == "":
			return i, "", errors.New("an empty separator between " + before.String() + " and " + a.String() + ": their values could not be told apart")
		case warning == "" && Holds(before, sep[0]):
			at, warning = i, fmt.Sprintf("values of %s may hold %q, which separates them from %s: such records cannot always be read back", before, sep[:1], a)
		}
	}
	if back, err := ParseFormatLine(f.Line()); err == nil && slices.Equal(back.Attrs, f.Attrs) && slices.Equal(back.Seps, f.Seps) {
		return at, warning, nil
	}
	i := f.hidden()
	return max(0, i-1), "", fmt.Errorf("the separator %q holds an attribute's name, or begins or ends with a letter or digit, so that the names of the columns could not be told apart", f.Seps[i])
}

// hidden returns the first separator that cannot be told from names: one that
// touches a name with a letter or digit, else one that holds a name.
func (f *Format) hidden() int {
	for i, sep := range f.Seps {
		if sep != "" && (i > 0 && isNameOctet(sep[0]) || i < len(f.Attrs) && isNameOctet(sep[len(sep)-1])) {
			return i
		}
	}
	return max(0, slices.IndexFunc(f.Seps, func(sep string) bool {
		_, err := ParseFormatLine(sep)
		return err == nil
	}))
}
