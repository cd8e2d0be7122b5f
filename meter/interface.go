package meter

import (
	"fmt"
	"math"

	"netramet/sources/wire"
)

// MaxInterfaces is the largest interface number; they count from 1
// (decision 14).
const MaxInterfaces = wire.MaxInterfaces

// Interface is one metered interface or trace.
type Interface struct {
	Name       string        // "" if nobody has named it
	LinkType   wire.LinkType // of its frames
	SampleRate uint32        // one packet in so many is metered, by chance; 0: none
	Packets    uint64        // seen
	Octets     uint64        // of these, on the wire
	Source     wire.SourceStats
	Down       bool // it carries nothing, as its system says
}

// tap is what every packet of an interface touches.
type tap struct {
	packets, octets uint64
	rate            uint32
}

// interfaces are the interfaces by number; number 0 takes frames whose source
// has given none.
type interfaces struct {
	taps  [MaxInterfaces + 1]tap
	about [MaxInterfaces + 1]struct {
		known bool
		name  string
		link  wire.LinkType
		stats wire.SourceStats
		down  bool
	}
	sampler Sampler
}

func (x *interfaces) init(cfg *Config) {
	x.sampler = NewSampler(cfg.Seed)
	for i := range x.taps {
		x.taps[i].rate = cfg.SampleRate
	}
}

// count counts frames of so many octets together.
func (t *tap) count(frames uint64, octets uint32) {
	t.packets += frames
	t.octets += uint64(octets)
}

// sampled counts a frame at its interface and draws whether it is metered; the
// packets of a record r have one chance together.
func (x *interfaces) sampled(f *wire.Frame, r *wire.Record) bool {
	t := &x.taps[f.Interface]
	if t.packets == 0 {
		x.first(f)
	}
	if r == nil {
		t.count(1, f.WireLen)
	} else {
		t.packets += pdusOf(r)
		if r.Octets == wire.OctetsOfFrame {
			t.octets += pdusOf(r) * uint64(f.WireLen)
		} else {
			t.octets += r.Octets
		}
	}
	return x.sampler.Draw(t.rate)
}

func (x *interfaces) first(f *wire.Frame) {
	if a := &x.about[f.Interface]; !a.known {
		a.known, a.link = true, f.LinkType
	}
}

// known reports whether the interface has a row: it was named, or a packet of
// it was seen.
func (x *interfaces) known(number int) bool {
	return number >= 1 && number <= MaxInterfaces && x.about[number].known
}

func (s *State) checkInterface(number int) error {
	if number < 1 || number > MaxInterfaces {
		return fmt.Errorf("interface number %d is not in 1..%d", number, MaxInterfaces)
	}
	return nil
}

// NameInterface gives an interface its name, and its row before any packet of
// it is seen.
func (s *Engine) NameInterface(number int, name string, link wire.LinkType) error {
	if err := s.checkInterface(number); err != nil {
		return err
	}
	a := &s.m.interfaces.about[number]
	a.known, a.name, a.link = true, name, link
	return nil
}

// SetSourceStats sets what the interface's source counts: packets lost before
// the meter saw them, and damaged records.
func (s *Engine) SetSourceStats(number int, stats wire.SourceStats) error {
	if err := s.checkInterface(number); err != nil {
		return err
	}
	a := &s.m.interfaces.about[number]
	a.known, a.stats = true, stats
	return nil
}

// SetInterfaceDown says whether a named interface is down.
func (s *Engine) SetInterfaceDown(number int, down bool) error {
	if err := s.checkInterface(number); err != nil {
		return err
	}
	s.m.interfaces.about[number].down = down
	return nil
}

// SetSampleRate sets flowInterfaceSampleRate: one packet in rate is metered,
// by chance; 0 ignores the interface.
func (s *Engine) SetSampleRate(number int, rate uint32) error {
	if !s.m.interfaces.known(number) {
		return fmt.Errorf("there is no interface %d", number)
	}
	if rate > math.MaxInt32 {
		return fmt.Errorf("sample rate %d is not in 0..%d", rate, math.MaxInt32)
	}
	s.m.interfaces.taps[number].rate = rate
	return nil
}

// Interface returns an interface by number.
func (s *State) Interface(number int) (Interface, bool) {
	x := &s.m.interfaces
	if !x.known(number) {
		return Interface{}, false
	}
	t, a := &x.taps[number], &x.about[number]
	return Interface{Name: a.name, LinkType: a.link, SampleRate: t.rate, Packets: t.packets, Octets: t.octets, Source: a.stats, Down: a.down}, true
}

// NextInterface returns the number of the first interface after a number, 0 if
// there is none.
func (s *State) NextInterface(after int) int {
	for n := max(after, 0) + 1; n <= MaxInterfaces; n++ {
		if s.m.interfaces.known(n) {
			return n
		}
	}
	return 0
}

// Damaged is how many records of the input were damaged, over all interfaces.
func (s *State) Damaged() (n uint64) {
	for i := range s.m.interfaces.about {
		n += s.m.interfaces.about[i].stats.Damaged
	}
	return n
}
