// Package netns gives a test a network namespace of its own, with pairs of Ethernet
// interfaces that are silent but for what the test sends.
//
// Only tests of live capture use it. It needs root, Linux and iproute2, and skips
// the test with a word where it has not got them. Nothing of it is left when the
// test has ended: the namespace goes with the last thread and socket in it.
package netns
