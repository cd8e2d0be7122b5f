//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// serviceOptions are the command line of the long run.
type serviceOptions struct {
	minutes, rate, flows, life, every int
	flap                              bool
	dir                               string
}

// serviceMain runs both programs on a link for some time: packets of flows that come
// and go, a collection every few seconds. It tells the memory of both and how late
// answers were, and in the end whether each packet is in the flow data, once.
func serviceMain(ctx context.Context, args []string) (err error) {
	var o serviceOptions
	set := flag.NewFlagSet("service", flag.ExitOnError)
	set.IntVar(&o.minutes, "minutes", 60, "`minutes` that packets are sent for")
	set.IntVar(&o.rate, "rate", 20_000, "`packets` a second")
	set.IntVar(&o.flows, "flows", 4000, "`flows` at a time")
	set.IntVar(&o.life, "life", 200, "`seconds` that a flow lives")
	set.IntVar(&o.every, "every", 5, "`seconds` between collections")
	set.BoolVar(&o.flap, "flap", false, "be silent for ten seconds in each minute, and take the interface down and up, or away, meanwhile")
	set.StringVar(&o.dir, "dir", "", "`folder` for flow data and logs; default: one that is removed")
	if err := set.Parse(args); err != nil {
		return err
	}
	if min(o.minutes, o.rate, o.flows, o.life, o.every) < 1 || set.NArg() > 0 {
		return errors.New("service takes numbers from 1, and no operand")
	}
	if os.Geteuid() != 0 {
		fmt.Println("not measured: links need root, for a network namespace with interfaces in it")
		return nil
	}
	tmp, err := os.MkdirTemp("", "netramet-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if o.dir == "" {
		o.dir = tmp
	}
	s := &service{o: o, tmp: tmp}
	defer func() { err = errors.Join(err, s.end()) }()
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	return s.check()
}

// service is one long run.
type service struct {
	o           serviceOptions
	tmp         string
	meter, nema *exec.Cmd
	echo        *exec.Cmd
	relay       *relay
	load        *load
}

// Addresses in the namespace, which is this program's own.
const (
	meterAt = "127.0.0.1:1614"
	relayAt = "127.0.0.1:1615"
)

// serviceRules have a flow for each sender.
const serviceRules = `set service;
if SourcePeerType == 1 { save SourcePeerAddress; count; }
format FlowIndex FirstTime SourcePeerAddress ToPDUs FromPDUs;
`

func (s *service) file(name string) string { return filepath.Join(s.o.dir, name) }

// begin starts everything but the packets.
func (s *service) begin(ctx context.Context) error {
	runtime.LockOSThread() // for good: the namespace is this thread's and what it starts
	if err := newNamespace(); err != nil {
		return fmt.Errorf("a network namespace: %w", err)
	}
	if err := ip("link set lo up"); err != nil {
		return err
	}
	for _, name := range []string{"flows", "meter.log", "nemac.log"} {
		_ = os.Remove(s.file(name))
	}
	if out, err := exec.Command("go", "build", "-o", s.tmp, "./cmd/netramet", "./cmd/nemac").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	rules := filepath.Join(s.tmp, "service.srl")
	if err := os.WriteFile(rules, []byte(serviceRules), 0o666); err != nil {
		return err
	}
	start := func(program string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(s.tmp, program), args...)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		return c
	}
	host, port, _ := strings.Cut(meterAt, ":")
	s.meter = start("netramet", "-i", near, "-m", port, "-w", community, "-L", s.file("meter.log"))
	if err := s.meter.Start(); err != nil {
		return err
	}
	var err error
	if err := s.logged("managers (nemac) may come"); err != nil {
		return err
	}
	if s.echo, s.relay, err = beginRelay(ctx); err != nil {
		return err
	}
	_, port, _ = strings.Cut(relayAt, ":")
	s.nema = start("nemac", "-c", strconv.Itoa(s.o.every), "-r", rules, "-F", s.file("flows"), "-L", s.file("nemac.log"),
		"--owner", "bench-"+strconv.Itoa(os.Getpid()), host+":"+port, community)
	if err := s.nema.Start(); err != nil {
		return err
	}
	if err := s.logged("rule set runs"); err != nil {
		return err
	}
	s.load, err = newLoad(s.o)
	return err
}

// logged waits until the meter's log has some words.
func (s *service) logged(words string) error {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(s.file("meter.log"))
		if strings.Contains(string(text), words) {
			return nil
		}
	}
	return fmt.Errorf("the meter's log does not say that %s", words)
}

// run sends, and tells each minute how things are.
func (s *service) run(ctx context.Context) error {
	fmt.Printf("%6s %12s %8s %8s %6s", "minute", "sent", "meter MB", "nemac MB", "load")
	for _, of := range []string{"answers", "probes", "echoes"} {
		fmt.Printf(" %8s %5s %7s", of, "late", "longest")
	}
	fmt.Println()
	for minute := range s.o.minutes {
		ended := make(chan error, 1)
		stop := time.Now().Add(time.Minute)
		if s.o.flap {
			stop = stop.Add(-10 * time.Second)
		}
		go func() { ended <- s.load.send(ctx, stop) }()
		if err := <-ended; err != nil {
			return err
		}
		if s.o.flap {
			if err := s.flap(minute); err != nil {
				return err
			}
		}
		fmt.Printf("%6d %12d %8.1f %8.1f %6s", minute+1, s.load.sent, memoryOf(s.meter), memoryOf(s.nema), machineLoad())
		s.relay.print()
		fmt.Println()
	}
	return ctx.Err()
}

// flap takes the interface down and up, or removes it and makes it again, in silence.
func (s *service) flap(minute int) error {
	time.Sleep(4 * time.Second)
	words := []string{"link set " + near + " down", "link set " + near + " up"}
	if minute%2 == 1 {
		words = append([]string{"link del " + near}, pairWords...)
	}
	for _, w := range words {
		if err := ip(w); err != nil {
			return err
		}
		time.Sleep(time.Second)
	}
	if minute%2 == 1 {
		if err := s.load.open(); err != nil {
			return err
		}
	}
	time.Sleep(4 * time.Second)
	return nil
}

// memoryOf is the resident memory of a process, in MB.
func memoryOf(c *exec.Cmd) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	n, _ := numberOf(text, "VmRSS:")
	return float64(n) / 1024
}

// machineLoad is how many processes want to run, on average.
func machineLoad() string {
	text, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(text), " ")
	return load
}

// end ends what still runs.
func (s *service) end() error {
	for _, c := range []*exec.Cmd{s.nema, s.meter, s.echo} {
		if c != nil && c.Process != nil && c.ProcessState == nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	}
	return nil
}
