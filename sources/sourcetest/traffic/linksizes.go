package traffic

import (
	"fmt"
	"sort"
)

// linkSizes says how many packets each flow of a link has. Flows are numbered
// by rank, the largest first: flow k has packets in proportion to 1/(k+1)
// (Zipf's law), but at least one, and those behind the busy ones have exactly
// one. It remembers four numbers, however many flows there are.
type linkSizes struct {
	busy  int // flows that Zipf's law is for
	least int // packets that each of them has at least
	scale int // packets of flow 0, but for extra
	extra int // so many of the first flows have one packet more: the sum is exact
}

// newLinkSizes shares out so many packets to flows, of which singles in a
// hundred are to have one packet.
func newLinkSizes(packets, flows, singles int) (linkSizes, error) {
	s := linkSizes{busy: flows - int(int64(flows)*int64(singles)/100), least: 1}
	if singles > 0 {
		s.least = 2
	}
	forBusy := packets - (flows - s.busy)
	if forBusy < s.least*s.busy || s.busy == 0 && forBusy > 0 {
		return s, fmt.Errorf("traffic: %d packets cannot be shared out to %d flows, %d %% of them of one packet", packets, flows, singles)
	}
	s.scale = sort.Search(packets, func(scale int) bool { return s.sum(scale+1) > int64(forBusy) })
	s.extra = forBusy - int(s.sum(s.scale))
	return s, nil
}

// sum is how many packets the busy flows have with that scale.
func (s linkSizes) sum(scale int) (n int64) {
	above := min(s.busy, scale/s.least) // flows that are over the least
	for k := range above {
		n += int64(scale / (k + 1))
	}
	return n + int64(s.busy-above)*int64(s.least)
}

// of is how many packets the flow of a rank has. It falls with the rank.
func (s linkSizes) of(rank int) int {
	if rank >= s.busy {
		return 1
	}
	n := max(s.least, s.scale/(rank+1))
	if rank < s.extra {
		n++
	}
	return n
}

// over is how many flows, the first ones, have more than n packets.
func (s linkSizes) over(n int) int {
	return sort.Search(s.busy, func(rank int) bool { return s.of(rank) <= n })
}
