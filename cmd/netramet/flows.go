package main

import (
	"context"
	"io"
	"slices"
	"strconv"

	"netramet/meter"
	"netramet/mib"
	"netramet/reader"
)

// localFlows is the meter in this process as a reader sees it.
type localFlows struct {
	meter   *meter.Meter
	readers map[int]int // reader row by rule set

	tasks []reader.Task
	iv    reader.Interval
	from  uint64 // of the next collection
	next  int    // task being read
	after uint32 // FlowIndex of the last record of it
	flow  meter.Flow
}

// newLocalFlows registers a reader for each rule set, so that no flow is
// recovered before it is collected.
func newLocalFlows(m *meter.Meter, tasks []reader.Task) (*localFlows, error) {
	l := &localFlows{meter: m, readers: map[int]int{}, from: 1}
	err := m.Update(func(s *meter.Control) error {
		for _, t := range tasks {
			row, err := s.AddReader(t.RuleSet)
			if err != nil {
				return err
			}
			l.readers[t.RuleSet] = row
		}
		return nil
	})
	return l, err
}

// Begin starts the collection of the interval that has just ended.
func (l *localFlows) Begin(_ context.Context, tasks []reader.Task) (reader.Interval, error) {
	l.tasks, l.next, l.after = tasks, 0, 0
	l.meter.View(func(s *meter.State) {
		n, end, to := s.Interval()
		l.iv = reader.Interval{Number: n, Time: end, From: l.from, To: uint64(to)}
		if slices.ContainsFunc(tasks, func(t reader.Task) bool { return t.Statistics }) {
			l.iv.Stats = statistics(s, tasks)
		}
	})
	return l.iv, nil
}

// Next reads the next flow that has changed since the interval's From.
func (l *localFlows) Next(_ context.Context, rec *reader.Record) error {
	err := io.EOF
	l.meter.View(func(s *meter.State) {
		for ; l.next < len(l.tasks); l.next, l.after = l.next+1, 0 {
			t := &l.tasks[l.next]
			l.after = s.NextFlow(t.RuleSet, meter.Uptime(l.iv.From), l.after)
			if l.after == 0 {
				continue
			}
			s.Flow(l.after, &l.flow)
			fillRecord(s, &l.flow, t.Format.Attrs, rec)
			err = nil
			return
		}
	})
	return err
}

// fillRecord reads the attributes a FORMAT asks for.
func fillRecord(s *meter.State, f *meter.Flow, attrs []mib.Attr, rec *reader.Record) {
	rec.RuleSet, rec.Index, rec.FirstTime = f.RuleSet, f.Index, uint64(f.FirstTime)
	rec.PeerType = s.PeerType(f)
	rec.Values = slices.Grow(rec.Values[:0], len(attrs))[:len(attrs)]
	for i, a := range attrs {
		v := &rec.Values[i]
		num, octets := s.Attr(f, a)
		v.Num, v.Len = num, uint8(copy(v.Octets[:], octets))
	}
}

// Commit tells the meter that this reader has everything up to To. The next
// collection overlaps this one by one centisecond (RFC 2123 §4.2).
func (l *localFlows) Commit(context.Context) error {
	return l.meter.Update(func(s *meter.Control) error {
		for _, row := range l.readers {
			if err := s.Collected(row, meter.Uptime(l.iv.To)); err != nil {
				return err
			}
		}
		l.from = l.iv.To - 1
		return nil
	})
}

// statistics are the figures of a #Stats record in trace mode: functions of
// the trace and the rule sets alone (decision 7).
func statistics(s *meter.State, tasks []reader.Task) []reader.Stat {
	c := s.Counts()
	var sum meter.RuleSetCounts
	for _, t := range tasks {
		r, err := s.RuleSetCounts(t.RuleSet)
		if err != nil {
			continue
		}
		sum.Ignored += r.Ignored
		sum.NotMatched += r.NotMatched
		sum.RefusedPDUs += r.RefusedPDUs
		sum.RefusedOctets += r.RefusedOctets
		sum.Created += r.Created
		sum.Recovered += r.Recovered
	}
	stat := func(name string, v uint64) reader.Stat {
		return reader.Stat{Name: name, Value: strconv.FormatUint(v, 10)}
	}
	return []reader.Stat{
		stat("packets", c.Packets), stat("octets", c.Octets),
		stat("ignored", sum.Ignored), stat("notmatched", sum.NotMatched),
		stat("refused", sum.RefusedPDUs), stat("refusedoctets", sum.RefusedOctets),
		stat("unsupported", c.Unsupported), stat("sampledout", c.SampledOut),
		stat("late", c.Late), stat("badstamps", c.BadStamps),
		stat("fiu", uint64(s.FlowsInUse())), stat("created", sum.Created), stat("frc", sum.Recovered),
	}
}
