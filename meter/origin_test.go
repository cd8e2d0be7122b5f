package meter

import (
	"net/netip"
	"slices"
	"testing"

	"netramet/meter/origin"
)

// TestOrigins: verdicts on the origin of addresses are remembered, and a new table
// counts for streams that are known, from the next packet on. Addresses are looked up
// only where a rule asks.
func TestOrigins(t *testing.T) {
	table := func(asn uint32) *origin.Table {
		o := new(origin.Table)
		o.Add(netip.MustParsePrefix("10.0.0.0/24"), asn)
		return o
	}
	out, back := tcp(t, "10.0.0.1:9", "10.0.1.2:80", 0), tcp(t, "10.0.1.2:80", "10.0.0.1:9", 0)
	for _, cfg := range []Config{{}, {Cache: NoCache}, {Lanes: 3}, {Lanes: 3, Near: NeverNear}} {
		cfg.Origins, cfg.MeterID = table(1), 7
		m := newMeter(t, cfg, `save SourceASN; save DestASN; save SourcePrefix; save MeterID; count;`, fiveTuple)
		feedAll(t, m, out, out)
		m.View(func(*State) {})
		before := matches(m)
		feedAll(t, m, out)
		m.View(func(*State) {})
		if n := matches(m) - before; cfg.Cache == CacheVerdicts && n != 0 {
			t.Errorf("%d lanes: the rules ran %d times for a packet of a known stream", cfg.Lanes, n)
		}
		update(t, m, func(s *Engine) error { s.SetOrigins(table(2)); return nil })
		feedAll(t, m, out, back)
		want := []string{
			"3 0 MeterID=[0 0 0 7] SourceASN=[0 0 0 1] SourcePrefix=[24] DestASN=[0 0 0 0]",
			"1 0 MeterID=[0 0 0 7] SourceASN=[0 0 0 2] SourcePrefix=[24] DestASN=[0 0 0 0]",
			"1 0 MeterID=[0 0 0 7] SourceASN=[0 0 0 0] SourcePrefix=[0] DestASN=[0 0 0 2]",
		}
		if got := flowsOf(m, 2); !slices.Equal(got, want) {
			t.Errorf("%d lanes, cache %d: %q, want %q", cfg.Lanes, cfg.Cache, got, want)
		}
	}
	m := newMeter(t, Config{Origins: table(1)}, fiveTuple, `save DestASN; count;`)
	for i, want := range []bool{false, true} {
		if run := m.lanes[0].runs[i]; run.origin != want {
			t.Errorf("rule set %d looks addresses up: %v", run.rules.number, run.origin)
		}
	}
}
