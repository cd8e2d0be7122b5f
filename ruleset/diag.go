package ruleset

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxDiags is how many errors one run shows.
const MaxDiags = 10

// Severity tells an error from a warning.
type Severity uint8

// The severities. A rule set with errors is not run; warnings are shown.
const (
	Error Severity = iota
	Warning
)

// Diag is one message about a rule file, at a place in it.
type Diag struct {
	Severity Severity
	File     string
	Line     int // from 1; 0 if the message is about the whole file
	Column   int // from 1, in characters; 0 if the whole line is meant
	Message  string
	Hint     string   // what to write instead; may be empty
	Included []string // the INCLUDE statements that led to File, as "file:line", the innermost first
	Source   string   // the source line, without its newline; of a long one the first part
}

// String renders the message in full: place, message, source line, caret and
// hint, each on a line of its own, without a final newline. What a terminal
// would not show as it is, above all control characters, becomes "?". There is
// no caret for a place in the part of a long line that Source leaves out.
func (d Diag) String() string {
	d.File, d.Message, d.Source, d.Hint = visible(d.File), visible(d.Message), visible(d.Source), visible(d.Hint)
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		fmt.Fprintf(&b, ":%d", d.Line)
		if d.Column > 0 {
			fmt.Fprintf(&b, ":%d", d.Column)
		}
	}
	b.WriteString(": ")
	if d.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.Message)
	if d.Line > 0 {
		b.WriteString("\n    " + d.Source)
		if d.Column > 0 && d.Column <= utf8.RuneCountInString(d.Source)+1 {
			b.WriteString("\n    " + caretPad(d.Source, d.Column-1) + "^")
		}
	}
	for _, from := range d.Included {
		b.WriteString("\n    included at " + visible(from))
	}
	if d.Hint != "" {
		b.WriteString("\n    hint: " + d.Hint)
	}
	return b.String()
}

// caretPad is n characters of white space that line up with line: tabs stay
// tabs, everything else becomes a blank.
func caretPad(line string, n int) string {
	pad := make([]rune, 0, n)
	for _, c := range line {
		if len(pad) == n {
			break
		}
		if c != '\t' {
			c = ' '
		}
		pad = append(pad, c)
	}
	for len(pad) < n {
		pad = append(pad, ' ')
	}
	return string(pad)
}

// Diags is a list of messages, in order of place. As an error it prints up to
// MaxDiags of its errors and says how many more there are.
type Diags []Diag

// Error renders the errors of the list.
func (ds Diags) Error() string { return ds.render(Error) }

// Warnings renders the warnings of the list, "" if there are none.
func (ds Diags) Warnings() string { return ds.render(Warning) }

func (ds Diags) render(sev Severity) string {
	var parts []string
	more := 0
	for _, d := range ds {
		switch {
		case d.Severity != sev:
		case len(parts) < MaxDiags:
			parts = append(parts, d.String())
		default:
			more++
		}
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("... and %d more", more))
	}
	return strings.Join(parts, "\n")
}

// Err returns ds as an error if it holds an error, else nil.
func (ds Diags) Err() error {
	for _, d := range ds {
		if d.Severity == Error {
			return ds
		}
	}
	return nil
}
