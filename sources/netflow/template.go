package netflow

import (
	"encoding/binary"
	"slices"
)

// template says what the records of a data set are made of.
type template struct {
	fields   []field // those that are looked at; all if variable
	least    int     // octets of the shortest record
	variable bool    // some field is
	options  bool    // its records are of the exporter, and of no flow
}

// builder makes a template of fields, one by one.
type builder struct {
	t    template
	all  []field
	many int
}

func (b *builder) add(f field) {
	if b.many++; b.many > maxFields {
		return
	}
	f.at = uint16(b.t.least)
	if f.length == variable {
		b.t.variable = true
		b.t.least++
	} else {
		b.t.least += int(f.length)
	}
	b.all = append(b.all, f)
}

// template returns the template; false if it makes no records.
func (b *builder) template() (*template, bool) {
	t := &b.t
	if b.many > maxFields || t.least == 0 || t.least > maxDatagram {
		return nil, false
	}
	if t.variable {
		t.fields = slices.Clip(b.all)
		return t, true
	}
	for _, f := range b.all {
		if f.kind != skipped {
			t.fields = append(t.fields, f)
		}
	}
	t.fields = slices.Clip(t.fields)
	return t, true
}

// Sets that hold templates.
const (
	v9Templates    = 0
	v9Options      = 1
	ipfixTemplates = 2
	ipfixOptions   = 3
	firstData      = 256

	v9Interface = 2 // a scope of version 9 (RFC 3954 §6.1)
)

// learn takes the templates of a set; false if it is damaged.
func (c *Collector) learn(set uint16, b []byte) bool {
	for len(b) >= 4 {
		id, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if id < firstData {
			if n == 0 && set >= ipfixTemplates && id == set { // RFC 7011 §8.1
				c.withdrawAll(set == ipfixOptions)
				b = b[4:]
				continue
			}
			return allZero(b) // padding
		}
		if set >= ipfixTemplates && n == 0 {
			c.withdraw(id)
			b = b[4:]
			continue
		}
		var build builder
		used, ok := build.fields(set, b)
		if !ok {
			return false
		}
		b = b[used:]
		t, ok := build.template()
		if !ok || !c.keep(id, t) {
			c.stats.NoTemplate++
			c.withdraw(id) // its records are not those of the template before it
			continue
		}
		c.release(id)
	}
	return allZero(b)
}

// fields takes the fields of the template that b begins with.
func (bu *builder) fields(set uint16, b []byte) (used int, ok bool) {
	n, scopes := int(binary.BigEndian.Uint16(b[2:])), 0
	used = 4
	switch set {
	case v9Options:
		if len(b) < 6 {
			return 0, false
		}
		scopes = n / 4
		n = scopes + int(binary.BigEndian.Uint16(b[4:]))/4
		used = 6
	case ipfixOptions:
		if len(b) < 6 {
			return 0, false
		}
		used = 6
	}
	bu.t.options = set == v9Options || set == ipfixOptions
	for i := range n {
		if len(b) < used+4 {
			return 0, false
		}
		element, length, enterprise := binary.BigEndian.Uint16(b[used:]), binary.BigEndian.Uint16(b[used+2:]), uint32(0)
		used += 4
		if set >= ipfixTemplates && element&0x8000 != 0 {
			if len(b) < used+4 {
				return 0, false
			}
			element, enterprise = element&0x7fff, binary.BigEndian.Uint32(b[used:])
			used += 4
		}
		f := fieldOf(element, enterprise, length)
		if i < scopes { // numbers of version 9's scopes are their own
			f.kind = skipped
			if element == v9Interface {
				f.kind = input
			}
		}
		if set < ipfixTemplates && length == variable { // version 9 has none of variable length
			return 0, false
		}
		bu.add(f)
	}
	return used, true
}

func allZero(b []byte) bool { return !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) }

// size is what a template takes, in fields.
func (t *template) size() int { return len(t.fields) + ofTemplate }

// keep remembers a template of the session, in the place of an older one; false if
// there are too many.
func (c *Collector) keep(id uint16, t *template) bool {
	s := c.session
	before, known := s.templates[id]
	kept := c.kept + t.size()
	if known {
		kept -= before.size()
	} else if len(s.templates) >= maxTemplates {
		return false
	}
	if kept > maxKept {
		return false
	}
	c.kept = kept
	s.templates[id] = t
	if !known {
		c.stats.Templates++
	}
	return true
}

// withdraw forgets a template of the session.
func (c *Collector) withdraw(id uint16) {
	if t, ok := c.session.templates[id]; ok {
		c.kept -= t.size()
		c.stats.Templates--
		delete(c.session.templates, id)
	}
}

// withdrawAll forgets the session's templates of one kind.
func (c *Collector) withdrawAll(options bool) {
	for id, t := range c.session.templates {
		if t.options == options {
			c.withdraw(id)
		}
	}
}
