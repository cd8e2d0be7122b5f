package meterview

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
	"netramet/mib/usm"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// rig is a meter behind an agent, in memory.
type rig struct {
	t     testing.TB
	meter *control.Meter
	view  *View
	agent *agent.Agent
	buf   []byte
	now   time.Time
	id    int32
	as    string // community

	yields  int    // how often others were let in
	yielded func() // called then; nil is nothing
}

// newRig makes a rig; "private" may do all, "a" and "b" own what begins with
// their name, and "b" sees nothing else.
func newRig(t testing.TB, cfg meter.Config) *rig {
	t.Helper()
	return newControlledRig(t, cfg, control.Config{})
}

func newControlledRig(t testing.TB, cfg meter.Config, tables control.Config) *rig {
	t.Helper()
	if cfg.MaxGap == 0 {
		cfg.MaxGap = meter.AnyGap // tests look at the meter behind each frame
	}
	r := &rig{t: t, meter: control.New(cfg, tables), buf: make([]byte, agent.BufferSize), now: time.Unix(1e9, 0), as: "private"}
	r.view = New(r.meter, Config{Version: "test", Busy: func(int, time.Time) uint32 { return 250 }})
	var err error
	if r.agent, err = agent.New(agent.Config{Do: r.view.Do, Yield: r.yield, System: agent.System{UpTime: r.view.UpTime}}); err != nil {
		t.Fatal(err)
	}
	if err := r.view.Register(r.agent); err != nil {
		t.Fatal(err)
	}
	acc := new(agent.Access)
	for name, p := range map[string]agent.Principal{
		"private": {Name: "private", Write: true},
		"a":       {Name: "a", Write: true, Owner: "a"},
		"b":       {Name: "b", Write: true, Owner: "b", OwnerOnly: true},
	} {
		if err := acc.AddCommunity(usm.NewSecret(name), nil, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.agent.SetAccess(acc); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) yield() {
	r.yields++
	if r.yielded != nil {
		r.yielded()
	}
	r.view.Yield()
}

// bind is a variable binding.
type bind struct {
	name  []uint32
	value ber.Value
}

// oid reads "flowRuleInfoStatus.7" or a dotted name.
func oid(t testing.TB, s string) (o []uint32) {
	t.Helper()
	parts := strings.Split(s, ".")
	if obj, ok := mib.LookupObject(parts[0]); ok {
		o = slices.Clone(obj.OID())
		parts = parts[1:]
	}
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			t.Fatalf("%q is no name", s)
		}
		o = append(o, uint32(n))
	}
	return o
}

// set makes a binding; the value is given as the type of the object needs.
func set(t testing.TB, name string, val any) bind {
	t.Helper()
	b := bind{name: oid(t, name)}
	switch v := val.(type) {
	case int:
		b.value = ber.Value{Tag: ber.Integer, Int: int64(v)}
		if o, _, _ := mib.FindObject(b.name); o.Info().Syntax == mib.SyntaxTimeTicks {
			b.value = ber.Value{Tag: ber.TimeTicks, Uint: uint64(v)}
		}
	case string:
		b.value = ber.Value{Tag: ber.OctetString, Bytes: []byte(v)}
	case ber.Value:
		b.value = v
	default:
		t.Fatalf("value %v", val)
	}
	return b
}

// message encodes one PDU.
func (r *rig) message(tag ber.Tag, a, b int, binds ...bind) []byte {
	r.t.Helper()
	r.id++
	var w ber.Writer
	w.Reset(make([]byte, 70000))
	for i := len(binds) - 1; i >= 0; i-- {
		w.VarBind(binds[i].name, &binds[i].value)
	}
	w.Wrap(ber.Sequence, 0)
	w.Int(ber.Integer, int64(b))
	w.Int(ber.Integer, int64(a))
	w.Int(ber.Integer, int64(r.id))
	w.Wrap(tag, 0)
	w.Octets(ber.OctetString, []byte(r.as))
	w.Int(ber.Integer, 1)
	w.Wrap(ber.Sequence, 0)
	if w.Err() != nil {
		r.t.Fatal(w.Err())
	}
	return w.Bytes()
}

var from = netip.MustParseAddrPort("127.0.0.1:1000")

// exchange sends one PDU and returns the answer.
func (r *rig) exchange(tag ber.Tag, a, b int, binds ...bind) (agent.Status, int, []bind) {
	r.t.Helper()
	out := r.agent.Handle(r.buf, r.message(tag, a, b, binds...), from, r.now)
	status, index, got, err := decode(out)
	if err != nil {
		r.t.Fatalf("answer %x: %v", out, err)
	}
	return status, index, got
}

func decode(out []byte) (agent.Status, int, []bind, error) {
	msg := ber.NewReader(out)
	in, err := msg.Enter(ber.Sequence)
	if err != nil {
		return 0, 0, nil, err
	}
	in.Int32()
	in.Octets(ber.OctetString)
	pdu, err := in.Enter(ber.Response)
	if err != nil {
		return 0, 0, nil, err
	}
	pdu.Int32()
	status, _ := pdu.Int32()
	index, _ := pdu.Int32()
	list, err := pdu.Enter(ber.Sequence)
	if err != nil {
		return 0, 0, nil, err
	}
	var got []bind
	for list.Len() > 0 {
		b := bind{value: ber.Value{OID: make([]uint32, 0, ber.MaxOID)}}
		if b.name, err = list.VarBind(make([]uint32, 0, ber.MaxOID), &b.value); err != nil {
			return 0, 0, nil, err
		}
		b.value.Bytes = slices.Clone(b.value.Bytes)
		got = append(got, b)
	}
	return agent.Status(status), int(index), got, nil
}

// set does a Set and returns "noError", or the status and its index.
func (r *rig) set(binds ...bind) string {
	r.t.Helper()
	r.now = r.now.Add(time.Second)
	st, index, _ := r.exchange(ber.SetRequest, 0, 0, binds...)
	if st == agent.OK {
		return st.String()
	}
	return fmt.Sprintf("%v %d", st, index)
}

func (r *rig) mustSet(binds ...bind) {
	r.t.Helper()
	if got := r.set(binds...); got != "noError" {
		r.t.Fatalf("Set: %s", got)
	}
}

// get reads one value, as text.
func (r *rig) get(name string) string {
	r.t.Helper()
	_, _, got := r.exchange(ber.GetRequest, 0, 0, bind{oid(r.t, name), ber.Value{Tag: ber.Null}})
	return show(&got[0].value)
}

// next does a GetNext and returns the name after name, and its value.
func (r *rig) next(name []uint32) bind {
	r.t.Helper()
	_, _, got := r.exchange(ber.GetNextRequest, 0, 0, bind{name, ber.Value{Tag: ber.Null}})
	return got[0]
}

// walk reads everything below a name with GetBulk and returns it in order.
func (r *rig) walk(root string) (all []bind) {
	r.t.Helper()
	base := oid(r.t, root)
	name := base
	for range 1 << 20 {
		_, _, got := r.exchange(ber.GetBulkRequest, 0, 50, bind{name, ber.Value{Tag: ber.Null}})
		for _, b := range got {
			if b.value.Tag == ber.EndOfMibView || len(b.name) < len(base) || !slices.Equal(b.name[:len(base)], base) {
				return all
			}
			if slices.Compare(b.name, name) <= 0 {
				r.t.Fatalf("%s comes after %s", mib.OIDName(b.name), mib.OIDName(name))
			}
			name = b.name
			all = append(all, b)
		}
	}
	r.t.Fatal("the walk does not end")
	return nil
}

func show(v *ber.Value) string {
	switch v.Tag {
	case ber.Integer:
		return fmt.Sprint(v.Int)
	case ber.OctetString:
		if strings.ContainsFunc(string(v.Bytes), func(c rune) bool { return c < 32 || c > 126 }) {
			return fmt.Sprintf("%x", v.Bytes)
		}
		return string(v.Bytes)
	case ber.Counter32, ber.Counter64, ber.Gauge32, ber.TimeTicks:
		return fmt.Sprint(v.Uint)
	}
	return v.Tag.String()
}

// compile makes the rules of an SRL program.
func compile(t testing.TB, src string) *ruleset.RuleSet {
	t.Helper()
	rs, _, err := srl.Compile("test.srl", []byte(src), srl.Options{Optimise: -1})
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// ruleBinds are the bindings that set rule n of a rule set.
func ruleBinds(t testing.TB, set, n int, rule *ruleset.Rule) []bind {
	return []bind{
		setAt(t, "flowRuleSelector", set, n, int(rule.Selector)),
		setAt(t, "flowRuleMask", set, n, string(rule.Mask[:])),
		setAt(t, "flowRuleMatchedValue", set, n, string(rule.Value[:])),
		setAt(t, "flowRuleAction", set, n, int(rule.Action)),
		setAt(t, "flowRuleParameter", set, n, int(rule.Parameter)),
	}
}

func setAt(t testing.TB, column string, row, n int, val any) bind {
	t.Helper()
	return set(t, fmt.Sprintf("%s.%d.%d", column, row, n), val)
}

const perHost = `save SourcePeerType; save SourcePeerAddress; count;`

// download makes rule set n by Sets alone, and leaves it active.
func (r *rig) download(n int, src string) {
	r.t.Helper()
	rs := compile(r.t, src)
	col := func(c string, v any) bind { return set(r.t, fmt.Sprintf("%s.%d", c, n), v) }
	r.mustSet(col("flowRuleInfoStatus", 5), col("flowRuleInfoOwner", "me"))
	r.mustSet(col("flowRuleInfoName", "test"), col("flowRuleInfoSize", len(rs.Rules)))
	for i := range rs.Rules {
		r.mustSet(ruleBinds(r.t, n, i+1, &rs.Rules[i])...)
	}
	r.mustSet(col("flowRuleInfoStatus", 1))
}

// run makes a task, with the number of the rule set.
func (r *rig) run(n int) {
	r.t.Helper()
	r.mustSet(set(r.t, fmt.Sprintf("flowManagerStatus.%d", n), 4), set(r.t, fmt.Sprintf("flowManagerCurrentRuleSet.%d", n), n))
}

// load gives the meter rule sets 2, 3, ... that run.
func (r *rig) load(programs ...string) {
	r.t.Helper()
	err := r.meter.Change(func(c *control.Change) error {
		for i, src := range programs {
			rs := compile(r.t, src)
			rs.Number = 2 + i
			if err := c.Run(rs); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// packet is a TCP packet from host to host at a time.
func packet(t testing.TB, from, to string, at time.Duration) wire.Frame {
	t.Helper()
	f := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: from, Dst: to},
		sourcetest.TCP{Src: 1024, Dst: 80}, sourcetest.At(at))
	f.Interface = 1
	return f
}

func host(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255) }

// feed meters one packet of each of n hosts, the first at a time, the others a
// microsecond apart.
func (r *rig) feed(from, n int, at time.Duration) {
	r.t.Helper()
	frames := make([]wire.Frame, 0, 256)
	for i := range n {
		frames = append(frames, packet(r.t, host(from+i), "192.168.0.1", at+time.Duration(i)*time.Microsecond))
		if len(frames) == cap(frames) || i == n-1 {
			for r.meter.Feed(&wire.Batch{Frames: frames}) != meter.Taken {
				continue
			}
			frames = frames[:0]
		}
	}
}
