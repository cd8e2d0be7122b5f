package srl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"netramet/ruleset"
)

// scanner turns the source into tokens: it drops comments, expands macros,
// follows includes, and reads addresses, which look like names, numbers and
// labels ("FF-FF", "dead::1", "1:2::3"), only where an operand may stand.
type scanner struct {
	c        *compiler
	frames   []frame
	macros   map[string]*macro
	scanned  int // octets of macro and include text, against MaxExpansion
	includes int // INCLUDEs carried out, against MaxIncludes

	operand bool // an operand may stand here
	lists   int  // operand lists that are open
}

// frame is a text being scanned: a file, or the text of a macro.
type frame struct {
	text  string
	pos   int
	file  int32
	use   place  // of the macro's use; files: unused
	macro *macro // nil: a file
}

// fileFrame begins a file, behind the byte-order mark that some editors write.
func fileFrame(text string, file int32) frame {
	return frame{text: text, pos: len(text) - len(strings.TrimPrefix(text, "\uFEFF")), file: file}
}

// scan fills c.toks, the last token being the end of the program. It returns
// false if what follows would make no sense.
func (c *compiler) scan(file string, src []byte) bool {
	s := &scanner{c: c, macros: make(map[string]*macro)}
	c.files = append(c.files, &source{Text: ruleset.Text{Name: file}})
	if len(src) > MaxSource {
		c.errorf(place{}, "", "the file has more than %d octets", MaxSource)
		return false
	}
	c.files[0].Body = string(src)
	s.frames = append(s.frames, fileFrame(c.files[0].Body, 0))
	if c.alone { // the usual names are there
		c.files = append(c.files, &source{ruleset.Text{Name: standardFile, Body: standardText}, true})
		s.frames = append(s.frames, fileFrame(standardText, 1))
	}
	for s.step() {
		switch {
		case len(c.toks) > MaxTokens:
			// By its place from the end: an index as large as MaxTokens is more
			// than the assembler for arm64 takes.
			c.errorf(c.toks[len(c.toks)-1].at, "", "the program has more than %d words and signs", MaxTokens)
			return false
		case c.errors > maxDiags:
			return false
		}
	}
	if c.errors > 0 && len(s.frames) > 0 {
		return false
	}
	c.toks = append(c.toks, token{kind: tokEOF, at: c.behindLast(len(src))})
	c.markWords()
	return true
}

// behindLast is where the program ends: right behind its last token, so that
// what is missing there is not shown on an empty line further down.
func (c *compiler) behindLast(size int) place {
	if len(c.toks) == 0 {
		return place{offset: int32(size) + 1}
	}
	return c.behind(c.toks[len(c.toks)-1])
}

// behind is the place right behind token t, behind a macro's name if t is of
// its text.
func (c *compiler) behind(t token) place {
	if t.at.macro == 0 {
		t.at.offset += int32(len(t.text))
		return t.at
	}
	t.at.macro = 0
	text := c.files[t.at.file].Body
	for int(t.at.offset) <= len(text) && isName(text[t.at.offset-1]) {
		t.at.offset++
	}
	return t.at
}

// here is the place of offset pos in the topmost frame.
func (s *scanner) here(pos int) place {
	f := &s.frames[len(s.frames)-1]
	if f.macro != nil {
		return place{file: f.use.file, offset: f.use.offset, macro: f.macro.number}
	}
	return place{file: f.file, offset: int32(pos) + 1}
}

// step reads one token or directive, or ends a frame. It returns false at the
// end, and with frames left where a limit was passed.
func (s *scanner) step() bool {
	f := &s.frames[len(s.frames)-1]
	f.pos = skipBlank(f.text, f.pos)
	if f.pos >= len(f.text) {
		s.frames = s.frames[:len(s.frames)-1]
		return len(s.frames) > 0
	}
	switch b := f.text[f.pos]; {
	case isLetter(b):
		return s.word(f)
	case isDigit(b) || b == ':' && s.operand && strings.HasPrefix(f.text[f.pos:], "::"):
		s.number(f)
	case b == '\'':
		s.character(f)
	case b == '"':
		s.str(f)
	default:
		s.punct(f)
	}
	return true
}

// add appends the token f.text[f.pos:end] and moves on.
func (s *scanner) add(f *frame, kind int, end int) {
	t := token{at: s.here(f.pos), text: f.text[f.pos:end]}
	switch kind {
	case kindWord:
		t.text = strings.ToLower(t.text)
		t.kind = tokIdent
		if keywords[t.text] {
			t.kind = tokKeyword
		} else if _, ok := isAttribute(t.text); ok {
			t.kind = tokAttr
		}
	case kindNumber:
		t.kind = tokInt
		if strings.ContainsAny(t.text, ".-!:") {
			t.kind = tokValue
		}
	case kindValue:
		t.kind = tokValue
	case kindString:
		t.kind = tokString
	case kindPunct:
		t.kind = tokPunct
	}
	f.pos = end
	s.c.toks = append(s.c.toks, t)
	s.track(t)
}

const (
	kindWord = iota
	kindNumber
	kindValue
	kindString
	kindPunct
)

// track follows where operands may stand.
func (s *scanner) track(t token) {
	if t.kind != tokPunct {
		s.operand = false
		return
	}
	switch t.text {
	case "==", "=", ":=", "&", "!=", "<=", ">=", "<", ">":
		s.operand = true
	case "(":
		if s.operand || s.lists > 0 {
			s.lists++
			s.operand = true
		}
	case ",":
		s.operand = s.lists > 0
	case ")":
		s.lists = max(0, s.lists-1)
		s.operand = false
	case ";", "{", "}":
		s.lists, s.operand = 0, false
	default:
		s.operand = false
	}
}

// word reads a name: a keyword, a directive, a macro, or, in an operand, an
// address that begins with a letter.
func (s *scanner) word(f *frame) bool {
	end := f.pos + 1
	for end < len(f.text) && isName(f.text[end]) {
		end++
	}
	if s.operand && end < len(f.text) && isHexAddress(f.text[f.pos:end], f.text[end]) {
		s.number(f)
		return true
	}
	if end-f.pos > MaxName {
		s.c.errorf(s.here(f.pos), "", "a name has more than %d octets", MaxName)
		s.add(f, kindWord, f.pos+MaxName)
		f.pos = end
		return true
	}
	name := strings.ToLower(f.text[f.pos:end])
	if name == "define" {
		return s.define(f, end)
	}
	if m := s.macros[name]; m != nil && (s.operand || !m.standard) {
		return s.expand(f, m, end)
	}
	if name == "include" && s.atStatement() {
		if next := skipBlank(f.text, end); next == len(f.text) || f.text[next] != ':' {
			return s.include(f, next)
		}
	}
	s.add(f, kindWord, end)
	return true
}

// isHexAddress reports whether a name in an operand, followed by next, begins
// an address: "FF-..." or "fe80:...".
func isHexAddress(name string, next byte) bool {
	most := map[byte]int{'-': 2, ':': 4}[next]
	if len(name) > most {
		return false
	}
	for i := range len(name) {
		if !isHex(name[i]) {
			return false
		}
	}
	return true
}

// number reads a number or address. Only in an operand may it hold colons:
// elsewhere they end the number of a CALL's statement.
func (s *scanner) number(f *frame) {
	end := f.pos
	for end < len(f.text) {
		b := f.text[end]
		if !isName(b) && b != '.' && b != '!' && b != '-' && !(b == ':' && s.operand) {
			break
		}
		if b == ':' && end+1 < len(f.text) && f.text[end+1] == '=' {
			break
		}
		end++
	}
	s.add(f, kindNumber, end)
}

// character reads a character constant. What is between the marks is checked
// when the value is read.
func (s *scanner) character(f *frame) {
	end := quoted(f.text, f.pos)
	if end < 0 {
		s.c.errorf(s.here(f.pos), "write 'W' or '\\n'", "the character constant has no end")
		end = lineEnd(f.text, f.pos)
	}
	s.add(f, kindValue, end)
}

// str reads a string.
func (s *scanner) str(f *frame) {
	end := quoted(f.text, f.pos)
	if end < 0 {
		s.c.errorf(s.here(f.pos), "a string ends on the line where it begins", "the string has no end")
		end = lineEnd(f.text, f.pos)
	}
	s.add(f, kindString, end)
}

// quoted returns the end of the text in quotation marks that begins at pos, -1
// if it does not end on its line.
func quoted(text string, pos int) int {
	for i := pos + 1; i < len(text) && text[i] != '\n'; i++ {
		switch text[i] {
		case '\\':
			i++
		case text[pos]:
			if i > pos+1 || text[pos] == '"' {
				return i + 1
			}
		}
	}
	return -1
}

var puncts = []string{"==", ":=", "&&", "||", ";", ":", ",", "(", ")", "{", "}", "/", "&", "="}

// conditionPuncts are the signs that conditions by themselves have besides.
var conditionPuncts = []string{"!=", "<=", ">=", "<", ">", "!"}

func (s *scanner) punct(f *frame) {
	for _, p := range puncts {
		if strings.HasPrefix(f.text[f.pos:], p) {
			s.add(f, kindPunct, f.pos+len(p))
			return
		}
	}
	for _, p := range conditionPuncts {
		if s.c.alone && strings.HasPrefix(f.text[f.pos:], p) {
			s.add(f, kindPunct, f.pos+len(p))
			return
		}
	}
	r := []rune(f.text[f.pos:min(len(f.text), f.pos+4)])[0]
	hint := map[rune]string{
		'|':  "OR is written ||",
		'!':  "SRL has no 'not': turn the branches of IF round",
		'<':  "SRL has no ranges: a mask tests a range, e.g. == 0/6 for ports below 1024",
		'>':  "SRL has no ranges: a mask tests a range, e.g. == 0/6 for ports below 1024",
		'_':  "a name starts with a letter",
		'\\': "\\; stands for ; in the text of a DEFINE only",
		'[':  listHint,
		'*':  "a network is written with its width, as 192.168.1/24",
		'-':  "'-' stands inside hexadecimal values only, as FF-0A",
		'.':  "addresses are written as numbers, not as names",
	}[r]
	if r == '*' && (f.pos > 0 && f.text[f.pos-1] == '/' || strings.HasPrefix(f.text[f.pos:], "*/")) {
		hint = commentHint
	}
	if inside, _, ok := strings.Cut(f.text[f.pos:min(len(f.text), f.pos+50)], "]"); ok && r == '[' && strings.Count(inside, ":") > 1 {
		hint = "an IPv6 address has no brackets"
	}
	if toks := s.c.toks; len(toks) >= 2 && toks[len(toks)-2].text == "set" && toks[len(toks)-1].kind != tokString {
		hint = "such a name stands in quotation marks"
	}
	s.c.errorf(s.here(f.pos), hint, "%s is no sign of SRL", describeRune(r))
	// The whole run of such signs is one mistake.
	for f.pos++; f.pos < len(f.text) && !isPlain(f.text[f.pos]); f.pos++ {
	}
}

func describeRune(r rune) string {
	if unicode.IsPrint(r) && r != utf8.RuneError {
		return fmt.Sprintf("'%c'", r)
	}
	return fmt.Sprintf("character %#x", r)
}

// isPlain reports whether b may begin a token, a comment or white space.
func isPlain(b byte) bool {
	return isName(b) || isSpace(b) || strings.IndexByte("#'\"=:&;,(){}/", b) >= 0
}

// atStatement reports whether the token to come begins a statement.
func (s *scanner) atStatement() bool { return beginsStatement(s.c.toks, len(s.c.toks)) }

func beginsStatement(toks []token, i int) bool {
	if i == 0 {
		return true
	}
	t := toks[i-1]
	return t.is(";") || t.is("{") || t.is("}")
}

// The words that markWords makes, which no source can spell.
const (
	wordElseIf   = "else if"
	wordBareSave = "save!" // IF's own SAVE: followed by ";" or ","
)

// markWords looks one token ahead where the grammar would have to: ELSE IF
// becomes one word (so that a chain of thousands is a list, not a nest), the
// SAVE of an IF is told from a SAVE statement, and NeTraMet's statements are
// found.
func (c *compiler) markWords() {
	out := c.toks[:0]
	for i := 0; i < len(c.toks); i++ {
		t := c.toks[i]
		if i+1 < len(c.toks) {
			next := c.toks[i+1]
			switch {
			case t.is("else") && next.is("if"):
				t.text = wordElseIf
				i++
			case t.is("save") && (next.is(";") || next.is(",")):
				t.text = wordBareSave
			case t.kind == tokIdent && statementWords[t.text] && beginsStatement(out, len(out)) && !next.is(":"):
				t.kind = tokKeyword
			}
		}
		out = append(out, t)
	}
	c.toks = out
}

// skipBlank passes over white space and comments.
func skipBlank(text string, pos int) int {
	for pos < len(text) {
		switch {
		case isSpace(text[pos]):
			pos++
		case text[pos] == '#':
			pos = lineEnd(text, pos)
		default:
			return pos
		}
	}
	return pos
}

func lineEnd(text string, pos int) int {
	if i := strings.IndexByte(text[pos:], '\n'); i >= 0 {
		return pos + i
	}
	return len(text)
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
func isDigit(b byte) bool  { return '0' <= b && b <= '9' }
func isName(b byte) bool   { return isLetter(b) || isDigit(b) || b == '_' }
func isHex(b byte) bool    { return isDigit(b) || 'a' <= b|0x20 && b|0x20 <= 'f' }
func isSpace(b byte) bool  { return b == ' ' || '\t' <= b && b <= '\r' }
