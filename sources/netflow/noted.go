package netflow

import (
	"math"

	"netramet/sources/wire"
)

// sampling notes that the session's exporter saw one packet in rate, and returns what its
// packets and octets are to be multiplied by.
func (c *Collector) sampling(rate uint32) uint32 {
	if rate <= 1 {
		return 1
	}
	x := c.session.of
	isFirst := x.Rates[0] == 0
	if isFirst || rate < x.Rates[0] {
		x.Rates[0] = rate
	}
	x.Rates[1] = max(x.Rates[1], rate)
	apply := c.opt.Sampling == Apply
	switch {
	case !c.opt.TellRates || !isFirst:
	case apply:
		c.tell(x, "sampled", "saw one packet in %d: packets and octets are multiplied by what it tells", rate)
	default:
		c.tell(x, "sampled", "saw one packet in %d: packets and octets count as exported", rate)
	}
	if apply {
		return rate
	}
	return 1
}

// noteInterfaces tells of interfaces that have no number of their own in the meter.
func (c *Collector) noteInterfaces(x *wire.Exporter) {
	if n := max(x.Interface[0], x.Interface[1]); n > math.MaxUint8 && c.opt.TellInterfaces {
		c.tell(c.session.of, "interfaces", "has interfaces above %d, as %d: SourceInterface and DestInterface are %d for all of these",
			math.MaxUint8, n, math.MaxUint8)
	}
}
