package columns

import "time"

// AppendTime appends a time as RFC 3339 with nanoseconds in UTC. ok is false for the
// zero time, which is unknown.
func AppendTime(b []byte, t time.Time) (_ []byte, ok bool) {
	if t.IsZero() {
		return b, false
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z"), true
}
