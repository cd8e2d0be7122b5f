package srl

import (
	"strings"

	"netramet/mib"
	"netramet/ruleset"
)

// call resolves a CALL statement.
func (r *resolver) call(s *stmt, n *callNode) {
	s.kind = stmtCall
	at := r.at(n.Name.Pos.Offset)
	s.callee = r.subs[n.Name.Text]
	s.labels = make(map[int]int)
	if s.callee == nil && r.c.errors > maxDiags {
		// It would not be shown.
	} else if s.callee == nil {
		var names []string
		for name := range r.subs {
			names = append(names, name)
		}
		r.c.errorf(at, ruleset.DidYouMean(nearest(n.Name.Text, names)), "there is no subroutine %s", n.Name.Text)
	} else {
		s.callee.callers++
		r.here.calls = append(r.here.calls, s)
		r.args(s, n, at)
	}
	for _, cn := range n.Cases {
		for _, ln := range cn.Labels {
			v := r.number(ln, 1, ruleset.MaxRules, "the number of a CALL's statement")
			if _, dup := s.labels[v]; dup {
				r.c.errorf(r.at(ln.Pos.Offset), "", "this CALL has two statements numbered %d", v)
			}
			s.labels[v] = len(s.cases)
		}
		s.cases = append(s.cases, r.stmt(cn.Stmt))
	}
}

// args checks that the arguments are what the subroutine declares.
func (r *resolver) args(s *stmt, n *callNode, at place) {
	if len(n.Args) != len(s.callee.params) {
		parameters := "parameters"
		if len(s.callee.params) == 1 {
			parameters = "parameter"
		}
		r.c.errorf(at, "", "subroutine %s has %d %s, this CALL gives %d", s.callee.name, len(s.callee.params), parameters, len(n.Args))
		return
	}
	for i, an := range n.Args {
		a := r.ref(an, mib.UseTest|mib.UseSave, "passed to a subroutine")
		s.args = append(s.args, a)
		p := s.callee.params[i]
		isVariable := a.attr.IsComputed()
		if a.param >= 0 {
			isVariable = r.here.params[a.param].variable
		} else if a.attr == mib.AttrNull {
			continue // already reported
		}
		if isVariable != p.variable {
			kind := map[bool]string{false: "an ADDRESS", true: "a VARIABLE"}
			r.c.errorf(r.at(an.Pos.Offset), "the six Class and Kind attributes are VARIABLEs, all others ADDRESSes",
				"parameter %s of %s is %s, %s is %s", p.name, s.callee.name, kind[p.variable], an.Text, kind[isVariable])
		}
	}
}

// checkCalls refuses recursion, which a meter cannot run (its stack is small
// and a packet must end), and calls that are too deep.
func (r *resolver) checkCalls() {
	depth := make(map[*routine]int) // height above the leaves, -1 while visited
	var visit func(s *routine, path []string) int
	visit = func(s *routine, path []string) int {
		if d, ok := depth[s]; ok {
			return d
		}
		depth[s] = -1
		path = append(path, s.name)
		most := 0
		for _, call := range s.calls {
			if r.c.errors > maxDiags {
				break
			}
			d := visit(call.callee, path)
			if d < 0 {
				r.c.errorf(call.at, "a subroutine cannot call itself, directly or through others",
					"endless recursion: %s", cycle(path, call.callee.name))
				continue
			}
			most = max(most, d)
		}
		depth[s] = most + 1
		if most+1 == MaxCalls+1 {
			r.c.errorf(s.at, "", "subroutines call each other more than %d deep", MaxCalls)
		}
		return most + 1
	}
	for _, s := range r.prog.subs {
		visit(s, nil)
	}
}

// cycle prints the part of path that begins and ends with name.
func cycle(path []string, name string) string {
	for i, p := range path {
		if p == name {
			path = path[i:]
			break
		}
	}
	const most = 10
	if len(path) > most {
		path = append(append([]string{}, path[:most]...), "...")
	}
	return strings.Join(append(append([]string{}, path...), name), " calls ")
}
