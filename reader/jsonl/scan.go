package jsonl

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"netramet/reader/columns"
	"netramet/reader/lines"
)

// MaxLine is the longest line that is read, in octets. The longest that is written has
// a few distributions of 256 counters.
const MaxLine = 1 << 20

// Scan implements lines.Format. Members it does not know are passed over.
func (f *Format) Scan(r io.Reader, each func(*lines.Collection) error) (whole int64, header string, err error) {
	s := scanner{names: f.names, each: each}
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

type scanner struct {
	names columns.Names
	each  func(*lines.Collection) error
	now   lines.Collection // that is being read
	lines int
	ended bool // the last line ended a collection
}

// object is a line, member by member.
type object map[string]json.RawMessage

var errOther = errors.New("not of flow data")

func (s *scanner) line(line []byte) error {
	var o object
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("no JSON object: %w", err)
	}
	var kind string
	var schema int
	if json.Unmarshal(o["type"], &kind) != nil || json.Unmarshal(o["schema"], &schema) != nil || schema < 1 {
		return errOther
	}
	if schema > columns.Schema {
		return fmt.Errorf("schema %d is newer than this program, which knows %d", schema, columns.Schema)
	}
	switch kind {
	case "flow":
		s.ended = false
		return s.flow(o)
	case "interval":
		return s.interval(o)
	case "aborted":
		s.now.Flows = s.now.Flows[:0]
		return nil
	}
	return errOther
}

// member reads a column's value into to, which stays as it is if that is null.
func (s *scanner) member(o object, name string, to any) error {
	if c, ok := columns.ByName(name); ok {
		name = c.In(s.names)
	}
	text, ok := o[name]
	if !ok {
		return fmt.Errorf("%q is not there: was it written with other --names?", name)
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	return nil
}

func (s *scanner) flow(o object) error {
	var f lines.Flow
	var start, first time.Time
	err := errors.Join(s.member(o, "ruleset", &f.RuleSet), s.member(o, "flow_index", &f.Index),
		s.member(o, "meter_start", &start), s.member(o, "first_time", &first))
	if err != nil {
		return err
	}
	if !first.IsZero() {
		f.FirstTime = lines.UptimeOf(start, first)
	}
	for i, a := range lines.Counters {
		c, _ := columns.Of(a)
		if text, ok := o[c.In(s.names)]; ok {
			if err := json.Unmarshal(text, &f.Counts[i]); err != nil {
				return fmt.Errorf("%q: %w", c.In(s.names), err)
			}
			f.Has |= 1 << i
		}
	}
	s.now.Flows = append(s.now.Flows, f)
	return nil
}

func (s *scanner) interval(o object) error {
	c := &s.now
	var flows int
	var ruleSets []int
	err := errors.Join(s.member(o, "meter", &c.Meter), s.member(o, "meter_start", &c.Start), s.member(o, "interval", &c.Interval),
		s.member(o, "interval_start", &c.Begin), s.member(o, "interval_end", &c.End), s.member(o, "rulesets", &ruleSets), s.member(o, "flows", &flows))
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
