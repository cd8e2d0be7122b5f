//go:build !unix

package main

import "os"

// notifySignals does nothing: this system has no such signals.
func notifySignals(_, _ chan<- os.Signal) {}
