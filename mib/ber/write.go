package ber

// Writer encodes BER values backwards: the last value of a message is written
// first, at the end of the buffer, and headers come after their content, when
// its length is known. All lengths and integers have the shortest form.
//
// The first error sticks and later calls do nothing, so a message is checked
// once, by Err, when it is complete. The zero Writer is full.
type Writer struct {
	buf []byte
	pos int // buf[pos:] is written
	err error
}

// Reset makes w write into buf, ending at its end.
func (w *Writer) Reset(buf []byte) { w.ResetAt(buf, len(buf)) }

// ResetAt makes w go on in front of pos and takes buf[pos:] as written.
func (w *Writer) ResetAt(buf []byte, pos int) { *w = Writer{buf: buf, pos: pos} }

// Len returns the number of octets written.
func (w *Writer) Len() int { return len(w.buf) - w.pos }

// Pos returns the index, in the buffer, of the octet written last, which is
// the first one of the encoding.
func (w *Writer) Pos() int { return w.pos }

// Bytes returns what has been written. It points into the buffer.
func (w *Writer) Bytes() []byte { return w.buf[w.pos:] }

// Err returns the first error: ErrFull, ErrOID or ErrValue.
func (w *Writer) Err() error { return w.err }

// take returns the n octets in front of what is written, nil if there is no
// room or an error before.
func (w *Writer) take(n int) []byte {
	if w.err != nil {
		return nil
	}
	if n > w.pos {
		w.err = ErrFull
		return nil
	}
	w.pos -= n
	return w.buf[w.pos : w.pos+n]
}

// Raw writes octets that are already encoded.
func (w *Writer) Raw(b []byte) { copy(w.take(len(b)), b) }

// Zeros writes n octets of zero, to be filled in later.
func (w *Writer) Zeros(n int) { clear(w.take(n)) }

// Header writes a tag and the length n of the content written before.
func (w *Writer) Header(tag Tag, n int) {
	k := lenSize(n)
	b := w.take(1 + k)
	if b == nil {
		return
	}
	b[0] = byte(tag)
	if k == 1 {
		b[1] = byte(n)
		return
	}
	b[1] = 0x80 | byte(k-1)
	for i := k; i > 1; i-- {
		b[i] = byte(n)
		n >>= 8
	}
}

// Wrap puts a header before everything written since Len was mark.
func (w *Writer) Wrap(tag Tag, mark int) { w.Header(tag, w.Len()-mark) }

// Int writes a signed number.
func (w *Writer) Int(tag Tag, v int64) {
	n := IntSize(v)
	w.number(tag, uint64(v), n)
}

// Uint writes a number that is never negative.
func (w *Writer) Uint(tag Tag, v uint64) {
	w.number(tag, v, uintSize(v))
}

// number writes the n low octets of v; a ninth is the zero in front of a
// Counter64 above 2^63-1.
func (w *Writer) number(tag Tag, v uint64, n int) {
	b := w.take(2 + n)
	if b == nil {
		return
	}
	b[0], b[1] = byte(tag), byte(n)
	for i := n + 1; i > 1; i-- {
		b[i] = byte(v)
		v >>= 8
	}
}

// Octets writes a value whose content is b.
func (w *Writer) Octets(tag Tag, b []byte) {
	w.Raw(b)
	w.Header(tag, len(b))
}

// Empty writes a value without content: NULL and the exceptions.
func (w *Writer) Empty(tag Tag) { w.Header(tag, 0) }

// OID writes an OBJECT IDENTIFIER. Names of fewer than two sub-identifiers
// cannot be encoded and are filled up with zeros, as 0.0 is.
func (w *Writer) OID(oid []uint32) {
	mark := w.Len()
	var first uint64
	switch {
	case len(oid) > MaxOID || len(oid) > 0 && oid[0] > 2 ||
		len(oid) > 1 && oid[0] < 2 && oid[1] >= 40:
		if w.err == nil {
			w.err = ErrOID
		}
		return
	case len(oid) > 1:
		first = uint64(oid[0])*40 + uint64(oid[1])
	case len(oid) == 1:
		first = uint64(oid[0]) * 40
	}
	for i := len(oid) - 1; i >= 2; i-- {
		w.subID(uint64(oid[i]))
	}
	w.subID(first)
	w.Wrap(ObjectID, mark)
}

// subID writes one sub-identifier, seven bits an octet.
func (w *Writer) subID(v uint64) {
	if v < 0x80 && w.pos > 0 && w.err == nil {
		w.pos--
		w.buf[w.pos] = byte(v)
		return
	}
	var tmp [5]byte // 2^32+79 has 33 bits
	i := len(tmp) - 1
	tmp[i] = byte(v & 0x7f)
	for v >>= 7; v > 0; v >>= 7 {
		i--
		tmp[i] = byte(v) | 0x80
	}
	w.Raw(tmp[i:])
}

// Value writes a value. A tag that no variable binding may hold, an IpAddress
// that has not 4 octets, or a number outside its type's range is ErrValue.
func (w *Writer) Value(v *Value) {
	ok := true
	switch v.Tag {
	case Integer:
		if ok = int64(int32(v.Int)) == v.Int; ok {
			w.Int(Integer, v.Int)
		}
	case Counter32, Gauge32, TimeTicks:
		if ok = uint64(uint32(v.Uint)) == v.Uint; ok {
			w.Uint(v.Tag, v.Uint)
		}
	case Counter64:
		w.Uint(Counter64, v.Uint)
	case IPAddress:
		if ok = len(v.Bytes) == 4; ok {
			w.Octets(IPAddress, v.Bytes)
		}
	case OctetString, Opaque:
		w.Octets(v.Tag, v.Bytes)
	case ObjectID:
		w.OID(v.OID)
	case Null, NoSuchObject, NoSuchInstance, EndOfMibView:
		w.Empty(v.Tag)
	default:
		ok = false
	}
	if !ok && w.err == nil {
		w.err = ErrValue
	}
}

// VarBind writes one variable binding, SEQUENCE { name, value }.
func (w *Writer) VarBind(name []uint32, v *Value) {
	mark := w.Len()
	w.Value(v)
	w.OID(name)
	w.Wrap(Sequence, mark)
}

// MaxSize32 and MaxSize64 are the sizes of the largest numbers of 32 and of 64
// bits, headers included: a leading zero octet keeps them positive.
const (
	MaxSize32 = 2 + 5
	MaxSize64 = 2 + 9
)

// Size returns the octets that a value with n octets of content takes.
func Size(n int) int { return 1 + lenSize(n) + n }

// IntSize returns the octets of content that a signed number takes.
func IntSize(v int64) int {
	n := 1
	for v > 127 || v < -128 {
		v >>= 8
		n++
	}
	return n
}

func uintSize(v uint64) int {
	n := 1
	for v > 127 {
		v >>= 8
		n++
	}
	return n
}

func lenSize(n int) int {
	switch {
	case n < 0x80:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<24:
		return 4
	}
	return 5
}
