package filter

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// tokenKind is what a token is.
type tokenKind uint8

const (
	tokEnd    tokenKind = iota
	tokWord             // a word of the language
	tokNumber           // also the named ones, as tcp-syn
	tokIPv4             // two to four numbers with dots
	tokIPv6
	tokMAC
	tokName // any other word
	tokSign
)

// token is a piece of the expression.
type token struct {
	kind     tokenKind
	text     string // signs that mean the same have one text
	pos, end int    // octets of the expression
	value    uint32 // of a number
}

var (
	ipv6Chars  = regexp.MustCompile(`^[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*`)
	macColons  = regexp.MustCompile(`^[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2}){5}$`)
	bogusMAC   = regexp.MustCompile(`^[0-9A-Fa-f]{1,2}:+([0-9A-Fa-f]{1,2}:+)+`)
	wordChars  = regexp.MustCompile(`^[A-Za-z0-9]([-_.A-Za-z0-9]*[.A-Za-z0-9])?`)
	macDashes  = regexp.MustCompile(`^[0-9A-Fa-f]{1,2}(-[0-9A-Fa-f]{1,2}){5}`)
	macDots    = regexp.MustCompile(`^([0-9A-Fa-f]{1,2}(\.[0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{4}(\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{12})$`)
	number     = regexp.MustCompile(`^([0-9]+|0[xX][0-9A-Fa-f]+)$`)
	dotted     = regexp.MustCompile(`^([0-9]+|0[xX][0-9A-Fa-f]+)(\.([0-9]+|0[xX][0-9A-Fa-f]+)){1,3}$`)
	escaped    = regexp.MustCompile(`^\\[^ !()\n\t]+`)
	signs      = []string{"&&", "||", ">=", "<=", "!=", "==", "<<", ">>", "+", "-", "*", "/", "%", ":", "[", "]", "!", "<", ">", "(", ")", "&", "|", "^", "="}
	signsEqual = map[string]string{"&&": "and", "||": "or", "==": "=", "!": "not"}
)

// tokens cuts an expression up; the last token is tokEnd.
func tokens(text string) (list []token, err *Error) {
	for pos := 0; ; {
		for pos < len(text) && strings.IndexByte(" \t\r\n", text[pos]) >= 0 {
			pos++
		}
		if pos == len(text) {
			return append(list, token{kind: tokEnd, pos: pos, end: pos}), nil
		}
		t, err := nextToken(text, pos)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
		pos = t.end
	}
}

func nextToken(text string, pos int) (token, *Error) {
	rest := text[pos:]
	// Nothing that is one token is longer, but for names, which then are none.
	window := rest[:min(len(rest), 256)]
	if t, err, ok := colonToken(text, window, pos); ok || err != nil {
		return t, err
	}
	if w := escaped.FindString(window); w != "" {
		return token{kind: tokName, text: w[1:], pos: pos, end: pos + len(w)}, nil
	}
	if w := wordChars.FindString(window); w != "" {
		if m := macDashes.FindString(w); m == w {
			return token{kind: tokMAC, text: w, pos: pos, end: pos + len(w)}, nil
		}
		return wordToken(text, w, pos)
	}
	for _, s := range signs {
		if strings.HasPrefix(rest, s) {
			t := token{kind: tokSign, text: s, pos: pos, end: pos + len(s)}
			if same := signsEqual[s]; same != "" {
				t.text = same
				if same != "=" {
					t.kind = tokWord
				}
			}
			return t, nil
		}
	}
	end := pos + len(string([]rune(window)[:1]))
	if end > len(text) { // not UTF-8
		end = pos + 1
	}
	e := &Error{Expr: text, Pos: pos, End: end, Message: "this character means nothing in a filter"}
	if rest[0] == '$' {
		e.Message = "ARCNET addresses are not supported"
	}
	return token{}, e
}

// colonToken reads what has colons in it: IPv6 and Ethernet addresses.
func colonToken(text, window string, pos int) (t token, err *Error, ok bool) {
	run := ipv6Chars.FindString(window)
	if strings.Count(run, ":") < 2 {
		return t, nil, false
	}
	t = token{text: run, pos: pos, end: pos + len(run)}
	if macColons.MatchString(run) {
		t.kind = tokMAC
		return t, nil, true
	}
	if a, err := netip.ParseAddr(run); err == nil && a.Is6() {
		t.kind = tokIPv6
		return t, nil, true
	}
	what := "IPv6"
	if bogusMAC.MatchString(run) {
		what = "Ethernet or IPv6"
	}
	return t, &Error{Expr: text, Pos: pos, End: t.end, Message: fmt.Sprintf("%q is no %s address", run, what)}, false
}

func wordToken(text, w string, pos int) (token, *Error) {
	t := token{kind: tokName, text: w, pos: pos, end: pos + len(w)}
	switch {
	case words[w]:
		t.kind = tokWord
	case macDots.MatchString(w):
		t.kind = tokMAC
	case number.MatchString(w):
		n, err := parseNumber(w)
		if err != "" {
			return t, &Error{Expr: text, Pos: pos, End: t.end, Message: err}
		}
		t.kind, t.value = tokNumber, n
	case dotted.MatchString(w):
		t.kind = tokIPv4
	default:
		if n, ok := constants[w]; ok {
			t.kind, t.value = tokNumber, n
		}
	}
	return t, nil
}

// parseNumber reads a number: hexadecimal behind 0x, octal behind 0.
func parseNumber(w string) (n uint32, problem string) {
	base, digits := 10, w
	switch {
	case len(w) > 1 && (w[1] == 'x' || w[1] == 'X'):
		base, digits = 16, w[2:]
	case len(w) > 1 && w[0] == '0':
		base = 8
		if strings.ContainsAny(w, "89") {
			return 0, fmt.Sprintf("%s begins with 0 and so is octal, which has no 8 and no 9", w)
		}
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0, fmt.Sprintf("%s is over 32 bits", w)
	}
	return uint32(v), ""
}
