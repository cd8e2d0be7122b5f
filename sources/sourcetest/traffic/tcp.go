package traffic

import (
	"time"

	"netramet/sources/sourcetest"
)

// Protocol numbers.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoESP    = 50
	protoICMPv6 = 58
)

const (
	mss       = 1448 // octets of data in a full segment, beside the timestamps
	synHeader = 40   // TCP header of a SYN with its options
	tcpHeader = 32   // of all others
)

var tcpPorts = [...]uint16{443, 443, 443, 443, 80, 80, 22, 25, 993, 8080}

// connection is a TCP connection seen near its client: what the client sends
// is seen at once, the answers a round-trip time later.
type connection struct {
	*path
	at  int64     // Unix nanoseconds, the present
	rtt int64     // nanoseconds
	seq [2]uint32 // next sequence number of each end
	ack [2]uint32 // what each end has seen of the other's
	pre uint32    // base of the timestamp options
}

// tcp is a connection from the first SYN to whatever end it takes.
func (g *Realistic) tcp(at int64) {
	c := &connection{
		path: g.path(protoTCP, 25, tcpPorts[g.r.below(len(tcpPorts))]),
		at:   at, rtt: g.r.micros(2*time.Millisecond, 120*time.Millisecond),
		seq: [2]uint32{uint32(g.r.pcg.Uint64()), uint32(g.r.pcg.Uint64())},
		pre: uint32(g.r.pcg.Uint64()),
	}
	if g.r.percent(15) {
		// The performance and diagnostic metrics option (RFC 8250).
		c.extension(sourcetest.DestOptions(15, 10, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0), 16)
	}
	if !c.handshake() {
		return
	}
	for range g.r.tail(5) {
		c.exchange(g.r.between(60, 1400), g.r.tail(16))
		c.at += g.r.micros(time.Millisecond, 2*time.Second)
	}
	c.close()
}

// handshake reports whether the connection was made.
func (c *connection) handshake() bool {
	r := c.g.r
	fate := r.below(100)
	c.segment(up, sourcetest.SYN, 0)
	wait := time.Second
	for try := 0; fate < 4 && try < 3 || fate < 10 && try < 1; try++ {
		// Lost behind us, or never answered: the client repeats it.
		c.at += int64(wait)
		wait *= 2
		c.seq[up]--
		c.segment(up, sourcetest.SYN, 0)
	}
	if fate < 4 {
		return false
	}
	c.at += c.rtt
	c.ack[down] = c.seq[up]
	if fate < 14 && fate >= 10 {
		c.seq[down] = 0
		c.segment(down, sourcetest.RST|sourcetest.ACK, 0) // refused
		return false
	}
	c.segment(down, sourcetest.SYN|sourcetest.ACK, 0)
	c.at += 20_000
	c.acknowledge(up)
	return true
}

// exchange is a request and its answer of so many segments.
func (c *connection) exchange(request, segments int) {
	r := c.g.r
	c.segment(up, sourcetest.PSH|sourcetest.ACK, request)
	if r.percent(4) {
		// Lost behind us: seen again after the retransmission timeout.
		c.at += 200_000_000 + c.rtt
		c.seq[up] -= uint32(request)
		c.segment(up, sourcetest.PSH|sourcetest.ACK, request)
	}
	c.at += c.rtt + r.micros(100*time.Microsecond, 30*time.Millisecond)
	c.acknowledge(down)
	lost := -1
	if segments > 4 && r.percent(20) {
		lost = r.below(segments - 4)
	}
	hole := c.seq[down]
	for i := range segments {
		c.at += r.micros(50*time.Microsecond, 1500*time.Microsecond)
		size, flags := mss, sourcetest.ACK
		if i == segments-1 {
			size, flags = r.between(1, mss), sourcetest.PSH|sourcetest.ACK
		}
		if i == lost {
			hole = c.seq[down]
			c.seq[down] += uint32(size)
			continue
		}
		c.segment(down, flags, size)
		switch {
		case lost >= 0 && i > lost && i <= lost+3:
			c.duplicateAck(hole)
		case (lost < 0 || i < lost) && (i%2 == 1 || i == segments-1):
			c.at += 30_000
			c.acknowledge(up)
		}
	}
	if lost < 0 {
		return
	}
	// The third duplicate brings the lost segment back.
	c.at += c.rtt
	after := c.seq[down]
	c.seq[down] = hole
	c.segment(down, sourcetest.ACK, mss)
	c.seq[down] = after
	c.at += 30_000
	c.acknowledge(up)
}

// close ends the connection, or leaves it open.
func (c *connection) close() {
	first := up
	if c.g.r.percent(30) {
		first = down
	}
	switch fate := c.g.r.below(100); {
	case fate < 72:
		c.segment(first, sourcetest.FIN|sourcetest.ACK, 0)
		c.at += c.rtt
		c.ack[1-first] = c.seq[first]
		c.segment(1-first, sourcetest.FIN|sourcetest.ACK, 0)
		c.at += 40_000
		c.acknowledge(first)
	case fate < 92:
		c.segment(first, sourcetest.RST|sourcetest.ACK, 0)
	}
}

// acknowledge sends an empty segment that acknowledges everything.
func (c *connection) acknowledge(dir int) {
	c.ack[dir] = c.seq[1-dir]
	c.segment(dir, sourcetest.ACK, 0)
}

// duplicateAck sends the client's acknowledgement of hole again.
func (c *connection) duplicateAck(hole uint32) {
	c.at += 20_000
	c.ack[up] = hole
	c.segment(up, sourcetest.ACK, 0)
}

// segment sends a segment with size octets of data.
func (c *connection) segment(dir int, flags sourcetest.TCPFlags, size int) {
	c.jump(dir)
	tcp := sourcetest.TCP{
		Src: c.port[dir], Dst: c.port[1-dir], Flags: flags,
		Seq: c.seq[dir], Window: new(c.g.r.between(500, 65535)),
	}
	if flags&sourcetest.ACK != 0 {
		tcp.Ack = c.ack[dir]
	}
	stamp := c.pre + uint32(c.at/1e6)
	times := []byte{
		8, 10, byte(stamp >> 24), byte(stamp >> 16), byte(stamp >> 8), byte(stamp), 0, 0, 0, 0,
	}
	header := tcpHeader
	if flags&sourcetest.SYN != 0 {
		header = synHeader
		tcp.Options = append([]byte{2, 4, 0x05, 0xb4, 4, 2}, times...)
		tcp.Options = append(tcp.Options, 1, 3, 3, 7)
	} else {
		tcp.Options = append([]byte{1, 1}, times...)
	}
	c.send(c.at, dir, header+size, tcp, sourcetest.Payload(size))
	c.seq[dir] += uint32(size)
	if flags&(sourcetest.SYN|sourcetest.FIN) != 0 {
		c.seq[dir]++
	}
}
