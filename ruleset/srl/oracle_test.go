package srl

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"netramet/meter/pme"
	"netramet/mib"
	"netramet/ruleset"
)

// TestCompiledEqualsSource: random programs, compiled at every level, do to
// random packets in both directions what the source says.
func TestCompiledEqualsSource(t *testing.T) {
	hits := make(map[verdict]int)
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		src, more := acceptedProgram(t)
		refused += more
		var programs [3][]ruleset.Rule
		for level := range programs {
			rs, _, err := Compile("random.srl", []byte(src), Options{Optimise: level})
			if err != nil {
				t.Fatalf("level %d: %v\n%s", level, err, src)
			}
			if err := checkRules(rs.Rules); err != nil {
				t.Fatalf("level %d: %v\n%s", level, err, src)
			}
			programs[level] = rs.Rules
		}
		if len(programs[1]) > len(programs[0]) || len(programs[2]) > len(programs[0])+1 {
			t.Fatalf("optimising made it longer: %d, %d, %d rules\n%s",
				len(programs[0]), len(programs[1]), len(programs[2]), src)
		}
		prog := resolved(t, src)
		for range 8 {
			pkt := randomPacket(t)
			for _, stod := range []bool{true, false} {
				want, wantKey := evaluate(prog, pkt, stod)
				hits[want]++
				for level, rules := range programs {
					got, gotKey := interpret(rules, pkt, stod, true)
					forgets, forgetsKey := interpret(rules, pkt, stod, false)
					if got != forgets || !maps.Equal(gotKey, forgetsKey) {
						t.Fatalf("level %d: depends on Gosub saving variables\n%s\n%s", level, src, dump(rules))
					}
					if got != want || !maps.Equal(gotKey, wantKey) {
						t.Fatalf("level %d, wire order %v, packet %v:\ngot  %v %v\nwant %v %v\n%s\n%s",
							level, stod, pkt, got, gotKey, want, wantKey, src, dump(rules))
					}
				}
			}
		}
	})
	if hits[counted] == 0 || hits[ignored] == 0 || hits[noMatch] == 0 || refused > hits[counted]+hits[ignored]+hits[noMatch] {
		t.Errorf("the generator is one-sided: %v, %d refused", hits, refused)
	}
}

// acceptedProgram draws programs until none of its SAVEs would change a
// variable, as most do, and counts the others.
func acceptedProgram(t *rapid.T) (src string, refused int) {
	for ; refused < 12; refused++ {
		src = randomProgram(t)
		_, _, err := Compile("random.srl", []byte(src), Options{})
		if err == nil || !strings.Contains(err.Error(), "this SAVE would change") {
			return src, refused
		}
	}
	return "count;", refused
}

type fataler interface{ Fatalf(string, ...any) }

// resolved is the program before code is made of it.
func resolved(t fataler, src string) *program {
	c := &compiler{}
	if !c.scan("random.srl", []byte(src)) {
		t.Fatalf("scan: %v", c.found)
	}
	prog := c.resolve(c.parse())
	if c.errors > 0 {
		t.Fatalf("resolve: %v", c.found)
	}
	return prog
}

// checkRules checks what every meter needs of rules, and that ours takes them.
func checkRules(rules []ruleset.Rule) error {
	if len(rules) == 0 || len(rules) > ruleset.MaxRules {
		return fmt.Errorf("%d rules", len(rules))
	}
	for i, r := range rules {
		if !r.Action.Valid() {
			return fmt.Errorf("rule %d: action %d", i+1, r.Action)
		}
		if p := int(r.Parameter); r.Action.Goes() && (p < 1 || p > len(rules)) {
			return fmt.Errorf("rule %d goes to %d of %d", i+1, p, len(rules))
		}
		if r.Action == mib.ActionReturn && r.Parameter < 1 {
			return fmt.Errorf("rule %d returns to its Gosub", i+1)
		}
	}
	_, err := pme.Load(&ruleset.RuleSet{Rules: rules}, pme.NewShapes())
	return err
}

func dump(rules []ruleset.Rule) string {
	var b strings.Builder
	if err := ruleset.Print(&b, &ruleset.RuleSet{Rules: rules, Optimise: -1}); err != nil {
		return err.Error()
	}
	return b.String()
}

func randomPacket(t *rapid.T) packet {
	small := rapid.IntRange(0, 3)
	pkt := packet{}
	kind := byte(small.Draw(t, "trans"))
	peer := byte(rapid.IntRange(1, 2).Draw(t, "peer"))
	pkt[mib.AttrSourcePeerType], pkt[mib.AttrDestPeerType] = ruleset.Octets{peer}, ruleset.Octets{peer}
	pkt[mib.AttrSourceTransType], pkt[mib.AttrDestTransType] = ruleset.Octets{kind}, ruleset.Octets{kind}
	for _, a := range []mib.Attr{mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress} {
		pkt[a] = ruleset.Octets{10, byte(small.Draw(t, "net")), byte(small.Draw(t, "subnet")), byte(small.Draw(t, "host"))}
	}
	for _, a := range []mib.Attr{mib.AttrSourceTransAddress, mib.AttrDestTransAddress} {
		pkt[a] = ruleset.Octets{0, byte(small.Draw(t, "port"))}
	}
	return pkt
}

// writer makes a random program.
type writer struct {
	t      *rapid.T
	b      strings.Builder
	subs   [][]string // kinds of the parameters of each subroutine
	sub    int        // being written, -1: the main program
	labels int
	open   []string // labels of blocks around
	budget int
}

func randomProgram(t *rapid.T) string {
	w := &writer{t: t, sub: -1, budget: 40}
	for range w.upTo(3, "subs") {
		var params []string
		for range w.upTo(7, "params") {
			params = append(params, w.pick("address", "address", "variable"))
		}
		w.subs = append(w.subs, params)
	}
	w.stmts(3)
	if len(w.subs) > 0 {
		w.call()
		w.stmts(2)
	}
	w.b.WriteString("count;\n")
	for i, params := range w.subs {
		w.sub, w.open, w.budget = i, nil, 20
		var decl []string
		for j, kind := range params {
			decl = append(decl, fmt.Sprintf("%s p%d", kind, j))
		}
		fmt.Fprintf(&w.b, "subroutine s%d (%s)\n", i, strings.Join(decl, ", "))
		w.stmts(2)
		if i+1 < len(w.subs) {
			w.call()
		}
		w.stmts(1)
		if w.upTo(1, "return") == 1 {
			w.b.WriteString("return 1;\n")
		}
		w.b.WriteString("endsub;\n")
	}
	return w.b.String()
}

func (w *writer) upTo(n int, what string) int { return rapid.IntRange(0, n).Draw(w.t, what) }

func (w *writer) pick(list ...string) string { return rapid.SampledFrom(list).Draw(w.t, "pick") }

// param is a parameter of the kind in reach, "" if there is none.
func (w *writer) param(kind string) string {
	if w.sub < 0 {
		return ""
	}
	var all []string
	for i, k := range w.subs[w.sub] {
		if k == kind {
			all = append(all, fmt.Sprintf("p%d", i))
		}
	}
	if len(all) == 0 || w.upTo(2, "param") == 0 {
		return ""
	}
	return w.pick(all...)
}

func (w *writer) variable() string {
	if p := w.param("variable"); p != "" {
		return p
	}
	return w.pick("SourceClass", "FlowKind", "DestKind")
}

// isVariable reports whether a name is a variable's, or a parameter of that kind.
func (w *writer) isVariable(name string) bool {
	var n int
	if _, err := fmt.Sscanf(name, "p%d", &n); err == nil {
		return w.subs[w.sub][n] == "variable"
	}
	return strings.HasSuffix(name, "Kind") || strings.HasSuffix(name, "Class")
}

// address draws an attribute and an operand for it. Parameters are addresses
// of peers in this generator.
func (w *writer) address() (attr, operand string) {
	if p := w.param("address"); p != "" {
		return p, w.network()
	}
	switch w.upTo(4, "attr") {
	case 0:
		return w.pick("SourcePeerType", "SourceTransType"), fmt.Sprint(w.upTo(3, "v"))
	case 1:
		return w.pick("SourceTransAddress", "DestTransAddress"), fmt.Sprint(w.upTo(3, "v"))
	case 2:
		// A part of a variable that is saved is mostly refused: draw few (rapid
		// draws 0 often).
		if w.upTo(99, "part") == 71 {
			return w.variable(), w.pick("2 & 2", "0/7", "1 & 1")
		}
		return w.variable(), fmt.Sprint(w.upTo(2, "v"))
	}
	return w.pick("SourcePeerAddress", "DestPeerAddress"), w.network()
}

func (w *writer) network() string {
	a, b, c := w.upTo(3, "net"), w.upTo(3, "subnet"), w.upTo(3, "host")
	switch w.upTo(5, "width") {
	case 0:
		return "10.0/8"
	case 1:
		return fmt.Sprintf("10.%d/16", a)
	case 2:
		return fmt.Sprintf("10.%d.%d/24", a, b)
	case 3:
		return fmt.Sprintf("10.%d.%d.%d", a, b, c)
	case 4:
		return fmt.Sprintf("10.%d.0.%d & 255.255.0.255", a, c)
	}
	return fmt.Sprintf("10.%d.%d.0/23", a, b&2)
}

func (w *writer) stmts(most int) {
	for range 1 + w.upTo(most-1, "statements") {
		w.stmt()
	}
}

func (w *writer) stmt() {
	w.budget--
	n := w.upTo(11, "statement")
	if w.budget <= 0 {
		n = 11
	}
	switch n {
	case 0, 1, 2, 3, 4:
		w.ifStmt()
	case 5, 6:
		w.labels++
		l := fmt.Sprintf("l%d", w.labels)
		fmt.Fprintf(&w.b, "%s: {\n", l)
		w.open = append(w.open, l)
		w.stmts(3)
		w.open = w.open[:len(w.open)-1]
		w.b.WriteString("}\n")
	case 7:
		if w.sub+1 >= len(w.subs) {
			w.b.WriteString(";\n")
			return
		}
		w.call()
	case 8:
		a, o := w.address()
		if w.isVariable(a) && w.upTo(29, "value") != 17 {
			// One saved with a value is refused where it is looked at again.
			fmt.Fprintf(&w.b, "save %s;\n", a)
			return
		}
		fmt.Fprintf(&w.b, "save %s = %s;\n", a, o)
	case 9:
		fmt.Fprintf(&w.b, "store %s := %d;\n", w.variable(), w.upTo(2, "v"))
	case 10:
		w.b.WriteString(w.pick("save SourcePeerAddress/24;\n", "save DestPeerAddress;\n",
			"save DestTransAddress & 0.255;\n", "save FlowKind;\n", "save FlowTime = 50.0.0!0 & 2.4.1!12000;\n"))
	default:
		w.leave()
	}
}

// leave ends something, or nothing.
func (w *writer) leave() {
	n := w.upTo(7, "leave")
	switch {
	case n == 0:
		w.b.WriteString("count;\n")
	case n == 1:
		w.b.WriteString("nomatch;\n")
	case n == 2:
		w.b.WriteString("ignore;\n")
	case n < 5 && w.sub >= 0:
		w.b.WriteString(w.pick("return;\n", "return 1;\n", "return 2;\n", "return 7;\n"))
	case n < 7 && len(w.open) > 0:
		fmt.Fprintf(&w.b, "exit %s;\n", w.pick(w.open...))
	default:
		w.b.WriteString(";\n")
	}
}

func (w *writer) ifStmt() {
	w.b.WriteString("if ")
	w.expr(3)
	w.action()
	for range w.upTo(2, "else if") {
		w.b.WriteString("else if ")
		w.expr(2)
		w.action()
	}
	if w.upTo(1, "else") == 1 {
		w.b.WriteString("else ")
		w.braced()
	}
}

func (w *writer) action() {
	switch w.upTo(3, "action") {
	case 0:
		w.b.WriteString(" save;\n")
	case 1:
		w.b.WriteString(" save, ")
		w.braced()
	default:
		w.b.WriteString(" ")
		w.braced()
	}
}

// braced keeps ELSE with its IF.
func (w *writer) braced() {
	w.b.WriteString("{\n")
	w.stmts(2)
	w.b.WriteString("}\n")
}

func (w *writer) expr(depth int) {
	n := 1
	if depth > 0 {
		n += w.upTo(2, "operands")
	}
	sign := w.pick(" && ", " || ")
	for i := range n {
		if i > 0 {
			w.b.WriteString(sign)
		}
		if depth > 0 && w.upTo(2, "nest") == 0 {
			w.b.WriteString("(")
			w.expr(depth - 1)
			w.b.WriteString(")")
			continue
		}
		a, o := w.address()
		fmt.Fprintf(&w.b, "%s == ", a)
		if list := w.upTo(4, "list"); list > 0 {
			fmt.Fprintf(&w.b, "(%s", o)
			for range list {
				if strings.HasPrefix(o, "10.") {
					fmt.Fprintf(&w.b, ", %s", w.network())
				} else {
					fmt.Fprintf(&w.b, ", %d", w.upTo(2, "v"))
				}
			}
			w.b.WriteString(")")
			continue
		}
		w.b.WriteString(o)
	}
}

func (w *writer) call() {
	to := w.sub + 1 + w.upTo(len(w.subs)-w.sub-2, "callee")
	var args []string
	for _, kind := range w.subs[to] {
		a := w.variable()
		if kind == "address" {
			if a = w.param("address"); a == "" {
				a = w.pick("SourcePeerAddress", "DestPeerAddress")
			}
		}
		args = append(args, a)
	}
	fmt.Fprintf(&w.b, "call s%d (%s)\n", to, strings.Join(args, ", "))
	for i := range w.upTo(2, "cases") {
		fmt.Fprintf(&w.b, "%d: ", i+1)
		w.braced()
	}
	w.b.WriteString("endcall;\n")
}

// TestNeverIsRight: without the tests of rules that never succeed, as the
// checker says, a program does the same to every packet.
func TestNeverIsRight(t *testing.T) {
	never := 0
	rapid.Check(t, func(t *rapid.T) {
		src, _ := acceptedProgram(t)
		rs, _, err := Compile("random.srl", []byte(src), Options{Optimise: 0})
		if err != nil {
			t.Fatal(err)
		}
		without := slices.Clone(rs.Rules)
		for _, f := range rs.Check() {
			if strings.Contains(f.Message, "the test never succeeds") {
				never++
				r := &without[f.Rule-1]
				r.Selector, r.Mask, r.Value = mib.AttrSourcePeerType, ruleset.Octets{0xFF}, ruleset.Octets{99}
			}
		}
		for range 8 {
			pkt := randomPacket(t)
			for _, stod := range []bool{true, false} {
				want, wantKey := interpret(rs.Rules, pkt, stod, true)
				if got, gotKey := interpret(without, pkt, stod, true); got != want || !maps.Equal(gotKey, wantKey) {
					t.Fatalf("wire order %v, packet %v:\ngot  %v %v\nwant %v %v\n%s\n%v",
						stod, pkt, got, gotKey, want, wantKey, dump(rs.Rules), rs.Check())
				}
			}
		}
	})
	if never == 0 {
		t.Error("the generator makes no test that cannot succeed")
	}
}
