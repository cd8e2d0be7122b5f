//go:build !unix

package main

import "os"

// notifyHangUp does nothing: this system has no such signal.
func notifyHangUp() (hangUps <-chan os.Signal, stop func()) { return nil, func() {} }
