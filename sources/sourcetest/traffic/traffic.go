// Package traffic makes traces: packets in time order, the same ones for the
// same options for ever, with the truth about each kept apart from its
// octets.
//
// Realistic makes what an office's uplink carries: TCP connections with
// handshakes, losses and closes, DNS with lost answers, pings, NTP,
// fragments, VLANs, IPv6 with extension headers, and the noise of a LAN.
// Bench makes any number of packets of a given number of flows, quickly and
// in constant memory per flow, and hits its flows at random. Link has its flows
// as a busy link has them, and remembers only those that are running. Truth sums
// packets per flow.
//
// The package reads and writes no files and knows nothing of the meter or of
// decoding: flow and lengths of a packet are what its conversation says, not
// what its octets say. It uses integers only, so that all machines make the
// same bytes.
package traffic

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"time"

	"netramet/sources/wire"
)

// DefaultStart is the time of a trace's beginning, unless Options say
// otherwise: 2026-01-05 09:00:00 UTC.
var DefaultStart = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// Options say what to make.
type Options struct {
	Seed  uint64
	Start time.Time // zero: DefaultStart
	// Duration is how long the trace may last; it must be over 0.
	Duration time.Duration
	// Packets ends a realistic trace early (0: it does not), and is the exact
	// number of a bench or link trace.
	Packets int
	// Flows is the number of conversations of a realistic trace, and the exact
	// number of flows of a bench trace, if it has as many packets, and of a link
	// trace.
	Flows int
	// Snap is the most captured octets of a frame; 0 is no limit (bench: 64).
	Snap int
	// Interfaces is how many interfaces the packets come from; 0 is 1. A
	// conversation stays on one.
	Interfaces int
	// Zipf makes a bench trace choose flow k in proportion to 1/k instead of
	// uniformly.
	Zipf bool
	// Singles is how many of 100 flows of a link trace have just one packet; the
	// others then have at least two. 0: Zipf's law alone decides.
	Singles int
	// Scattered has each flow of a link trace go on to the trace's end, its
	// packets at even chances anywhere: no link is like that, and it is the worst
	// case for whatever remembers flows.
	Scattered bool
	// Damaged makes a realistic trace of what is left where one fifth of the packets
	// is captured: of each conversation one direction, no SYN, FIN or RST, and jumps in
	// sequence numbers.
	Damaged bool
}

// Flow is a packet's 5-tuple in the packet's own direction. Ports are 0 where
// there are none and in fragments that are not the first.
type Flow struct {
	Src, Dst         netip.Addr
	SrcPort, DstPort uint16
	Proto            uint8 // upper-layer protocol, behind IPv6 extension headers
}

// Reverse is the flow seen from the other end.
func (f Flow) Reverse() Flow {
	f.Src, f.Dst, f.SrcPort, f.DstPort = f.Dst, f.Src, f.DstPort, f.SrcPort
	return f
}

// Packet is a frame and the truth about it.
type Packet struct {
	Frame    wire.Frame
	IP       bool   // IPv4 or IPv6: the following are valid
	Fragment bool   // a fragment, first or not
	IPOctets uint32 // IPv4 total length, or 40 + IPv6 payload length
	Flow     Flow
}

// Generator makes packets in time order.
type Generator interface {
	// Next makes the next packet; io.EOF is the end. The frame's Data is
	// valid until the next call.
	Next(p *Packet) error
}

// check completes options and refuses senseless ones.
func (o *Options) check() error {
	if o.Start.IsZero() {
		o.Start = DefaultStart
	}
	if o.Interfaces == 0 {
		o.Interfaces = 1
	}
	switch {
	case o.Duration <= 0:
		return fmt.Errorf("traffic: duration %v", o.Duration)
	case o.Packets < 0 || o.Snap < 0:
		return errors.New("traffic: a negative number")
	case o.Flows <= 0:
		return fmt.Errorf("traffic: %d flows", o.Flows)
	case o.Interfaces < 0 || o.Interfaces > 255:
		return fmt.Errorf("traffic: %d interfaces", o.Interfaces)
	}
	return nil
}

// Collect gives up to limit packets of g with Data of their own; limit 0 is
// all of them.
func Collect(g Generator, limit int) ([]Packet, error) {
	var out []Packet
	for limit == 0 || len(out) < limit {
		var p Packet
		err := g.Next(&p)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		p.Frame.Data = append([]byte(nil), p.Frame.Data...)
		out = append(out, p)
	}
	return out, nil
}

// Frames gives the frames of packets.
func Frames(packets []Packet) []wire.Frame {
	out := make([]wire.Frame, len(packets))
	for i := range packets {
		out[i] = packets[i].Frame
	}
	return out
}

// random is a source of numbers that are the same for ever: PCG's stream is
// fixed by its definition, and everything above it is ours.
type random struct{ pcg *rand.PCG }

func newRandom(seed uint64) random {
	return random{rand.NewPCG(seed, 0x6e6574_72616d6574)}
}

// below gives a number from 0 to n-1; n must be over 0.
func (r random) below(n int) int {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int(hi)
}

// upTo gives a number from 0 to n; n must not be below 0.
func (r random) upTo(n int64) int64 {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n)+1)
	return int64(hi)
}

// between gives a number from low to high.
func (r random) between(low, high int) int { return low + r.below(high-low+1) }

// percent is true in p of 100 cases.
func (r random) percent(p int) bool { return r.below(100) < p }

// tail gives a number from 1 to most, small ones far more often.
func (r random) tail(most int) int { return 1 + r.below(r.below(r.between(1, most))+1) }

// micros gives a span of whole microseconds from low to high, in nanoseconds:
// every capture format can hold it.
func (r random) micros(low, high time.Duration) int64 {
	return int64(r.between(int(low/time.Microsecond), int(high/time.Microsecond))) * 1000
}
