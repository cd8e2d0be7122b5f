package srl

import "slices"

// markEnds notes which subroutines return by their end: as by RETURN without a
// label, for which their callers then keep a place.
func markEnds(prog *program) {
	returns := make(map[*routine]map[int]bool)
	for _, r := range slices.Backward(callOrder(prog)) { // callees first
		w := &endings{returns: returns, exits: make(map[*stmt]bool), labels: make(map[int]bool)}
		if w.stmts(r.body) && r.name != "" {
			w.labels[0] = true
			if !slices.Contains(r.slots, 0) {
				r.slots = slices.Insert(r.slots, 0, 0)
			}
		}
		returns[r] = w.labels
	}
}

// endings follows one routine: whether control comes to the end of each
// statement, any test being free to succeed or fail.
type endings struct {
	returns map[*routine]map[int]bool // labels that each callee returns with
	exits   map[*stmt]bool            // blocks that an EXIT leaves
	labels  map[int]bool              // labels that this routine returns with
}

func (w *endings) stmts(list []*stmt) bool {
	for _, s := range list {
		if !w.stmt(s) {
			return false
		}
	}
	return true
}

func (w *endings) stmt(s *stmt) bool {
	switch s.kind {
	case stmtIf:
		ends := w.stmts(s.body)
		for _, a := range s.arms {
			if a.then == nil || w.stmt(a.then) {
				ends = true
			}
		}
		return ends
	case stmtBlock:
		ends := w.stmts(s.body)
		return ends || w.exits[s]
	case stmtReturn:
		w.labels[s.ret] = true
		return false
	case stmtExit:
		w.exits[s.to] = true
		return false
	case stmtCall:
		ends, into := false, make([]bool, len(s.cases))
		for label := range w.returns[s.callee] {
			if i, ok := s.labels[label]; ok {
				into[i] = true
			} else {
				ends = true
			}
		}
		for i, c := range s.cases {
			if into[i] && w.stmt(c) {
				ends = true
			}
		}
		return ends
	case stmtCount, stmtIgnore, stmtNoMatch:
		return false
	}
	return true
}
