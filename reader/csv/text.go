package csv

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isPlain reports whether a field needs no quotes and nothing in it another form.
func isPlain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c >= 0x7f || c == '"' || c == ',' {
			return false
		}
	}
	return true
}

// appendText appends a field, with quotes where it needs them. Control characters, ends
// of lines among them, become blanks, so that a row is a line; what is no UTF-8 U+FFFD.
func appendText(b []byte, text string) []byte {
	quotes := strings.ContainsAny(text, `",`)
	if quotes {
		b = append(b, '"')
	}
	for _, r := range text { // U+FFFD for what is no UTF-8
		switch {
		case unicode.IsControl(r):
			r = ' '
		case r == '"':
			b = append(b, '"')
		}
		b = utf8.AppendRune(b, r)
	}
	if quotes {
		b = append(b, '"')
	}
	return b
}

var errQuotes = errors.New("a field's quotes are not where they belong")

// split splits a line, without its end, into fields, which it appends to list.
func split(list []string, line string) ([]string, error) {
	for {
		if !strings.HasPrefix(line, `"`) {
			field, rest, more := strings.Cut(line, ",")
			if strings.Contains(field, `"`) {
				return list, errQuotes
			}
			if list = append(list, field); !more {
				return list, nil
			}
			line = rest
			continue
		}
		at := 1
		for at < len(line) && (line[at] != '"' || at+1 < len(line) && line[at+1] == '"') {
			if line[at] == '"' {
				at++
			}
			at++
		}
		if at >= len(line) {
			return list, errQuotes
		}
		list = append(list, strings.ReplaceAll(line[1:at], `""`, `"`))
		switch rest := line[at+1:]; {
		case rest == "":
			return list, nil
		case rest[0] != ',':
			return list, errQuotes
		default:
			line = rest[1:]
		}
	}
}
