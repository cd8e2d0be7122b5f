// Tracegen writes traces for tests and benchmarks: the same options give the
// same octets for ever.
//
//	go run ./sources/sourcetest/tracegen -o office.pcap -truth office.truth.tsv
//	go run ./sources/sourcetest/tracegen -mix bench -packets 5000000 -flows 50000 -o bench.pcap
//	go run ./sources/sourcetest/tracegen -mix link -packets 5000000 -flows 2000000 -singles 90 -o link.pcap
//
// It streams: memory does not grow with the number of packets (with -truth,
// it grows with the number of flows).
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"netramet/sources/sourcetest/capfile"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// settings are the command line.
type settings struct {
	out, truth string
	sums       string
	format     capfile.Format
	formatName string
	compress   string
	mix, pick  string
	traffic    traffic.Options
}

// run is main with its surroundings; 0 is success, 1 a failure, 2 wrong usage.
func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "tracegen:", err)
		return 2
	}
	if err := generate(s, stdout); err != nil {
		fmt.Fprintln(stderr, "tracegen:", err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	var s settings
	fs := flag.NewFlagSet("tracegen", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var formats []string
	for _, f := range capfile.Formats() {
		formats = append(formats, f.Name)
	}
	fs.StringVar(&s.out, "o", "-", "write the trace to `file`; - is standard output")
	fs.StringVar(&s.truth, "truth", "", "write what every flow carries to `file`, as tab-separated values")
	fs.StringVar(&s.sums, "sums", "", "write how many packets and octets the trace has to `file`, as JSON")
	fs.StringVar(&s.formatName, "format", "pcap", "`format` of the trace: "+strings.Join(formats, ", "))
	fs.StringVar(&s.compress, "z", "none", "`compression`: "+strings.Join(capfile.Compressions(), ", "))
	fs.StringVar(&s.mix, "mix", "realistic", "`mix` of traffic: realistic, damaged (the same, half captured), bench (fast, exact numbers, flows hit at random) or link (Zipf's law, flows as a busy link has them)")
	fs.StringVar(&s.pick, "pick", "uniform", "how bench chooses flows: uniform or zipf")
	fs.IntVar(&s.traffic.Singles, "singles", 0, "`percentage` of link's flows that have just one packet")
	fs.BoolVar(&s.traffic.Scattered, "scattered", false, "link: each flow's packets anywhere in the trace")
	fs.Uint64Var(&s.traffic.Seed, "seed", 1, "`seed` of the random numbers")
	fs.IntVar(&s.traffic.Packets, "packets", 0, "`number` of packets; 0 is 5000000 for bench and link, as many as there are otherwise")
	fs.IntVar(&s.traffic.Flows, "flows", 0, "`number` of flows (bench, link; 0 is 50000) or conversations (realistic; 0 is 300)")
	fs.IntVar(&s.traffic.Snap, "snap", 0, "most `octets` kept of a frame; 0 is 64 for bench and link, all otherwise")
	fs.IntVar(&s.traffic.Interfaces, "interfaces", 1, "`number` of capture interfaces")
	fs.DurationVar(&s.traffic.Duration, "duration", 0, "packet `time` the trace covers; 0 is 1m for bench, 10m for link, 5m otherwise")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("no operands are taken: %q", fs.Args())
	}
	if !slices.Contains(capfile.Compressions(), s.compress) {
		return nil, fmt.Errorf("no compression %q; there are %s", s.compress, strings.Join(capfile.Compressions(), ", "))
	}
	var err error
	if s.format, err = capfile.FormatByName(s.formatName); err != nil {
		return nil, err
	}
	return &s, s.complete()
}

// complete fills in what depends on the mix.
func (s *settings) complete() error {
	packets, flows, snap, duration := 0, 300, 0, 5*time.Minute
	switch s.mix {
	case "realistic":
	case "damaged":
		s.traffic.Damaged = true
	case "bench":
		packets, flows, snap, duration = 5_000_000, 50_000, 64, time.Minute
	case "link":
		packets, flows, snap, duration = 5_000_000, 50_000, 64, 10*time.Minute
	default:
		return fmt.Errorf("no mix %q; there are realistic, damaged, bench, link", s.mix)
	}
	o := &s.traffic
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Packets, packets}, {&o.Flows, flows}, {&o.Snap, snap}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Duration == 0 {
		o.Duration = duration
	}
	switch s.pick {
	case "uniform":
	case "zipf":
		o.Zipf = true
	default:
		return fmt.Errorf("no way to choose %q; there are uniform, zipf", s.pick)
	}
	if o.Interfaces < 1 || o.Interfaces > 255 {
		return fmt.Errorf("%d interfaces, not 1 to 255", o.Interfaces)
	}
	return nil
}

// generate makes the trace and, if asked, its truth.
func generate(s *settings, stdout io.Writer) error {
	var g traffic.Generator
	var err error
	switch s.mix {
	case "bench":
		g, err = traffic.NewBench(s.traffic)
	case "link":
		g, err = traffic.NewLink(s.traffic)
	default:
		g, err = traffic.NewRealistic(s.traffic)
	}
	if err != nil {
		return err
	}
	var truth *traffic.Truth
	if s.truth != "" {
		truth = new(traffic.Truth)
	}
	var t total
	err = toFile(s.out, stdout, func(w io.Writer) error { return s.write(w, g, truth, &t) })
	if err == nil && s.sums != "" {
		err = toFile(s.sums, stdout, t.write)
	}
	if err != nil || truth == nil {
		return err
	}
	return toFile(s.truth, stdout, func(w io.Writer) error {
		_, err := truth.WriteTo(w)
		return err
	})
}

// write writes the whole trace to w.
func (s *settings) write(w io.Writer, g traffic.Generator, truth *traffic.Truth, t *total) error {
	z, err := capfile.Compress(w, s.compress)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(z, 1<<20)
	ifs := make([]capfile.Interface, s.traffic.Interfaces)
	for i := range ifs {
		ifs[i] = capfile.Interface{
			Name: fmt.Sprintf("eth%d", i), LinkType: wire.LinkEthernet, SnapLen: uint32(s.traffic.Snap),
		}
	}
	out, err := s.format.New(b, ifs...)
	if err != nil {
		return err
	}
	var p traffic.Packet
	for {
		err := g.Next(&p)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if truth != nil {
			truth.Add(&p)
		}
		t.add(&p)
		if err := out.Write(&p.Frame); err != nil {
			return err
		}
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return z.Close()
}

// toFile gives write a new file of this name, or standard output.
func toFile(name string, stdout io.Writer, write func(io.Writer) error) (err error) {
	if name == "-" {
		return write(stdout)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	return write(f)
}
