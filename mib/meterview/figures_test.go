package meterview

import (
	"testing"
	"time"

	"netramet/meter"
)

// TestRuleSetFigures: ntmRuleSetTable counts the flows of each rule set, and
// those of all of them are the meter's.
func TestRuleSetFigures(t *testing.T) {
	r := newRig(t, meter.Config{Inactivity: time.Second})
	r.download(7, perHost)
	r.run(7)
	r.feed(0, 20, 0)
	r.download(8, perHost)
	r.run(8)
	r.feed(100, 5, time.Minute) // and the first ones are idle
	r.feed(100, 5, 2*time.Minute)
	for name, want := range map[string]string{
		"ntmRuleSetCreated.7": "30", "ntmRuleSetRecovered.7": "25", "ntmRuleSetFlows.7": "5",
		"ntmRuleSetCreated.8": "10", "ntmRuleSetRecovered.8": "5", "ntmRuleSetFlows.8": "5",
		"ntmFlowsCreated.0": "40", "ntmFlowsRecovered.0": "30",
	} {
		if got := r.get(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
