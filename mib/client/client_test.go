package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
	"netramet/mib/usm"
)

var ctx = context.Background()

func TestV3(t *testing.T) {
	m := clienttest.New()
	if err := m.AddUser(usm.UserConfig{Name: "noc", Auth: usm.SHA256, AuthPass: usm.NewSecret("authauthauth"),
		Priv: usm.AES128, PrivPass: usm.NewSecret("privprivpriv")}); err != nil {
		t.Fatal(err)
	}
	good := client.Security{Version: client.V3, User: "noc", Auth: "SHA-256", AuthPass: "authauthauth", Priv: "AES", PrivPass: "privprivpriv"}
	c, l := clienttest.Dial(t, m, 1, clienttest.Faults{Drop: .15, Duplicate: .1}, func(o *client.Options) { o.Security = good })
	if err := c.Download(ctx, 2, "me", clienttest.Rules(40)); err != nil {
		t.Fatal(err)
	}
	l.Faults = clienttest.Faults{}
	for _, tt := range []struct {
		name   string
		change func(*client.Security)
		want   string
	}{
		{"unknown user", func(s *client.Security) { s.User = "nobody" }, "user name"},
		{"wrong passphrase", func(s *client.Security) { s.AuthPass = "wrongwrong" }, "passphrase"},
		{"too little security", func(s *client.Security) { s.Level = "authNoPriv" }, "may not do that"},
	} {
		s := good
		tt.change(&s)
		c, _ := clienttest.Dial(t, m, 2, clienttest.Faults{}, func(o *client.Options) { o.Security, o.Retries = s, 2 })
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
		c, err := remotemeter.Dial(ctx, client.Options{Host: "x", Security: client.Security{Community: "private"}, Conn: &babbler{m.NewLink(1, clienttest.Faults{}), []byte(tt.answer)}})
		if err != nil {
			t.Fatal(err)
		}
		var bad *client.NonsenseError
		if _, err := c.Info(ctx); !errors.As(err, &bad) || strings.Contains(err.Error(), "goroutine") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// silent never answers; its Read waits for its deadline.
type silent struct {
	*clienttest.Link
	writes int
}

func (s *silent) Write(b []byte) (int, error) { s.writes++; return len(b), nil }

func (s *silent) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestNoAnswer(t *testing.T) {
	s := &silent{Link: clienttest.New().NewLink(1, clienttest.Faults{})}
	c, err := remotemeter.Dial(ctx, client.Options{Host: "x", Security: client.Security{Community: "private"}, Conn: s, Retries: 3})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Info(ctx)
	if !client.IsNoAnswer(err) || s.writes != 4 || !strings.Contains(err.Error(), "4 tries") || !strings.Contains(err.Error(), "community") {
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
		c, err := remotemeter.Dial(ctx, client.Options{Host: "x", Security: client.Security{Community: "private"}, Conn: u, Retries: 2, Timeout: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Beat(ctx)
		if faults == 2 && err != nil {
			t.Errorf("the third try: %v", err)
		}
		if faults == 3 && (!client.IsNoAnswer(err) || !errors.Is(err, syscall.EHOSTUNREACH) || !strings.Contains(err.Error(), "cannot be reached")) {
			t.Errorf("error %v", err)
		}
	}
}

// TestMaxSize looks at the messages themselves.
func TestMaxSize(t *testing.T) {
	for _, s := range clienttest.Securities[2:] {
		for _, size := range []int{484, 1472, 0} {
			m := clienttest.Secured(t)
			want := min(size, client.SafeDatagram)
			c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security, o.Datagram = s.Security, size })
			if size == 0 {
				want = client.SafeDatagram
			}
			l.Cut = func(toMeter bool, b []byte) bool {
				if got := maxSizeOf(b); toMeter && got != want {
					t.Errorf("%s, --datagram %d: msgMaxSize %d, want %d", s.Name, size, got, want)
				}
				return false
			}
			if _, err := c.Info(ctx); err != nil {
				t.Error(err)
			}
		}
	}
}

// maxSizeOf is the msgMaxSize of a message.
func maxSizeOf(b []byte) int {
	r := ber.NewReader(b)
	msg, _ := r.Enter(ber.Sequence)
	_, _ = msg.Int32()
	header, _ := msg.Enter(ber.Sequence)
	_, _ = header.Int32()
	n, _ := header.Int32()
	return int(n)
}

// broken is a connection whose Read fails inside gosnmp.
type broken struct{ *clienttest.Link }

func (broken) Read([]byte) (int, error) { panic("broken") }

// TestTextsOfGosnmp pins what gosnmp says in words alone, and what is told by them:
// a new version of it may use others.
func TestTextsOfGosnmp(t *testing.T) {
	c, err := client.Dial(ctx, client.Options{Host: "x", Security: client.Security{Community: "private"}, Conn: broken{clienttest.New().NewLink(1, clienttest.Faults{})}})
	if err != nil {
		t.Fatal(err)
	}
	var bad *client.NonsenseError
	if _, err := c.Get(ctx, client.Inst(mib.ObjSysUpTime)); !errors.As(err, &bad) || bad.Text != "recover: broken" {
		t.Errorf("a panic in gosnmp is told as %v", err)
	}
	m := clienttest.Secured(t)
	wrong := clienttest.Securities[3].Security
	wrong.AuthPass = "wrongwrong"
	r, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security, o.Retries = wrong, 2 })
	if _, err := r.Info(ctx); !errors.Is(err, client.ErrRejected) {
		t.Errorf("an answer that is not signed as agreed is told as %v", err)
	}
}
