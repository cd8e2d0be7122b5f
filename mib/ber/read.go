package ber

import "math"

// Reader decodes BER values in place. It is a small value that points into a
// message; copying one gives a second, independent position. The zero Reader
// is empty.
type Reader struct {
	buf []byte
	pos int
	end int
}

// NewReader returns a Reader of all of b, which must not change while the
// Reader or a slice it handed out is in use.
func NewReader(b []byte) Reader { return Reader{buf: b, end: len(b)} }

// Len returns the number of octets not yet read.
func (r *Reader) Len() int { return r.end - r.pos }

// Offset returns the position of the next octet in the slice given to
// NewReader; Readers made by Enter count from the same origin.
func (r *Reader) Offset() int { return r.pos }

// Rest returns the octets not yet read.
func (r *Reader) Rest() []byte { return r.buf[r.pos:r.end:r.end] }

// Peek returns the tag of the next value, 0 if there is none.
func (r *Reader) Peek() Tag {
	if r.pos >= r.end {
		return 0
	}
	return Tag(r.buf[r.pos])
}

// Done returns ErrTrailing unless everything has been read.
func (r *Reader) Done() error {
	if r.pos != r.end {
		return ErrTrailing
	}
	return nil
}

// reserved is a number of length octets that BER keeps for later.
const reserved = 127

// header reads an identifier and a length and checks that the content lies
// inside the Reader. Lengths are definite (RFC 3417 §8). They may have more
// octets than they need, which that section allows, and some managers send.
func (r *Reader) header() (tag Tag, n int, err error) {
	b := r.buf[r.pos:r.end]
	if len(b) < 2 {
		return 0, 0, ErrTruncated
	}
	tag = Tag(b[0])
	if tag&0x1f == 0x1f {
		return 0, 0, ErrTag
	}
	if l := b[1]; l < 0x80 {
		n = int(l)
		b = b[2:]
	} else {
		k := int(l & 0x7f)
		if k == 0 || k == reserved {
			return 0, 0, ErrLength
		}
		if len(b) < 2+k {
			return 0, 0, ErrTruncated
		}
		for _, o := range b[2 : 2+k] {
			if n > math.MaxInt32>>8 {
				return 0, 0, ErrLength
			}
			n = n<<8 | int(o)
		}
		b = b[2+k:]
	}
	if n > len(b) {
		return 0, 0, ErrTruncated
	}
	r.pos = r.end - len(b)
	return tag, n, nil
}

// Any reads the next value, whatever its tag; its content points into the message.
func (r *Reader) Any() (Tag, []byte, error) {
	tag, n, err := r.header()
	if err != nil {
		return 0, nil, err
	}
	c := r.buf[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return tag, c, nil
}

// Skip steps over n values, whatever they are.
func (r *Reader) Skip(n int) error {
	for range n {
		if _, _, err := r.Any(); err != nil {
			return err
		}
	}
	return nil
}

// Octets reads a value with the given tag and returns its content, which
// points into the message.
func (r *Reader) Octets(tag Tag) ([]byte, error) {
	at := r.pos
	t, c, err := r.Any()
	if err == nil && t != tag {
		r.pos, err = at, ErrTag
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Enter reads the header of a value with the given tag, steps over the value,
// and returns a Reader of its content.
func (r *Reader) Enter(tag Tag) (Reader, error) {
	c, err := r.Octets(tag)
	if err != nil {
		return Reader{}, err
	}
	return Reader{buf: r.buf, pos: r.pos - len(c), end: r.pos}, nil
}

// Int32 reads an INTEGER of Integer32's range: one to four octets, two's
// complement. A redundant leading octet inside those four is accepted.
func (r *Reader) Int32() (int32, error) {
	c, err := r.Octets(Integer)
	if err != nil {
		return 0, err
	}
	return parseInt32(c)
}

func parseInt32(c []byte) (int32, error) {
	if len(c) == 0 || len(c) > 4 {
		return 0, ErrInteger
	}
	v := int32(int8(c[0]))
	for _, o := range c[1:] {
		v = v<<8 | int32(o)
	}
	return v, nil
}

// parseUint reads a non-negative number of at most size octets and a leading
// zero octet. A number whose sign bit is set is refused: it is negative, and
// reading it as a large one is how counters jump.
func parseUint(c []byte, size int) (uint64, error) {
	if len(c) == 0 || len(c) > size+1 || c[0] >= 0x80 || (len(c) == size+1 && c[0] != 0) {
		return 0, ErrInteger
	}
	var v uint64
	for _, o := range c {
		v = v<<8 | uint64(o)
	}
	return v, nil
}

// OID reads an OBJECT IDENTIFIER into dst[:0] and returns it. Storage is the
// caller's and does not grow: more sub-identifiers than cap(dst) or MaxOID,
// one above 2^32-1, an unfinished or needlessly long one are ErrOID.
func (r *Reader) OID(dst []uint32) ([]uint32, error) {
	c, err := r.Octets(ObjectID)
	if err != nil {
		return nil, err
	}
	return parseOID(c, dst)
}

func parseOID(c []byte, dst []uint32) ([]uint32, error) {
	room := min(cap(dst), MaxOID)
	if len(c) == 0 || c[len(c)-1] >= 0x80 || room < 2 {
		return nil, ErrOID
	}
	dst = dst[:room]
	n := 2
	for i := 0; i < len(c); {
		isFirst := i == 0
		v := uint64(c[i])
		i++
		if v >= 0x80 {
			if v == 0x80 {
				return nil, ErrOID
			}
			v &= 0x7f
			// The last octet has no continuation bit, so i stays in range.
			for more := true; more; i++ {
				more = c[i] >= 0x80
				v = v<<7 | uint64(c[i]&0x7f)
				if v > math.MaxUint32+80 {
					return nil, ErrOID
				}
			}
		}
		if isFirst {
			// X.690 §8.19.4: the first two share one sub-identifier.
			first := min(v/40, 2)
			if v-first*40 > math.MaxUint32 {
				return nil, ErrOID
			}
			dst[0], dst[1] = uint32(first), uint32(v-first*40)
			continue
		}
		if v > math.MaxUint32 || n == room {
			return nil, ErrOID
		}
		dst[n] = uint32(v)
		n++
	}
	return dst[:n], nil
}

// Value reads one value of any type a variable binding may hold. v.OID's
// capacity is the storage for an OBJECT IDENTIFIER and is kept for the next
// call; fields that do not belong to the type are emptied.
func (r *Reader) Value(v *Value) error {
	at := r.pos
	tag, c, err := r.Any()
	if err != nil {
		return err
	}
	oid := v.OID[:0]
	*v = Value{Tag: tag, OID: oid}
	switch tag {
	case Integer:
		var i int32
		i, err = parseInt32(c)
		v.Int = int64(i)
	case Counter32, Gauge32, TimeTicks:
		v.Uint, err = parseUint(c, 4)
	case Counter64:
		v.Uint, err = parseUint(c, 8)
	case OctetString, Opaque:
		v.Bytes = c
	case IPAddress:
		if v.Bytes = c; len(c) != 4 {
			err = ErrLength
		}
	case ObjectID:
		if oid, err = parseOID(c, oid); err == nil {
			v.OID = oid
		}
	case Null, NoSuchObject, NoSuchInstance, EndOfMibView:
		if len(c) != 0 {
			err = ErrLength
		}
	default:
		err = ErrTag
	}
	if err != nil {
		r.pos = at
	}
	return err
}

// VarBind reads one variable binding, SEQUENCE { name, value }. The name goes
// to dst as in OID, the value to v as in Value.
func (r *Reader) VarBind(dst []uint32, v *Value) ([]uint32, error) {
	vb, err := r.Enter(Sequence)
	if err != nil {
		return nil, err
	}
	name, err := vb.OID(dst)
	if err != nil {
		return nil, err
	}
	if err := vb.Value(v); err != nil {
		return nil, err
	}
	return name, vb.Done()
}
