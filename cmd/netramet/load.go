package main

import (
	"fmt"
	"io"
	"strings"

	"netramet/meter/control"
)

// meterLoad is how much the parts of the meter had to do.
type meterLoad struct {
	asked, ruled   uint64 // verdicts of rule sets on packets; those for which rules were run
	streams, flows uint64 // most at once
	lanes          []uint64
}

// loadOf takes it from a meter.
func loadOf(s *control.State) meterLoad {
	t := s.Totals()
	l := meterLoad{streams: s.StreamTable().Slots, flows: s.FlowTable().Slots}
	l.asked = t.PDUs + t.Ignored + t.NotMatched + t.RefusedPDUs
	l.ruled = l.asked - s.Recalled()
	for n := range s.Lanes() {
		l.lanes = append(l.lanes, s.Lane(n+1).Packets)
	}
	return l
}

// tell writes a line of the summary, if there was anything to do.
func (l *meterLoad) tell(w io.Writer) {
	if l.asked == 0 {
		return
	}
	fmt.Fprintf(w, "netramet: rules run for %.1f %% of packets, up to %d streams and %d flows at once", percent(l.ruled, l.asked), l.streams, l.flows)
	if len(l.lanes) > 1 {
		sum := uint64(0)
		for _, n := range l.lanes {
			sum += n
		}
		var shares []string
		for _, n := range l.lanes {
			shares = append(shares, fmt.Sprintf("%.0f %%", percent(n, sum)))
		}
		fmt.Fprintf(w, ", lanes %s", strings.Join(shares, " "))
	}
	fmt.Fprintln(w)
}

func percent(n, of uint64) float64 { return 100 * float64(n) / float64(max(of, 1)) }
