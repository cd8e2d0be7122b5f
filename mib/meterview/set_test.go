package meterview

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/ber"
)

// step is a Set and what it is answered with.
type step struct {
	as    string // community; the one before if empty
	binds string // "name=value, ..."; a value in quotes is octets
	want  string
}

// parse reads bindings.
func parse(t testing.TB, s string) (binds []bind) {
	t.Helper()
	for _, f := range strings.Split(s, ", ") {
		name, val, ok := strings.Cut(f, "=")
		if !ok {
			t.Fatalf("%q", f)
		}
		if strings.HasPrefix(val, `"`) {
			binds = append(binds, set(t, name, strings.Trim(val, `"`)))
			continue
		}
		if hex, ok := strings.CutPrefix(val, "x"); ok {
			var b []byte
			fmt.Sscanf(hex, "%x", &b)
			binds = append(binds, set(t, name, string(b)))
			continue
		}
		var n int
		if _, err := fmt.Sscan(val, &n); err != nil {
			t.Fatalf("%q: %v", f, err)
		}
		binds = append(binds, set(t, name, n))
	}
	return binds
}

const oneRule = "flowRuleSelector.7.1=0, flowRuleAction.7.1=3, flowRuleParameter.7.1=1, flowRuleMask.7.1=x0000, flowRuleMatchedValue.7.1=x0000"

func TestSets(t *testing.T) {
	create := step{"", "flowRuleInfoStatus.7=4, flowRuleInfoSize.7=1, " + oneRule, "noError"}
	tests := []struct {
		name  string
		steps []step
	}{
		{"the numbers of the RFC", []step{
			// flowRuleInfoStatus.7, flowRuleInfoSize.7, flowRuleAction.7.1
			{"", "1.3.6.1.2.1.40.1.1.1.5.7=5", "noError"},
			{"", "1.3.6.1.2.1.40.1.1.1.2.7=1", "noError"},
			{"", "1.3.6.1.2.1.40.3.1.1.6.7.1=3", "noError"},
			{"", "1.3.6.1.2.1.40.3.1.1.4.7.1=x0000", "noError"},
			{"", "1.3.6.1.2.1.40.1.1.1.5.7=1", "noError"},
			// flowReaderRuleSet.1, flowReaderStatus.1, flowReaderLastTime.1
			{"", "1.3.6.1.2.1.40.1.3.1.7.1=7, 1.3.6.1.2.1.40.1.3.1.6.1=4", "noError"},
			{"", "1.3.6.1.2.1.40.1.3.1.4.1=0", "noError"},
			// flowManagerStatus.1, flowFloodMark.0
			{"", "1.3.6.1.2.1.40.1.4.1.8.1=4, 1.3.6.1.2.1.40.1.4.1.2.1=7", "noError"},
			{"", "1.3.6.1.2.1.40.1.5.0=50", "noError"},
		}},
		{"create and go, any order", []step{
			{"", oneRule + ", flowRuleInfoName.7=\"x\", flowRuleInfoStatus.7=4, flowRuleInfoSize.7=1", "noError"},
			{"", "flowRuleInfoStatus.7=4, flowRuleInfoSize.7=1", "inconsistentValue 1"},
			{"", "flowRuleInfoStatus.7=6", "noError"},
			{"", "flowRuleInfoStatus.7=6", "noError"},
		}},
		{"everything in one Set", []step{
			{"", "flowManagerCurrentRuleSet.1=7, flowManagerStatus.1=4, flowReaderStatus.9=4, flowReaderRuleSet.9=7, " +
				oneRule + ", flowRuleInfoStatus.7=4, flowRuleInfoSize.7=1", "noError"},
			{"", "flowRuleInfoStatus.7=6", "inconsistentValue 1"},
			{"", "flowRuleInfoStatus.7=6, flowManagerStatus.1=6", "noError"},
			{"", "flowReaderTimeout.9=1", "inconsistentName 1"},
		}},
		{"active rows", []step{
			create,
			{"", "flowRuleInfoName.7=\"x\"", "notWritable 1"},
			{"", "flowRuleAction.7.1=1", "notWritable 1"},
			{"", "flowRuleInfoSize.7=2", "notWritable 1"},
			{"", "flowRuleInfoRulesReady.7=1", "notWritable 1"},
			{"", "flowRuleInfoStatus.7=1", "noError"},
			{"", "flowRuleInfoStatus.7=2, flowRuleInfoSize.7=2", "noError"},
			{"", "flowRuleInfoStatus.7=1", "inconsistentValue 1"}, // rule 2 is not set
			{"", "flowRuleInfoSize.7=1, flowRuleInfoStatus.7=1", "noError"},
			{"", "flowReaderStatus.1=4, flowReaderRuleSet.1=7, flowReaderOwner.1=\"r\"", "noError"},
			{"", "flowReaderOwner.1=\"s\"", "notWritable 1"},
			{"", "flowReaderRuleSet.1=1", "notWritable 1"},
			{"", "flowReaderTimeout.1=5, flowReaderLastTime.1=0", "noError"},
			{"", "flowManagerStatus.1=4", "noError"},
			{"", "flowManagerCurrentRuleSet.1=7, flowManagerHighWaterMark.1=60, flowManagerRunningStandby.1=2", "noError"},
			{"", "flowManagerOwner.1=\"s\"", "notWritable 1"},
			{"", "flowRuleInfoStatus.7=2", "inconsistentValue 1"}, // it is referred to
		}},
		{"rows that are not there", []step{
			{"", "flowRuleInfoName.7=\"x\"", "inconsistentName 1"},
			{"", "flowRuleAction.7.1=3", "inconsistentName 1"},
			{"", "flowRuleInfoStatus.7=1", "inconsistentValue 1"},
			{"", "flowRuleInfoStatus.7=2", "inconsistentValue 1"},
			{"", "flowRuleInfoStatus.256=5", "noCreation 1"},
			{"", "flowRuleInfoStatus.0=5", "noCreation 1"},
			{"", "flowRuleInfoStatus.7.1=5", "noCreation 1"},
			{"", "flowReaderStatus.0=4", "noCreation 1"},
			{"", "flowManagerStatus.2147483648=4", "noCreation 1"},
			{"", "flowInterfaceSampleRate.256=1", "noCreation 1"},
			{"", "flowInterfaceSampleRate.9=1", "inconsistentName 1"},
			{"", "flowFloodMark.1=1", "noCreation 1"},
		}},
		{"bad values", []step{
			{"", "flowRuleInfoStatus.7=3", "wrongValue 1"},
			{"", "flowRuleInfoStatus.7=7", "wrongValue 1"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=65536", "wrongValue 2"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=-1", "wrongValue 2"},
			{"", "flowRuleInfoStatus.7=\"5\"", "wrongType 1"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoName.7=1", "wrongType 2"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoName.7=\"" + strings.Repeat("x", 128) + "\"", "wrongLength 2"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoOwner.7=xff", "wrongValue 2"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1, flowRuleMask.7.1=x00", "wrongLength 3"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1, flowRuleAction.7.1=18", "wrongValue 3"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1, flowRuleSelector.7.1=99", "wrongValue 3"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1, flowRuleParameter.7.1=65536", "wrongValue 3"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1, flowRuleAction.7.2=3", "inconsistentName 3"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1, flowRuleAction.7.65536=3", "noCreation 3"},
			{"", "flowFloodMark.0=101", "wrongValue 1"},
			{"", "flowFloodMode.0=3", "wrongValue 1"},
			{"", "flowInactivityTimeout.0=-1", "wrongValue 1"},
			{"", "flowReaderStatus.1=5, flowReaderTimeout.1=-1", "wrongValue 2"},
			{"", "flowManagerStatus.1=5, flowManagerCurrentRuleSet.1=256", "wrongValue 2"},
			{"", "flowManagerStatus.1=5, flowManagerHighWaterMark.1=101", "wrongValue 2"},
			{"", "ntmTraceState.0=4", "wrongValue 1"},
			{"", "ntmTraceState.0=3", "inconsistentValue 1"}, // there is no trace
		}},
		{"what nobody writes", []step{
			{"", "flowRuleInfoTimeStamp.1=1", "notWritable 1"},
			{"", "flowRuleInfoIndex.1=1", "notWritable 1"},
			{"", "flowActiveFlows.0=1", "notWritable 1"},
			{"", "flowDataKind.1.0.1=1", "notWritable 1"},
			{"", "flowPackageData.1.1.1.0.1=\"x\"", "notWritable 1"},
			{"", "ntmVersion.0=\"x\"", "notWritable 1"},
			{"", "ifAdminStatus.1=2", "notWritable 1"},
		}},
		{"rule set 1", []step{
			{"", "flowRuleInfoName.1=\"x\"", "notWritable 1"},
			{"", "flowRuleInfoStatus.1=1", "noError"},
			{"", "flowRuleInfoStatus.1=2", "inconsistentValue 1"},
			{"", "flowRuleInfoStatus.1=6", "inconsistentValue 1"},
			{"", "flowRuleInfoStatus.1=4", "inconsistentValue 1"},
			{"", "flowManagerStatus.5=4, flowManagerCurrentRuleSet.5=1", "noError"},
		}},
		{"what is missing", []step{
			{"", "flowRuleInfoStatus.7=4", "inconsistentValue 1"},
			{"", "flowReaderStatus.7=4", "inconsistentValue 1"},
			{"", "flowReaderStatus.7=4, flowReaderRuleSet.7=7", "inconsistentValue 1"}, // no rule set 7
			{"", "flowManagerCurrentRuleSet.7=7, flowManagerStatus.7=4", "inconsistentValue 2"},
			{"", "flowManagerStandbyRuleSet.7=7, flowManagerStatus.7=4", "inconsistentValue 2"},
			{"", "flowReaderStatus.7=5", "noError"},
			{"", "flowReaderStatus.7=1", "inconsistentValue 1"},
			{"", "flowReaderStatus.7=2", "inconsistentValue 1"},
			{"", "flowReaderRuleSet.7=1", "noError"},
			{"", "flowReaderStatus.7=2", "noError"},
			{"", "flowReaderStatus.7=1", "noError"},
		}},
		{"faulty rules", []step{
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1", "noError"},
			{"", "flowRuleAction.7.1=10, flowRuleParameter.7.1=9", "noError"},
			{"", "flowRuleInfoStatus.7=1", "inconsistentValue 1"},
			{"", "flowRuleParameter.7.1=2, flowRuleInfoStatus.7=1", "noError"},
		}},
		{"owners", []step{
			{"a", "flowRuleInfoStatus.7=5", "inconsistentValue 1"}, // creation names an owner
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoOwner.7=\"b1\"", "wrongValue 2"},
			{"", "flowRuleInfoStatus.7=5, flowRuleInfoOwner.7=\"a1\"", "noError"},
			{"", "flowRuleInfoOwner.7=\"b\"", "wrongValue 1"},
			{"b", "flowRuleInfoName.7=\"x\"", "noAccess 1"},
			{"", "flowRuleInfoStatus.7=6", "noAccess 1"},
			{"", "flowRuleAction.7.1=3", "noAccess 1"},
			{"private", "flowRuleInfoSize.7=1, " + oneRule + ", flowRuleInfoStatus.7=1", "noError"},
			{"a", "flowManagerStatus.3=4, flowManagerCurrentRuleSet.3=7, flowManagerOwner.3=\"a\"", "noError"},
			{"b", "flowManagerCurrentRuleSet.3=0", "noAccess 1"},
			{"private", "flowReaderStatus.3=4, flowReaderRuleSet.3=7, flowReaderOwner.3=\"bb\"", "noError"},
			{"a", "flowReaderLastTime.3=0", "noAccess 1"},
			{"", "ntmReaderWaits.3=1", "noAccess 1"},
		}},
		{"reader's extras", []step{
			{"", "flowReaderStatus.3=4, flowReaderRuleSet.3=1, ntmReaderWaits.3=1", "noError"},
			{"", "ntmReaderCollected.3=x0000000000000001", "inconsistentValue 1"}, // no interval has ended
			{"", "ntmReaderTime.3=x00000000ffffffff", "inconsistentValue 1"},      // not reached
			{"", "ntmReaderTime.3=x0000000000000001, ntmReaderCollected.3=x0000000000000000", "noError"},
			{"", "ntmReaderTime.3=x01", "wrongLength 1"},
			{"", "ntmReaderWaits.4=1", "inconsistentName 1"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, meter.Config{})
			for i, s := range tt.steps {
				if s.as != "" {
					r.as = s.as
				}
				before := r.snapshot()
				if got := r.set(parse(t, s.binds)...); got != s.want {
					t.Errorf("step %d: %s: %s, want %s", i, s.binds, got, s.want)
				}
				if s.want != "noError" && !slices.Equal(before, r.snapshot()) {
					t.Errorf("step %d: %s: refused, and something changed", i, s.binds)
				}
			}
		})
	}
}

// snapshot reads all that managers write, but for why rule sets were refused.
func (r *rig) snapshot() (all []string) {
	r.t.Helper()
	defer func(as string) { r.as = as }(r.as)
	r.as = "private"
	for _, root := range []string{"flowControl", "flowRules", "ntmReaderTable"} {
		for _, b := range r.walk(root) {
			all = append(all, mib.OIDName(b.name)+"="+show(&b.value))
		}
	}
	return all
}

// TestSetIsWhole: one bad binding anywhere in a Set and nothing is done.
func TestSetIsWhole(t *testing.T) {
	good := "flowRuleInfoStatus.7=4, flowRuleInfoSize.7=1, " + oneRule + ", flowManagerStatus.1=4, flowManagerCurrentRuleSet.1=7, flowFloodMark.0=33"
	n := len(parse(t, good))
	for at := range n + 1 {
		r := newRig(t, meter.Config{})
		before := r.snapshot()
		binds := slices.Insert(parse(t, good), at, set(t, "flowActiveFlows.0", 1))
		if got, want := r.set(binds...), fmt.Sprintf("notWritable %d", at+1); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		if !slices.Equal(before, r.snapshot()) {
			t.Fatalf("something changed with the bad binding at %d", at)
		}
	}
}

func TestRefusedRuleSetTellsWhy(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.mustSet(parse(t, "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=2, flowRuleAction.7.1=3, flowRuleAction.7.2=10, flowRuleParameter.7.2=9")...)
	if got := r.set(set(t, "flowRuleInfoStatus.7", 1)); got != "inconsistentValue 1" {
		t.Fatal(got)
	}
	if why := r.get("ntmRuleSetError.7"); !strings.Contains(why, "rule 2") {
		t.Errorf("the reason is %q", why)
	}
	if got := r.get("flowRuleInfoStatus.7"); got != "2" {
		t.Errorf("status %s, want notInService", got)
	}
	r.mustSet(set(t, "flowRuleParameter.7.2", 1), set(t, "flowRuleInfoStatus.7", 1))
	if why := r.get("ntmRuleSetError.7"); why != "" {
		t.Errorf("the reason is still %q", why)
	}
}

// outsideLog is a log that changes the meter's state when it is written to,
// which ends the test if the state is held meanwhile.
type outsideLog struct {
	bytes.Buffer
	meter *control.Meter
}

func (l *outsideLog) Write(b []byte) (int, error) {
	_ = l.meter.Update(func(*control.Tables) error { return nil })
	return l.Buffer.Write(b)
}

// TestRefusedSetIsLogged, and not before metering goes on: whoever reads the
// log may be slow.
func TestRefusedSetIsLogged(t *testing.T) {
	r := newRig(t, meter.Config{})
	log := &outsideLog{meter: r.meter}
	r.view.cfg.Log = slog.New(slog.NewTextHandler(log, nil))
	if got := r.set(set(t, "flowRuleInfoStatus.7", 4)); got != "inconsistentValue 1" {
		t.Fatal(got)
	}
	if lines := log.String(); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, `principal=private row="rule set" index=7`) {
		t.Errorf("log %q", lines)
	}
	r.mustSet(set(t, "flowManagerStatus.1", 4))
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines", n)
	}
}

// TestLifeOfARuleSet is a manager that has nothing but Sets.
func TestLifeOfARuleSet(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.download(7, perHost)
	for name, want := range map[string]string{
		"flowRuleInfoStatus.7": "1", "flowRuleInfoOwner.7": "me", "flowRuleInfoName.7": "test", "flowRuleInfoRulesReady.7": "1",
	} {
		if got := r.get(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	rs := compile(t, perHost)
	for i, rule := range rs.Rules {
		if got, want := r.get(fmt.Sprintf("flowRuleAction.7.%d", i+1)), fmt.Sprint(int(rule.Action)); got != want {
			t.Errorf("action of rule %d is %s, want %s", i+1, got, want)
		}
	}
	r.feed(0, 5, 0)
	if got := r.get("flowRuleInfoFlowRecords.7"); got != "0" {
		t.Errorf("%s flows before it runs", got)
	}
	r.run(7)
	r.feed(0, 5, time.Second)
	if got := r.get("flowRuleInfoFlowRecords.7"); got != "5" {
		t.Errorf("%s flows, want 5", got)
	}
	if got := r.set(set(t, "flowRuleAction.7.1", 1)); got != "notWritable 1" {
		t.Errorf("a running rule set can be changed: %s", got)
	}
	if n := len(r.walk("flowDataSourcePeerAddress")); n != 5 {
		t.Errorf("%d flows are read, want 5", n)
	}
	r.mustSet(set(t, "flowManagerStatus.7", 6))
	r.feed(0, 5, 2*time.Second)
	if got := r.get("ntmRuleSetPDUs.7"); got != "5" {
		t.Errorf("%s PDUs, want 5: it ran on", got)
	}
	r.mustSet(set(t, "flowRuleInfoStatus.7", 6))
	if n := len(r.walk("flowDataSourcePeerAddress")); n != 0 {
		t.Errorf("%d flows of a destroyed rule set are read", n)
	}
	if got := r.get("ntmFlowsCreated.0"); got != "5" {
		t.Errorf("%s flows created, want 5", got)
	}
}

// TestTableOfRowsIsFull: a table that is full takes a row when another goes in the
// same Set, whichever comes first there.
func TestTableOfRowsIsFull(t *testing.T) {
	for _, status := range []string{"flowManagerStatus", "flowReaderStatus"} {
		t.Run(status, func(t *testing.T) {
			r := newRig(t, meter.Config{})
			row := func(n, to int) bind { return set(t, fmt.Sprintf("%s.%d", status, n), to) }
			const wait, destroy = 5, 6
			for i := range mib.MaxRows {
				r.mustSet(row(1000+i, wait))
			}
			for _, step := range []struct {
				binds []bind
				want  string
			}{
				{[]bind{row(1, wait)}, "resourceUnavailable 1"},
				{[]bind{row(1, wait), row(1000, destroy)}, "noError"},
				{[]bind{row(1000, destroy), row(2, wait)}, "resourceUnavailable 2"},
				{[]bind{row(1001, destroy), row(2, wait)}, "noError"},
				{[]bind{row(3, wait), row(4, wait), row(1002, destroy)}, "resourceUnavailable 1"},
				{[]bind{row(3, wait), row(3, wait)}, "resourceUnavailable 1"},
				{[]bind{row(1002, destroy)}, "noError"},
				{[]bind{row(3, wait)}, "noError"},
				{[]bind{row(4, wait)}, "resourceUnavailable 1"},
			} {
				if got := r.set(step.binds...); got != step.want {
					t.Errorf("%v: %s, want %s", step.binds, got, step.want)
				}
			}
		})
	}
}

// TestSetOrder is the order of RFC 3416 §4.2.5: what is wrong with a value by
// itself is said before what is wrong with the row, and what another may not
// touch before all of it.
func TestSetOrder(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.download(7, perHost) // active
	r.mustSet(parse(t, `flowManagerStatus.1=4, flowManagerCurrentRuleSet.1=7, flowManagerOwner.1="a man"`)...)
	r.mustSet(parse(t, `flowReaderStatus.1=4, flowReaderRuleSet.1=7, flowReaderOwner.1="a reader"`)...)
	long := strings.Repeat("x", 128)
	for _, column := range []struct {
		name  string
		index []string // of a row in which it may not be written now, one that is not there, one that cannot be
		good  any
		wrong any // a value that is never allowed; nil if there is none
	}{
		{"flowRuleInfoSize", []string{"7", "9", "300"}, 5, 65536},
		{"flowRuleInfoOwner", []string{"7", "9", "300"}, "x", "\xff\xfe"},
		{"flowRuleInfoName", []string{"7", "9", "300"}, "x", long},
		{"flowRuleInfoStatus", []string{"", "", "300"}, 1, 3},
		{"flowRuleInfoRulesReady", []string{"7", "9", "300"}, 1, 3},
		{"flowRuleSelector", []string{"7.1", "9.1", "300.1"}, 1, 200},
		{"flowRuleAction", []string{"7.1", "9.1", "300.1"}, 1, 99},
		{"flowRuleParameter", []string{"7.1", "9.1", "7.65536"}, 1, 65536},
		{"flowReaderTimeout", []string{"", "9", "0"}, 1, -1},
		{"flowReaderOwner", []string{"1", "9", "0"}, "x", "\xff\xfe"},
		{"flowReaderStatus", []string{"", "", "0"}, 1, 3},
		{"flowReaderRuleSet", []string{"1", "9", "0"}, 7, 256},
		{"ntmReaderWaits", []string{"", "9", "0"}, 1, 3},
		{"flowManagerCurrentRuleSet", []string{"", "9", "0"}, 7, 256},
		{"flowManagerStandbyRuleSet", []string{"", "9", "0"}, 7, -1},
		{"flowManagerHighWaterMark", []string{"", "9", "0"}, 7, 101},
		{"flowManagerCounterWrap", []string{"1", "9", "0"}, 1, 3},
		{"flowManagerOwner", []string{"1", "9", "0"}, "x", "\xff\xfe"},
		{"flowManagerRunningStandby", []string{"", "9", "0"}, 2, 3},
		{"flowInterfaceSampleRate", []string{"", "200", "300"}, 1, -1},
	} {
		for i, refused := range []string{"notWritable 1", "inconsistentName 1", "noCreation 1"} {
			if column.index[i] == "" {
				continue
			}
			name := column.name + "." + column.index[i]
			if got := r.set(set(t, name, column.good)); got != refused {
				t.Errorf("%s, a good value: %s, want %s", name, got, refused)
			}
			if got := r.set(set(t, name, column.wrong)); !strings.HasPrefix(got, "wrong") {
				t.Errorf("%s, a value that is never allowed: %s", name, got)
			}
			if got := r.set(set(t, name, ber.Value{Tag: ber.IPAddress, Bytes: []byte{1, 2, 3, 4}})); got != "wrongType 1" {
				t.Errorf("%s, another type: %s", name, got)
			}
		}
		if name := column.name + "." + column.index[0]; column.index[0] != "" {
			r.as = "b"
			if got := r.set(set(t, name, column.wrong)); got != "noAccess 1" {
				t.Errorf("%s, another's, a wrong value: %s", name, got)
			}
			r.as = "private"
		}
	}
}

// TestManyRulesInOneSet fills a datagram with rules and creates their row too.
func TestManyRulesInOneSet(t *testing.T) {
	r := newRig(t, meter.Config{})
	const rules = 400
	binds := parse(t, fmt.Sprintf("flowRuleInfoStatus.9=4, flowRuleInfoSize.9=%d", rules))
	for i := range rules {
		binds = append(binds,
			setAt(t, "flowRuleSelector", 9, i+1, int(mib.AttrSourceTransAddress)),
			setAt(t, "flowRuleMask", 9, i+1, "\xff\xff"),
			setAt(t, "flowRuleMatchedValue", 9, i+1, string([]byte{byte(i >> 8), byte(i)})),
			setAt(t, "flowRuleAction", 9, i+1, int(mib.ActionCount)))
	}
	slices.Reverse(binds)
	r.mustSet(binds...)
	if got := r.get("flowRuleMatchedValue.9.258"); got != "\x01\x01" && got != "0101" {
		t.Errorf("rule 258 has the value %q", got)
	}
	if n := len(r.walk("flowRuleAction.9")); n != rules {
		t.Errorf("%d rules are read", n)
	}
}

func TestOwnersSeeTheirOwn(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.download(7, perHost) // of "me"
	r.run(7)
	r.as = "b"
	r.mustSet(parse(t, "flowRuleInfoStatus.8=4, flowRuleInfoOwner.8=\"b\", flowRuleInfoSize.8=1, "+strings.ReplaceAll(oneRule, ".7.", ".8."))...)
	r.mustSet(parse(t, "flowManagerStatus.8=4, flowManagerOwner.8=\"b\", flowManagerCurrentRuleSet.8=8")...)
	r.feed(0, 5, 0)
	for root, want := range map[string]int{
		"flowRuleInfoSize": 1, "flowManagerOwner": 1, "flowRuleAction": 1, "ntmRuleSetPDUs": 1, "flowDataToPDUs": 1,
	} {
		if n := len(r.walk(root)); n != want {
			t.Errorf("%s: %d rows are seen, want %d", root, n, want)
		}
	}
	if got := r.get("flowRuleInfoName.7"); got != ber.NoSuchInstance.String() {
		t.Errorf("another's rule set: %s", got)
	}
	r.as = "a" // limited in writing only
	if n := len(r.walk("flowDataToPDUs")); n != 6 {
		t.Errorf("%d flows are seen, want 6", n)
	}
}

// TestUnfinishedReader: what a row still needs is not there (RFC 2579
// RowStatus); 0 would be outside the column's range.
func TestUnfinishedReader(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.mustSet(set(t, "flowReaderStatus.1", 5))
	if st, rs := r.get("flowReaderStatus.1"), r.get("flowReaderRuleSet.1"); st != "3" || rs != "noSuchInstance" {
		t.Errorf("status %s, rule set %s", st, rs)
	}
	r.mustSet(set(t, "flowReaderRuleSet.1", 7))
	if st, rs := r.get("flowReaderStatus.1"), r.get("flowReaderRuleSet.1"); st != "2" || rs != "7" {
		t.Errorf("status %s, rule set %s", st, rs)
	}
}

// TestLargeSetOfAnOwner has as many bindings as a message holds. What they refer
// to is found out in one pass: the meter stands still meanwhile, and a pass for
// each binding takes a quarter of a minute.
func TestLargeSetOfAnOwner(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.as = "b"
	r.mustSet(parse(t, "flowManagerStatus.1=4, flowManagerOwner.1=\"b\"")...)
	r.mustSet(slices.Repeat(parse(t, "flowManagerStatus.1=1"), 3000)...)
}

// TestOwnersReferToTheirOwn: whoever does not see a rule set can neither hold
// its flows, by a reader, nor the rule set itself, by a task. The built-in one,
// which runs anyway, is everybody's standby.
func TestOwnersReferToTheirOwn(t *testing.T) {
	r := newRig(t, meter.Config{})
	// A row may be there before the rule set it names.
	r.as = "b"
	r.mustSet(parse(t, "flowReaderStatus.1=5, flowReaderOwner.1=\"b\", flowReaderRuleSet.1=7")...)
	r.as = "private"
	r.download(7, perHost) // of "me"
	r.run(7)
	r.as = "b"
	r.mustSet(parse(t, "flowRuleInfoStatus.8=4, flowRuleInfoOwner.8=\"b\", flowRuleInfoSize.8=1, "+strings.ReplaceAll(oneRule, ".7.", ".8."))...)
	for _, st := range []step{
		{"b", "flowReaderStatus.1=1", "inconsistentValue 1"},
		{"b", "flowReaderStatus.2=4, flowReaderOwner.2=\"b\", flowReaderRuleSet.2=7", "inconsistentValue 3"},
		{"b", "flowReaderStatus.1=1, flowReaderRuleSet.1=8", "noError"},
		{"b", "flowManagerStatus.8=4, flowManagerOwner.8=\"b\", flowManagerCurrentRuleSet.8=7", "inconsistentValue 3"},
		{"b", "flowManagerStatus.8=4, flowManagerOwner.8=\"b\", flowManagerCurrentRuleSet.8=8, flowManagerStandbyRuleSet.8=7", "inconsistentValue 4"},
		{"b", "flowManagerStatus.8=4, flowManagerOwner.8=\"b\", flowManagerCurrentRuleSet.8=8, flowManagerStandbyRuleSet.8=1", "noError"},
		{"b", "flowManagerCurrentRuleSet.8=7", "inconsistentValue 1"},
		{"b", "flowReaderStatus.3=4, flowReaderOwner.3=\"b\", flowReaderRuleSet.3=1", "inconsistentValue 3"},
		// Who sees all may read all: a master runs a rule set for many readers.
		{"a", "flowReaderStatus.2=4, flowReaderOwner.2=\"a\", flowReaderRuleSet.2=7", "noError"},
	} {
		r.as = st.as
		if got := r.set(parse(t, st.binds)...); got != st.want {
			t.Errorf("%s: %s: %s, want %s", st.as, st.binds, got, st.want)
		}
	}
}
