package origin

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strconv"
	"strings"
)

// Limits of a table's text.
const (
	// MaxPrefixes is how many prefixes a table may hold: a few times what the
	// whole Internet announces.
	MaxPrefixes = 8_000_000
	maxLine     = 64 << 10 // octets
)

// Read reads a table, one prefix a line with the number of the system that
// announces it, and perhaps a name:
//
//	192.0.2.0/24  64500
//	2001:db8::/32 AS64501 Example Networks
//	192.0.2.0 24 64500
//	10.1.0.0/16   -       Customer & Sons
//
// and so on, with spaces or tabs between. Numbers may be in RFC 5396's forms; for -
// the number is FromName of the name. Of several systems, 64500_64501 or
// {64500,64501}, the first counts, and of several lines for one prefix, unless they
// have names. Empty lines do not count, nor does what follows # or ;. An error
// names the file and the line.
func Read(r io.Reader, file string) (*Table, error) {
	t := new(Table)
	err := scan(r, file, func(n int, e entry) error {
		if e.name != "" {
			if err := t.names.add(e.number, e.name, n); err != nil {
				return err
			}
		}
		if t.Add(e.prefix, e.number) {
			if t.Len() > MaxPrefixes {
				return fmt.Errorf("more than %d prefixes", MaxPrefixes)
			}
			return nil
		}
		was, _ := t.routes.Get(e.prefix)
		if name := t.names.Of(was.asn); was.asn != e.number && (name != "" || e.name != "") {
			return fmt.Errorf("%v is %s here and %s in a line before", e.prefix, called(e.number, e.name), called(was.asn, name))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	t.names.named = nil // of use to what comes in, no more
	return t, nil
}

// ReadNames reads the names of a table alone. Prefixes are not kept, so that it is not
// seen whether one stands there twice.
func ReadNames(r io.Reader, file string) (*Names, error) {
	n := new(Names)
	err := scan(r, file, func(line int, e entry) error {
		if e.name == "" {
			return nil
		}
		return n.add(e.number, e.name, line)
	})
	if err != nil {
		return nil, err
	}
	n.named = nil
	return n, nil
}

func called(number uint32, name string) string {
	if name == "" {
		return strconv.FormatUint(uint64(number), 10)
	}
	return fmt.Sprintf("%d %q", number, name)
}

// entry is what a line of a table says.
type entry struct {
	prefix netip.Prefix
	number uint32
	name   string // "": none
}

// scan hands the lines of a table to take. Errors of both name the file and the
// line; one prefix there must be.
func scan(r io.Reader, file string, take func(n int, e entry) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), maxLine)
	n, found := 0, false
	for lines.Scan() {
		n++
		line := lines.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		line = bytes.TrimSpace(line[:commentAt(line)])
		if len(line) == 0 {
			continue
		}
		e, err := parseLine(string(line))
		if err == nil {
			err = take(n, e)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
		found = true
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s:%d: a line of more than %d octets: is it a table of prefixes?", file, n+1, maxLine)
	case err != nil:
		return err // which names the file
	case !found:
		return fmt.Errorf("%s: there is no prefix in it", file)
	}
	return nil
}

// commentAt is where a line's comment begins, its length if it has none. What stands
// between quotation marks is none.
func commentAt(line []byte) int {
	at := bytes.IndexAny(line, "#;")
	if at < 0 {
		return len(line)
	}
	quoted := false
	for i, c := range line {
		switch {
		case c == '"' && (quoted || i > 0 && (line[i-1] == ' ' || line[i-1] == '\t')):
			quoted = !quoted
		case (c == '#' || c == ';') && !quoted:
			return i
		}
	}
	return len(line)
}

// parseLine takes a line apart: prefix, number and name, or address, length, number
// and name.
func parseLine(line string) (e entry, err error) {
	if strings.ContainsRune(line, 0) {
		return e, errors.New("this is no text: lines are as '192.0.2.0/24 64500'; a dump of routes in MRT format has to be converted")
	}
	prefix, rest := field(line)
	if !strings.Contains(prefix, "/") {
		if length, more := field(rest); more != "" {
			prefix, rest = prefix+"/"+length, more
		}
	}
	if rest == "" {
		return e, fmt.Errorf("%.60q: a line is a prefix and the number of its system, as '192.0.2.0/24 64500'", line)
	}
	if e.prefix, err = parsePrefix(prefix); err != nil {
		return e, err
	}
	numbers, name := splitName(rest)
	if name != "" {
		if e.name, err = parseName(name); err != nil {
			return e, err
		}
	}
	switch {
	case numbers != "-":
		e.number, err = parseOrigins(numbers)
	case name == "":
		err = errors.New("- takes its number from a name, and there is none: write '192.0.2.0/24 - Name'")
	default:
		e.number = FromName(e.name)
	}
	return e, err
}

const blanks = " \t"

// field cuts off the first field of a line that begins with none of the blanks.
func field(line string) (first, rest string) {
	i := strings.IndexAny(line, blanks)
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimLeft(line[i:], blanks)
}

// splitName cuts the name off the numbers: it begins at the first blank outside of
// braces that is not beside the sign between two numbers.
func splitName(text string) (numbers, name string) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ' ', '\t':
			rest := strings.TrimLeft(text[i:], blanks)
			joined := strings.HasSuffix(text[:i], ",") || strings.HasSuffix(text[:i], "_") || rest != "" && (rest[0] == ',' || rest[0] == '_')
			if depth == 0 && !joined {
				return text[:i], rest
			}
			i = len(text) - len(rest) - 1
		}
	}
	return text, ""
}

func parsePrefix(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return p, fmt.Errorf("%.60q is no prefix: it is an address and a length, as 192.0.2.0/24 or 2001:db8::/32", text)
	case p != p.Masked():
		return p, fmt.Errorf("%s: the address has bits beyond the length; the prefix is %v", text, p.Masked())
	}
	return p, nil
}

// parseOrigins reads the systems that announce a prefix and returns the first.
// CAIDA's tables have an underscore between those of which each announces it, and a
// comma within sets, with or without braces.
func parseOrigins(text string) (first uint32, err error) {
	if !strings.ContainsAny(text, "_,{} ") {
		return parseASN(text)
	}
	n := 0
	for one := range strings.SplitSeq(text, "_") {
		one = strings.TrimSpace(one)
		if strings.HasPrefix(one, "{") && strings.HasSuffix(one, "}") && len(one) > 2 {
			one = one[1 : len(one)-1]
		}
		for member := range strings.SplitSeq(one, ",") {
			asn, err := parseASN(strings.TrimSpace(member))
			if err != nil {
				return 0, fmt.Errorf("%.60q: %w", text, err)
			}
			if n == 0 {
				first = asn
			}
			n++
		}
	}
	return first, nil
}

// parseASN reads the number of a system: 65546, AS65546 or 1.10 (RFC 5396).
func parseASN(text string) (uint32, error) {
	digits := text
	if len(text) > 2 && strings.EqualFold(text[:2], "AS") {
		digits = text[2:]
	}
	if high, low, dotted := strings.Cut(digits, "."); dotted {
		h, ok := number(high, math.MaxUint16)
		l, also := number(low, math.MaxUint16)
		if ok && also {
			return h<<16 | l, nil
		}
	} else if n, ok := number(digits, math.MaxUint32); ok {
		return n, nil
	}
	return 0, fmt.Errorf("%.60q is no number of an autonomous system: they go from 0 to %d", text, uint32(math.MaxUint32))
}

// number reads an unsigned decimal of digits alone.
func number(text string, most uint64) (n uint32, ok bool) {
	v, err := strconv.ParseUint(text, 10, 32)
	return uint32(v), err == nil && v <= most
}
