package control

import (
	"testing"

	"netramet/meter"
)

// TestEnding: who collects while the meter says that it ends has what was metered last,
// and the meter knows.
func TestEnding(t *testing.T) {
	m := New(meter.Config{Live: true}, Config{})
	m.Advance(1e18)
	row := func(mark, last meter.Uptime, active bool) *Reader {
		return &Reader{Active: active, RuleSet: 1, Mark: mark, LastTime: last}
	}
	const before, after = 1, 500
	for i, r := range []*Reader{row(before, before, true), row(after, after, true), row(0, before, true), row(0, after, true), row(0, 0, false), row(before, after, true)} {
		m.tables.readers.put(uint32(i+1), r)
	}
	_ = m.Update(func(s *Tables) error {
		if s.Ending() {
			t.Error("it ends before its end")
		}
		s.End()
		if s.Ending() {
			t.Error("it says so at an uptime at which packets may still have been metered")
		}
		s.Show(1e18 + 3e9)
		if !s.Ending() {
			t.Error("it does not end")
		}
		if without, begun := s.Unread(); without != 3 || begun != 1 {
			t.Errorf("%d readers are without, %d have begun; want 3, 1", without, begun)
		}
		return nil
	})
}
