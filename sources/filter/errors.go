package filter

import (
	"strings"
	"unicode/utf8"
)

// Error is what is wrong with an expression, at a place in it.
type Error struct {
	Expr     string
	Pos, End int    // octets of Expr that are meant; both 0: all of it
	Message  string // what is wrong, and what was expected
	Hint     string // what to write instead; may be empty

	// OfLink says that the expression has no meaning on the link type that it was
	// compiled for, and may have one on another.
	OfLink bool
}

// Error renders the message, the expression, carets under what is meant, and
// the hint, each on a line of its own.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.End > 0 {
		line, col, n := e.excerpt()
		b.WriteString("\n    " + line + "\n    " + strings.Repeat(" ", col) + strings.Repeat("^", n))
	}
	if e.Hint != "" {
		b.WriteString("\n    hint: " + e.Hint)
	}
	return b.String()
}

// Line renders the error on one line, with the part of the expression that is
// meant before it.
func (e *Error) Line() string {
	if e.End <= e.Pos {
		return e.Message
	}
	meant := shown(e.Expr[e.Pos:e.End])
	if len(meant) > shownBehind+3 {
		meant = append(meant[:shownBehind:shownBehind], []rune("...")...)
	}
	return string(meant) + ": " + e.Message
}

// Characters of an expression that are shown before and behind what is meant.
const (
	shownBefore = 40
	shownBehind = 30
)

// excerpt is the part of the expression around the place, on one line, and
// which of its characters the place has.
func (e *Error) excerpt() (line string, col, n int) {
	before, meant, behind := shown(e.Expr[:e.Pos]), shown(e.Expr[e.Pos:e.End]), shown(e.Expr[e.End:])
	if len(before) > shownBefore+3 {
		before = append([]rune("..."), before[len(before)-shownBefore:]...)
	}
	if len(meant) > shownBehind+3 {
		meant = append(meant[:shownBehind:shownBehind], []rune("...")...)
	}
	if len(behind) > shownBehind+3 {
		behind = append(behind[:shownBehind:shownBehind], []rune("...")...)
	}
	return strings.TrimRight(string(before)+string(meant)+string(behind), " "), len(before), max(len(meant), 1)
}

// shown are the characters of s with blanks for what would break the line, and
// "?" for what a terminal would not show.
func shown(s string) []rune {
	out := make([]rune, 0, min(len(s), MaxExpression))
	for len(s) > 0 {
		c, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case c == '\n' || c == '\t' || c == '\r':
			c = ' '
		case c < ' ' || c > '~' && c < 0xa1 || c >= 0x2000 && c < 0x2070 || c == utf8.RuneError || c > 0xffff:
			c = '?'
		}
		out = append(out, c)
	}
	return out
}
