package jsonl

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"netramet/reader/columns"
	"netramet/reader/lines"
)

// MaxLine is the longest line that is read, in octets. The longest that is written has
// a few distributions of 256 counters.
const MaxLine = 1 << 20

// Scan implements lines.Format. Members it does not know are passed over.
func (f *Format) Scan(r io.Reader, each func(*lines.Collection) error) (whole int64, header string, err error) {
	s := newScanner(f.names, each)
	in := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for at := int64(0); ; {
		line, err = lines.ReadLine(in, line[:0], MaxLine)
		if err == io.EOF {
			return whole, "", nil // a last line without its end is not whole
		}
		if err == nil {
			err = s.line(line)
		}
		if err != nil {
			return whole, "", fmt.Errorf("line %d: %w", s.lines+1, err)
		}
		s.lines++
		if at += int64(len(line)); len(s.now.Flows) == 0 && s.ended {
			whole = at
		}
	}
}

// scanned are the members that Scan wants to know, and counters behind them.
var scanned = []string{"type", "schema", "meter", "meter_start", "ruleset", "flow_index", "first_time",
	"interval", "interval_start", "interval_end", "rulesets", "flows"}

// Places in scanned.
const (
	atType = iota
	atSchema
	atMeter
	atStart
	atRuleSet
	atIndex
	atFirst
	atInterval
	atBegin
	atEnd
	atRuleSets
	atFlows
	atCounters
)

type scanner struct {
	each   func(*lines.Collection) error
	labels []string       // of what is scanned, in the file's set of names
	places map[string]int // by label
	values [atCounters + len(lines.Counters)][]byte
	now    lines.Collection // that is being read
	start  struct {         // of the meter, in the flow before
		text string
		time time.Time
	}
	lines int
	ended bool // the last line ended a collection
}

func newScanner(names columns.Names, each func(*lines.Collection) error) *scanner {
	s := &scanner{each: each, places: map[string]int{}}
	all := scanned
	for _, a := range lines.Counters {
		c, _ := columns.Of(a)
		all = append(all, c.Name)
	}
	for i, label := range all {
		if c, ok := columns.ByName(label); ok && i > atSchema {
			label = c.In(names)
		}
		s.labels, s.places[label] = append(s.labels, label), i
	}
	return s
}

var errOther = errors.New("not of flow data")

func (s *scanner) line(line []byte) error {
	clear(s.values[:])
	m := members{text: line}
	for m.next() {
		if i, ok := s.places[string(m.name)]; ok {
			s.values[i] = m.value
		}
	}
	schema, err := strconv.ParseUint(string(s.values[atSchema]), 10, 31)
	switch {
	case m.bad:
		return errNoObject
	case err != nil || schema < 1:
		return errOther
	case schema > columns.Schema:
		return fmt.Errorf("schema %d is newer than this program, which knows %d", schema, columns.Schema)
	}
	switch string(s.values[atType]) {
	case `"flow"`:
		s.ended = false
		return s.flow()
	case `"interval"`:
		return s.interval()
	case `"aborted"`:
		s.now.Flows = s.now.Flows[:0]
		return nil
	}
	return errOther
}

// member reads a value into to, which stays as it is if that is null.
func (s *scanner) member(at int, to any) error {
	if s.values[at] == nil {
		return fmt.Errorf("%q is not there: was it written with other --names?", s.labels[at])
	}
	if err := json.Unmarshal(s.values[at], to); err != nil {
		return s.fault(at)
	}
	return nil
}

func (s *scanner) fault(at int) error {
	return fmt.Errorf("%q: %.60q is no value of it", s.labels[at], s.values[at])
}

// number reads a number of so many bits; ok is false if it is null, or not there.
func (s *scanner) number(at, bits int, bad *error) (n uint64, ok bool) {
	if s.values[at] == nil || string(s.values[at]) == "null" {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.values[at]), 10, bits)
	if err != nil {
		*bad = s.fault(at)
	}
	return n, err == nil
}

func (s *scanner) flow() error {
	for _, at := range []int{atRuleSet, atIndex, atStart, atFirst} {
		if s.values[at] == nil {
			return s.member(at, nil)
		}
	}
	if string(s.values[atStart]) != s.start.text {
		s.start.time = time.Time{}
		if err := s.member(atStart, &s.start.time); err != nil {
			return err
		}
		s.start.text = string(s.values[atStart])
	}
	var f lines.Flow
	var bad error
	if string(s.values[atFirst]) != "null" {
		text, _ := quotedText(s.values[atFirst])
		first, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			bad = s.fault(atFirst)
		}
		f.FirstTime = lines.UptimeOf(s.start.time, first)
	}
	ruleSet, _ := s.number(atRuleSet, 8, &bad)
	index, _ := s.number(atIndex, 32, &bad)
	f.RuleSet, f.Index = uint8(ruleSet), uint32(index)
	for i := range lines.Counters {
		n, ok := s.number(atCounters+i, 64, &bad)
		if ok {
			f.Counts[i], f.Has = n, f.Has|1<<i
		}
	}
	s.now.Flows = append(s.now.Flows, f)
	return bad
}

func (s *scanner) interval() error {
	c := &s.now
	var flows int
	var ruleSets []int
	err := errors.Join(s.member(atMeter, &c.Meter), s.member(atStart, &c.Start), s.member(atInterval, &c.Interval),
		s.member(atBegin, &c.Begin), s.member(atEnd, &c.End), s.member(atRuleSets, &ruleSets), s.member(atFlows, &flows))
	if err != nil {
		return err
	}
	if flows < 0 || flows > len(c.Flows) {
		return fmt.Errorf("the interval has %d flows, %d stand before it", flows, len(c.Flows))
	}
	c.Flows = c.Flows[len(c.Flows)-flows:] // before them are those of one without its end
	for _, n := range ruleSets {
		c.Add(n)
	}
	err = s.each(c)
	*c = lines.Collection{Flows: c.Flows[:0]}
	s.ended = true
	return err
}
