package client

import (
	"errors"
	"fmt"

	"netramet/mib"
	"netramet/reader"
)

// A flow data package is a BER SEQUENCE of a flow's attribute values, in the
// order of the selector (RFC 2720 §3.2). The RFC does not name the values' own
// tags, so every tag that can hold such a value is understood.
const (
	tagInteger    = 0x02
	tagOctets     = 0x04
	tagSequence   = 0x30
	tagIPAddress  = 0x40
	tagCounter32  = 0x41
	tagGauge32    = 0x42
	tagTimeTicks  = 0x43
	tagOpaque     = 0x44
	tagCounter64  = 0x46
	tagUinteger32 = 0x47
)

// maxValue is the largest size of a number's content: 64 bits and a leading
// zero that keeps it positive.
const maxValue = 9

var (
	errPackShort = errors.New("it ends early")
	errPackLong  = errors.New("it holds more than was asked for")
)

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
	tag, content, rest, err := element(data)
	switch {
	case err != nil:
		return err
	case tag != tagSequence:
		return fmt.Errorf("it begins with tag %#x, not with that of a SEQUENCE", tag)
	case len(rest) > 0:
		return errPackLong
	}
	for _, f := range fields {
		if tag, data, content, err = element(content); err != nil {
			return fmt.Errorf("%s: %w", f.attr, err)
		}
		if err := value(tag, data, f.attr, now, &values[f.at]); err != nil {
			return fmt.Errorf("%s: %w", f.attr, err)
		}
	}
	if len(content) > 0 {
		return errPackLong
	}
	return nil
}

// maxLength is a length that no datagram holds.
const maxLength = 1 << 30

// element cuts one BER element off b. Its length may have more octets than it
// needs (RFC 3417 §8).
func element(b []byte) (tag byte, content, rest []byte, err error) {
	if len(b) < 2 {
		return 0, nil, nil, errPackShort
	}
	tag, n := b[0], int(b[1])
	b = b[2:]
	if n >= 0x80 {
		size := n & 0x7f
		if size == 0 || size == 0x7f { // indefinite, reserved
			return 0, nil, nil, fmt.Errorf("a length of %d octets", size)
		}
		if len(b) < size {
			return 0, nil, nil, errPackShort
		}
		n = 0
		for _, o := range b[:size] {
			if n > maxLength>>8 {
				return 0, nil, nil, fmt.Errorf("a length of %d octets", size)
			}
			n = n<<8 | int(o)
		}
		b = b[size:]
	}
	if n > len(b) {
		return 0, nil, nil, errPackShort
	}
	return tag, b[:n], b[n:], nil
}

// value reads one value.
func value(tag byte, content []byte, a mib.Attr, now uint64, v *reader.Value) error {
	v.Num, v.Len = 0, 0
	switch a.Class() {
	case mib.ClassAddress, mib.ClassMask:
		if tag != tagOctets && tag != tagIPAddress && tag != tagOpaque {
			return fmt.Errorf("tag %#x is no string of octets", tag)
		}
		if len(content) > mib.MaxAddress {
			return fmt.Errorf("%d octets are more than %d", len(content), mib.MaxAddress)
		}
		v.Len = uint8(copy(v.Octets[:], content))
		return nil
	case mib.ClassDistribution:
		if tag != tagSequence && tag != tagOctets && tag != tagOpaque {
			return fmt.Errorf("tag %#x is no distribution", tag)
		}
		return nil // reader.Value does not hold it
	}
	n, err := number(tag, content)
	if err != nil {
		return err
	}
	if a.Class() == mib.ClassTime && a != mib.AttrFirstTime && tag != tagCounter64 && n <= 1<<32-1 {
		n = nearest(uint32(n), now)
	}
	v.Num = n
	return nil
}

// number reads an unsigned number.
func number(tag byte, content []byte) (n uint64, err error) {
	switch tag {
	case tagInteger, tagCounter32, tagGauge32, tagTimeTicks, tagCounter64, tagUinteger32:
	default:
		return 0, fmt.Errorf("tag %#x is no number", tag)
	}
	switch {
	case len(content) == 0:
		return 0, errors.New("a number without octets")
	case len(content) > maxValue || len(content) == maxValue && content[0] != 0:
		return 0, errors.New("a number of more than 64 bits")
	case tag == tagInteger && content[0] >= 0x80:
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
