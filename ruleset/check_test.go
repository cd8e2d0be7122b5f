package ruleset

import (
	"fmt"
	"strings"
	"testing"

	"netramet/mib"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // "E rule field: beginning", in order; none: nothing to say
	}{
		{"right", "Null & 0 = 0: Count, 0;", nil},
		{"target 0", "Null & 0 = 0: Goto, 0;", []string{"E 1 parameter: Goto goes to rule 0"}},
		{"target behind the end", "Null & 0 = 0: PushRuleTo, 3;", []string{"E 1 parameter: PushRuleTo goes to rule 3; there are 1 rules"}},
		{"target at the end", "FlowKind & 255 = 1: PushRuleTo, 3;" + countAll, nil},
		{"nothing but a target at the end", "Null & 0 = 0: PushRuleTo, Next;", []string{"W 0 rule: no packet ever gets to a Count"}},
		{"Gosub of the end", "FlowKind & 255 = 1: Gosub, 3;" + countAll, nil},
		{"Return 0", "Null & 0 = 0: Gosub, 2; Null & 0 = 0: Return, 0;", []string{"E 2 parameter: Return, 0"}},
		{"Assign to no variable", "FlowKind & 0 = 8: Assign, 2;" + countAll, []string{"E 1 selector: Assign sets the variables"}},
		{"Assign of a counter", "V1 & 0 = ToPDUs: Assign, 2;" + countAll, []string{"E 1 value: Assign gives V1"}},
		{"Assign of a variable", "V1 & 0 = V2: Assign, 2;" + countAll, []string{"E 1 value: Assign gives V1"}},
		{"Assign of an address", "V1 & 0 = 10.1: Assign, 2;" + countAll, []string{"E 1 value: Assign gives V1"}},
		{"save of a counter", "ToPDUs & 0 = 0: PushPktTo, 2;" + countAll, []string{"E 1 selector: PushPktTo saves ToPDUs"}},
		{"save of the direction", "MatchingStoD & 1 = 1: PushRuleTo, 2;" + countAll, []string{"E 1 selector: PushRuleTo saves MatchingStoD"}},
		{"Count saves too", "MatchingStoD & 1 = 1: Count, 0;" + countAll, []string{"E 1 selector: Count saves MatchingStoD"}},
		{"test of the direction", "MatchingStoD & 1 = 1: NoMatch, 0;" + countAll, nil},
		{"test of a counter", "ToPDUs & 255 = 0: Goto, 2;" + countAll, []string{"E 1 selector: ToPDUs cannot be tested"}},
		{"distribution, test on", "ToPacketSize & 1.0.25!1500 = 60.0!0: PushPktTo, 2;" + countAll,
			[]string{"E 1 selector: ToPacketSize cannot be tested"}},
		{"distribution", "Null & 0 = 0: GotoAct, 2; ToPacketSize & 1.0.25!1500 = 60.0!0: PushPktTo, 3;" + countAll, nil},
		{"distribution of one bucket", "Null & 0 = 0: GotoAct, 2; ToPacketSize & 1.0.25!1500 = 1.0!0: PushPktTo, 3;" + countAll,
			[]string{"E 2 value: ToPacketSize has 1 bucket"}},
		{"distribution of no transform", "Null & 0 = 0: GotoAct, 2; ToPacketSize & 3.0.25!1500 = 60.0!0: PushPktTo, 3;" + countAll,
			[]string{"E 2 mask: transform 3"}},
		{"distribution of no width", "Null & 0 = 0: GotoAct, 2; ToPacketSize & 1.0.25!25 = 60.0!0: PushPktTo, 3;" + countAll,
			[]string{"E 2 mask: the limits 25 and 25"}},
		{"distribution from 0, logarithmic", "Null & 0 = 0: GotoAct, 2; ToPacketSize & 2.0.0!25 = 60.0!0: PushPktTo, 3;" + countAll,
			[]string{"E 2 mask: the lower limit"}},
		{"distribution of vast scale", "Null & 0 = 0: GotoAct, 2; ToPacketSize & 2.15.1!25 = 60.0!0: PushPktTo, 3;" + countAll,
			[]string{"E 2 mask: the scale factor 15"}},
		{"distribution of a rate without seconds", "Null & 0 = 0: GotoAct, 2; FromBitRate & 2.3.1!10000 = 60.0!0: PushPktTo, 3;" + countAll,
			[]string{"E 2 value: parameter 1 of FromBitRate, the seconds between two samples, is 0"}},
		{"distribution of a rate", "Null & 0 = 0: GotoAct, 2; FromBitRate & 2.3.1!10000 = 60.5.0!0: PushPktTo, 3;" + countAll, nil},
		{"distribution of unknown pairs", "Null & 0 = 0: GotoAct, 2; ToTurnaroundTime1 & 1.3.1!700 = 100.5.0!0: PushPktTo, 3;" + countAll,
			[]string{"E 2 value: parameter 1 of ToTurnaroundTime1 is 5, which pairs no packets"}},
		{"distribution of DNS times", "Null & 0 = 0: GotoAct, 2; ToTurnaroundTime1 & 1.3.1!700 = 100.11.0!0: PushPktTo, 3;" + countAll, nil},
		{"distribution with a parameter that nothing uses", "Null & 0 = 0: GotoAct, 2; ToTurnaroundTime & 1.3.1!700 = 100.6!0: PushPktTo, 3;" + countAll,
			[]string{"W 2 value: parameter 2 of ToTurnaroundTime is 1536, and nothing uses it"}},
		{"distribution by PushRule", "Null & 0 = 0: GotoAct, 2; ToPacketSize & 1.0.25!1500 = 60.0!0: PushRuleTo, 3;" + countAll,
			[]string{"W 2 action: distributions are asked for by PushPktTo"}},
		{"PushPkt with a value, test on", "SourcePeerType & 255 = 1: PushPktTo, 2;" + countAll,
			[]string{"E 1 value: PushPktTo with a value"}},
		{"PushPkt with a value, test off", "Null & 0 = 0: GotoAct, 2; SourcePeerType & 255 = 1: PushPktTo, 3;" + countAll,
			[]string{"W 2 value: PushPktTo saves what the packet holds"}},
		{"PushPkt of 0, test on", "SourcePeerType & 255 = 0: PushPktTo, 2;" + countAll,
			[]string{"W 1 value: PushPktTo is entered with its test on"}},
		{"CountPkt of 0, test on", "SourcePeerType & 255 = 0: CountPkt, 0;" + countAll,
			[]string{"W 1 value: CountPkt is entered with its test on"}},
		{"CountPkt with a test", "SourcePeerType & 255 = 1: CountPkt, 0;" + countAll, nil},
		{"PushPkt of a computed 0", "FlowKind & 255 = 0: PushPktTo, 2;" + countAll, nil},
		{"a value no packet has", "VLANid & 255.255 = 5000: Goto, 2;" + countAll, []string{"E 1 value: VLANid is a number from 0 to 4095, it is never 5000"}},
		{"a value no packet has, saved", "Null & 0 = 0: GotoAct, 2; DSCodePoint & 255 = 64: PushRuleTo, 3;" + countAll, []string{"E 2 value: DSCodePoint is a number from 0 to 63"}},
		{"another value than before", "SourcePeerType & 255 = 1: Goto, 3; Null & 0 = 0: Ignore, 0; DestPeerType & 255 = 2: Goto, 4;" + countAll,
			[]string{"W 3 value: the test never succeeds after that of rule 1: DestPeerType has one value"}},
		{"another network than before", "SourcePeerAddress & 255.0.0.0 = 10.0: Goto, 3; Null & 0 = 0: Ignore, 0; SourcePeerAddress & 255.255.0.0 = 192.168: Goto, 4;" + countAll,
			[]string{"W 3 value: the test never succeeds after that of rule 1"}},
		{"a list, some of it let through", "SourcePeerType & 255 = 1: Goto, 3; Null & 0 = 0: Ignore, 0; SourcePeerType & 255 = 2: Goto, 5; SourcePeerType & 255 = 1: Goto, 5;" + countAll, nil},
		{"a list, nothing let through", "SourcePeerType & 255 = 1: Goto, 3; Null & 0 = 0: Ignore, 0; SourcePeerType & 255 = 2: Goto, 5; SourcePeerType & 255 = 3: Goto, 5;" + countAll,
			[]string{"W 3 value: the test never succeeds after that of rule 1"}},
		{"one of a list before", "SourcePeerType & 255 = 1: Goto, 4; SourcePeerType & 255 = 2: Goto, 4; Null & 0 = 0: Ignore, 0; SourcePeerType & 255 = 2: Goto, 5;" + countAll, nil},
		{"none of a list before", "SourcePeerType & 255 = 1: Goto, 4; SourcePeerType & 255 = 2: Goto, 4; Null & 0 = 0: Ignore, 0; SourcePeerType & 255 = 3: Goto, 5;" + countAll,
			[]string{"W 4 value: the test never succeeds after that of rule 1"}},
		{"what a failed test has left", "SourcePeerType & 255 = 1: Goto, 4; SourcePeerType & 255 = 2: Goto, 4; Null & 0 = 0: Ignore, 0; SourcePeerType & 255 = 1: Ignore, 0; SourcePeerType & 255 = 1: Goto, 6;" + countAll,
			[]string{"W 5 rule: the test never succeeds: rule 4 takes", "W 5 value: the test never succeeds after that of rule 1"}},
		{"in a subroutine", "SourcePeerType & 255 = 1: Gosub, 4; Null & 0 = 0: Count, 0; Null & 0 = 0: Count, 0; SourcePeerType & 255 = 2: Goto, 5; Null & 0 = 0: Return, 1;",
			[]string{"W 3 rule: no packet ever", "W 4 value: the test never succeeds after that of rule 1"}},
		{"behind a subroutine", "SourcePeerType & 255 = 1: Gosub, 5; Null & 0 = 0: Goto, 3; SourcePeerType & 255 = 2: Ignore, 0; Null & 0 = 0: Count, 0; Null & 0 = 0: Return, 1;", nil},
		{"an address longer than IPv4's", "SourcePeerType & 255 = 1: Goto, 3; Null & 0 = 0: Ignore, 0; SourcePeerAddress & /48 = 2001:db8:1::: Goto, 4;" + countAll,
			[]string{"W 3 value: the test never succeeds: rule 1 lets only IPv4 through"}},
		{"an address of either", "SourcePeerType & 255 = 1: Goto, 3; Null & 0 = 0: Goto, 3; SourcePeerAddress & /48 = 2001:db8:1::: Goto, 4;" + countAll, nil},
		{"value outside the mask", "SourcePeerAddress & 255.0.0.0 = 10: Goto, 2;" + countAll,
			[]string{"W 1 value: the test never succeeds: the value has bits outside"}},
		{"value outside the mask of a variable", "V1 & 0 = DestPeerAddress: Assign, 2; V1 & 255 = 0.1: Ignore, 0;" + countAll,
			[]string{"W 2 value: the value has bits outside the mask: the test only succeeds while V1 holds nothing"}},
		{"value outside the mask of a variable never set", "V1 & 255 = 0.1: Goto, 3; Null & 0 = 0: Goto, 1;" + countAll,
			[]string{"W 1 selector: V1 is used", "W 2 rule: no packet ever gets here"}},
		{"a loop on a variable never set", "V1 & 255 = 1: Goto, 1;" + countAll,
			[]string{"W 1 selector: V1 is used", "E 1 rule: an endless loop: from here"}},
		{"Assign makes no test", "V1 & 1 = DestPeerAddress: Assign, 3; Null & 0 = 0: Ignore, 0;" + countAll,
			[]string{"W 2 rule: no packet ever gets here"}},
		{"Assign of a distribution", "V1 & 0 = ToPacketSize: Assign, 2;" + countAll, []string{"E 1 value: Assign gives V1"}},
		{"no test of a counter", "ToPDUs & 0 = 0: Goto, 2;" + countAll, []string{"E 1 selector: ToPDUs cannot be tested"}},
		{"Return without Gosub", "Null & 0 = 0: Return, 1;" + countAll, []string{"E 1 action: Return is reached without"}},
		{"Return by Goto out of main", "Null & 0 = 0: Gosub, 4; Null & 0 = 0: Goto, 4;" + countAll + "Null & 0 = 0: Return, 1;",
			[]string{"E 4 action: Return is reached without"}},
		{"Return behind the end", "Null & 0 = 0: Gosub, 3;" + countAll + "Null & 0 = 0: Return, 4;",
			[]string{"E 3 parameter: Return, 4 from the Gosub of rule 1"}},
		{"Return to the end", "FlowKind & 255 = 1: Gosub, 3;" + countAll + "Null & 0 = 0: Return, 3;", nil},
		{"subroutine", "Null & 0 = 0: Gosub, 3;" + countAll + "Null & 0 = 0: Return, 1;", nil},
		{"recursion", "Null & 0 = 0: Gosub, 3;" + countAll + "FlowKind & 255 = 1: Gosub, 3; Null & 0 = 0: Return, 1;",
			[]string{"E 3 parameter: the subroutine at rule 3 calls itself"}},
		{"recursion of two", "Null & 0 = 0: Gosub, 3;" + countAll +
			"FlowKind & 255 = 1: Gosub, 5; Null & 0 = 0: Return, 1; FlowKind & 255 = 2: Gosub, 3; Null & 0 = 0: Return, 1;",
			[]string{"E 5 parameter: the subroutine at rule 3 calls itself"}},
		{"two calls are no recursion", "Null & 0 = 0: Gosub, 4; Null & 0 = 0: Gosub, 4;" + countAll + "Null & 0 = 0: Return, 1;", nil},
		{"endless loop", "FlowKind & 255 = 1: Goto, 3;" + countAll + "Null & 0 = 0: GotoAct, 4; FlowKind & 255 = 0: PushRuleTo, 3;",
			[]string{"E 3 rule: an endless loop: from here"}},
		{"a rule that goes to itself", "FlowKind & 255 = 1: Goto, 1;" + countAll, []string{"E 1 parameter: an endless loop: the rule goes to itself"}},
		{"a Pop that goes to itself", "FlowKind & 255 = 1: PopTo, 1;" + countAll, nil},
		{"a loop that may be left", "FlowKind & 255 = 1: Goto, 2; FlowKind & 255 = 2: PushRuleTo, 1;" + countAll, nil},
		{"unreachable rule", "Null & 0 = 0: Goto, 3;" + countAll + countAll, []string{"W 2 rule: no packet ever gets here"}},
		{"unreachable rules", countAll + countAll + countAll, []string{"W 2 rule: no packet ever gets here, nor to the rules up to 3"}},
		{"the same test twice", "FlowKind & 255 = 1: Goto, 3; FlowKind & 255 = 1: Ignore, 0;" + countAll,
			[]string{"W 2 rule: the test never succeeds: rule 1"}},
		{"a test within another", "SourcePeerAddress & /8 = 10.0: Goto, 3; SourcePeerAddress & /16 = 10.1: Ignore, 0;" + countAll,
			[]string{"W 2 rule: the test never succeeds: rule 1"}},
		{"a test that is wider", "SourcePeerAddress & /16 = 10.1: Goto, 3; SourcePeerAddress & /8 = 10.0: Ignore, 0;" + countAll, nil},
		{"the same test in two chains", "SourcePeerType & 255 = 1: Goto, 3; Null & 0 = 0: GotoAct, 4; SourcePeerType & 255 = 1: Ignore, 0;" + countAll, nil},
		{"the same test, also jumped to", "FlowKind & 255 = 1: Goto, 4; FlowKind & 255 = 2: Goto, 3; FlowKind & 255 = 1: Ignore, 0;" + countAll, nil},
		{"nothing counts", "Null & 0 = 0: Ignore, 0;", []string{"W 0 rule: no packet ever gets to a Count"}},
		{"variable never set", "V2 & 255 = 1: Goto, 2;" + countAll, []string{"W 1 selector: V2 is used, but no rule sets it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := parse(&Text{Name: "t", Body: c.text}, ReadOptions{})
			if r.errors > 0 {
				t.Fatal(r.diags)
			}
			got := r.rs.Check()
			for i, f := range got {
				text := fmt.Sprintf("%c %d %s: %s", "EW"[f.Severity], f.Rule, fieldNames[f.Field], f.Message)
				if i >= len(c.want) || !strings.HasPrefix(text, c.want[i]) {
					t.Errorf("unexpected: %s", text)
				}
			}
			if len(got) < len(c.want) {
				t.Errorf("%d findings, want %q", len(got), c.want)
			}
		})
	}
}

var fieldNames = [...]string{"rule", "selector", "mask", "value", "action", "parameter"}

func TestCheckHints(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SourcePeerAddress & 255.0.0.0 = 10: Goto, 2;" + countAll, "for 10.0.0.0 write 10.0"},
		{"SourcePeerAddress & 255.255.0.0 = 33489: Goto, 2;" + countAll, "for 130.209.0.0 write 130.209.0"},
		{"DestTransAddress & FC-00 = 80: Goto, 2;" + countAll, "for 80.0 write 80.0"},
		{"SourcePeerType & 255 = 1: PushPktTo, 2;" + countAll, "use PushRuleTo to save what was tested for; else write 0 and enter it by an action that ends in Act"},
	} {
		r := parse(&Text{Name: "t", Body: c.text}, ReadOptions{})
		found := r.rs.Check()
		if len(found) == 0 || !strings.Contains(found[0].Hint, c.want) {
			t.Errorf("%s: %+v", c.text, found)
		}
	}
}

func TestCheckRulesWithoutText(t *testing.T) {
	var long Octets
	long[19] = 1
	for _, c := range []struct {
		name string
		rule Rule
		want string
	}{
		{"attribute", Rule{Selector: 200, Action: mib.ActionCount}, "there is no attribute 200"},
		{"action 0", Rule{}, "there is no action 0"},
		{"action 18", Rule{Action: 18}, "there is no action 18"},
		{"mask", Rule{Selector: mib.AttrFlowKind, Mask: long, Action: mib.ActionCount}, "the mask is longer"},
		{"value", Rule{Selector: mib.AttrFlowKind, Value: long, Action: mib.ActionCount}, "the value is longer"},
	} {
		rs := &RuleSet{Name: "lan", Rules: []Rule{c.rule}}
		ds := rs.Validate()
		if err := ds.Err(); err == nil || !strings.Contains(err.Error(), "rule set lan: rule 1: "+c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := (&RuleSet{Rules: make([]Rule, MaxRules+1)}).Validate().Err(); err == nil {
		t.Error("too many rules: no error")
	}
	if ds := (&RuleSet{}).Validate(); len(ds) != 1 || ds.Err() != nil {
		t.Errorf("no rules: %v", ds)
	}
}

// TestCheckGivesUp builds subroutines that all run through the same long tail
// of rules: the work is bounded and nothing wrong is said.
func TestCheckGivesUp(t *testing.T) {
	const calls = 4000
	var rules []Rule
	for i := range calls {
		rules = append(rules, Rule{Action: mib.ActionGosub, Parameter: uint16(calls + 2 + i)})
	}
	rules = append(rules, Rule{Action: mib.ActionIgnore})
	for i := range calls {
		rules = append(rules, Rule{Selector: mib.AttrFlowKind, Mask: Octets{255}, Value: Octets{1}, Action: mib.ActionGoto, Parameter: uint16(calls + 3 + i)})
	}
	rules = append(rules, Rule{Action: mib.ActionReturn, Parameter: 1})
	if found := (&RuleSet{Rules: rules}).Check(); len(found) != 0 {
		t.Errorf("%d findings, the first %+v", len(found), found[0])
	}
}
