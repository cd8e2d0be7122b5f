package session

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/amounts/amountstest"
	"netramet/reader/flowfile"
	"netramet/reader/outputs"
)

// killed is what a session dies of, wherever it is.
type killed struct{}

// traffic is a meter whose flows grow while messages are under way.
type traffic struct {
	*bench
	rnd   *rand.Rand
	index uint32 // of the newest flow: none is used again, so that it names the flow
	quiet bool   // nothing is sent any more, and nothing goes wrong
	left  int    // messages to the meter until the session is killed; negative: never
}

// grow has flows begin and grow.
func (w *traffic) grow() {
	for range w.rnd.IntN(4) {
		set := slices.Collect(maps.Keys(w.m.RuleSets()))
		slices.Sort(set)
		n := int(set[w.rnd.IntN(len(set))])
		if n == 1 || len(w.m.Tasks()) == 0 {
			continue // it does not run
		}
		flows := w.m.Flows[n]
		if len(flows) == 0 || len(flows) < 12 && w.rnd.IntN(3) == 0 {
			w.index++
			w.m.Flows[n] = append(flows, clienttest.Flow{Index: w.index, Numbers: map[mib.Attr]uint64{mib.AttrFirstTime: w.m.Uptime}})
			flows = w.m.Flows[n][len(flows):]
		}
		f := &flows[w.rnd.IntN(len(flows))]
		f.Changed = w.m.Uptime
		f.Numbers[mib.AttrLastActiveTime] = w.m.Uptime
		f.Numbers[mib.AttrToOctets] += w.rnd.Uint64N(1 << w.rnd.IntN(50))
		f.Numbers[mib.AttrFromPDUs] += w.rnd.Uint64N(9)
	}
}

// wipe takes from the meter what nemac put there, as another manager might.
func (w *traffic) wipe(rules bool) {
	clear(w.m.Readers())
	if rules {
		clear(w.m.Tasks())
		maps.DeleteFunc(w.m.RuleSets(), func(n uint32, _ *clienttest.RuleSet) bool { return n > 1 })
		clear(w.m.Flows)
	}
}

// again starts the meter again.
func (w *traffic) again() {
	w.restart()
	w.m.Start = uint64(w.begun.Add(10 * time.Millisecond).UnixNano())
}

// pause has the meter stand still for a minute, as in a virtual machine that is
// suspended. Of a meter of another make only the clock tells which one it is.
func (w *traffic) pause() {
	if w.clock.now.Sub(w.begun) > 2*time.Minute && !w.m.Foreign {
		w.begun = w.begun.Add(time.Minute)
	}
}

// setClock sets the time of day.
func (w *traffic) setClock(step time.Duration) {
	if !w.m.Foreign {
		w.clock.now, w.begun = w.clock.now.Add(step), w.begun.Add(step)
	}
}

// tend has traffic, and what goes wrong, come with messages to the meter.
func (w *traffic) tend() {
	dial := w.cfg.Dial
	w.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		c, err := dial(ctx)
		if w.quiet {
			w.link.Faults = clienttest.Faults{}
		}
		cut := w.link.Cut
		w.link.Cut = func(toMeter bool, m []byte) bool {
			if !w.quiet {
				w.grow()
			}
			if toMeter {
				if w.left--; w.left == 0 {
					panic(killed{})
				}
			}
			return cut != nil && cut(toMeter, m)
		}
		return c, err
	}
}

// session runs one for a time, unless it is killed, or nobody restores what was taken
// away.
func (w *traffic) session(t *testing.T, length time.Duration, events ...event) {
	t.Helper()
	defer func() {
		if x := recover(); x != nil && x != (any)(killed{}) {
			panic(x)
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.clock.slept = 0
	w.clock.events = append(events, event{w.clock.now.Add(length), cancel})
	if err := Run(ctx, w.cfg); err != nil && w.quiet {
		t.Errorf("%v\n%s", err, w.log)
	}
}

// TestAmounts: over a lossy link, with the meter started again or standing still, the time
// of day set, rule sets and readers taken away, and nemac killed at any message and
// started again, amounts add up to what the meter has counted, in each kind of output.
func TestAmounts(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { amountsSeed(t, seed) })
	}
}

func amountsSeed(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	w := &traffic{bench: newBench(seed, clienttest.Faults{Drop: .1, Duplicate: .1, Reorder: .1, Delay: .1}), rnd: rnd}
	w.ticking()
	w.tend()
	w.cfg.MeterName, w.m.Foreign = "m", seed%4 == 3
	w.m.Start = uint64(w.begun.Add(10 * time.Millisecond).UnixNano())
	w.cfg.Needs = outputs.Needs([]outputs.Spec{{Kind: outputs.CSV}})
	dir := t.TempDir()
	at := func(kind string) string { return filepath.Join(dir, "f."+kind) }
	w.cfg.Open = func(*Meter, bool) (Output, error) {
		var specs []outputs.Spec
		for _, kind := range []string{outputs.JSONL, outputs.CSV, outputs.Flows} {
			specs = append(specs, outputs.Spec{Kind: kind, Path: at(kind)})
		}
		return outputs.Open(specs, outputs.Options{Amounts: true, Flows: func(path string) (reader.Output, error) {
			return flowfile.OpenAppend(path, flowfile.Header{Version: "1", Meter: "m", Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC, Amounts: true}, flowfile.Options{})
		}})
	}
	for range 6 {
		w.left = -1
		if rnd.IntN(3) > 0 {
			w.left = 1 + rnd.IntN(60)
		}
		var events []event
		if after := w.clock.now.Add(time.Duration(rnd.IntN(20)) * time.Minute); rnd.IntN(2) == 0 {
			switch rnd.IntN(6) {
			case 0, 1:
				events = append(events, event{after, w.again})
			case 2:
				events = append(events, event{after, func() { w.wipe(true) }})
			case 3:
				events = append(events, event{after, func() { w.wipe(false) }})
			case 4:
				events = append(events, event{after, w.pause})
			case 5:
				step := time.Duration(rnd.IntN(7200)-3600) * time.Second
				events = append(events, event{after, func() { w.setClock(step) }})
			}
		}
		w.session(t, time.Duration(5+rnd.IntN(30))*time.Minute, events...)
		if rnd.IntN(8) == 0 {
			w.clock.now = w.clock.now.Add(time.Minute)
			w.again() // while there is no nemac
			w.clock.now = w.clock.now.Add(time.Second)
		}
	}
	w.quiet, w.left = true, -1
	w.session(t, 30*time.Minute)
	amountstest.EachObject(t, at(outputs.JSONL), func(o map[string]json.Number) {
		if o["last_time"] == "null" || o["last_time"] == "" {
			t.Fatalf("no last_time: %v", o)
		}
	})
	// No index is used again.
	byIndex := func(f amountstest.Flow) amountstest.Flow { return amountstest.Flow{Index: f.Index} }
	all := amountstest.Of(t, "jsonl", at(outputs.JSONL), byIndex)
	var total uint64
	for k, f := range all {
		if total += f.Amounts; f.Counter != f.Amounts {
			t.Errorf("flow %s counted %d, its amounts are %d", k.Index, f.Counter, f.Amounts)
		}
	}
	for set, flows := range w.m.Flows {
		for _, f := range flows {
			if n := f.Numbers[mib.AttrToOctets]; all[amountstest.Flow{Index: fmt.Sprint(f.Index)}].Counter != n {
				t.Errorf("flow %d of rule set %d counted %d, of which %d were collected", f.Index, set, n, all[amountstest.Flow{Index: fmt.Sprint(f.Index)}].Counter)
			}
		}
	}
	if got := amountstest.Of(t, "csv", at(outputs.CSV), byIndex); !maps.Equal(got, all) {
		t.Errorf("CSV has %v\nJSON Lines %v", got, all)
	}
	var got uint64
	for _, f := range amountstest.Of(t, "flows", at(outputs.Flows), byIndex) {
		got += f.Amounts
	}
	if got != total {
		t.Errorf("the flow file has amounts of %d, not %d", got, total)
	}
	if t.Failed() {
		t.Log(w.log)
	}
}
