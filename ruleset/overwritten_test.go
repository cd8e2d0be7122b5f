package ruleset

import (
	"slices"
	"strings"
	"testing"
)

func TestOverwritten(t *testing.T) {
	const whole = "SourcePeerAddress & /160 = 0: CountPkt, 0;\n"
	for _, tt := range []struct{ name, rules, want string }{
		{"the whole after a part", "Null & 0 = 0: GotoAct, Next;\nSourcePeerAddress & 255.255.255.0 = 0: PushPktToAct, Next;\n" + whole, "rule 2: this has no effect: rule 3 saves SourcePeerAddress again"},
		{"other attributes", "Null & 0 = 0: GotoAct, Next;\nDestPeerAddress & 255.255.255.0 = 0: PushPktToAct, Next;\n" + whole, ""},
		{"on some ways", "Null & 0 = 0: GotoAct, Next;\nSourcePeerAddress & 255.0 = 0: PushPktTo, Next;\nSourceTransType & 255 = 6: GotoAct, L;\nNull & 0 = 0: Count, 0;\nL: " + whole, ""},
		{"on all ways", "Null & 0 = 0: GotoAct, Next;\nSourcePeerAddress & 255.0 = 0: PushPktTo, Next;\nSourceTransType & 255 = 6: GotoAct, L;\nNull & 0 = 0: Ignore, 0;\nL: " + whole, "rule 2: this has no effect: rule 5 saves"},
		{"dropped again", "Null & 0 = 0: GotoAct, Next;\nSourcePeerAddress & 255.0 = 0: PushPktToAct, Next;\nSourcePeerAddress & /160 = 0: PushPktTo, Next;\nNull & 0 = 0: PopTo, Next;\nNull & 0 = 0: Count, 0;", ""},
		{"a variable that is tested", "Null & 0 = 0: GotoAct, Next;\nFlowKind & 255 = 1: PushRuleTo, Next;\nFlowKind & 255 = 1: GotoAct, L;\nNull & 0 = 0: Ignore, 0;\nL: FlowKind & 255 = 2: Count, 0;", ""},
		{"a loop", "L: SourcePeerType & 255 = 1: PushRuleTo, L2;\nNull & 0 = 0: Count, 0;\nL2: SourceTransType & 255 = 6: Goto, L;\nNull & 0 = 0: Count, 0;", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, ds, err := ReadText("r", []byte("RULES\n"+tt.rules), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			told := slices.ContainsFunc(ds, func(d Diag) bool { return strings.Contains(d.Message, "no effect") })
			if told != (tt.want != "") || told && !strings.Contains(ds.Warnings(), tt.want) {
				t.Errorf("got %v\nwant %q", ds.Warnings(), tt.want)
			}
		})
	}
}

func TestUnsaved(t *testing.T) {
	for _, tt := range []struct{ name, rules, want string }{
		{"nothing", "FORMAT SourcePeerAddress ToPDUs;\nRULES\nSourcePeerType & 255 = 1: Count, 0;", "r:1:8: warning: SourcePeerAddress is in the FORMAT, but nothing saves it"},
		{"not reached", "FORMAT DestPeerType;\nRULES\nNull & 0 = 0: Count, 0;\nSourcePeerType & 255 = 1: Count, 0;", "r:1:8: warning: DestPeerType is"},
		{"where nothing is counted", "FORMAT ToPDUs\n SourcePeerAddress;\nRULES\nSourcePeerType & 255 = 1: GotoAct, a;\nSourcePeerType & 255 = 2: Count, 0;\nNull & 0 = 0: Ignore, 0;\na: SourcePeerAddress & /32 = 0: PushPktTo, b;\nb: Null & 0 = 0: Ignore, 0;", "r:2:2: warning: SourcePeerAddress is in the FORMAT, but saved only where the packet is not counted"},
		{"in a subroutine, ignored behind it", "FORMAT SourcePeerAddress;\nRULES\nSourcePeerType & 255 = 1: Gosub, a;\nSourcePeerType & 255 = 2: Ignore, 0;\nNull & 0 = 0: Count, 0;\na: Null & 0 = 0: GotoAct, Next;\nSourcePeerAddress & /32 = 0: PushPktTo, Next;\nNull & 0 = 0: Return, 1;", "saved only where"},
		{"in a subroutine, counted behind it", "FORMAT SourcePeerAddress;\nRULES\nSourcePeerType & 255 = 1: Gosub, a;\nNull & 0 = 0: Ignore, 0;\nNull & 0 = 0: Count, 0;\na: Null & 0 = 0: GotoAct, Next;\nSourcePeerAddress & /32 = 0: PushPktTo, Next;\nNull & 0 = 0: Return, 2;", ""},
		{"the test of a rule that counts nothing", "FORMAT SourcePeerType;\nRULES\nSourcePeerType & 255 = 1: PushRuleTo, 3;\nNull & 0 = 0: Count, 0;\nNull & 0 = 0: NoMatch, 0;", "saved only where"},
		{"lost requests without pairs", "FORMAT ToLostPDUs FromLostPDUs;\nRULES\nNull & 0 = 0: GotoAct, Next;\nToTurnaroundTime1 & 1.3.1!700 = 100.0.0!0: PushPktToAct, Next;\nFromTurnaroundTime2 & 1.3.1!700 = 100.6.0!0: CountPkt, 0;",
			"r:1:8: warning: ToLostPDUs is in the FORMAT, but nothing saves a ToTurnaroundTime of requests and replies"},
		{"lost requests", "FORMAT ToLostPDUs FromLostPDUs;\nRULES\nNull & 0 = 0: GotoAct, Next;\nToTurnaroundTime1 & 1.3.1!700 = 100.7.0!0: PushPktToAct, Next;\nFromTurnaroundTime & 1.3.1!700 = 100.6.0!0: CountPkt, 0;", ""},
		{"the other end's type", "FORMAT DestPeerType;\nRULES\nSourcePeerType & 255 = 1: Count, 0;", ""},
		{"through a variable", "FORMAT SourcePeerAddress;\nRULES\nv1 & 0 = SourcePeerAddress: Assign, Next;\nNull & 0 = 0: GotoAct, Next;\nv1 & /160 = 0: CountPkt, 0;", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, ds, err := ReadText("r", []byte(tt.rules), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := ds.Warnings(); !strings.Contains(got, tt.want) || tt.want == "" && strings.Contains(got, "FORMAT") {
				t.Errorf("got %v\nwant %q", got, tt.want)
			}
		})
	}
}
