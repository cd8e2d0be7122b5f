package srl

import (
	"fmt"
	"strings"

	"netramet/internal/spelling"
	"netramet/ruleset"
)

// mistake is a syntax error in words.
type mistake struct {
	text, hint string
	at         int  // token to point at
	missing    bool // a semicolon is missing before the token
	behind     bool // what is missing belongs right behind the token before
}

// explain says what is wrong at token at of the unit that begins at start: the
// parser knows where it stopped, what the user meant is told by the innermost
// statement and the token before.
func (c *compiler) explain(start, at int) mistake {
	from := c.innerStart(c.statementStart(start, at), at)
	cur := c.toks[at]
	m := mistake{at: at}
	if cur.kind == tokEOF {
		if open, ok := c.unclosed(start, at); ok {
			m.at = open
			m.text = fmt.Sprintf("%s has no end: the program ends before its %s", c.toks[open], closer[c.toks[open].text])
			return m
		}
	}
	if from == at {
		c.explainStart(&m)
		return m
	}
	head := c.toks[from]
	if c.explainReserved(&m, from) {
		return m
	}
	switch head.text {
	case "if", wordElseIf:
		c.explainIf(&m, from)
	case "else":
		if prev := c.toks[at-1]; prev.kind == tokIdent && at == from+2 {
			m.at--
			c.explainName(&m, prev.text)
			break
		}
		m.text = fmt.Sprintf("expected a statement after ELSE, found %s", cur)
	case "save", "store":
		c.explainSave(&m, from)
	case "count", "ignore", "nomatch":
		m.text, m.missing = fmt.Sprintf("expected ';' after %s", strings.ToUpper(head.text)), true
	case "return":
		c.explainShort(&m, from, "the number of a label")
	case "exit":
		c.explainShort(&m, from, "the label of a block")
	case "call":
		c.explainCall(&m, from)
	case "subroutine":
		m.text = fmt.Sprintf("unexpected %s in the head of a SUBROUTINE", cur)
		m.hint = "SUBROUTINE name (ADDRESS a, VARIABLE v) ... ENDSUB;"
	case "endsub", "endcall":
		m.text, m.missing = fmt.Sprintf("expected ';' after %s", strings.ToUpper(head.text)), true
	default:
		if head.kind == tokKeyword && statementWords[head.text] {
			c.explainOption(&m, from)
		} else {
			c.explainOther(&m, from)
		}
	}
	if cur.is("=") && m.hint == "" {
		m.hint = "a test is written ==, a SAVE =, a STORE :="
	}
	return m
}

// innerStart is the innermost statement that token at is in, of the one that
// begins at from: another one follows a condition, an ELSE, or the head of a
// SUBROUTINE. Their keywords stand nowhere else.
func (c *compiler) innerStart(from, at int) int {
	if c.toks[from].is("subroutine") {
		for i := from; i < at; i++ {
			if c.toks[i].is(")") {
				from = i + 1
				break
			}
		}
	}
	for i := at - 1; i > from; i-- {
		if t := c.toks[i]; t.kind == tokKeyword && beginWords[t.text] {
			return i
		}
	}
	return from
}

// beginWords are the keywords that begin a statement, or the rest of one.
var beginWords = map[string]bool{
	"if": true, wordElseIf: true, "else": true, "save": true, "store": true, "count": true, "ignore": true,
	"nomatch": true, "return": true, "exit": true, "call": true, "endcall": true, "endsub": true,
}

// explainReserved: a reserved word stands where a name is chosen.
func (c *compiler) explainReserved(m *mistake, from int) bool {
	word, what := c.toks[m.at], ""
	switch prev := c.toks[m.at-1]; {
	case word.is(":") && m.at == from+1 && (prev.kind == tokKeyword || prev.kind == tokAttr):
		m.at--
		word, what = prev, "label"
	case word.kind != tokKeyword && word.kind != tokAttr:
		return false
	case prev.is("subroutine"):
		what = "subroutine"
	case prev.is("address") || prev.is("variable"):
		what = "parameter"
	default:
		return false
	}
	m.text = fmt.Sprintf("%s is a reserved word and cannot name a %s", word, what)
	return true
}

var closer = map[string]string{"{": "'}'", "(": "')'", "subroutine": "ENDSUB", "call": "ENDCALL"}

// unclosed finds the innermost opening word of the unit without its end.
func (c *compiler) unclosed(start, at int) (int, bool) {
	var open []int
	for i := start; i < at; i++ {
		t := c.toks[i]
		switch {
		case t.is("{") || t.is("(") || t.is("subroutine") || t.is("call"):
			open = append(open, i)
		case t.is("}") || t.is(")") || t.is("endsub") || t.is("endcall"):
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return 0, false
	}
	return open[len(open)-1], true
}

// explainStart: the token cannot begin a statement.
func (c *compiler) explainStart(m *mistake) {
	cur := c.toks[m.at]
	switch {
	case cur.is("}"):
		m.text = "'}' without a '{' before it"
	case cur.is("else") || cur.is(wordElseIf):
		m.text = "ELSE without an IF before it"
		m.hint = "between IF and its ELSE stands one statement; several go into { }"
		if m.at >= 2 && c.toks[m.at-1].is(";") && c.toks[m.at-2].is("}") {
			m.hint = "no ';' stands between '}' and ELSE"
		}
	case cur.is("endsub"):
		m.text = "ENDSUB without a SUBROUTINE before it"
	case cur.is("endcall"):
		m.text = "ENDCALL without a CALL before it"
	case cur.is(wordBareSave):
		m.text, m.hint = "SAVE needs the name of an attribute", "SAVE; and SAVE, stand behind the condition of an IF"
	case cur.is("subroutine"):
		m.text, m.hint = "a SUBROUTINE cannot stand inside a statement", "declare it outside all braces"
	case cur.kind == tokKeyword && statementWords[cur.text]:
		m.text = fmt.Sprintf("%s cannot stand inside a statement or subroutine", strings.ToUpper(cur.text))
	case cur.kind == tokIdent:
		c.explainName(m, cur.text)
	case cur.kind == tokAttr:
		m.text = fmt.Sprintf("an attribute cannot begin a statement: %s", cur)
		m.hint = "SAVE or STORE it, or test it with IF"
	default:
		m.text = fmt.Sprintf("expected a statement, found %s", cur)
		if cur.is("/") {
			m.hint = commentHint
		}
	}
}

// foreignWords are what other languages have where SRL has something else.
var foreignWords = map[string]string{
	"and": "AND is written &&", "or": "OR is written ||",
	"not":  "SRL has no 'not': turn the branches of IF round",
	"then": "the statement stands right behind the condition",
	"elif": "write ELSE IF", "elseif": "write ELSE IF", "elsif": "write ELSE IF",
	"goto":  "EXIT leaves a block that has a label",
	"begin": "several statements go into { }", "end": "several statements go into { }",
}

// otherWords are what people write where SRL has something else, but in conditions by
// themselves.
var otherWords = func() map[string]string {
	words := map[string]string{"mask": "a mask is written & 255.255.255.0, a width /24"}
	for _, w := range []string{"drop", "discard", "deny", "reject", "skip"} {
		words[w] = "IGNORE; ends the program for a packet that is not to be counted"
	}
	for _, w := range []string{"accept", "allow", "permit", "pass"} {
		words[w] = "COUNT; counts the packet"
	}
	return words
}()

// firstWords begin statements.
var firstWords = []string{"if", "else", "save", "count", "ignore", "nomatch", "exit", "store", "return", "call",
	"endcall", "subroutine", "endsub", "define", "set", "format", "statistics", "include", "optimise"}

// explainName: a name that is no macro begins a statement.
func (c *compiler) explainName(m *mistake, name string) {
	m.text = fmt.Sprintf("'%s' is no statement and is not defined", name)
	next := c.toks[m.at+1]
	switch {
	case c.alone && foreignWords[name] == "":
		m.text, m.hint = fmt.Sprintf("unexpected '%s' behind the condition", name), ""
		return
	case c.alone && name == "not":
		m.text, m.hint = "'not' is no word of SRL", "NOT is written !, as in !(a == 1)"
		return
	case foreignWords[name] != "":
		if m.hint = foreignWords[name]; c.alone {
			m.text = fmt.Sprintf("'%s' is no word of SRL", name)
		}
		return
	case statementWords[name]:
		m.text = fmt.Sprintf("%s cannot stand inside a statement or subroutine", strings.ToUpper(name))
		return
	case next.is("("):
		m.hint = fmt.Sprintf("a subroutine is called with CALL %s (...) ENDCALL;", name)
		return
	case next.is("{"):
		m.hint = fmt.Sprintf("a label is followed by ':': %s: { ... }", name)
		return
	}
	if m.hint = c.definedBelow(name); m.hint == "" {
		m.hint = otherWords[name]
	}
	if m.hint == "" {
		near := nearest(name, firstWords)
		for i, w := range near {
			near[i] = strings.ToUpper(w)
		}
		m.hint = ruleset.DidYouMean(near)
	}
}

// comparisons stand between an attribute and values.
var comparisons = map[string]bool{"==": true, "!=": true, "<": true, "<=": true, ">": true, ">=": true}

func (c *compiler) explainIf(m *mistake, from int) {
	cur, prev := c.toks[m.at], c.toks[m.at-1]
	open, inParens := c.unclosed(from, m.at)
	inParens = inParens && c.toks[open].is("(")
	switch {
	case prev.kind == tokIdent && m.at > from+2 && endsTest(c.toks[m.at-2]) || prev.kind == tokIdent && prev.text == "not",
		prev.kind == tokIdent && m.at > from+3 && c.toks[m.at-2].is(",") && c.toks[m.at-3].is(wordBareSave):
		m.at--
		c.explainName(m, prev.text)
	case m.at == from+1 || prev.is("&&") || prev.is("||"):
		m.text = fmt.Sprintf("expected a test (attribute == value), found %s", cur)
		switch {
		case !isValue(cur):
		case c.toks[m.at+1].is("=="):
			m.hint = "the attribute stands left of =="
		case prev.is("||"):
			m.hint = listHint
		}
	case cur.is("=") || cur.is(":="):
		m.text, m.hint = fmt.Sprintf("a test compares with '==', found %s", cur), "write =="
	case comparisons[prev.text] && prev.kind == tokPunct:
		m.text = fmt.Sprintf("expected a value after '%s', found %s", prev.text, cur)
		switch {
		case cur.kind == tokAttr || cur.kind == tokKeyword:
			m.hint = "an attribute is compared with values only"
		case cur.kind == tokString:
			m.hint = "values are written without quotation marks"
		case cur.is("{") && isValue(c.toks[m.at+1]):
			m.hint = listHint
		}
	case prev.kind == tokAttr && !inParens || prev.kind == tokIdent && c.toks[m.at-2].is("if"):
		m.text = fmt.Sprintf("expected '==' after %s", prev.name())
		if cur.is("/") || cur.is("&") {
			m.hint = "a width or mask stands behind the value"
		} else if cur.is("(") || cur.kind == tokIdent && c.toks[m.at+1].is("(") {
			m.hint = listHint
		} else if prev.kind == tokIdent {
			if m.hint = c.definedBelow(prev.text); c.alone {
				m.hint = filterWords[strings.ToLower(prev.text)]
			}
		}
	case prev.is("/"):
		m.text = fmt.Sprintf("expected a width, a number of bits, after '/', found %s", cur)
		if cur.kind == tokValue {
			m.hint = "a mask is written & " + cur.text
		}
	case prev.is("&"):
		m.text = fmt.Sprintf("expected a mask after '&', found %s", cur)
		if cur.is("&") {
			m.hint = "AND is written &&"
		}
	case cur.is("==") && prev.kind != tokAttr:
		m.text = fmt.Sprintf("unexpected '==' after %s", prev)
	case prev.is("(") && cur.kind != tokAttr:
		m.text = fmt.Sprintf("expected a test or value after '(', found %s", cur)
	case prev.kind == tokAttr:
		m.text = fmt.Sprintf("expected '==' after %s", prev.name())
	case inParens && prev.is(","):
		m.text = fmt.Sprintf("expected a value after ',', found %s", cur)
	case inParens:
		m.text = fmt.Sprintf("expected ',' or ')', found %s", cur)
		if cur.kind == tokIdent {
			m.hint = foreignWords[cur.text]
		}
	case prev.is(wordBareSave) || prev.is(","):
		m.text = fmt.Sprintf("expected a statement after SAVE, found %s", cur)
	case cur.is("/") || cur.is("&"):
		m.text = fmt.Sprintf("unexpected %s", cur)
		if prev.is(")") {
			m.hint = "a width or mask stands behind each value of a list, inside the parentheses"
		} else if c.masked(m.at) {
			m.hint = oneMaskHint
		}
	case cur.is(",") && endsTest(prev) && isValue(c.toks[m.at+1]):
		m.text, m.hint = "unexpected ','", listHint
	case c.alone && (prev.kind == tokAttr || prev.kind == tokIdent):
		m.text, m.hint = fmt.Sprintf("expected '==' after %s", prev.name()), filterWords[strings.ToLower(prev.text)]
	case c.alone && prev.is("!"):
		m.text = fmt.Sprintf("expected a test or '(' after '!', found %s", cur)
	case c.alone && cur.kind == tokIdent:
		c.explainName(m, cur.text)
	case c.alone:
		m.text = fmt.Sprintf("unexpected %s behind the condition", cur)
		if cur.is(";") {
			m.hint = "a condition by itself has no ';' at its end"
		}
	case cur.is(";"):
		m.text = "expected a statement after the condition of IF"
		m.hint = "an IF without an action is written: if ... ; with SAVE, or { }"
	default:
		m.text = fmt.Sprintf("expected a statement after the condition of IF, found %s", cur)
	}
}

// filterWords are those of packet filters, with what a condition has in their place.
var filterWords = func() map[string]string {
	words := make(map[string]string)
	for hint, list := range map[string][]string{
		"SourcePeerAddress == 10.1/16 || DestPeerAddress == 10.1/16": {"src", "dst", "host", "net"},
		"SourceTransAddress == 53 || DestTransAddress == 53":         {"port", "portrange"},
		"SourceTransType == TCP":                                     {"proto", "tcp", "udp", "icmp", "icmp6", "sctp"},
		"SourcePeerType == IPv6":                                     {"ip", "ip6", "inet", "inet6", "ipv4", "ipv6", "arp"},
	} {
		for _, w := range list {
			words[w] = "conditions test attributes, as in " + hint
		}
	}
	return words
}()

// masked reports whether token i stands behind a value that has a width or mask.
func (c *compiler) masked(i int) bool { return c.toks[i-2].is("/") || c.toks[i-2].is("&") }

const oneMaskHint = "a value has a width or a mask, not both and not two"

const commentHint = "a comment begins with #"

const listHint = "a list of values stands in parentheses: == (1, 2)"

// isValue reports whether t is written like a value.
func isValue(t token) bool { return t.kind == tokInt || t.kind == tokValue }

// endsTest reports whether a test may end with t.
func endsTest(t token) bool { return isValue(t) || t.kind == tokIdent || t.is(")") }

func (c *compiler) explainSave(m *mistake, from int) {
	cur, prev, head := c.toks[m.at], c.toks[m.at-1], c.toks[from]
	word := strings.ToUpper(head.text)
	sign := map[string]string{"save": "=", "store": ":="}[head.text]
	switch {
	case m.at == from+1 && (cur.kind == tokKeyword || cur.is("{")) && c.behindTest(from):
		m.text, m.behind = fmt.Sprintf("expected ';' or ',' after SAVE, found %s", cur), true
		m.hint = "SAVE; saves what was tested, SAVE, does so and then the statement behind it"
	case m.at == from+1 && cur.kind == tokKeyword:
		m.text = fmt.Sprintf("%s needs the name of an attribute, %s is a reserved word", word, cur)
	case m.at == from+1:
		m.text = fmt.Sprintf("%s needs the name of an attribute, found %s", word, cur)
	case cur.is(sign) && m.at > from+2: // behind a width or mask
		m.text, m.hint = fmt.Sprintf("unexpected %s in a %s statement", cur, word), "a width or mask stands behind the value"
	case cur.is("=") || cur.is("==") || cur.is(":="):
		m.text, m.hint = fmt.Sprintf("expected '%s' in a %s statement, found %s", sign, word, cur), fmt.Sprintf("a test is written ==, a SAVE =, a STORE :=; write %s", sign)
	case prev.is("/"):
		m.text = fmt.Sprintf("expected a width, a number of bits, after '/', found %s", cur)
	case prev.is("&"):
		m.text = fmt.Sprintf("expected a mask after '&', found %s", cur)
	case prev.is("=") || prev.is(":="):
		m.text = fmt.Sprintf("expected a value after '%s', found %s", prev.text, cur)
		if cur.kind == tokString {
			m.hint = "a character is written 'W'"
		}
	case head.is("store") && m.at == from+2:
		m.text = fmt.Sprintf("expected ':=' after STORE %s", prev.name())
	case cur.kind == tokIdent && otherWords[cur.text] != "":
		m.text, m.hint = fmt.Sprintf("unexpected %s in a %s statement", cur, word), otherWords[cur.text]
	case cur.is("/") || cur.is("&") || cur.is(",") || cur.kind == tokInt || cur.kind == tokValue:
		m.text = fmt.Sprintf("unexpected %s in a %s statement", cur, word)
		switch {
		case cur.is(","):
			m.hint = fmt.Sprintf("each attribute has a %s of its own", word)
		case cur.kind == tokInt && m.at == from+2:
			m.hint = "a width is written /" + cur.text
		case (cur.is("/") || cur.is("&")) && c.masked(m.at):
			m.hint = oneMaskHint
		}
	default:
		m.text, m.missing = fmt.Sprintf("expected ';' after %s statement", word), true
	}
}

// behindTest reports whether token i stands right behind the condition of an IF.
func (c *compiler) behindTest(i int) bool {
	head := c.toks[c.innerStart(c.statementStart(0, i), i)]
	return (head.is("if") || head.is(wordElseIf)) && endsTest(c.toks[i-1])
}

// explainShort: RETURN and EXIT.
func (c *compiler) explainShort(m *mistake, from int, what string) {
	cur, word := c.toks[m.at], strings.ToUpper(c.toks[from].text)
	if m.at == from+1 && word == "EXIT" || cur.kind != tokKeyword && !cur.is("}") && cur.kind != tokEOF && m.at == from+1 {
		m.text = fmt.Sprintf("expected %s after %s, found %s", what, word, cur)
		return
	}
	m.text, m.missing = fmt.Sprintf("expected ';' after %s statement", word), true
}

func (c *compiler) explainCall(m *mistake, from int) {
	cur, prev := c.toks[m.at], c.toks[m.at-1]
	switch {
	case m.at == from+1:
		m.text = fmt.Sprintf("CALL needs the name of a subroutine, found %s", cur)
	case m.at == from+2:
		m.text, m.hint = fmt.Sprintf("expected '(' after CALL %s", prev.text), "CALL name (attributes) ENDCALL;"
	case prev.is(")"):
		m.text = fmt.Sprintf("expected ENDCALL or a numbered statement, found %s", cur)
		m.hint = "CALL name (attributes) 1: statement ENDCALL;"
		if near := nearest(cur.text, []string{"endcall"}); cur.kind == tokIdent && near != nil {
			m.hint = "did you mean ENDCALL?"
		}
	case prev.is("endcall"):
		m.text, m.missing = "expected ';' after ENDCALL", true
	case prev.kind == tokInt:
		m.text = fmt.Sprintf("expected ':' after the number of a statement, found %s", cur)
	case prev.is("(") || prev.is(","):
		m.text, m.hint = fmt.Sprintf("expected an attribute, found %s", cur), "the arguments of a CALL are attributes or variables"
	default:
		m.text = fmt.Sprintf("expected ',' or ')' in the arguments of CALL, found %s", cur)
	}
}

func (c *compiler) explainOption(m *mistake, from int) {
	cur, head := c.toks[m.at], c.toks[from].text
	word := strings.ToUpper(head)
	if m.at > from+1 && head != "format" || head == "statistics" || head == "format" && m.at > from+1 && cur.kind == tokKeyword {
		m.text, m.missing = fmt.Sprintf("expected ';' after %s statement", word), true
		return
	}
	want := map[string]string{"set": "a number or name", "format": "an attribute or string"}[head]
	if want == "" {
		want = "a number"
	}
	m.text = fmt.Sprintf("%s needs %s, found %s", word, want, cur)
	switch {
	case head != "format":
	case cur.is(","):
		m.hint = "there are no commas between attributes"
	case cur.kind == tokValue && cur.text[0] == '\'':
		m.hint = "a string stands in double quotation marks"
	}
}

// explainOther: a label or a name begins the statement.
func (c *compiler) explainOther(m *mistake, from int) {
	cur, prev, head := c.toks[m.at], c.toks[m.at-1], c.toks[from]
	switch {
	case head.is("}") || prev.is("endcall") || prev.is("endsub"):
		m.text, m.missing = fmt.Sprintf("expected ';' after %s", prev), true
	case prev.is(":"):
		m.text = fmt.Sprintf("a label stands before '{', found %s", cur)
	case head.kind == tokIdent && m.at == from+1:
		m.at = from
		c.explainName(m, head.text)
	default:
		m.text = fmt.Sprintf("unexpected %s", cur)
	}
}

// maxNear bounds the words that a wrong one is compared with.
const maxNear = 5000

// nearest finds the words most like name.
func nearest(name string, words []string) []string {
	if len(words) > 2*maxNear {
		return nil
	}
	return spelling.Nearest(name, words, 1+len(name)/5)
}
