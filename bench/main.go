//go:build linux

// Bench measures the meter beside the least that could do the same, in the
// same run, and prints ratios: on a busy machine nothing else is worth
// printing. See docs/performance.md.
//
// Metering, as CPU time beside a bare Go loop over the same trace:
//
//	go run ./bench                     three traces of 5,000,000 packets each
//	go run ./bench -packets 500000     quicker
//	go run ./bench -cpuprofile cpu.out where the time goes
//
// Collecting all flows of a meter over SNMP on loopback, as wall and CPU time
// beside reading the same flows in the meter's own process and beside a bare
// exchange of the same datagrams; and what metering notices of it:
//
//	go run ./bench collect                     1,000,000 flows
//	go run ./bench collect -flows 100000       quicker
//	go run ./bench collect -cpuprofile cpu.out where the time of SNMP goes
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
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"

	"netramet/internal/reading"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/ruleset/srl"
	"netramet/sources"
)

// result is what one pass over a trace gives.
type result struct {
	packets, octets uint64
	flows           int
	tableBytes      int
	allocs          uint64 // of the second half of the trace
	half            uint64 // packets of that half
}

const rules = `
save SourcePeerType; save SourcePeerAddress; save DestPeerAddress;
save SourceTransType; save SourceTransAddress; save DestTransAddress;
count;`

func main() {
	var err error
	if len(os.Args) > 1 && os.Args[1] == "collect" {
		err = collectMain(os.Args[2:])
	} else {
		err = meterMain()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// meterMain is the benchmark of metering.
func meterMain() error {
	packets := flag.Int("packets", 5_000_000, "packets of a trace")
	runs := flag.Int("runs", 5, "passes of each kind, taken in turn")
	dir := flag.String("dir", filepath.Join("bench", "data"), "where the traces are kept")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the meter's passes")
	noCache := flag.Bool("no-cache", false, "without remembered verdicts")
	only := flag.Int("only", 0, "only the trace of this number, from 1")
	flag.Parse()
	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("%q: the one operand there is comes first: collect", flag.Arg(0))
	case *packets < 1 || *runs < 1:
		return errors.New("-packets and -runs are numbers from 1")
	case *only < 0 || *only > len(traces):
		return fmt.Errorf("-only %d: there are traces 1 to %d", *only, len(traces))
	case *only > 0:
		traces = traces[*only-1 : *only]
	}
	return bench(*packets, *runs, *dir, *profile, *noCache)
}

func bench(packets, runs int, dir, profile string, noCache bool) error {
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Printf("%-8s %6s %9s %9s %10s %6s %7s %14s %12s\n", "flows", "time", "packets", "bare ns/p", "meter ns/p", "ratio", "median", "allocs/packet", "octets/flow")
	for _, tr := range traces {
		path, err := makeTrace(dir, packets, tr)
		if err != nil {
			return err
		}
		if err := compare(path, tr, runs, noCache); err != nil {
			return err
		}
	}
	return nil
}

// trace says what is generated: a busy link, and one so slow for its flows
// that most streams time out between two packets, the worst case for a meter.
type trace struct {
	flows    int
	duration string
}

var traces = []trace{{50_000, "10s"}, {1_000_000, "10s"}, {1_000_000, "60s"}}

// compare runs the bare loop and the meter in turn and prints the best pass of
// each, their ratio, and the median of the ratios of neighbouring passes.
func compare(path string, tr trace, runs int, noCache bool) error {
	var bare, full, ratios []float64
	var b, m result
	for range runs {
		var err error
		var tb, tm time.Duration
		if tb, err = cpuTime(func() (err error) { b, err = bareLoop(path); return }); err != nil {
			return err
		}
		if tm, err = cpuTime(func() (err error) { m, err = meterPass(path, noCache); return }); err != nil {
			return err
		}
		if b.packets != m.packets || b.octets != m.octets || b.flows != m.flows {
			return fmt.Errorf("%s: the two do not agree: %+v and %+v", path, b, m)
		}
		bare = append(bare, float64(tb)/float64(b.packets))
		full = append(full, float64(tm)/float64(m.packets))
		ratios = append(ratios, float64(tm)/float64(tb))
	}
	fmt.Printf("%-8d %6s %9d %9.1f %10.1f %6.2f %7.2f %14.6f %12.0f\n", m.flows, tr.duration, m.packets, slices.Min(bare), slices.Min(full),
		slices.Min(full)/slices.Min(bare), median(ratios), float64(m.allocs)/float64(m.half), float64(m.tableBytes)/float64(m.flows))
	return nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// cpuTime is the CPU time, of all threads, that f takes.
func cpuTime(f func() error) (time.Duration, error) {
	debug.FreeOSMemory() // what the last pass left is not this one's cost
	before := rusage()
	err := f()
	return rusage() - before, err
}

func rusage() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// meterPass is the whole path: open, read, decode, streams, rules, flows.
func meterPass(path string, noCache bool) (result, error) {
	src, err := sources.Open(path, sources.Options{})
	if err != nil {
		return result{}, err
	}
	defer src.Close()
	rs, _, err := srl.Compile("bench.srl", []byte(rules), srl.Options{Optimise: -1})
	if err != nil {
		return result{}, err
	}
	rs.Number = 2
	var cfg meter.Config
	if noCache {
		cfg.Cache = meter.NoCache
	}
	m := control.New(cfg, control.Config{})
	err = m.Change(func(c *control.Change) error { return c.Run(rs) })
	if err != nil {
		return result{}, err
	}
	r, err := feed(src, m)
	m.View(func(s *control.State) {
		c := s.Counts()
		r.packets, r.octets = c.Packets, c.Octets
		r.flows, r.tableBytes = s.FlowsInUse(), s.Memory()
		r.half = c.Packets - r.half
	})
	return r, err
}

func feed(src sources.Source, m *control.Meter) (result, error) {
	var r result
	var ms runtime.MemStats
	started := false
	loop := reading.Loop{Source: src, Meter: m.Meter, Fed: func() {
		if st := src.Stats(); !started && 2*st.BytesRead > st.BytesAll {
			// All flows of the traces exist by now.
			started, r.half = true, st.Frames
			runtime.ReadMemStats(&ms)
			r.allocs = ms.Mallocs
		}
	}}
	_, err := loop.Run(context.Background())
	runtime.ReadMemStats(&ms)
	r.allocs = ms.Mallocs - r.allocs
	return r, err
}

// thousands is a number as the names of traces have it; no two have one name.
func thousands(n int) string {
	if n%1000 == 0 {
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}

// makeTrace generates a trace unless it is there.
func makeTrace(dir string, packets int, tr trace) (string, error) {
	path := filepath.Join(dir, fmt.Sprintf("%s-%s-%s.pcap", thousands(packets), thousands(tr.flows), tr.duration))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	tmp := path + ".part"
	cmd := exec.Command("go", "run", "./sources/sourcetest/tracegen", "-mix", "bench", "-packets", fmt.Sprint(packets),
		"-flows", fmt.Sprint(tr.flows), "-duration", tr.duration, "-snap", "64", "-o", tmp)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("tracegen: %w", err)
	}
	return path, os.Rename(tmp, path)
}
