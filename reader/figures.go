package reader

import "strconv"

// Figure is one of a meter's figures in a #Stats record.
type Figure uint8

// The figures, in the order of the record. Counts are since the meter began.
const (
	FigurePackets       Figure = iota // read
	FigureOctets                      // of packets that sampling did not leave out
	FigureIgnored                     // packets, of the rule sets that are collected
	FigureNotMatched                  // likewise
	FigureRefused                     // likewise
	FigureRefusedOctets               // likewise
	FigureUnsupported                 // packets
	FigureSampledOut                  // packets
	FigureLate                        // packets
	FigureBadStamps                   // packets
	FigureFlowsInUse                  // of all rule sets, now
	FigureCreated                     // flows, of the rule sets that are collected
	FigureRecovered                   // likewise

	numFigures
)

// figureNames are the names in the record; docs/flow-data-file.md explains them.
var figureNames = [numFigures]string{
	"packets", "octets", "ignored", "notmatched", "refused", "refusedoctets", "unsupported", "sampledout",
	"late", "badstamps", "fiu", "created", "frc",
}

// String is the figure's name in the record.
func (f Figure) String() string {
	if f < numFigures {
		return figureNames[f]
	}
	return "figure " + strconv.Itoa(int(f))
}

// Figures gathers a meter's figures. A meter may not have all of them.
type Figures struct {
	sum   [numFigures]uint64
	known [numFigures]bool
}

// Add adds n to a figure, which the meter has.
func (f *Figures) Add(x Figure, n uint64) {
	f.sum[x] += n
	f.known[x] = true
}

// Stats returns the figures that the meter has, in the order of the record.
func (f *Figures) Stats() []Stat {
	var all []Stat
	for x := range numFigures {
		if f.known[x] {
			all = append(all, Stat{Name: x.String(), Value: strconv.FormatUint(f.sum[x], 10)})
		}
	}
	return all
}
