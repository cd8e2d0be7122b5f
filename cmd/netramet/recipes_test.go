package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const recipeHead = `##NeTraMet v0.1.0:  -c 300  gw eth0  octets=frame zone=UTC  4000000 flows  starting at 00:00:00 Mon 5 Jan 2026
#Format: flowruleset flowindex firsttime sourcepeertype topdus frompdus tooctets fromoctets
`

func recipeBlock(clock, note, record string) string {
	return "#Time: " + clock + " Mon  5 Jan 2026 gw Flows from 1 to 101\n" + note + "#Ruleset: 2 usage\n" + record + "\n#EndData: gw 1\n"
}

// TestRecipes runs the page's recipes for amounts over files in which counters
// begin anew: none of them prints a difference below zero, or 2^64 less one.
func TestRecipes(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "flow-data-file.md")
	dir := t.TempDir()
	found := 0
	for _, b := range docBlocks(t, page) {
		if b.file == "diff.awk" || b.file == "diff.py" {
			found++
			if err := os.WriteFile(filepath.Join(dir, b.file), []byte(b.text()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	if found != 2 {
		t.Fatalf("%d recipes on the page, want 2", found)
	}
	first := recipeHead + recipeBlock("01:00:00", "", "2 1 1 1 5 4 500 400") + recipeBlock("02:00:00", "", "2 1 1 1 6 4 600 400")
	note := "# the meter was started again after 02:00:00 Mon 5 Jan 2026; its counters and flow indices begin anew\n"
	want := []string{"01:00:00 2 1 1 500 400", "02:00:00 2 1 1 100 0"}
	for _, tt := range []struct{ name, more, last string }{
		{"goes on", recipeBlock("03:00:00", "", "2 1 1 1 7 4 640 400"), "03:00:00 2 1 1 40 0"},
		{"another note", recipeBlock("03:00:00", "# the meter had removed our reader row; all flows are read again\n", "2 1 1 1 7 4 640 400"), "03:00:00 2 1 1 40 0"},
		{"note", recipeBlock("03:00:00", note, "2 1 1 1 7 4 640 400"), "03:00:00 2 1 1 640 400"},
		{"header and note", recipeHead + recipeBlock("03:00:00", note, "2 1 1 1 7 4 560 400"), "03:00:00 2 1 1 560 400"},
		{"header alone", recipeHead + recipeBlock("03:00:00", "", "2 1 1 1 7 4 640 400"), "03:00:00 2 1 1 640 400"},
		{"no word of it", recipeBlock("03:00:00", "", "2 1 1 1 7 4 560 360"), "03:00:00 2 1 1 560 360"},
		{"no word, one counter", recipeBlock("03:00:00", "", "2 1 1 1 7 4 700 360"), "03:00:00 2 1 1 700 360"},
	} {
		flows := filepath.Join(dir, "f.flows")
		if err := os.WriteFile(flows, []byte(first+tt.more), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, recipe := range [][]string{{"awk", "-f", "diff.awk"}, {"python3", "diff.py"}} {
			if _, err := exec.LookPath(recipe[0]); err != nil {
				t.Logf("no %s here", recipe[0])
				continue
			}
			cmd := exec.Command(recipe[0], append(recipe[1:], flows)...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			got := strings.TrimSpace(string(out))
			if recipe[0] == "python3" { // which shows PDUs, too
				got = pduColumns.ReplaceAllString(got, "$1")
			}
			if wanted := strings.Join(append(want[:2:2], tt.last), "\n"); err != nil || got != wanted {
				t.Errorf("%s, %s: %v\ngot\n%s\nwant\n%s", tt.name, recipe[0], err, got, wanted)
			}
		}
	}
}

// pduColumns are the two columns of diff.py that diff.awk does not have.
var pduColumns = regexp.MustCompile(`(?m)^(\S+ \d+ \d+ \d+) \d+ \d+`)
