package query

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/lines"
	"netramet/ruleset"
)

// jsonField is a member of the lines of a format, in their order.
type jsonField struct {
	name string
	kind jsonKind
	at   int // place of the attribute in records
	attr mib.Attr
}

type jsonKind uint8

const (
	jsonOther   jsonKind = iota
	jsonNumber           // of an attribute
	jsonAddress          // of an attribute
	jsonPort             // of an attribute
	jsonIndex
	jsonFirst
	jsonBaseline
)

// newJSONFormat makes the format of lines with some members. Where they have amounts,
// these are what counters grew by.
func newJSONFormat(members []string) *jsonFormat {
	const amount = "_amount"
	f := &jsonFormat{format: &ruleset.Format{}}
	for _, m := range members {
		f.differences = f.differences || strings.HasSuffix(m, amount)
	}
	add := func(a mib.Attr) int {
		for i, b := range f.format.Attrs {
			if a == b {
				return i
			}
		}
		f.format.Attrs, f.format.Seps = append(f.format.Attrs, a), append(f.format.Seps, " ")
		return len(f.format.Attrs) - 1
	}
	for _, m := range members {
		f.fields = append(f.fields, fieldOf(m, f.differences, add))
	}
	f.format.Seps = append(f.format.Seps, "")
	return f
}

// fieldOf finds what a member is.
func fieldOf(member string, differences bool, add func(mib.Attr) int) jsonField {
	field := jsonField{name: member}
	name := member
	if differences {
		name = strings.TrimSuffix(name, "_amount")
	}
	switch name = jsonColumns[name]; name {
	case "":
		return field
	case "flow_index":
		field.kind, field.at = jsonIndex, add(mib.AttrFlowIndex)
		return field
	case "first_time":
		field.kind, field.at = jsonFirst, add(mib.AttrFirstTime)
		return field
	case "baseline":
		field.kind = jsonBaseline
		return field
	}
	c, ok := columns.ByName(name)
	if !ok || c.Attr == mib.AttrNull || c.Attr == mib.AttrFirstTime {
		return field
	}
	field.attr = c.Attr
	switch {
	case c.Attr.Class() == mib.ClassCounter:
		if differences && name == jsonColumns[member] {
			return field // its amount is there too
		}
		field.kind = jsonNumber
	case c.Type == columns.Address:
		field.kind = jsonAddress
	case c.Type == columns.Number && c.Attr.Class() == mib.ClassAddress, c.Type == columns.Number && c.Attr.Class() == mib.ClassMask:
		field.kind = jsonPort
	case c.Type == columns.Number:
		field.kind = jsonNumber
	}
	field.at = add(c.Attr)
	return field
}

// jsonDecoder reads lines of flows.
type jsonDecoder struct {
	fields []jsonField
	size   int       // attributes of a record
	start  time.Time // of the meter
}

// Next reads the first line of text; see flowfile.Decoder.
func (d *jsonDecoder) Next(text []byte, rec *reader.Record) (rest []byte, ok bool, err error) {
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	rec.Clear(d.size)
	s := jsonScan{text: line}
	for i := 0; s.next(); i++ {
		if i >= len(d.fields) || string(s.name) != d.fields[i].name {
			return rest, false, errors.New("the flow has other members than the first one of its collection")
		}
		if f := &d.fields[i]; f.kind != jsonOther && string(s.value) != "null" && !d.take(f, s.value, rec) {
			return rest, false, fmt.Errorf("%q: %.60q is no value of it", s.name, s.value)
		}
	}
	if s.bad {
		return rest, false, errors.New("it is no object of JSON on one line")
	}
	return rest, true, nil
}

// take reads the value of a member.
func (d *jsonDecoder) take(f *jsonField, value []byte, rec *reader.Record) bool {
	switch f.kind {
	case jsonBaseline:
		rec.Baseline = string(value) == "true"
		return true
	case jsonFirst:
		text, ok := quotedText(value)
		if !ok {
			return false
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		rec.FirstTime = lines.UptimeOf(d.start, t)
		rec.Values[f.at].Num = rec.FirstTime
		return err == nil
	case jsonAddress:
		text, ok := quotedText(value)
		return ok && takeAddress(f.attr, text, &rec.Values[f.at])
	}
	n, err := strconv.ParseUint(string(value), 10, 64)
	if err != nil {
		return false
	}
	switch f.kind {
	case jsonPort:
		v := &rec.Values[f.at]
		v.Octets[0], v.Octets[1], v.Len = byte(n>>8), byte(n), 2
		return n < 1<<16
	case jsonIndex:
		rec.Index = uint32(n)
		rec.Values[f.at].Num = n
		return n < 1<<32
	}
	rec.Values[f.at].Num = n
	if f.attr == mib.AttrSourcePeerType || f.attr == mib.AttrDestPeerType {
		rec.PeerType = mib.PeerType(n)
		return n < 1<<8
	}
	return true
}

// quotedText is what a string says that needs no escapes.
func quotedText(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return "", false
	}
	return string(value[1 : len(value)-1]), true
}

// takeAddress reads an address as package columns writes it: of IP, or octets in
// hexadecimal with colons. A text that could be both is the former in a peer address.
func takeAddress(a mib.Attr, text string, v *reader.Value) bool {
	peer := a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress || a == mib.AttrSourcePeerMask || a == mib.AttrDestPeerMask
	if !peer && takeOctets(text, v) {
		return true
	}
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		v.Len = uint8(copy(v.Octets[:], ip.AsSlice()))
		return true
	}
	return takeOctets(text, v)
}

// takeOctets reads octets in hexadecimal with colons.
func takeOctets(text string, v *reader.Value) bool {
	if len(text)%3 != 2 || len(text) > 3*mib.MaxAddress {
		return false
	}
	for i := 0; i < len(text); i += 3 {
		n, err := strconv.ParseUint(text[i:i+2], 16, 8)
		if err != nil || i > 0 && text[i-1] != ':' {
			return false
		}
		v.Octets[i/3] = byte(n)
	}
	v.Len = uint8((len(text) + 1) / 3)
	return true
}

// jsonScan goes through the members of an object, whose values it takes as they stand.
type jsonScan struct {
	text        []byte
	at          int
	name, value []byte
	bad         bool
}

// next goes to the next member; false behind the last, and where something is wrong.
func (s *jsonScan) next() bool {
	sign := s.sign()
	if s.at == 1 && sign == '{' {
		if s.sign() == '}' {
			return s.over()
		}
		s.at--
	} else if sign == '}' {
		return s.over()
	} else if sign != ',' {
		return s.fail()
	}
	if s.sign() != '"' {
		return s.fail()
	}
	from := s.at
	if !s.str() {
		return s.fail()
	}
	s.name = s.text[from : s.at-1]
	if s.sign() != ':' {
		return s.fail()
	}
	s.blanks()
	from = s.at
	if !s.skip() || s.at == from {
		return s.fail()
	}
	s.value = s.text[from:s.at]
	return true
}

func (s *jsonScan) fail() bool { s.bad = true; return false }

// over: nothing but blanks may follow the object.
func (s *jsonScan) over() bool {
	s.blanks()
	s.bad = s.at < len(s.text)
	return false
}

func (s *jsonScan) blanks() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\r' || s.text[s.at] == '\n') {
		s.at++
	}
}

// sign takes the next character; 0 if there is none.
func (s *jsonScan) sign() byte {
	if s.blanks(); s.at == len(s.text) {
		return 0
	}
	s.at++
	return s.text[s.at-1]
}

// str goes behind the string whose first quote was taken.
func (s *jsonScan) str() bool {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
		s.at++
	}
	s.at = min(s.at, len(s.text))
	return false
}

// skip goes behind a value: a string, a list or object, or a word.
func (s *jsonScan) skip() bool {
	depth := 0
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '"':
			if s.at++; !s.str() {
				return false
			}
			if depth == 0 {
				return true
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return c == '}' // the end of the object
			}
			if depth--; depth == 0 {
				s.at++
				return true
			}
		case ',':
			if depth == 0 {
				return true
			}
		}
		s.at++
	}
	return false
}
