package session

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
)

// atMessage has something happen before message n to the meter comes there,
// however far nemac has come by then. It returns how many there have been.
func (b *bench) atMessage(n int, do func()) (sent func() int) {
	count := 0
	dial := b.cfg.Dial
	b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		c, err := dial(ctx)
		cut := b.link.Cut
		b.link.Cut = func(toMeter bool, m []byte) bool {
			if toMeter {
				if count++; count == n {
					do()
				}
			}
			return cut != nil && cut(toMeter, m)
		}
		return c, err
	}
	return func() int { return count }
}

const strangers = 777 // FlowIndex of what another manager meters

// stranger has another manager make the rows that a restarted meter had of us,
// with our numbers, and meter something.
func (b *bench) stranger() {
	b.m.RuleSets()[2] = &clienttest.RuleSet{Owner: "other", Name: "one", Status: mib.RowActive}
	b.m.Readers()[1] = &clienttest.Reader{Owner: "other", Status: mib.RowActive, RuleSet: 2}
	b.m.Tasks()[1] = &clienttest.Task{Owner: "other", Status: mib.RowActive, Current: 2}
	for _, set := range []int{1, 2, 3} {
		b.m.Flows[set] = []clienttest.Flow{{Index: strangers, Changed: 1 << 40, Numbers: map[mib.Attr]uint64{mib.AttrFirstTime: 1 << 39}}}
	}
	if b.cfg.Trace {
		b.m.TraceState = mib.TraceRunning
	}
}

// TestTraceStartedAgain starts the meter of a trace again before each message
// that nemac sends in turn. Either nemac follows the trace from its beginning,
// for it had not begun yet, or it ends and says so: it never waits for a meter
// that waits for it, and leaves that to the next manager.
func TestTraceStartedAgain(t *testing.T) {
	whole := []string{"1: 1-6001 2/1", "2: 6000-12001 2/2", "3: 12000-18001 2/3"}
	told := 0
	for n := 1; ; n++ {
		b := newBench(1, clienttest.Faults{})
		b.trace(3)
		b.m.Slow = 2
		sent := b.atMessage(n, func() { b.m.Restart() })
		err := b.run(t, context.Background())
		if sent() < n {
			break // the trace was over before
		}
		if got := strings.Join(b.out.blocks, "\n"); !strings.HasPrefix(strings.Join(whole, "\n"), got) {
			t.Errorf("message %d: collections\n%s", n, got)
		}
		if err == nil {
			if len(b.out.blocks) < len(whole) {
				t.Errorf("message %d: only %d collections, and no error\n%s", n, len(b.out.blocks), b.log)
			}
			continue
		}
		if len(b.m.Owners()) > 0 || b.m.TraceState != mib.TraceWaitRuleSet {
			t.Errorf("message %d: rows of %v on the restarted meter, whose trace is in state %d, and nemac says %v", n, b.m.Owners(), b.m.TraceState, err)
		}
		if strings.Contains(err.Error(), "was started again") {
			told++
		} else if len(b.out.blocks) > 0 {
			t.Errorf("message %d: nemac says %v", n, err)
		}
	}
	if told < 20 {
		t.Errorf("only %d ends say that the meter was started again", told)
	}
}

// TestWaitingTraceStartedAgain starts a meter again that waits for other readers
// to start, or reads packets that take a while.
func TestWaitingTraceStartedAgain(t *testing.T) {
	for _, state := range []mib.TracePhase{mib.TraceWaitRuleSet, mib.TraceRunning} {
		b := newBench(1, clienttest.Faults{})
		b.trace(3)
		b.m.Slow = 1 << 30
		b.clock.events = []event{
			{noon.Add(5 * time.Second), func() { b.m.TraceState = state }},
			{noon.Add(10 * time.Second), b.m.Restart},
		}
		err := b.run(t, context.Background())
		if err == nil || !strings.Contains(err.Error(), "was started again") || b.m.TraceState != mib.TraceWaitRuleSet {
			t.Errorf("state %v: error %v, trace %v\n%s", state, err, b.m.TraceState, b.log)
		}
	}
}

// TestStrangersFlows starts the meter again before each message in turn, and
// has another manager take our numbers before we can: nothing of his comes into
// our file.
func TestStrangersFlows(t *testing.T) {
	for _, trace := range []bool{false, true} {
		t.Run(fmt.Sprint("trace ", trace), func(t *testing.T) {
			for n := 1; ; n++ {
				b := newBench(1, clienttest.Faults{})
				ctx, end := context.WithCancel(context.Background())
				if trace {
					b.trace(3)
				} else {
					b.ticking()
					b.m.Flows[2] = []clienttest.Flow{{Index: 1, Changed: 1, Numbers: map[mib.Attr]uint64{mib.AttrFirstTime: 1}}}
					b.clock.events = []event{{noon.Add(6 * time.Minute), end}}
				}
				sent := b.atMessage(n, func() {
					b.restart()
					b.stranger()
				})
				_ = b.run(t, ctx) // ends in many ways
				end()
				if sent() < n {
					break
				}
				if all := strings.Join(b.out.blocks, "\n"); strings.Contains(all, fmt.Sprintf("2/%d", strangers)) {
					t.Errorf("message %d: another's flows in our file:\n%s\n%s", n, all, b.log)
				}
			}
		})
	}
}
