package control

// End says that nothing more is metered, though readers may still collect: the meter
// was told to end.
func (t *Tables) End() {
	// Who was shown this uptime may have collected before the last packet was metered.
	t.rows().endedAt = t.Uptime() + 1
}

// Ending reports whether who collects now, at the uptime that is shown, gets the last
// there is: the meter is about to end.
func (s *State) Ending() bool {
	at := s.rows().endedAt
	return at != 0 && s.Uptime() >= at
}

// Unread is how many active readers have not collected what there was at the End. Of
// those that keep no mark nobody knows; begun is how many of them have begun to.
func (s *State) Unread() (without, begun int) {
	a := s.rows()
	for _, r := range a.readers.list {
		switch {
		case !r.Active || r.Mark >= a.endedAt:
		case r.Mark == 0 && r.LastTime >= a.endedAt:
			begun++
		default:
			without++
		}
	}
	return without, begun
}
