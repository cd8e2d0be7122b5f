package client_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
	"netramet/mib/usm"
)

// told is all that a GetBulk says.
func told(t *testing.T, c *remotemeter.Meter, b client.Bulk) (all []string, last client.Name) {
	t.Helper()
	vars, err := c.GetBulk(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range vars {
		last = vars[i].Name()
		value := fmt.Sprintf("%+v", vars[i].Value)
		if counts := strings.HasPrefix(string(last), ".1.3.6.1.2.1.11.") || strings.HasPrefix(string(last), ".1.3.6.1.6."); counts {
			value = "" // of messages, which we change
		}
		all = append(all, string(last)+" "+value)
	}
	return all, last
}

// same reports whether both have read the same, as far as both have read.
func same(a, b []string) bool {
	n := min(len(a), len(b))
	return n > 0 && slices.Equal(a[:n], b[:n])
}

// full is a meter with something of everything.
func full(t *testing.T) *clienttest.Meter {
	m := clienttest.Secured(t)
	m.Uptime, m.Flows = 100, map[int][]clienttest.Flow{2: clienttest.FlowSet(90, 50)}
	c, _ := clienttest.Dial(t, m, 3, clienttest.Faults{}, nil)
	clienttest.Running(t, c, 2, clienttest.Rules(30))
	return m
}

// packages asks for packages of the meter's flows behind one.
func packages(after uint32) client.Bulk {
	return client.Bulk{After: []client.Name{client.Inst(mib.ObjFlowPackageData, 2, 8, 28, 2, 0, after)}, Row: 60, Most: 7}
}

// TestOwnLikeGosnmp walks over all that a meter has, by messages of our own and by
// gosnmp, which must read the same.
func TestOwnLikeGosnmp(t *testing.T) {
	for _, s := range clienttest.Securities {
		for _, faults := range []clienttest.Faults{{}, {Drop: .1, Duplicate: .1, Reorder: .1, Delay: .1}} {
			t.Run(fmt.Sprintf("%s %+v", s.Name, faults), func(t *testing.T) {
				m := full(t)
				secure := func(o *client.Options) { o.Security = s.Security }
				c, l := clienttest.Dial(t, m, 1, faults, secure)
				g, _ := clienttest.Dial(t, m, 2, clienttest.Faults{}, secure)
				g.ByGosnmp()
				if _, err := c.Get(ctx, client.Inst(mib.ObjSysUpTime)); err != nil { // finds the engine
					t.Fatal(err)
				}
				other := client.Inst(mib.ObjFlowRuleSelector, 2)
				before, asked := l.Sent, 0
				for _, n := range []client.Name{client.Inst(mib.ObjSysUpTime), other, packages(0).After[0], client.Inst(mib.ObjNtmRuleSetIgnored)} {
					for range 12 {
						b := client.Bulk{After: []client.Name{other, n}, Row: 200, Most: 7}
						want, last := told(t, g, b)
						got, _ := told(t, c, b)
						asked++
						if !same(got, want) {
							t.Fatalf("after %s:\n%q, by gosnmp\n%q", n, got, want)
						}
						n = last
					}
				}
				if sent := l.Sent - before; faults == (clienttest.Faults{}) && sent != 2*asked {
					t.Errorf("%d messages for %d questions", sent, asked)
				}
			})
		}
	}
}

// TestAhead asks ahead, for what is asked for next and for what is not.
func TestAhead(t *testing.T) {
	for _, s := range clienttest.Securities {
		for _, faults := range []clienttest.Faults{{}, {Drop: .2, Duplicate: .1, Reorder: .1, Delay: .1}} {
			t.Run(fmt.Sprintf("%s %+v", s.Name, faults), func(t *testing.T) {
				m := full(t)
				c, l := clienttest.Dial(t, m, 1, faults, func(o *client.Options) { o.Security = s.Security })
				g, _ := clienttest.Dial(t, m, 2, clienttest.Faults{}, func(o *client.Options) { o.Security = s.Security })
				for i, next := range []uint32{0, 30, 31, 60} {
					c.Ahead(packages(uint32(30 * i)))
					before := l.Sent
					if i == 1 {
						if _, err := c.Get(ctx, client.Inst(mib.ObjSysUpTime)); err != nil {
							t.Fatal(err)
						}
						c.Ahead(packages(next))
						before = l.Sent
					}
					want, _ := told(t, g, packages(next))
					got, _ := told(t, c, packages(next))
					if !same(got, want) {
						t.Errorf("behind flow %d:\n%q, want\n%q", next, got, want)
					}
					if i == 1 && faults == (clienttest.Faults{}) && s.Version != client.V1 && l.Sent != before {
						t.Errorf("%d messages for what was asked ahead", l.Sent-before)
					}
				}
			})
		}
	}
}

// TestNewEngine has a meter that starts again with another SNMPv3 engine.
func TestNewEngine(t *testing.T) {
	for _, s := range clienttest.Securities[2:] {
		m := full(t)
		c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security = s.Security })
		want, _ := told(t, c, packages(0))
		m.Agent = full(t).Agent
		var err error
		for range 2 { // by the second time gosnmp has found out
			if _, err = c.GetBulk(ctx, packages(0)); err == nil {
				break
			}
		}
		if err != nil && !client.IsNewEngine(err) {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if err == nil {
			if got, _ := told(t, c, packages(0)); !same(got, want) {
				t.Errorf("%s: %q, want %q", s.Name, got, want)
			}
		}
	}
}

// TestForged changes each octet of answers in turn: what is signed is not believed
// then, and asked for again.
func TestForged(t *testing.T) {
	for _, s := range clienttest.Securities[2:4] {
		m := full(t)
		c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security = s.Security })
		want, _ := told(t, c, packages(0))
		at, forged := 0, false
		l.Meter = func(q []byte) ([]byte, bool) {
			a := m.Agent.Handle(nil, q, l.RemoteAddrPort(), l.Now())
			if !forged && at < len(a) {
				forged = true
				a[at] ^= 1
			}
			return a, true
		}
		for ; at < 400; at++ {
			forged = false
			if got, _ := told(t, c, packages(0)); !same(got, want) {
				t.Fatalf("%s, octet %d: %q, want %q", s.Name, at, got, want)
			}
			if !forged {
				break
			}
		}
		if at < 300 {
			t.Errorf("%s: %d octets of an answer", s.Name, at)
		}
	}
}

// TestProtocols has messages of our own in all protocols of SNMPv3: none is left to
// gosnmp.
func TestProtocols(t *testing.T) {
	for _, auth := range []string{"MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"} {
		for _, priv := range []string{"", "DES", "AES", "AES-192", "AES-256"} {
			m := full(t)
			u := usm.UserConfig{Name: "noc", AuthPass: usm.NewSecret("authauthauth"), PrivPass: usm.NewSecret("privprivpriv")}
			s := client.Security{Version: client.V3, User: "noc", Auth: auth, AuthPass: "authauthauth"}
			u.Auth, _ = usm.LookupAuth(auth)
			if priv != "" {
				u.Priv, _ = usm.LookupPriv(priv)
				s.Priv, s.PrivPass = priv, "privprivpriv"
			}
			if err := m.AddUser(u); err != nil {
				t.Fatal(err)
			}
			c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, func(o *client.Options) { o.Security = s })
			want, _ := told(t, c, packages(0))
			before := l.Sent
			if got, _ := told(t, c, packages(0)); !same(got, want) || len(want) < 2 {
				t.Errorf("%s %s: %q, want %q", auth, priv, got, want)
			}
			if n := l.Sent - before; n != 2 {
				t.Errorf("%s %s: %d messages for one question", auth, priv, n)
			}
		}
	}
}
