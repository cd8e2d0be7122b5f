package client

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/gosnmp/gosnmp"

	"netramet/mib/ber"
	"netramet/mib/usm"
)

// knowing is a gosnmp that has found an engine with this clock.
func knowing(boots, seconds uint32) *gosnmp.GoSNMP {
	return &gosnmp.GoSNMP{SecurityParameters: &gosnmp.UsmSecurityParameters{
		AuthoritativeEngineID: "\x80\x00\x00\x09\x05engine", AuthoritativeEngineBoots: boots, AuthoritativeEngineTime: seconds,
	}}
}

// TestOld opens messages that are signed well, of now and of some time ago.
func TestOld(t *testing.T) {
	const boots, seconds, maxSize = 5, 1000, 1400
	for _, level := range []string{"noAuthNoPriv", "authNoPriv", "authPriv"} {
		keys := newKeyring(Security{Version: V3, User: "noc", Level: level, AuthPass: "authauthauth", PrivPass: "privprivpriv"})
		for _, tt := range []struct {
			name           string
			boots, seconds uint32
			ok             bool
		}{
			{"now", boots, seconds, true},
			{"later", boots, seconds + 1000, true},
			{"a little earlier", boots, seconds - 140, true},
			{"earlier", boots, seconds - 151, level == "noAuthNoPriv"},
			{"before the engine booted", boots - 1, seconds + 1000, level == "noAuthNoPriv"},
			{"after it booted", boots + 1, 1, true},
			{"after its last boot", 1<<31 - 1, 1, level == "noAuthNoPriv"},
		} {
			reader, writer := newSecured(keys), newSecured(keys)
			if !reader.learn(knowing(boots, seconds)) {
				t.Fatal("no engine")
			}
			var w ber.Writer
			buf := make([]byte, 300)
			w.Reset(buf)
			w.Empty(ber.Response)
			msg, ok := writer.seal(knowing(tt.boots, tt.seconds), &w, buf, 7, maxSize)
			if !ok {
				t.Fatal("no message")
			}
			r := ber.NewReader(msg)
			body, _ := r.Enter(ber.Sequence)
			_, _ = body.Int32()
			pdu, ok := reader.open(msg, body)
			if ok != tt.ok || ok && !bytes.Equal(pdu.Rest(), []byte{byte(ber.Response), 0}) {
				t.Errorf("%s, %s: %v, %x", level, tt.name, ok, pdu.Rest())
			}
		}
	}
}

// TestNoEngine: what gosnmp does not know yet is not made up.
func TestNoEngine(t *testing.T) {
	for _, x := range []*gosnmp.GoSNMP{{}, {SecurityParameters: &gosnmp.UsmSecurityParameters{}}, knowing(1<<31, 1), knowing(1, 1<<31)} {
		o := newOwn(Security{Version: V3, User: "noc"}, newKeyring(Security{Version: V3, User: "noc"}))
		if _, ok := o.request(x, &inquiry{[]Name{".1.3"}, 1}, MinDatagram); ok {
			t.Errorf("%+v is enough", x)
		}
	}
}

// answerWith is an answer of SNMPv2c with these variable bindings.
func answerWith(id int32, binds ...[]byte) []byte {
	var w ber.Writer
	w.Reset(make([]byte, 1000))
	for _, b := range slices.Backward(binds) {
		w.Raw(b)
	}
	w.Wrap(ber.Sequence, 0)
	w.Int(ber.Integer, 0)
	w.Int(ber.Integer, 0)
	w.Int(ber.Integer, int64(id))
	w.Wrap(ber.Response, 0)
	w.Octets(ber.OctetString, []byte("public"))
	w.Int(ber.Integer, version2c)
	w.Wrap(ber.Sequence, 0)
	return w.Bytes()
}

// bind is one variable binding.
func bind(v ber.Value) []byte {
	var w ber.Writer
	w.Reset(make([]byte, 200))
	w.VarBind([]uint32{1, 3, 6, 1, 1 << 31, 7}, &v)
	return w.Bytes()
}

const answerID = 77

// readByBoth reads an answer of SNMPv2c by own and by gosnmp, and reports whether
// both could.
func readByBoth(t *testing.T, msg []byte) (vars []Variable, both bool) {
	o := newOwn(Security{Community: "public"}, nil)
	o.id = answerID
	a, ok := o.answer(bytes.Clone(msg))
	if !ok {
		return nil, false
	}
	if len(a.vars) > len(msg)/7 {
		t.Fatalf("%d variables from %d octets", len(a.vars), len(msg))
	}
	x := &gosnmp.GoSNMP{Version: gosnmp.Version2c, Community: "public"}
	p, err := decode(x, bytes.Clone(msg))
	if err != nil {
		return nil, false
	}
	theirs := toVariables(p.Variables)
	if len(theirs) != len(a.vars) || int32(p.Error) != a.status || p.ErrorIndex != uint8(a.index) {
		t.Fatalf("%d variables, status %d for %d; %d, %v for %d by gosnmp", len(a.vars), a.status, a.index, len(theirs), p.Error, p.ErrorIndex)
	}
	for i := range theirs {
		if g, w := fmt.Sprintf("%s %+v", a.vars[i].Name(), a.vars[i].Value), fmt.Sprintf("%s %+v", theirs[i].Name(), theirs[i].Value); g != w {
			t.Fatalf("variable %d: %s, by gosnmp %s", i, g, w)
		}
	}
	return a.vars, true
}

// decode is gosnmp's, whose panics are errors.
func decode(x *gosnmp.GoSNMP, msg []byte) (p *gosnmp.SnmpPacket, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	return x.SnmpDecodePacket(msg)
}

// values are of all types.
var values = []ber.Value{
	{Tag: ber.Integer, Int: 5}, {Tag: ber.Integer, Int: -5}, {Tag: ber.Integer, Int: 1<<31 - 1},
	{Tag: ber.Counter32, Uint: 1<<32 - 1}, {Tag: ber.Gauge32, Uint: 1 << 31}, {Tag: ber.TimeTicks, Uint: 300},
	{Tag: ber.Counter64, Uint: 1<<64 - 1}, {Tag: ber.Counter64}, {Tag: ber.OctetString, Bytes: []byte("text")},
	{Tag: ber.OctetString}, {Tag: ber.IPAddress, Bytes: []byte{10, 0, 0, 1}}, {Tag: ber.ObjectID, OID: []uint32{1, 3, 6}},
	{Tag: ber.Null}, {Tag: ber.NoSuchObject}, {Tag: ber.NoSuchInstance}, {Tag: ber.EndOfMibView},
}

func TestAllTypes(t *testing.T) {
	for _, v := range values {
		if vars, ok := readByBoth(t, answerWith(answerID, bind(v), bind(v))); !ok || len(vars) != 2 {
			t.Errorf("%v: %d variables, %v", v.Tag, len(vars), ok)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, v := range values {
		f.Add(answerWith(answerID, bind(v)))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, msg []byte) {
		if len(msg) > MaxDatagram {
			t.Skip("larger than a datagram")
		}
		readByBoth(t, msg)
	})
}

// FuzzOpen has messages of SNMPv3 that are not signed, and those with wrong digests.
func FuzzOpen(f *testing.F) {
	keys := newKeyring(Security{Version: V3, User: "noc", AuthPass: "authauthauth", PrivPass: "privprivpriv"})
	o := newOwn(Security{Version: V3, User: "noc"}, keys)
	o.id, o.secured.salts = answerID, usm.Salts{} // the same message in each process
	msg, ok := o.request(knowing(1, 1), &inquiry{[]Name{".1.3.6.1"}, 1}, MinDatagram)
	if !ok {
		f.Fatal("no message")
	}
	msg = bytes.Clone(msg)
	f.Add(msg)
	f.Add(question3)
	f.Fuzz(func(t *testing.T, b []byte) {
		r := ber.NewReader(bytes.Clone(b))
		body, err := r.Enter(ber.Sequence)
		if err != nil || body.Skip(1) != nil {
			return
		}
		if _, ok := o.secured.open(bytes.Clone(b), body); ok && !bytes.Contains(b, msg) {
			t.Errorf("%x is believed", b)
		}
	})
}

func TestSubtree(t *testing.T) {
	below := Below(".1.3.6.300")
	for _, tt := range []struct {
		name  Name
		has   bool
		index uint32
		one   bool
	}{
		{".1.3.6.300.7", true, 7, true},
		{".1.3.6.300.4294967295", true, 1<<32 - 1, true},
		{".1.3.6.300.128", true, 128, true},
		{".1.3.6.300.1.2", true, 0, false},
		{".1.3.6.300.128.2", true, 0, false},
		{".1.3.6.300", false, 0, false},
		{".1.3.6.301.7", false, 0, false},
		{".1.3.6", false, 0, false},
	} {
		v := Variable{oid: tt.name.encoded()}
		index, one := below.Index(&v)
		if v.Name() != tt.name || below.Has(&v) != tt.has || index != tt.index || one != tt.one {
			t.Errorf("%s is read as %s: %v, %d, %v", tt.name, v.Name(), below.Has(&v), index, one)
		}
	}
	if none := Below("nothing"); none.Has(&Variable{oid: []byte{1}}) {
		t.Error("no name has a subtree")
	}
}
