package ruleset

import (
	"errors"
	"fmt"
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
		default:
			chars += "ABCDEFabcdef-"
		}
	}
	return strings.IndexByte(chars, c) >= 0
}

// SeparatorHint says what to separate values by.
const SeparatorHint = "a blank, a tab or a comma stands in no value"

// Judge reports what keeps records of f from being read back: an error for
// values without anything between them, else a warning, "" for none, of a
// separator that begins like a part of the value before it. FORMAT statements
// are judged so; formats of files that somebody else wrote are not.
func (f *Format) Judge() (warning string, err error) {
	for i, a := range f.Attrs[1:] {
		before, sep := f.Attrs[i], f.Seps[i+1]
		switch {
		case sep == "":
			return "", errors.New("an empty separator between " + before.String() + " and " + a.String() + ": their values could not be told apart")
		case warning == "" && Holds(before, sep[0]):
			warning = fmt.Sprintf("values of %s may hold %q, which separates them from %s: such records cannot always be read back", before, sep[:1], a)
		}
	}
	return warning, nil
}
