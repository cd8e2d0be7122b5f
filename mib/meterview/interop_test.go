package meterview

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib/agent"
	"netramet/mib/ber"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

const interopUsers = `
community private write
user sha256 auth SHA-256 authpass1 priv AES-128 privpass1 write
user sha512 auth SHA-512 authpass1 priv AES-256 privpass1 write
user anna auth SHA-256 annapass1 priv AES-128 annapriv1 write owner anna owner-only
user bert auth SHA-256 bertpass1 priv AES-128 bertpriv1 write owner bert owner-only
user carl auth SHA-256 carlpass1 priv AES-128 carlpriv1 write owner carl
user dora auth SHA-256 dorapass1 priv AES-128 dorapriv1 read view 1.3.6.1.4.1.411,1.3.6.1.2.1.1
`

// serve lets the rig's agent answer on loopback, until the test ends.
func (r *rig) serve(t *testing.T) netip.AddrPort {
	t.Helper()
	acc, err := agent.ParseUsers(strings.NewReader(interopUsers), "users")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.agent.SetAccess(acc); err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.agent.Serve(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// pdus are the packets of a flow, to its dest and from it.
type pdus struct{ to, from int }

// meterTraffic meters generated packets of 20 flows and says what they are.
// Each seed has flows of its own, later than those of smaller seeds.
func (r *rig) meterTraffic(seed int) map[traffic.Flow]pdus {
	r.t.Helper()
	g, err := traffic.NewBench(traffic.Options{
		Seed: uint64(seed), Start: traffic.DefaultStart.Add(time.Duration(seed) * time.Minute),
		Duration: 5 * time.Second, Packets: 300, Flows: 20,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	truth := map[traffic.Flow]pdus{}
	var p traffic.Packet
	for {
		err := g.Next(&p)
		if errors.Is(err, io.EOF) {
			return truth
		}
		if err != nil {
			r.t.Fatal(err)
		}
		if stop := r.meter.Feed(&wire.Batch{Frames: []wire.Frame{p.Frame}}); stop != meter.Taken {
			r.t.Fatalf("Feed: %v", stop)
		}
		back := p.Flow.Reverse()
		if n, ok := truth[back]; ok {
			truth[back] = pdus{n.to, n.from + 1}
			continue
		}
		n := truth[p.Flow]
		truth[p.Flow] = pdus{n.to + 1, n.from}
	}
}

// TestInteropWalks: walks of both modules by snmpwalk, snmpbulkwalk and gosnmp
// end, give the same, and what they give is of the modules' types.
func TestInteropWalks(t *testing.T) {
	r := furnished(t)
	r.meterTraffic(1)
	at := r.serve(t)
	for _, root := range []string{"flowMIB", "netrametMIB"} {
		name := oid(t, root)
		reference := newGoSNMP(t, at, managers[0].who).walk(t, name)
		if n := len(reference); n < 40 || root == "flowMIB" && n < 1000 {
			t.Fatalf("%s has %d instances", root, n)
		}
		for _, m := range managers {
			t.Run(root+" "+m.name, func(t *testing.T) {
				same := func(what string, got []string) {
					t.Helper()
					if d := cmp.Diff(reference, got); d != "" {
						t.Errorf("gosnmp v2c (-) and %s (+) differ:\n%s", what, d)
					}
				}
				same("gosnmp", newGoSNMP(t, at, m.who).walk(t, name))
				n := newNetSNMP(t, at, m.who)
				same("snmpwalk", n.walk(t, name))
				n.bulk = true
				same("snmpbulkwalk", n.walk(t, name))
			})
		}
		t.Run(root+" v1", func(t *testing.T) {
			v1 := who{version: "1", user: "private"}
			want := slices.DeleteFunc(slices.Clone(reference), func(l string) bool { return strings.Contains(l, "Counter64") })
			for what, got := range map[string][]string{
				"snmpwalk": newNetSNMP(t, at, v1).walk(t, name), "gosnmp": newGoSNMP(t, at, v1).walk(t, name),
			} {
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("without Counter64 (-), %s (+):\n%s", what, d)
				}
			}
		})
	}
}

// TestInteropWords: net-snmp knows every name by the modules, and finds no
// value of another type, enumeration or range.
func TestInteropWords(t *testing.T) {
	r := furnished(t)
	at := r.serve(t)
	n := newNetSNMP(t, at, managers[0].who)
	if !n.words {
		t.Skip("FLOW-METER-MIB's text is not present")
	}
	for root, module := range map[string]string{"flowMIB": "FLOW-METER-MIB::", "netrametMIB": "NETRAMET-MIB::"} {
		out, faults, err := n.run(t, "snmpwalk", n.at, module+root)
		if err != nil || faults != "" {
			t.Fatalf("%s: %v\n%s", root, err, faults)
		}
		wrong := regexp.MustCompile(`(?i)wrong type|unknown|\?\?`)
		// Columns the module does not name would show as numbers.
		numeric := regexp.MustCompile(`(?m)^` + module + `\w*(Entry|Table|Objects|MIB)\.`)
		for _, bad := range []*regexp.Regexp{wrong, numeric} {
			if at := bad.FindStringIndex(out); at != nil {
				t.Errorf("%s: %q", root, out[at[0]:min(at[0]+200, len(out))])
			}
		}
		if !strings.Contains(out, "(1)") || strings.Count(out, module) < 40 {
			t.Errorf("%s: %d names", root, strings.Count(out, module))
		}
	}
}

// TestInteropRuleSet: a rule set is made, run, read and destroyed by other
// people's managers alone.
func TestInteropRuleSet(t *testing.T) {
	r := newControlledRig(t, meter.Config{}, control.Config{FloodMark: control.DefaultFloodMark})
	at := r.serve(t)
	reference := newGoSNMP(t, at, managers[0].who)
	for i, m := range managers {
		t.Run("net-snmp "+m.name, func(t *testing.T) {
			(&life{r: r, m: newNetSNMP(t, at, m.who), reference: reference, set: 10 + i}).live(t)
		})
		t.Run("gosnmp "+m.name, func(t *testing.T) {
			(&life{r: r, m: newGoSNMP(t, at, m.who), reference: reference, set: 20 + i}).live(t)
		})
	}
}

// life is that of a rule set.
type life struct {
	r            *rig
	m, reference manager
	set          int
}

const fiveTuple = `save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
save SourceTransType; save SourceTransAddress; save DestTransAddress; count;`

// at names an instance whose index begins with the rule set's number.
func (l *life) at(column string, index ...int) string {
	s := fmt.Sprintf("%s.%d", column, l.set)
	for _, n := range index {
		s += fmt.Sprintf(".%d", n)
	}
	return s
}

// must sets all of the bindings, "NAME=VALUE, ..." with % for the rule set's number.
func (l *life) must(t *testing.T, want, binds string) {
	t.Helper()
	binds = strings.ReplaceAll(binds, "%", fmt.Sprint(l.set))
	if got := l.m.set(t, parse(t, binds)...); got != want {
		t.Fatalf("%s: %s, want %s", binds, got, want)
	}
}

func (l *life) live(t *testing.T) {
	l.must(t, "noError", `flowRuleInfoStatus.%=5, flowRuleInfoOwner.%="interop", flowRuleInfoName.%="five"`)
	rules := compile(t, fiveTuple).Rules
	l.must(t, "noError", fmt.Sprintf("flowRuleInfoSize.%%=%d", len(rules)))
	var binds []bind
	for n := range rules {
		binds = append(binds, ruleBinds(t, l.set, n+1, &rules[n])...)
	}
	if got := l.m.set(t, binds...); got != "noError" {
		t.Fatalf("rules: %s", got)
	}
	if got := l.m.get(t, oid(t, l.at("flowRuleInfoStatus"))); got != "INTEGER: 2" && got != "INTEGER: 3" {
		t.Errorf("before activation the status is %s", got)
	}
	l.must(t, "noError", "flowRuleInfoStatus.%=1")
	l.must(t, "noError", `flowReaderStatus.%=4, flowReaderOwner.%="interop", flowReaderRuleSet.%=%`)
	l.must(t, "noError", `flowManagerStatus.%=4, flowManagerOwner.%="interop", flowManagerCurrentRuleSet.%=%`)

	l.must(t, "notWritable 1", "flowRuleAction.%.1=3")
	l.must(t, "notWritable 2", `flowReaderTimeout.%=60, flowRuleInfoName.%="six"`)
	l.must(t, "wrongValue 1", "flowRuleInfoStatus.%=9")
	l.must(t, "inconsistentName 1", "flowRuleAction.99.1=3")
	if got := l.m.get(t, oid(t, "flowRuleInfoStatus.99")); got != "noSuchInstance" {
		t.Errorf("a rule set that is not there: %s", got)
	}

	l.read(t, l.r.meterTraffic(l.set))

	l.must(t, "noError", "flowReaderLastTime.%=0")
	l.must(t, "noError", "flowManagerStatus.%=6, flowReaderStatus.%=6")
	l.must(t, "noError", "flowRuleInfoStatus.%=6")
	for _, column := range []string{"flowDataToPDUs", "flowRuleAction", "ntmRuleSetPDUs"} {
		if got := l.m.walk(t, oid(t, l.at(column))); len(got) != 0 {
			t.Errorf("%s after its end: %s", column, got)
		}
	}
}

// read compares the flows with what was fed, and the columns with packages.
func (l *life) read(t *testing.T, truth map[traffic.Flow]pdus) {
	t.Helper()
	columns := []string{"flowDataSourcePeerAddress", "flowDataDestPeerAddress", "flowDataSourceTransType",
		"flowDataSourceTransAddress", "flowDataDestTransAddress", "flowDataToPDUs", "flowDataFromPDUs"}
	var rows [][]string // by flow, columns' values
	var index []int
	for _, c := range columns {
		root := oid(t, c+fmt.Sprintf(".%d", l.set))
		got := l.m.walk(t, root)
		if d := cmp.Diff(l.reference.walk(t, root), got); d != "" {
			t.Errorf("%s: gosnmp v2c (-) and this manager (+) differ:\n%s", c, d)
		}
		if len(got) != len(truth) {
			t.Fatalf("%s has %d rows, %d flows were fed", c, len(got), len(truth))
		}
		for i, line := range got {
			name, val, _ := strings.Cut(line, " = ")
			if len(rows) == i {
				n := oid(t, name[1:])
				rows, index = append(rows, nil), append(index, int(n[len(n)-1]))
			}
			rows[i] = append(rows[i], val)
		}
	}
	got := map[traffic.Flow]pdus{}
	for _, v := range rows {
		f, n := flowOf(t, v)
		got[f] = n
	}
	if d := cmp.Diff(truth, got, cmp.AllowUnexported(pdus{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Errorf("fed (-) and read (+) differ:\n%s", d)
	}
	for _, i := range []int{0, len(rows) - 1} {
		name := fmt.Sprintf("flowPackageData.7.9.19.11.12.22.28.30.%d.0.%d", l.set, index[i])
		if got := unpack(t, l.m.get(t, oid(t, name))); !slices.Equal(got, rows[i]) {
			t.Errorf("the package has %s, the columns %s", got, rows[i])
		}
	}
}

// flowOf reads a flow's columns.
func flowOf(t *testing.T, v []string) (f traffic.Flow, n pdus) {
	t.Helper()
	addr := func(s string) netip.Addr {
		a, ok := netip.AddrFromSlice(bytesOf(t, s))
		if !ok {
			t.Fatalf("address %s", s)
		}
		return a
	}
	port := func(s string) uint16 {
		b := bytesOf(t, s)
		return uint16(b[0])<<8 | uint16(b[1])
	}
	f = traffic.Flow{Src: addr(v[0]), Dst: addr(v[1]), SrcPort: port(v[3]), DstPort: port(v[4])}
	if _, err := fmt.Sscanf(v[2]+" "+v[5]+" "+v[6], "INTEGER: %d Counter64: %d Counter64: %d", &f.Proto, &n.to, &n.from); err != nil {
		t.Fatalf("%s: %v", v, err)
	}
	return f, n
}

func bytesOf(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.TrimPrefix(s, "OCTETS: "))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return b
}

// unpack reads a flowPackageData in the form of the columns.
func unpack(t *testing.T, value string) (all []string) {
	t.Helper()
	pack := ber.NewReader(bytesOf(t, value))
	in, err := pack.Enter(ber.Sequence)
	if err != nil || pack.Done() != nil {
		t.Fatalf("package %s: %v", value, err)
	}
	for in.Len() > 0 {
		var v ber.Value
		if err := in.Value(&v); err != nil {
			t.Fatalf("package %s: %v", value, err)
		}
		switch v.Tag {
		case ber.OctetString:
			all = append(all, octets(v.Bytes))
		case ber.Integer:
			all = append(all, fmt.Sprint("INTEGER: ", v.Int))
		case ber.Counter64:
			all = append(all, fmt.Sprint("Counter64: ", v.Uint))
		default:
			t.Fatalf("package %s: %v", value, v.Tag)
		}
	}
	return all
}

// TestInteropVersion1: SNMPv1 knows fewer errors, and says them of the whole.
func TestInteropVersion1(t *testing.T) {
	r := furnished(t)
	at := r.serve(t)
	v1 := who{version: "1", user: "private"}
	for name, m := range map[string]func(*testing.T) manager{
		"net-snmp": func(t *testing.T) manager { return newNetSNMP(t, at, v1) },
		"gosnmp":   func(t *testing.T) manager { return newGoSNMP(t, at, v1) },
	} {
		t.Run(name, func(t *testing.T) {
			m := m(t)
			for binds, want := range map[string]string{
				"flowRuleAction.7.1=3":                          "noSuchName 1",
				"flowFloodMark.0=50, flowManagerStatus.7=9":     "badValue 2",
				"flowActiveFlows.0=1":                           "noSuchName 1",
				"flowFloodMark.0=60, flowInactivityTimeout.0=9": "noError",
			} {
				if got := m.set(t, parse(t, binds)...); got != want {
					t.Errorf("%s: %s, want %s", binds, got, want)
				}
			}
			for object, want := range map[string]string{
				"flowDataToPDUs.7.0.2": "noSuchName", "flowRuleInfoSize.99": "noSuchName", "flowFloodMark.0": "INTEGER: 60",
			} {
				if got := m.get(t, oid(t, object)); got != want {
					t.Errorf("%s: %s, want %s", object, got, want)
				}
			}
		})
	}
}

// TestInteropOwners: managers that share a meter by a users file do not
// disturb each other.
func TestInteropOwners(t *testing.T) {
	r := newRig(t, meter.Config{})
	at := r.serve(t)
	as := func(name string) who {
		return who{"3", name, "SHA-256", name + "pass1", "AES", name + "priv1"}
	}
	for tool, connect := range map[string]func(*testing.T, who) manager{
		"net-snmp": func(t *testing.T, w who) manager { return newNetSNMP(t, at, w) },
		"gosnmp":   func(t *testing.T, w who) manager { return newGoSNMP(t, at, w) },
	} {
		t.Run(tool, func(t *testing.T) {
			anna, bert, carl, dora := connect(t, as("anna")), connect(t, as("bert")), connect(t, as("carl")), connect(t, as("dora"))
			set := func(m manager, want, binds string) {
				t.Helper()
				if got := m.set(t, parse(t, binds)...); got != want {
					t.Errorf("%s: %s, want %s", binds, got, want)
				}
			}
			sees := func(m manager, who string, want map[string]int) {
				t.Helper()
				for root, n := range want {
					if got := m.walk(t, oid(t, root)); len(got) != n {
						t.Errorf("%s sees %d rows of %s, want %d: %s", who, len(got), root, n, got)
					}
				}
			}
			set(anna, "wrongValue 2", `flowRuleInfoStatus.7=5, flowRuleInfoOwner.7="bert"`)
			set(anna, "noError", `flowRuleInfoStatus.7=4, flowRuleInfoOwner.7="anna.lab", flowRuleInfoSize.7=1, `+oneRule)
			set(anna, "noError", `flowManagerStatus.7=4, flowManagerOwner.7="anna", flowManagerCurrentRuleSet.7=7`)
			r.meterTraffic(1)

			set(bert, "noAccess 1", `flowRuleInfoName.7="x"`)
			set(bert, "noAccess 1", `flowManagerStatus.7=6`)
			set(carl, "noAccess 1", `flowRuleInfoStatus.7=6`)
			set(dora, "authorizationError 0", `flowFloodMark.0=1`)
			all := map[string]int{"flowRuleInfoSize": 1, "flowManagerOwner": 1, "flowRuleAction": 1, "ntmRuleSetPDUs": 1, "flowDataToPDUs": 1}
			none := map[string]int{"flowRuleInfoSize": 0, "flowManagerOwner": 0, "flowRuleAction": 0, "ntmRuleSetPDUs": 0, "flowDataToPDUs": 0}
			sees(anna, "anna", all)
			sees(bert, "bert", none)
			sees(carl, "carl", map[string]int{"flowRuleAction": 4, "flowDataToPDUs": 1})
			sees(dora, "dora", map[string]int{"flowRuleInfoSize": 0, "flowFloodMark": 0, "ntmVersion": 1})
			if got := bert.get(t, oid(t, "flowRuleInfoName.7")); got != "noSuchInstance" {
				t.Errorf("anna's rule set, to bert: %s", got)
			}
			if got := dora.get(t, oid(t, "flowFloodMark.0")); got != "noSuchObject" {
				t.Errorf("outside of dora's view: %s", got)
			}
			set(anna, "noError", `flowManagerStatus.7=6`)
			set(anna, "noError", `flowRuleInfoStatus.7=6`)
		})
	}
}
