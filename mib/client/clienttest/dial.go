package clienttest

import (
	"context"
	"testing"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/mib/usm"
	"netramet/ruleset"
)

// Securities are all ways to talk to a meter.
var Securities = []struct {
	Name string
	client.Security
}{
	{"v1", client.Security{Version: client.V1, Community: "private"}},
	{"v2c", client.Security{Community: "private"}},
	{"v3", client.Security{Version: client.V3, User: "noc", Auth: "SHA-512", AuthPass: "authauthauth", Priv: "AES", PrivPass: "privprivpriv"}},
	{"v3 without privacy", client.Security{Version: client.V3, User: "watch", Auth: "MD5", AuthPass: "authauthauth"}},
	{"v3 without security", client.Security{Version: client.V3, User: "all"}},
}

// Secured returns a meter that lets in all of Securities.
func Secured(t testing.TB) *Meter {
	t.Helper()
	m := New()
	err := m.AddUsers(usm.UserConfig{Name: "noc", Auth: usm.SHA512, AuthPass: usm.NewSecret("authauthauth"), Priv: usm.AES128, PrivPass: usm.NewSecret("privprivpriv")},
		usm.UserConfig{Name: "watch", Auth: usm.MD5, AuthPass: usm.NewSecret("authauthauth")}, usm.UserConfig{Name: "all"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Dial connects a client to m over a link with faults.
func Dial(t testing.TB, m *Meter, seed uint64, f Faults, change func(*client.Options)) (*remotemeter.Meter, *Link) {
	t.Helper()
	l := m.NewLink(seed, f)
	o := client.Options{Host: "meter", Security: client.Security{Community: "private"}, Conn: l, Retries: 40}
	if change != nil {
		change(&o)
	}
	c, err := remotemeter.Dial(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, l
}

// Running puts a rule set, its task and a reader row on the meter and returns
// the row.
func Running(t testing.TB, c *remotemeter.Meter, number int, rs *ruleset.RuleSet) int {
	t.Helper()
	if err := c.Download(context.Background(), number, "test", rs); err != nil {
		t.Fatal(err)
	}
	row, err := c.CreateReader(context.Background(), remotemeter.Reader{Owner: "test", RuleSet: number, Timeout: 60}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateTask(context.Background(), remotemeter.Task{Owner: "test", Current: number}, nil); err != nil {
		t.Fatal(err)
	}
	return row
}

// Rules makes a rule set of n rules.
func Rules(n int) *ruleset.RuleSet {
	rs := &ruleset.RuleSet{Name: "rules"}
	for i := range n {
		r := ruleset.Rule{Selector: mib.AttrSourcePeerAddress, Action: mib.ActionGoto, Parameter: uint16(i + 2)}
		for k := range i % 17 {
			r.Mask[k], r.Value[k] = 0xff, byte(i)
		}
		if i == n-1 {
			r.Action, r.Parameter = mib.ActionCount, 0
		}
		rs.Rules = append(rs.Rules, r)
	}
	return rs
}

// FlowSet makes n flows, index by index.
func FlowSet(n int, changed uint64) []Flow {
	var all []Flow
	for i := range n {
		all = append(all, Flow{Index: uint32(i*3 + 1), Changed: changed, Numbers: map[mib.Attr]uint64{
			mib.AttrFirstTime: uint64(i%50 + 1), mib.AttrToPDUs: uint64(i), mib.AttrToOctets: uint64(i) << 33,
			mib.AttrSourcePeerType: 1, mib.AttrLastActiveTime: changed,
		}, Octets: map[mib.Attr]string{mib.AttrSourcePeerAddress: string([]byte{10, 0, byte(i >> 8), byte(i)})}})
	}
	return all
}
