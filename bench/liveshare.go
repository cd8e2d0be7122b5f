//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// share gives processes a share of a processor's time, by a control group.
type share struct {
	dir   string // of the group
	above string // the group that processes are given back to
	v2    bool
}

const (
	groups = "/sys/fs/cgroup"
	least  = 1000   // µs that can be given at a time
	period = 10_000 // µs, in each of which the share is given, or more if that were too little
)

// newShare makes the group, of whichever version the system has.
func newShare() (*share, error) {
	name := "netramet-bench-" + strconv.Itoa(os.Getpid())
	for _, s := range []share{{above: filepath.Join(groups, "cpu")}, {above: groups, v2: true}} {
		file := "cpu.cfs_quota_us"
		if s.v2 {
			file = "cpu.max"
			_ = os.WriteFile(filepath.Join(s.above, "cgroup.subtree_control"), []byte("+cpu"), 0)
		}
		s.dir = filepath.Join(s.above, name)
		if os.Mkdir(s.dir, 0o755) != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(s.dir, file)); err == nil {
			return &s, nil
		}
		s.close()
	}
	return nil, errors.New("no control group of processor time can be made")
}

// give puts a process into the group, with a share in percent.
func (s *share) give(pid, percent int) error {
	each := max(period, 100*least/percent)
	quota := strconv.Itoa(each * percent / 100)
	set := func(file, value string) error { return os.WriteFile(filepath.Join(s.dir, file), []byte(value), 0) }
	var err error
	if s.v2 {
		err = set("cpu.max", fmt.Sprint(quota, " ", each))
	} else {
		err = errors.Join(set("cpu.cfs_period_us", strconv.Itoa(each)), set("cpu.cfs_quota_us", quota))
	}
	return errors.Join(err, set("cgroup.procs", strconv.Itoa(pid)))
}

// take takes a process out.
func (s *share) take(pid int) {
	if s != nil {
		_ = os.WriteFile(filepath.Join(s.above, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
	}
}

func (s *share) close() {
	if s != nil {
		_ = os.Remove(s.dir)
	}
}
