package flowfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"netramet/mib"
	"netramet/reader"
)

const (
	timeMark    = "#Time: "
	endMark     = "#EndData: "
	rulesetMark = "#Ruleset: "
	statsMark   = "#Stats: "
)

// blockID is what the information lines of a block tell: the identity of a
// collection.
type blockID struct {
	meter  string
	time   time.Time // to the second
	from   uint64    // centiseconds of uptime, at least 1 (RFC 2123 §4.1)
	to     uint64
	number uint64 // of the interval; not known before the last line
	sets   uint64 // digest of the #Ruleset lines, in order
}

// same reports whether two blocks are one collection.
func (a blockID) same(b blockID) bool {
	return a.from == b.from && a.to == b.to && a.number == b.number && a.meter == b.meter &&
		a.time.Unix() == b.time.Unix() && a.sets == b.sets
}

// addSet notes a #Ruleset line, without its newline: the same trace under other
// rules gives other collections.
func (id *blockID) addSet(line []byte) {
	h := fnv.New64a()
	_, _ = h.Write(line) // never fails
	id.sets = id.sets*31 + h.Sum64()
}

// appendRulesetLine appends the line that begins a rule set's records, without
// its newline.
func appendRulesetLine(b []byte, t *reader.Task) []byte {
	b = append(b, rulesetMark...)
	b = strconv.AppendInt(b, int64(t.RuleSet), 10)
	b = append(b, ' ')
	return appendText(b, t.Name, ' ')
}

// appendTimeLine appends the first line of a block.
func appendTimeLine(b []byte, id blockID, z Zone) []byte {
	b = append(b, timeMark...)
	b = appendDate(b, id.time, z, timeLayout)
	b = append(b, ' ')
	b = append(b, id.meter...)
	b = append(b, " Flows from "...)
	b = strconv.AppendUint(b, id.from, 10)
	b = append(b, " to "...)
	b = strconv.AppendUint(b, id.to, 10)
	return append(b, '\n')
}

// parseTimeLine reads the first line of a block, without its mark.
func parseTimeLine(text []byte, loc *time.Location) (id blockID, err error) {
	at := bytes.LastIndex(text, []byte(" Flows from "))
	if at < 0 {
		return id, errors.New(`#Time line without "Flows from"`)
	}
	from, to, ok := bytes.Cut(text[at+len(" Flows from "):], []byte(" to "))
	var ok1, ok2 bool
	id.from, ok1 = parseUint(from, 1<<64-1)
	id.to, ok2 = parseUint(bytes.TrimRight(to, " "), 1<<64-1)
	if !ok || !ok1 || !ok2 {
		return id, fmt.Errorf("#Time line: %q is not an interval of uptime", text[at:])
	}
	date, meter := splitFields(text[:at], 5)
	id.meter = string(meter)
	if id.time, err = parseDate(string(date), loc); err != nil {
		return id, fmt.Errorf("#Time line: %w", err)
	}
	return id, nil
}

// splitFields cuts text after n fields that blanks separate, and the blanks
// after them.
func splitFields(text []byte, n int) (head, rest []byte) {
	at := 0
	for range n {
		for at < len(text) && text[at] == ' ' {
			at++
		}
		for at < len(text) && text[at] != ' ' {
			at++
		}
	}
	return text[:at], bytes.TrimLeft(text[at:], " ")
}

// parseEndData reads the number of the interval from the last line of a block,
// without its mark. Files of 4.x have the meter alone; known is false then.
func parseEndData(text []byte) (number uint64, known bool) {
	text = bytes.TrimRight(text, " ")
	at := bytes.LastIndexByte(text, ' ')
	if at < 0 {
		return 0, false
	}
	return parseUint(text[at+1:], 1<<64-1)
}

// peerType is the peer type that a column shows; what is too large for one is
// none.
func peerType(n uint64) mib.PeerType {
	if n > 255 {
		return mib.PeerNone
	}
	return mib.PeerType(n)
}
