package srl

import (
	"errors"
	"slices"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"netramet/ruleset"
)

// parse reads the program, statement by statement. After a mistake the tokens
// are mended (a missing semicolon is put in, else the statement is dropped)
// and the same place is read again, so that one run finds several mistakes.
func (c *compiler) parse() []*unitNode {
	if !c.checkSize() {
		return nil
	}
	p, err := parser()
	if err != nil {
		c.errorf(place{}, "", "internal error: %v", err)
		return nil
	}
	var units []*unitNode
	scanned := len(c.found) // messages of the scanner
	lex := c.stream(0)
	for mends := 0; c.errors < ruleset.MaxDiags && mends < maxMends; {
		start := lex.Peek().Pos.Offset
		if c.toks[start].kind == tokEOF {
			break
		}
		u, err := p.ParseFromLexer(lex, participle.AllowTrailing(true))
		if err == nil {
			units = append(units, u)
			continue
		}
		at := start
		var perr participle.Error
		if errors.As(err, &perr) {
			at = max(start, perr.Position().Offset)
		}
		mends++
		if !c.mend(start, at, scanned) {
			break
		}
		lex = c.stream(start)
	}
	return units
}

func (c *compiler) stream(from int) *lexer.PeekingLexer {
	lex, _ := lexer.Upgrade(&stream{toks: c.toks, next: from}) // a stream has no errors
	return lex
}

// checkSize refuses programs so nested that reading them would need a deep
// stack (participle and the later stages are recursive), and programs of more
// statements than any rule set has room for.
func (c *compiler) checkSize() bool {
	var n nesting
	ended := 0
	for _, t := range c.toks {
		n.next(t)
		if n.ended {
			ended++
		}
		switch {
		case len(n.open) > MaxNesting:
			c.errorf(t.at, "", "blocks, parentheses, calls and IFs are more than %d deep", MaxNesting)
			return false
		case ended > MaxStatements:
			c.errorf(t.at, "", "the program has more than %d statements", MaxStatements)
			return false
		}
	}
	return true
}

// nesting follows what is open at each token.
type nesting struct {
	open  []nest // the innermost last
	ended bool   // the token before has ended a statement
}

type nest uint8

const (
	nestBracket nest = iota // a bracket, CALL or SUBROUTINE
	nestIf                  // an IF whose ELSE may still come
	nestElse                // an IF whose ELSE has begun
)

// next takes one token. The end of a statement is the end of the IFs around it
// too, unless an ELSE follows.
func (n *nesting) next(t token) {
	if n.ended && !t.is("else") && !t.is(wordElseIf) {
		n.drop(nestIf, nestElse)
	}
	n.ended = t.is(";") || t.is("}")
	if t.kind != tokKeyword && t.kind != tokPunct {
		return
	}
	switch t.text {
	case "{", "(", "call", "subroutine":
		n.open = append(n.open, nestBracket)
	case "}", ")", "endcall", "endsub":
		n.drop(nestIf, nestElse)
		n.open = n.open[:max(0, len(n.open)-1)]
	case "if":
		n.open = append(n.open, nestIf)
	case "else", wordElseIf: // of the innermost IF that has none
		n.drop(nestElse)
		if last := len(n.open) - 1; last >= 0 && t.text == "else" && n.open[last] == nestIf {
			n.open[last] = nestElse
		}
	}
}

// drop closes the innermost ones as long as they are of these kinds.
func (n *nesting) drop(kinds ...nest) {
	for len(n.open) > 0 && slices.Contains(kinds, n.open[len(n.open)-1]) {
		n.open = n.open[:len(n.open)-1]
	}
}

// maxMends bounds how often tokens are mended, which takes time in proportion
// to the program.
const maxMends = 5 * ruleset.MaxDiags

// mend reports the mistake at token at, in the unit that begins at start, and
// changes the tokens so that reading can go on from start. It returns false
// where it cannot. Where the scanner, with one of the first scanned messages,
// has found fault with the statement already, nothing is reported.
func (c *compiler) mend(start, at, scanned int) bool {
	m := c.explain(start, at)
	blamed := c.blamed(c.toks[c.statementStart(start, at)].at, c.toks[at].at, scanned)
	if !blamed {
		where := c.toks[m.at].at
		if m.missing || m.behind { // shown where it is to be written
			where = c.behind(c.toks[m.at-1])
		}
		c.errorf(where, m.hint, "%s", m.text)
	}
	semicolon := token{kind: tokPunct, text: ";", at: c.toks[at].at}
	if m.missing && !blamed {
		// markWords could not see that a statement begins here.
		if word := &c.toks[at]; word.kind == tokIdent && statementWords[word.text] && !c.toks[at+1].is(":") {
			if word.text == "include" {
				return false // what follows needs what the file defines
			}
			word.kind = tokKeyword
		}
		c.toks = append(c.toks[:at], append([]token{semicolon}, c.toks[at:]...)...)
		return true
	}
	if c.toks[at].kind == tokEOF {
		return false
	}
	from := c.statementStart(start, at)
	end := c.statementEnd(from, at)
	for c.toks[end].is("else") || c.toks[end].is(wordElseIf) {
		end = c.statementEnd(end, end+1)
	}
	c.toks = append(c.toks[:from], append([]token{semicolon}, c.toks[end:]...)...)
	return true
}

// blamed reports whether one of the first n messages is an error between two
// places.
func (c *compiler) blamed(from, to place, n int) bool {
	for _, f := range c.found[:n] {
		if f.diag.Severity == ruleset.Error && f.at.file == from.file && f.at.file == to.file &&
			from.offset <= f.at.offset && f.at.offset <= to.offset {
			return true
		}
	}
	return false
}

// statementStart is the first token of the statement that token at is in.
func (c *compiler) statementStart(start, at int) int {
	i := at
	for i > start {
		p := c.toks[i-1]
		numbered := p.is(":") && i >= 2 && c.toks[i-2].kind == tokInt
		if p.is(";") || p.is("{") || p.is("}") || numbered {
			break
		}
		i--
	}
	return i
}

// statementEnd is the token after the statement that begins at from and is
// wrong at at. It is always after from.
func (c *compiler) statementEnd(from, at int) int {
	stop := ""
	switch {
	case c.toks[from].is("subroutine"):
		stop = "endsub"
	case c.toks[from].is("call"):
		stop = "endcall"
	}
	depth := 0
	i := max(at, from)
	if i == from {
		// The wrong token begins the statement. An opening brace counts.
		if !c.toks[i].is("{") && c.toks[i].kind != tokEOF {
			i++
			if c.toks[from].is("}") || c.toks[from].is(";") {
				return i
			}
		}
	}
	for ; c.toks[i].kind != tokEOF; i++ {
		t := c.toks[i]
		switch {
		case stop != "":
			if t.is(stop) {
				stop = ""
			}
		case t.is("{"):
			depth++
		case t.is("}"):
			if depth == 0 {
				return max(i, from+1)
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case depth > 0:
		case t.is(";"):
			return i + 1
		case t.is("endsub") || t.is("endcall"):
			if i > from {
				return i
			}
		}
	}
	return i
}
