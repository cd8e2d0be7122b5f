package remotemeter_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/ber/bertest"
	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
)

var ctx = context.Background()

func TestDownload(t *testing.T) {
	for _, tt := range []struct {
		name   string
		rules  int
		faults clienttest.Faults
		max    int // largest message
	}{
		{"one rule", 1, clienttest.Faults{}, 0},
		{"many rules", 400, clienttest.Faults{}, 0},
		{"small messages", 100, clienttest.Faults{}, 900},
		{"lossy", 60, clienttest.Faults{Drop: .2, Duplicate: .2, Reorder: .1, Delay: .1}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := clienttest.New()
			c, l := clienttest.Dial(t, m, 3, tt.faults, nil)
			l.Max = tt.max
			rs := clienttest.Rules(tt.rules)
			if err := c.Download(ctx, 7, "me", rs); err != nil {
				t.Fatal(err)
			}
			row := m.RuleSets()[7]
			if row.Status != mib.RowActive || row.Owner != "me" || row.Name != "rules" || len(row.Rules) != tt.rules {
				t.Errorf("row %+v", row)
			}
			back, err := c.Rules(ctx, 7, tt.rules)
			if err != nil || remotemeter.FirstDifference(rs.Rules, back) >= 0 {
				t.Errorf("read back: %v", err)
			}
			if last := back[tt.rules-1]; last.Action != mib.ActionCount {
				t.Errorf("last rule %v", last)
			}
		})
	}
}

func TestDownloadRefused(t *testing.T) {
	m := clienttest.New()
	m.Refuse = func(*clienttest.RuleSet) string { return "rule 3: goto outside" }
	c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Retries = 3 })
	if err := c.Download(ctx, 7, "me", clienttest.Rules(5)); err == nil || !strings.Contains(err.Error(), "rule 3: goto outside") {
		t.Errorf("error %v", err)
	}
	if len(m.RuleSets()) != 1 {
		t.Error("half a rule set was left behind")
	}
	// The link dies in the middle, and comes back for the clean-up.
	m.Refuse = nil
	n := 0
	l.Cut = func(toMeter bool, b []byte) bool { n++; return n > 8 && n < 16 }
	if err := c.Download(ctx, 7, "me", clienttest.Rules(100)); err == nil {
		t.Error("no error")
	}
	if len(m.RuleSets()) != 1 {
		t.Error("half a rule set was left behind")
	}
}

func TestFirstDifference(t *testing.T) {
	a, b := clienttest.Rules(4).Rules, clienttest.Rules(4).Rules
	if i := remotemeter.FirstDifference(a, b); i != -1 {
		t.Errorf("equal: %d", i)
	}
	b[3].Parameter = 9 // means nothing to Count
	if i := remotemeter.FirstDifference(a, b); i != -1 {
		t.Errorf("parameter of Count: %d", i)
	}
	b[2].Value[19] = 1
	if i := remotemeter.FirstDifference(a, b); i != 2 {
		t.Errorf("value: %d", i)
	}
	if i := remotemeter.FirstDifference(a, a[:3]); i != 3 {
		t.Errorf("shorter: %d", i)
	}
}

// TestLostAnswerOfCreation: a Set that is sent again is the same message, so
// that a row is not created twice, nor an error made of the second time.
func TestLostAnswerOfCreation(t *testing.T) {
	m := clienttest.New()
	c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	lose := true
	l.Cut = func(toMeter bool, _ []byte) bool {
		lose = !lose && !toMeter || lose && toMeter
		return !toMeter && !lose
	}
	index, err := c.CreateReader(ctx, remotemeter.Reader{Owner: "me", RuleSet: 1, Timeout: 5, Waits: true}, map[int]bool{1: true})
	if err != nil || index != 2 || len(m.Readers()) != 1 || !m.Readers()[2].Waits {
		t.Errorf("row %d of %d: %v", index, len(m.Readers()), err)
	}
}

func TestRows(t *testing.T) {
	m := clienttest.New()
	c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	clienttest.Running(t, c, 2, clienttest.Rules(3))
	sets, err := c.RuleSets(ctx)
	if err != nil || len(sets) != 2 || sets[1] != (remotemeter.RuleSetRow{Number: 2, Size: 3, Owner: "test", Name: "rules", Status: mib.RowActive}) {
		t.Errorf("%+v, %v", sets, err)
	}
	readers, err := c.Readers(ctx)
	if err != nil || len(readers) != 1 || readers[0].RuleSet != 2 || !readers[0].Marks || readers[0].Timeout != 60 {
		t.Errorf("%+v, %v", readers, err)
	}
	tasks, err := c.Tasks(ctx)
	if err != nil || !slices.Equal(tasks, []remotemeter.TaskRow{{Index: 1, Current: 2, Owner: "test", Status: mib.RowActive}}) {
		t.Errorf("%+v, %v", tasks, err)
	}
	if err := c.DestroyRuleSet(ctx, 2); !client.IsStatus(err, client.InconsistentValue) {
		t.Errorf("destroying what runs: %v", err)
	}
	if err := c.Remove(ctx, "another", []int{1, 5}, []int{1}, []int{2}); err != nil || len(m.RuleSets()) != 2 || len(m.Readers()) != 1 {
		t.Errorf("rows of somebody else: %v", err)
	}
	if err := c.Remove(ctx, "test", []int{1}, []int{1}, []int{2}); err != nil || len(m.RuleSets()) != 1 {
		t.Errorf("%v", err)
	}
	if err := c.DestroyTask(ctx, 9); err != nil {
		t.Errorf("a row that is not there: %v", err)
	}
}

// TestNoMeter is an agent without the meter's objects.
func TestNoMeter(t *testing.T) {
	m := clienttest.New()
	m.Hide = true
	c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	if _, err := c.Info(ctx); err == nil || !strings.Contains(err.Error(), "no FLOW-METER-MIB") {
		t.Errorf("error %v", err)
	}
}

// TestReaderTimes lists a reader's collections, in 64 bits where the meter has
// them.
func TestReaderTimes(t *testing.T) {
	for _, foreign := range []bool{false, true} {
		m := clienttest.New()
		m.Foreign, m.Uptime = foreign, 3<<32+5
		m.Readers()[4] = &clienttest.Reader{Status: mib.RowActive, RuleSet: 2, LastTime: 3<<32 + 2, Previous: 3<<32 - 7}
		m.Readers()[5] = &clienttest.Reader{Status: mib.RowActive, RuleSet: 2, LastTime: 3 << 32}
		c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
		rows, err := c.Readers(ctx)
		if err != nil || len(rows) != 2 {
			t.Fatalf("%v, %v", rows, err)
		}
		want := []uint64{3<<32 + 2, 3<<32 - 7, 3 << 32, 0}
		if foreign {
			for i := range want {
				want[i] = uint64(uint32(want[i]))
			}
		}
		if got := []uint64{rows[0].LastTime, rows[0].Previous, rows[1].LastTime, rows[1].Previous}; !slices.Equal(got, want) {
			t.Errorf("foreign %v: times %d, want %d", foreign, got, want)
		}
	}
}

// TestMeet has a name with several addresses, of which one has a meter.
func TestMeet(t *testing.T) {
	m := clienttest.New()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	port := uint16(conn.LocalAddr().(*net.UDPAddr).Port)
	serving, end := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- m.Agent.Serve(serving, conn) }()
	defer func() { end(); <-served }()
	dial := func(names ...string) (*remotemeter.Meter, error) {
		return remotemeter.Dial(ctx, client.Options{Host: "gw", Port: port, Security: client.Security{Community: "private"}, Retries: -1, Timeout: 2 * time.Second,
			Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return addrs(names...), nil }})
	}
	for _, names := range [][]string{{"127.0.0.1"}, {"127.0.0.9", "127.0.0.1"}, {"::1", "127.0.0.9", "127.0.0.1", "127.0.0.8"}} {
		c, err := dial(names...)
		if err != nil {
			t.Fatal(err)
		}
		if in, err := c.Meet(ctx); err != nil || in.Descr != "test meter" || !strings.HasPrefix(c.Remote(), "127.0.0.1:") {
			t.Errorf("%v: %v", names, err)
		}
		c.Close()
	}
	c, err := dial("127.0.0.9", "127.0.0.8")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		_, err = c.Meet(ctx)
		if !client.IsSilence(err) || !strings.Contains(err.Error(), "any of the 2 addresses of gw: 127.0.0.9: ") || !strings.Contains(err.Error(), "; 127.0.0.8: ") {
			t.Errorf("error %v", err)
		}
	}
}

func addrs(all ...string) (list []netip.Addr) {
	for _, a := range all {
		list = append(list, netip.MustParseAddr(a))
	}
	return list
}

// TestLongLengths reads flows of an agent whose lengths have more octets than
// they need (RFC 3417 §8), inside of packages too.
func TestLongLengths(t *testing.T) {
	m := clienttest.New()
	c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	answers := 0
	l.Meter = func(question []byte) ([]byte, bool) {
		answers++
		return bertest.Longer(m.Agent.Handle(nil, question, netip.MustParseAddrPort("192.0.2.1:1"), time.Unix(1e9, 0))), true
	}
	if err := c.Download(ctx, 7, "test", clienttest.Rules(20)); err != nil {
		t.Fatal(err)
	}
	got, err := c.Rules(ctx, 7, 20)
	if err != nil || len(got) != 20 || answers == 0 {
		t.Errorf("%d rules, %v", len(got), err)
	}
}
