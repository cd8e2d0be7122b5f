package client

import (
	"bytes"
	"math"

	"github.com/gosnmp/gosnmp"

	"netramet/mib/ber"
)

// Variable is one variable of an answer.
type Variable struct {
	oid   []byte // the name, as the content of an OBJECT IDENTIFIER
	Value Value
}

// Name returns the variable's name.
func (v *Variable) Name() Name {
	var w ber.Writer
	w.Reset(make([]byte, ber.Size(len(v.oid))))
	w.Octets(ber.ObjectID, v.oid)
	r := ber.NewReader(w.Bytes())
	oid, err := r.OID(make([]uint32, 0, ber.MaxOID))
	if err != nil {
		return ""
	}
	return Name(dotted(oid))
}

// Subtree is the names behind one, in the form in which answers have them, so that
// no name of an answer is spelled out to see whether it is one of them.
type Subtree struct{ prefix []byte }

// Below returns the subtree of a name; one that is no name has none.
func Below(n Name) Subtree { return Subtree{n.encoded()} }

// Has reports whether the variable lies in the subtree.
func (s Subtree) Has(v *Variable) bool {
	return len(s.prefix) > 0 && len(v.oid) > len(s.prefix) && bytes.HasPrefix(v.oid, s.prefix)
}

// Index returns the one sub-identifier that the variable's name has behind the
// subtree's; ok is false if it is not one.
func (s Subtree) Index(v *Variable) (index uint32, ok bool) {
	if !s.Has(v) {
		return 0, false
	}
	n := uint64(0)
	rest := v.oid[len(s.prefix):]
	for i, o := range rest {
		n = n<<7 | uint64(o&0x7f)
		if last := i == len(rest)-1; n > math.MaxUint32 || last != (o < 0x80) {
			return 0, false
		}
	}
	return uint32(n), true
}

// encoded is the name as the content of an OBJECT IDENTIFIER, nil if it is none.
func (n Name) encoded() []byte {
	oid, ok := n.oid()
	if !ok || len(oid) < 2 {
		return nil
	}
	var w ber.Writer
	w.Reset(make([]byte, 4+5*len(oid)))
	w.OID(oid)
	r := ber.NewReader(w.Bytes())
	content, err := r.Octets(ber.ObjectID)
	if w.Err() != nil || err != nil {
		return nil
	}
	return content
}

// toVariables makes variables of what gosnmp read.
func toVariables(pdus []gosnmp.SnmpPDU) []Variable {
	vars := make([]Variable, len(pdus))
	for i, p := range pdus {
		vars[i] = Variable{Name(p.Name).encoded(), toValue(p)}
	}
	return vars
}

// read makes v of the next variable binding of list. Octets point into the
// message, the name's numbers are left in scratch.
func (v *Variable) read(list *ber.Reader, scratch *ber.Value) error {
	bind, err := list.Enter(ber.Sequence)
	if err != nil {
		return err
	}
	name := bind
	if scratch.OID, err = bind.OID(scratch.OID[:0]); err != nil {
		return err
	}
	if v.oid, err = name.Octets(ber.ObjectID); err != nil {
		return err
	}
	if err = bind.Value(scratch); err != nil {
		return err
	}
	if scratch.Tag == ber.Opaque { // anything may lie in it
		return ber.ErrTag
	}
	v.Value = fromBER(scratch)
	return bind.Done()
}

// fromBER makes a Value of one of ours.
func fromBER(v *ber.Value) Value {
	switch v.Tag {
	case ber.NoSuchObject, ber.NoSuchInstance, ber.EndOfMibView, ber.Null:
		return Value{Missing: true}
	case ber.OctetString:
		return Value{Octets: v.Bytes, IsOctets: true}
	case ber.Integer:
		return Value{Num: uint64(max(v.Int, 0))}
	}
	return Value{Num: v.Uint} // 0 where it is no number
}
