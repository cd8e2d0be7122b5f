package agent

import (
	"iter"
	"time"

	"netramet/mib/ber"
)

// Version is a version of SNMP, with the value the message carries.
type Version int32

// The versions.
const (
	V1  Version = 0
	V2c Version = 1
	V3  Version = 3
)

// Request is what a handler may know about the PDU it works for. It is valid
// during the call only.
type Request struct {
	Principal *Principal
	Now       time.Time // as given to Handle

	// Version is the SNMP version. In V1 there is no Counter64: the agent
	// steps over such instances (RFC 3584 §4.2.2.1). A table with columns of
	// them should jump the column itself, which is cheaper.
	Version Version

	spent int // of the present piece of work
}

// Table answers for everything below one prefix: a conceptual table, a group
// of scalars, or both. Names in its calls are the sub-identifiers after the
// prefix, for a conceptual table (entry.)column.index.
//
// A Table computes the next row from the name it is given and never needs a
// list of its names, so tables that filter by time or whose index carries a
// selector are possible. It is called inside Config.Do only, one call at a
// time. It must not keep slices it is given, and must not allocate per call.
// Others get in between two calls: a call that looks at more than some rows says
// so by Request.Spend, and one that may look at very many returns More.
type Table interface {
	// Get reads the instance inst into v. It returns OK, NoSuchObject,
	// NoSuchInstance or an error-status: usually GenErr, and TooBig for a value
	// that is larger than any message.
	Get(q *Request, inst []uint32, v *Value) Status

	// Next finds the first instance in lexicographic order after the name
	// after, which may be empty or name nothing, sets next to it and reads
	// it into v. It returns OK, EndOfMibView if there is none in this table,
	// More, or an error-status. Each name must be greater than after, or a walk
	// would not end; the agent answers GenErr otherwise.
	Next(q *Request, after []uint32, next *Name, v *Value) Status
}

// Setter makes tables writable. One Setter may serve many prefixes; it is
// then asked once per PDU to check and to commit. A dynamic type must be
// comparable, as pointers are.
//
// For a Set the agent calls, inside one Config.Do and for one PDU at a time:
//
//	Test for each variable binding, in the PDU's order;
//	Check once for each Setter, if all Tests were OK;
//	then Commit once for each Setter, or, after the first failure, Abort
//	once for each Setter that was asked anything.
//
// So a Setter may keep its staged work in itself from Test to Commit or
// Abort. Nothing that can be read may change before Commit.
type Setter interface {
	// Test checks one binding for what it is by itself: exists, may be
	// written, type, length, value (RFC 3416 §4.2.5). It may look at the
	// other bindings through t.
	Test(t *Txn, b *Bind) Status

	// Check checks what the bindings mean together (a row created in one
	// PDU). Other than OK, it says which binding is to blame.
	Check(t *Txn) (Status, *Bind)

	// Commit does what was tested. It cannot fail.
	Commit(t *Txn)

	// Abort forgets what was tested.
	Abort(t *Txn)
}

// Txn is one Set PDU.
type Txn struct {
	Request *Request
	Binds   []Bind // in the order of the PDU
}

// Of returns the bindings that s serves, in the order of the PDU.
func (t *Txn) Of(s Setter) iter.Seq[*Bind] {
	return func(yield func(*Bind) bool) {
		for i := range t.Binds {
			if t.Binds[i].Setter == s && !yield(&t.Binds[i]) {
				return
			}
		}
	}
}

// Bind is one variable binding of a Set. Its slices are valid until Commit or
// Abort has returned; what is to be kept must be copied.
type Bind struct {
	Name   []uint32 // the whole name
	Inst   []uint32 // what follows the prefix
	Prefix []uint32 // as registered
	Value  ber.Value
	Setter Setter // nil iff no writable table has this prefix
}

// Name is the name of an instance that a Table found. The agent owns it and
// has filled in the prefix. The zero Name is empty.
type Name struct {
	ids  [ber.MaxOID]uint32
	base int // length of the prefix
	n    int
	over bool // more sub-identifiers than fit
}

// Set makes inst what follows the prefix. inst must not be the Name's own.
func (n *Name) Set(inst ...uint32) {
	n.n, n.over = n.base, false
	n.Append(inst...)
}

// Append adds sub-identifiers. A name of more than 128 makes the agent
// answer GenErr.
func (n *Name) Append(ids ...uint32) {
	k := copy(n.ids[n.n:], ids)
	n.n += k
	n.over = n.over || k < len(ids)
}

// Inst returns what follows the prefix.
func (n *Name) Inst() []uint32 { return n.ids[n.base:n.n] }

// oid returns the whole name.
func (n *Name) oid() []uint32 { return n.ids[:n.n] }

// begin empties the name and sets the prefix.
func (n *Name) begin(prefix []uint32) {
	n.base = copy(n.ids[:], prefix)
	n.n, n.over = n.base, false
}

// Value is where a Table puts what it read. The agent owns it. Octets and
// OIDs are not copied: they must stay as they are until the next call of the
// Table; Buf gives memory that does.
type Value struct {
	val ber.Value
	buf []byte
}

// Int makes the value an INTEGER (also enumerations, TruthValue, RowStatus).
func (v *Value) Int(i int32) { v.val = ber.Value{Tag: ber.Integer, Int: int64(i)} }

// Bool makes the value a TruthValue (RFC 2579): true is 1, false is 2.
func (v *Value) Bool(b bool) {
	if b {
		v.Int(1)
	} else {
		v.Int(2)
	}
}

// Counter32 makes the value a Counter32.
func (v *Value) Counter32(n uint32) { v.val = ber.Value{Tag: ber.Counter32, Uint: uint64(n)} }

// Gauge32 makes the value a Gauge32 or Unsigned32.
func (v *Value) Gauge32(n uint32) { v.val = ber.Value{Tag: ber.Gauge32, Uint: uint64(n)} }

// TimeTicks makes the value a TimeTicks or TimeStamp, in centiseconds.
func (v *Value) TimeTicks(n uint32) { v.val = ber.Value{Tag: ber.TimeTicks, Uint: uint64(n)} }

// Counter64 makes the value a Counter64.
func (v *Value) Counter64(n uint64) { v.val = ber.Value{Tag: ber.Counter64, Uint: n} }

// Octets makes the value an OCTET STRING. b is not copied.
func (v *Value) Octets(b []byte) { v.val = ber.Value{Tag: ber.OctetString, Bytes: b} }

// Text makes the value an OCTET STRING with a copy of s.
func (v *Value) Text(s string) { v.Octets(append(v.Buf(), s...)) }

// OID makes the value an OBJECT IDENTIFIER. o is not copied.
func (v *Value) OID(o []uint32) { v.val = ber.Value{Tag: ber.ObjectID, OID: o} }

// Raw returns what was set, for tests and for handlers that wrap others.
func (v *Value) Raw() ber.Value { return v.val }

// Buf returns an empty slice with room for the largest value a message can
// hold, which a Table may append to and give to Octets.
func (v *Value) Buf() []byte {
	if v.buf == nil {
		v.buf = make([]byte, 0, MaxMessage)
	}
	return v.buf[:0]
}
