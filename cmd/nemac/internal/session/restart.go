package session

import (
	"time"

	"netramet/mib/remotemeter"
)

// slack is how much less time may have passed on a meter than here before we
// think that it was started again: clocks differ, answers take time. Thinking
// so wrongly costs nothing, for our rows are then found in place.
const slack = 500 // centiseconds, and a hundredth of the time passed

// restarted reports whether the meter was started again between two beats
// that lie elapsed apart.
func restarted(before, now remotemeter.Beat, elapsed time.Duration) bool {
	if surelyRestarted(before, now) {
		return true
	}
	passed := uint64(max(elapsed, 0) / (10 * time.Millisecond))
	least := passed - min(passed, slack+passed/100)
	if before.Is64 && now.Is64 {
		return now.Uptime < before.Uptime+least
	}
	// 32 bits wrap every 497 days, which is no restart: what counts is how
	// far the clock went on.
	went := uint64(uint32(now.Uptime) - uint32(before.Uptime))
	return went < least || went > passed+passed/100+slack
}

// surelyRestarted reports whether it was, however long they lie apart: its clock did not
// only go more slowly.
func surelyRestarted(before, now remotemeter.Beat) bool {
	switch {
	case before.HasBoots && now.HasBoots && now.Boots != before.Boots:
		return true
	case before.Ending && now.TellsEnd && !now.Ending:
		return true // if the last life was as short
	case before.Is64 && now.Is64:
		return now.Uptime < before.Uptime
	}
	return int32(uint32(now.Uptime)-uint32(before.Uptime)) < 0
}
