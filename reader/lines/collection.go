package lines

import (
	"io"
	"slices"
	"time"

	"netramet/mib"
	"netramet/reader"
)

// Format makes lines of collections, and finds collections in such lines again.
// Packages reader/jsonl and reader/csv have the two that there are. A Format is for
// one file at a time.
type Format interface {
	// Begin appends what stands before a collection's flows. header is the first
	// line of the file, without its end, "" while there is none; if the collection
	// does not fit to it, that is an error.
	Begin(dst []byte, iv *reader.Interval, tasks []reader.Task, header string) ([]byte, error)
	// Record appends a flow. Its line may lack its end, which the next flow or End
	// appends: until then it is kept from the file.
	Record(dst []byte, rec *reader.Record) ([]byte, error)
	// Stored appends flows as a meter's table has them, as Record appends their records.
	Stored(dst []byte, list []reader.Stored) ([]byte, error)
	// End appends what marks the collection as whole, if there is something to mark.
	End(dst []byte) ([]byte, error)
	// Abort appends what tells readers of a stream, from which nothing can be taken
	// back, that what they have of the collection is not all, if there is a way.
	Abort(dst []byte) []byte
	// Scan reads a file from its start and calls each for every whole collection, in
	// order. whole is how many octets end with the last of them (and the header):
	// what is behind is the beginning of one that was not completed. Such beginnings
	// before others, as in what was a stream, are passed over. Lines that no Format
	// wrote are an error. Collections must not be kept.
	Scan(r io.Reader, each func(*Collection) error) (whole int64, header string, err error)
}

// ID tells collections apart: the same one again, as after a lost acknowledgement,
// has the same.
type ID struct {
	Meter    string
	Start    time.Time // of the meter; the zero time is unknown
	Interval uint64
	End      time.Time
	RuleSets [4]uint64 // a bit for each that gave flows; 0 where the file does not say
}

// Add adds a rule set.
func (id *ID) Add(ruleSet int) { id.RuleSets[uint8(ruleSet)/64] |= 1 << (ruleSet % 64) }

// Collection is what a file holds of one collection.
type Collection struct {
	ID
	Begin time.Time // of the interval; the zero time is unknown
	// Until is for files whose names tell of the time, of which some may be gone: what
	// began behind this collection and before then would be in the same file. The zero
	// time is that there is no other file.
	Until time.Time
	Flows []Flow
}

// Counters are the attributes that count, in the order of Flow.Counts.
var Counters = [...]mib.Attr{mib.AttrToOctets, mib.AttrToPDUs, mib.AttrFromOctets, mib.AttrFromPDUs, mib.AttrToLostPDUs, mib.AttrFromLostPDUs}

// CounterOf is the place of an attribute in Flow.Counts, -1 if it is no counter.
func CounterOf(a mib.Attr) int { return slices.Index(Counters[:], a) }

// Flow is what a flow had counted at the end of a collection.
type Flow struct {
	RuleSet   uint8
	Has       uint8 // a bit for each of Counts that the flow has
	Index     uint32
	FirstTime uint64                // uptime; 0 is unknown
	Counts    [len(Counters)]uint64 // valid for what Has says
}

// UptimeOf is the uptime of a meter, in centiseconds, at a time of day; 0 if it cannot
// be told.
func UptimeOf(start, t time.Time) uint64 {
	if start.IsZero() || t.Before(start) {
		return 0
	}
	// In seconds and the rest, for a Duration has no more than 292 years.
	const tick = 1e7
	nanos := int64(t.Nanosecond()) - int64(start.Nanosecond()) + 1e9 // not below 0
	return uint64((t.Unix()-start.Unix()-1)*100 + (nanos+tick/2)/tick)
}
