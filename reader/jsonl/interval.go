package jsonl

import (
	"strconv"
	"time"

	"netramet/internal/digits"
	"netramet/reader"
	"netramet/reader/columns"
)

// interval begins the line that ends a collection.
const interval = `{"type":"interval"`

// appendInterval appends the line that ends a collection, but for the number of its
// flows.
func (f *Format) appendInterval(b []byte, iv *reader.Interval, tasks []reader.Task) []byte {
	b = append(append(b, interval...), `,"schema":`...)
	b = digits.AppendUint(b, columns.Schema)
	key := func(name string) {
		if c, ok := columns.ByName(name); ok {
			name = c.In(f.names)
		}
		b = append(appendString(append(b, ','), name), ':')
	}
	when := func(name string, t time.Time) {
		key(name)
		start := len(b)
		text, ok := columns.AppendTime(append(b, '"'), t)
		if b = append(text, '"'); !ok {
			b = append(b[:start], "null"...)
		}
	}
	text := func(name, value string, ok bool) {
		if key(name); !ok {
			b = append(b, "null"...)
			return
		}
		b = appendString(b, value)
	}
	text("meter", iv.Meter, iv.Meter != "")
	when("meter_start", iv.MeterStart)
	key("interval")
	b = digits.AppendUint(b, iv.Number)
	when("interval_start", iv.Begin)
	when("interval_end", iv.End())
	key("restarted")
	b = strconv.AppendBool(b, iv.Restarted)
	text("octets_mode", iv.Octets.String(), iv.Octets != reader.OctetsUnknown)
	if key("sample_rate"); iv.SampleRate > 0 {
		b = digits.AppendUint(b, uint64(iv.SampleRate))
	} else {
		b = append(b, "null"...)
	}
	key("rulesets")
	b = append(b, '[')
	for i := range tasks {
		if i > 0 {
			b = append(b, ',')
		}
		b = digits.AppendUint(b, uint64(tasks[i].RuleSet))
	}
	b = append(b, ']')
	key("stats")
	b = append(b, '{')
	for i, s := range iv.Stats {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, s.Name), ':')
		if n, err := strconv.ParseUint(s.Value, 10, 64); err == nil {
			b = digits.AppendUint(b, n)
		} else {
			b = appendString(b, s.Value)
		}
	}
	b = append(b, '}')
	key("notes")
	b = append(b, '[')
	for i, note := range iv.Notes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, note)
	}
	return append(b, ']')
}
