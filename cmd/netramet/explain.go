package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"netramet/internal/reading"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/meter/origin"
	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources/wire"
	"netramet/streams/dist"
)

// explainPacket shows how packet N of a trace runs through the rule sets, by
// the naive interpreter, and which flow counts it after the packets before it.
func explainPacket(ctx context.Context, o *options, std stdio) error {
	sets, err := o.readRules(std.err)
	if err != nil {
		return err
	}
	if o.origins, err = o.readOrigins(); err != nil {
		return err
	}
	src, err := o.openTrace(ctx, std.in, noteTo(std.err))
	if err != nil {
		return err
	}
	defer src.Close()
	cfg := o.meterConfig()
	// Every packet before N is metered, and nothing is collected or recovered.
	cfg.SampleRate, cfg.Interval, cfg.MaxIntervals = 1, 0, 0
	b := &batch{o: o, src: src, meter: control.New(cfg, control.Config{}), tasks: tasksOf(sets)}
	if err := b.runSets(sets, o.rules); err != nil {
		return err
	}
	f, err := b.frameNumber(ctx, o.explain)
	if err != nil {
		return err
	}
	left, fault := o.leftOut(f)
	if o.snap > 0 {
		f.Data = f.Data[:min(len(f.Data), int(o.snap))]
	}
	if o.direction != nil {
		f.Interface = o.direction.Of(f)
	}
	var p packet.Packet
	p.DecodeTo(f, cfg.Depth)
	p.DecodeRest(f)
	cfg.FillOrigin(&p)
	out := bufio.NewWriter(std.out) // it keeps the first error of a write
	explainFrame(out, o.explain, f, &p, o.origins.Names())
	switch {
	case fault != nil:
		return errors.Join(fault, out.Flush())
	case left != "":
		fmt.Fprintf(out, "\nnot metered: %s\n", left)
		return out.Flush()
	}
	for i, rs := range sets {
		if err := b.explainRuleSet(out, o.rules[i], rs, &p); err != nil {
			return errors.Join(err, out.Flush())
		}
	}
	return out.Flush()
}

// leftOut says why a frame of the trace is not metered, "" if it is.
func (o *options) leftOut(f *wire.Frame) (why string, err error) {
	if o.window != nil {
		inside, err := o.window.Holds(f)
		if err != nil || !inside {
			return "it is outside the window of --start and --end", err
		}
	}
	if o.filter != nil {
		selected, err := o.filter.Match(f)
		if err != nil || !selected {
			return "--filter does not select it", filterFault(err)
		}
	}
	return "", nil
}

// frameNumber meters the packets before number n and returns that frame.
func (b *batch) frameNumber(ctx context.Context, n uint64) (*wire.Frame, error) {
	var seen uint64
	var found *wire.Frame
	upTo := func(wb *wire.Batch) error {
		before := n - seen - 1
		if uint64(len(wb.Frames)) <= before {
			seen += uint64(len(wb.Frames))
			return nil
		}
		// The batch goes out of use with this run; its one frame stays.
		f := wb.Frames[before]
		f.Data = slices.Clone(f.Data)
		found = &f
		wb.Frames = wb.Frames[:before]
		return io.EOF
	}
	loop := reading.Loop{Source: b.src, Stages: append([]reading.Stage{upTo}, b.o.stages()...), Meter: b.meter.Meter}
	_, err := loop.Run(ctx)
	switch {
	case found != nil:
		return found, nil
	case err != nil:
		return nil, err
	}
	return nil, fmt.Errorf("--explain %d: the trace has %d packets", n, seen)
}

// explainFrame prints what the decoder makes of the frame.
func explainFrame(w io.Writer, n uint64, f *wire.Frame, p *packet.Packet, names *origin.Names) {
	when := "without a time"
	if f.Time != wire.NoTime {
		when = time.Unix(0, f.Time).UTC().Format("15:04:05.000000000 Mon 2 Jan 2006")
	}
	fmt.Fprintf(w, "packet %d  %s  %v, %d octets on the wire, %d captured, interface %d\n",
		n, when, f.LinkType, f.WireLen, len(f.Data), f.Interface)
	if p.Fault != packet.FaultNone {
		fmt.Fprintf(w, "  %v\n", p.Fault)
	}
	r := &p.Rest
	if r.HasAdjacent() {
		fmt.Fprintf(w, "  adjacent  %s > %s", octetsText(mib.AttrSourceAdjacentAddress, r.AdjacentAddress[0][:r.AdjacentLen]),
			octetsText(mib.AttrSourceAdjacentAddress, r.AdjacentAddress[1][:r.AdjacentLen]))
		if r.VLANid != 0 {
			fmt.Fprintf(w, ", VLAN %d, priority %d", r.VLANid, r.Priority)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "  peer      type %d", p.PeerType)
	if p.PeerLen > 0 {
		fmt.Fprintf(w, ", %s > %s", octetsText(mib.AttrSourcePeerAddress, p.PeerAddress[0][:p.PeerLen]),
			octetsText(mib.AttrSourcePeerAddress, p.PeerAddress[1][:p.PeerLen]))
	}
	fmt.Fprintf(w, ", %d octets", p.PeerOctets)
	if p.Flags&packet.IsFragment != 0 {
		fmt.Fprint(w, ", fragment")
	}
	fmt.Fprintln(w)
	if g := &p.Origin; g.ASN != [2]uint32{} || g.Prefix != [2]uint8{} {
		system := func(dir int) string {
			if name := names.Of(g.ASN[dir]); name != "" {
				return fmt.Sprintf("AS%d %q /%d", g.ASN[dir], name, g.Prefix[dir])
			}
			return fmt.Sprintf("AS%d /%d", g.ASN[dir], g.Prefix[dir])
		}
		fmt.Fprintf(w, "  origin    %s > %s\n", system(0), system(1))
	}
	if p.Flags&packet.IsStream != 0 {
		fmt.Fprintf(w, "  transport type %d", p.TransType)
		if p.Flags&packet.HasPorts != 0 {
			fmt.Fprintf(w, ", %d > %d", p.TransAddress[0], p.TransAddress[1])
		}
		fmt.Fprintln(w)
	}
}

// explainRuleSet prints the rules run, in one order or both, and the result.
func (b *batch) explainRuleSet(w io.Writer, file string, rs *ruleset.RuleSet, p *packet.Packet) error {
	fmt.Fprintf(w, "\nrule set %d %q, %s\n", rs.Number, rs.Name, file)
	if p.Fault == packet.FaultLinkType {
		fmt.Fprintln(w, "  not metered: the link type is not supported")
		return nil
	}
	for _, order := range []pme.Order{pme.WireOrder, pme.Reversed} {
		fmt.Fprintf(w, "  %s\n", map[pme.Order]string{
			pme.WireOrder: "source to dest, as on the wire", pme.Reversed: "dest to source, addresses exchanged",
		}[order])
		steps := stepPrinter{w: w, rs: rs}
		out := pme.Interpret(rs, p, order, steps.step)
		steps.flush()
		if out.Err != "" {
			fmt.Fprintf(w, "    fault: %s\n", out.Err)
		}
		fmt.Fprintf(w, "    => %v\n", out.Verdict)
		if out.Verdict == pme.NoMatch {
			continue
		}
		if out.Verdict == pme.Ignore {
			return nil
		}
		explainSaved(w, &out)
		return b.explainFlow(w, rs.Number, p)
	}
	fmt.Fprintln(w, "  not matched in either direction: not counted")
	return nil
}

// explainSaved prints what a matched packet's flow is made of, and the distributions
// that it asks for.
func explainSaved(w io.Writer, out *pme.Outcome) {
	saved := func(a mib.Attr, value, mask []byte) {
		fmt.Fprintf(w, "       %-22v %s  mask %s\n", a, octetsText(a, value), octetsText(a, mask))
	}
	for _, s := range out.Saved {
		saved(s.Attr, s.Value, s.Mask)
	}
	for i := range out.Distributions {
		d := &out.Distributions[i]
		fmt.Fprintf(w, "       %-22v %s\n", d.Attr, specText(d))
	}
}

// specText says what a distribution's specification means.
func specText(d *pme.Distribution) string {
	spec := dist.SpecOf(d.Mask, d.Value)
	spacing := "linear"
	if spec.Transform == dist.Logarithmic {
		spacing = "logarithmic"
	}
	limits := spec.Limits()
	text := fmt.Sprintf("%d buckets, %s, the first up to %d, the last to %d", len(limits), spacing, limits[0], limits[len(limits)-1])
	switch p := spec.Parameter1; {
	case d.Attr.IsRate():
		text += fmt.Sprintf("; a sample every %d s", p)
	case d.Attr.IsTurnaround():
		text += "; " + mib.Pairing(p).String()
	}
	return text
}

// explainFlow prints which flow counts the packet.
func (b *batch) explainFlow(w io.Writer, number int, p *packet.Packet) error {
	var pl meter.Place
	var f meter.Flow
	var err error
	b.meter.View(func(s *control.State) {
		if pl, err = s.Lookup(number, p); err == nil && pl.Index != 0 {
			s.Flow(pl.Index, &f)
		}
	})
	if err != nil {
		return err
	}
	counters := [2]string{"ToPDUs and ToOctets", "FromPDUs and FromOctets"}[pl.Dir]
	if pl.Index == 0 {
		fmt.Fprintf(w, "  counts in a new flow, %s\n", counters)
		return nil
	}
	fmt.Fprintf(w, "  counts in flow %d (so far %d PDUs to, %d from), %s\n", pl.Index, f.PDUs[0], f.PDUs[1], counters)
	return nil
}

// octetsText prints a value or mask in the notation of its attribute.
func octetsText(a mib.Attr, b []byte) string {
	switch {
	case len(b) == 0:
		return "(none)"
	case a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress:
		if addr, ok := netip.AddrFromSlice(b); ok {
			return addr.String()
		}
	case a == mib.AttrSourceAdjacentAddress || a == mib.AttrDestAdjacentAddress:
		if addr, ok := netip.AddrFromSlice(b); ok { // the end of a tunnel
			return addr.String()
		}
	case a.IsDistribution():
	case len(b) <= 8:
		var n [8]byte
		copy(n[8-len(b):], b)
		return fmt.Sprint(binary.BigEndian.Uint64(n[:]))
	}
	return strings.ToUpper(strings.ReplaceAll(fmt.Sprintf("% x", b), " ", "-"))
}
