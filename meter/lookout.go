package meter

import (
	"math"
	"sync/atomic"

	"netramet/meter/packet"
	"netramet/sources/wire"
	"netramet/streams"
)

// Lookout glances at frames before they are fed, so that this is another processor's
// work. It is for one goroutine, at the same time as another one feeds.
type Lookout struct {
	_      line
	seeker streams.Seeker
	lanes  int
	wanted atomic.Bool // the meter looks at Sightings
	_      line
}

// line keeps what is beside it off the memory that processors exchange at a time.
type line [128]byte

// Sightings are what a Lookout saw of a batch's frames.
type Sightings struct {
	n     int   // frames; 0: it did not look
	begun int64 // time of the first one
	all   [wire.BatchSize]sighting
	wide  [wire.BatchSize]streams.Wide // of frames of IPv6
}

// sighting is what a glance at a frame tells. It is half a line of memory, since what
// another processor has written is slow to come.
type sighting struct {
	streams.Sought
	after      uint32 // nanoseconds since the first frame of the batch
	wireLen    uint32 // as the frame's
	peerOctets uint16
	number     uint8 // of the frame's interface
	lane       uint8 // of the stream, counted from 1; 0: a glance is not enough
}

// sightingSize is that of a sighting in octets.
const sightingSize = 32

func newLookout(m *Meter) *Lookout {
	return &Lookout{seeker: m.lanes[0].streams.Seeker(), lanes: len(m.lanes)}
}

// Lookout returns the meter's only one.
func (m *Meter) Lookout() *Lookout { return m.lookout }

// Wanted reports whether the meter looks at Sightings: where it meters packet by packet,
// and need not decode each.
func (l *Lookout) Wanted() bool { return l.wanted.Load() }

// want says whether the meter looks at Sightings.
func (l *Lookout) want(is bool) {
	if l.wanted.Load() != is {
		l.wanted.Store(is)
	}
}

// See fills s with what there is to see of a batch's frames, nothing if that is not wanted.
// FeedSeen takes both.
func (l *Lookout) See(b *wire.Batch, s *Sightings) {
	s.n = 0
	if len(b.Frames) == 0 || !l.Wanted() {
		return
	}
	s.n, s.begun = len(b.Frames), b.Frames[0].Time
	for i := range b.Frames {
		l.glance(&b.Frames[i], s.begun, &s.all[i], &s.wide[i])
	}
}

// glance fills s, and wide for IPv6, from a frame of a batch that begins at a time.
func (l *Lookout) glance(f *wire.Frame, begun int64, s *sighting, wide *streams.Wide) {
	var g packet.Glance
	s.lane = 0
	after := uint64(f.Time - begun)
	if !g.Of(f) || g.PeerOctets > math.MaxUint16 || after > math.MaxUint32 {
		return
	}
	s.lane = 1 + uint8(l.seeker.Seek(&g, &s.Sought, wide, l.lanes))
	s.after, s.wireLen, s.peerOctets, s.number = uint32(after), f.WireLen, uint16(g.PeerOctets), f.Interface
}
