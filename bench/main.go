//go:build linux

// Bench measures the meter beside other programs that do the same, in turn, in
// one run, and prints ratios: on a busy machine nothing else is worth printing.
// See docs/performance.md.
//
// Metering, as a whole process, beside a bare loop over the same trace (./bare),
// beside itself with more lanes, and beside whichever other flow meters are on
// the path:
//
//	go run ./bench              short
//	go run ./bench -full        traces of 2 and 5 million packets, every row, every peer
//	go run ./bench -only a,d    some of the traces
//	go run ./bench -trace FILE  a trace made elsewhere
//
// Collecting all flows of a meter over SNMP on loopback, as wall and CPU time
// beside reading the same flows in the meter's own process and beside a bare
// exchange of the same datagrams; ten readers at once; and what metering notices of it:
//
//	go run ./bench collect                     1,000,000 flows
//	go run ./bench collect -flows 100000       quicker
//	go run ./bench collect -cpuprofile cpu.out where the time of SNMP goes
//
// Reading smallest packets from an interface, beside a bare loop over a packet ring and
// beside softflowd; and both programs on a link for some time, with their memory and how
// late answers were. These need root:
//
//	go run ./bench live
//	go run ./bench service -minutes 60
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case len(os.Args) > 1 && os.Args[1] == "collect":
		err = collectMain(os.Args[2:])
	case len(os.Args) > 1 && os.Args[1] == "live":
		err = liveMain(ctx, os.Args[2:])
	case len(os.Args) > 1 && os.Args[1] == "service":
		err = serviceMain(ctx, os.Args[2:])
	case len(os.Args) > 1 && os.Args[1] == "echo":
		err = echoMain()
	case len(os.Args) > 1 && os.Args[1] == "reader":
		err = readerMain(os.Args[2:])
	default:
		err = meterMain(ctx, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
