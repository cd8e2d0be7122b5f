package rulefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/ruleset/srl"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"program.srl":     `include "sub/nets.srl"; if SourcePeerType == ip save; count;`,
		"sub/nets.srl":    `include "sub/more.srl";`, // beside the program, not beside this file
		"sub/more.srl":    `define ip = 1;`,
		"sub/low.rules":   "RULES Null & 0 = 0: Count, 0;",
		"outer.rules":     "SET outer; INCLUDE \"sub/low.rules\"; RULES Null & 0 = 0: Ignore, 0;",
		"absolute.srl":    `include "` + filepath.Join(sub, "more.srl") + `"; if SourcePeerType == ip count;`,
		"absent.srl":      `include "nowhere.srl"; count;`,
		"folder.srl":      `include "sub"; count;`,
		"wrong.srl":       "count",
		"binary.srl":      "count;\x00",
		"large.srl":       strings.Repeat(" ", srl.MaxSource+1),
		"largeinside.srl": `include "large.srl"; count;`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ file, want string }{
		{"program.srl", ""},
		{"outer.rules", ""},
		{"absolute.srl", ""},
		{"absent.srl", "no such file"},
		{"folder.srl", "is a directory"},
		{"wrong.srl", "expected ';' after COUNT"},
		{"binary.srl", "prog: rule file: " + filepath.Join(dir, "binary.srl") + " is no text: octet 7 is NUL, in line 1"},
		{"large.srl", "the file has more than 16777216 octets"},
		{"largeinside.srl", "large.srl has more than 16777216 octets"},
		{"none.srl", "prog: rule file: open "},
		{"sub", "prog: rule file: read "},
	} {
		t.Run(tt.file, func(t *testing.T) {
			f, err := Read("prog", filepath.Join(dir, tt.file))
			switch {
			case tt.want == "" && (err != nil || len(f.Rules.Rules) == 0):
				t.Errorf("%v %v", f.Rules, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestReadNoName: an operand that is empty, as of a shell's variable.
func TestReadNoName(t *testing.T) {
	if _, err := Read("prog", ""); err == nil || !strings.Contains(err.Error(), `rule file "": it has no name`) {
		t.Errorf("%v", err)
	}
}

// TestReadHuge: no more is read than a rule file may hold.
func TestReadHuge(t *testing.T) {
	file := filepath.Join(t.TempDir(), "huge.srl")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 43); err != nil {
		t.Skipf("the file system has no files of that size: %v", err)
	}
	if _, err := Read("prog", file); err == nil || !strings.Contains(err.Error(), "octet 1 is NUL") {
		t.Errorf("got %v", err)
	}
}
