package snmpflows

import (
	"errors"
	"fmt"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/reader"
)

// A flow data package is a BER SEQUENCE of a flow's attribute values, in the
// order of the selector (RFC 2720 §3.2). The RFC does not name the values' own
// tags, so every tag that can hold such a value is understood.
//
// The one that ASN.1 modules of SNMP do not name any more is UInteger32.
const tagUinteger32 ber.Tag = 0x47

// maxValue is the largest size of a number's content: 64 bits and a leading
// zero that keeps it positive.
const maxValue = 9

var errPackLong = errors.New("it holds more than was asked for")

// specSize is the size of each half of a distribution's specification, in octets.
const specSize = 6

// field is where a package's value belongs: an attribute and the place of its
// value in a record.
type field struct {
	attr mib.Attr
	at   int
}

// unpack reads a package of part number i into the values of rec that its fields
// name, and notes how large they are. Of a time that is given in 32 bits it makes
// the 64-bit time that is nearest to now, in centiseconds of uptime; but FirstTime
// stays as it is told, for it is part of the flow's name, which must not change
// when the meter's clock wraps.
func (p *plan) unpack(i int, data []byte, now uint64, rec *reader.Record) error {
	r := ber.NewReader(data)
	if tag := r.Peek(); len(data) > 0 && tag != ber.Sequence {
		return fmt.Errorf("it begins with tag %#x, not with that of a SEQUENCE", byte(tag))
	}
	content, err := r.Enter(ber.Sequence)
	if err != nil {
		return err
	}
	if r.Len() > 0 {
		return errPackLong
	}
	for _, f := range p.parts[i].fields {
		before := content.Len()
		tag, data, err := content.Any()
		if err != nil {
			return fmt.Errorf("%s: %w", f.attr, err)
		}
		p.limits.seen[f.attr] = max(p.limits.seen[f.attr], before-content.Len())
		if f.attr.IsDistribution() {
			err = distribution(tag, data, rec, f.at)
		} else {
			err = value(tag, data, f.attr, now, &rec.Values[f.at])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.attr, err)
		}
	}
	if content.Len() > 0 {
		return errPackLong
	}
	return nil
}

// distribution reads a distribution (RFC 2724 §3.3) into value i of rec: the rule's
// mask and value, as strings of octets, and the sequence of counters. It may lie in
// a string of octets of its own. Nothing in it is a flow without the distribution.
func distribution(tag ber.Tag, content []byte, rec *reader.Record, i int) (err error) {
	if (tag == ber.OctetString || tag == ber.Opaque) && len(content) > 0 {
		r := ber.NewReader(content)
		if tag, content, err = r.Any(); err == nil && r.Len() > 0 {
			err = errPackLong
		}
		if err != nil {
			return err
		}
	} else if tag == ber.OctetString || tag == ber.Opaque {
		return nil
	}
	if tag != ber.Sequence {
		return fmt.Errorf("tag %#x is no distribution", byte(tag))
	}
	if len(content) == 0 {
		return nil
	}
	r, v := ber.NewReader(content), &rec.Values[i]
	for range 2 { // mask and value
		tag, part, err := r.Any()
		if err != nil {
			return err
		}
		if tag != ber.OctetString || len(part) < specSize {
			return fmt.Errorf("tag %#x with %d octets is no part of a specification", byte(tag), len(part))
		}
		v.Len += uint8(copy(v.Octets[v.Len:], part[:specSize]))
	}
	tag, content, err = r.Any()
	switch {
	case err != nil:
		return err
	case tag != ber.Sequence:
		return fmt.Errorf("tag %#x is no sequence of counters", byte(tag))
	case r.Len() > 0:
		return errPackLong
	}
	return counters(content, rec, i)
}

// counters reads a distribution's counters into value i of rec.
func counters(content []byte, rec *reader.Record, i int) error {
	r := ber.NewReader(content)
	for count := 0; r.Len() > 0; count++ {
		tag, c, err := r.Any()
		if err != nil {
			return err
		}
		n, err := number(tag, c)
		if err != nil {
			return err
		}
		if count == mib.MaxCounters {
			return fmt.Errorf("more than %d counters", mib.MaxCounters)
		}
		rec.AddNumbers(i, n)
	}
	return nil
}

// value reads one value that is no distribution.
func value(tag ber.Tag, content []byte, a mib.Attr, now uint64, v *reader.Value) error {
	switch a.Class() {
	case mib.ClassAddress, mib.ClassMask:
		if tag != ber.OctetString && tag != ber.IPAddress && tag != ber.Opaque {
			return fmt.Errorf("tag %#x is no string of octets", byte(tag))
		}
		if len(content) > mib.MaxAddress {
			return fmt.Errorf("%d octets are more than %d", len(content), mib.MaxAddress)
		}
		v.Len = uint8(copy(v.Octets[:], content))
		return nil
	}
	n, err := number(tag, content)
	if err != nil {
		return err
	}
	if a.Class() == mib.ClassTime && a != mib.AttrFirstTime && tag != ber.Counter64 && n <= 1<<32-1 {
		n = nearest(uint32(n), now)
	}
	v.Num = n
	return nil
}

// number reads an unsigned number.
func number(tag ber.Tag, content []byte) (n uint64, err error) {
	switch tag {
	case ber.Integer, ber.Counter32, ber.Gauge32, ber.TimeTicks, ber.Counter64, tagUinteger32:
	default:
		return 0, fmt.Errorf("tag %#x is no number", byte(tag))
	}
	switch {
	case len(content) == 0:
		return 0, errors.New("a number without octets")
	case len(content) > maxValue || len(content) == maxValue && content[0] != 0:
		return 0, errors.New("a number of more than 64 bits")
	case tag == ber.Integer && content[0] >= 0x80:
		return 0, errors.New("a negative number")
	}
	for _, o := range content {
		n = n<<8 | uint64(o)
	}
	return n, nil
}

// ahead is how far a time may lie after the reading of the clock it is told
// by: flows change while they are read.
const ahead = 1 << 20 // centiseconds, about three hours

// nearest returns the time whose low 32 bits are low and that lies at most
// ahead after now, else before it; low itself if there is none.
func nearest(low uint32, now uint64) uint64 {
	latest := now + ahead
	back := uint64(uint32(latest) - low)
	if back > latest {
		return uint64(low)
	}
	return latest - back
}
