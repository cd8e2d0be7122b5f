package traffic

import "netramet/sources/sourcetest"

// A damaged trace (Options.Damaged) is that of a link of which one fifth of the packets
// is captured, and of each conversation one direction: nothing says when a connection
// begins or ends, and its sequence numbers jump.

const (
	capturedPercent = 20
	jumpPercent     = 2
)

// damage draws which direction of a path is missing.
func (p *path) damage() {
	if p.g.o.Damaged {
		p.missing[p.g.r.below(2)] = true
	}
}

// lost reports whether a packet is not captured.
func (p *path) lost(dir int, transport []sourcetest.Part) bool {
	if !p.g.o.Damaged {
		return false
	}
	tcp, ok := transport[0].(sourcetest.TCP)
	ends := ok && tcp.Flags&(sourcetest.SYN|sourcetest.FIN|sourcetest.RST) != 0
	return !p.g.r.percent(capturedPercent) || p.missing[dir] || ends
}

// jump makes a connection's sequence numbers jump, seldom.
func (c *connection) jump(dir int) {
	if c.g.o.Damaged && c.g.r.percent(jumpPercent) {
		c.seq[dir] += uint32(c.g.r.pcg.Uint64())
	}
}
