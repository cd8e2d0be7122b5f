//go:build linux

package main

import (
	"fmt"
	"io"
	"time"
)

// need is what a link of 100 Gb/s with a trace's traffic asks of the meter, worked
// out from what the trace took.
type need struct {
	Trace   string  `json:"trace"`
	Packets float64 `json:"packets"` // a second
	Flows   float64 `json:"flows"`   // that begin in a second
	Cores   float64 `json:"cores"`   // of CPU time, on one lane
}

// linkSpeed is in bits a second.
const linkSpeed = 100e9

// needOf takes the CPU time of metering the whole trace.
func needOf(t *trace, cpu time.Duration) need {
	seconds := float64(t.sums.FrameOctets) * 8 / linkSpeed // of such a link, in the trace
	return need{
		Trace:   t.name,
		Packets: float64(t.sums.Packets) / seconds,
		Flows:   float64(t.sums.Flows) / seconds,
		Cores:   cpu.Seconds() / seconds,
	}
}

func (n *need) print(w io.Writer) {
	fmt.Fprintf(w, "100 Gb/s of it: %.1f M packets/s, %.2f M new flows/s, %.1f cores\n", n.Packets/1e6, n.Flows/1e6, n.Cores)
}
