package srl

import (
	"github.com/alecthomas/participle/v2/lexer"

	"netramet/mib"
	"netramet/ruleset"
)

// place is where a token stands in the source: for tokens of a macro's text,
// where the macro is used. The zero place means a file as a whole; no token
// has it, because offsets count from 1.
type place struct {
	file   int32 // index in compiler.files
	offset int32 // octets from the start of the file, from 1
	macro  int32 // 1 + index in compiler.macros of the text it is in; 0 none
}

// The kinds of tokens.
const (
	tokEOF     = lexer.EOF
	tokIdent   = lexer.TokenType(1) // a name that is not reserved, in lower case
	tokKeyword = lexer.TokenType(2) // in lower case
	tokAttr    = lexer.TokenType(3) // an attribute's name, in lower case
	tokValue   = lexer.TokenType(4) // a value that is more than a plain number
	tokInt     = lexer.TokenType(5) // decimal digits
	tokString  = lexer.TokenType(6) // with its quotation marks
	tokPunct   = lexer.TokenType(7)
)

// token is one token after macro expansion.
type token struct {
	kind lexer.TokenType
	text string
	at   place
}

// is reports whether t is the keyword or punctuation text.
func (t token) is(text string) bool {
	return t.text == text && (t.kind == tokKeyword || t.kind == tokPunct)
}

// String describes t in messages.
func (t token) String() string {
	switch {
	case t.kind == tokEOF:
		return "end of the program"
	case t.is(wordElseIf):
		return "'else'"
	case t.is(wordBareSave):
		return "'save'"
	case t.kind == tokString:
		return "string " + t.text
	case t.kind == tokAttr:
		return "'" + t.name() + "'"
	case len(t.text) > 40:
		return "'" + t.text[:40] + "...'"
	case t.kind == tokValue && t.text[0] == '\'':
		return t.text
	}
	return "'" + t.text + "'"
}

// name is t's text, an attribute's as it is usually written.
func (t token) name() string {
	if a, ok := mib.Lookup(t.text); ok && t.kind == tokAttr {
		return a.String()
	}
	return t.text
}

// keywords are RFC 2723's. Not among them: the statements NeTraMet adds, which
// are words of their own only where a statement begins, so that they may
// still name labels and subroutines.
var keywords = map[string]bool{
	"address": true, "call": true, "count": true, "define": true, "else": true,
	"endcall": true, "endsub": true, "exit": true, "if": true, "ignore": true,
	"nomatch": true, "return": true, "save": true, "store": true,
	"subroutine": true, "variable": true,
}

// statementWords begin NeTraMet's statements.
var statementWords = map[string]bool{
	"set": true, "format": true, "statistics": true, "optimise": true,
	"optimize": true, "include": true,
}

// isAttribute reports whether name is reserved as an attribute's. Null, the
// bit set of distributions and the meter variables have no use in SRL and are
// ordinary names.
func isAttribute(name string) (mib.Attr, bool) {
	a, ok := mib.Lookup(name)
	if !ok || a == mib.AttrNull || a == mib.AttrDistributions || a.IsVariable() {
		return 0, false
	}
	return a, true
}

// source is one file.
type source struct {
	ruleset.Text
	standard bool // the embedded standard.srl
}
