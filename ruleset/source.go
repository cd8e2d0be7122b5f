package ruleset

import (
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of rule text.
const (
	MaxSource   = 16 << 20 // octets of a file together with all it includes
	MaxIncludes = 256      // INCLUDE statements carried out in one run
	MaxDepth    = 10       // files that include each other, the first counted
)

const (
	maxErrors   = 100  // ends the reading of a file that is nothing but mistakes
	maxMessages = 1000 // beyond these, warnings are dropped
	maxLabels   = 2 * MaxRules
)

// maxShown bounds the part of a source line that a message repeats, in octets,
// so that a file without newlines does not flood the terminal.
const maxShown = 400

// maxCounted is how far into a line columns are counted, in octets: a hostile
// file has many mistakes in one line of megabytes.
const maxCounted = 64 << 10

// Text is one file of rules, as messages show it. It is not changed once a
// message was made.
type Text struct {
	Name string // for messages
	Body string
	From Origin // the INCLUDE that asked for it, if one did

	lines []int32 // offset of each line's first octet, made when first asked
}

// Origin is where in its source something stands. The zero Origin says that
// this is not known.
type Origin struct {
	Text   *Text
	Offset int // of its first octet
}

// Diag makes a message about o, which is known.
func (o Origin) Diag(sev Severity, message, hint string) Diag {
	return o.Text.Diag(o.Offset, sev, message, hint)
}

// String is o as "file:line", "" if it is not known.
func (o Origin) String() string {
	if o.Text == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", o.Text.Name, o.Text.Line(o.Offset))
}

// SourceLine is the line that o lies in, without white space around it.
func (o Origin) SourceLine() string {
	if o.Text == nil {
		return ""
	}
	line := o.Text.Line(o.Offset)
	return visible(strings.TrimSpace(firstLine(o.Text.Body[o.Text.lines[line-1]:])))
}

// place is a position in rule text. The zero place is no position.
type place struct {
	file   *Text
	offset int32
}

// diag makes a message about place p.
func (p place) diag(sev Severity, message, hint string) Diag {
	if p.file == nil {
		return Diag{Severity: sev, Message: message, Hint: hint}
	}
	return p.file.Diag(int(p.offset), sev, message, hint)
}

// Diag makes a message about the place that lies offset octets into the text,
// or right behind it. Far behind the start of a line the column is not told.
func (t *Text) Diag(offset int, sev Severity, message, hint string) Diag {
	line := t.Line(offset)
	start := int(t.lines[line-1])
	d := Diag{Severity: sev, File: t.Name, Line: line, Message: message, Hint: hint, Source: firstLine(t.Body[start:])}
	for from := t.From; from.Text != nil; from = from.Text.From {
		d.Included = append(d.Included, from.String())
	}
	if offset-start <= maxCounted {
		d.Column = utf8.RuneCountInString(t.Body[start:offset]) + 1
	}
	return d
}

// Line returns the number, from 1, of the line that offset lies in.
func (t *Text) Line(offset int) int {
	if t.lines == nil {
		t.lines = append(t.lines, 0)
		for i := range len(t.Body) {
			if t.Body[i] == '\n' {
				t.lines = append(t.lines, int32(i+1))
			}
		}
	}
	return sort.Search(len(t.lines), func(i int) bool { return int(t.lines[i]) > offset })
}

// firstLine is the first line of text, or as much of it as messages show.
func firstLine(text string) string {
	if i := strings.IndexByte(text[:min(len(text), maxShown+1)], '\n'); i >= 0 {
		return strings.TrimSuffix(text[:i], "\r")
	}
	if len(text) <= maxShown {
		return text
	}
	end := maxShown
	for end > maxShown-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + " ..."
}

// visible is text as it may be shown on a terminal: one character for each of
// text, a question mark for those that would not be seen or that control the
// terminal, and for broken UTF-8.
func visible(text string) string {
	return strings.Map(func(c rune) rune {
		if c != '\t' && (c == utf8.RuneError || !unicode.IsPrint(c)) {
			return '?'
		}
		return c
	}, text)
}
