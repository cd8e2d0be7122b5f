package meterview

import (
	"testing"
	"time"

	"netramet/meter"
	"netramet/sources/sourcetest"
)

// TestLiveUptime: on a live meter each request finds the uptime at the time of day,
// however long no packet has come, and it never falls.
func TestLiveUptime(t *testing.T) {
	r := newRig(t, meter.Config{Live: true})
	now := int64(sourcetest.StartTime)
	r.view.cfg.Now = func() int64 { return now }
	r.meter.Advance(now)
	for _, tt := range []struct {
		at   time.Duration
		want string
	}{{0, "1"}, {time.Second, "101"}, {500 * time.Millisecond, "101"}, {time.Hour, "360001"}} {
		now = int64(sourcetest.StartTime) + int64(tt.at)
		for _, name := range []string{"sysUpTime.0", "ntmUptime64.0"} {
			if got := r.get(name); got != tt.want {
				t.Errorf("%s after %v is %s, want %s", name, tt.at, got, tt.want)
			}
		}
	}
}
