package csv

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"netramet/reader/columns"
	"netramet/reader/lines"
)

// MaxLine is the longest line that is read, in octets.
const MaxLine = 1 << 20

// Scan implements lines.Format.
func (f *Format) Scan(r io.Reader, each func(*lines.Collection) error) (whole int64, header string, err error) {
	s := scanner{each: each}
	in := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for at := int64(0); ; {
		line, err = lines.ReadLine(in, line[:0], MaxLine)
		if err == io.EOF {
			return whole, s.header, nil // a last line without its end is not whole
		}
		if err == nil {
			err = s.line(f.names, strings.TrimRight(string(line), "\r\n"))
		}
		if err != nil {
			return whole, s.header, fmt.Errorf("line %d: %w", s.lines+1, err)
		}
		s.lines++
		if at += int64(len(line)); s.ended {
			whole = at
		}
	}
}

type scanner struct {
	each   func(*lines.Collection) error
	header string
	fields []string
	at     map[string]int // places of columns, by their RTFM names
	counts [len(lines.Counters)]int
	now    lines.Collection
	lines  int
	ended  bool // the last line ended a collection, or is the header
}

// needed are the columns that a flow is known by.
var needed = []string{"schema", "meter", "meter_start", "ruleset", "interval", "interval_start", "interval_end", "flow_index", "first_time", last}

func (s *scanner) line(names columns.Names, line string) (err error) {
	if s.fields, err = split(s.fields[:0], line); err != nil {
		return err
	}
	if s.lines == 0 {
		return s.columns(names, line)
	}
	if len(s.fields) != len(s.at) {
		return fmt.Errorf("%d columns, the header has %d", len(s.fields), len(s.at))
	}
	return s.flow()
}

// columns takes the header.
func (s *scanner) columns(names columns.Names, line string) error {
	s.header, s.at, s.ended = line, map[string]int{}, true
	for i, label := range s.fields {
		if _, twice := s.at[label]; twice {
			return fmt.Errorf("two columns are called %q", label)
		}
		s.at[label] = i
	}
	for _, name := range needed {
		label := name
		if c, ok := columns.ByName(name); ok {
			label = c.In(names)
		}
		place, ok := s.at[label]
		if !ok {
			return fmt.Errorf("no column %q: was it written with other --names, or is it no flow data?", label)
		}
		s.at[name] = place
		if name != label {
			delete(s.at, label)
		}
	}
	for i, a := range lines.Counters {
		c, _ := columns.Of(a)
		s.counts[i] = slices.Index(s.fields, c.In(names))
	}
	return nil
}

// flow takes a row.
func (s *scanner) flow() error {
	get := func(name string) string { return s.fields[s.at[name]] }
	var bad error
	number := func(name string, bits int) uint64 {
		n, err := strconv.ParseUint(get(name), 10, bits)
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("%s is %.40q, no number", name, get(name)))
		}
		return n
	}
	when := func(name string) (t time.Time) {
		text := get(name)
		if text == "" {
			return t
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("%s is %.40q, no time", name, text))
		}
		return t
	}
	id := lines.ID{Meter: get("meter"), Start: when("meter_start"), Interval: number("interval", 64), End: when("interval_end")}
	f := lines.Flow{RuleSet: uint8(number("ruleset", 8)), Index: uint32(number("flow_index", 32))}
	if first := when("first_time"); !first.IsZero() {
		f.FirstTime = lines.UptimeOf(id.Start, first)
	}
	if schema := number("schema", 31); schema > columns.Schema {
		return fmt.Errorf("schema %d is newer than this program, which knows %d", schema, columns.Schema)
	}
	for i, at := range s.counts {
		if at < 0 || s.fields[at] == "" {
			continue
		}
		n, err := strconv.ParseUint(s.fields[at], 10, 64)
		if err != nil {
			return fmt.Errorf("%s is %.40q, no number", lines.Counters[i], s.fields[at])
		}
		f.Counts[i], f.Has = n, f.Has|1<<i
	}
	if s.begin(&id, &f) {
		s.now.Begin = when("interval_start")
	}
	if bad != nil {
		return bad
	}
	s.now.Flows = append(s.now.Flows, f)
	return s.end(get(last))
}

// begin has flows of a collection that has no end forgotten where f is of another one,
// or where the same one has begun again. It reports whether f is the first of one.
func (s *scanner) begin(id *lines.ID, f *lines.Flow) bool {
	c := &s.now
	if n := len(c.Flows); n > 0 && id.Meter == c.Meter && id.Interval == c.Interval && id.Start.Equal(c.Start) && id.End.Equal(c.End) {
		before := &c.Flows[n-1]
		if before.RuleSet < f.RuleSet || before.RuleSet == f.RuleSet && before.Index < f.Index {
			return false
		}
	}
	c.ID, c.Flows = *id, c.Flows[:0]
	return true
}

// end ends the collection, if that flow is the last.
func (s *scanner) end(is string) error {
	switch is {
	case "false":
		s.ended = false
		return nil
	case "true":
	default:
		return fmt.Errorf("%s is %.40q", last, is)
	}
	s.ended = true
	err := s.each(&s.now)
	s.now = lines.Collection{Flows: s.now.Flows[:0]}
	return err
}
