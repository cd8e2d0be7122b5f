package streams

// The flags of a TCP header (RFC 9293 §3.1).
const (
	flagFIN = 1 << 0
	flagSYN = 1 << 1
	flagRST = 1 << 2
	flagACK = 1 << 4
)

// How far TCP has closed, in record.seen: which directions have sent a FIN, which
// of them the first one of which came last, and whether the stream is closed.
const (
	closingBits = 4
	closingMask = (1<<closingBits - 1) << pdusBits

	sourceFIN  = 1 << pdusBits // and destFIN twice that
	bothFINs   = 3 << pdusBits
	lastByDest = 4 << pdusBits
	isClosed   = 8 << pdusBits
)

// closeBy moves a stream that is not closed on to its end: RST closes it, and after
// a FIN each way the ACK of the second one. What is captured may lack one of them; it
// then ends by being idle.
func (t *Table) closeBy(slot uint32, r *record, s *Seen) {
	lastBy := uint64(s.Dir) * lastByDest
	fin := uint64(sourceFIN) << s.Dir
	switch {
	case s.TCPFlags&flagRST != 0:
	case s.TCPFlags&flagFIN != 0 && r.seen&fin == 0:
		r.seen = r.seen&^lastByDest | fin | lastBy
		return
	case r.seen&bothFINs != bothFINs || r.seen&lastByDest == lastBy || s.TCPFlags&flagACK == 0:
		return
	}
	r.seen |= isClosed
	ends := s.Uptime + t.cfg.CloseGrace
	t.cold.At(slot).setFirstTime(ends)
	t.armBy(slot, ends, s.Uptime)
}
