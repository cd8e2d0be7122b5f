package srl

import "strings"

// A DEFINE without its semicolon takes in the next statement, in silence: its
// text ends at the first semicolon, wherever that is. What tells is a line that
// begins with the word of a statement where none can stand.

// statementBegins are the words that begin statements and never continue one.
var statementBegins = map[string]bool{
	"if": true, "save": true, "store": true, "count": true, "ignore": true, "nomatch": true, "return": true,
	"exit": true, "call": true, "subroutine": true, "define": true,
	"set": true, "format": true, "statistics": true, "optimise": true, "optimize": true, "include": true,
}

// declarations are those that cannot even stand behind a condition.
var declarations = map[string]bool{
	"if": true, "subroutine": true, "define": true, "set": true, "format": true, "include": true,
}

// swallowed looks for the statement that a DEFINE's text, from start up to end,
// takes in: ok is true if there is one, at at; the DEFINE should end at stop.
func swallowed(text string, start, end int) (stop, at int, ok bool) {
	d := defineWords{text: text[:end], pos: start, values: true}
	for {
		before := d
		if !d.next() {
			return 0, 0, false
		}
		if before.takes(&d) {
			return before.pos, d.from, true
		}
	}
}

// defineWords reads the text of a DEFINE word by word.
type defineWords struct {
	text      string
	from, pos int    // of the word
	word      string // in lower case
	lone      int    // up to where quotation marks have no partner
	newLine   bool   // it is the first of its line
	depth     int    // of parentheses
	values    bool   // all words so far may be of a list of values
	value     bool   // the word is a value that is no name
	open      bool   // a statement of several parts is open: IF, CALL, SUBROUTINE
}

// next goes on to the next word, false at the end.
func (d *defineWords) next() bool {
	from := skipBlank(d.text, d.pos)
	if from >= len(d.text) {
		return false
	}
	d.newLine = strings.Contains(d.text[d.pos:from], "\n")
	d.from, d.pos = from, from+1
	b := d.text[from]
	switch {
	case isLetter(b) || isDigit(b):
		for d.pos < len(d.text) && (isName(d.text[d.pos]) || strings.IndexByte(".-!", d.text[d.pos]) >= 0) {
			d.pos++
		}
	case b == '"' || b == '\'':
		if from < d.lone {
			break
		}
		if end := quoted(d.text, from); end > 0 {
			d.pos = end
		} else {
			d.lone = lineEnd(d.text, from)
		}
	}
	d.word = strings.ToLower(d.text[from:d.pos])
	d.value = isDigit(b) || b == '\''
	d.values = d.values && (d.value || isLetter(b) && !statementBegins[d.word] || strings.IndexByte("(),/&:", b) >= 0)
	switch {
	case b == '(':
		d.depth++
	case b == ')':
		d.depth = max(0, d.depth-1)
	case b == ';' || b == '}':
		d.open = false
	case d.word == "if" || d.word == "call" || d.word == "subroutine" || d.word == "else":
		d.open = true
	}
	return true
}

// takes reports whether the word after d's, which is in next, begins another
// statement.
func (d *defineWords) takes(next *defineWords) bool {
	complete := d.pos > d.from && (isName(d.text[d.pos-1]) || strings.IndexByte(`)"'`, d.text[d.pos-1]) >= 0)
	if d.word == "" || !complete || d.depth > 0 || d.open || statementBegins[d.word] && d.word != "count" && d.word != "ignore" && d.word != "nomatch" {
		return false
	}
	isValue := d.values && (d.value || d.word == ")")
	switch {
	case statementBegins[next.word] && next.newLine:
		// A condition may have its SAVE with it.
		return next.word != "save" || skipBlank(next.text, next.pos) < len(next.text)
	case declarations[next.word]:
		return isValue
	case next.newLine && isValue:
		return isLetter(next.word[0]) || next.word == "{"
	}
	return false
}

// unused warns of DEFINEs of the program's own file that have no effect. A file
// that is included may define more than a program needs.
func (c *compiler) unused() {
	named := make(map[string]bool) // in the text of other DEFINEs
	last := make(map[string]*macro)
	for _, m := range c.macros {
		last[m.name] = m
		if m.standard {
			continue
		}
		d := defineWords{text: m.text}
		for d.next() {
			if d.word != m.name {
				named[d.word] = true
			}
		}
	}
	for _, m := range c.macros {
		if !m.used && !m.standard && m.at.file == 0 && m.at.macro == 0 && !named[m.name] && last[m.name] == m {
			c.warnf(m.at, "", "DEFINE %s is never used", m.name)
		}
	}
}

// swallow reports the statement that DEFINE name has taken in.
func (s *scanner) swallow(name string, stop, at int) {
	where := s.here(at)
	line := s.c.files[where.file].Line(int(where.offset) - 1)
	s.c.errorf(s.here(stop), "write ';' here: the text goes on to the first ';'; a ';' inside it is written \\;",
		"DEFINE %s has no ';' at its end: it takes in the statement of line %d", name, line)
}
