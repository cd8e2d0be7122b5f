package meterview

import (
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// piece is the work after which others are let in, in rows looked at.
var piece = (&agent.Request{}).Budget()

// busyRig is a meter with flows of rule set 2 and, between them, a few of rule
// set 3 that have not changed for long, which are the hard ones to find; and with
// unfinished rule sets of rules that have no action.
func busyRig(t testing.TB, flows, rules int) *rig {
	r := newRig(t, meter.Config{})
	r.load(perHost, perHost)
	r.feed(0, flows, 0)
	r.feed(0, 1, 2*time.Second)
	err := r.meter.Change(func(c *control.Change) error {
		c.Task(3, mib.RowDestroy)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.feed(0, flows, 4*time.Second)
	for n := 10; rules > 0; n++ {
		size := min(rules, 65535)
		rules -= size
		r.mustSet(parse(t, fmt.Sprintf("flowRuleInfoStatus.%d=5, flowRuleInfoSize.%d=%d", n, n, size))...)
	}
	return r
}

// names makes as many names as a datagram holds, by number.
func names(t testing.TB, format string, index func(i int) []any) (all []bind) {
	for i, room := 0, 60_000; ; i++ {
		b := bind{oid(t, fmt.Sprintf(format, index(i)...)), ber.Value{Tag: ber.Null}}
		if room -= 2 * len(b.name); room < 0 {
			return all
		}
		all = append(all, b)
	}
}

// hardRequests are the requests that make the most work, as far as they were
// found.
func hardRequests(r *rig) map[string][]byte {
	none := func(int) []any { return nil }
	number := func(i int) []any { return []any{i} }
	const late = 300 // centiseconds: after the flows of rule set 3
	repeat := func(name string) []bind { return names(r.t, name, none) }
	return map[string][]byte{
		"GetNext of flows that are not there": r.message(ber.GetNextRequest, 0, 0, repeat(fmt.Sprintf("flowDataToPDUs.3.%d.0", late))...),
		"the same in packages":                r.message(ber.GetNextRequest, 0, 0, repeat(fmt.Sprintf("flowPackageData.1.28.3.%d.0", late))...),
		"other times":                         r.message(ber.GetNextRequest, 0, 0, names(r.t, "flowDataToPDUs.3.%d.0", func(i int) []any { return []any{late - i%50} })...),
		"GetBulk of them":                     r.message(ber.GetBulkRequest, 0, math.MaxInt32, repeat(fmt.Sprintf("flowDataToPDUs.3.%d.0", late))...),
		"GetBulk without repetitions":         r.message(ber.GetBulkRequest, math.MaxInt32, math.MaxInt32, repeat(fmt.Sprintf("flowDataToPDUs.3.%d.0", late))...),
		"GetNext of rules without action":     r.message(ber.GetNextRequest, 0, 0, repeat("flowRuleAction")...),
		"GetBulk of rules":                    r.message(ber.GetBulkRequest, 0, math.MaxInt32, repeat("flowRuleAction.9")...),
		"columns of activity":                 r.message(ber.GetNextRequest, 0, 0, names(r.t, "flowColumnActivityData.8.0.%d", number)...),
		"GetBulk past the end":                r.message(ber.GetBulkRequest, 0, math.MaxInt32, repeat("ntmReaderTime.2147483647")...),
		"GetBulk of everything":               r.message(ber.GetBulkRequest, 0, math.MaxInt32, repeat("ifTable")...),
		"Get of packages":                     r.message(ber.GetRequest, 0, 0, repeat(allOf[:len(allOf)-4]+".2.0.77")...),
	}
}

// TestWorkOfOneRequest: whatever is asked for, others get in after each piece of
// the work, and a Get need not wait for the request's end; and no request makes
// the work of all its names if that is too much.
func TestWorkOfOneRequest(t *testing.T) {
	const flows, rules = 50_000, 100_000
	r := busyRig(t, flows, rules)
	for _, as := range []string{"private", "b"} {
		r.as = as
		get := r.message(ber.GetRequest, 0, 0, bind{oid(t, "flowMaxFlows.0"), ber.Value{Tag: ber.Null}})
		for name, msg := range hardRequests(r) {
			if as == "b" && !strings.HasSuffix(name, "activity") && !strings.HasSuffix(name, "rules") && !strings.HasSuffix(name, "end") {
				continue // what he does not see makes work in the others
			}
			r.yields = 0
			entered := make(chan struct{})
			first := true
			r.yielded = func() {
				if first {
					first = false
					go func() {
						if r.agent.Handle(nil, get, netip.MustParseAddrPort("127.0.0.1:1001"), r.now) == nil {
							t.Error("no answer to a Get")
						}
						close(entered)
					}()
				}
			}
			out := r.agent.Handle(r.buf, msg, from, r.now)
			status, _, _, err := decode(out)
			if err != nil || status != agent.OK && status != agent.TooBig {
				t.Errorf("%s as %s: %v, %v", name, as, status, err)
			}
			if most := 1100 + 2*(flows+rules)/piece; r.yields > most {
				t.Errorf("%s as %s: %d pieces of work, at most %d are allowed", name, as, r.yields, most)
			}
			if r.yields > 100 {
				select {
				case <-entered:
				default:
					t.Errorf("%s as %s: nobody else got in during %d pieces of work", name, as, r.yields)
				}
			}
			t.Logf("%s as %s: %v, %d pieces of work, %d octets", name, as, status, r.yields, len(out))
		}
	}
}

// hardSets are Sets that make much work. Each comes with one that undoes it.
func hardSets(r *rig) map[string][2][]byte {
	rows := func(format string, from, n int) (all []bind) {
		for i := range n {
			all = append(all, parse(r.t, fmt.Sprintf(format, from+i))...)
		}
		return all
	}
	message := func(binds ...bind) []byte { return r.message(ber.SetRequest, 0, 0, binds...) }
	return map[string][2][]byte{
		"rule sets made active": {message(rows("flowRuleInfoStatus.%d=1", 100, 2)...), message(rows("flowRuleInfoStatus.%d=2", 100, 2)...)},
		"rules made":            {message(rows("flowRuleInfoSize.%d=65535", 120, 2)...), message(rows("flowRuleInfoSize.%d=0", 120, 2)...)},
		"rules set":             {message(rows("flowRuleAction.130.%d=3", 1, 2500)...), message(rows("flowRuleAction.130.%d=2", 1, 2500)...)},
	}
}

// BenchmarkGetBeside measures how long a Get takes, at worst, while somebody else
// asks for as much as he can.
func BenchmarkGetBeside(b *testing.B) {
	r := busyRig(b, 1_000_000, 1_000_000)
	for n := range 2 {
		r.mustSet(parse(b, fmt.Sprintf("flowRuleInfoStatus.%d=5, flowRuleInfoSize.%d=65535", 100+n, 100+n))...)
		r.mustSet(parse(b, fmt.Sprintf("flowRuleInfoStatus.%d=5", 120+n))...)
		for rule := 1; rule <= 65535; rule += 2500 {
			var all []bind
			for i := rule; i < min(rule+2500, 65536); i++ {
				all = append(all, set(b, fmt.Sprintf("flowRuleAction.%d.%d", 100+n, i), int(mib.ActionCountPkt)))
			}
			r.mustSet(all...)
		}
	}
	r.mustSet(parse(b, "flowRuleInfoStatus.130=5, flowRuleInfoSize.130=65535")...)
	all := map[string][2][]byte{}
	for name, msg := range hardRequests(r) {
		all[name] = [2][]byte{msg, msg}
	}
	for name, msgs := range hardSets(r) {
		all[name] = msgs
	}
	get := r.message(ber.GetRequest, 0, 0, bind{oid(b, "flowMaxFlows.0"), ber.Value{Tag: ber.Null}})
	for name, msgs := range all {
		b.Run(name, func(b *testing.B) {
			done, ended := make(chan struct{}), make(chan struct{})
			var longest time.Duration
			go func() {
				defer close(ended)
				buf := make([]byte, agent.BufferSize)
				for i := 0; ; i++ {
					select {
					case <-done:
						return
					default:
					}
					begun := time.Now()
					r.agent.Handle(buf, msgs[i%2], netip.AddrPortFrom(from.Addr(), uint16(2000+i)), r.now)
					longest = max(longest, time.Since(begun))
				}
			}()
			buf := make([]byte, agent.BufferSize)
			var worst time.Duration
			for b.Loop() {
				begun := time.Now()
				r.agent.Handle(buf, get, from, r.now)
				worst = max(worst, time.Since(begun))
			}
			close(done)
			<-ended
			b.ReportMetric(float64(worst.Microseconds())/1000, "ms-at-worst")
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-the-request")
		})
	}
}
