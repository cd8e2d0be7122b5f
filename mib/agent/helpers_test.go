package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"netramet/mib/ber"
	"netramet/mib/usm"
)

var (
	t0       = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	here     = netip.MustParseAddrPort("127.0.0.1:40000")
	fakeRoot = []uint32{1, 3, 6, 1, 4, 1, 99}
)

// oid reads a dotted name; "~" stands for fakeRoot.
func oid(s string) []uint32 {
	if rest, ok := strings.CutPrefix(s, "~"); ok {
		o := slices.Clone(fakeRoot)
		if rest != "" {
			more, _ := parseOID(rest)
			o = append(o, more...)
		}
		return o
	}
	o, ok := parseOID(s)
	if !ok {
		panic("bad OID " + s)
	}
	return o
}

func show(o []uint32) string {
	if hasPrefix(o, fakeRoot) {
		if len(o) == len(fakeRoot) {
			return "~"
		}
		return "~." + dotted(o[len(fakeRoot):])
	}
	return dotted(o)
}

func showValue(v *ber.Value) string {
	switch v.Tag {
	case ber.Integer:
		return fmt.Sprint(v.Int)
	case ber.Counter32:
		return fmt.Sprintf("c%d", v.Uint)
	case ber.Gauge32:
		return fmt.Sprintf("g%d", v.Uint)
	case ber.TimeTicks:
		return fmt.Sprintf("t%d", v.Uint)
	case ber.Counter64:
		return fmt.Sprintf("C%d", v.Uint)
	case ber.OctetString:
		return fmt.Sprintf("%q", v.Bytes)
	case ber.ObjectID:
		return show(v.OID)
	case ber.Null:
		return ""
	}
	return v.Tag.String()
}

// bind makes a variable binding: without a value, NULL.
func bind(name string, val ...any) Bind {
	b := Bind{Name: oid(name), Value: ber.Value{Tag: ber.Null}}
	if len(val) == 0 {
		return b
	}
	switch v := val[0].(type) {
	case int:
		b.Value = ber.Value{Tag: ber.Integer, Int: int64(v)}
	case string:
		b.Value = ber.Value{Tag: ber.OctetString, Bytes: []byte(v)}
	case ber.Value:
		b.Value = v
	}
	return b
}

func binds(names ...string) (all []Bind) {
	for _, n := range names {
		all = append(all, bind(n))
	}
	return all
}

// request is a PDU before encoding, or after decoding.
type request struct {
	tag   ber.Tag
	id    int32
	a, b  int32
	binds []Bind
}

func (r *request) encode(w *ber.Writer) {
	mark := w.Len()
	for _, b := range slices.Backward(r.binds) {
		w.VarBind(b.Name, &b.Value)
	}
	w.Wrap(ber.Sequence, mark)
	w.Int(ber.Integer, int64(r.b))
	w.Int(ber.Integer, int64(r.a))
	w.Int(ber.Integer, int64(r.id))
	w.Wrap(r.tag, mark)
}

func decodePDU(r *ber.Reader) (*request, error) {
	p := &request{tag: r.Peek()}
	in, err := r.Enter(p.tag)
	if err != nil {
		return nil, err
	}
	for _, f := range []*int32{&p.id, &p.a, &p.b} {
		if *f, err = in.Int32(); err != nil {
			return nil, err
		}
	}
	list, err := in.Enter(ber.Sequence)
	if err != nil {
		return nil, err
	}
	for list.Len() > 0 {
		b := Bind{Value: ber.Value{OID: make([]uint32, 0, ber.MaxOID)}}
		if b.Name, err = list.VarBind(make([]uint32, 0, ber.MaxOID), &b.Value); err != nil {
			return nil, err
		}
		p.binds = append(p.binds, b)
	}
	return p, in.Done()
}

// datagram encodes a v1 or v2c message.
func datagram(v Version, name string, r request) []byte {
	var w ber.Writer
	w.Reset(make([]byte, 70000))
	r.encode(&w)
	w.Octets(ber.OctetString, []byte(name))
	w.Int(ber.Integer, int64(v))
	w.Wrap(ber.Sequence, 0)
	if w.Err() != nil {
		panic(w.Err())
	}
	return w.Bytes()
}

func decodeCommunity(t testing.TB, msg []byte) *request {
	t.Helper()
	r := ber.NewReader(msg)
	in, err := r.Enter(ber.Sequence)
	if err != nil || r.Done() != nil {
		t.Fatalf("answer %x: %v", msg, err)
	}
	in.Int32()
	in.Octets(ber.OctetString)
	p, err := decodePDU(&in)
	if err != nil || in.Done() != nil {
		t.Fatalf("answer %x: %v", msg, err)
	}
	return p
}

// String shows an answer on one line: "status index: name = value, ...".
func (r *request) String() string {
	if r == nil {
		return "silence"
	}
	var b strings.Builder
	if r.tag != ber.Response {
		fmt.Fprintf(&b, "%v ", r.tag)
	}
	if r.a != 0 || r.b != 0 {
		fmt.Fprintf(&b, "%v %d: ", Status(r.a), r.b)
	}
	for i, vb := range r.binds {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s = %s", show(vb.Name), showValue(&vb.Value))
	}
	return b.String()
}

// memTable is a read-only table from a list of instances.
type memTable struct {
	rows []memRow
}

type memRow struct {
	inst []uint32
	val  ber.Value
	st   Status
}

func newMemTable(rows map[string]any) *memTable {
	m := new(memTable)
	for k, v := range rows {
		r := memRow{inst: oid(k)}
		switch v := v.(type) {
		case Status:
			r.st = v
		default:
			r.val = bind("1.3", v).Value
		}
		m.rows = append(m.rows, r)
	}
	slices.SortFunc(m.rows, func(a, b memRow) int { return slices.Compare(a.inst, b.inst) })
	return m
}

func (m *memTable) Get(_ *Request, inst []uint32, v *Value) Status {
	column := false
	for _, r := range m.rows {
		if slices.Equal(r.inst, inst) {
			v.val = r.val
			return r.st
		}
		column = column || len(inst) > 0 && r.inst[0] == inst[0]
	}
	if column {
		return NoSuchInstance
	}
	return NoSuchObject
}

func (m *memTable) Next(_ *Request, after []uint32, next *Name, v *Value) Status {
	i := sort.Search(len(m.rows), func(i int) bool { return slices.Compare(m.rows[i].inst, after) > 0 })
	if i == len(m.rows) {
		return EndOfMibView
	}
	next.Set(m.rows[i].inst...)
	v.val = m.rows[i].val
	return m.rows[i].st
}

// rowTable is writable: column.index with 1 RowStatus, 2 an INTEGER 0..100,
// 3 a string of at most 8 octets, 4 read-only. createAndGo needs column 2.
type rowTable struct {
	rows   map[uint32]*row
	events *[]string // shared log of phases
	label  string
}

type row struct {
	num  int
	text string
}

func newRowTable(label string, events *[]string) *rowTable {
	return &rowTable{rows: map[uint32]*row{}, label: label, events: events}
}

func (r *rowTable) Get(_ *Request, inst []uint32, v *Value) Status {
	if len(inst) == 0 || inst[0] < 1 || inst[0] > 4 {
		return NoSuchObject
	}
	if len(inst) != 2 || r.rows[inst[1]] == nil {
		return NoSuchInstance
	}
	switch row := r.rows[inst[1]]; inst[0] {
	case 1:
		v.Int(1)
	case 2:
		v.Int(int32(row.num))
	case 3:
		v.Text(row.text)
	case 4:
		v.Gauge32(uint32(row.num * 2))
	}
	return OK
}

func (r *rowTable) Next(q *Request, after []uint32, next *Name, v *Value) Status {
	var keys []uint32
	for k := range r.rows {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for c := uint32(1); c <= 4; c++ {
		for _, k := range keys {
			if inst := []uint32{c, k}; slices.Compare(inst, after) > 0 {
				next.Set(inst...)
				return r.Get(q, inst, v)
			}
		}
	}
	return EndOfMibView
}

func (r *rowTable) event(what string) { *r.events = append(*r.events, r.label+" "+what) }

func (r *rowTable) Test(t *Txn, b *Bind) Status {
	r.event("test " + dotted(b.Inst))
	if len(b.Inst) == 0 || b.Inst[0] < 1 || b.Inst[0] > 4 {
		return NotWritable
	}
	if len(b.Inst) != 2 || b.Inst[1] == 0 {
		return NoCreation
	}
	exists := r.rows[b.Inst[1]] != nil
	for o := range t.Of(r) {
		exists = exists || len(o.Inst) == 2 && o.Inst[1] == b.Inst[1] && o.Inst[0] == 1
	}
	if !exists {
		return InconsistentName
	}
	if b.Inst[0] == 4 {
		return NotWritable
	}
	if want := map[uint32]ber.Tag{1: ber.Integer, 2: ber.Integer, 3: ber.OctetString}[b.Inst[0]]; b.Value.Tag != want {
		return WrongType
	}
	switch {
	case b.Inst[0] == 3 && len(b.Value.Bytes) > 8:
		return WrongLength
	case b.Inst[0] == 2 && (b.Value.Int < 0 || b.Value.Int > 100):
		return WrongValue
	case b.Inst[0] == 2 && b.Value.Int == 99:
		return ResourceUnavailable
	case b.Inst[0] == 1 && b.Value.Int != 4 && b.Value.Int != 6:
		return WrongValue
	}
	return OK
}

func (r *rowTable) Check(t *Txn) (Status, *Bind) {
	r.event("check")
	for b := range t.Of(r) {
		if b.Inst[0] != 1 || b.Value.Int != 4 {
			continue
		}
		complete := false
		for o := range t.Of(r) {
			complete = complete || o.Inst[1] == b.Inst[1] && o.Inst[0] == 2
		}
		if !complete || r.rows[b.Inst[1]] != nil {
			return InconsistentValue, b
		}
	}
	return OK, nil
}

func (r *rowTable) Commit(t *Txn) {
	r.event("commit")
	for b := range t.Of(r) {
		k := b.Inst[1]
		if b.Inst[0] == 1 && b.Value.Int == 6 {
			delete(r.rows, k)
			continue
		}
		if r.rows[k] == nil {
			r.rows[k] = new(row)
		}
		switch b.Inst[0] {
		case 2:
			r.rows[k].num = int(b.Value.Int)
		case 3:
			r.rows[k].text = string(b.Value.Bytes)
		}
	}
}

func (r *rowTable) Abort(*Txn) { r.event("abort") }

// bigTable computes its rows: columns 1 (Gauge32) and 2 (octets), n rows.
type bigTable struct {
	n    uint32
	data []byte
}

func (b *bigTable) read(c, i uint32, v *Value) {
	if c == 1 {
		v.Gauge32(i)
	} else {
		v.Octets(append(v.Buf(), b.data...))
	}
}

func (b *bigTable) Get(_ *Request, inst []uint32, v *Value) Status {
	if len(inst) == 0 || inst[0] < 1 || inst[0] > 2 {
		return NoSuchObject
	}
	if len(inst) != 2 || inst[1] < 1 || inst[1] > b.n {
		return NoSuchInstance
	}
	b.read(inst[0], inst[1], v)
	return OK
}

func (b *bigTable) Next(_ *Request, after []uint32, next *Name, v *Value) Status {
	c, i := uint32(1), uint32(1)
	if len(after) > 0 && after[0] >= 1 {
		c = after[0]
		if len(after) > 1 {
			i = after[1] + 1
		}
	}
	if i > b.n || i == 0 {
		c, i = c+1, 1
	}
	if c > 2 || b.n == 0 {
		return EndOfMibView
	}
	next.Set(c, i)
	b.read(c, i, v)
	return OK
}

// world is an agent with the fake tables:
//
//	~.1 memTable  ~.2 and ~.3 rowTables  ~.4 bigTable
type world struct {
	*Agent
	rows, rows2 *rowTable
	big         *bigTable
	events      []string
	ops         []Op
	now         time.Time
	engine      *usm.Engine
}

func c64(n uint64) ber.Value { return ber.Value{Tag: ber.Counter64, Uint: n} }

func newWorld(t testing.TB, edit ...func(*Config)) *world {
	t.Helper()
	engine, err := usm.NewEngine(testEngineID, 3, t0)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{now: t0.Add(100 * time.Second), engine: engine}
	cfg := Config{
		Engine: engine,
		System: System{Descr: "test meter", ObjectID: oid("~.0"), UpTime: func(*Request) uint32 { return 4711 },
			Name: "meter", Services: 76},
		Do: func(op Op, f func()) { w.ops = append(w.ops[:0], op); f() },
	}
	for _, e := range edit {
		e(&cfg)
	}
	if w.Agent, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	w.rows, w.rows2 = newRowTable("A", &w.events), newRowTable("B", &w.events)
	w.big = &bigTable{n: 3, data: []byte("0123456789")}
	mem := newMemTable(map[string]any{
		"1.1": 11, "1.3": 13, "1.7": -17,
		"2.1": c64(21), "2.3": c64(1 << 63),
		"3.1": "", "3.3": ber.Value{Tag: ber.ObjectID, OID: oid("1.3.6.1")},
		"9.1": GenErr,
	})
	for i, reg := range []struct {
		t Table
		s Setter
	}{{mem, nil}, {w.rows, w.rows}, {w.rows2, w.rows2}, {w.big, nil}} {
		if err := w.Register(append(oid("~"), uint32(i+1)), reg.t, reg.s); err != nil {
			t.Fatal(err)
		}
	}
	w.access = testAccess()
	return w
}

// testAccess is testUsers made ready for the engine of newWorld, once for all
// tests, because deriving the keys takes longer than most of them.
var testAccess = sync.OnceValue(func() *active {
	a, err := ParseUsers(strings.NewReader(testUsers), "users")
	if err != nil {
		panic(err)
	}
	act, err := a.localize(testEngineID)
	if err != nil {
		panic(err)
	}
	return act
})

var testEngineID = []byte("\x80\x00\x01\x9b\x05tester")

const testUsers = `
community reader read
community writer write
community limited write view 1.3.6.1.4.1.99.1,1.3.6.1.4.1.99.2.2,-1.3.6.1.4.1.99.1.2,sysTem,1.3.6.1.4.1.99.4.2.2
community remote write from 10.0.0.0/8,192.0.2.1
user guest read
user anna auth SHA-256 "anna's key" write
user md5des auth MD5 authpass1 priv DES privpass1 write
user sha1des auth SHA authpass1 priv DES privpass1 write
user sha1aes auth SHA-1 authpass1 priv AES-128 privpass1 write
user sha1aes256 auth SHA-1 authpass1 priv AES-256 privpass1 write
user sha224aes192 auth SHA-224 authpass1 priv AES-192 privpass1 write
user sha256aes auth SHA-256 authpass1 priv AES-128 privpass1 write
user sha384aes192 auth SHA-384 authpass1 priv AES-192 privpass1 write
user sha512aes256 auth SHA-512 authpass1 priv AES-256 privpass1 write
user looker auth SHA-256 authpass1 priv AES privpass1 read view system
`

func parse(t testing.TB, text string) *Access {
	t.Helper()
	a, err := ParseUsers(strings.NewReader(text), "users")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var outBuf = make([]byte, BufferSize)

// ask sends a PDU with a community and returns the answer, nil for silence.
func (w *world) ask(t testing.TB, v Version, name string, r request) *request {
	t.Helper()
	out := w.Handle(outBuf, datagram(v, name, r), here, w.now)
	if out == nil {
		return nil
	}
	p := decodeCommunity(t, out)
	if p.id != r.id {
		t.Errorf("request-id %d came back as %d", r.id, p.id)
	}
	return p
}
