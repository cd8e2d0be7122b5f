package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"one", errors.New("no"), "nemac: no\n"},
		{"joined", errors.Join(errors.New("no"), errors.New("never")), "nemac: no\nnemac: never\n"},
		{"rules", RuleErrors([]string{"a.srl:1: no", "b.srl:2: no"}), "a.srl:1: no\nb.srl:2: no\n"},
		{"rules within", fmt.Errorf("%w", RuleErrors([]string{"a.srl:1: no"})), "a.srl:1: no\n"},
	} {
		var out strings.Builder
		if Report(&out, "nemac", tt.err); out.String() != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, out.String(), tt.want)
		}
	}
}

func TestReadRules(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name, text, want, warning string
	}{
		{"good.srl", "COUNT;", "", ""},
		{"warned.srl", "DEFINE x = 1;\nCOUNT;", "", "x"},
		{"bad.srl", "COUNT", "bad.srl", ""},
		{"format.srl", "COUNT; FORMAT FlowRuleSet \"\" FlowIndex;", "format.srl", ""},
	} {
		file := filepath.Join(dir, tt.name)
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var warn strings.Builder
		f, err := ReadRules("nemac", file, &warn)
		switch {
		case tt.want == "" && (err != nil || f.Rules == nil):
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v", tt.name, err)
		}
		if !strings.Contains(warn.String(), tt.warning) || tt.warning == "" && warn.Len() > 0 {
			t.Errorf("%s: warnings %q", tt.name, warn.String())
		}
	}
}
