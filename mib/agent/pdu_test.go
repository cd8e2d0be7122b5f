package agent

import (
	"fmt"
	"strings"
	"testing"

	"netramet/mib/ber"
	"netramet/mib/ber/bertest"
)

// RFC 3416 §4.2.1-4.2.3 and their SNMPv1 forms (RFC 3584 §4.2.2.1).
func TestReading(t *testing.T) {
	const (
		get  = ber.GetRequest
		next = ber.GetNextRequest
		bulk = ber.GetBulkRequest
		last = "1.3.6.1.6.3.15.1.1.6.0"
	)
	for _, tt := range []struct {
		name  string
		v     Version
		tag   ber.Tag
		a, b  int32
		binds []Bind
		want  string
	}{
		{"get", V2c, get, 0, 0, binds("~.1.1.1", "~.1.2.3", "~.1.3.1"), `~.1.1.1 = 11, ~.1.2.3 = C9223372036854775808, ~.1.3.1 = ""`},
		{"get nothing", V2c, get, 0, 0, nil, ""},
		{"get the same twice", V2c, get, 0, 0, binds("~.1.1.1", "~.1.1.1"), "~.1.1.1 = 11, ~.1.1.1 = 11"},
		{"get exceptions", V2c, get, 0, 0, binds("~.1.1.2", "~.1.5.1", "~.77.1", "1.3", "~.1.1", "~.1", "0.0"),
			"~.1.1.2 = noSuchInstance, ~.1.5.1 = noSuchObject, ~.77.1 = noSuchObject, 1.3 = noSuchObject, " +
				"~.1.1 = noSuchInstance, ~.1 = noSuchObject, 0.0 = noSuchObject"},
		{"get genErr", V2c, get, 0, 0, binds("~.1.1.1", "~.1.9.1"), "genErr 2: ~.1.1.1 = , ~.1.9.1 = "},
		{"get v1", V1, get, 0, 0, binds("~.1.1.7", "~.1.3.3"), "~.1.1.7 = -17, ~.1.3.3 = 1.3.6.1"},
		{"get v1 no instance", V1, get, 0, 0, binds("~.1.1.1", "~.1.1.2"), "noSuchName 2: ~.1.1.1 = , ~.1.1.2 = "},
		{"get v1 no object", V1, get, 0, 0, binds("~.77.1"), "noSuchName 1: ~.77.1 = "},
		{"get v1 Counter64", V1, get, 0, 0, binds("~.1.2.1"), "noSuchName 1: ~.1.2.1 = "},
		{"get v1 genErr", V1, get, 0, 0, binds("~.1.9.1"), "genErr 1: ~.1.9.1 = "},

		{"next", V2c, next, 0, 0, binds("~.1", "~.1.1.1", "~.1.1.2", "~.1.1.7", "~.1.1.3.0"),
			"~.1.1.1 = 11, ~.1.1.3 = 13, ~.1.1.3 = 13, ~.1.2.1 = C21, ~.1.1.7 = -17"},
		{"next over tables", V2c, next, 0, 0, binds("~.4.2.3", "0.0", "~", "~.2"),
			`1.3.6.1.6.3.1.1.6.1.0 = 0, 1.3.6.1.2.1.1.1.0 = "test meter", ~.1.1.1 = 11, ~.4.1.1 = g1`},
		{"next end", V2c, next, 0, 0, binds("~.1.1.1", last, "2.999"), "~.1.1.3 = 13, " + last + " = endOfMibView, 2.999 = endOfMibView"},
		{"next genErr", V2c, next, 0, 0, binds("~.1.1.1", "~.1.3.3"), "genErr 2: ~.1.1.1 = , ~.1.3.3 = "},
		{"next v1 skips Counter64", V1, next, 0, 0, binds("~.1.1.7", "~.1.2.1"), `~.1.3.1 = "", ~.1.3.1 = ""`},
		{"next v1 end", V1, next, 0, 0, binds("~.1.1.1", last), "noSuchName 2: ~.1.1.1 = , " + last + " = "},

		{"bulk", V2c, bulk, 0, 3, binds("~.1.1"), "~.1.1.1 = 11, ~.1.1.3 = 13, ~.1.1.7 = -17"},
		{"bulk two columns", V2c, bulk, 0, 2, binds("~.1.1", "~.1.2"), "~.1.1.1 = 11, ~.1.2.1 = C21, ~.1.1.3 = 13, ~.1.2.3 = C9223372036854775808"},
		{"bulk non-repeaters", V2c, bulk, 1, 2, binds("1.3.6.1.2.1.1.7", "~.1.1"), "1.3.6.1.2.1.1.7.0 = 76, ~.1.1.1 = 11, ~.1.1.3 = 13"},
		{"bulk only non-repeaters", V2c, bulk, 5, 100, binds("~.1.1", "~.1.1.1"), "~.1.1.1 = 11, ~.1.1.3 = 13"},
		{"bulk negative", V2c, bulk, -1, -5, binds("~.1.1"), ""},
		{"bulk negative non-repeaters", V2c, bulk, -2147483648, 2, binds("~.1.1"), "~.1.1.1 = 11, ~.1.1.3 = 13"},
		{"bulk no repetitions", V2c, bulk, 1, 0, binds("~.1.1", "~.1.1"), "~.1.1.1 = 11"},
		{"bulk more than an octet", V2c, bulk, 256, 300, binds("~.1.1", "~.1.1.1"), "~.1.1.1 = 11, ~.1.1.3 = 13"},
		{"bulk end stops", V2c, bulk, 0, 2147483647, binds(last, "1.3.6.1.6.3.15.1.1.5"),
			last + " = endOfMibView, 1.3.6.1.6.3.15.1.1.5.0 = c0, " +
				last + " = endOfMibView, " + last + " = c0, " +
				last + " = endOfMibView, " + last + " = endOfMibView"},
		{"bulk of nothing", V2c, bulk, 0, 10, nil, ""},
		{"bulk genErr", V2c, bulk, 1, 10, binds("~.1.1", "~.1.1.7", "~.1.3.1"), "genErr 3: ~.1.1 = , ~.1.1.7 = , ~.1.3.1 = "},
		{"bulk v1", V1, bulk, 0, 1, binds("~.1.1"), "silence"},
		{"response", V2c, ber.Response, 0, 0, binds("~.1.1"), "silence"},
		{"inform", V2c, ber.InformRequest, 0, 0, binds("~.1.1"), "silence"},
		{"report", V2c, ber.Report, 0, 0, nil, "silence"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			for _, id := range []int32{1, -5, -2147483648, 2147483647} {
				got := w.ask(t, tt.v, "reader", request{tag: tt.tag, id: id, a: tt.a, b: tt.b, binds: tt.binds})
				if got.String() != tt.want {
					t.Fatalf("got  %v\nwant %v", got, tt.want)
				}
			}
			if len(w.events) > 0 || len(w.ops) > 0 && w.ops[0] != Read {
				t.Errorf("events %v, operations %v", w.events, w.ops)
			}
		})
	}
}

// A request-id's octets come back as they were: -5 is one octet.
func TestNegativeRequestID(t *testing.T) {
	w := newWorld(t)
	out := w.Handle(outBuf, datagram(V2c, "reader", request{tag: ber.GetRequest, id: -5}), here, w.now)
	if !strings.Contains(string(out), "\xa2\x0b\x02\x01\xfb\x02\x01\x00") {
		t.Errorf("answer % x", out)
	}
}

// GetBulk fills the message to the last octet that a whole binding can use,
// for every limit; and one octet less means one binding less exactly where it
// must.
func TestBulkFills(t *testing.T) {
	for _, limit := range []int{484, 485, 600, 1472, 1473, 20000, 65506, MaxMessage} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.MaxMessage = limit })
			w.big.n = 1 << 20
			r := request{tag: ber.GetBulkRequest, id: 77777, b: 2147483647, binds: binds("~.4.1", "~.4.2")}
			out := w.Handle(outBuf, datagram(V2c, "reader", r), here, w.now)
			if len(out) > limit {
				t.Fatalf("%d octets", len(out))
			}
			got := decodeCommunity(t, out)
			n := len(got.binds)
			// One more binding must not fit.
			more := request{tag: ber.Response, id: r.id, binds: append(got.binds, Bind{
				Name: oid(fmt.Sprintf("~.4.%d.%d", 1+n%2, 1+n/2)), Value: bigValue(w, 1+n%2, 1+n/2)})}
			if l := len(datagram(V2c, "reader", more)); l <= limit {
				t.Errorf("%d bindings in %d octets; one more makes %d, which fits", n, len(out), l)
			}
			if same := datagram(V2c, "reader", request{tag: ber.Response, id: r.id, binds: got.binds}); string(same) != string(out) {
				t.Error("the answer is not encoded in the shortest form")
			}
		})
	}
}

func bigValue(w *world, c, i int) ber.Value {
	var v Value
	w.big.read(uint32(c), uint32(i), &v)
	return v.val
}

func TestTooBig(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxMessage = MinMessage })
	w.big.data = make([]byte, 470)
	long := request{tag: ber.GetRequest, id: 1}
	for range 40 {
		long.binds = append(long.binds, bind("~.1.1.1"))
	}
	for _, tt := range []struct {
		name string
		v    Version
		r    request
		want string
	}{
		{"get", V2c, request{tag: ber.GetRequest, binds: binds("~.4.2.1")}, "tooBig 0: "},
		{"get v1", V1, request{tag: ber.GetRequest, binds: binds("~.4.2.1")}, "tooBig 0: ~.4.2.1 = "},
		{"next", V2c, request{tag: ber.GetNextRequest, binds: binds("~.4.2")}, "tooBig 0: "},
		{"bulk, nothing fits", V2c, request{tag: ber.GetBulkRequest, b: 5, binds: binds("~.4.2")}, "tooBig 0: "},
		{"bulk, one fits", V2c, request{tag: ber.GetBulkRequest, b: 5, binds: binds("~.4.1.3", "~.4.1.2")[:1]}, "tooBig 0: "},
		{"bulk stops", V2c, request{tag: ber.GetBulkRequest, a: 1, b: 5, binds: binds("~.4.1.2", "~.4.1.3")}, "~.4.1.3 = g3"},
		{"long v2c", V2c, long, "tooBig 0: "},
		{"long v1", V1, long, "silence"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.Counters().SilentDrops
			got := w.ask(t, tt.v, "reader", tt.r)
			if got.String() != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if dropped := w.Counters().SilentDrops != before; dropped != (got == nil) {
				t.Errorf("snmpSilentDrops counted: %v", dropped)
			}
		})
	}
}

// badTable breaks the rules of Table.
type badTable struct{ what string }

func (b *badTable) Get(_ *Request, _ []uint32, v *Value) Status {
	switch b.what {
	case "no value":
	case "bad address":
		v.val = ber.Value{Tag: ber.IPAddress}
	case "wrong error":
		return WrongType
	}
	return OK
}

func (b *badTable) Next(_ *Request, after []uint32, next *Name, v *Value) Status {
	v.Int(1)
	switch b.what {
	case "no progress":
		next.Set(after...)
	case "backwards":
		next.Set(0)
	case "long name":
		next.Set(make([]uint32, 130)...)
	default:
		return WrongType
	}
	return OK
}

func TestBadTables(t *testing.T) {
	for _, tt := range []struct {
		what string
		tag  ber.Tag
	}{
		{"no value", ber.GetRequest}, {"bad address", ber.GetRequest}, {"wrong error", ber.GetRequest},
		{"no progress", ber.GetNextRequest}, {"backwards", ber.GetBulkRequest}, {"long name", ber.GetNextRequest},
		{"wrong error", ber.GetBulkRequest},
	} {
		w := newWorld(t)
		if err := w.Register(oid("~.50"), &badTable{tt.what}, nil); err != nil {
			t.Fatal(err)
		}
		got := w.ask(t, V2c, "reader", request{tag: tt.tag, b: 5, binds: binds("~.50.7")})
		if got.String() != "genErr 1: ~.50.7 = " {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}

// hugeTable has a row 1, and a row 2 that no message holds.
type hugeTable struct{}

func (hugeTable) Get(_ *Request, inst []uint32, v *Value) Status {
	if inst[0] == 2 {
		return TooBig
	}
	v.Int(1)
	return OK
}

func (h hugeTable) Next(q *Request, after []uint32, next *Name, v *Value) Status {
	row := uint32(1)
	if len(after) > 0 {
		row = after[0] + 1
	}
	next.Set(row)
	return h.Get(q, []uint32{row}, v)
}

// TestValueTooBig: what a table finds to be larger than any message is told as what
// does not fit into this one.
func TestValueTooBig(t *testing.T) {
	w := newWorld(t)
	if err := w.Register(oid("~.50"), hugeTable{}, nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		v    Version
		r    request
		want string
	}{
		{"get", V2c, request{tag: ber.GetRequest, binds: binds("~.50.1", "~.50.2")}, "tooBig 0: "},
		{"get v1", V1, request{tag: ber.GetRequest, binds: binds("~.50.2")}, "tooBig 0: ~.50.2 = "},
		{"next", V2c, request{tag: ber.GetNextRequest, binds: binds("~.50.1")}, "tooBig 0: "},
		{"bulk", V2c, request{tag: ber.GetBulkRequest, b: 5, binds: binds("~.50.1")}, "tooBig 0: "},
		{"bulk, one before", V2c, request{tag: ber.GetBulkRequest, b: 5, binds: binds("~.50")}, "~.50.1 = 1"},
	} {
		if got := w.ask(t, tt.v, "reader", tt.r); got.String() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRegister(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name, prefix string
		table        Table
		setter       Setter
		want         string
	}{
		{"same", "~.1", w.big, nil, "overlap"},
		{"inside", "~.1.5", w.big, nil, "overlap"},
		{"around", "~", w.big, nil, "overlap"},
		{"short", "1", w.big, nil, "bad length"},
		{"no table", "~.60", nil, nil, "no table"},
		{"not comparable", "~.60", w.big, uncomparable{}, "not comparable"},
		{"good", "~.60", w.big, nil, ""},
	} {
		err := w.Register(oid(tt.prefix), tt.table, tt.setter)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := New(Config{MaxMessage: 100}); err == nil {
		t.Error("a largest message of 100 octets is accepted")
	}
}

type uncomparable struct {
	*rowTable
	_ []int
}

// The door was shut: the meter is closing.
func TestDoorShut(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Do = func(Op, func()) {} })
	got := w.ask(t, V2c, "reader", request{tag: ber.GetRequest, binds: binds("~.1.1.1")})
	if got.String() != "genErr 0: ~.1.1.1 = " {
		t.Errorf("%v", got)
	}
}

// SNMP's own groups answer with the objects SNMPv2-MIB and the others name.
func TestOwnObjects(t *testing.T) {
	w := newWorld(t)
	w.count = Counters{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	for _, tt := range []struct{ from, want string }{
		{"1.3.6.1.2.1.1", `1.3.6.1.2.1.1.1.0 = "test meter", 1.3.6.1.2.1.1.2.0 = ~.0, 1.3.6.1.2.1.1.3.0 = t4711, ` +
			`1.3.6.1.2.1.1.4.0 = "", 1.3.6.1.2.1.1.5.0 = "meter", 1.3.6.1.2.1.1.6.0 = "", 1.3.6.1.2.1.1.7.0 = 76, 1.3.6.1.2.1.1.8.0 = t0`},
		{"1.3.6.1.2.1.11", "1.3.6.1.2.1.11.1.0 = c3, 1.3.6.1.2.1.11.3.0 = c2, 1.3.6.1.2.1.11.4.0 = c3, " +
			"1.3.6.1.2.1.11.5.0 = c4, 1.3.6.1.2.1.11.6.0 = c5, 1.3.6.1.2.1.11.30.0 = 2, 1.3.6.1.2.1.11.31.0 = c6, 1.3.6.1.2.1.11.32.0 = c7"},
		{"1.3.6.1.6.3.1.1.6", "1.3.6.1.6.3.1.1.6.1.0 = 0"},
		{"1.3.6.1.6.3.10.2.1", `1.3.6.1.6.3.10.2.1.1.0 = "\x80\x00\x01\x9b\x05tester", 1.3.6.1.6.3.10.2.1.2.0 = 3, ` +
			"1.3.6.1.6.3.10.2.1.3.0 = 100, 1.3.6.1.6.3.10.2.1.4.0 = 65507"},
		{"1.3.6.1.6.3.11.2.1", "1.3.6.1.6.3.11.2.1.1.0 = c8, 1.3.6.1.6.3.11.2.1.2.0 = c9, 1.3.6.1.6.3.11.2.1.3.0 = c10"},
		{"1.3.6.1.6.3.12.1", "1.3.6.1.6.3.12.1.4.0 = c11, 1.3.6.1.6.3.12.1.5.0 = c12"},
		{"1.3.6.1.6.3.15.1.1", "1.3.6.1.6.3.15.1.1.1.0 = c0, 1.3.6.1.6.3.15.1.1.2.0 = c0, 1.3.6.1.6.3.15.1.1.3.0 = c0, " +
			"1.3.6.1.6.3.15.1.1.4.0 = c0, 1.3.6.1.6.3.15.1.1.5.0 = c0, 1.3.6.1.6.3.15.1.1.6.0 = c0"},
	} {
		got := w.ask(t, V2c, "reader", request{tag: ber.GetBulkRequest, b: int32(strings.Count(tt.want, " = ")), binds: binds(tt.from)})
		var in []Bind
		for _, b := range got.binds {
			if hasPrefix(b.Name, oid(tt.from)) && b.Value.Tag != ber.EndOfMibView {
				in = append(in, b)
			}
		}
		if got := (&request{tag: ber.Response, binds: in}).String(); got != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.from, got, tt.want)
		}
	}
}

// TestLongLengths: a length may have more octets than it needs (RFC 3417 §8).
func TestLongLengths(t *testing.T) {
	for _, r := range []request{
		{tag: ber.GetRequest, id: 1, binds: binds("~.1.1.1")},
		{tag: ber.GetNextRequest, id: 2, binds: binds("~.1.1", "~.1.1.1")},
		{tag: ber.GetBulkRequest, id: 3, a: 1, b: 2, binds: binds("~.1.1", "~.1.1.1")},
		{tag: ber.SetRequest, id: 4, binds: []Bind{bind("1.3.6.1.2.1.1.5.0", "name")}},
	} {
		msg := datagram(V2c, "writer", r)
		w := newWorld(t)
		want := decodeCommunity(t, w.Handle(outBuf, msg, here, w.now)).String()
		w = newWorld(t)
		if got := decodeCommunity(t, w.Handle(outBuf, bertest.Longer(msg), here, w.now)).String(); got != want {
			t.Errorf("%v: got %s, want %s", r.tag, got, want)
		}
	}
}
