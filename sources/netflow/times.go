package netflow

import (
	"math"
	"time"

	"netramet/sources/wire"
)

// header is what the header of a datagram says of time.
type header struct {
	came     int64 // Unix ns, of the datagram: no word of the exporter's
	exported int64 // Unix ns, as the exporter has it
	boot     int64 // Unix ns, when its uptime was 0; NoTime if it has not said
}

// skew is what the exporter's times are to be moved by.
func (h *header) skew() int64 {
	if d := h.came - h.exported; d > int64(maxSkew) || d < -int64(maxSkew) {
		return d
	}
	return 0
}

const (
	firstTimes = 1<<firstUptime | 1<<firstSeconds | 1<<firstMillis | 1<<firstMicros | 1<<firstDelta
	lastTimes  = 1<<lastUptime | 1<<lastSeconds | 1<<lastMillis | 1<<lastMicros | 1<<lastDelta
)

// times are when a flow's first and last packet came, in one direction, NoTime if that
// is not told; odd if they could not be and were mended. No packet came after its
// record.
func (f *flow) times(h *header, dir uint8) (first, last int64, odd bool) {
	first, last = wire.NoTime, wire.NoTime
	if f.hasKind(0, bootMillis) {
		own := *h
		own.boot, h = f.boot, &own
	}
	for _, d := range [2]uint8{0, dir} { // those of the other direction stand for both
		if f.has[d]&firstTimes != 0 {
			first = h.time(f.first[d], f.has[d]&firstTimes)
		}
		if f.has[d]&lastTimes != 0 {
			last = h.time(f.last[d], f.has[d]&lastTimes)
		}
	}
	switch {
	case first == wire.NoTime && last == wire.NoTime:
		return first, last, false
	case last == wire.NoTime:
		last = first + f.span
	case first == wire.NoTime:
		first = last - f.span
	}
	return h.mend(first+h.skew(), last+h.skew())
}

// mend makes times possible.
func (h *header) mend(first, last int64) (int64, int64, bool) {
	odd := false
	if last > h.came {
		odd = last > h.came+int64(farAhead)
		last = h.came
	}
	if last < h.came-int64(maxAge) {
		return wire.NoTime, wire.NoTime, true
	}
	if first > last {
		odd = odd || first > last+int64(farAhead)
		first = last
	}
	if first < h.came-int64(maxAge) {
		return last, last, true
	}
	return first, last, odd
}

// time is a field's time; kinds has one bit, of its kind.
func (h *header) time(value int64, kinds uint64) int64 {
	switch {
	case kinds&(1<<firstUptime|1<<lastUptime) != 0 && kinds&^(1<<firstUptime|1<<lastUptime) == 0:
		if h.boot == wire.NoTime {
			return wire.NoTime
		}
		// Uptimes wrap after 49.7 days: the difference is right for half of that.
		now := uint32((h.exported - h.boot) / int64(time.Millisecond))
		return h.exported - int64(int32(now-uint32(value)))*int64(time.Millisecond)
	case kinds&(1<<firstDelta|1<<lastDelta) != 0:
		return h.exported - value*int64(time.Microsecond)
	}
	return min(max(value, math.MinInt64/4), math.MaxInt64/4)
}
