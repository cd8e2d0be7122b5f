package snmpflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/ruleset"
)

// whole does all that a manager does on a meter: it looks at everything, downloads
// rule sets, and collects from many of them, once more when some flows have changed.
func whole(t *testing.T, m *clienttest.Meter, c *remotemeter.Meter) {
	t.Helper()
	const sets = 20 // more than have room in 484 octets
	owner := strings.Repeat("o", 127)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Info(ctx)
	must(err)
	m.Uptime, m.Flows = 100, map[int][]clienttest.Flow{}
	var refs []ReaderRef
	var tasks []reader.Task
	var all []string
	var setNumbers, taskRows []int
	used := map[int]bool{}
	for n := 2; n < sets+2; n++ {
		rs := clienttest.Rules(1 + 60*(n/20))
		rs.Name = strings.Repeat("n", 127)
		must(c.Download(ctx, n, owner, rs))
		row, err := c.CreateReader(ctx, remotemeter.Reader{Owner: owner, RuleSet: n, Timeout: 60}, used)
		must(err)
		at, err := c.CreateTask(ctx, remotemeter.Task{Owner: owner, Current: n}, used)
		must(err)
		used[at] = true
		refs, setNumbers, taskRows = append(refs, ReaderRef{row, n}), append(setNumbers, n), append(taskRows, at)
		tasks = append(tasks, reader.Task{RuleSet: n, Format: format, Statistics: true})
		m.Flows[n] = clienttest.FlowSet(n*n%67, 50)
		all = append(all, want(m.Flows[n], n, 1, 100)...)
	}
	f := New(c, Config{Owner: owner, Readers: refs, Marks: true})
	out := &lines{}
	_, _, err = reader.Collect(ctx, f, tasks, out)
	must(err)
	equal(t, withoutHeads(out.got), withoutHeads(all))
	for _, r := range m.Readers() {
		if r.LastTime != 100 || r.Time != 100 {
			t.Fatalf("after a collection a row is %+v", r)
		}
	}
	m.Uptime = 200
	_, _, err = reader.Collect(ctx, f, tasks, &lines{})
	must(err)
	ruleSets, err := c.RuleSets(ctx)
	must(err)
	readers, err := c.Readers(ctx)
	must(err)
	rows, err := c.Tasks(ctx)
	must(err)
	_, err = c.Figures(ctx)
	must(err)
	_, err = c.Interfaces(ctx)
	must(err)
	if len(ruleSets) != sets+1 || len(readers) != sets || len(rows) != sets || ruleSets[sets].Owner != owner || len(ruleSets[sets].Name) != 127 {
		t.Errorf("%d rule sets, %d readers, %d tasks; the last is %+v", len(ruleSets), len(readers), len(rows), ruleSets[sets])
	}
	var readerRows []int
	for _, r := range refs {
		readerRows = append(readerRows, r.Index)
	}
	must(c.Remove(ctx, owner, taskRows, readerRows, setNumbers))
	if len(m.RuleSets()) != 1 || len(m.Readers()) != 0 || len(m.Tasks()) != 0 {
		t.Error("something is left on the meter")
	}
}

func withoutHeads(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(l string) bool { return strings.HasPrefix(l, "from") })
}

// TestNarrowPaths has paths that drop what is large, without a word.
func TestNarrowPaths(t *testing.T) {
	for i, s := range clienttest.Securities[:3] {
		for _, bears := range []int{1500, 1000, 484} {
			for k, way := range []string{"both ways", "to the meter", "from the meter"} {
				for _, near := range []bool{false, true} {
					if i != 1 && (near || k > 0 && bears > 484) || testing.Short() && near != (k == 0) {
						continue // SNMPv2c sees all
					}
					t.Run(fmt.Sprintf("%s/%d %s near %v", s.Name, bears, way, near), func(t *testing.T) {
						m := clienttest.Secured(t)
						c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) {
							o.Security, o.Retries = s.Security, 5
							o.Conn.(*clienttest.Link).Near = near
						})
						l.Cut = func(toMeter bool, b []byte) bool {
							return len(b) > bears && (way == "both ways" || toMeter == (way == "to the meter"))
						}
						whole(t, m, c)
						// Each costs a user a second.
						if l.Silent > 30 {
							t.Errorf("%d tries got no answer, of %d messages", l.Silent, l.Sent)
						}
					})
				}
			}
		}
	}
}

// TestDatagramIsKept: nothing larger than client.Options.Datagram is sent or asked for.
func TestDatagramIsKept(t *testing.T) {
	for _, s := range clienttest.Securities {
		for _, size := range []int{484, 1000, 9000} {
			t.Run(fmt.Sprintf("%s/%d", s.Name, size), func(t *testing.T) {
				m := clienttest.Secured(t)
				c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security, o.Datagram = s.Security, size })
				whole(t, m, c)
				if l.Largest > size {
					t.Errorf("a message of %d octets", l.Largest)
				}
			})
		}
	}
}

// TestStubbornMeter has meters that do not like many repetitions.
func TestStubbornMeter(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int64
	}{{"silence", clienttest.Silence}, {"tooBig", int64(client.TooBig)}, {"genErr", int64(client.GenErr)}} {
		for _, most := range []int32{1, 10} {
			t.Run(fmt.Sprintf("%s above %d", tt.name, most), func(t *testing.T) {
				m := clienttest.Secured(t)
				c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) {
					o.Retries, o.Conn.(*clienttest.Link).Near = 5, true
				})
				l.Meter = clienttest.Stubborn(most, tt.status)
				whole(t, m, c)
				if l.Silent > 30 {
					t.Errorf("%d tries got no answer, of %d messages", l.Silent, l.Sent)
				}
			})
		}
	}
}

// TestMaxSizeIgnored has a meter that answers as much as it likes, whatever it is
// told; what does not get through is asked for in smaller pieces.
func TestMaxSizeIgnored(t *testing.T) {
	for _, s := range clienttest.Securities[4:] { // the message is changed, so it must not be signed
		m := clienttest.Secured(t)
		c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security, o.Retries = s.Security, 5 })
		l.Max = 1000
		l.Meter = func(q []byte) ([]byte, bool) {
			return m.Agent.Handle(nil, withMaxSize(t, q, client.MaxDatagram), l.RemoteAddrPort(), l.Now()), true
		}
		whole(t, m, c)
	}
}

// withMaxSize returns a message of SNMPv3, which is not signed, with another
// msgMaxSize.
func withMaxSize(t *testing.T, msg []byte, size int) []byte {
	t.Helper()
	r := ber.NewReader(msg)
	body, err := r.Enter(ber.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	version, _ := body.Int32()
	header, _ := body.Enter(ber.Sequence)
	id, _ := header.Int32()
	if _, err := header.Int32(); err != nil {
		t.Fatal(err)
	}
	var w ber.Writer
	w.Reset(make([]byte, len(msg)+8))
	w.Raw(body.Rest())
	mark := w.Len()
	w.Raw(header.Rest())
	w.Int(ber.Integer, int64(size))
	w.Int(ber.Integer, int64(id))
	w.Wrap(ber.Sequence, mark)
	w.Int(ber.Integer, int64(version))
	w.Wrap(ber.Sequence, 0)
	return w.Bytes()
}

// TestNothingFits has flows of which one attribute alone is too large.
func TestNothingFits(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int
		max  int // of the path
	}{{"of the meter", 484, 0}, {"of the path", 65507, 484}} {
		m := clienttest.NewSized(tt.size)
		m.Uptime, m.Flows = 100, map[int][]clienttest.Flow{2: clienttest.FlowSet(5, 50)}
		for i := range m.Flows[2] {
			m.Flows[2][i].Octets[mib.AttrSourceSubscriberID] = strings.Repeat("x", 600)
		}
		c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Retries = 2 })
		l.Max = tt.max
		row := clienttest.Running(t, c, 2, clienttest.Rules(1))
		f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
		wide := &ruleset.Format{Attrs: []mib.Attr{mib.AttrFlowIndex, mib.AttrSourceSubscriberID, mib.AttrToPDUs}, Seps: []string{"", " ", " ", ""}}
		_, _, err := reader.Collect(ctx, f, []reader.Task{{RuleSet: 2, Format: wide}}, &lines{})
		if err == nil || !strings.Contains(err.Error(), "SourceSubscriberID of a flow does not fit into one message") || client.IsNoAnswer(err) != (tt.max > 0) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestGoneInTheMiddle: a meter that is gone is not taken for a narrow path for long.
func TestGoneInTheMiddle(t *testing.T) {
	m := clienttest.New()
	m.Uptime, m.Flows = 100, map[int][]clienttest.Flow{2: clienttest.FlowSet(300, 50)}
	c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Retries = 4 })
	row := clienttest.Running(t, c, 2, clienttest.Rules(1))
	f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
	before := 0
	l.Cut = func(toMeter bool, b []byte) bool {
		if toMeter && slices.Contains(b, 0xa5) && before == 0 && m.Collections > 0 { // a GetBulk
			before = l.Silent + 1
		}
		return before > 0
	}
	_, _, err := reader.Collect(ctx, f, []reader.Task{{RuleSet: 2, Format: format}}, &lines{})
	var silent *client.NoAnswerError
	if !errors.As(err, &silent) || l.Silent > before+8 {
		t.Errorf("after %d tries: %v", l.Silent-before+1, err)
	}
}

// TestSmallDatagrams has a path that bears 2000 octets: all is read, and soon
// nothing larger is asked for.
func TestSmallDatagrams(t *testing.T) {
	m := clienttest.New()
	m.Flows = map[int][]clienttest.Flow{2: clienttest.FlowSet(600, 50)}
	m.Uptime = 100
	c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	l.Max = 2000
	row := clienttest.Running(t, c, 2, clienttest.Rules(1))
	f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
	out := &lines{}
	if err := collect(f, out); err != nil {
		t.Fatal(err)
	}
	equal(t, out.got, want(m.Flows[2], 2, 1, 100))
	if l.Dropped > 40 {
		t.Errorf("%d messages were too large", l.Dropped)
	}
}
