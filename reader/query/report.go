package query

import (
	"fmt"
	"strings"
)

// report says what is to be known of the answer.
func (a *answer) report() Report {
	r := Report{Records: a.total.records, Rows: a.listed.sent, Bad: a.total.bad, Faults: a.faults}
	note := func(n uint64, one, many string, args ...any) {
		if n == 1 {
			r.Notes = append(r.Notes, fmt.Sprintf("1 "+one, args...))
		} else if n > 1 {
			r.Notes = append(r.Notes, fmt.Sprintf("%d "+many, append([]any{n}, args...)...))
		}
	}
	note(uint64(a.total.cut), "collection is left out: it has no end", "collections are left out: they have no end")
	note(uint64(a.total.twice), "collection is left out: it is there twice, or lies within another of the same meter and rule set",
		"collections are left out: they are there twice, or lie within others of the same meter and rule set")
	note(a.total.baseline, "flow is older than what was read of it: what it had counted until then is not known, and left out",
		"flows are older than what was read of them: what they had counted until then is not known, and left out")
	note(uint64(a.total.blank), "collection has flows that were there before: what was added to them then is not known, and left out",
		"collections have flows that were there before: what was added to them then is not known, and left out")
	note(a.total.spread, "amount is of a longer time than a row: it is spread in proportion over the time in which its flow was active",
		"amounts are of a longer time than a row: they are spread in proportion over the time in which their flows were active")
	if a.timeless {
		r.Notes = append(r.Notes, "there is no FirstTime in the FORMAT: of a flow that ended and came again between two collections, a part may be missing")
	}
	if len(a.left) > 0 {
		r.Notes = append(r.Notes, "distributions are left out: "+strings.Join(a.left, ", "))
	}
	if a.mixed {
		r.Notes = append(r.Notes, "octets are those of frames in some of the flow data, and of the network layer or unknown in others")
	}
	return r
}
