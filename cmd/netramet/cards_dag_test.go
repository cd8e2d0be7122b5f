//go:build dag && linux && (amd64 || arm64)

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"netramet/sources/dag/dagtest"
)

// TestCards runs testdata/dag/*.txtar with a libdag that plays files.
func TestCards(t *testing.T) {
	lib := dagtest.Library(t)
	office, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "dag"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LD_LIBRARY_PATH", filepath.Dir(lib))
			return os.WriteFile(filepath.Join(env.WorkDir, "office.pcap"), office, 0o600)
		},
		Condition: func(cond string) (bool, error) {
			if cond != "root" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   scriptStatus,
			"tail":     scriptTail,
			"sort":     scriptSort,
			"waitfile": scriptWaitFile,
		},
	})
}

// scriptSort is "sort IN OUT": the lines of a file that are no comments, in order.
func scriptSort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sort in out")
	}
	lines := strings.SplitAfter(ts.ReadFile(args[0]), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "#") })
	slices.Sort(lines)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(lines, "")), 0o600))
}

// scriptWaitFile is "waitfile FILE": until it is there.
func scriptWaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfile file")
	}
	for range 1000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s does not appear", args[0])
}
