package srl

import (
	"fmt"
	"strings"
	"testing"

	"netramet/mib"
)

// bigPrograms are of the size RFC 2721 §7 tells of: 32,000 rules.
var bigPrograms = []struct {
	name string
	make func(n int) string
}{
	{"list", func(n int) string {
		var b strings.Builder
		b.WriteString("define nets = (")
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "10.%d.%d/24", i>>8&255, i&255)
		}
		b.WriteString(");\nif SourcePeerType == 1 save; else ignore;\nif SourcePeerAddress == nets save; count;")
		return b.String()
	}},
	{"else-if", func(n int) string {
		var b strings.Builder
		b.WriteString("if SourcePeerType == 1 save; else ignore;\n")
		for i := range n {
			if i > 0 {
				b.WriteString("else ")
			}
			fmt.Fprintf(&b, "if SourcePeerAddress == 10.%d.%d.0/24 save;\n", i>>8&255, i&255)
		}
		b.WriteString("count;")
		return b.String()
	}},
	{"statements", func(n int) string {
		var b strings.Builder
		b.WriteString("if SourcePeerType == 1 save; else ignore;\n")
		for i := range n / 2 {
			fmt.Fprintf(&b, "if SourcePeerAddress == 10.%d.%d.0/24 save, { store FlowKind := %d; }\n", i>>8&255, i&255, i&255)
		}
		b.WriteString("count;")
		return b.String()
	}},
}

// TestBigPrograms: they compile, and hash groups can form: at level 2 the
// tests of a list, of ELSE IFs and of successive IFs are neighbours.
func TestBigPrograms(t *testing.T) {
	for _, p := range bigPrograms {
		t.Run(p.name, func(t *testing.T) {
			const n = 3000
			rs, diags, err := Compile(p.name, []byte(p.make(n)), Options{Optimise: 2})
			if err != nil || len(diags) > 0 {
				t.Fatalf("%v %v", err, diags.Warnings())
			}
			if len(rs.Rules) < n || len(rs.Rules) > 2*n {
				t.Errorf("%d rules", len(rs.Rules))
			}
			neighbours := 0
			for i := 1; i < len(rs.Rules); i++ {
				a, b := rs.Rules[i-1], rs.Rules[i]
				if a.Selector == mib.AttrSourcePeerAddress && b.Selector == a.Selector && b.Mask == a.Mask {
					neighbours++
				}
			}
			if neighbours < n/2-1 {
				t.Errorf("only %d tests have a neighbour of their kind", neighbours)
			}
			if err := checkRules(rs.Rules); err != nil {
				t.Error(err)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, p := range bigPrograms {
		b.Run(p.name, func(b *testing.B) {
			src := []byte(p.make(32000))
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Compile(p.name, src, Options{Optimise: 2}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
