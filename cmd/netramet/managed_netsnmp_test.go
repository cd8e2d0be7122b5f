package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"netramet/internal/command"
	"netramet/mib"
)

// netSNMP runs net-snmp's tools against a meter.
type netSNMP struct {
	m    *running
	cred []string
	mibs []string
}

// tools returns net-snmp's tools with NETRAMET-MIB loaded, and with the
// standard modules where they are beside the project.
func (m *running) tools(cred ...string) *netSNMP {
	m.t.Helper()
	for _, tool := range []string{"snmpget", "snmpset", "snmpwalk", "snmpbulkwalk"} {
		if _, err := exec.LookPath(tool); err != nil {
			m.t.Skipf("net-snmp's tools are not installed: %v", err)
		}
	}
	n := &netSNMP{m: m, cred: cred, mibs: []string{"-M", filepath.Join("..", "..", "mib"), "-m", "NETRAMET-MIB"}}
	if std := filepath.Join("..", "..", "..", "shared", "reference", "mibs"); isDir(std) {
		n.mibs = []string{"-M", n.mibs[1] + string(filepath.ListSeparator) + std, "-m", "FLOW-METER-MIB:NETRAMET-MIB:SNMPv2-MIB"}
	}
	return n
}

func isDir(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && fi.IsDir()
}

// run runs a tool and returns its standard output.
func (n *netSNMP) run(tool string, operands ...string) string {
	n.m.t.Helper()
	args := append(append([]string{"-r0", "-t", "20"}, n.mibs...), n.cred...)
	cmd := exec.Command(tool, append(append(args, n.m.addr.String()), operands...)...)
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+n.m.t.TempDir(), "SNMPCONFPATH="+n.m.t.TempDir())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		n.m.t.Fatalf("%s %q: %v\n%s%s", tool, operands, err, out, &stderr)
	}
	return string(out)
}

// TestManagedNetSNMP walks a live meter with net-snmp's tools, and has
// snmpset alone create, fill, run and destroy a rule set and start the trace.
func TestManagedNetSNMP(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users")
	err := os.WriteFile(users, []byte(`
community reader read
community writer write
user anna auth SHA-256 "anna's first" priv AES-128 "anna's second" write
user bert auth SHA-512 "bert's first" priv AES-256 "bert's second" read
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	m := startMeter(t, "-C", office, "-T60", "--users", users, "--linger", "600")
	v2c := m.tools("-v2c", "-cwriter")
	if got := v2c.run("snmpget", "-Oqv", "-On", "1.3.6.1.2.1.1.2.0"); got != ".1.3.6.1.4.1.411.2720\n" {
		t.Errorf("sysObjectID %s", got)
	}
	if got := v2c.run("snmpget", "-OqvU", "NETRAMET-MIB::ntmTraceState.0"); got != "waitRuleSet\n" {
		t.Errorf("ntmTraceState %s", got)
	}
	runByHand(v2c)
	m.waitLog(`msg="all is collected"`)

	var pdus, want []string
	for line := range strings.Lines(v2c.run("snmpwalk", "-Oqn", dotted("flowDataToPDUs", 7))) {
		pdus = append(pdus, strings.Fields(line)[1])
	}
	truth, _ := batchData(t, "-C", office, projectRules("peertype.rules"))
	for line := range strings.Lines(truth) {
		if !strings.HasPrefix(line, "#") {
			want = append(want, strings.Fields(line)[4])
		}
	}
	if !slices.Equal(pdus, want) || len(want) == 0 {
		t.Errorf("packets of the flows %v, want %v", pdus, want)
	}
	walks := map[string]*netSNMP{
		"v2c":             v2c,
		"SHA-256 AES-128": m.tools("-v3", "-lauthPriv", "-uanna", "-aSHA-256", "-Aanna's first", "-xAES", "-Xanna's second"),
		"SHA-512 AES-256": m.tools("-v3", "-lauthPriv", "-ubert", "-aSHA-512", "-Abert's first", "-xAES-256", "-Xbert's second"),
	}
	for name, w := range walks {
		for _, root := range []string{".1.3.6.1.2.1.40", ".1.3.6.1.4.1.411.2720"} {
			one, many := w.run("snmpwalk", "-Oqn", root), w.run("snmpbulkwalk", "-Cr50", "-Oqn", root)
			if n := strings.Count(one, "\n"); n < 30 || n != strings.Count(many, "\n") {
				t.Errorf("%s: walks of %s: %d and %d variables", name, root, n, strings.Count(many, "\n"))
			}
		}
	}

	v2c.run("snmpset", dotted("flowManagerStatus", 3), "i", "6", dotted("flowRuleInfoStatus", 7), "i", "6")
	m.waitLog(`msg="rule set gone" ruleset=7`)
	if got := v2c.run("snmpwalk", "-Oqn", dotted("flowDataToPDUs", 7)); !strings.Contains(got, "No Such") {
		t.Errorf("flows of a rule set that is gone: %s", got)
	}
	m.cancel()
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
}

// runByHand makes rule set 7, which counts by peer type, runs it as task 3, and
// starts the trace.
func runByHand(n *netSNMP) {
	n.m.t.Helper()
	n.run("snmpset", dotted("flowRuleInfoStatus", 7), "i", "5", dotted("flowRuleInfoSize", 7), "i", "3",
		dotted("flowRuleInfoOwner", 7), "s", "by hand", dotted("flowRuleInfoName", 7), "s", "peer types")
	for i, r := range []struct {
		selector  mib.Attr
		mask      string
		action    mib.Action
		parameter uint32
	}{
		{mib.AttrNull, "0000", mib.ActionGotoAct, 2},
		{mib.AttrSourcePeerType, "ff00", mib.ActionPushPktToAct, 3},
		{mib.AttrDestPeerType, "ff00", mib.ActionCountPkt, 1},
	} {
		rule := uint32(i + 1)
		n.run("snmpset", dotted("flowRuleSelector", 7, rule), "i", strconv.Itoa(int(r.selector)),
			dotted("flowRuleMask", 7, rule), "x", r.mask, dotted("flowRuleMatchedValue", 7, rule), "x", "0000",
			dotted("flowRuleAction", 7, rule), "i", strconv.Itoa(int(r.action)),
			dotted("flowRuleParameter", 7, rule), "i", strconv.Itoa(int(r.parameter)))
	}
	n.run("snmpset", dotted("flowRuleInfoStatus", 7), "i", "1")
	n.m.waitLog(`msg="rule set active" ruleset=7 name="peer types" owner="by hand" rules=3`)
	n.run("snmpset", dotted("flowManagerStatus", 3), "i", "4", dotted("flowManagerCurrentRuleSet", 3), "i", "7",
		dotted("flowManagerOwner", 3), "s", "by hand")
	n.m.waitLog(`msg="task came" row=3 owner="by hand" current=7`)
	n.run("snmpset", dotted("ntmTraceState", 0), "i", "3")
}

// dotted is the name of an instance, given the object's.
func dotted(object string, index ...uint32) string {
	o, ok := mib.LookupObject(object)
	if !ok {
		panic("no object " + object)
	}
	var b strings.Builder
	for _, n := range append(slices.Clone(o.OID()), index...) {
		b.WriteByte('.')
		b.WriteString(strconv.FormatUint(uint64(n), 10))
	}
	return b.String()
}
