package ruleset

import "netramet/mib"

// What a rule does, as everybody who reads rules asks it: the verifier, the
// SRL compiler and the packet matching engine (RFC 2722 §4.4).

// Assigns reports whether r sets a meter variable.
func (r *Rule) Assigns() bool {
	return r.Action == mib.ActionAssign || r.Action == mib.ActionAssignAct
}

// Calls reports whether r calls a subroutine.
func (r *Rule) Calls() bool {
	return r.Action == mib.ActionGosub || r.Action == mib.ActionGosubAct
}

// Pops reports whether r drops what was pushed last.
func (r *Rule) Pops() bool {
	return r.Action == mib.ActionPopTo || r.Action == mib.ActionPopToAct
}

// Pushes reports whether r pushes an attribute into the pattern queue. Rules
// on Null push nothing.
func (r *Rule) Pushes() bool { return r.PushesValue() || r.PushesPacket() }

// PushesValue reports whether r pushes its own value.
func (r *Rule) PushesValue() bool {
	switch r.Action {
	case mib.ActionCount, mib.ActionPushRuleTo, mib.ActionPushRuleToAct:
		return r.Selector != mib.AttrNull
	}
	return false
}

// PushesPacket reports whether r pushes what the packet has.
func (r *Rule) PushesPacket() bool {
	return r.Selector != mib.AttrNull && (r.isPushPkt() || r.Action == mib.ActionCountPkt)
}

func (r *Rule) isPushPkt() bool {
	return r.Action == mib.ActionPushPktTo || r.Action == mib.ActionPushPktToAct
}

// Always reports whether the test of r succeeds for every packet: it is on
// Null, its mask is empty whatever the value, or r is an Assign, whose value is
// its operand. A variable that holds nothing is not known of here: see Graph.
func (r *Rule) Always() bool {
	return r.Selector == mib.AttrNull || r.Mask.IsZero() || r.Assigns()
}

// Never reports whether the test of r fails for every packet: the value has
// bits outside the mask. Even then that of a variable succeeds while it holds
// nothing.
func (r *Rule) Never() bool {
	return !r.Always() && !r.Selector.IsVariable() && r.Value.Outside(&r.Mask)
}
