// Package plaintext makes text that comes from elsewhere fit to be shown.
package plaintext

import (
	"strings"
	"unicode"
)

// Clean returns text as valid UTF-8 without characters that control a terminal,
// break a line or turn the direction of writing. Each of them, and each octet
// that is no UTF-8, becomes a question mark. What whoever is at the other side
// of a network has written goes through it before it comes to a file, a log or a
// terminal.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029', r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, text)
}
