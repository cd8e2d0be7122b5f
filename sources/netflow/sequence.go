package netflow

// What a gap may be. A larger one is an exporter that began anew.
const (
	maxGap     = 1 << 22
	openGaps   = 8  // that may still be filled by datagrams out of order
	gapPending = 32 // datagrams for which they may
	fallBack   = 3  // datagrams in a row behind what was expected: it began anew
)

// sequence finds out what is missing of numbers that count on from datagram to
// datagram, modulo 2^32.
type sequence struct {
	known  bool
	next   uint32
	lost   uint64 // of gaps that will not be filled any more
	behind int    // datagrams in a row
	last   uint32 // number of the newest datagram
	count  uint64 // of datagrams
	gaps   [openGaps]gap
}

// gap is numbers that have not come.
type gap struct {
	from, n uint32
	until   uint64 // count
}

// takeTotal is take for IPFIX, of which exporters are known that number a message by
// what it ends with, and leave out the records that are of no flow.
func (s *sequence) takeTotal(seq, n, ofFlows uint32) {
	if total := seq - s.last; s.known && seq != s.next && (total == n || total == ofFlows) {
		s.next = seq
	}
	s.take(seq, n)
}

// take takes a datagram with n numbers from seq on.
func (s *sequence) take(seq, n uint32) {
	s.count++
	s.settle(s.count)
	defer func() { s.last = seq }()
	if !s.known {
		s.known, s.next = true, seq+n
		return
	}
	switch ahead := int32(seq - s.next); {
	case ahead >= 0 && ahead <= maxGap:
		if ahead > 0 {
			s.open(gap{s.next, uint32(ahead), s.count + gapPending})
		}
		s.next, s.behind = seq+n, 0
	case ahead < 0 && ahead >= -maxGap && (s.fill(seq, n) || s.behind+1 < fallBack):
		s.behind++
	default:
		s.next, s.behind = seq+n, 0
	}
}

// forget makes the next datagram be the first one of an exporter that began anew.
func (s *sequence) forget() { s.known = false }

// open notes a gap, in the place of the oldest.
func (s *sequence) open(g gap) {
	oldest := 0
	for i := range s.gaps {
		if s.gaps[i].n == 0 {
			oldest = i
			break
		}
		if s.gaps[i].until < s.gaps[oldest].until {
			oldest = i
		}
	}
	s.lost += uint64(s.gaps[oldest].n)
	s.gaps[oldest] = g
}

// fill takes numbers that came late out of their gap; false if they are of none.
func (s *sequence) fill(seq, n uint32) bool {
	for i := range s.gaps {
		g := &s.gaps[i]
		at := seq - g.from
		if at >= g.n {
			continue
		}
		n = min(n, g.n-at)
		rest := gap{g.from + at + n, g.n - at - n, g.until}
		if g.n = at; g.n == 0 {
			*g = rest
		} else if rest.n > 0 {
			s.open(rest)
		}
		s.behind = -1 // take counts it
		return true
	}
	return false
}

// settle gives up the gaps that were open at a count.
func (s *sequence) settle(count uint64) {
	for i := range s.gaps {
		if g := &s.gaps[i]; g.n > 0 && g.until < count {
			s.lost += uint64(g.n)
			*g = gap{}
		}
	}
}

// end gives up all gaps.
func (s *sequence) end() { s.settle(1<<64 - 1) }
