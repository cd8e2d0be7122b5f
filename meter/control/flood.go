package control

import "fmt"

// DefaultFloodMark is RFC 2720's flowFloodMark, in percent.
const DefaultFloodMark = 95

// level is the usage of a table of so many flows that a mark in percent means;
// ok is false for 0 and 100, which are no mark.
func level(maxFlows, percent int) (flows int, ok bool) {
	if percent <= 0 || percent >= 100 {
		return 0, false
	}
	return int(int64(maxFlows) * int64(percent) / 100), true
}

// FloodMark is flowFloodMark, in percent.
func (s *State) FloodMark() int { return s.rows().floodMark }

// SetFloodMark sets flowFloodMark, in percent; 0 or 100 is no mark.
func (t *Tables) SetFloodMark(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("flood mark %d %% is not in 0..100", percent)
	}
	t.setFloodMark(percent)
	return nil
}

func (t *Tables) setFloodMark(percent int) {
	t.rows().floodMark = percent
	flows, ok := level(t.MaxFlows(), percent)
	if !ok {
		flows = t.MaxFlows()
	}
	t.engine.SetFloodLevel(flows)
}

// SetFloodMode sets flowFloodMode; managers set it to false when the flood has
// receded.
func (t *Tables) SetFloodMode(on bool) { t.engine.SetFloodMode(on) }
