//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"time"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/local"
	"netramet/reader/snmpflows"
	"netramet/ruleset"
)

// collectMain is the benchmark of collections.
func collectMain(args []string) error {
	set := flag.NewFlagSet("collect", flag.ExitOnError)
	flows := set.Int("flows", 1_000_000, "flows of the meter")
	runs := set.Int("runs", 3, "passes of each kind, taken in turn; the fastest is told")
	profile := set.String("cpuprofile", "", "write a CPU profile of the first collection over SNMP")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *flows < 1 || *runs < 1 || set.NArg() > 0 {
		return errors.New("collect takes numbers of at least 1, and no operand")
	}
	s, err := serve(*flows)
	if err != nil {
		return err
	}
	b := &collectBench{s: s, flows: *flows, runs: *runs, profile: *profile}
	err = b.quiet()
	if err == nil {
		err = b.crowd()
	}
	if err == nil {
		err = b.busy()
	}
	return errors.Join(err, s.close())
}

// collectBench is one run of the benchmark.
type collectBench struct {
	s       *served
	flows   int // of the meter
	runs    int
	profile string // file for a CPU profile of the next collection over SNMP; "": none
}

// ways are the kinds of SNMP that are measured.
var ways = []struct {
	name     string
	security client.Security
}{
	{"SNMPv2c", client.Security{Community: community}},
	{"SNMPv3 SHA-256 AES-128", client.Security{
		Version: client.V3, User: user, Auth: "SHA-256", AuthPass: passphrase, Priv: "AES", PrivPass: passphrase,
	}},
}

// pass is what one collection took and gave.
type pass struct {
	wall, cpu time.Duration
	flows     int
	pdus      uint64 // sum over all flows, so that nobody reads less than others
	talk      []exchange
}

func (p *pass) octets() (n int) {
	for _, x := range p.talk {
		n += x.sent + x.got
	}
	return n
}

// quiet measures collections of a meter that has nothing else to do.
func (b *collectBench) quiet() error {
	local, err := b.best(b.local)
	if err != nil {
		return err
	}
	fmt.Printf("%-24s %8s %8s %8s %10s %10s %13s %13s\n", "collection of", "flows", "wall s", "CPU s",
		"datagrams", "MB", "x in-process", "x echo")
	fmt.Printf("%-24s %8s %8s %8s %10s %10s %6s %6s %6s %6s\n", "", "", "", "", "", "", "wall", "CPU", "wall", "CPU")
	fmt.Printf("%-24s %8d %8.2f %8.2f\n", "in-process", local.flows, local.wall.Seconds(), local.cpu.Seconds())
	for _, w := range ways {
		snmp, err := b.best(func() (pass, error) { return b.overSNMP(w.security) })
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		if snmp.flows != local.flows || snmp.pdus != local.pdus {
			return fmt.Errorf("%s read %d flows with %d packets, in-process %d with %d", w.name, snmp.flows, snmp.pdus, local.flows, local.pdus)
		}
		echo, err := b.best(func() (pass, error) { return echoPass(snmp.talk) })
		if err != nil {
			return fmt.Errorf("echo: %w", err)
		}
		fmt.Printf("%-24s %8d %8.2f %8.2f %10d %10.1f %6.1f %6.1f %6.1f %6.1f\n", w.name, snmp.flows, snmp.wall.Seconds(), snmp.cpu.Seconds(),
			2*len(snmp.talk), float64(snmp.octets())/1e6,
			ratio(snmp.wall, local.wall), ratio(snmp.cpu, local.cpu), ratio(snmp.wall, echo.wall), ratio(snmp.cpu, echo.cpu))
		fmt.Printf("%-24s %8s %8.2f %8.2f\n", "  echo of the same", "", echo.wall.Seconds(), echo.cpu.Seconds())
	}
	return nil
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(max(b, 1)) }

// best is the fastest of the passes.
func (b *collectBench) best(f func() (pass, error)) (pass, error) {
	var all []pass
	for range b.runs {
		debug.FreeOSMemory() // what the last pass left is not this one's cost
		cpu, start := rusage(), time.Now()
		p, err := f()
		if err != nil {
			return p, err
		}
		p.wall, p.cpu = time.Since(start), rusage()-cpu
		all = append(all, p)
	}
	return slices.MinFunc(all, func(a, b pass) int { return int(a.wall - b.wall) }), nil
}

// local reads all flows in the meter's own process.
func (b *collectBench) local() (pass, error) {
	return readAll(local.New(b.s.meter, "meter"))
}

// overSNMP reads all flows as nemac does.
func (b *collectBench) overSNMP(sec client.Security) (p pass, err error) {
	ctx := context.Background()
	conn, err := dialRecorder(b.s.addr)
	if err != nil {
		return p, err
	}
	c, err := remotemeter.Dial(ctx, client.Options{Host: b.s.addr.Addr().String(), Port: b.s.addr.Port(), Security: sec, Conn: conn})
	if err != nil {
		return p, err
	}
	defer c.Close()
	row, err := c.CreateReader(ctx, remotemeter.Reader{Owner: "bench", RuleSet: ruleSet}, nil)
	if err != nil {
		return p, err
	}
	if b.profile != "" {
		f, err := os.Create(b.profile)
		if err != nil {
			return p, err
		}
		defer f.Close()
		b.profile = ""
		if err := pprof.StartCPUProfile(f); err != nil {
			return p, err
		}
		defer pprof.StopCPUProfile()
	}
	p, err = readAll(snmpflows.New(c, snmpflows.Config{
		Readers: []snmpflows.ReaderRef{{Index: row, RuleSet: ruleSet}}, Marks: true,
	}))
	p.talk = conn.talk
	return p, errors.Join(err, c.DestroyReader(ctx, row))
}

// readAll is one collection.
func readAll(f reader.Flows) (p pass, err error) {
	ctx := context.Background()
	format := ruleset.DefaultFormat()
	to, from := slices.Index(format.Attrs, mib.AttrToPDUs), slices.Index(format.Attrs, mib.AttrFromPDUs)
	if _, err := f.Begin(ctx, []reader.Task{{RuleSet: ruleSet, Format: format}}); err != nil {
		return p, err
	}
	var rec reader.Record
	for {
		err := f.Next(ctx, &rec)
		if errors.Is(err, io.EOF) {
			return p, f.Commit(ctx)
		}
		if err != nil {
			return p, err
		}
		p.flows++
		p.pdus += rec.Values[to].Num + rec.Values[from].Num
	}
}
