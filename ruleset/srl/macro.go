package srl

import (
	_ "embed"
	"errors"
	"strings"
	"sync"

	"netramet/ruleset"
)

//go:embed standard.srl
var standardText string

// maxPath bounds the name of an included file, which messages repeat.
const maxPath = 4096

// standardFile is the name of the embedded include file.
const standardFile = "standard.srl"

var errNoOpen = errors.New("there are no files to include here but \"" + standardFile + "\"")

// macro is one DEFINE.
type macro struct {
	name     string
	text     string
	at       place
	number   int32 // 1 + index in compiler.macros
	used     bool
	standard bool // from standard.srl: stands for a value, in operands only
}

// define reads "DEFINE name = text ;" (RFC 2723 §2.1); pos is behind the word.
func (s *scanner) define(f *frame, pos int) bool {
	at := s.here(f.pos)
	start := skipBlank(f.text, pos)
	end := start
	for end < len(f.text) && isName(f.text[end]) {
		end++
	}
	nameAt := s.here(start)
	name := strings.ToLower(f.text[start:end])
	eq := skipBlank(f.text, end)
	ok := false
	switch {
	case name == "" || !isLetter(name[0]):
		s.c.errorf(nameAt, "define NAME = text;", "DEFINE needs a name that starts with a letter")
	case len(name) > MaxName:
		s.c.errorf(nameAt, "", "a name has more than %d octets", MaxName)
	case keywords[name]:
		s.c.errorf(nameAt, "choose another name", "'%s' is a reserved word and cannot be defined", name)
	case isReservedAttr(name):
		s.c.errorf(nameAt, "choose another name", "'%s' is the name of an attribute and cannot be defined", name)
	case eq >= len(f.text) || f.text[eq] != '=':
		s.c.errorf(s.here(min(eq, len(f.text))), "define NAME = text;", "expected '=' after DEFINE %s", name)
	default:
		ok = true
	}
	if eq < len(f.text) && f.text[eq] == '=' {
		eq++
	}
	text, next, ended := definedText(f.text, eq)
	if stop, at, some := swallowed(f.text, eq, next-1); some && ended && ok && f.macro == nil {
		s.swallow(name, stop, at)
		text, _, _ = definedText(f.text[:stop]+";", eq)
		next = stop
	}
	if !ended && ok {
		s.c.errorf(at, "a DEFINE ends with ';'", "DEFINE %s has no end", name)
		ok = false
	}
	f.pos = next
	if ok {
		s.setMacro(&macro{name: name, text: text, at: nameAt, standard: s.inStandard()})
	}
	return true
}

func isReservedAttr(name string) bool {
	_, ok := isAttribute(name)
	return ok
}

func (s *scanner) setMacro(m *macro) {
	if old := s.macros[m.name]; old != nil && !old.standard && !m.standard && old.text != m.text {
		s.c.warnf(m.at, "", "%s is defined again, it was defined at %s", m.name, s.c.where(old.at))
	} else if old != nil && m.standard {
		return // the program's own definition stays, wherever the include stands
	}
	s.c.macros = append(s.c.macros, m)
	m.number = int32(len(s.c.macros))
	s.macros[m.name] = m
}

// inStandard reports whether the text being read is standard.srl's.
func (s *scanner) inStandard() bool {
	return s.c.files[s.frames[len(s.frames)-1].file].standard
}

// definedText is the text from pos to the semicolon that ends it, with
// comments dropped and \; made ; . next is behind the semicolon.
func definedText(text string, pos int) (out string, next int, ended bool) {
	var b strings.Builder
	var lone ['\'' + 1]int // up to where each quotation mark is known to stand alone
	for i := pos; i < len(text); i++ {
		switch text[i] {
		case ';':
			return strings.TrimSpace(b.String()), i + 1, true
		case '#':
			i = lineEnd(text, i) - 1
			b.WriteByte(' ')
		case '\\':
			if i+1 < len(text) && text[i+1] == ';' {
				i++
			}
			b.WriteByte(text[i])
		case '\'', '"':
			end := -1
			if i >= lone[text[i]] {
				if end = quoted(text, i); end < 0 {
					lone[text[i]] = lineEnd(text, i)
				}
			}
			if end < 0 {
				b.WriteByte(text[i])
				continue
			}
			b.WriteString(strings.ReplaceAll(text[i:end], `\;`, ";"))
			i = end - 1
		default:
			b.WriteByte(text[i])
		}
	}
	return "", len(text), false
}

// expand begins the text of macro m; end is behind its name.
func (s *scanner) expand(f *frame, m *macro, end int) bool {
	use := s.here(f.pos)
	m.used = true
	f.pos = end
	depth := 0
	for _, o := range s.frames {
		if o.macro == m {
			s.c.errorf(use, "a DEFINE may use other DEFINEs, but not itself", "%s is defined by itself", m.name)
			return true // without its text
		}
		if o.macro != nil {
			depth++
		}
	}
	if depth >= MaxMacros {
		s.c.errorf(use, "", "more than %d DEFINEs inside each other", MaxMacros)
		return false
	}
	if !s.spend(len(m.text)+1, use) {
		return false
	}
	s.frames = append(s.frames, frame{text: m.text, file: use.file, use: use, macro: m})
	return true
}

// spend counts text against MaxExpansion, so that DEFINEs that double each
// other end.
func (s *scanner) spend(n int, at place) bool {
	if s.scanned += n; s.scanned > MaxExpansion {
		s.c.errorf(at, "", "DEFINEs and includes make more than %d octets of text", MaxExpansion)
		return false
	}
	return true
}

// include follows `include "file";`; pos is at what is behind the word.
func (s *scanner) include(f *frame, pos int) bool {
	const usage = `include "file";`
	end := -1
	if strings.HasPrefix(f.text[pos:], `"`) {
		end = quoted(f.text, pos)
	}
	if end < 0 {
		s.c.errorf(s.here(pos), usage, "INCLUDE needs the name of a file in quotation marks")
		f.pos = lineEnd(f.text, pos)
		if semi := strings.IndexByte(f.text[pos:f.pos], ';'); semi >= 0 {
			f.pos = pos + semi + 1
		}
		return true
	}
	at := s.here(pos)
	name := f.text[pos+1 : end-1]
	f.pos = end
	if semi := skipBlank(f.text, end); semi < len(f.text) && f.text[semi] == ';' {
		f.pos = semi + 1
	} else {
		s.c.errorf(s.here(end), usage, "expected ';' after INCLUDE")
	}
	depth := 0
	for _, o := range s.frames {
		if o.macro == nil {
			depth++
		}
	}
	if depth >= MaxDepth {
		s.c.errorf(at, "does a file include itself?", "more than %d files inside each other", MaxDepth)
		return false
	}
	if s.includes++; s.includes > MaxIncludes {
		s.c.errorf(at, "", "more than %d includes", MaxIncludes)
		return false
	}
	if len(name) > maxPath {
		s.c.errorf(at, "", "the name of a file has more than %d octets", maxPath)
		return true
	}
	text, err := s.fetch(name)
	if err != nil {
		s.c.errorf(at, ruleset.DidYouMean(nearest(name, []string{standardFile})), "include: %v", err)
		return true
	}
	if len(text) > MaxSource {
		s.c.errorf(at, "", "%s has more than %d octets", name, MaxSource)
		return true
	}
	if !s.spend(len(text)+1, at) {
		return false
	}
	included := &source{ruleset.Text{Name: name, Body: text, From: s.c.origin(at)}, name == standardFile}
	if s.c.path != nil && !included.standard {
		included.Name = s.c.path(name)
	}
	s.c.files = append(s.c.files, included)
	s.frames = append(s.frames, fileFrame(text, int32(len(s.c.files)-1)))
	return true
}

func (s *scanner) fetch(name string) (string, error) {
	if name == standardFile {
		return standardText, nil
	}
	if s.c.open == nil {
		return "", errNoOpen
	}
	b, err := s.c.open(name)
	return string(b), err
}

// standardNames are the names that standard.srl defines, for hints.
var standardNames = sync.OnceValue(func() map[string]string {
	c := &compiler{}
	s := &scanner{c: c, macros: make(map[string]*macro)}
	c.files = []*source{{}, {ruleset.Text{Name: standardFile, Body: standardText}, true}}
	s.frames = []frame{{}, {text: standardText, file: 1}}
	for s.step() {
	}
	names := make(map[string]string, len(s.macros))
	for name, m := range s.macros {
		names[name] = m.text
	}
	return names
})
