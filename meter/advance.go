package meter

// Advance moves the clock to time t (Unix ns) without a packet: on a live source
// time goes on in silence, too. It does what falls due up to t, and returns as Feed
// does: IntervalEnd is answered by a collection and the same call again. The first
// call begins the meter's time. A time that is not behind the clock does nothing.
//
// It is for the goroutine that feeds. Packets with stamps before t that come later
// are metered at the clock, so t lies behind what the source may still hold.
func (m *Meter) Advance(t int64) Stop {
	m.door.enter()
	defer m.door.leave()
	in := &m.in
	if in.ended {
		return Ended
	}
	if t = max(t, in.shown); t > in.clock || !in.begun {
		return m.moveClock(t, true)
	}
	return Taken
}

// Show moves the uptime on to time t (Unix ns) for those who look at the meter while
// its clock, which waits for packets, is a little behind. What was shown holds:
// nothing is metered with an uptime before it any more, so that who collects now and
// later asks for what has changed since gets all of it. What falls due by then is done
// with the next packet or Advance.
func (s *State) Show(t int64) {
	in := &s.m.in
	if in.begun && !in.ended && t > max(in.clock, in.shown) {
		in.shown = t
		in.uptime = max(in.uptime, in.uptimeAt(t))
	}
}

// late reports whether a packet of time t, which is behind the clock, is to be counted
// as such. A live meter's clock is ahead of packets by as long as they wait to be
// read, which means nothing unless their interval has ended meanwhile.
func (in *intake) late(t int64) bool {
	return !in.cfg.Live || in.closed > 0 && t < in.lastEnd.at
}
