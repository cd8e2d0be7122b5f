package flowfile

import (
	"slices"
	"strings"

	"netramet/reader"
)

// beginAnew ends each note which says that counters are no longer those of the
// blocks above, and that flows of before may be named again. Whoever computes
// differences of counters looks for it.
const beginAnew = "counters and flow indices begin anew"

// Two collections are of one run of a meter if time of day less uptime is the
// same for both, but for a slack: clocks are corrected, answers take time.
const (
	slackSeconds = 10
	slackPart    = 1000 // and this part of the time between the two
)

// anew reports whether the counters of a collection are others than those in the
// file, though they may carry the same names: another run of the meter, or
// another trace. why is "" if a note of the collection says so already.
func (a *AppendFile) anew(id blockID, iv reader.Interval) (yes bool, why string) {
	if len(a.blocks) == 0 || a.stream {
		return false, ""
	}
	last := a.blocks[len(a.blocks)-1]
	again := !sameRun(last, id)
	switch {
	case slices.ContainsFunc(iv.Notes, func(n string) bool { return strings.Contains(n, beginAnew) }):
		return true, ""
	case !iv.Fresh && id.from+1 == last.to:
		return false, "" // it goes on where the last one ended
	case id.meter != last.meter:
		return true, "another meter than " + last.meter + ", which stands above; its " + beginAnew
	case again, iv.Fresh && id.to <= last.to:
		date := appendDate(nil, last.time, a.w.hdr.Zone, startLayout)
		return true, "the meter was started again after " + string(date) + "; its " + beginAnew
	case iv.Fresh:
		return true, "our rule sets are new on the meter; their " + beginAnew
	}
	return false, ""
}

// sameRun reports whether two blocks can be of one run of a meter.
func sameRun(a, b blockID) bool {
	if a.time.IsZero() || b.time.IsZero() {
		return a.time.IsZero() && b.time.IsZero()
	}
	began := func(id blockID) int64 { return id.time.Unix() - int64(id.to/100) }
	between := b.time.Unix() - a.time.Unix()
	slack := slackSeconds + max(between, -between)/slackPart
	apart := began(b) - began(a)
	return max(apart, -apart) <= slack
}
