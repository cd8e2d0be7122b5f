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

// field is where a package's value belongs: an attribute and the place of its
// value in a record.
type field struct {
	attr mib.Attr
	at   int
}

// unpack reads a package into values[f.at] for each field, in order. Of a time
// that is told in 32 bits it makes the 64-bit time that is nearest to now, in
// centiseconds of uptime; but FirstTime stays as it is told, for it is part of
// the flow's name, which must not change when the meter's clock wraps.
func unpack(data []byte, fields []field, now uint64, values []reader.Value) error {
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
	for _, f := range fields {
		tag, data, err := content.Any()
		if err != nil {
			return fmt.Errorf("%s: %w", f.attr, err)
		}
		if err := value(tag, data, f.attr, now, &values[f.at]); err != nil {
			return fmt.Errorf("%s: %w", f.attr, err)
		}
	}
	if content.Len() > 0 {
		return errPackLong
	}
	return nil
}

// value reads one value.
func value(tag ber.Tag, content []byte, a mib.Attr, now uint64, v *reader.Value) error {
	v.Num, v.Len = 0, 0
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
	case mib.ClassDistribution:
		if tag != ber.Sequence && tag != ber.OctetString && tag != ber.Opaque {
			return fmt.Errorf("tag %#x is no distribution", byte(tag))
		}
		return nil // reader.Value does not hold it
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
