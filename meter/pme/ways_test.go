package pme

import (
	"fmt"
	"strings"
	"testing"
)

// TestWays: rules of one effect are one way, and what rules push is no test; where there are
// too many ways, none is remembered and nothing else changes.
func TestWays(t *testing.T) {
	ports := func(n int, action string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "SourceTransAddress & 255.255 = 4.%d: %s\n", i, action)
		}
		return b.String()
	}
	var bits strings.Builder
	for i := range 13 {
		fmt.Fprintf(&bits, "SourceTransAddress & %d.%d = 0: Goto, %d\n", 1<<i>>8, 1<<i&255, i+2)
	}
	for _, tt := range []struct {
		name, rules string
		nodes       int // 0: all are given up
	}{
		{"a list of one effect", ports(2*maxKids, "CountPkt, 0") + "Null & 0 = 0: Ignore, 0", 3},
		{"a list of rules that push their own", ports(maxKids-1, fmt.Sprint("PushRuleToAct, ", maxKids+1)) + "Null & 0 = 0: Ignore, 0\nNull & 0 = 0: Count, 0", 1 + maxKids},
		{"a longer one", ports(maxKids, fmt.Sprint("PushRuleToAct, ", maxKids+2)) + "Null & 0 = 0: Ignore, 0\nNull & 0 = 0: Count, 0", 0},
		{"tests of what was pushed", "FlowKind & 255 = 0: PushRuleToAct, next\nFlowKind & 255 = 7: Count, 0\nNull & 0 = 0: Ignore, 0", 1},
		{"too many", bits.String() + "Null & 0 = 0: Ignore, 0\n", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rs := assemble(t, tt.rules)
			m := load(t, rs, NewShapes())
			for port := 1024; port < 4096 && !m.ways.full; port++ {
				compare(t, rs, m, ip(t, tcp, fmt.Sprintf("10.0.0.1:%d", port), "10.0.0.2:80"), WireOrder)
			}
			if n := len(m.ways.nodes); n != tt.nodes || m.ways.full != (n == 0) {
				t.Errorf("%d tests and ends, given up: %v, want %d", n, m.ways.full, tt.nodes)
			}
		})
	}
}
