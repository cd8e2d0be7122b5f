//go:build !unix

package main

// lock does nothing where there is no flock. Two nemacs with one Owner are then
// found out by their marks on the meter.
func lock(string) (unlock func(), err error) { return func() {}, nil }
