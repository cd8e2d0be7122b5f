package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

// memoryTaken is what the program has taken from its system, in octets: on
// Linux the memory it occupies, with the tables that lie outside of Go's heap;
// elsewhere what Go's run time has taken and not given back.
func memoryTaken() uint64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := bytes.Fields(text); len(f) > 1 {
			if pages, err := strconv.ParseUint(string(f[1]), 10, 64); err == nil {
				return pages * uint64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}
