package main

import (
	"math"
	"slices"

	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/mib"
	"netramet/sources/wire"
	"netramet/streams/dist"
)

// refDist is a distribution of a flow of the reference meter, which counts nothing:
// it is worked out anew from all that has happened to the flow.
type refDist struct {
	pme.Distribution
	spec dist.Spec
	from int   // packets before that one do not count
	at   int64 // uptime at which it was asked for

	points []uint64 // of streams that ended
}

// refPacket is what a flow of the reference meter remembers of a packet.
type refPacket struct {
	uptime, time int64
	dir          packet.Direction
	octets       uint64
}

// ask gives a flow those distributions of a match that it does not have.
func (f *refFlow) ask(saved []pme.Distribution, uptime int64) {
	for _, d := range saved {
		if f.dist(d.Attr) == nil {
			f.dists = append(f.dists, refDist{d, dist.SpecOf(d.Mask, d.Value), len(f.packets), uptime, nil})
		}
	}
}

func (f *refFlow) dist(a mib.Attr) *refDist {
	i := slices.IndexFunc(f.dists, func(d refDist) bool { return d.Attr == a })
	if i < 0 {
		return nil
	}
	return &f.dists[i]
}

// counters are those of RFC 2724 §3.2 for the values that there were up to an uptime.
func (f *refFlow) counters(d *refDist, uptime, inactivity int64, backward *uint64) []uint64 {
	limits := d.spec.Limits()
	counters := make([]uint64, len(limits)+1)
	for _, v := range f.values(d, uptime, inactivity, backward) {
		i := 0
		for i < len(limits) && v > limits[i] {
			i++
		}
		counters[i]++
	}
	return counters
}

// values are the values of a distribution, in no order; backward counts those below 0.
func (f *refFlow) values(d *refDist, uptime, inactivity int64, backward *uint64) (values []uint64) {
	between := func(from, to refPacket) {
		switch {
		case from.time == wire.NoTime || to.time == wire.NoTime:
		case to.time < from.time:
			*backward++
		default:
			values = append(values, uint64(to.time-from.time)/1000)
		}
	}
	switch a := d.Attr; a {
	case mib.AttrFlowTime, mib.AttrToFlowPDUs, mib.AttrFromFlowPDUs, mib.AttrToFlowOctets, mib.AttrFromFlowOctets:
		return d.points
	case mib.AttrToPacketSize, mib.AttrFromPacketSize:
		for _, p := range f.packets[d.from:] {
			if p.dir == packet.Direction(a-mib.AttrToPacketSize) {
				values = append(values, p.octets)
			}
		}
	case mib.AttrToInterarrivalTime, mib.AttrFromInterarrivalTime:
		var last *refPacket
		for i, p := range f.packets {
			if p.dir != packet.Direction(a-mib.AttrToInterarrivalTime) {
				continue
			}
			if last != nil && i >= d.from {
				between(*last, p)
			}
			last = &f.packets[i]
		}
	case mib.AttrToBitRate, mib.AttrFromBitRate:
		return f.rates(d, packet.Direction(a-mib.AttrToBitRate), 8, uptime, inactivity)
	case mib.AttrToPDURate, mib.AttrFromPDURate:
		return f.rates(d, packet.Direction(a-mib.AttrToPDURate), 0, uptime, inactivity)
	default: // turnaround times of parameter 0
		asked := packet.Direction(0)
		if a == mib.AttrFromTurnaroundTime || a >= mib.AttrFromTurnaroundTime1 {
			asked = 1
		}
		for i := max(d.from, 1); i < len(f.packets); i++ {
			if f.packets[i-1].dir == asked && f.packets[i].dir != asked {
				between(f.packets[i-1], f.packets[i])
			}
		}
	}
	return values
}

// rates are the values of a rate: one for each interval that is over at an uptime, if
// a packet of the flow came in it or the flow was not idle at its end. Of octets there
// are 8 bits each; of PDUs it is 0.
func (f *refFlow) rates(d *refDist, dir packet.Direction, bits uint64, uptime, inactivity int64) (values []uint64) {
	period := int64(d.spec.Parameter1) * 100
	first := f.first + (d.at-f.first)/period*period
	next := 0 // packet
	active := int64(math.MinInt64 / 2)
	for begin := first; begin+period <= uptime; begin += period {
		sum, any := uint64(0), false
		for ; next < len(f.packets) && f.packets[next].uptime < begin+period; next++ {
			p := f.packets[next]
			active = p.uptime
			if next < d.from {
				continue
			}
			any = true
			switch {
			case p.dir != dir:
			case bits == 0:
				sum++
			default:
				sum += p.octets * bits
			}
		}
		switch {
		case any || begin+period <= active+inactivity:
			values = append(values, sum/uint64(d.spec.Parameter1))
		case next == len(f.packets):
			return values
		default: // idle until the next packet
			begin = first + (f.packets[next].uptime-first)/period*period - period
		}
	}
	return values
}

// backward is how many values would have been below 0.
func (f *refFlow) backward() (n uint64) {
	for i := range f.dists {
		f.values(&f.dists[i], 0, 0, &n)
	}
	return n
}

// tick notes the samples that come without a packet: of rates.
func (f *refFlow) tick(now, inactivity int64) {
	n := 0
	for i := range f.dists {
		if d := &f.dists[i]; d.Attr.IsRate() {
			n += len(f.values(d, now, inactivity, nil))
		}
	}
	if n > f.samples {
		f.samples = n
		f.changed = now
	}
}
