// Package dagtest is a libdag without a card, for tests: it builds the library with
// the machine's C compiler, and makes cards, which are files that say what to play.
// Tests of sources/dag and of the command use it, in builds with the tag dag.
package dagtest

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed testdata/fakedag.c
var source string

// Library builds the library in a folder of the test and returns its path, which
// ends in libdag.so. Defines are OLD, for functions of 32 bits, and CONFIG, for the
// configuration and status API. The test is skipped where there is no C compiler.
func Library(t testing.TB, defines ...string) string {
	t.Helper()
	cc := ""
	for _, name := range []string{os.Getenv("CC"), "cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			cc = path
			break
		}
	}
	if cc == "" {
		t.Skip("no C compiler to build a libdag with")
	}
	dir := t.TempDir()
	c, lib := filepath.Join(dir, "fakedag.c"), filepath.Join(dir, "libdag.so")
	if err := os.WriteFile(c, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	// Several of them may be loaded: each calls its own functions.
	args := []string{"-shared", "-fPIC", "-O1", "-Wl,-Bsymbolic", "-o", lib, c}
	for _, d := range defines {
		args = append(args, "-D"+d)
	}
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cc, err, out)
	}
	return lib
}

// Card writes a card and returns its device. Lines are those that testdata/fakedag.c reads,
// as "streams 2".
func Card(t testing.TB, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dag0")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Play is the line of a card that plays octets, which it saves.
func Play(t testing.TB, octets []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "played")
	if err := os.WriteFile(path, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("file %s", path)
}
