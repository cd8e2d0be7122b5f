package library

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"netramet/meter/pme"
	"netramet/ruleset"
	"netramet/ruleset/srl"
)

// compiled is the rule set that an operand names, which says nothing amiss.
func compiled(t testing.TB, operand string) *ruleset.RuleSet {
	t.Helper()
	src, err := Source(operand)
	if err != nil {
		t.Fatal(err)
	}
	rs, diags, err := srl.Read(operand, src, srl.Options{Optimise: -1})
	if err != nil || len(diags) > 0 {
		t.Fatalf("%s: %v %v", operand, err, diags)
	}
	return rs
}

// TestSets: every rule set is in the list, says in a line what it is, compiles
// without a warning, is small, and has verdicts that streams remember.
func TestSets(t *testing.T) {
	embedded, err := files.ReadDir(".")
	if err != nil || len(embedded) != len(order)+1 || len(Sets()) != len(order) {
		t.Errorf("%d files, %d names, %d sets, %v", len(embedded), len(order), len(Sets()), err)
	}
	for _, s := range Sets() {
		t.Run(s.Name, func(t *testing.T) {
			if !strings.HasPrefix(s.text, "# @"+s.Name+": "+s.Summary+"\n#\n") || s.Summary == "" || len(s.Summary) > 65 || strings.HasSuffix(s.Summary, ".") {
				t.Errorf("its first line is no summary: %q", s.Summary)
			}
			for i, line := range strings.Split(s.text, "\n") {
				if len(line) > 95 || strings.ContainsAny(line, "\t\r") || line != strings.TrimRight(line, " ") {
					t.Errorf("line %d: %q", i+1, line)
				}
			}
			rs := compiled(t, s.Example())
			if rs.Name != s.Name || rs.Format == nil || rs.Number != 0 {
				t.Errorf("set %q, number %d, format %v", rs.Name, rs.Number, rs.Format)
			}
			if len(rs.Rules) > 400 {
				t.Errorf("%d rules", len(rs.Rules))
			}
			rs.Number = 2
			p, err := pme.Load(rs, pme.NewShapes())
			if err != nil || len(p.Varying()) > 0 {
				t.Errorf("verdicts vary with %v: %v", p.Varying(), err)
			}
		})
	}
}

func TestSource(t *testing.T) {
	const private4 = "10.0.0.0/8"
	for _, tt := range []struct {
		operand string
		in      []string // what its text has
		out     []string // and has not
	}{
		{"@hosts", []string{"set hosts;"}, nil},
		{"@5tuple", []string{"subroutine server"}, []string{`include "server.srl"`}},
		{"@networks", []string{"define width4 = 24;", "define width6 = 48;", "IPv4 /24 and IPv6 /48"}, nil},
		{"@networks=/16,/32", []string{"define width4 = 16;", "define width6 = 32;", "IPv4 /16 and IPv6 /32"}, nil},
		{"@networks=16", []string{"define width4 = 16;", "define width6 = 48;"}, nil},
		{"@networks=/32, /128", []string{"define width4 = 32;", "define width6 = 128;"}, nil},
		{"@matrix", []string{"IPv4 && end == (", private4, "IPv6 && end == (fe80::/10, fc00::/7)"}, []string{"yours = private"}},
		{"@matrix=192.0.2.0/24", []string{"(SourcePeerType == IPv4 && end == (192.0.2.0/24))"}, []string{"IPv6 &&", "(" + private4}},
		{"@matrix=2001:DB8::/32", []string{"(SourcePeerType == IPv6 && end == (2001:db8::/32))"}, []string{"IPv4 &&"}},
		{"@matrix=10.0.0.0/8, 10.1.0.0/16,192.0.2.7", []string{"(192.0.2.7/32, 10.1.0.0/16, 10.0.0.0/8)"}, nil},
		{"@peers=192.0.2.7,2001:db8::1", []string{"(192.0.2.7/32)", "(2001:db8::1/128)"}, nil},
		{"@talkers=2001:db8::1", []string{"(2001:db8::1/128)"}, nil},
	} {
		t.Run(tt.operand, func(t *testing.T) {
			src, err := Source(tt.operand)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.in {
				if !strings.Contains(string(src), want) {
					t.Errorf("no %q in\n%s", want, src)
				}
			}
			for _, not := range tt.out {
				if strings.Contains(string(src), not) {
					t.Errorf("%q in\n%s", not, src)
				}
			}
			compiled(t, tt.operand)
		})
	}
}

func TestSourceErrors(t *testing.T) {
	for _, tt := range []struct{ operand, want string }{
		{"@", "@ alone: the shipped rule sets are @hosts, "},
		{"@hots", "@hots: no rule set of that name is shipped: did you mean @hosts? (a file of that name is ./@hots)"},
		{"@Hosts", "did you mean @hosts?"},
		{"@HOST", "did you mean @hosts?"},
		{"@service", "did you mean @services?"},
		{"@5-tuple", "did you mean @5tuple?"},
		{"@something", "@something: no rule set of that name is shipped; there are @hosts, @talkers, "},
		{"@hosts\n", "@hosts?: no rule set of that name"},
		{"@hosts=10.0.0.0/8", "@hosts=10.0.0.0/8: it takes no parameter: write @hosts"},
		{"@hosts=\x1b[2J", "@hosts=?[2J: it takes no parameter"},
		{"@matrix=", "@matrix=: what follows is NETWORK,..., as in @matrix=10.0.0.0/8,2001:db8::/32"},
		{"@peers", "@peers: it needs to know whose: write @peers=NETWORK,..., as in @peers=192.0.2.7"},
		{"@matrix=10.0.0.0/8,", "@matrix: network 2: there is nothing between two commas, or at an end"},
		{"@matrix=10/8", `@matrix: network 1: "10/8" is none; write networks as 10.0.0.0/8,2001:db8::/32`},
		{"@matrix=10.0.0.0/33", `network 1: "10.0.0.0/33" is none`},
		{"@matrix=10.0.0.0/8,10.0.0.1/24", "network 2: 10.0.0.1/24 has bits beyond its length; the network is 10.0.0.0/24"},
		{"@matrix=10.0.0.0/8,10.0.0.0/8", "network 2: 10.0.0.0/8 is named twice"},
		{"@matrix=0.0.0.0/0", "network 1: 0.0.0.0/0 holds every address: nothing would be outside"},
		{"@matrix=::ffff:10.0.0.0/104", "network 1: ::ffff:10.0.0.0/104 is IPv4 within IPv6; write it as IPv4"},
		{"@matrix=::ffff:10.0.0.1", "is IPv4 within IPv6"},
		{"@matrix=fe80::%eth0/64", "network 1: \"fe80::%eth0/64\" is none"},
		{"@matrix=10.0.0.0/8); count; (", `network 1: "10.0.0.0/8); count; (" is none`},
		{"@matrix=" + strings.Repeat("10.0.0.0/8,", MaxNetworks) + "::1", "@matrix: 1025 networks: there may be 1024; @customers takes more"},
		{"@networks=/16,/32,/8", "@networks: 3 widths: there are two, that of IPv4 and that of IPv6; write them as @networks=/16,/32"},
		{"@networks=/0", `@networks: width 1: "/0" is no width of an IPv4 network: they go from /1 to /32`},
		{"@networks=33", `"33" is no width of an IPv4 network`},
		{"@networks=24,/129", `width 2: "/129" is no width of an IPv6 network: they go from /1 to /128`},
		{"@networks=24;count", `"24;count" is no width`},
		{"@networks=10.0.0.0/8", `"10.0.0.0/8" is no width`},
	} {
		t.Run(tt.operand[:min(len(tt.operand), 40)], func(t *testing.T) {
			src, err := Source(tt.operand)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q\n%s", err, tt.want, src)
			}
		})
	}
}

// TestKinds: each letter that a program stores has its word, and no other.
func TestKinds(t *testing.T) {
	for _, s := range Sets() {
		stored := map[uint64]bool{}
		for _, m := range regexp.MustCompile(`store FlowKind := '(.)'`).FindAllStringSubmatch(s.text, -1) {
			stored[uint64(m[1][0])] = true
		}
		for k := range stored {
			if Kinds("@" + s.Name)[k] == "" || !strings.Contains(s.text, " "+string(rune(k))+" ") {
				t.Errorf("@%s: %c has no word, or stands nowhere in the comment", s.Name, k)
			}
		}
		if len(Kinds("@"+s.Name+"=x")) != len(stored) {
			t.Errorf("@%s: %d words, %d letters", s.Name, len(Kinds("@"+s.Name)), len(stored))
		}
	}
}

func TestNames(t *testing.T) {
	for operand, want := range map[string]bool{"@hosts": true, "@": true, "@x": true, "./@hosts": false, "hosts": false, "": false} {
		if Names(operand) != want {
			t.Errorf("%q: %v", operand, !want)
		}
	}
}

// FuzzSource: whatever stands behind a name, the text compiles as it is shipped, but
// for what the parameter may change, or there is an error.
func FuzzSource(f *testing.F) {
	f.Add("@matrix=10.0.0.0/8,2001:db8::/32")
	f.Add("@networks=/16,/32")
	f.Add("@talkers=10.0.0.1;")
	f.Fuzz(func(t *testing.T, operand string) {
		src, err := Source(operand)
		if err != nil {
			return
		}
		name, _, _ := strings.Cut(operand[1:], "=")
		was, now := slices.Collect(strings.Lines(open(name).text)), slices.Collect(strings.Lines(string(src)))
		kept := func(line string) bool { return !strings.HasPrefix(line, "define ") && !strings.HasPrefix(line, "# @") }
		for _, line := range was {
			if kept(line) && !slices.Contains(now, line) {
				t.Errorf("%q is gone", line)
			}
		}
		compiled(t, operand)
	})
}
