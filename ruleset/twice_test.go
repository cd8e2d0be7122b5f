package ruleset

import (
	"strings"
	"testing"
)

// TestTwice: of two distributions of one attribute on one way the second has no effect.
func TestTwice(t *testing.T) {
	const (
		begin = "Null & 0 = 0: GotoAct, Next;\n"
		one   = "FlowTime & 1.3.1!700 = 100.0!0: PushPktToAct, Next;\n"
		two   = "FlowTime & 2.3.1!700 = 100.0!0: PushPktToAct, Next;\n"
		count = "Null & 0 = 0: Count, 0;\n"
	)
	for _, tt := range []struct{ name, rules, want string }{
		{"twice", begin + one + two + count, "rule 3: this has no effect on FlowTime: rule 2 saves it before, with other parameters"},
		{"with the Count", begin + one + "FlowTime & 2.3.1!700 = 100.0!0: CountPkt, 0;", "rule 3: this has no effect"},
		{"three times", begin + one + two + "FlowTime & 2.4.1!700 = 100.0!0: CountPkt, 0;", "rule 4: this has no effect on FlowTime: rule 2 "},
		{"the same again", begin + one + one + count, ""},
		{"of two attributes", begin + one + "ToFlowOctets & 1.0.1!700 = 100.0!0: PushPktToAct, Next;\n" + count, ""},
		{"of two directions", begin + "ToPacketSize & 1.0.25!1500 = 60.0.0!0: PushPktToAct, Next;\nFromPacketSize & 1.0.25!1500 = 50.0.0!0: PushPktToAct, Next;\n" + count, ""},
		{"on two ways", "SourceTransType & 255 = 6: GotoAct, L;\nNull & 0 = 0: GotoAct, Next;\nFlowTime & 1.3.1!700 = 100.0!0: CountPkt, 0;\nL: FlowTime & 2.3.1!700 = 100.0!0: CountPkt, 0;", ""},
		{"on some ways before", "SourceTransType & 255 = 6: GotoAct, L;\nNull & 0 = 0: GotoAct, M;\nL: " + one + "M: FlowTime & 2.3.1!700 = 100.0!0: CountPkt, 0;", ""},
		{"of two rules on two ways before", "SourceTransType & 255 = 6: GotoAct, L;\nNull & 0 = 0: GotoAct, Next;\nFlowTime & 1.3.1!700 = 100.0!0: PushPktToAct, M;\nL: FlowTime & 1.4.1!700 = 100.0!0: PushPktToAct, M;\nM: FlowTime & 2.3.1!700 = 100.0!0: CountPkt, 0;", ""},
		{"in a subroutine", begin + "FlowTime & 1.3.1!700 = 100.0!0: PushPktToAct, Next;\nNull & 0 = 0: GosubAct, S;\n" + count + "S: FlowTime & 2.3.1!700 = 100.0!0: PushPktToAct, Next;\nNull & 0 = 0: Return, 1;", "rule 5: this has no effect"},
		{"behind a subroutine", begin + "Null & 0 = 0: GosubAct, S;\n" + two + count + "S: " + one + "Null & 0 = 0: Return, 1;", "rule 3: this has no effect"},
		{"in a subroutine that is called twice", begin + "Null & 0 = 0: GosubAct, S;\n" + two + "Null & 0 = 0: GosubAct, S;\n" + count + "S: " + one + "Null & 0 = 0: Return, 1;", "rule 3: this has no effect"},
		{"popped", begin + one + "Null & 0 = 0: PopToAct, Next;\n" + two + count, ""},
		{"a loop", "L: SourceTransType & 255 = 6: GotoAct, M;\n" + count + "M: FlowTime & 1.3.1!700 = 100.0!0: PushPktTo, L;\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, ds, err := ReadText("r", []byte("RULES\n"+tt.rules), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := ds.Warnings(); !strings.Contains(got, tt.want) || tt.want == "" && strings.Contains(got, "no effect") {
				t.Errorf("got %v\nwant %q", got, tt.want)
			}
		})
	}
}
