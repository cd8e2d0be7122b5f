package ruleset

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"netramet/mib"
)

// scanner cuts rule text into pieces. It works on demand, since what a piece
// of text is depends on where it stands: "2001:db8::" is a value after '=',
// and a label in front of a rule.
type scanner struct {
	file *Text
	text string
	pos  int
}

func newScanner(f *Text) *scanner {
	return &scanner{file: f, text: f.Body, pos: len(f.Body) - len(strings.TrimPrefix(f.Body, "\uFEFF"))}
}

func (s *scanner) here() place { return place{s.file, int32(s.pos)} }

// space goes on to the next octet that is neither white space nor comment.
func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r', '\f', '\v':
			s.pos++
		case '#':
			i := strings.IndexByte(s.text[s.pos:], '\n')
			if i < 0 {
				s.pos = len(s.text)
				return
			}
			s.pos += i + 1
		default:
			return
		}
	}
}

// peek returns the next octet after white space, 0 at the end of the text.
func (s *scanner) peek() byte {
	s.space()
	if s.pos == len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

func (s *scanner) end() bool {
	s.space()
	return s.pos == len(s.text)
}

// accept steps over c if that comes next.
func (s *scanner) accept(c byte) bool {
	if s.end() || s.text[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

// newLine reports whether only white space or a comment stands between here
// and the end of the line, or of the text.
func (s *scanner) newLine() bool {
	rest := strings.TrimLeft(s.text[s.pos:], " \t\r\f\v")
	return rest == "" || rest[0] == '\n' || rest[0] == '#'
}

func isWordOctet(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' ||
		c == '_' || c == '.' || c == '-' || c == '!'
}

// word takes letters, digits and "_.-!"; it is "" if none comes next.
func (s *scanner) word() string {
	s.space()
	start := s.pos
	for s.pos < len(s.text) && isWordOctet(s.text[s.pos]) {
		s.pos++
	}
	return s.text[start:s.pos]
}

// peekWord returns the next word, and the octet that follows it and its white
// space, without taking either.
func (s *scanner) peekWord() (word string, next byte) {
	s.space()
	start := s.pos
	word = s.word()
	next = s.peek()
	s.pos = start
	return word, next
}

// what describes the next piece of text for a message.
func (s *scanner) what() string {
	if s.end() {
		return "the end of the file"
	}
	word, _ := s.peekWord()
	if word == "" {
		c, _ := utf8.DecodeRuneInString(s.text[s.pos:])
		return fmt.Sprintf("%q", c)
	}
	if len(word) > 40 {
		word = word[:40] + "..."
	}
	return fmt.Sprintf("%q", word)
}

// skipStatement goes behind the next ';'. It steps over comments and strings.
func (s *scanner) skipStatement() {
	for !s.end() {
		c := s.text[s.pos]
		if c == '"' {
			s.skipQuoted()
			continue
		}
		s.pos++
		if c == ';' {
			return
		}
	}
}

// skipQuoted steps over the string that begins here; without an end, over the
// rest of the line, which then has none to offer.
func (s *scanner) skipQuoted() {
	if _, ok := s.quoted('"'); ok {
		return
	}
	i := strings.IndexByte(s.text[s.pos:], '\n')
	if i < 0 {
		i = len(s.text) - s.pos
	}
	s.pos += i
}

// quoted takes a string with its quotes; it may not go on over the line's
// end. ok is false, and nothing taken, if none comes next.
func (s *scanner) quoted(quote byte) (text string, ok bool) {
	if s.peek() != quote {
		return "", false
	}
	for i := s.pos + 1; i < len(s.text) && s.text[i] != '\n'; i++ {
		switch s.text[i] {
		case '\\':
			i++
			if i < len(s.text) && s.text[i] == '\n' {
				return "", false
			}
		case quote:
			text = s.text[s.pos : i+1]
			s.pos = i + 1
			return text, true
		}
	}
	return "", false
}

// value takes the text of a mask or value of attribute a. Colons belong to
// IPv6 addresses, but the last one may be that which ends the value; so the
// longest text is taken that is a value. If there is none, the text up to the
// first colon is taken, for a message.
func (s *scanner) value(a mib.Attr) string {
	if s.peek() == '\'' {
		if text, ok := s.quoted('\''); ok {
			return text
		}
	}
	start := s.pos
	end := start
	for end < len(s.text) && end-start <= maxValueText && (isWordOctet(s.text[end]) || s.text[end] == ':') {
		end++
	}
	run := s.text[start:end]
	if len(run) >= 17 && isColonMAC(run[:17]) && (len(run) < 19 || !isHexDigit(run[18])) {
		s.pos += 17
		return run[:17]
	}
	if i := strings.IndexByte(run, ':'); i >= 0 && i == strings.LastIndexByte(run, ':') {
		run = run[:i] // no IPv6 address has just one
	}
	for cut := len(run); cut > 0; cut = strings.LastIndexByte(run[:cut], ':') {
		if isValue(a, run[:cut]) {
			s.pos += cut
			return run[:cut]
		}
	}
	s.word()
	return s.text[start:s.pos]
}

func isValue(a mib.Attr, text string) bool {
	if _, ok := NamedValue(a, text); ok {
		return true
	}
	_, err := ParseLiteral(text)
	return err == nil
}
