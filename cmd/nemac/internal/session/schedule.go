package session

import "time"

// NextTime returns the first multiple of interval in the time of day of loc
// that lies after now. The count begins at each midnight, so an interval that
// does not divide the day has a short last one.
func NextTime(now time.Time, interval time.Duration, loc *time.Location) time.Time {
	local := now.In(loc)
	y, m, d := local.Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, loc)
	tomorrow := time.Date(y, m, d+1, 0, 0, 0, 0, loc)
	// Counted in elapsed time, so that a day of 23 or 25 hours has no gap.
	n := now.Sub(midnight)/interval + 1
	next := midnight.Add(n * interval)
	if next.After(tomorrow) {
		return tomorrow
	}
	return next
}
