//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// usage is what a whole process took. Peak is the most memory that was resident;
// pages of mapped files count.
type usage struct {
	CPU  time.Duration `json:"cpu"` // user and system, of all threads and children
	Wall time.Duration `json:"wall"`
	Peak int64         `json:"peak"` // octets
}

// command is a program to be run to its end.
type command struct {
	program string
	args    []string
	dir     string    // "": here
	stdin   io.Reader // nil: nothing
}

// done is a command that has run.
type done struct {
	usage
	stdout, stderr []byte
}

// longest is how long a program may take: one that hangs is none to compare with.
const longest = 10 * time.Minute

// run runs the command. This process must stay small: the system counts the
// memory of the parent as the child's until the child's program is loaded.
func (c command) run() (*done, error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.program, c.args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.dir, c.stdin, &stdout, &stderr
	begin := time.Now()
	err := cmd.Run()
	d := &done{stdout: stdout.Bytes(), stderr: stderr.Bytes()}
	d.Wall = time.Since(begin)
	if err != nil {
		return d, fmt.Errorf("%s: %w\n%s", filepath.Base(c.program), err, bytes.TrimSpace(d.stderr))
	}
	ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return d, errors.New("the system does not tell what a process took")
	}
	d.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	d.Peak = int64(ru.Maxrss) << 10
	return d, nil
}

// rusage is the CPU time that this process took so far.
func rusage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
