package table

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"netramet/internal/plaintext"
)

// appendTitle adds what the table is about.
func (t *Table) appendTitle(dst []byte, width int, howMany string) []byte {
	parts := []string{fmt.Sprintf("%s (%d)", plaintext.Clean(t.task.Name), t.task.RuleSet)}
	if t.task.Name == "" {
		parts[0] = fmt.Sprintf("rule set %d", t.task.RuleSet)
	}
	if t.iv.Meter != "" {
		parts = append(parts, plaintext.Clean(t.iv.Meter))
	}
	if when := t.when(); when != "" {
		parts = append(parts, when)
	}
	if howMany != "" {
		parts = append(parts, howMany)
	}
	if t.known > 0 {
		parts = append(parts, fmt.Sprintf("%d seen before, counted from now on", t.known))
	}
	dst = appendFilled(dst, parts, gap, width)
	for _, note := range t.iv.Notes {
		dst = appendFilled(dst, strings.Fields("note: "+plaintext.Clean(note)), 1, width)
	}
	return dst
}

// when is the interval's begin and end, to the second that is nearest; "" where nobody
// knows, as of a trace without packets.
func (t *Table) when() string {
	if t.iv.End().IsZero() {
		return ""
	}
	const day, second = "2006-01-02 ", "15:04:05"
	local := func(at time.Time) time.Time { return at.Round(time.Second).In(t.opts.zone()) }
	end := local(t.iv.End())
	if t.iv.Begin.IsZero() {
		return "to " + end.Format(day+second+" MST")
	}
	begin := local(t.iv.Begin)
	if begin.Format(day) == end.Format(day) {
		return begin.Format(day+second) + "-" + end.Format(second+" MST")
	}
	return begin.Format(day+second) + " - " + end.Format(day+second+" MST")
}

func (t *Table) howMany(rows int) string {
	unit := cmp.Or(t.opts.Unit, "flow")
	switch {
	case t.flows == 0:
		return "no " + unit + "s"
	case t.flows == 1:
		return "1 " + unit
	}
	by := ""
	if t.opts.Key.By != ByOctets { // else the headings tell it
		by = " by " + t.opts.Key.String()
	}
	if rows+t.past.flows < t.flows {
		return fmt.Sprintf("%d of %d %ss%s", rows, t.flows, unit, by)
	}
	return fmt.Sprintf("%d %ss%s", t.flows, unit, by)
}

// appendFilled adds parts of a line with blanks between them, in as many lines as they
// take.
func appendFilled(dst []byte, parts []string, blanks, width int) []byte {
	at := 0
	for i, p := range parts {
		w := textWidth(p)
		switch {
		case i == 0:
		case width > 0 && at+blanks+w > width:
			dst, at = append(dst, '\n'), 0
		default:
			dst, at = appendBlanks(dst, blanks), at+blanks
		}
		if width > 0 {
			dst, w = appendCut(dst, p, width)
		} else {
			dst = append(dst, p...)
		}
		at += w
	}
	return append(dst, '\n')
}
