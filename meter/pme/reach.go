package pme

import "netramet/mib"

// maxReturnWays bounds how many ways back from subroutines mayNotMatch looks at.
const maxReturnWays = 1 << 16

// reach is a walk over all that a match could run, whatever the packet.
type reach struct {
	code    []instr
	seen    [2][]bool // by testing, of each rule
	ahead   []state
	gosubs  []uint32
	returns []uint32 // what they add
	fails   bool     // a match can end with NoMatch
}

// state is a rule that is run next, and the test indicator.
type state struct {
	pc      uint32
	testing bool
}

// mayNotMatch reports whether a match can reach NoMatch, or the end of the rules.
func mayNotMatch(code []instr) bool {
	r := reach{code: code, seen: [2][]bool{make([]bool, len(code)), make([]bool, len(code))}}
	for r.add(0, true); len(r.ahead) > 0 && !r.fails; {
		at := r.ahead[len(r.ahead)-1]
		r.ahead = r.ahead[:len(r.ahead)-1]
		in := &code[at.pc]
		if at.testing && in.test != testNone {
			r.add(at.pc+1, true)
		}
		if !at.testing || in.test != testNever {
			r.runs(at.pc, in)
		}
		r.fails = r.fails || len(r.gosubs)*len(r.returns) > maxReturnWays
	}
	return r.fails
}

// add adds what is run next.
func (r *reach) add(pc uint32, testing bool) {
	if uint(pc) >= uint(len(r.code)) {
		r.fails = true
		return
	}
	n := 0
	if testing {
		n = 1
	}
	if !r.seen[n][pc] {
		r.seen[n][pc] = true
		r.ahead = append(r.ahead, state{pc, testing})
	}
}

// runs adds what may follow when a rule's action is run.
func (r *reach) runs(pc uint32, in *instr) {
	switch in.action {
	case mib.ActionIgnore, mib.ActionCount, mib.ActionCountPkt:
	case mib.ActionNoMatch:
		r.fails = true
	case mib.ActionGosub, mib.ActionGosubAct:
		r.gosubs = append(r.gosubs, pc)
		for _, n := range r.returns {
			r.add(pc+n, mib.ActionReturn.Tests())
		}
		r.add(in.next, in.on)
	case mib.ActionReturn:
		r.returns = append(r.returns, in.next)
		for _, from := range r.gosubs {
			r.add(from+in.next, in.on)
		}
	default:
		r.add(in.next, in.on)
	}
}
