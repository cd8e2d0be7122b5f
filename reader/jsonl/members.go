package jsonl

import "errors"

var errNoObject = errors.New("it is no object of JSON on one line")

// members goes through the members of an object, whose values it takes as they stand.
type members struct {
	text        []byte
	at          int
	name, value []byte
	bad         bool
}

// next goes to the next member; false behind the last, and where something is wrong.
func (s *members) next() bool {
	sign := s.sign()
	if s.at == 1 && sign == '{' {
		if s.sign() == '}' {
			return s.over()
		}
		s.at--
	} else if sign == '}' {
		return s.over()
	} else if sign != ',' {
		return s.fail()
	}
	if s.sign() != '"' {
		return s.fail()
	}
	from := s.at
	if !s.str() {
		return s.fail()
	}
	s.name = s.text[from : s.at-1]
	if s.sign() != ':' {
		return s.fail()
	}
	s.blanks()
	from = s.at
	if !s.skip() || s.at == from {
		return s.fail()
	}
	s.value = s.text[from:s.at]
	return true
}

func (s *members) fail() bool { s.bad = true; return false }

// over: nothing but blanks may follow the object.
func (s *members) over() bool {
	s.blanks()
	s.bad = s.at < len(s.text)
	return false
}

func (s *members) blanks() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\r' || s.text[s.at] == '\n') {
		s.at++
	}
}

// sign takes the next character; 0 if there is none.
func (s *members) sign() byte {
	if s.blanks(); s.at == len(s.text) {
		return 0
	}
	s.at++
	return s.text[s.at-1]
}

// str goes behind the string whose first quote was taken.
func (s *members) str() bool {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
		s.at++
	}
	s.at = min(s.at, len(s.text))
	return false
}

// skip goes behind a value: a string, a list or object, or a word.
func (s *members) skip() bool {
	depth := 0
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '"':
			if s.at++; !s.str() {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return c == '}' // the end of the object
			}
			if depth--; depth == 0 {
				s.at++
				return true
			}
		case ',':
			if depth == 0 {
				return true
			}
		}
		s.at++
	}
	return false
}
