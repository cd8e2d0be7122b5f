package flowfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"netramet/internal/digits"
	"netramet/mib"
	"netramet/reader/cells"
	"netramet/ruleset"
)

// maxAttrs bounds the attributes of one #Format line. A data package holds at
// most 113 (decision 28), but a longer FORMAT is collected in several.
const maxAttrs = 512

const formatMark = "#Format: "

// column is one attribute of a format, with what is needed to print and read it.
type column struct {
	attr mib.Attr
	form form
	sep  string // stands before the value
	most uint64 // the largest number
	// clear is true if the separator after the value cannot be mistaken for a
	// part of it; where it can, reading has to try.
	clear bool

	lead cells.Lead // sep
}

// plan is a FORMAT made ready for printing and reading records.
type plan struct {
	cols []column
	tail string // stands after the last value
	peer int    // index of a column that shows the peer type, or -1
	line string // "#Format: ..." without newline
	// certain is true if every column is clear: each record has one reading.
	certain bool
	// old: peer types are those of the original's 3.x (see modern).
	old    bool
	room   int // octets that all columns but those of unbounded length touch at most
	stored storedLines
	// ruleSet, index and firstTime are columns that name the flow, or -1.
	ruleSet, index, firstTime int
}

// CheckFormat reports what keeps f from being written to a flow data file:
// attributes that a flow does not have, and separators that could not be read
// back. Commands call it before they start to meter.
func CheckFormat(f *ruleset.Format) error {
	p, err := newPlan(f)
	if err != nil {
		return err
	}
	for i := range p.cols[1:] {
		a, b := &p.cols[i], &p.cols[i+1]
		if a.form == formDist && b.form == formDist && strings.Trim(b.sep, " 0123456789") == "" {
			return fmt.Errorf("format: nobody could tell where the numbers of %s end and those of %s begin: put something that is no blank and no digit between, such as \") (\"", a.attr, b.attr)
		}
	}
	return nil
}

// newPlan makes f ready. The error says what is wrong with f.
func newPlan(f *ruleset.Format) (*plan, error) {
	if len(f.Attrs) == 0 {
		return nil, errors.New("format has no attribute")
	}
	if len(f.Attrs) > maxAttrs {
		return nil, fmt.Errorf("format has %d attributes, at most %d are possible", len(f.Attrs), maxAttrs)
	}
	if len(f.Seps) != len(f.Attrs)+1 {
		return nil, fmt.Errorf("format has %d separators for %d attributes", len(f.Seps), len(f.Attrs))
	}
	for _, s := range f.Seps {
		if strings.ContainsAny(s, "\n\r") {
			return nil, fmt.Errorf("format: separator %q breaks the line", s)
		}
	}
	if strings.HasPrefix(f.Seps[0], "#") {
		return nil, fmt.Errorf("format: records would begin with %q, as information lines do", f.Seps[0])
	}
	p := &plan{tail: f.Seps[len(f.Attrs)], peer: -1, ruleSet: -1, index: -1, firstTime: -1, certain: true}
	for i, a := range f.Attrs {
		form, ok := formOf(a)
		if !ok {
			return nil, fmt.Errorf("format: a flow has no attribute %s to print", a)
		}
		// After the last value comes the end of the line.
		next := f.Seps[i+1]
		clear := i == len(f.Attrs)-1 || next != "" && !inForm[form][next[0]]
		p.certain = p.certain && clear
		p.add(column{attr: a, form: form, sep: f.Seps[i], most: maxNumber(a), clear: clear})
		p.remember(i, a)
	}
	p.line = formatMark + f.Line()
	if len(p.line) > MaxLine {
		return nil, fmt.Errorf("format takes %d characters, at most %d are possible", len(p.line), MaxLine)
	}
	back, err := ruleset.ParseFormatLine(f.Line())
	if err != nil {
		return nil, fmt.Errorf("format: the line %.200q could not be read back: %w", p.line, err)
	}
	if !slices.Equal(back.Attrs, f.Attrs) || !slices.Equal(back.Seps, f.Seps) {
		return nil, fmt.Errorf("format: a separator holds an attribute's name, or touches one with a letter or digit, so that the line %.200q could not be read back", p.line)
	}
	return p, nil
}

// add adds a column.
func (p *plan) add(c column) {
	c.lead = cells.NewLead(c.sep)
	p.cols = append(p.cols, c)
	p.room += c.lead.Room() + digits.Room
}

// remember notes column i if it tells something about the record itself.
func (p *plan) remember(i int, a mib.Attr) {
	switch a {
	case mib.AttrSourcePeerType, mib.AttrDestPeerType:
		if p.peer < 0 {
			p.peer = i
		}
	case mib.AttrFlowRuleSet:
		p.ruleSet = i
	case mib.AttrFlowIndex:
		p.index = i
	case mib.AttrFirstTime:
		p.firstTime = i
	}
}
