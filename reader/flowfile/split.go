package flowfile

import (
	"bytes"
	"errors"
	"fmt"

	"netramet/mib"
	"netramet/reader"
)

// maxSteps bounds the work of reading a record whose separators can be taken
// for parts of values.
const maxSteps = 20000

// split cuts a record into the texts of its values, which it appends to
// fields[:0]; they are parts of line.
//
// Separators are the user's and may look like a part of a value: an IPv6
// address followed by ":" and a port. Where the next separator cannot be part
// of the value there is one place to cut. Elsewhere all places are tried; the
// record is read if exactly one way leads to its end.
func (p *plan) split(line []byte, fields [][]byte) ([][]byte, error) {
	if !bytes.HasSuffix(line, []byte(p.tail)) {
		return fields, fmt.Errorf("the record does not end with %q", p.tail)
	}
	line = line[:len(line)-len(p.tail)]
	if p.certain {
		return p.splitCertain(line, fields[:0])
	}
	s := splitter{plan: p, line: line, now: make([][]byte, len(p.cols))}
	s.from(0, 0)
	switch {
	case s.steps > maxSteps:
		return fields, errors.New("the separators leave too many ways to read the record")
	case s.found == 0:
		return fields, errors.New("the record is not of the format in force")
	case s.found > 1:
		return fields, errors.New("the separators leave more than one way to read the record")
	}
	return append(fields[:0], s.first...), nil
}

// splitCertain cuts a record that has only one reading.
func (p *plan) splitCertain(line []byte, fields [][]byte) ([][]byte, error) {
	at := 0
	for i := range p.cols {
		c := &p.cols[i]
		rest, ok := bytes.CutPrefix(line[at:], []byte(c.sep))
		if !ok {
			return fields, fmt.Errorf("expected %q before %s, in column %d", c.sep, c.attr, at+1)
		}
		at += len(c.sep)
		end := at + c.run(rest)
		if end == at {
			return fields, fmt.Errorf("%.40q is no value of %s", rest, c.attr)
		}
		fields = append(fields, line[at:end])
		at = end
	}
	if at < len(line) {
		return fields, fmt.Errorf("%.40q follows the last value", line[at:])
	}
	return fields, nil
}

// run returns how many characters text begins with that c's values may hold.
func (c *column) run(text []byte) int {
	set := &inForm[c.form]
	for i, ch := range text {
		if !set[ch] {
			return i
		}
	}
	return len(text)
}

// splitter looks for all ways to read a record.
type splitter struct {
	plan  *plan
	line  []byte
	now   [][]byte // the way being tried
	first [][]byte // the first that was found
	found int
	steps int
}

// from tries the columns from i on, with the separator before i at at.
func (s *splitter) from(i, at int) {
	if s.steps++; s.steps > maxSteps || s.found > 1 {
		return
	}
	if i == len(s.plan.cols) {
		if at == len(s.line) {
			if s.found++; s.found == 1 {
				s.first = append(s.first, s.now...)
			}
		}
		return
	}
	c := &s.plan.cols[i]
	rest, ok := bytes.CutPrefix(s.line[at:], []byte(c.sep))
	if !ok {
		return
	}
	at += len(c.sep)
	longest := c.run(rest[:min(len(rest), maxDist+1)]) // no value is longer than maxDist
	shortest := 1
	if c.clear {
		shortest = longest
	}
	for n := longest; n >= shortest && n > 0; n-- {
		if s.canEnd(i, rest[n:]) {
			s.steps += n / 32 // reading it takes time
			if c.plausible(rest[:n]) {
				s.now[i] = rest[:n]
				s.from(i+1, at+n)
			}
		}
		if s.steps++; s.steps > maxSteps {
			return
		}
	}
}

// canEnd reports whether column i may end where rest begins.
func (s *splitter) canEnd(i int, rest []byte) bool {
	if i+1 == len(s.plan.cols) {
		return len(rest) == 0
	}
	return bytes.HasPrefix(rest, []byte(s.plan.cols[i+1].sep))
}

// plausible reports whether text is a value of c for some peer type.
func (c *column) plausible(text []byte) bool {
	var v reader.Value
	return c.parseValue(&v, text, mib.PeerAppleTalk) ||
		c.form == formPeer && c.parseValue(&v, text, mib.PeerDECnet)
}
