//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"netramet/sources/live"
)

// linkReader is a program that reads an interface.
type linkReader struct {
	name  string
	needs []string // programs on the path without which it cannot be run
	// command is how it reads the interface; what it writes goes to the folder dir.
	command func(dir string) []string
	// asked says how it did while it runs; nil: printed says so when it has ended.
	asked   func(dir string) (outcome, error)
	printed func(sent uint64, stdout, stderr []byte) (outcome, error)
}

// outcome is how many packets a reader has read, and lost as it says itself.
type outcome struct{ read, lost uint64 }

// linkReaders are the meter, and what it is measured beside.
func linkReaders(p programs) []*linkReader {
	return []*linkReader{
		bareReader(p, "ring", "-walk"),
		bareReader(p, "source", "-source"),
		bareReader(p, "bare"),
		{
			name: "netramet",
			command: func(dir string) []string {
				return []string{p.netramet, "-i", near, "-F", filepath.Join(dir, "flows"), fiveTuple}
			},
			printed: summarySums,
		},
		softflowdReader("softflowd"),
		softflowdReader("softflowd -B", "-B", strconv.Itoa(live.DefaultRingOctets)),
	}
}

// bareReader reads by bench/bare, which does not know what it loses.
func bareReader(p programs, name string, args ...string) *linkReader {
	return &linkReader{
		name:    name,
		command: func(string) []string { return append(append([]string{p.bare}, args...), "-i", near) },
		printed: func(sent uint64, stdout, _ []byte) (o outcome, err error) {
			_, err = fmt.Sscan(string(stdout), &o.read)
			o.lost = sent - o.read
			return o, err
		},
	}
}

// softflowdReader holds all flows and exports none. It says how it is doing when asked,
// and may have some packets in its buffer then.
func softflowdReader(name string, args ...string) *linkReader {
	return &linkReader{
		name: name, needs: []string{"softflowd", "softflowctl"},
		command: func(dir string) []string {
			return append([]string{"softflowd", "-d", "-6", "-i", near, "-m", "1000000",
				"-p", filepath.Join(dir, "pid"), "-c", filepath.Join(dir, "control")}, args...)
		},
		asked: func(dir string) (o outcome, err error) {
			out, err := exec.Command("softflowctl", "-c", filepath.Join(dir, "control"), "statistics").CombinedOutput()
			if err != nil {
				return o, fmt.Errorf("softflowctl: %w: %s", err, out)
			}
			if o.read, err = numberOf(out, "Packets processed:"); err != nil {
				return o, err
			}
			o.lost, err = numberOf(out, "Packets dropped by libpcap:")
			return o, err
		},
	}
}

// summarySums reads the last line of netramet.
func summarySums(_ uint64, _, stderr []byte) (o outcome, err error) {
	lines := bytes.Split(bytes.TrimSpace(stderr), []byte("\n"))
	last := lines[len(lines)-1]
	m := regexp.MustCompile(`(\d+) packets?,`).FindSubmatch(last)
	if m == nil {
		return o, fmt.Errorf("no packets in what was printed: %s", stderr)
	}
	if o.read, err = strconv.ParseUint(string(m[1]), 10, 64); err != nil {
		return o, err
	}
	if m := regexp.MustCompile(`(\d+) lost`).FindSubmatch(last); m != nil {
		o.lost, err = strconv.ParseUint(string(m[1]), 10, 64)
	}
	return o, err
}

// there reports whether the reader can be run here.
func (r *linkReader) there() bool { return (&tool{needs: r.needs}).there() }

// reading is a reader at work.
type reading struct {
	of             *linkReader
	dir            string
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	ended          bool
}

// start starts a reader and waits until it reads.
func (r *linkReader) start(dir string) (*reading, error) {
	before := packetSockets()
	args := r.command(dir)
	p := &reading{of: r, dir: dir, cmd: exec.Command(args[0], args[1:]...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(10 * time.Second); packetSockets() <= before; {
		if time.Sleep(10 * time.Millisecond); time.Now().After(end) {
			p.kill() // and all that it says has come
			return nil, fmt.Errorf("%s opens no socket: %s", r.name, p.stderr.Bytes())
		}
	}
	time.Sleep(settledAfter)
	return p, nil
}

// packetSockets is how many sockets of capture there are in the namespace.
func packetSockets() int {
	text, err := os.ReadFile("/proc/thread-self/net/packet")
	if err != nil {
		return 0
	}
	return bytes.Count(text, []byte("\n"))
}

// cpu is the processor time that the process has used: a clock that the kernel has for
// each process.
func (p *reading) cpu() time.Duration {
	var t unix.Timespec
	const sched = 2
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|sched), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// end ends the reader and says how it did with what was sent.
func (p *reading) end(sent uint64) (o outcome, err error) {
	if p.of.asked != nil {
		return p.of.asked(p.dir)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return o, err
	}
	p.ended = true
	if err := p.cmd.Wait(); err != nil {
		return o, fmt.Errorf("%w: %s", err, p.stderr.Bytes())
	}
	return p.of.printed(sent, p.stdout.Bytes(), p.stderr.Bytes())
}

func (p *reading) kill() {
	if p != nil && !p.ended {
		p.ended = true
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		_ = p.cmd.Wait()
	}
}
