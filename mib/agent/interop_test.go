package agent

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"netramet/mib/usm"
)

// interopWorld has no row that cannot be read, so that walks end well.
func interopWorld(t *testing.T) *world {
	w := newWorld(t)
	w.big.n = 500
	for i, e := range w.reg.entries {
		if m, ok := e.table.(*memTable); ok {
			m.rows = slices.DeleteFunc(m.rows, func(r memRow) bool { return r.st != OK })
			w.reg.entries[i].table = m
		}
	}
	return w
}

type peer struct {
	name string
	user string // "" is community
	v    gosnmp.SnmpVersion
	auth gosnmp.SnmpV3AuthProtocol
	priv gosnmp.SnmpV3PrivProtocol
}

var peers = []peer{
	{name: "v1", v: gosnmp.Version1},
	{name: "v2c", v: gosnmp.Version2c},
	{name: "noAuthNoPriv", user: "guest", v: gosnmp.Version3, auth: gosnmp.NoAuth, priv: gosnmp.NoPriv},
	{name: "SHA-256", user: "anna", v: gosnmp.Version3, auth: gosnmp.SHA256, priv: gosnmp.NoPriv},
	{name: "MD5 DES", user: "md5des", v: gosnmp.Version3, auth: gosnmp.MD5, priv: gosnmp.DES},
	{name: "SHA-1 DES", user: "sha1des", v: gosnmp.Version3, auth: gosnmp.SHA, priv: gosnmp.DES},
	{name: "SHA-1 AES-128", user: "sha1aes", v: gosnmp.Version3, auth: gosnmp.SHA, priv: gosnmp.AES},
	{name: "SHA-1 AES-256", user: "sha1aes256", v: gosnmp.Version3, auth: gosnmp.SHA, priv: gosnmp.AES256},
	{name: "SHA-224 AES-192", user: "sha224aes192", v: gosnmp.Version3, auth: gosnmp.SHA224, priv: gosnmp.AES192},
	{name: "SHA-256 AES-128", user: "sha256aes", v: gosnmp.Version3, auth: gosnmp.SHA256, priv: gosnmp.AES},
	{name: "SHA-384 AES-192", user: "sha384aes192", v: gosnmp.Version3, auth: gosnmp.SHA384, priv: gosnmp.AES192},
	{name: "SHA-512 AES-256", user: "sha512aes256", v: gosnmp.Version3, auth: gosnmp.SHA512, priv: gosnmp.AES256},
}

// connect returns a gosnmp manager for the peer.
func (p *peer) connect(t *testing.T, port uint16) *gosnmp.GoSNMP {
	t.Helper()
	g := &gosnmp.GoSNMP{Target: "127.0.0.1", Port: port, Version: p.v, Community: "writer",
		Timeout: 10 * time.Second, MaxOids: 60, MaxRepetitions: 100}
	if p.v == gosnmp.Version3 {
		sp := &gosnmp.UsmSecurityParameters{UserName: p.user, AuthenticationProtocol: p.auth, PrivacyProtocol: p.priv,
			AuthenticationPassphrase: "authpass1", PrivacyPassphrase: "privpass1"}
		if p.user == "anna" {
			sp.AuthenticationPassphrase = "anna's key"
		}
		g.SecurityModel, g.SecurityParameters = gosnmp.UserSecurityModel, sp
		g.MsgFlags = gosnmp.NoAuthNoPriv
		if p.auth != gosnmp.NoAuth {
			g.MsgFlags = gosnmp.AuthNoPriv
		}
		if p.priv != gosnmp.NoPriv {
			g.MsgFlags = gosnmp.AuthPriv
		}
	}
	if err := g.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Conn.Close() })
	return g
}

func TestGosnmp(t *testing.T) {
	w := interopWorld(t)
	at := serveWorld(t, w, "127.0.0.1")
	root := "." + dotted(fakeRoot)
	for i, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			g := p.connect(t, at.Port())
			n, want := 0, 7+2*500
			count := func(gosnmp.SnmpPDU) error { n++; return nil }
			walk := g.BulkWalk
			if p.v == gosnmp.Version1 {
				walk, want = g.Walk, want-2 // without the Counter64s
			}
			for _, k := range []string{".1", ".4"} {
				if err := walk(root+k, count); err != nil {
					t.Fatal(err)
				}
			}
			if n != want {
				t.Errorf("walked %d instances, want %d", n, want)
			}
			set := []gosnmp.SnmpPDU{
				{Name: fmt.Sprintf("%s.2.1.%d", root, i+1), Type: gosnmp.Integer, Value: 4},
				{Name: fmt.Sprintf("%s.2.2.%d", root, i+1), Type: gosnmp.Integer, Value: i},
			}
			res, err := g.Set(set)
			switch {
			case err != nil:
				t.Fatal(err)
			case p.user == "guest":
				if res.Error != gosnmp.AuthorizationError {
					t.Errorf("a reader's Set: %v", res.Error)
				}
			case res.Error != gosnmp.NoError || w.rowNum(uint32(i+1)) != i:
				t.Errorf("Set: %v", res.Error)
			}
			if p.v != gosnmp.Version1 {
				res, err := g.Get([]string{root + ".1.1.2", root + ".1.2.3", root + ".1.1.7"})
				if err != nil || len(res.Variables) != 3 || res.Variables[0].Type != gosnmp.NoSuchInstance ||
					res.Variables[1].Value != uint64(1<<63) || res.Variables[2].Value != -17 {
					t.Errorf("Get: %v, %v", res, err)
				}
			}
		})
	}
	for f := usm.UnsupportedSecLevels; f < usm.NumFaults; f++ {
		if f != usm.UnknownEngineIDs && f != usm.NotInTimeWindows && w.UsmStat(f) != 0 {
			t.Errorf("%v counted %d", f, w.UsmStat(f))
		}
	}
}

// rowNum returns the number of a row of ~.2, -1 if it does not exist.
func (w *world) rowNum(i uint32) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.rows.rows[i]; r != nil {
		return r.num
	}
	return -1
}

// netSNMP runs one of net-snmp's tools.
func netSNMP(t *testing.T, tool string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skipf("net-snmp's %s is not installed (Debian package snmp)", tool)
	}
	cmd := exec.Command(path, append([]string{"-On", "-m", "", "-t", "10", "-r", "0"}, args...)...)
	cmd.Env = append(cmd.Environ(), "SNMPCONFPATH="+t.TempDir(), "MIBS=", "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestNetSNMP(t *testing.T) {
	w := interopWorld(t)
	at := serveWorld(t, w, "127.0.0.1").String()
	root := "." + dotted(fakeRoot)
	v3 := func(user, auth, priv string) []string {
		return []string{"-v", "3", "-l", "authPriv", "-u", user, "-a", auth, "-A", "authpass1", "-x", priv, "-X", "privpass1", at}
	}
	for i, p := range []struct {
		name  string
		creds []string
	}{
		{"v1", []string{"-v", "1", "-c", "writer", at}},
		{"v2c", []string{"-v", "2c", "-c", "writer", at}},
		{"MD5 DES", v3("md5des", "MD5", "DES")},
		{"SHA-1 AES-128", v3("sha1aes", "SHA", "AES")},
		{"SHA-1 AES-256", v3("sha1aes256", "SHA", "AES-256")},
		{"SHA-224 AES-192", v3("sha224aes192", "SHA-224", "AES-192")},
		{"SHA-256 AES-128", v3("sha256aes", "SHA-256", "AES")},
		{"SHA-512 AES-256", v3("sha512aes256", "SHA-512", "AES-256")},
	} {
		t.Run(p.name, func(t *testing.T) {
			run := func(tool string, more ...string) string {
				out, err := netSNMP(t, tool, append(slices.Clone(p.creds), more...)...)
				if err != nil {
					t.Fatalf("%s: %v\n%s", tool, err, out)
				}
				return out
			}
			if out := run("snmpget", root+".1.1.7", ".1.3.6.1.2.1.1.1.0"); !strings.Contains(out, "INTEGER: -17") || !strings.Contains(out, `"test meter"`) {
				t.Errorf("snmpget: %s", out)
			}
			if out := run("snmpwalk", root+".1"); strings.Contains(out, "Counter64: 21") == (p.name == "v1") {
				t.Errorf("snmpwalk: %s", out)
			}
			if p.name != "v1" {
				if out := run("snmpbulkwalk", "-Cr100", root+".4"); strings.Count(out, root+".4.") != 1000 {
					t.Errorf("snmpbulkwalk: %d instances", strings.Count(out, root+".4."))
				}
			}
			row := fmt.Sprint(i + 1)
			run("snmpset", root+".2.1."+row, "i", "4", root+".2.2."+row, "i", "55", root+".2.3."+row, "s", "name")
			if w.rowNum(uint32(i+1)) != 55 {
				t.Error("snmpset made no row")
			}
			out, err := netSNMP(t, "snmpset", append(slices.Clone(p.creds), root+".2.2."+row, "i", "1", root+".2.4."+row, "u", "1")...)
			want := map[bool]string{true: "noSuchName", false: "notWritable"}[p.name == "v1"]
			if err == nil || !strings.Contains(out, want) || !strings.Contains(out, root+".2.4."+row) {
				t.Errorf("snmpset of a read-only column: %v\n%s", err, out)
			}
			run("snmpset", root+".2.1."+row, "i", "6")
		})
	}
	for _, tt := range []struct {
		name, want string
		args       []string
	}{
		{"wrong user", "Unknown user name", []string{"-v", "3", "-l", "noAuthNoPriv", "-u", "boris", at}},
		{"wrong passphrase", "Authentication failure", []string{"-v", "3", "-l", "authNoPriv", "-u", "anna", "-a", "SHA-256", "-A", "another key", at}},
		{"level", "Unsupported security level", []string{"-v", "3", "-l", "authPriv", "-u", "anna", "-a", "SHA-256", "-A", "anna's key", "-x", "AES", "-X", "privpass1", at}},
		{"wrong privacy passphrase", "Decryption error", []string{"-v", "3", "-l", "authPriv", "-u", "sha256aes", "-a", "SHA-256", "-A", "authpass1", "-x", "AES", "-X", "other pass", at}},
		{"lower level", "authorizationError", []string{"-v", "3", "-l", "authNoPriv", "-u", "sha256aes", "-a", "SHA-256", "-A", "authpass1", at}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := netSNMP(t, "snmpget", append(tt.args, root+".1.1.1")...)
			if err == nil || !strings.Contains(out, tt.want) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
