package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
)

// profiled writes to a file where the processor's time goes while f runs; "" is
// no file. Read it with "go tool pprof".
func profiled(file string, f func() error) (err error) {
	if file == "" {
		return f()
	}
	out, err := os.Create(file)
	if err == nil {
		err = pprof.StartCPUProfile(out)
	}
	if err != nil {
		return fmt.Errorf("--profile: %w", err)
	}
	defer func() {
		pprof.StopCPUProfile()
		err = errors.Join(err, out.Close())
	}()
	return f()
}
