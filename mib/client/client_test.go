package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client/clienttest"
	"netramet/mib/usm"
)

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
			c, l := dial(t, m, 3, tt.faults, nil)
			l.Max = tt.max
			rs := rules(tt.rules)
			if err := c.Download(ctx, 7, "me", rs); err != nil {
				t.Fatal(err)
			}
			row := m.RuleSets()[7]
			if row.Status != clienttest.Active || row.Owner != "me" || row.Name != "rules" || len(row.Rules) != tt.rules {
				t.Errorf("row %+v", row)
			}
			back, err := c.Rules(ctx, 7, tt.rules)
			if err != nil || FirstDifference(rs.Rules, back) >= 0 {
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
	c, l := dial(t, m, 1, clienttest.Faults{}, func(o *Options) { o.Retries = 3 })
	if err := c.Download(ctx, 7, "me", rules(5)); err == nil || !strings.Contains(err.Error(), "rule 3: goto outside") {
		t.Errorf("error %v", err)
	}
	if len(m.RuleSets()) != 1 {
		t.Error("half a rule set was left behind")
	}
	// The link dies in the middle, and comes back for the clean-up.
	m.Refuse = nil
	n := 0
	l.Cut = func(toMeter bool, b []byte) bool { n++; return n > 8 && n < 16 }
	if err := c.Download(ctx, 7, "me", rules(100)); err == nil {
		t.Error("no error")
	}
	if len(m.RuleSets()) != 1 {
		t.Error("half a rule set was left behind")
	}
}

func TestFirstDifference(t *testing.T) {
	a, b := rules(4).Rules, rules(4).Rules
	if i := FirstDifference(a, b); i != -1 {
		t.Errorf("equal: %d", i)
	}
	b[3].Parameter = 9 // means nothing to Count
	if i := FirstDifference(a, b); i != -1 {
		t.Errorf("parameter of Count: %d", i)
	}
	b[2].Value[19] = 1
	if i := FirstDifference(a, b); i != 2 {
		t.Errorf("value: %d", i)
	}
	if i := FirstDifference(a, a[:3]); i != 3 {
		t.Errorf("shorter: %d", i)
	}
}

// TestLostAnswerOfCreation: a Set that is sent again is the same message, so
// that a row is not created twice, nor an error made of the second time.
func TestLostAnswerOfCreation(t *testing.T) {
	m := clienttest.New()
	c, l := dial(t, m, 1, clienttest.Faults{}, nil)
	lose := true
	l.Cut = func(toMeter bool, _ []byte) bool {
		lose = !lose && !toMeter || lose && toMeter
		return !toMeter && !lose
	}
	index, err := c.CreateReader(ctx, Reader{Owner: "me", RuleSet: 1, Timeout: 5, Waits: true}, map[int]bool{1: true})
	if err != nil || index != 2 || len(m.Readers()) != 1 || !m.Readers()[2].Waits {
		t.Errorf("row %d of %d: %v", index, len(m.Readers()), err)
	}
}

func TestRows(t *testing.T) {
	m := clienttest.New()
	c, _ := dial(t, m, 1, clienttest.Faults{}, nil)
	running(t, c, 2, rules(3))
	sets, err := c.RuleSets(ctx)
	if err != nil || len(sets) != 2 || sets[1] != (RuleSetRow{Number: 2, Size: 3, Owner: "test", Name: "rules", Status: Active}) {
		t.Errorf("%+v, %v", sets, err)
	}
	readers, err := c.Readers(ctx)
	if err != nil || len(readers) != 1 || readers[0].RuleSet != 2 || !readers[0].Marks || readers[0].Timeout != 60 {
		t.Errorf("%+v, %v", readers, err)
	}
	tasks, err := c.Tasks(ctx)
	if err != nil || !slices.Equal(tasks, []TaskRow{{Index: 1, Current: 2, Owner: "test", Status: Active}}) {
		t.Errorf("%+v, %v", tasks, err)
	}
	if err := c.DestroyRuleSet(ctx, 2); !IsStatus(err, InconsistentValue) {
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

func TestV3(t *testing.T) {
	m := clienttest.New()
	if err := m.AddUser(usm.UserConfig{Name: "noc", Auth: usm.SHA256, AuthPass: usm.NewSecret("authauthauth"),
		Priv: usm.AES128, PrivPass: usm.NewSecret("privprivpriv")}); err != nil {
		t.Fatal(err)
	}
	good := Security{Version: V3, User: "noc", Auth: "SHA-256", AuthPass: "authauthauth", Priv: "AES", PrivPass: "privprivpriv"}
	c, l := dial(t, m, 1, clienttest.Faults{Drop: .15, Duplicate: .1}, func(o *Options) { o.Security = good })
	if err := c.Download(ctx, 2, "me", rules(40)); err != nil {
		t.Fatal(err)
	}
	l.Faults = clienttest.Faults{}
	for _, tt := range []struct {
		name   string
		change func(*Security)
		want   string
	}{
		{"unknown user", func(s *Security) { s.User = "nobody" }, "user name"},
		{"wrong passphrase", func(s *Security) { s.AuthPass = "wrongwrong" }, "passphrase"},
		{"too little security", func(s *Security) { s.Level = "authNoPriv" }, "may not do that"},
	} {
		s := good
		tt.change(&s)
		c, _ := dial(t, m, 2, clienttest.Faults{}, func(o *Options) { o.Security, o.Retries = s, 2 })
		if _, err := c.Info(ctx); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", good, good, good); strings.Contains(s, "authauth") || strings.Contains(s, "privpriv") {
		t.Errorf("%s shows a secret", s)
	}
}

// babbler is a connection to something that is no meter.
type babbler struct {
	*clienttest.Link
	answer []byte
}

func (b *babbler) Read(p []byte) (int, error) { return copy(p, b.answer), nil }

func TestNonsense(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer string
	}{
		{"text", "HTTP/1.1 400 Bad Request\r\n"},
		{"nothing", "\x30\x00"},
		{"cut", "\x30\x20\x02\x01\x01\x04\x06"},
		{"deep", strings.Repeat("\x30\x80", 200)},
	} {
		m := clienttest.New()
		c, err := Dial(ctx, Options{Host: "x", Security: Security{Community: "private"}, Conn: &babbler{m.NewLink(1, clienttest.Faults{}), []byte(tt.answer)}})
		if err != nil {
			t.Fatal(err)
		}
		var bad *NonsenseError
		if _, err := c.Info(ctx); !errors.As(err, &bad) || strings.Contains(err.Error(), "goroutine") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestNoMeter is an agent without the meter's objects.
func TestNoMeter(t *testing.T) {
	m := clienttest.New()
	m.Hide = true
	c, _ := dial(t, m, 1, clienttest.Faults{}, nil)
	if _, err := c.Info(ctx); err == nil || !strings.Contains(err.Error(), "no FLOW-METER-MIB") {
		t.Errorf("error %v", err)
	}
}

// silent never answers; its Read waits for its deadline.
type silent struct {
	*clienttest.Link
	writes int
}

func (s *silent) Write(b []byte) (int, error) { s.writes++; return len(b), nil }
func (s *silent) Read([]byte) (int, error)    { return 0, os.ErrDeadlineExceeded }

func TestNoAnswer(t *testing.T) {
	s := &silent{Link: clienttest.New().NewLink(1, clienttest.Faults{})}
	c, err := Dial(ctx, Options{Host: "x", Security: Security{Community: "private"}, Conn: s, Retries: 3})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Info(ctx)
	if !IsNoAnswer(err) || s.writes != 4 || !strings.Contains(err.Error(), "4 tries") || !strings.Contains(err.Error(), "community") {
		t.Errorf("after %d messages: %v", s.writes, err)
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Info(done); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// unreachable has no route for so many Writes, and then no answer.
type unreachable struct {
	*clienttest.Link
	faults int
}

func (u *unreachable) Write(b []byte) (int, error) {
	if u.faults--; u.faults >= 0 {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: syscall.EHOSTUNREACH}
	}
	return u.Link.Write(b)
}

// TestUnreachable has a route that comes back, and one that does not.
func TestUnreachable(t *testing.T) {
	for _, faults := range []int{2, 3} {
		u := &unreachable{clienttest.New().NewLink(1, clienttest.Faults{}), faults}
		c, err := Dial(ctx, Options{Host: "x", Security: Security{Community: "private"}, Conn: u, Retries: 2, Timeout: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Beat(ctx)
		if faults == 2 && err != nil {
			t.Errorf("the third try: %v", err)
		}
		if faults == 3 && (!IsNoAnswer(err) || !errors.Is(err, syscall.EHOSTUNREACH) || !strings.Contains(err.Error(), "cannot be reached")) {
			t.Errorf("error %v", err)
		}
	}
}

func TestNotConnected(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		waits bool
	}{
		{"no route", &net.OpError{Op: "dial", Net: "udp", Err: syscall.ENETUNREACH}, true},
		{"no name server", &net.OpError{Op: "dial", Net: "udp", Err: &net.DNSError{Err: "server misbehaving", Name: "m", IsTemporary: true}}, true},
		{"no such name", &net.OpError{Op: "dial", Net: "udp", Err: &net.DNSError{Err: "no such host", Name: "m", IsNotFound: true}}, false},
		{"no socket", &net.OpError{Op: "dial", Net: "udp", Err: os.NewSyscallError("socket", syscall.EMFILE)}, false},
		{"something else", errors.New("no"), false},
	} {
		if err := notConnected("m:161", fmt.Errorf("connecting: %w", tt.err)); IsNoAnswer(err) != tt.waits || !strings.Contains(err.Error(), "m:161") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestResolve follows a name to another address.
func TestResolve(t *testing.T) {
	p, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	port := p.LocalAddr().(*net.UDPAddr).Port
	second, err := net.ListenPacket("udp4", fmt.Sprintf("127.0.0.2:%d", port))
	if err != nil {
		t.Skip("there is but one address of loopback:", err)
	}
	defer second.Close()
	means := addrs("127.0.0.1")
	c, err := Dial(ctx, Options{Host: "m", Port: uint16(port), Security: Security{Community: "private"},
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return means, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if moved, err := c.Resolve(ctx); moved || err != nil {
		t.Errorf("it moved: %v, %v", moved, err)
	}
	for _, tt := range []struct {
		means []netip.Addr
		to    net.PacketConn
	}{
		{addrs("127.0.0.2"), second},              // it has moved
		{addrs("127.0.0.1", "127.0.0.2"), p},      // the next one, around
		{addrs("127.0.0.1", "127.0.0.2"), second}, // and the next
	} {
		means = tt.means
		if moved, err := c.Resolve(ctx); !moved || err != nil {
			t.Fatalf("%v: it did not move: %v", tt.means, err)
		}
		if _, err := c.link.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		if err := tt.to.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if n, _, err := tt.to.ReadFrom(buf); err != nil || string(buf[:n]) != "hello" {
			t.Errorf("%v: %s gets %q, %v", tt.means, tt.to.LocalAddr(), buf[:n], err)
		}
	}
}

func addrs(all ...string) (list []netip.Addr) {
	for _, a := range all {
		list = append(list, netip.MustParseAddr(a))
	}
	return list
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
	dial := func(names ...string) (*Client, error) {
		return Dial(ctx, Options{Host: "gw", Port: port, Security: Security{Community: "private"}, Retries: -1, Timeout: 2 * time.Second,
			Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return addrs(names...), nil }})
	}
	for _, names := range [][]string{{"127.0.0.1"}, {"127.0.0.9", "127.0.0.1"}, {"::1", "127.0.0.9", "127.0.0.1", "127.0.0.8"}} {
		c, err := dial(names...)
		if err != nil {
			t.Fatal(err)
		}
		if in, err := c.Meet(ctx); err != nil || in.Descr != "test meter" || !strings.HasPrefix(c.link.conn.RemoteAddr().String(), "127.0.0.1:") {
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
		if !IsSilence(err) || !strings.Contains(err.Error(), "any of the 2 addresses of gw: 127.0.0.9: ") || !strings.Contains(err.Error(), "; 127.0.0.8: ") {
			t.Errorf("error %v", err)
		}
	}
}

// TestWrongZone: an interface that is not there does not come by waiting.
func TestWrongZone(t *testing.T) {
	_, err := Dial(ctx, Options{Host: "fe80::1%nosuch0", Security: Security{Community: "private"}})
	if err == nil || IsNoAnswer(err) || !strings.Contains(err.Error(), `no network interface "nosuch0"`) {
		t.Errorf("error %v", err)
	}
}

// TestCancel ends a Read that waits on a real socket.
func TestCancel(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	done, cancel := context.WithCancel(ctx)
	go func() {
		_, _, _ = conn.ReadFrom(make([]byte, 2000)) // the request is out
		cancel()
	}()
	a := conn.LocalAddr().(*net.UDPAddr)
	c, err := Dial(ctx, Options{Host: "127.0.0.1", Port: uint16(a.Port), Security: Security{Community: "private"}, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Info(done); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestPace(t *testing.T) {
	p := newPace(false, 0)
	if p.size != SafeDatagram {
		t.Errorf("it begins with %d", p.size)
	}
	p.answered(SafeDatagram / 3)
	if p.size != SafeDatagram {
		t.Error("it grows by small answers")
	}
	for range 10 {
		p.answered(p.size)
	}
	if p.size != MaxDatagram {
		t.Errorf("it grows to %d", p.size)
	}
	for range 20 {
		p.resent()
	}
	if p.size != SafeDatagram {
		t.Errorf("it shrinks to %d by losses", p.size)
	}
	p.answered(p.size)
	if p.size != SafeDatagram {
		t.Error("after loss it grows at once")
	}
	var sizes []int
	for p.lost(p.size) {
		sizes = append(sizes, p.size)
	}
	if !slices.Equal(sizes, []int{middling, MinDatagram}) {
		t.Errorf("it goes down by %d", sizes)
	}
	if p := newPace(true, 900); p.size != 900 || !p.lost(900) || p.size > 900 {
		t.Errorf("limited: %+v", p)
	}
	if p := newPace(true, 0); p.size != MaxDatagram {
		t.Errorf("near: %+v", p)
	}
}

// TestPaceFinds walks to the size that a path bears: few messages are lost on the
// way there, and fewer and fewer later on.
func TestPaceFinds(t *testing.T) {
	for _, bears := range []int{484, 500, 699, 1000, 1500, 9000, 40000, MaxDatagram} {
		for _, near := range []bool{false, true} {
			p := newPace(near, 0)
			lost := [2]int{} // in the first thousands, and then
			for i := range 1 << 16 {
				if p.size <= bears {
					p.answered(p.size)
					continue
				}
				p.lost(p.size)
				lost[min(i/4096, 1)]++
			}
			if p.size > bears || p.size < bears/2 && p.size > MinDatagram || lost[0] > 10 || lost[1] > 5 {
				t.Errorf("near %v: a path that bears %d is found to bear %d, by %d losses", near, bears, p.size, lost)
			}
		}
	}
}

// TestSmallDatagrams has a path that bears 2000 octets: all is read, and soon
// nothing larger is asked for.
func TestSmallDatagrams(t *testing.T) {
	m := clienttest.New()
	m.Flows = map[int][]clienttest.Flow{2: flowSet(600, 50)}
	m.Uptime = 100
	c, l := dial(t, m, 1, clienttest.Faults{}, nil)
	l.Max = 2000
	row := running(t, c, 2, rules(1))
	f := NewFlows(c, FlowsConfig{Readers: []ReaderRef{{row, 2}}, Marks: true})
	out := &lines{}
	if err := collect(f, out); err != nil {
		t.Fatal(err)
	}
	equal(t, out.got, want(m.Flows[2], 2, 1, 100))
	if l.Dropped > 40 {
		t.Errorf("%d messages were too large", l.Dropped)
	}
}
