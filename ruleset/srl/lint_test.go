package srl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const onlyIPv4 = "if SourcePeerType == 1 save; else ignore;\n"

// lintTests: what stands behind a test of IPv4, and the warnings it must give,
// as in diagTests.
var lintTests = []struct {
	name string
	src  string
	want []string
}{
	// Tests that an earlier one takes everything from.
	{"inside an earlier network", "if SourcePeerAddress == 10.0/8 ignore;\nelse if SourcePeerAddress == 10.1/16 count;\ncount;",
		[]string{"3:9: warning: the one in line 2 takes every packet"}},
	{"the same again", "if DestTransAddress == 80 ignore; if DestTransAddress == 80 count; count;", []string{"2:38: warning: the one before it takes"}},
	{"twice with OR", "if DestTransAddress == 80 || DestTransAddress == 80 count; ignore;", []string{"2:30: warning: the one before it takes"}},
	{"far behind", "if DestTransAddress == 80 ignore;\nsave DestPeerAddress;\nif SourceTransType == 6 save;\nif DestTransAddress == 80 count;\ncount;",
		[]string{"5:4: warning: the one in line 2 takes"}},
	{"in a list", "if DestTransAddress == (80, 443) ignore;\nif DestTransAddress == (53, 443, 80) count; count;",
		[]string{"3:29: warning: 443 can never fit: the test in line 2 takes every packet that it would take (and 1 more"}},
	{"the other end's type", "if SourceTransType == 6 ignore;\nif DestTransType == 6 count; count;", []string{"3:4: warning: the one in line 2 takes"}},
	{"in a subroutine", "call s (SourcePeerAddress) endcall; count;\nsubroutine s (address a)\nif a == 10.0/8 ignore;\nif a == 10.1.2.3 count;\nreturn; endsub;",
		[]string{"5:4: warning: the one in line 4 takes"}},
	{"before the call", "if SourcePeerAddress == 10.0/8 ignore;\ncall s (SourcePeerAddress) endcall; count;\nsubroutine s (address a)\nif a == 10.1.2.3 count;\nreturn; endsub;",
		[]string{"5:4: warning: the one in line 2 takes"}},
	{"behind the call", "call s (SourcePeerAddress) endcall;\nif SourcePeerAddress == 10.1/16 ignore; count;\nsubroutine s (address a)\nif a == 10.0/8 count;\nreturn; endsub;",
		[]string{"3:4: warning: the one in line 5 takes"}},

	// Tests that contradict an earlier one.
	{"two values with AND", "if DestTransAddress == 80 && DestTransAddress == 443 count; ignore;", []string{"2:30: warning: after the one before it: DestTransAddress has one value | ||"}},
	{"IF in an IF", "if DestTransAddress == (80, 443) {\nif DestTransAddress == 53 count; }\ncount;", []string{"3:4: warning: after the one in line 2"}},
	{"another family", "if DestPeerType == 2 count; count;", []string{"2:4: warning: never succeed after the one in line 1"}},
	{"disjoint networks", "if SourcePeerAddress == 10.0/8 save, {\nif SourcePeerAddress == 192.168/16 count; } count;", []string{"3:4: warning: after the one in line 2"}},
	{"left by an ELSE", "if SourceTransType == (6, 17) save; else ignore;\nif SourceTransType == 6 count; else if SourceTransType == 17 count; else if SourceTransType == 1 count;",
		[]string{"3:77: warning: this test can never be reached"}},
	{"through variables", "if SourceTransType == 6 store FlowKind := 1; else if SourceTransType == 17 store FlowKind := 2; else ignore;\nif FlowKind == 1 {\nif SourceTransType == 17 count; } count;",
		[]string{"4:4: warning: after the one in line 2"}},
	{"a variable that nothing sets", "if FlowKind == 1 count; count;", []string{"2:4: warning: FlowKind is 0 here"}},
	{"a variable that holds something else", "store FlowKind := 2;\nif FlowKind == 'W' count; count;", []string{"3:4: warning: FlowKind is 2 here"}},

	// What follows a test that cannot fail.
	{"dead ELSE", "if SourcePeerType == 1 count; else { save SourcePeerAddress; count; }", []string{"2:36: warning: can never be reached"}},
	{"behind a test that cannot fail", "if SourcePeerType == 1 count;\nsave SourcePeerAddress; count;", []string{"3:1: warning: can never be reached"}},

	// Lists.
	{"network in a network", "if SourcePeerAddress == (10.0/8, 10.1/16) save, count; ignore;",
		[]string{"2:34: warning: 10.1/16 lies inside 10.0/8, which stands before it in this list | smaller one first"}},
	{"twice in a list", "if DestTransAddress == (80, 443, 80, 443) save, count; ignore;", []string{"2:34: warning: 80 stands in this list already (and 1 more"}},
	{"host in a list of lists", "if SourcePeerAddress == ((10.0/8, 11.0/8), 10.1.2.3) count; ignore;", []string{"2:44: warning: 10.1.2.3 lies inside 10.0/8"}},
	{"a DEFINE's list", "define ours = (10.0/8, 10.1/16); if SourcePeerAddress == ours count; ignore;", []string{"2:58: warning: 10.1/16 lies inside 10.0/8"}},
	{"everything first", "if SourcePeerAddress == (0/0, 10.0/8) count; ignore;", []string{"2:31: warning: 10.0/8 lies inside 0/0"}},

	// Saves that others overwrite.
	{"the whole after a part", "save SourcePeerAddress/24; save SourcePeerAddress; count;", []string{"2:1: warning: saving SourcePeerAddress here has no effect: it is saved again further on before any COUNT | last counts"}},
	{"in both branches", "save DestPeerAddress/24;\nif SourceTransType == 6 save DestPeerAddress; else save DestPeerAddress/16;\ncount;", []string{"2:1: warning: saving DestPeerAddress here has no effect: it is saved again in line 3"}},
	{"a network, then the host", "if SourcePeerAddress == (10.1/16, 10.2/16) save;\nelse ignore;\nsave SourcePeerAddress;\ncount;", []string{"2:4: warning: saving SourcePeerAddress here has no effect: it is saved again in line 4"}},
	{"two STOREs", "store FlowKind := 1;\nstore FlowKind := 2; count;", []string{"2:1: warning: saving FlowKind here has no effect: it is saved again in line 3"}},
	{"the other end's type", "save SourceTransType = 6; save DestTransType; count;", []string{"2:1: warning: saving SourceTransType here has no effect"}},
	{"in a subroutine's version", "call s (DestPeerAddress) endcall; count;\nsubroutine s (address a) save a/8;\nsave a; return; endsub;", nil},

	// Of a distribution the first one counts.
	{"two distributions of one attribute", "save ToTurnaroundTime = 20.6.0!0 & 2.2.1!1000;\nsave ToTurnaroundTime = 20.7.0!0 & 2.3.1!100; count;",
		[]string{"3:1: warning: saving ToTurnaroundTime here has no effect: it is saved in line 2 with other parameters | ToTurnaroundTime1 to ToTurnaroundTime4"}},
	{"two distributions behind each other's condition", "save FlowTime = 20.0.0!0 & 2.2.1!1000;\nif SourceTransType == 6 { save FlowTime = 30.0.0!0 & 2.2.1!1000; count; } count;",
		[]string{"3:27: warning: saving FlowTime here has no effect: it is saved in line 2 | one distribution of each attribute"}},
	{"the same distribution twice", "save FlowTime = 20.0.0!0 & 2.2.1!1000;\nsave FlowTime = 20.0.0!0 & 2.2.1!1000; count;", nil},
	{"distributions on different ways", "if SourceTransType == 6 save FromPacketSize = 20.0.0!0 & 2.2.1!1000;\nelse save FromPacketSize = 30.0.0!0 & 2.2.1!1000;\nsave FromPacketSize = 10.0.0!0 & 1.0.1!1000; count;", nil},

	// Pairs of packets that do not get there.
	{"pairs of another protocol", "if SourceTransType == 17 save; else ignore;\nsave ToTurnaroundTime = 20.6.0!0 & 2.2.1!1000; count;",
		[]string{"3:1: warning: ToTurnaroundTime pairs packets of TCP data/ack, and none of them gets here, by the test in line 2 | 1 ICMP echo, 6 TCP data/ack"}},
	{"pairs behind an ELSE", "if DestTransType == 17 ignore;\nsave ToTurnaroundTime1 = 20.11.0!0 & 2.2.1!1000; save ToTurnaroundTime2 = 20.7.0!0 & 2.2.1!1000; count;",
		[]string{"3:1: warning: ToTurnaroundTime1 pairs packets of DNS, and none of them gets here, by the test in line 2"}},
	{"pairs of one of two protocols", "if SourceTransType == (17, 6) save; else ignore;\nsave ToTurnaroundTime = 20.6.0!0 & 2.2.1!1000; count;", nil},
	{"pairs in a subroutine for both", "if SourceTransType == 17 save, call s () endcall; else call s () endcall; count;\nsubroutine s ()\nsave FromTurnaroundTime = 20.6.0!0 & 2.2.1!1000;\nreturn; endsub;", nil},
	{"plain turnaround times", "if SourceTransType == 17 save; else ignore;\nsave ToTurnaroundTime = 20.0.0!0 & 2.2.1!1000; count;", nil},

	// Widths beyond the family's.
	{"a SAVE of 40 bits of IPv4", "save SourcePeerAddress/40; count;", []string{"2:24: warning: only 32 bits are saved"}},
	{"a SAVE of 40 bits of IPv4 and IPv6", "call s () endcall;\nsave SourcePeerAddress/33; count; subroutine s () return; endsub;", []string{"3:24: warning: only 32 bits are saved"}},
	{"a SAVE under a mask of five octets", "save DestPeerAddress & 255.255.255.255.255; count;", []string{"2:24: warning: only 32 bits are saved"}},
	{"a SAVE of all", "save SourcePeerAddress/32; save DestPeerAddress/160; count;", nil},

	// Addresses of the other family.
	{"IPv6 under IPv4", "if SourcePeerAddress == 2001:db8::/32 save, count; ignore;", []string{"2:25: warning: 2001:db8::/32 is an IPv6 address, but only IPv4 gets here, by the test in line 1"}},
	{"IPv6 host under IPv4", "if SourcePeerAddress == 2001:db8::1 count; count;", []string{"2:25: warning: 2001:db8::1 is an IPv6 address"}},
	{"a list of both", "if DestPeerAddress == (10.1/16, fe80::/10, ff00::/8) count; ignore;", []string{"2:33: warning: fe80::/10 is an IPv6 address, but only IPv4 gets here, by the test in line 1 (and 1 more"}},
	{"in a block", "if SourceTransType == 6 { if DestPeerAddress == fe80::/10 count; } ignore;", []string{"2:49: warning: fe80::/10 is an IPv6 address"}},
	{"in a subroutine for IPv4", "call s (SourcePeerAddress) endcall; count;\nsubroutine s (address a) if a == 2001:db8::/32 ignore; return; endsub;", []string{"3:34: warning: 2001:db8::/32 is an IPv6"}},
}

func TestLint(t *testing.T) {
	for _, tt := range lintTests {
		t.Run(tt.name, func(t *testing.T) { checkDiags(t, onlyIPv4+tt.src, tt.want) })
	}
	t.Run("FORMAT of what nothing saves", func(t *testing.T) {
		checkDiags(t, "format SourcePeerAddress ToPDUs FlowKind;\nsave DestPeerAddress; count;", []string{
			"1:8: warning: SourcePeerAddress is in the FORMAT, but nothing saves it", "1:33: warning: FlowKind is in the FORMAT, but nothing saves it"})
	})
	t.Run("a SAVE of 129 bits of any address", func(t *testing.T) {
		for _, width := range []string{"129", "159"} {
			checkDiags(t, "save SourcePeerAddress/"+width+"; count;", []string{
				"1:1: warning: without a test of PeerType", "1:24: warning: only 128 bits are saved of IPv6 addresses | whole address"})
		}
		checkDiags(t, "if SourcePeerType == 3 save; else ignore; save SourcePeerAddress/150; count;", nil)
		checkDiags(t, "if SourcePeerType == 1 save; else if SourcePeerType == 2 save; else ignore;\nsave SourcePeerAddress/129; count;", []string{
			"2:24: warning: only 128 bits are saved: the addresses that get here have no more"})
		checkDiags(t, "if SourcePeerType == (1, 2) save; else ignore; save SourcePeerAddress/128; count;", nil)
	})
	t.Run("FORMAT of what is saved before IGNORE", func(t *testing.T) {
		checkDiags(t, "format SourcePeerType SourcePeerAddress;\nif SourcePeerType == 1 { save SourcePeerAddress; ignore; }\nsave SourcePeerType; count;",
			[]string{"1:23: warning: SourcePeerAddress is in the FORMAT, but saved only where the packet is not counted"})
	})
	t.Run("IPv4 under IPv6", func(t *testing.T) {
		checkDiags(t, "if SourcePeerType == 2 { if SourcePeerAddress == (10.1/16, 192.168.1.1) count; } ignore;",
			[]string{"1:51: warning: 10.1/16 is an IPv4 address, but only IPv6 gets here"})
	})
}

// rightTests are programs that need no warning.
var rightTests = []struct{ name, src string }{
	{"what a variable remembers", "if SourcePeerType == 1 store FlowKind := 1; if FlowKind == 1 { if SourcePeerAddress == 10.1/16 save, count; } ignore;"},
	{"one of several variables", "if SourcePeerType == 1 store SourceClass := 1; else if SourcePeerType == 2 store SourceClass := 2;\nif SourceClass == (1, 2) { save SourcePeerAddress/24; count; }"},
	{"smaller network first", "if SourcePeerType == 1 save; else ignore; if SourcePeerAddress == 10.1/16 count; else if SourcePeerAddress == 10.0/8 ignore; count;"},
	{"smaller one first in a list", "if SourcePeerType == 1 save; else ignore; if SourcePeerAddress == (10.1/16, 10.0/8) save, count;"},
	{"both families", "if SourcePeerType == (1, 2) save; else ignore;\nif SourcePeerType == 1 { if SourcePeerAddress == 10.1/16 count; } else { if SourcePeerAddress == 2001:db8::/32 count; } ignore;"},
	{"ELSE for safety", "if SourcePeerType == (1, 2) save; else ignore;\nif SourcePeerType == 1 { save SourcePeerAddress/24; count; } else if SourcePeerType == 2 { save SourcePeerAddress/48; count; } else ignore;"},
	{"one list for both families", "define ours = (10.1/16, 2001:db8::/32);\nif SourcePeerType == 1 { if SourcePeerAddress == ours count; } else if SourcePeerType == 2 { if SourcePeerAddress == ours count; }"},
	{"a list that serves twice", "define web = (80, 443); if DestTransAddress == 443 { save DestPeerAddress; count; } else if DestTransAddress == web count;"},
	{"a list that serves inside a network", "define hosts = (10.1.0.1, 10.2.0.1); if SourcePeerType == 1 && SourcePeerAddress == 10.1/16 { if SourcePeerAddress == hosts count; }"},
	{"the other end", "if SourceTransAddress == 80 ignore; if DestTransAddress == 80 count;"},
	{"again for some of the packets", "if SourceTransType == 6 { if DestTransAddress == 80 ignore; } if DestTransAddress == 80 count; ignore;"},
	{"only with another test", "if DestTransAddress == 80 && SourceTransType == 6 ignore; if DestTransAddress == 80 count;"},
	{"either way round", "if MatchingStoD == 1 { if SourceTransAddress == 80 nomatch; } if SourceTransAddress == 80 ignore; count;"},
	{"a variable set in a subroutine", "call s (FlowKind) endcall; if FlowKind == 3 count; ignore; subroutine s (variable k) if SourceTransType == 6 store k := 3; return; endsub;"},
	{"a variable set by one label", "call s (DestTransAddress) 1: store FlowKind := 'W'; endcall; if FlowKind == 'W' count; ignore;\nsubroutine s (address p) if p == 80 return 1; return; endsub;"},
	{"a subroutine for both ends", "if SourcePeerType == 1 save; else ignore; call s (SourcePeerAddress) 1: nomatch; endcall; call s (DestPeerAddress) 1: ignore; endcall; count;\nsubroutine s (address a) if a == 10.1/16 return 1; return; endsub;"},
	{"a subroutine for both families", "if SourcePeerType == 1 { call s (SourcePeerAddress) endcall; } else if SourcePeerType == 2 { call s (SourcePeerAddress) endcall; } count;\nsubroutine s (address a) if a == 2001:db8::/32 save, return; if a == 10.1/16 save, return; return; endsub;"},
	{"one address of two bits", "if SourceTransAddress == 0/6 { if SourceTransAddress == (20, 21) count; } count;"},
	{"EXIT", "a: { if SourceTransType == 6 exit a; if SourceTransType == 17 ignore; } if SourceTransType == 6 count; ignore;"},
	{"a save for some packets", "save DestTransAddress/4; if SourceTransType == 6 save DestTransAddress; count;"},
	{"the same saved twice", "if SourceTransType == 6 save; save SourceTransType; count;"},
	{"a STORE that is tested", "store FlowKind := 1; if SourceTransType == 6 store SourceKind := 1; if FlowKind == 1 store FlowKind := 2; count;"},
	{"a STORE that is saved as it is", "store FlowKind := 1; save FlowKind; count;"},
	{"saved, then ignored", "save DestPeerAddress; if SourceTransType == 6 ignore; count;"},
	{"a FORMAT of what is saved in places", "format SourcePeerType DestPeerType DestTransAddress ToPDUs; save SourcePeerType; if SourceTransType == 6 save DestTransAddress; count;"},
	{"a FORMAT of what a subroutine saves", "format SourcePeerAddress DestPeerAddress FlowKind ToPDUs; call s (SourcePeerAddress, FlowKind) endcall; call s (DestPeerAddress, FlowKind) endcall; count;\nsubroutine s (address a, variable k) store k := 2; save a; return; endsub;"},
	{"hosts and masks", "if SourcePeerType == 1 save; else ignore; if SourcePeerAddress == 10.0.0.1 & 255.0.0.255 ignore; if SourcePeerAddress == 10.0/8 count;"},
}

func TestNoWarning(t *testing.T) {
	for _, tt := range rightTests {
		t.Run(tt.name, func(t *testing.T) { checkDiags(t, tt.src, nil) })
	}
}

// TestNoWarningInExamples: the project's own programs are right.
func TestNoWarningInExamples(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*.srl")
	vectors, err2 := filepath.Glob("../../cmd/netramet/testdata/vectors/*.srl")
	if files = append(files, vectors...); err != nil || err2 != nil || len(files) < 8 {
		t.Fatal(files, err, err2)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, diags, _ := Compile(file, src, Options{Optimise: -1})
		for _, d := range diags {
			if !strings.Contains(d.Message, "without a test of PeerType") { // some look at all families
				t.Errorf("%v", d)
			}
		}
	}
}

// TestLintIsRight: what the linter calls impossible happens to no packet.
func TestLintIsRight(t *testing.T) {
	never := 0
	rapid.Check(t, func(t *rapid.T) {
		src, _ := acceptedProgram(t)
		prog := resolved(t, src)
		l := &linter{c: &compiler{files: []*source{{}}}, prog: prog}
		if !l.follow(false) {
			return
		}
		for _, v := range l.tests {
			if !slices.Contains(v.holds, true) {
				never++
			}
		}
		for range 20 {
			for _, stod := range []bool{true, false} {
				e := newEvaluator(randomPacket(t), stod)
				e.run(prog)
				for s := range e.ran {
					if !l.reached[s] {
						t.Fatalf("statement at octet %d is reached, by packet %v\n%s", s.at.offset, e.pkt, src)
					}
				}
				for x := range e.held {
					v := l.tests[x]
					foreign := slices.ContainsFunc(v.reasons, func(r reason) bool { return r.why == whyFamily }) // a matter of notation
					if !slices.Contains(v.holds, true) && !foreign {
						t.Fatalf("test at octet %d succeeds, for packet %v\n%s", x.at.offset, e.pkt, src)
					}
				}
			}
		}
	})
	if never == 0 {
		t.Error("the generator makes no test that cannot succeed")
	}
}

// TestLintBounded: subroutines that call each other again and again, and long
// chains of tests, cost no more than their size.
func TestLintBounded(t *testing.T) {
	var calls, chain strings.Builder
	calls.WriteString("call s0 () endcall; count;\n")
	for i := range 15 {
		calls.WriteString("subroutine s" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + " ()\n")
		for range 50 {
			calls.WriteString("call s" + string(rune('0'+(i+1)/10)) + string(rune('0'+(i+1)%10)) + " () endcall;\n")
		}
		calls.WriteString("return; endsub;\n")
	}
	calls.WriteString("subroutine s15 () if SourcePeerType == 1 return; return; endsub;\n")
	chain.WriteString("if SourceTransAddress == 0 count;\n")
	for i := 1; i < 15000; i++ {
		chain.WriteString("else if SourceTransAddress == " + strings.Repeat("0", i%3) + "7 && DestTransType == 1 count;\n")
	}
	for name, src := range map[string]string{
		"calls": strings.Replace(calls.String(), "call s0 ", "call s00 ", 1),
		"chain": chain.String(),
	} {
		t.Run(name, func(t *testing.T) {
			prog := resolved(t, src)
			c := &compiler{files: []*source{{}}}
			start := time.Now()
			c.lint(prog)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}
