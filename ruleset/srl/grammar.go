package srl

import (
	"errors"
	"io"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The grammar of RFC 2723 App. A, corrected where its diagrams and examples
// ask for more (any number of || and &&, operand lists inside each other),
// with NeTraMet's statements. Every choice is made on one token; markWords
// has made the two words that need it.
//
// Offset of a Pos is the index of a token in compiler.toks.

// unitNode is one statement or declaration of a program.
type unitNode struct {
	Sub    *subNode    `parser:"  @@"`
	Option *optionNode `parser:"| @@"`
	Stmt   *stmtNode   `parser:"| @@"`
}

type subNode struct {
	Pos    lexer.Position
	Name   wordNode     `parser:"'subroutine' @@"`
	Params []*paramNode `parser:"'(' ( @@ ( ',' @@ )* )? ')'"`
	Body   []*stmtNode  `parser:"@@*"`
	End    markNode     `parser:"@@"`
}

// markNode is the end of a subroutine; its Pos is where control falls off.
type markNode struct {
	Pos  lexer.Position
	Text string `parser:"@'endsub' ';'"`
}

type paramNode struct {
	Kind string   `parser:"@( 'address' | 'variable' )"`
	Name wordNode `parser:"@@"`
}

// wordNode is a name.
type wordNode struct {
	Pos  lexer.Position
	Text string `parser:"@Ident"`
}

// attrNode is an attribute or a parameter's name.
type attrNode struct {
	Pos  lexer.Position
	Text string `parser:"@( Attr | Ident )"`
}

type intNode struct {
	Pos  lexer.Position
	Text string `parser:"@Int"`
}

// optionNode is one of NeTraMet's statements.
type optionNode struct {
	Pos        lexer.Position
	Set        *settingNode  `parser:"  'set':Keyword @@ ';'"`
	Format     []*formatNode `parser:"| 'format':Keyword @@+ ';'"`
	Statistics bool          `parser:"| @'statistics':Keyword ';'"`
	Optimise   *intNode      `parser:"| ( 'optimise':Keyword | 'optimize':Keyword ) @@ ';'"`
}

type settingNode struct {
	Pos  lexer.Position
	Text string `parser:"@( Ident | Attr | Int | Value | String )"`
}

type formatNode struct {
	Pos  lexer.Position
	Attr string `parser:"  @( Attr | Ident )"`
	Str  string `parser:"| @String"`
}

type stmtNode struct {
	Pos    lexer.Position
	If     *ifNode     `parser:"  @@"`
	Save   *saveNode   `parser:"| @@"`
	Store  *storeNode  `parser:"| @@"`
	Plain  string      `parser:"| @( 'count' | 'ignore' | 'nomatch' ) ';'"`
	Call   *callNode   `parser:"| @@"`
	Return *returnNode `parser:"| @@"`
	Exit   *wordNode   `parser:"| 'exit' @@ ';'"`
	Block  *blockNode  `parser:"| @@"`
	Empty  bool        `parser:"| @';'"`
}

type ifNode struct {
	Arms []*armNode `parser:"'if' @@ ( 'else if' @@ )*"`
	Else *stmtNode  `parser:"( 'else' @@ )?"`
}

// armNode is one condition of an IF and what is done when it holds.
type armNode struct {
	Pos  lexer.Position
	Test exprNode  `parser:"@@"`
	Save bool      `parser:"( @'save!'"`
	Then *stmtNode `parser:"  ( ';' | ',' @@ ) | @@ )"`
}

type exprNode struct {
	Terms []*termNode `parser:"@@ ( '||' @@ )*"`
}

type termNode struct {
	Factors []*factorNode `parser:"@@ ( '&&' @@ )*"`
}

// factorNode: what it has beyond '==' is of conditions by themselves; the scanner
// refuses such signs in programs.
type factorNode struct {
	Not   []string  `parser:"@'!'*"`
	Paren *exprNode `parser:"( '(' @@ ')'"`
	Attr  *attrNode `parser:"| @@"`
	Sign  string    `parser:"  @( '==' | '!=' | '<=' | '>=' | '<' | '>' )"`
	List  *operands `parser:"  @@ )"`
}

type saveNode struct {
	Attr  attrNode  `parser:"'save' @@"`
	Width *intNode  `parser:"( '/' @@"`
	Mask  *operands `parser:"| '&' @@"`
	Value *operands `parser:"| '=' @@ )? ';'"`
}

type storeNode struct {
	Attr  attrNode `parser:"'store' @@"`
	Value operands `parser:"':=' @@ ';'"`
}

type callNode struct {
	Name  wordNode    `parser:"'call' @@"`
	Args  []*attrNode `parser:"'(' ( @@ ( ',' @@ )* )? ')'"`
	Cases []*caseNode `parser:"@@* 'endcall' ';'"`
}

type caseNode struct {
	Labels []*intNode `parser:"( @@ ':' )+"`
	Stmt   *stmtNode  `parser:"@@"`
}

type returnNode struct {
	Pos   lexer.Position
	Label *intNode `parser:"'return' @@? ';'"`
}

type blockNode struct {
	Label *wordNode   `parser:"( @@ ':' )?"`
	Body  []*stmtNode `parser:"'{' @@* '}'"`
}

// operands is an operand or a list of them, flattened. It reads its tokens
// itself: lists of tens of thousands of networks are what programs are made
// of, and this is many times faster than the generic machinery.
type operands struct {
	list   []operandNode
	inList bool // written as a list, in parentheses
}

// operandNode holds indices in compiler.toks, 0 for what is not there (no
// operand is a program's first token).
type operandNode struct {
	value, width, mask int32
}

// Parse implements participle.Parseable.
func (o *operands) Parse(lex *lexer.PeekingLexer) error {
	if t := lex.Peek(); !isOperandToken(t) && t.Value != "(" {
		return participle.NextMatch
	}
	depth := 0
	for {
		for lex.Peek().Value == "(" {
			lex.Next()
			depth++
			o.inList = true
		}
		if err := o.one(lex); err != nil {
			return err
		}
		for depth > 0 && lex.Peek().Value == ")" {
			lex.Next()
			depth--
		}
		if depth == 0 {
			return nil
		}
		if t := lex.Peek(); t.Value != "," {
			return participle.Errorf(t.Pos, "expected ',' or ')'")
		}
		lex.Next()
	}
}

func (o *operands) one(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	if !isOperandToken(t) {
		return participle.Errorf(t.Pos, "expected a value")
	}
	n := operandNode{value: int32(lex.Next().Pos.Offset)}
	switch lex.Peek().Value {
	case "/":
		lex.Next()
		if t := lex.Peek(); t.Type != tokInt {
			return participle.Errorf(t.Pos, "expected a width")
		}
		n.width = int32(lex.Next().Pos.Offset)
	case "&":
		lex.Next()
		if t := lex.Peek(); !isOperandToken(t) {
			return participle.Errorf(t.Pos, "expected a mask")
		}
		n.mask = int32(lex.Next().Pos.Offset)
	}
	o.list = append(o.list, n)
	return nil
}

// isOperandToken: a name too, so that it can be said what is not defined.
func isOperandToken(t *lexer.Token) bool {
	return t.Type == tokValue || t.Type == tokInt || t.Type == tokIdent
}

// parser is built at the first use; it is safe for use by many goroutines.
// Lookahead 0 means: once a choice has read a token it is taken. The grammar
// needs no more, and so every error is reported where it is; with any lookahead
// an error in the first tokens of a statement would be reported as one of the
// block around it, and with none allowed nothing is ever read twice.
var parser = sync.OnceValues(func() (*participle.Parser[unitNode], error) {
	return participle.Build[unitNode](
		participle.Lexer(definition{}),
		participle.UseLookahead(0),
	)
})

// definition tells participle the names of the tokens; the scanner makes them.
type definition struct{}

func (definition) Symbols() map[string]lexer.TokenType {
	return map[string]lexer.TokenType{
		"EOF": tokEOF, "Ident": tokIdent, "Keyword": tokKeyword, "Attr": tokAttr,
		"Value": tokValue, "Int": tokInt, "String": tokString, "Punct": tokPunct,
	}
}

func (definition) Lex(string, io.Reader) (lexer.Lexer, error) {
	return nil, errors.New("srl: tokens come from the scanner only")
}

// stream gives participle the tokens from a place on.
type stream struct {
	toks []token
	next int
}

// Next implements lexer.Lexer.
func (s *stream) Next() (lexer.Token, error) {
	t := s.toks[s.next]
	out := lexer.Token{Type: t.kind, Value: t.text, Pos: lexer.Position{Offset: s.next}}
	if t.kind != tokEOF {
		s.next++
	}
	return out, nil
}
