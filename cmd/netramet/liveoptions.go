package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"netramet/sources/live"

	"github.com/spf13/pflag"
)

// liveOptions are the options of metering links.
type liveOptions struct {
	interfaces    []string
	noPromiscuous bool
	ring, block   octets
}

// declare declares them; onlyLive lists their names.
func (l *liveOptions) declare(f *pflag.FlagSet) {
	l.ring, l.block = live.DefaultRingOctets, live.DefaultBlockOctets
	f.StringArrayVarP(&l.interfaces, "interface", "i", nil, "meter what `INTERFACE` of this machine carries, live, until interrupted; may be repeated; any: all of them (Linux, with CAP_NET_RAW)")
	f.BoolVarP(&l.noPromiscuous, "no-promiscuous", "p", false, "with -i: leave out frames for other stations")
	f.Var(&l.ring, "ring", "with -i: `SIZE` of the memory in which the kernel keeps packets of an interface, for each of --lanes")
	f.Var(&l.block, "block", "with -i: `SIZE` of the blocks of --ring, a power of two; the kernel hands over blocks")
}

// onlyLive and onlyTrace name the options that make no sense without -i, and with;
// notCards those that are not for cards either.
var (
	onlyLive  = []string{"no-promiscuous", "ring", "block"}
	onlyTrace = slices.Concat([]string{"trace", "source", "fcs"}, notCards)
	notCards  = []string{"merge", "follow", "start", "end", "max-gap", "explain", "readers"}
)

// isLive reports whether links are metered, or what exporters send: time is the
// machine's, not that of the packets alone, and goes on without them.
func (o *options) isLive() bool {
	return len(o.live.interfaces) > 0 || o.readsCards() || o.socket() != ""
}

// checkLive checks what goes with -i.
func (o *options) checkLive(f *pflag.FlagSet) error {
	bad, why := onlyLive, "is about interfaces: name one with -i"
	switch {
	case o.socket() != "":
		bad, why = onlyPackets, "does not go with -C "+o.socket()
	case o.readsCards() && len(o.live.interfaces) > 0:
		return errors.New("-C dag: and -i are not metered together")
	case o.readsCards():
		bad, why = slices.Concat(onlyLive, notCards), "is not for DAG cards"
	case o.isLive():
		bad, why = onlyTrace, "is about traces, and -i meters an interface"
	}
	for _, name := range bad {
		if fl := f.Lookup(name); fl.Changed {
			if fl.Shorthand != "" {
				name = fl.Shorthand
			}
			return fmt.Errorf("%s %s", dashed(name), why)
		}
	}
	if !o.isLive() || o.socket() != "" {
		return o.checkSocket(f)
	}
	if o.readsCards() {
		if err := o.checkCards(); err != nil {
			return err
		}
	}
	switch {
	case slices.Contains(o.live.interfaces, ""):
		return errors.New("-i \"\": it is the name of an interface")
	case o.isManaged() && f.Changed("interval"):
		return errors.New("-T needs rule files: readers of a live meter collect when they like (nemac -c)")
	case o.live.block&(o.live.block-1) != 0, o.live.block < live.MinBlockOctets, o.live.block > live.MaxBlockOctets:
		least, most := octets(live.MinBlockOctets), octets(live.MaxBlockOctets)
		return fmt.Errorf("--block %s: it is a power of two, from %s to %s", &o.live.block, &least, &most)
	case o.live.ring < o.live.block:
		return fmt.Errorf("--ring %s: it holds blocks of %s (--block)", &o.live.ring, &o.live.block)
	}
	return nil
}

// octets is a size on the command line.
type octets uint64

// sizeUnits are the units of sizes, the largest first.
var sizeUnits = []struct {
	name  string
	shift uint
}{{"G", 30}, {"M", 20}, {"k", 10}}

// Set implements pflag.Value.
func (n *octets) Set(text string) error {
	number, shift := text, uint(0)
	for _, u := range sizeUnits {
		for _, name := range []string{u.name, strings.ToLower(u.name), strings.ToUpper(u.name)} {
			if rest, ok := strings.CutSuffix(text, name); ok {
				number, shift = rest, u.shift
			}
		}
	}
	v, err := strconv.ParseUint(number, 10, 31)
	if err != nil || v == 0 || v > (1<<31-1)>>shift {
		return errors.New("it is a number of octets, as 1048576, 512k, 64M; below 2G")
	}
	*n = octets(v << shift)
	return nil
}

// String is the shortest text of the size.
func (n *octets) String() string {
	for _, u := range sizeUnits {
		if *n != 0 && *n%(1<<u.shift) == 0 {
			return fmt.Sprintf("%d%s", *n>>u.shift, u.name)
		}
	}
	return strconv.FormatUint(uint64(*n), 10)
}

// Type implements pflag.Value.
func (n *octets) Type() string { return "size" }
