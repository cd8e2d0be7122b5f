package agent

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"netramet/mib/ber"
	"netramet/mib/usm"
)

func addrPort(a [4]byte) netip.AddrPort { return netip.AddrPortFrom(netip.AddrFrom4(a), 40000) }

func TestParseUsers(t *testing.T) {
	a := parse(t, `# a comment
user "two words" auth sha512 "pass \"word\\" priv aes256 privpass1 write view flowMIB,-flowRules owner campus owner-only # tail

community c1 read from 127.0.0.1,10.0.0.0/8,::1
community "c 2" write`)
	if a.Users() != 1 || a.Communities() != 2 {
		t.Fatal(a)
	}
	u := a.accounts[0]
	if u.config.Name != "two words" || u.config.AuthPass.Reveal() != `pass "word\` || u.config.Auth != usm.SHA512 ||
		u.config.Priv != usm.AES256 || u.config.PrivPass.Reveal() != "privpass1" || u.level != usm.AuthPriv {
		t.Errorf("user %+v", u)
	}
	w := u.who
	if w.Name != "two words" || !w.Write || w.Owner != "campus" || !w.OwnerOnly || w.View.Contains(oid("1.3.6.1.2.1.40.3")) {
		t.Errorf("principal %+v", w)
	}
	for _, tt := range []struct {
		name, from string
		want       string
	}{
		{"c1", "127.0.0.1", "community of line 4"}, {"c1", "10.9.9.9", "community of line 4"},
		{"c1", "::1", "community of line 4"}, {"c1", "192.0.2.1", ""}, {"c1", "::2", ""},
		{"c 2", "192.0.2.1", "community of line 5"}, {"c", "127.0.0.1", ""}, {"", "127.0.0.1", ""},
	} {
		got := ""
		if p := findCommunity(a.communities, []byte(tt.name), netip.MustParseAddr(tt.from)); p != nil {
			got = p.Name
		}
		if got != tt.want {
			t.Errorf("%q from %s: %q, want %q", tt.name, tt.from, got, tt.want)
		}
	}
}

// A byte-order mark, as editors put it in front, is no part of the first word.
func TestParseUsersMark(t *testing.T) {
	for _, first := range []string{"# a comment\n", ""} {
		if a := parse(t, "\ufeff"+first+"community c read"); a.Communities() != 1 {
			t.Errorf("%q: %v", first, a)
		}
	}
}

func TestOwners(t *testing.T) {
	for _, tt := range []struct {
		p           Principal
		owner       string
		read, write bool
	}{
		{Principal{}, "anybody", true, true},
		{Principal{Owner: "campus"}, "campus", true, true},
		{Principal{Owner: "campus"}, "campus:north", true, true},
		{Principal{Owner: "campus"}, "other", true, false},
		{Principal{Owner: "campus"}, "", true, false},
		{Principal{Owner: "campus", OwnerOnly: true}, "other", false, false},
		{Principal{Owner: "campus", OwnerOnly: true}, "campus2", true, true},
	} {
		if r, w := tt.p.MayRead(tt.owner), tt.p.MayWrite(tt.owner); r != tt.read || w != tt.write {
			t.Errorf("%+v, owner %q: read %v, write %v", tt.p, tt.owner, r, w)
		}
	}
}

func TestParseUsersFaults(t *testing.T) {
	const secret = "Xsecret" // must not be repeated in any error
	for _, tt := range []struct{ name, text, want string }{
		{"first word", secret + " x read", "begins with user or community"},
		{"no name", "user", "needs a name"},
		{"empty name", `community "" read`, "needs a name"},
		{"no right", "community Xsecret", "read or write is missing"},
		{"two rights", "community Xsecret read write", "stands once"},
		{"right twice", "community Xsecret read read", "stands twice"},
		{"no protocol", "user x auth", "after auth comes"},
		{"bad protocol", "user x auth Xsecret Xsecret2 read", "after auth comes"},
		{"bad privacy", "user x auth MD5 Xsecret12 priv Xsecret read", "after priv comes"},
		{"short", "user x auth MD5 Xsecret read", "shorter than 8"},
		{"short privacy", "user x auth MD5 Xsecret12 priv DES Xsecret read", "shorter than 8"},
		{"missing pass", "user x read auth MD5", "shorter than 8"},
		{"blank in pass", "user x auth MD5 my Xsecret12 read", "needs quotes"},
		{"privacy alone", "user x priv DES Xsecret12 read", "needs authentication"},
		{"auth of a community", "community x auth MD5 Xsecret12 read", "expected read"},
		{"from of a user", "user x from 127.0.0.1 read", "expected auth"},
		{"bad from", "community x read from Xsecret", "after from come"},
		{"empty from", "community x read from", "after from come"},
		{"mapped prefix", "community x read from ::ffff:10.0.0.0/104", "after from come"},
		{"zone", "community x read from fe80::1%eth0", "after from come"},
		{"long from", "community x read from " + strings.Repeat("1.1.1.1,", 64) + "1.1.1.1", "more than 64"},
		{"bad view", "community x read view Xsecret", "a view is made of"},
		{"no view", "community x read view", "view needs"},
		{"empty view", `community x read view ,`, "a view is made of"},
		{"big view", "community x read view " + strings.Repeat("1.3,", 64) + "1.3", "at most 64"},
		{"conflict", "community x read view 1.3,-1.3", "includes and excludes 1.3"},
		{"nothing left", "community x read view -all", "includes and excludes all"},
		{"long owner", "community x read owner " + strings.Repeat("o", 128), "at most 127 octets"},
		{"owner of other letters", "community x read owner \"M\xfcller\"", "at most 127 octets of UTF-8"},
		{"no owner", "community x read owner", "owner needs a text"},
		{"owner-only", "community x read owner-only", "needs an owner"},
		{"open quote", `community "Xsecret read`, "does not end"},
		{"joined quote", `community "Xsecret"read`, "does not end"},
		{"long name", "user " + strings.Repeat("x", 33) + " read", "1 to 32"},
		{"long community", "community " + strings.Repeat("x", 256) + " read", "1 to 255"},
		{"twice", "user x read\nuser x write", ":2: user \"x\" is defined twice"},
		{"long line", "#" + strings.Repeat("x", maxUsersLine), "line longer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ParseUsers(strings.NewReader(tt.text), "etc/users")
			var ue *UsersError
			if a != nil || !errors.As(err, &ue) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "etc/users:") {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats what may be a passphrase: %v", err)
			}
		})
	}
	_, err := ParseUsers(strings.NewReader(strings.Repeat("what\n", 50)), "u")
	if n := strings.Count(err.Error(), "\n") + 1; n != maxUsersErrors || !strings.Contains(err.Error(), "u:10:") {
		t.Errorf("%d errors: %v", n, err)
	}
	if _, err := ParseUsers(strings.NewReader(strings.Repeat("#\n", maxUsersFile)), "u"); err == nil {
		t.Error("a huge file is accepted")
	}
}

func TestAccessHidesSecrets(t *testing.T) {
	a := parse(t, "community Xsecret read\nuser u auth MD5 Xsecret12 priv DES Xsecret34 read")
	act, err := a.localize(testEngineID)
	if err != nil {
		t.Fatal(err)
	}
	type outer struct {
		a *Access
		b Access
		c *active
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, x := range []any{a, *a, act, *act, outer{a, *a, act}, a.accounts, a.communities} {
			if s := fmt.Sprintf(verb, x); strings.Contains(s, "Xsecret") {
				t.Errorf("%s of %T: %s", verb, x, s)
			}
		}
	}
}

func TestCheckListen(t *testing.T) {
	for _, tt := range []struct {
		name, users string
		addrs       []string
		want        string
	}{
		{"defaults on loopback", "", []string{"127.0.0.1:161", "[::1]:161", "127.8.8.8:161"}, ""},
		{"defaults everywhere", "", []string{"127.0.0.1:161", "0.0.0.0:161"}, `refusing to listen on 0.0.0.0:161 with the community "public"`},
		{"defaults on IPv6", "", []string{"[::]:161"}, "refusing"},
		{"others everywhere", "community other write", []string{"192.0.2.1:161"}, ""},
		{"private everywhere", "community other read\ncommunity private write", []string{"192.0.2.1:161"}, `"private"`},
		{"private from here", "community private write from 127.0.0.1,::1,127.0.0.0/8", []string{"0.0.0.0:161"}, ""},
		{"private from half of the world", "community private write from 127.0.0.1,0.0.0.0/1", []string{"0.0.0.0:161"}, "refusing"},
		{"users only", "user x auth MD5 12345678 read", []string{"0.0.0.0:161"}, ""},
		{"nobody", "#", []string{"0.0.0.0:161"}, "nobody could use"},
	} {
		a := DefaultAccess()
		if tt.users != "" {
			a = parse(t, tt.users)
		}
		var addrs []netip.AddrPort
		for _, s := range tt.addrs {
			addrs = append(addrs, netip.MustParseAddrPort(s))
		}
		err := CheckListen(addrs, a)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// Messages that are not SNMP, and communities that are not let in: a counter
// and silence.
func TestBadMessages(t *testing.T) {
	get := request{tag: ber.GetRequest, binds: binds("~.1.1.1")}
	good := datagram(V2c, "reader", get)
	// edit returns good with one octet changed.
	edit := func(at int, to byte) []byte {
		b := append([]byte(nil), good...)
		b[at] = to
		return b
	}
	for _, tt := range []struct {
		name string
		msg  []byte
		from netip.AddrPort
		want Counters
	}{
		{"good", good, here, Counters{}},
		{"empty", nil, here, Counters{InASNParseErrs: 1}},
		{"not BER", []byte("GET / HTTP/1.0\r\n\r\n"), here, Counters{InASNParseErrs: 1}},
		{"cut", good[:len(good)-1], here, Counters{InASNParseErrs: 1}},
		{"more", append(good[:len(good):len(good)], 0), here, Counters{InASNParseErrs: 1}},
		{"version 2", edit(4, 2), here, Counters{InBadVersions: 1}},
		{"version 5", edit(4, 5), here, Counters{InBadVersions: 1}},
		{"community not octets", edit(5, 2), here, Counters{InASNParseErrs: 1}},
		{"unknown PDU", edit(13, 0xa9), here, Counters{InASNParseErrs: 1}},
		{"value of unknown type", edit(len(good)-2, 0x13), here, Counters{InASNParseErrs: 1}},
		{"bad community", datagram(V2c, "Reader", get), here, Counters{InBadCommunityNames: 1}},
		{"no community", datagram(V1, "", get), here, Counters{InBadCommunityNames: 1}},
		{"from elsewhere", datagram(V1, "remote", get), here, Counters{InBadCommunityNames: 1}},
		{"from the right place", datagram(V1, "remote", get), addrPort([4]byte{10, 1, 2, 3}), Counters{}},
		{"mapped", datagram(V1, "remote", get), netip.MustParseAddrPort("[::ffff:10.0.0.1]:5"), Counters{}},
		{"reader's Set", datagram(V2c, "reader", request{tag: ber.SetRequest}), here, Counters{InBadCommunityUses: 1}},
		{"trap", datagram(V2c, "reader", request{tag: ber.TrapV2}), here, Counters{UnknownPDUHandlers: 1}},
		{"v1 trap", datagram(V1, "reader", request{tag: ber.TrapV1}), here, Counters{UnknownPDUHandlers: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			out := w.Handle(nil, tt.msg, tt.from, w.now)
			tt.want.InPkts = 1
			if got := w.Counters(); got != tt.want {
				t.Errorf("counters %+v", got)
			}
			counted := tt.want != Counters{InPkts: 1}
			if (out == nil) != counted && tt.name != "reader's Set" {
				t.Errorf("answer %x", out)
			}
		})
	}
}

func TestReload(t *testing.T) {
	w := newWorld(t)
	get := request{tag: ber.GetRequest, binds: binds("~.1.1.1")}
	if err := w.SetAccess(parse(t, "community new read\nuser guest auth SHA-1 newpassword read")); err != nil {
		t.Fatal(err)
	}
	if w.ask(t, V2c, "reader", get) != nil || w.ask(t, V2c, "new", get) == nil {
		t.Error("the communities are the old ones")
	}
	if got := w.askV3(t, w.newV3("guest", get)).String(); got != "authNoPriv id 0 ~.1.1.1 = 11" {
		t.Errorf("guest: %s", got)
	}
	if got := w.askV3(t, w.newV3("anna", get)).String(); !strings.Contains(got, "Report") {
		t.Errorf("anna: %s", got)
	}
}
