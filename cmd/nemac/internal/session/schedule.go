package session

import "time"

const day = 24 * time.Hour

// NextTime returns the first multiple of interval in the time of day of loc
// that lies after now. The count begins at each midnight, so an interval that
// does not divide the day has a short last one. Where the clocks are set, what
// they show counts: an hour that comes twice has its marks twice, and the
// marks of an hour that is left out are at its place.
func NextTime(now time.Time, interval time.Duration, loc *time.Location) time.Time {
	now = now.In(loc).Round(0) // a time of day, whatever has passed since
	next := now.Add(untilMark(now, interval))
	_, set := now.ZoneBounds() // when the clocks are set next
	// On the 366th day of a year (in UTC) the end may lie behind: package time
	// counts 365 where a zone goes by a rule.
	if !set.After(now) || next.Before(set) {
		return next
	}
	_, before := now.Zone()
	_, after := set.Zone()
	leftOut := time.Duration(after-before) * time.Second
	if next.Sub(set) <= leftOut || sinceMidnight(set)%interval == 0 {
		return set
	}
	return set.Add(untilMark(set, interval))
}

// untilMark is how long it takes from t to the next multiple of interval, or
// to midnight, if nobody sets the clocks.
func untilMark(t time.Time, interval time.Duration) time.Duration {
	at := sinceMidnight(t)
	return min(interval-at%interval, day-at)
}

// sinceMidnight is what the clock shows.
func sinceMidnight(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}
