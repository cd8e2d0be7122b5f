package ruleset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file holds the strings and names that .rules and SRL text share.

// checkText refuses what would break a line of a flow data file.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("text is not UTF-8")
	}
	if i := strings.IndexFunc(text, func(c rune) bool { return c != '\t' && unicode.IsControl(c) }); i >= 0 {
		return fmt.Errorf("control character %q in text", text[i])
	}
	return nil
}

// Quote writes text as a string of rule text.
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`).Replace(text) + `"`
}

// Unquote reads a string of rule text with its quotes: \" is a quote, \\ a
// backslash, \t a tab; a backslash before anything else stands for itself.
func Unquote(text string) (string, error) {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return "", fmt.Errorf("%.40q is not a string in double quotes", text)
	}
	body := text[1 : len(text)-1]
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] == '\\' && i+1 < len(body) {
			switch body[i+1] {
			case '\\', '"':
				i++
			case 't':
				b.WriteByte('\t')
				i++
				continue
			}
		}
		b.WriteByte(body[i])
	}
	return b.String(), nil
}

// ParseSet reads the operand of a SET statement, without quotes: a number
// 2..255, or a name. The text itself is always the name (decision 8).
func ParseSet(text string) (number int, name string, err error) {
	name, err = checkName(text)
	if err != nil || text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, name, err
	}
	number, err = strconv.Atoi(text)
	switch {
	case err != nil || number > MaxNumber:
		return 0, "", fmt.Errorf("rule set number %.20s is larger than %d", text, MaxNumber)
	case number < 2:
		return 0, "", fmt.Errorf("rule set number %d is not free: 1 is the built-in rule set; use 2 to %d", number, MaxNumber)
	}
	return number, name, nil
}

func checkName(text string) (string, error) {
	if len(text) > MaxName {
		return "", fmt.Errorf("rule set name %.20q... has more than %d octets", text, MaxName)
	}
	if err := checkText(text); err != nil {
		return "", fmt.Errorf("rule set name: %w", err)
	}
	return text, nil
}
