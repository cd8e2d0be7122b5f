package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGenerated: zobjects.go is what objects.txt makes.
func TestGenerated(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{filepath.Join("..", "objects.txt")}, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	have, err := os.ReadFile(filepath.Join("..", "zobjects.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, out.Bytes()) {
		t.Error("mib/zobjects.go is not what mib/objects.txt makes; run go generate ./mib")
	}
}

func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.go")
	if err := os.WriteFile(in, []byte("module M\nnode top 1.3\nscalar a top.1 Integer32(1..9) rw\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	if code := run([]string{"-o", out, in}, nil, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	code, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := `OID: []uint32{1, 3, 1}, Kind: KindScalar, Syntax: SyntaxInteger, Type: "Integer32", Access: ReadWrite, Min: 1, Max: 9}`; !strings.Contains(string(code), want) {
		t.Errorf("no %s in\n%s", want, code)
	}
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no operand", nil, 2, "usage"},
		{"unknown flag", []string{"-x"}, 2, "not defined"},
		{"help", []string{"-h"}, 0, "standard output"},
		{"no such file", []string{"nowhere.txt"}, 1, "nowhere.txt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var errs bytes.Buffer
			if code := run(tt.args, nil, &errs); code != tt.code || !strings.Contains(errs.String(), tt.want) {
				t.Errorf("exit %d, %q", code, errs.String())
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	const head = "module M\nnode top 1.3\n"
	for _, tt := range []struct{ name, text, want string }{
		{"no module", "node a 1.3", "line 1: a belongs to no module"},
		{"no statement", head + "hello", `line 3: "hello" is no statement`},
		{"column without table", head + "1 a Integer32 ro", "line 3: \"1\" is no statement"},
		{"words missing", head + "scalar a top.1", "line 3: scalar takes 4 words"},
		{"no place", head + "node a nowhere.1", "line 3: a: \"nowhere.1\" is no place"},
		{"name twice", head + "node top 1.4", "line 3: top is there already"},
		{"place twice", head + "node a 1.3", "line 3: a is at the place of top"},
		{"unknown type", head + "scalar a top.1 Float ro", `line 3: a: type "Float" is not known`},
		{"unknown access", head + "scalar a top.1 Integer32 wo", `line 3: a: access "wo"`},
		{"bad limits", head + "scalar a top.1 Integer32(9..1) ro", "line 3: a: limits"},
		{"limits beyond the type", head + "scalar a top.1 Gauge32(-1..1) ro", "line 3: a: limits"},
		{"no end", head + "scalar a top.1 enum{a(1) ro", "line 3: a: \"enum{a(1)\" has no end"},
		{"no number", head + "type T enum a b(2)", "line 3: type T: \"a\" is no name(number)"},
		{"falling", head + "type T enum a(2) b(1)", "line 3: type T: b(1) does not rise"},
		{"type twice", head + "type T Octets\ntype T Octets", "line 4: type T is there already"},
		{"short type", head + "type T", "line 3: type takes"},
		{"table without index", head + "table t top.1 e", "line 3: table takes"},
		{"index is no column", head + "table t top.1 e index top\n 1 a Integer32 no", "e: index top is no column"},
		{"augments nothing", head + "table t top.1 e augments x\n 1 a Integer32 no", "e augments x"},
		{"after a continued line", head + "node \\\n  a 1.4\nnode b", "line 5: node takes 2 words"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
