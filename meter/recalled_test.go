package meter

import (
	"fmt"
	"testing"
	"time"

	"netramet/sources/wire"
)

// TestRecalled: rules are run for the first packet of each direction of a stream; for
// the others it remembers what they say, unless nothing is remembered.
func TestRecalled(t *testing.T) {
	const streams, packets = 3, 40 // of each
	feed := func(cfg Config, rules ...string) *Meter {
		m := newMeter(t, cfg, rules...)
		for i := range packets {
			var b wire.Batch
			for s := range streams {
				ends := []string{fmt.Sprintf("10.0.0.1:%d", s), "10.0.0.2:80"}
				b.Frames = append(b.Frames, tcp(t, ends[i%2], ends[1-i%2], time.Duration(i)*time.Second))
			}
			m.Feed(&b)
		}
		return m
	}
	for _, tt := range []struct {
		name  string
		cfg   Config
		rules []string
		want  uint64
	}{
		{"counted", Config{}, []string{`save SourcePeerAddress; save SourceTransAddress; count;`}, streams * (packets - 2)},
		{"ignored", Config{}, []string{`ignore;`}, streams * (packets - 2)},
		{"nothing remembered", Config{Cache: NoCache}, []string{`count;`}, 0},
		{"lanes", Config{Lanes: 3}, []string{`save SourcePeerAddress; save SourceTransAddress; count;`}, streams * (packets - 2)},
		{"refused", Config{MaxFlows: 1}, []string{`save SourceTransAddress; save DestTransAddress; count;`}, packets - 2},
	} {
		m := feed(tt.cfg, tt.rules...)
		m.View(func(s *State) {
			if in, err := s.RuleSetInput(2); err != nil || in.Recalled != tt.want || s.Recalled() != tt.want {
				t.Errorf("%s: %d, %d in all, want %d: %v", tt.name, in.Recalled, s.Recalled(), tt.want, err)
			}
			if st, fl := s.StreamTable(), s.FlowTable(); st.Slots != streams || fl.Slots > streams+1 || st.Buckets < 2*st.Slots {
				t.Errorf("%s: %+v of streams, %+v of flows", tt.name, st, fl)
			}
		})
	}
}
