package mib

import (
	"fmt"
	"strings"
)

// Action is a PME opcode (RFC 2722 §4.4, RFC 2720 flowRuleAction).
type Action uint8

// The 17 opcodes.
const (
	ActionIgnore        Action = 1
	ActionNoMatch       Action = 2
	ActionCount         Action = 3
	ActionCountPkt      Action = 4
	ActionReturn        Action = 5
	ActionGosub         Action = 6
	ActionGosubAct      Action = 7
	ActionAssign        Action = 8
	ActionAssignAct     Action = 9
	ActionGoto          Action = 10
	ActionGotoAct       Action = 11
	ActionPushRuleTo    Action = 12
	ActionPushRuleToAct Action = 13
	ActionPushPktTo     Action = 14
	ActionPushPktToAct  Action = 15
	ActionPopTo         Action = 16
	ActionPopToAct      Action = 17

	// NumActions is one more than the largest opcode.
	NumActions = 18
)

var actionNames = [NumActions]string{
	1: "Ignore", 2: "NoMatch", 3: "Count", 4: "CountPkt", 5: "Return",
	6: "Gosub", 7: "GosubAct", 8: "Assign", 9: "AssignAct", 10: "Goto",
	11: "GotoAct", 12: "PushRuleTo", 13: "PushRuleToAct", 14: "PushPktTo",
	15: "PushPktToAct", 16: "PopTo", 17: "PopToAct",
}

// actionAliases are spellings of older rule files (RFC 2123 §3.2, §3.4).
var actionAliases = map[string]Action{
	"fail": ActionNoMatch, "retry": ActionNoMatch,
	"pushto": ActionPushRuleTo, "pushtoact": ActionPushRuleToAct,
}

var actionByName = func() map[string]Action {
	m := make(map[string]Action)
	for i, n := range actionNames {
		if n != "" {
			m[strings.ToLower(n)] = Action(i)
		}
	}
	for n, a := range actionAliases {
		m[n] = a
	}
	return m
}()

// Valid reports whether a is one of the 17 opcodes.
func (a Action) Valid() bool { return a >= ActionIgnore && a < NumActions }

// String returns the opcode's name, or "action(n)".
func (a Action) String() string {
	if a.Valid() {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// Goes reports the opcode's goto flag: its parameter is the number of the
// next rule.
func (a Action) Goes() bool { return a >= ActionGosub && a.Valid() }

// Tests reports the opcode's test flag: the value of the test indicator after
// it. Meaningless for the four opcodes that end a match.
func (a Action) Tests() bool { return a.Goes() && a&1 == 0 }

// Ends reports whether the opcode ends a match.
func (a Action) Ends() bool { return a >= ActionIgnore && a <= ActionCountPkt }

// LookupAction finds an opcode by name, without regard to case; the old
// spellings Fail, Retry, PushTo and PushToAct are known.
func LookupAction(name string) (Action, bool) {
	a, ok := actionByName[strings.ToLower(name)]
	return a, ok
}
