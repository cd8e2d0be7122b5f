// Package screentest has pseudo terminals, and shows what is on them. Only tests on
// Linux import it.
package screentest
