package ruleset

import (
	"sort"
	"strings"
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

// maxShown bounds the part of a source line that a message repeats, so that a
// file without newlines does not flood the terminal.
const maxShown = 400

// sourceFile is one file's text with an index of its lines.
type sourceFile struct {
	name  string
	text  string
	lines []int32 // offset of each line's first octet, made when first asked
}

// place is a position in rule text. The zero place is no position.
type place struct {
	file   *sourceFile
	offset int32
}

// line returns the line number, from 1, and the offset where it begins.
func (f *sourceFile) line(offset int) (number, start int) {
	if f.lines == nil {
		f.lines = append(f.lines, 0)
		for i := 0; i < len(f.text); i++ {
			if f.text[i] == '\n' {
				f.lines = append(f.lines, int32(i+1))
			}
		}
	}
	number = sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > offset })
	return number, int(f.lines[number-1])
}

// diag makes a message about place p.
func (p place) diag(sev Severity, message, hint string) Diag {
	d := Diag{Severity: sev, Message: message, Hint: hint}
	if p.file == nil {
		return d
	}
	d.File = p.file.name
	var start int
	d.Line, start = p.file.line(int(p.offset))
	text := p.file.text[start:]
	if i := strings.IndexByte(text[:min(len(text), maxShown)], '\n'); i >= 0 {
		text = text[:i]
	} else {
		text = text[:min(len(text), maxShown)]
	}
	d.Source = visible(text)
	if col := int(p.offset) - start; col <= len(text) {
		d.Column = utf8.RuneCountInString(text[:col]) + 1
	}
	return d
}

// visible is text as it may be shown on a terminal: one character for each of
// text, control characters and broken UTF-8 replaced.
func visible(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\t':
			return c
		case c < ' ' || c >= 0x7F && c < 0xA0 || c == utf8.RuneError:
			return '?'
		}
		return c
	}, strings.TrimSuffix(text, "\r"))
}
