package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"netramet/meter"
	"netramet/streams/pair"

	"github.com/spf13/pflag"
)

// pairOptions are the options about packets in pairs.
type pairOptions struct {
	measure  string // first or last
	maxTCP   uint32
	maxOther uint32
	dnsPorts portList
	dump     string // file
}

func (o *pairOptions) declare(f *pflag.FlagSet) {
	o.dnsPorts = portList{meter.DefaultDNSPort}
	f.StringVar(&o.measure, "pairs", "first", "measure the time to a reply from the `WHICH` of a request's repeats: first or last")
	f.Uint32Var(&o.maxTCP, "queue-tcp", pair.DefaultMaxTCP, "`COUNT` of requests that wait for a reply in a TCP stream; more push out the oldest")
	f.Uint32Var(&o.maxOther, "queue-other", pair.DefaultMaxOther, "`COUNT` of requests that wait in another stream")
	f.Var(&o.dnsPorts, "dns-ports", "UDP ports of DNS, for pairs: `PORTS` with commas between them")
	f.StringVar(&o.dump, "dump-pairs", "", "write a line about each request and its reply to `FILE`, or - for standard output")
}

func (o *pairOptions) check(f *pflag.FlagSet) error {
	switch {
	case o.measure != "first" && o.measure != "last":
		return fmt.Errorf("--pairs %q: it is first or last", o.measure)
	case o.maxTCP == 0 || o.maxTCP > pair.MaxQueue:
		return fmt.Errorf("--queue-tcp %d: it is from 1 to %d", o.maxTCP, pair.MaxQueue)
	case o.maxOther == 0 || o.maxOther > pair.MaxQueue:
		return fmt.Errorf("--queue-other %d: it is from 1 to %d", o.maxOther, pair.MaxQueue)
	case f.Changed("dump-pairs") && o.dump == "":
		return errors.New("--dump-pairs \"\": it is the name of a file")
	}
	return nil
}

// set puts the options into the meter's.
func (o *pairOptions) set(c *meter.Config) {
	c.PairPorts.DNS = o.dnsPorts
	c.Streams.Pairs = pair.Config{MaxTCP: int(o.maxTCP), MaxOther: int(o.maxOther)}
	if o.measure == "last" {
		c.Streams.Pairs.Measure = pair.FromLast
	}
}

// portList is an option that holds a few ports.
type portList []uint16

// maxPorts bounds what is looked at for each packet of UDP.
const maxPorts = 8

// Set implements pflag.Value.
func (l *portList) Set(text string) error {
	var ports portList
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is no port: they are from 1 to 65535, with commas between them", word)
		}
		ports = append(ports, uint16(n))
	}
	if len(ports) > maxPorts {
		return fmt.Errorf("%d ports: there are at most %d", len(ports), maxPorts)
	}
	*l = ports
	return nil
}

// String implements pflag.Value.
func (l *portList) String() string {
	var words []string
	for _, port := range *l {
		words = append(words, strconv.Itoa(int(port)))
	}
	return strings.Join(words, ",")
}

// Type implements pflag.Value.
func (l *portList) Type() string { return "ports" }
