package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// users may read and write, each with another level of security.
const users = `user noc   auth SHA-256 "authauthauth" priv AES-128 "privprivpriv" write
user noc5  auth SHA-512 "authauthauth" priv AES-256 "privprivpriv" write
user clear auth SHA     "authauthauth" write
user only  auth SHA-256 "authauthauth" priv AES-128 "privprivpriv" read
`

// systemV3: a trace followed by SNMPv3 gives the same flow file.
func systemV3(t *testing.T, s *system) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T10"}, ruleFiles("services.srl", "hosts.srl")
	want, _ := s.batch(t, args, rules...)
	args = append(args, "--users", writeFile(t, "users", users))
	secrets := [][2]string{{"auth", "authauthauth\n"}, {"priv", "privprivpriv\nnot this\n"}}
	var files []string
	for _, f := range secrets {
		files = append(files, "@"+writeFile(t, f[0], f[1]))
	}
	follow := func(t *testing.T, m *daemon, flows string, more ...string) *process {
		t.Helper()
		all := []string{"-C", "-L", "-", "--meter-name=m", "-m", m.port, "-v", "3", "-F", flows, "-r", rules[0], "-r", rules[1]}
		return s.start(t, "", s.nemac, append(append(all, more...), "127.0.0.1")...)
	}
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"SHA-256, AES-128", []string{"-u", "noc", "-l", "authPriv", "-a", "SHA-256", "-A", files[0], "-x", "AES", "-X", files[1]}},
		{"SHA-512, AES-256", []string{"-u", "noc5", "-a", "SHA-512", "-A", "authauthauth", "-x", "AES-256", "-X", "privprivpriv"}},
		{"SHA-1, not encrypted", []string{"-u", "clear", "-l", "authNoPriv", "-a", "SHA", "-A", "authauthauth"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.startMeter(t, args...)
			flows := filepath.Join(t.TempDir(), "f")
			n := follow(t, m, flows, tt.args...)
			n.want(0)
			m.want(0)
			checkFlows(t, flows, want)
			n.quiet()
			if text := n.stderr() + m.stderr() + afterHeader(t, flows); strings.Contains(text, "authauthauth") || strings.Contains(text, "privprivpriv") {
				t.Error("a log or the flow file holds a passphrase")
			}
		})
		if testing.Short() {
			break
		}
	}
	m := s.startMeter(t, args...)
	for _, tt := range []struct {
		name, says string
		args       []string
	}{
		{"wrong passphrase", `does not accept the user name, the authentication`,
			[]string{"-u", "noc", "-a", "SHA-256", "-A", "autoautoauto", "-x", "AES", "-X", "privprivpriv"}},
		{"wrong privacy passphrase", `accepts the user name and the authentication passphrase, but not the privacy protocol or passphrase`,
			[]string{"-u", "noc", "-a", "SHA-256", "-A", "authauthauth", "-x", "AES", "-X", "autoautoauto"}},
		{"less than the user's level", `may not`,
			[]string{"-u", "noc", "-a", "SHA-256", "-A", "authauthauth"}},
		{"nobody's name", `does not accept the user`, []string{"-u", "cos", "-A", "authauthauth"}},
		{"a user who may only read", `may not`,
			[]string{"-u", "only", "-a", "SHA-256", "-A", "authauthauth", "-x", "AES", "-X", "privprivpriv"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := follow(t, m, filepath.Join(t.TempDir(), "f"), append(tt.args, "--wait=0")...)
			n.want(1)
			if !strings.Contains(n.lastLine(), tt.says) {
				t.Errorf("it says %s", n.lastLine())
			}
		})
	}
	t.Run("a community", func(t *testing.T) {
		n := s.follow(t, m.port, filepath.Join(t.TempDir(), "f"), rules, "--wait=0", "--retries=0", "--timeout=100ms")
		n.want(1)
	})
}
