package snmpflows

import (
	"strings"
	"testing"

	"netramet/mib"
	"netramet/mib/client/clienttest"
	"netramet/reader"
	"netramet/ruleset"
)

// TestStats: the figures of a collection are the meter's, and sums over the rule
// sets that are collected; what a meter does not have is left out, never taken
// from a figure that means something else.
func TestStats(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(*clienttest.Meter)
		want string
	}{
		{"this meter", func(*clienttest.Meter) {},
			"packets=100 octets=9000 ignored=6 notmatched=8 refused=0 refusedoctets=0 unsupported=3 sampledout=0 late=1 badstamps=2 fiu=50 created=20 frc=10"},
		{"before figures of rule sets' flows", func(m *clienttest.Meter) { m.Narrow = true },
			"packets=100 octets=9000 ignored=6 notmatched=8 refused=0 refusedoctets=0 unsupported=3 sampledout=0 late=1 badstamps=2 fiu=50"},
		{"another make", func(m *clienttest.Meter) { m.Foreign = true }, "fiu=50"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := clienttest.New()
			c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
			var refs []ReaderRef
			var tasks []reader.Task
			for _, n := range []int{2, 3, 4} { // 4 is not collected
				row := clienttest.Running(t, c, n, clienttest.Rules(3))
				if n < 4 {
					refs = append(refs, ReaderRef{row, n})
					tasks = append(tasks, reader.Task{RuleSet: n, Format: ruleset.DefaultFormat(), Statistics: true})
				}
			}
			m.Stats = map[mib.Obj]uint64{
				mib.ObjNtmPacketsRead: 100, mib.ObjNtmOctetsRead: 9000, mib.ObjNtmPacketsUnsupported: 3,
				mib.ObjNtmPacketsBehind: 1, mib.ObjNtmPacketsBadTime: 2, mib.ObjFlowActiveFlows: 50,
				mib.ObjNtmFlowsCreated: 77, mib.ObjNtmFlowsRecovered: 33,
				// of each rule set
				mib.ObjNtmRuleSetIgnored: 3, mib.ObjNtmRuleSetNotMatched: 4, mib.ObjNtmRuleSetCreated: 10, mib.ObjNtmRuleSetRecovered: 5,
			}
			tt.make(m)
			f := New(c, Config{Owner: "test", Readers: refs})
			iv, err := f.Begin(ctx, tasks)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range iv.Stats {
				got = append(got, s.Name+"="+s.Value)
			}
			if g := strings.Join(got, " "); g != tt.want {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
		})
	}
}
