package ruleset

import (
	"fmt"
	"strings"
	"testing"
)

// pushes is n rules that push, the first numbered first.
func pushes(n, first int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "SourcePeerType & 255 = 0: PushPktToAct, %d;\n", first+i+1)
	}
	return b.String()
}

func TestQueueLimit(t *testing.T) {
	const act = "Null & 0 = 0: GotoAct, 2;"
	optional := strings.Repeat("SourcePeerType & 255 = 1: PushRuleTo, Next;", MaxQueue)
	for _, c := range []struct {
		name, text string
		want       string // "E rule" or "W rule", "" for nothing
	}{
		{"as many as there may be", act + pushes(MaxQueue, 2) + countAll, ""},
		{"one more", act + pushes(MaxQueue+1, 2) + countAll, "E 130"},
		{"one more by Count", act + pushes(MaxQueue, 2) + "SourceTransType & 255 = 0: CountPkt, 0;", "E 130"},
		{"popped in between", act + pushes(MaxQueue, 2) + "Null & 0 = 0: PopToAct, Next;" + pushes(1, 131) + countAll, ""},
		{"a Pop of nothing", "Null & 0 = 0: PopTo, 2; Null & 0 = 0: GotoAct, 3;" + pushes(MaxQueue+1, 3) + countAll, "E 131"},
		{"on one way", "SourceTransType & 255 = 9: Goto, 133; Null & 0 = 0: GotoAct, 3;" + pushes(MaxQueue+1, 3) + countAll + countAll, "E 131"},
		{"on some way", optional + "SourceTransType & 255 = 6: PushRuleTo, Next;" + countAll, "W 129"},
		{"on some way with tests that go together", optional + "DestPeerType & 3 = 1: PushRuleTo, Next;" + countAll, "W 129"},
		{"on no way", optional + countAll, ""},
		{"on no way, since one test or the other fails", optional + "DestPeerType & 255 = 2: PushRuleTo, Next;" + countAll, ""},
		{"on no way, since the test has failed before", "SourceTransType & 255 = 6: Ignore, 0;" + optional + "SourceTransType & 255 = 6: PushRuleTo, Next;" + countAll, ""},
		{"after an Ignore", "SourceTransType & 255 = 6: Ignore, 0;" + optional + "SourceTransType & 255 = 17: PushRuleTo, Next;" + countAll, "W 130"},
		{"a variable that is set", "FlowKind & 255 = 3: PushRuleTo, Next;" + optional + "FlowKind & 255 = 3: PushRuleTo, Next;" + countAll, ""},
		{"tests that never succeed", optional + "SourceTransType & 254 = 1: PushRuleTo, Next;" + countAll, ""},
		{"never reached", countAll + pushes(MaxQueue+1, 2) + countAll, ""},
		{"twice through a subroutine", "Null & 0 = 0: Gosub, 4; Null & 0 = 0: Gosub, 4;" + countAll +
			"Null & 0 = 0: GotoAct, 5;" + pushes(65, 5) + "Null & 0 = 0: Return, 1;", "W 68"},
		{"twice through a subroutine that fits", "Null & 0 = 0: Gosub, 4; Null & 0 = 0: Gosub, 4;" + countAll +
			"Null & 0 = 0: GotoAct, 5;" + pushes(64, 5) + "Null & 0 = 0: Return, 1;", ""},
		{"after a subroutine", "Null & 0 = 0: Gosub, 5; Null & 0 = 0: GotoAct, 3;" + pushes(1, 3) + countAll +
			"Null & 0 = 0: GotoAct, 6;" + pushes(MaxQueue, 6) + "Null & 0 = 0: Return, 1;", "E 3"},
		{"a way through a subroutine that pushes less", "Null & 0 = 0: Gosub, 5; Null & 0 = 0: GotoAct, 3;" + pushes(1, 3) + countAll +
			"SourcePeerType & 255 = 1: Return, 1; Null & 0 = 0: GotoAct, 7;" + pushes(MaxQueue, 7) + "Null & 0 = 0: Return, 1;", "W 3"},
		{"another slot of the subroutine", "Null & 0 = 0: Gosub, 6; Null & 0 = 0: Ignore, 0; Null & 0 = 0: GotoAct, 4;" + pushes(1, 4) + countAll +
			"SourcePeerType & 255 = 1: Return, 2; Null & 0 = 0: GotoAct, 8;" + pushes(MaxQueue, 8) + "Null & 0 = 0: Return, 1;", ""},
		{"a variable may hold nothing", "FlowKind & 255 = 1: Goto, 3; V1 & 0 = SourcePeerType: Assign, Next;" +
			strings.Repeat("V1 & 255 = 1: PushRuleToAct, Next;", MaxQueue+1) + countAll, "W 131"},
		{"a loop", "SourcePeerType & 255 = 1: PushRuleTo, 2; SourceTransType & 255 = 6: Goto, 1;" + countAll, "W 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := parse(&Text{Name: "t", Body: c.text}, ReadOptions{})
			if r.errors > 0 {
				t.Fatal(r.diags)
			}
			var got []string
			for _, f := range Foresee(r.rs.Rules) {
				if !strings.Contains(f.Message, "saves in one match") {
					t.Errorf("unexpected: %+v", f)
				}
				got = append(got, fmt.Sprintf("%c %d", "EW"[f.Severity], f.Rule))
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}
