package meterview

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// manager is somebody else's SNMP: net-snmp's tools, or gosnmp. Values come
// in one form, for both to be compared: "INTEGER: 5", "OCTETS: 0a000001".
type manager interface {
	// set returns "noError", or the error-status and error-index.
	set(t *testing.T, binds ...bind) string
	// get returns the value, or the exception or error-status in its place.
	get(t *testing.T, name []uint32) string
	// walk returns "name = value" of all below root, names being numbers.
	walk(t *testing.T, root []uint32) []string
}

// who is how a manager proves itself.
type who struct {
	version                        string // as net-snmp's -v has it
	user, auth, authPass, priv, pp string // user is the community in v1 and v2c
}

var managers = []struct {
	name string
	who  who
}{
	{"v2c", who{version: "2c", user: "private"}},
	{"SHA-256 AES-128", who{"3", "sha256", "SHA-256", "authpass1", "AES", "privpass1"}},
	{"SHA-512 AES-256", who{"3", "sha512", "SHA-512", "authpass1", "AES-256", "privpass1"}},
}

func dots(oid []uint32) string {
	var b strings.Builder
	for _, id := range oid {
		fmt.Fprintf(&b, ".%d", id)
	}
	return b.String()
}

// sharedModules is the folder of the IETF's modules, "" if there is none.
func sharedModules(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			dir = filepath.Join(dir, "..", "shared", "reference", "mibs")
			if _, err := os.Stat(filepath.Join(dir, "FLOW-METER-MIB.txt")); err != nil {
				return ""
			}
			return dir
		}
	}
	return ""
}

// netSNMP is net-snmp's tools with NETRAMET-MIB loaded, and FLOW-METER-MIB
// where there is a copy.
type netSNMP struct {
	at      string
	creds   []string
	modules []string // arguments
	words   bool     // FLOW-METER-MIB is loaded: names and enumerations may be used
	bulk    bool     // walks use snmpbulkwalk
}

func newNetSNMP(t *testing.T, at netip.AddrPort, w who) *netSNMP {
	t.Helper()
	if _, err := exec.LookPath("snmpget"); err != nil {
		t.Skip("net-snmp's tools are not installed (Debian package snmp)")
	}
	own, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	n := &netSNMP{at: at.String(), creds: []string{"-v", w.version, "-c", w.user}, modules: []string{"-M", own, "-m", "NETRAMET-MIB"}}
	if w.version == "3" {
		n.creds = []string{"-v", "3", "-l", "authPriv", "-u", w.user, "-a", w.auth, "-A", w.authPass, "-x", w.priv, "-X", w.pp}
	}
	if dir := sharedModules(t); dir != "" {
		n.modules = []string{"-M", own + ":" + dir, "-m", "NETRAMET-MIB:FLOW-METER-MIB"}
		n.words = true
	}
	return n
}

// run runs a tool and returns what it prints, faults apart from the rest.
func (n *netSNMP) run(t *testing.T, tool string, more ...string) (out, faults string, err error) {
	t.Helper()
	args := slices.Concat(n.modules, n.creds, []string{"-t", "10", "-r", "0"}, more)
	cmd := exec.Command(tool, args...)
	home := t.TempDir()
	cmd.Env = append(cmd.Environ(), "HOME="+home, "SNMPCONFPATH="+home, "MIBS=", "MIBDIRS=")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// inWords is a name as MODULE::object.index where its module is loaded.
func (n *netSNMP) inWords(name []uint32) string {
	o, rest, ok := mib.FindObject(name)
	if !n.words || !ok || o.Info().Kind == mib.KindNode {
		return dots(name)
	}
	return o.Info().Module + "::" + o.String() + dots(rest)
}

var (
	reason   = regexp.MustCompile(`Reason: \(?(\w+)`)
	failedAt = regexp.MustCompile(`Failed object: (\S+)`)
)

func (n *netSNMP) set(t *testing.T, binds ...bind) string {
	t.Helper()
	args := []string{"-On", "-Ir", n.at}
	for _, b := range binds {
		o, _, _ := mib.FindObject(b.name)
		kind, text := "x", hex.EncodeToString(b.value.Bytes)
		switch b.value.Tag {
		case ber.Integer:
			kind, text = "i", fmt.Sprint(b.value.Int)
			if word, ok := o.Info().EnumName(b.value.Int); ok && n.words {
				text = word
			}
		case ber.TimeTicks:
			kind, text = "t", fmt.Sprint(b.value.Uint)
		}
		args = append(args, n.inWords(b.name), kind, text)
	}
	_, faults, err := n.run(t, "snmpset", args...)
	if err == nil {
		return "noError"
	}
	why := reason.FindStringSubmatch(faults)
	if why == nil {
		t.Fatalf("snmpset %v: %v\n%s", args, err, faults)
	}
	index := -1 // no binding is to blame
	if at := failedAt.FindStringSubmatch(faults); at != nil {
		index = slices.IndexFunc(binds, func(b bind) bool { return dots(b.name) == at[1] })
	}
	return fmt.Sprintf("%s %d", why[1], index+1)
}

// plainly makes net-snmp's output easy to read for programs: numeric names,
// enumerations and times, hexadecimal octets, no units.
const plainly = "-OnextU"

func (n *netSNMP) get(t *testing.T, name []uint32) string {
	t.Helper()
	out, faults, err := n.run(t, "snmpget", plainly, n.at, n.inWords(name))
	if err != nil {
		if why := reason.FindStringSubmatch(faults); why != nil {
			return why[1]
		}
		t.Fatalf("snmpget %s: %v\n%s", dots(name), err, faults)
	}
	all := n.lines(t, out)
	if len(all) != 1 {
		t.Fatalf("snmpget %s: %q", dots(name), out)
	}
	_, val, _ := strings.Cut(all[0], " = ")
	return val
}

func (n *netSNMP) walk(t *testing.T, root []uint32) []string {
	t.Helper()
	tool, args := "snmpwalk", []string{plainly, n.at, n.inWords(root)}
	if n.bulk {
		tool, args = "snmpbulkwalk", append([]string{"-Cr500"}, args...)
	}
	out, faults, err := n.run(t, tool, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", tool, dots(root), err, faults)
	}
	// Of an empty subtree net-snmp tells one line that says so.
	return slices.DeleteFunc(n.lines(t, out), func(l string) bool {
		return strings.HasSuffix(l, "noSuchObject") || strings.HasSuffix(l, "noSuchInstance") || strings.HasSuffix(l, "endOfMibView")
	})
}

// lines reads the output; hexadecimal values go over several lines.
func (n *netSNMP) lines(t *testing.T, out string) (all []string) {
	t.Helper()
	var joined []string
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, ".1.") || len(joined) == 0 {
			joined = append(joined, line)
		} else {
			joined[len(joined)-1] += line
		}
	}
	for _, line := range joined {
		name, val, ok := strings.Cut(line, " = ")
		if !ok {
			// The end of a walk, told in words.
			if !strings.HasPrefix(line, "End of MIB") {
				t.Fatalf("net-snmp says %q", line)
			}
			continue
		}
		all = append(all, name+" = "+netSNMPValue(t, name, val))
	}
	return all
}

// netSNMPValue brings a value into the common form.
func netSNMPValue(t *testing.T, name, val string) string {
	t.Helper()
	for text, st := range map[string]agent.Status{
		"No Such Object": agent.NoSuchObject, "No Such Instance": agent.NoSuchInstance, "No more variables": agent.EndOfMibView,
	} {
		if strings.HasPrefix(val, text) {
			return st.String()
		}
	}
	kind, rest, typed := strings.Cut(val, ": ")
	switch {
	case kind == `""` || val == "STRING:":
		return octets(nil)
	case kind == "Hex-STRING":
		b, err := hex.DecodeString(strings.ReplaceAll(rest, " ", ""))
		if err != nil {
			t.Fatalf("%s = %q", name, val)
		}
		return octets(b)
	case kind == "STRING" && isUnsigned64(t, name):
		var n uint64
		if _, err := fmt.Sscan(rest, &n); err != nil {
			t.Fatalf("%s = %q", name, val)
		}
		return octets(binary.BigEndian.AppendUint64(nil, n))
	case kind == "STRING":
		return octets([]byte(rest))
	case !typed:
		return "Timeticks: " + val // -Ot tells the number alone
	}
	return val
}

func octets(b []byte) string { return "OCTETS: " + hex.EncodeToString(b) }

// isUnsigned64 knows the objects whose module says that their eight octets are
// shown as a number.
func isUnsigned64(t *testing.T, name string) bool {
	o, _, _ := mib.FindObject(oid(t, strings.TrimPrefix(name, ".")))
	return o.Info().Type == "NtmUnsigned64"
}

// goSNMP is gosnmp.
type goSNMP struct{ *gosnmp.GoSNMP }

func newGoSNMP(t *testing.T, at netip.AddrPort, w who) *goSNMP {
	t.Helper()
	g := &gosnmp.GoSNMP{Target: at.Addr().String(), Port: at.Port(), Community: w.user, Timeout: 10 * time.Second, MaxRepetitions: 200,
		Version: map[string]gosnmp.SnmpVersion{"1": gosnmp.Version1, "2c": gosnmp.Version2c, "3": gosnmp.Version3}[w.version]}
	if w.version == "3" {
		g.SecurityModel, g.MsgFlags = gosnmp.UserSecurityModel, gosnmp.AuthPriv
		g.SecurityParameters = &gosnmp.UsmSecurityParameters{UserName: w.user,
			AuthenticationProtocol:   map[string]gosnmp.SnmpV3AuthProtocol{"SHA-256": gosnmp.SHA256, "SHA-512": gosnmp.SHA512}[w.auth],
			PrivacyProtocol:          map[string]gosnmp.SnmpV3PrivProtocol{"AES": gosnmp.AES, "AES-256": gosnmp.AES256}[w.priv],
			AuthenticationPassphrase: w.authPass, PrivacyPassphrase: w.pp}
	}
	if err := g.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Conn.Close() })
	return &goSNMP{g}
}

func (g *goSNMP) set(t *testing.T, binds ...bind) string {
	t.Helper()
	var pdus []gosnmp.SnmpPDU
	for _, b := range binds {
		p := gosnmp.SnmpPDU{Name: dots(b.name), Type: gosnmp.OctetString, Value: b.value.Bytes}
		switch b.value.Tag {
		case ber.Integer:
			p.Type, p.Value = gosnmp.Integer, int(b.value.Int)
		case ber.TimeTicks:
			p.Type, p.Value = gosnmp.TimeTicks, uint32(b.value.Uint)
		}
		pdus = append(pdus, p)
	}
	res, err := g.Set(pdus)
	if err != nil {
		t.Fatal(err)
	}
	if res.Error == gosnmp.NoError {
		return "noError"
	}
	return fmt.Sprintf("%v %d", agent.Status(res.Error), res.ErrorIndex)
}

func (g *goSNMP) get(t *testing.T, name []uint32) string {
	t.Helper()
	res, err := g.Get([]string{dots(name)})
	if err != nil {
		t.Fatal(err)
	}
	if res.Error != gosnmp.NoError {
		return agent.Status(res.Error).String()
	}
	return goSNMPValue(t, res.Variables[0])
}

func (g *goSNMP) walk(t *testing.T, root []uint32) (all []string) {
	t.Helper()
	walk := g.BulkWalkAll
	if g.Version == gosnmp.Version1 {
		walk = g.WalkAll
	}
	vars, err := walk(dots(root))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vars {
		all = append(all, v.Name+" = "+goSNMPValue(t, v))
	}
	return all
}

// goSNMPValue brings a value into the common form.
func goSNMPValue(t *testing.T, v gosnmp.SnmpPDU) string {
	t.Helper()
	switch v.Type {
	case gosnmp.OctetString:
		return octets(v.Value.([]byte))
	case gosnmp.Integer:
		return fmt.Sprint("INTEGER: ", v.Value)
	case gosnmp.Counter32:
		return fmt.Sprint("Counter32: ", v.Value)
	case gosnmp.Counter64:
		return fmt.Sprint("Counter64: ", v.Value)
	case gosnmp.Gauge32:
		return fmt.Sprint("Gauge32: ", v.Value)
	case gosnmp.TimeTicks:
		return fmt.Sprint("Timeticks: ", v.Value)
	case gosnmp.NoSuchObject, gosnmp.NoSuchInstance, gosnmp.EndOfMibView:
		return agent.Status(v.Type).String()
	}
	t.Fatalf("%s has type %v", v.Name, v.Type)
	return ""
}
