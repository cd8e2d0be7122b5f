package amounts_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/lines"
	"netramet/ruleset"
)

func format(attrs ...mib.Attr) *ruleset.Format {
	return &ruleset.Format{Attrs: attrs, Seps: make([]string, len(attrs)+1)}
}

// sink is an output that adds up amounts, and may fail.
type sink struct {
	sums     map[string]uint64
	pending  map[string]uint64
	baseline int
	fails    bool
	format   map[int]*ruleset.Format
}

func (s *sink) Begin(iv reader.Interval, tasks []reader.Task) error {
	if !iv.Amounts {
		return errors.New("without amounts")
	}
	s.pending, s.format = map[string]uint64{}, map[int]*ruleset.Format{}
	for _, t := range tasks {
		s.format[t.RuleSet] = t.Format
	}
	return nil
}

func (s *sink) Record(rec *reader.Record) error {
	if rec.Baseline {
		s.baseline++
	}
	for i, a := range s.format[rec.RuleSet].Attrs {
		switch {
		case a.Class() == mib.ClassCounter:
			s.pending[fmt.Sprint(rec.RuleSet, rec.Index, rec.FirstTime, a)] += rec.Amounts[i]
		case rec.Amounts[i] != 0:
			return fmt.Errorf("%s has an amount", a)
		}
	}
	return nil
}

func (s *sink) End() error {
	if s.fails {
		return errors.New("disk full")
	}
	for k, n := range s.pending {
		s.sums[k] += n
	}
	return nil
}

func (s *sink) Abort() error { s.pending = nil; return nil }

type flow struct {
	index  uint32
	first  uint64
	counts amounts.Counts
	dirty  bool
}

// TestRandom holds amounts against a naive meter: flows of several rule sets come, grow,
// go and give their index to others, collections fail, and the output is begun anew
// from what it had. The sums of amounts are what the flows have counted.
func TestRandom(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		formats := map[int]*ruleset.Format{
			2: format(mib.AttrToOctets, mib.AttrDSCodePoint, mib.AttrFromPDUs),
			7: format(mib.AttrSourcePeerAddress, mib.AttrToLostPDUs, mib.AttrToPDUs),
		}
		tasks := []reader.Task{{RuleSet: 2, Format: formats[2]}, {RuleSet: 7, Format: formats[7]}}
		flows := map[int]map[uint32]*flow{2: {}, 7: {}}
		s := &sink{sums: map[string]uint64{}}
		out := amounts.New(s)
		want := map[string]uint64{}
		var written []lines.Collection
		from, now := uint64(1), uint64(1)
		start := time.Unix(1_700_000_000, 0)
		for n := range 40 {
			for range rnd.IntN(30) {
				now += rnd.Uint64N(5)
				set := tasks[rnd.IntN(2)].RuleSet
				index := uint32(1 + rnd.IntN(12))
				f := flows[set][index]
				if f == nil || !f.dirty && rnd.IntN(4) == 0 { // what nobody has collected stays
					now += 2
					f = &flow{index: index, first: now}
					flows[set][index] = f
				}
				for i := range f.counts {
					f.counts[i] += rnd.Uint64N(1 << (1 + rnd.UintN(40)))
				}
				f.dirty = true
			}
			now++
			s.fails = rnd.IntN(5) == 0
			if rnd.IntN(6) == 0 { // the reader is started again
				out = amounts.New(s)
				for i := range written {
					out.TakeUp(&written[i])
				}
			}
			iv := reader.Interval{Number: uint64(n + 1), From: from, To: now, Meter: "m", MeterStart: start.Add(time.Duration(rnd.IntN(1000)) * time.Millisecond)}
			if err := out.Begin(iv, tasks); err != nil {
				t.Fatal(err)
			}
			c := lines.Collection{ID: lines.ID{Meter: "m", Start: start, End: start.Add(time.Duration(now) * 10 * time.Millisecond)},
				Begin: start.Add(time.Duration(max(from+1, 1)) * 10 * time.Millisecond)}
			if from <= 1 {
				c.Begin = start.Add(10 * time.Millisecond)
			}
			var dirty []*flow
			for _, task := range tasks {
				for _, index := range slices.Sorted(maps.Keys(flows[task.RuleSet])) {
					f := flows[task.RuleSet][index]
					if !f.dirty && rnd.IntN(8) > 0 { // one that did not change may come, too
						continue
					}
					var rec reader.Record
					rec.Clear(len(task.Format.Attrs))
					rec.RuleSet, rec.Index, rec.FirstTime = task.RuleSet, f.index, f.first
					kept := lines.Flow{RuleSet: uint8(task.RuleSet), Index: f.index, FirstTime: f.first}
					for i, a := range task.Format.Attrs {
						if k := lines.CounterOf(a); k >= 0 {
							rec.Values[i].Num = f.counts[k]
							kept.Counts[k], kept.Has = f.counts[k], kept.Has|1<<k
							if !s.fails {
								want[fmt.Sprint(rec.RuleSet, rec.Index, rec.FirstTime, a)] = f.counts[k]
							}
						}
					}
					if err := out.Record(&rec); err != nil {
						t.Fatal(err)
					}
					c.Flows, dirty = append(c.Flows, kept), append(dirty, f)
				}
			}
			if err := out.End(); err != nil {
				if err := out.Abort(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			written = append(written, c)
			for _, f := range dirty {
				f.dirty = false
			}
			from = now - 1
		}
		if !maps.Equal(want, s.sums) || s.baseline > 0 {
			t.Fatalf("seed %d: amounts sum up to\n%v\nthe meter counted\n%v\n%d baselines", seed, s.sums, want, s.baseline)
		}
	}
}

// TestBaseline: what cannot be known is no amount.
func TestBaseline(t *testing.T) {
	type seen struct {
		first, count uint64
	}
	for _, tt := range []struct {
		name         string
		before, now  seen
		from         uint64
		fresh, again bool
		want         uint64
		baseline     bool
	}{
		{name: "grown", before: seen{50, 7}, now: seen{50, 9}, from: 99, want: 2},
		{name: "another flow of the index", before: seen{50, 7}, now: seen{120, 9}, from: 99, want: 9},
		{name: "another one that nobody has seen begin", before: seen{50, 7}, now: seen{60, 9}, from: 99, baseline: true},
		{name: "a counter that fell", before: seen{50, 7}, now: seen{50, 5}, from: 99, baseline: true},
		{name: "the meter was started again", before: seen{50, 7}, now: seen{50, 5}, from: 1, again: true, want: 5},
		{name: "no reader was there before", from: 1, now: seen{50, 5}, want: 5},
		{name: "a reader of before, of whom nothing is known", from: 99, now: seen{120, 5}, baseline: true},
		{name: "the rule set is new", before: seen{50, 7}, now: seen{50, 5}, from: 99, fresh: true, want: 5},
	} {
		task := []reader.Task{{RuleSet: 2, Format: format(mib.AttrToPDUs)}}
		got := &last{}
		out := amounts.New(got)
		put := func(iv reader.Interval, s seen) {
			var rec reader.Record
			rec.Clear(1)
			rec.RuleSet, rec.Index, rec.FirstTime, rec.Values[0].Num = 2, 3, s.first, s.count
			if err := errors.Join(out.Begin(iv, task), out.Record(&rec), out.End()); err != nil {
				t.Fatal(err)
			}
		}
		if tt.before != (seen{}) {
			put(reader.Interval{From: 1, To: 100}, tt.before)
		}
		put(reader.Interval{From: tt.from, To: 200, Fresh: tt.fresh, Restarted: tt.again}, tt.now)
		if got.amount != tt.want || got.baseline != tt.baseline {
			t.Errorf("%s: amount %d, baseline %v; want %d, %v", tt.name, got.amount, got.baseline, tt.want, tt.baseline)
		}
	}
}

type last struct {
	amount   uint64
	value    uint64
	baseline bool
}

func (l *last) Begin(reader.Interval, []reader.Task) error { return nil }
func (l *last) Record(rec *reader.Record) error {
	l.value, l.baseline = rec.Values[0].Num, rec.Baseline
	if len(rec.Amounts) > 0 {
		l.amount = rec.Amounts[0]
	}
	return nil
}
func (l *last) End() error   { return nil }
func (l *last) Abort() error { return nil }

// TestNoAllocation: a flow that is known costs none.
func TestNoAllocation(t *testing.T) {
	task := []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}
	out := amounts.New(&last{})
	var rec reader.Record
	rec.Clear(len(task[0].Format.Attrs))
	rec.RuleSet = 2
	const flows = 1000
	collect := func() {
		if err := out.Begin(reader.Interval{From: 1, To: 100}, task); err != nil {
			t.Fatal(err)
		}
		for i := range uint32(flows) {
			rec.Index = i + 1
			if err := out.Record(&rec); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.End(); err != nil {
			t.Fatal(err)
		}
	}
	collect()
	if n := testing.AllocsPerRun(10, collect); n > 20 {
		t.Errorf("%v allocations for %d flows", n, flows)
	}
}
