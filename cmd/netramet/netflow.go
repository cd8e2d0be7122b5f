package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"netramet/internal/datagram"
	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources"
	"netramet/sources/live"
	"netramet/sources/netflow"
	"netramet/sources/wire"

	"github.com/spf13/pflag"
)

// netflowOptions are the options of metering flow records.
type netflowOptions struct {
	ports    string // of --netflow; "": the trace is metered itself
	sampling string
	from     []string
	networks []netip.Prefix
	find     datagram.Finder // where --netflow looks

	interfaces bool // rule sets look at the numbers of interfaces
}

// usualPorts stand for those to which exporters usually send: NetFlow's, IPFIX's,
// sFlow's, nfdump's.
const usualPorts = "usual"

var exportPorts = map[uint16]bool{2055: true, 4739: true, 6343: true, 9995: true, 9996: true}

func (n *netflowOptions) declare(f *pflag.FlagSet) {
	f.StringVar(&n.ports, "netflow", "", "meter the flow records (NetFlow, IPFIX, sFlow) that the trace's UDP datagrams hold; those to `PORTS`, as 2055,9000, or usual ones")
	f.Lookup("netflow").NoOptDefVal = usualPorts
	f.StringVar(&n.sampling, "netflow-sampling", "apply", "`HOW` to count where exporters saw one packet in N: apply (N times as many) or tell (as exported)")
	f.StringArrayVar(&n.from, "netflow-from", nil, "hear exporters in `NET` only, as 192.0.2.0/24 or an address; may be repeated")
}

// hasRecords reports whether flow records are metered.
func (o *options) hasRecords() bool { return o.netflow.ports != "" || o.socket() != "" }

// socket is the URI of the socket that flow records come to, "" if there is none.
func (o *options) socket() string {
	for _, uri := range o.traces {
		if netflow.IsAddress(uri) {
			return uri
		}
	}
	return ""
}

// onlyPackets are options that mean nothing where flow records come from a socket.
var onlyPackets = []string{"interface", "no-promiscuous", "ring", "block", "merge", "follow", "start", "end", "max-gap", "readers", "netflow"}

// checkSocket checks what goes with -C netflow://.
func (o *options) checkSocket(f *pflag.FlagSet) error {
	switch {
	case o.socket() == "":
		return nil
	case len(o.traces) > 1:
		return fmt.Errorf("-C %s: it is metered alone, and there are %d of -C", o.socket(), len(o.traces))
	case o.isManaged() && f.Changed("interval"):
		return errors.New("-T needs rule files: readers of a live meter collect when they like (nemac -c)")
	}
	return netflow.Check(o.socket())
}

// openSocket begins to collect flow records, and the meter's time.
func (o *options) openSocket(note func(string)) (link, error) {
	src, err := netflow.Listen(o.socket(), o.collecting(note))
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(o.socket(), ":0") { // the log names the one that it got
		o.traces = []string{netflow.Scheme + src.Addr().String()}
	}
	o.beginTime(note)
	return &collected{src}, nil
}

// collected is flow records as a link: its interfaces are exporters.
type collected struct{ *netflow.Source }

// Interfaces implements link.
func (c *collected) Interfaces() (all []live.Interface) {
	for _, x := range c.Exporters() {
		all = append(all, live.Interface{Number: x.Interface, Name: x.Addr.String(), LinkType: wire.LinkRaw,
			Present: true, Up: true, Packets: x.Records, Octets: x.Octets, Dropped: x.Lost})
	}
	return all
}

// Info implements sources.Informer.
func (c *collected) Info() (info sources.Info) {
	for _, x := range c.Interfaces() {
		info.Interfaces = append(info.Interfaces, wire.Interface{Name: x.Name, LinkType: x.LinkType})
	}
	return info
}

// notForRecords are options that mean something for packets only.
var notForRecords = []string{"write", "explain", "snap", "dump-pairs", "fcs"}

func (o *options) checkNetFlow(f *pflag.FlagSet) error {
	n := &o.netflow
	if !o.hasRecords() {
		for _, name := range []string{"netflow-sampling", "netflow-from"} {
			if f.Changed(name) {
				return fmt.Errorf("--%s is for flow records: give --netflow, or -C netflow://:2055", name)
			}
		}
		return nil
	}
	for _, name := range notForRecords {
		if f.Changed(name) {
			return fmt.Errorf("--%s is for packets, and flow records are metered", name)
		}
	}
	if n.sampling != "apply" && n.sampling != "tell" {
		return fmt.Errorf("--netflow-sampling %q: it is apply or tell", n.sampling)
	}
	if n.ports != "" && o.isLive() {
		return errors.New("--netflow is for traces that hold export datagrams: flow records come live with -C netflow://ADDRESS:PORT")
	}
	if n.ports != "" {
		if _, err := n.portSet(); err != nil {
			return err
		}
	}
	for _, text := range n.from {
		p, err := netip.ParsePrefix(text)
		if a, aerr := netip.ParseAddr(text); err != nil && aerr == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return fmt.Errorf("--netflow-from %q: it is a network or an address, as 192.0.2.0/24 or 2001:db8::1", text)
		}
		n.networks = append(n.networks, p.Masked())
	}
	if !f.Changed("octets") {
		o.octets = "peer" // which is what records count
	}
	return nil
}

// portSet is the ports of --netflow.
func (n *netflowOptions) portSet() (map[uint16]bool, error) {
	if n.ports == usualPorts {
		return exportPorts, nil
	}
	set := make(map[uint16]bool)
	for text := range strings.SplitSeq(n.ports, ",") {
		p, err := strconv.ParseUint(text, 10, 16)
		if err != nil || p == 0 {
			return nil, fmt.Errorf("--netflow=%s: %q is no port: it is --netflow=2055,9995, or --netflow", n.ports, text)
		}
		set[uint16(p)] = true
	}
	return set, nil
}

// collecting is how records are collected. note is told what happens to exporters; of the
// managed meter, which has no summary, also what they sample.
func (o *options) collecting(note func(string)) netflow.Options {
	n := &o.netflow
	opt := netflow.Options{From: n.networks, Tell: note, TellRates: o.isManaged()}
	opt.TellInterfaces = o.directionBy == "interface" && (n.interfaces || o.isManaged())
	if n.sampling == "tell" {
		opt.Sampling = netflow.Tell
	}
	return opt
}

// recordsOf makes a trace the flow records that it holds.
func (o *options) recordsOf(src sources.Source, note func(string)) sources.Source {
	o.netflow.find.Ports, _ = o.netflow.portSet() // as checked
	return netflow.Over(o.traceName(), src, o.netflow.find.Find, o.collecting(note))
}

// asksInterfaces reports whether rules look at an interface's number.
func asksInterfaces(rs *ruleset.RuleSet) bool {
	return slices.ContainsFunc(rs.Rules, func(r ruleset.Rule) bool {
		a := r.Selector
		if r.Assigns() {
			a = mib.Attr(r.Value[0])
		}
		return a == mib.AttrSourceInterface || a == mib.AttrDestInterface
	})
}

// warnOfRecords says which rule sets ask for what flow records do not tell, or not fully:
// that is known when the records come.
func (o *options) warnOfRecords(sets []*ruleset.RuleSet, w io.Writer) {
	if !o.hasRecords() {
		return
	}
	o.netflow.interfaces = slices.ContainsFunc(sets, asksInterfaces)
	for i, rs := range sets {
		for j := range rs.Rules {
			a := rs.Rules[j].Selector
			var what string
			switch {
			case !a.IsDistribution():
				continue
			case a.IsRate():
				what = "has what records tell when they come, not when their packets came"
			case a == mib.AttrToPacketSize || a == mib.AttrFromPacketSize:
				what = "has records of one packet only"
			case a.IsTurnaround(), a == mib.AttrToInterarrivalTime, a == mib.AttrFromInterarrivalTime:
				what = "stays empty, for flow records tell nothing of single packets"
			default:
				continue
			}
			fmt.Fprintf(w, "netramet: warning: %s: %v %s\n", o.rules[i], a, what)
			break
		}
	}
}

// sampledText says at which rates, the least and the most, an exporter's records were
// sampled, and whether what they count was multiplied.
func sampledText(rates [2]uint32, applied bool) string {
	if rates[1] == 0 {
		return ""
	}
	text := fmt.Sprintf(", sampled 1 in %d", rates[0])
	if rates[1] > rates[0] {
		text += fmt.Sprintf(" to 1 in %d", rates[1])
	}
	if applied {
		return text + ", multiplied"
	}
	return text + ", not multiplied"
}

// tellExport writes what was collected, and from whom. Of a trace, partial is how many
// datagrams were not all there. applied says that what was sampled is multiplied.
func tellExport(w io.Writer, src sources.Source, partial uint64, applied bool) {
	x, isTrace := src.(*netflow.Source)
	switch s := src.(type) {
	case *netflow.Source:
	case *collected:
		x = s.Source
	default:
		return
	}
	c := x.Collected()
	if c.Datagrams == 0 && partial > 0 {
		fmt.Fprintf(w, "netramet: no datagram to the ports of --netflow is whole: %d are cut, or in fragments; they are captured whole with tcpdump -s 0\n", partial)
		return
	}
	if c.Datagrams == 0 && isTrace {
		fmt.Fprintf(w, "netramet: no datagram goes to the ports of --netflow: name others, as --netflow=9000\n")
		return
	}
	fmt.Fprintf(w, "netramet: %d datagrams of %d exporters, %d flow records, ", c.Datagrams, len(x.Exporters()), c.Records)
	writeExtras(w, []extra{
		{c.Foreign, "datagrams of another kind"}, {c.Refused, "datagrams refused"}, {c.Damaged, "datagrams damaged"}, {partial, "datagrams cut or in fragments"},
		{c.Unknown, "data sets without a template dropped"}, {c.NoTemplate, "templates refused"}, {c.Empty, "records without packets"}, {c.Counters, "samples of no packet"},
		{c.OddTimes, "records with impossible times"}, {c.Skewed, "datagrams of wrong clocks"},
	})
	fmt.Fprintf(w, "%d lost\n", c.Lost)
	for _, e := range x.Exporters() {
		fmt.Fprintf(w, "netramet: interface %d: %v, %d datagrams, %d records, %d lost%s\n", e.Interface, e.Addr, e.Datagrams, e.Records, e.Lost, sampledText(e.Rates, applied))
	}
}
