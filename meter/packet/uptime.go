package packet

import "time"

// Uptime is a point of meter time, or a span of it, in centiseconds: 1 at the
// first packet, from which packet time or, live, the monotonic clock moves it
// (decision 2). It has 64 bits and never wraps inside the meter; the MIB cuts it
// to 32 where RFC 2720 says TimeTicks. It is a type of its own, so that it cannot
// be mistaken for the nanoseconds of stamps.
type Uptime int64

// Centisecond is the unit of Uptime.
const Centisecond = 10 * time.Millisecond

// Time is the time, in Unix nanoseconds, of an uptime of a meter whose uptime was
// 1 at start.
func (u Uptime) Time(start int64) int64 { return start + int64(u-1)*int64(Centisecond) }
