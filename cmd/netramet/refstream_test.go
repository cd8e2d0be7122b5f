package main

import (
	"slices"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/wire"
)

// refStream is a stream of the reference meter.
type refStream struct {
	ends         refEnds // as in its first packet
	start, last  int64   // uptimes of its first and last packet
	first, until int64   // their times, Unix ns; wire.NoTime: none had one
	pdus, octets [2]uint64
	flows        []*refFlow
	to           []int // by flow, which direction is its To
}

// refEnds are who sent a packet, and to whom.
type refEnds struct {
	peer     mib.PeerType
	protocol uint8
	query    uint16
	address  [2][packet.MaxPeer]byte
	port     [2]uint16
}

func (e refEnds) back() refEnds {
	e.address[0], e.address[1] = e.address[1], e.address[0]
	e.port[0], e.port[1] = e.port[1], e.port[0]
	return e
}

// stream returns the stream of a packet, and the packet's direction in it; nil if it
// has none.
func (r *refMeter) stream(p *packet.Packet) (*refStream, int) {
	if p.Flags&packet.IsStream == 0 {
		return nil, 0
	}
	ends := refEnds{p.PeerType, p.TransType, p.QueryID, p.PeerAddress, p.TransAddress}
	for _, s := range r.streams {
		if s.ends == ends {
			return s, 0
		}
		if s.ends == ends.back() {
			return s, 1
		}
	}
	s := &refStream{ends: ends, start: r.uptime, first: wire.NoTime, until: wire.NoTime}
	r.streams = append(r.streams, s)
	return s, 0
}

// add adds a packet.
func (s *refStream) add(dir int, uptime, time int64, octets uint64) {
	if s.first == wire.NoTime {
		s.first = time
	}
	s.last, s.until = uptime, max(s.until, time)
	s.pdus[dir]++
	s.octets[dir] += octets
}

// join notes that a packet of the stream, in one of its directions, counts in a flow.
func (s *refStream) join(f *refFlow, dir int, flowDir packet.Direction) {
	wanted := slices.ContainsFunc(f.dists, func(d refDist) bool { return d.Attr >= mib.AttrFlowTime })
	if wanted && !slices.Contains(s.flows, f) {
		s.flows = append(s.flows, f)
		s.to = append(s.to, dir^int(flowDir))
	}
}

// due is when the stream times out: after 5 s without packets, or 20 of its mean
// intervals if that is more.
func (s *refStream) due() int64 {
	n := int64(s.pdus[0] + s.pdus[1])
	if n == 1 {
		return s.last + 500
	}
	return s.last + max(500, 20*(s.last-s.start)/n+1)
}

// endStreams ends those streams that are due, in no order: for a stream it says when.
func (r *refMeter) endStreams(due func(*refStream) (at int64, is bool)) {
	r.streams = slices.DeleteFunc(r.streams, func(s *refStream) bool {
		at, is := due(s)
		if is {
			s.end(at)
		}
		return is
	})
}

// end gives the stream's flows their points.
func (s *refStream) end(at int64) {
	for i, f := range s.flows {
		to := s.to[i]
		points := map[mib.Attr]uint64{
			mib.AttrToFlowPDUs: s.pdus[to], mib.AttrFromFlowPDUs: s.pdus[1-to],
			mib.AttrToFlowOctets: s.octets[to], mib.AttrFromFlowOctets: s.octets[1-to],
		}
		if s.first != wire.NoTime {
			points[mib.AttrFlowTime] = uint64(s.until-s.first) / 1000
		}
		for a, v := range points {
			if d := f.dist(a); d != nil {
				d.points = append(d.points, v)
				f.changed = max(f.changed, at)
			}
		}
	}
}

// hasStreams reports whether a flow has streams that live.
func (r *refMeter) hasStreams(f *refFlow) bool {
	return slices.ContainsFunc(r.streams, func(s *refStream) bool { return slices.Contains(s.flows, f) })
}
