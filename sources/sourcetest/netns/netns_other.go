//go:build !linux

package netns

import "testing"

// Enter skips the test.
func Enter(t testing.TB) {
	t.Helper()
	t.Skip("there are network namespaces on Linux only")
}
