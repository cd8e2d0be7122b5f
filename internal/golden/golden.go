// Package golden compares what a test made with a file that is kept, and has
// the one switch by which tests write those files again: go test PACKAGE
// -update, or make golden for all of them. Only tests import it.
package golden

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

// Update reports whether tests write their golden files instead of comparing
// with them. It is valid inside of tests, for flags are parsed by then.
func Update() bool { return *update }

// Compare fails the test where got is not what the named file holds; with
// -update it writes the file.
func Compare(t testing.TB, name string, got []byte) {
	t.Helper()
	if Update() {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v (go test -update writes golden files)", err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; if that is meant, run the test with -update: (-kept +made)\n%s",
			name, cmp.Diff(string(want), string(got)))
	}
}
