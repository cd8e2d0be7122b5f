//go:build !unix

package main

// lockOwner does nothing where there is no flock. Two nemacs with one Owner
// are then found out by their marks on the meter.
func lockOwner(string, string) (unlock func(), err error) { return func() {}, nil }
