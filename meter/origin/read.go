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
// announces it:
//
//	192.0.2.0/24  64500
//	2001:db8::/32 AS64501
//	192.0.2.0 24 64500
//
// and so on, with spaces or tabs between. Numbers may be in RFC 5396's forms. Of
// several systems, 64500_64501 or {64500,64501}, the first counts, and of several
// lines for one prefix. Empty lines do not count, nor does what follows # or ;. An
// error names the file and the line.
func Read(r io.Reader, file string) (*Table, error) {
	t := new(Table)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 4096), maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := lines.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if i := bytes.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		p, asn, err := parseLine(string(line))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		if t.Add(p, asn) && t.Len() > MaxPrefixes {
			return nil, fmt.Errorf("%s:%d: more than %d prefixes", file, n, MaxPrefixes)
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fmt.Errorf("%s:%d: a line of more than %d octets: is it a table of prefixes?", file, n+1, maxLine)
	case err != nil:
		return nil, err // which names the file
	case t.Len() == 0:
		return nil, fmt.Errorf("%s: there is no prefix in it", file)
	}
	return t, nil
}

// parseLine takes a line apart: prefix and system, or address, length and system.
func parseLine(line string) (p netip.Prefix, asn uint32, err error) {
	if strings.ContainsRune(line, 0) {
		return p, 0, errors.New("this is no text: lines are as '192.0.2.0/24 64500'; a dump of routes in MRT format has to be converted")
	}
	f := strings.Fields(line)
	given := 1 // fields that give the prefix
	prefix := f[0]
	if !strings.Contains(prefix, "/") && len(f) > 2 {
		given, prefix = 2, f[0]+"/"+f[1]
	}
	if len(f) <= given {
		return p, 0, fmt.Errorf("%.60q: a line is a prefix and the number of its system, as '192.0.2.0/24 64500'", strings.TrimSpace(line))
	}
	if p, err = parsePrefix(prefix); err != nil {
		return p, 0, err
	}
	asn, err = parseOrigins(strings.Join(f[given:], " "))
	return p, asn, err
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
