package ruleset

import (
	"strings"

	"netramet/mib"
)

// LooksLikeRules tells low-level rule text from SRL by the first thing in it
// that only one of the two languages has: an attribute with a mask where no
// SRL statement stands, or an SRL keyword. It is false for text that has
// neither; what it says of text in neither language means nothing.
func LooksLikeRules(src []byte) bool {
	format := false // in a FORMAT, where a mistaken A/B is no width
	s := newScanner(&Text{Body: string(src[:min(len(src), MaxSource)])})
	for !s.end() {
		if s.text[s.pos] == '"' {
			s.skipQuoted()
			continue
		}
		word := s.word()
		if word == "" {
			format = format && s.text[s.pos] != ';'
			s.pos++
			continue
		}
		switch strings.ToLower(word) {
		case "rules":
			if s.peek() != ':' { // else it is a label
				return true
			}
		case "format":
			format = true
		case "set": // the name that follows says nothing, whatever word it is
			if s.peek() != '"' {
				s.word()
			}
			continue
		case "if", "save", "store", "count", "ignore", "nomatch", "define", "call", "subroutine", "exit", "else":
			if s.peek() != ':' { // else it is a label
				return false
			}
		}
		if _, ok := mib.Lookup(word); !ok {
			continue
		}
		switch s.peek() {
		case '&':
			return true
		case '/':
			if !format {
				return true
			}
		case '=':
			return !strings.HasPrefix(s.text[s.pos:], "==")
		}
	}
	return false
}
