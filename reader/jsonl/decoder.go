package jsonl

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/lines"
	"netramet/ruleset"
)

// field is a member of the lines of a format, in their order.
type field struct {
	name string
	lead string // ,"name":
	kind kind
	at   int // place of the attribute in records
	attr mib.Attr
}

type kind uint8

const (
	isOther   kind = iota
	isNumber       // of an attribute
	isAddress      // of an attribute
	isPort         // of an attribute
	isIndex
	isFirst
	isBaseline
)

// Shape is what lines of flows with the same members have in common.
type Shape struct {
	Format  *ruleset.Format // of records
	Amounts bool            // counters are what was added to them
	fields  []field
}

// NewShape returns the shape of lines with members of these names, of any set of names.
// What no record has is passed over.
func NewShape(members []string) *Shape {
	s := &Shape{Format: &ruleset.Format{}}
	for _, m := range members {
		s.Amounts = s.Amounts || strings.HasSuffix(m, amount)
	}
	add := func(a mib.Attr) int {
		for i, b := range s.Format.Attrs {
			if a == b {
				return i
			}
		}
		s.Format.Attrs, s.Format.Seps = append(s.Format.Attrs, a), append(s.Format.Seps, " ")
		return len(s.Format.Attrs) - 1
	}
	for _, m := range members {
		s.fields = append(s.fields, fieldOf(m, s.Amounts, add))
	}
	s.Format.Seps = append(s.Format.Seps, "")
	return s
}

// amount ends the names of amounts.
const amount = "_amount"

// fieldOf finds what a member is.
func fieldOf(member string, differences bool, add func(mib.Attr) int) field {
	field := field{name: member, lead: `,"` + member + `":`}
	name := member
	if differences {
		name = strings.TrimSuffix(name, amount)
	}
	switch name = plainNames[name]; name {
	case "":
		return field
	case "flow_index":
		field.kind, field.at = isIndex, add(mib.AttrFlowIndex)
		return field
	case "first_time":
		field.kind, field.at = isFirst, add(mib.AttrFirstTime)
		return field
	case "baseline":
		field.kind = isBaseline
		return field
	}
	c, ok := columns.ByName(name)
	if !ok || c.Attr == mib.AttrNull || c.Attr == mib.AttrFirstTime {
		return field
	}
	field.attr = c.Attr
	switch {
	case c.Attr.Class() == mib.ClassCounter:
		if differences && name == plainNames[member] {
			return field // its amount is there too
		}
		field.kind = isNumber
	case c.Type == columns.Address:
		field.kind = isAddress
	case c.Type == columns.Number && c.Attr.Class() == mib.ClassAddress, c.Type == columns.Number && c.Attr.Class() == mib.ClassMask:
		field.kind = isPort
	case c.Type == columns.Number:
		field.kind = isNumber
	}
	field.at = add(c.Attr)
	return field
}

// Decoder reads lines of flows of a shape one by one.
type Decoder struct {
	fields []field
	size   int       // attributes of a record
	start  time.Time // of the meter

	known int // octets that all lines begin with
	first int // place of the field behind them
}

// Decoder returns one for a meter's run that began at start. Attributes of the shape's
// Format that are not wanted keep the zero value. known is how many octets all lines begin
// with, of some whole members with the comma behind them; 0: of none.
func (s *Shape) Decoder(start time.Time, wanted func(at int) bool, known []byte) *Decoder {
	d := &Decoder{fields: slices.Clone(s.fields), size: len(s.Format.Attrs), start: start}
	for i := range d.fields {
		switch f := &d.fields[i]; f.kind {
		case isNumber, isAddress, isPort:
			if !wanted(f.at) {
				f.kind = isOther
			}
		}
	}
	for m := (members{text: known}); m.next(); d.first++ {
		if d.first == len(d.fields) || d.fields[d.first].kind != isOther {
			return d // it says something of flows
		}
	}
	d.known = max(len(known)-1, 0)
	return d
}

// Next reads the first line of text into rec; see flowfile.Decoder.
func (d *Decoder) Next(text []byte, rec *reader.Record) (rest []byte, ok bool, err error) {
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	if rec.Clear(d.size); d.known > 0 && d.fast(line, rec) {
		return rest, true, nil
	}
	rec.Clear(d.size)
	s := members{text: line}
	for i := 0; s.next(); i++ {
		if i >= len(d.fields) || string(s.name) != d.fields[i].name {
			return rest, false, errors.New("the flow has other members than the first one of its collection")
		}
		if f := &d.fields[i]; f.kind != isOther && string(s.value) != "null" && !d.take(f, s.value, rec) {
			return rest, false, fmt.Errorf("%q: %.60q is no value of it", s.name, s.value)
		}
	}
	if s.bad {
		return rest, false, errNoObject
	}
	return rest, true, nil
}

// fast reads a line as Format writes it, whose values have no escapes and no lists; false
// if it is another one.
func (d *Decoder) fast(line []byte, rec *reader.Record) bool {
	at := d.known
	for i := d.first; i < len(d.fields); i++ {
		f := &d.fields[i]
		if at > len(line) || !bytes.HasPrefix(line[at:], []byte(f.lead)) {
			return false
		}
		at += len(f.lead)
		n := plainValue(line[at:])
		if n == 0 {
			return false
		}
		value := line[at : at+n]
		at += n
		if f.kind != isOther && string(value) != "null" && !d.take(f, value, rec) {
			return false
		}
	}
	return at == len(line)-1 && line[at] == '}'
}

// plainValue is the length of the value that text begins with, if that is a number, a
// word, or a string without escapes; else 0.
func plainValue(text []byte) int {
	if len(text) == 0 || text[0] == '[' || text[0] == '{' {
		return 0
	}
	if text[0] == '"' {
		n := bytes.IndexByte(text[1:], '"')
		if n < 0 || bytes.IndexByte(text[1:1+n], '\\') >= 0 {
			return 0
		}
		return n + 2
	}
	for n, c := range text {
		if c == ',' || c == '}' {
			return n
		}
	}
	return 0
}

// take reads the value of a member.
func (d *Decoder) take(f *field, value []byte, rec *reader.Record) bool {
	switch f.kind {
	case isBaseline:
		rec.Baseline = string(value) == "true"
		return rec.Baseline || string(value) == "false"
	case isFirst:
		text, ok := quotedText(value)
		if !ok {
			return false
		}
		t, err := time.Parse(time.RFC3339Nano, text)
		rec.FirstTime = lines.UptimeOf(d.start, t)
		rec.Values[f.at].Num = rec.FirstTime
		return err == nil
	case isAddress:
		text, ok := quotedText(value)
		return ok && takeAddress(f.attr, text, &rec.Values[f.at])
	}
	n, err := strconv.ParseUint(string(value), 10, 64)
	if err != nil {
		return false
	}
	switch f.kind {
	case isPort:
		v := &rec.Values[f.at]
		v.Octets[0], v.Octets[1], v.Len = byte(n>>8), byte(n), 2
		return n < 1<<16
	case isIndex:
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
