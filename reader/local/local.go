// Package local reads the flows of a meter in the same process: it is the
// in-process implementation of reader.Flows, as package reader/snmpflows is the one
// over SNMP. Both give the same records and figures.
//
// It works through Meter.View, one for some flows, and Meter.Change, so the meter
// may go on between two calls.
package local

import (
	"context"
	"io"
	"slices"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/reader"
)

var _ reader.StoredFlows = (*Flows)(nil)

// Flows is a meter's flow table. It is for one reader and one goroutine.
type Flows struct {
	meter *control.Meter
	name  string
	reads []int // rule sets of which we have reader rows

	tasks []reader.Task
	iv    reader.Interval
	from  uint64 // of the next collection
	next  int    // task being read
	after uint32 // FlowIndex of the last record of it
	flow  meter.Flow
	value meter.Value

	layouts []*meter.Layout // by task; the peer type is behind what FORMAT asks for
	stored  [together]reader.Stored
	asked   [together]bool // values of the flow had to be asked for: it is in records
	records [together]reader.Record
	// ahead is how many flows were read ahead, given how many of these were given.
	ahead, given int
}

// New returns the flows of m, which intervals call name, of which nothing has been
// collected.
func New(m *control.Meter, name string) *Flows { return &Flows{meter: m, name: name, from: 1} }

// Register makes f a reader of the tasks' rule sets on the meter: from then on
// no flow of theirs is recovered before f has collected it.
func (f *Flows) Register(tasks []reader.Task) error {
	return f.meter.Change(func(c *control.Change) error {
		for _, t := range tasks {
			if err := c.Read(t.RuleSet); err != nil {
				return err
			}
			f.reads = append(f.reads, t.RuleSet)
		}
		return nil
	})
}

// Begin starts the collection of the interval that has just ended; of all up to
// now, where none has.
func (f *Flows) Begin(_ context.Context, tasks []reader.Task) (reader.Interval, error) {
	f.tasks, f.next, f.after, f.given, f.ahead = tasks, 0, 0, 0, 0
	f.layouts = f.layouts[:0]
	for _, t := range tasks {
		attrs := append(slices.Clone(t.Format.Attrs), mib.AttrSourcePeerType)
		f.layouts = append(f.layouts, meter.NewLayout(attrs))
	}
	f.meter.View(func(s *control.State) {
		n, end, to := s.Interval()
		if n == 0 {
			end, _ = s.Clock()
			to = s.Uptime()
		}
		f.iv = reader.Interval{
			Number: n, Time: end, From: f.from, To: uint64(to), Fresh: f.from == 1, // whatever an earlier process wrote
			Meter: f.name, Octets: octetMode(s), SampleRate: sampleRate(s),
		}
		if _, begun := s.Start(); begun {
			f.iv.SetStart(s.TimeOf(0))
		}
		if slices.ContainsFunc(tasks, func(t reader.Task) bool { return t.Statistics }) {
			all := figures(s, tasks)
			f.iv.Stats = all.Stats()
		}
	})
	return f.iv, nil
}

// octetMode is what the meter's octet counters hold.
func octetMode(s *control.State) reader.OctetMode {
	if s.OctetMode() == meter.PeerOctets {
		return reader.OctetsPeer
	}
	return reader.OctetsFrame
}

// sampleRate is that of all interfaces, 0 where it is not the same.
func sampleRate(s *control.State) (rate uint32) {
	for n := s.NextInterface(0); n > 0; n = s.NextInterface(n) {
		switch x, _ := s.Interface(n); {
		case rate == 0:
			rate = x.SampleRate
		case rate != x.SampleRate:
			return 0
		}
	}
	return rate
}

// Next gives the next flow that has changed since the interval's From.
func (f *Flows) Next(_ context.Context, rec *reader.Record) error {
	if f.given == f.ahead {
		if f.readAhead(); f.ahead == 0 {
			return io.EOF
		}
	}
	i := f.given
	f.given++
	if f.asked[i] { // the caller's memory is used again for a flow to come
		rec.Take(&f.records[i])
	} else {
		rec.Fill(&f.stored[i])
	}
	return nil
}

// NextStored gives the next flows.
func (f *Flows) NextStored(context.Context) ([]reader.Stored, error) {
	if f.given == f.ahead {
		if f.readAhead(); f.ahead == 0 {
			return nil, io.EOF
		}
	}
	from := f.given
	f.given = f.ahead
	return f.stored[from:f.ahead], nil
}

// GivesStored reports whether the values of all tasks' FORMATs are stored ones.
func (f *Flows) GivesStored() bool {
	return !slices.ContainsFunc(f.layouts, func(l *meter.Layout) bool { return len(l.Asked()) > 0 })
}

// together is for how many flows the meter is held at a time: so many that
// entering it costs little, and as few that its packets do not wait for long.
const together = 32

// readAhead reads the next flows.
func (f *Flows) readAhead() {
	f.given, f.ahead = 0, 0
	f.meter.View(func(s *control.State) {
		for f.next < len(f.tasks) && f.ahead < together {
			ruleSet, l := f.tasks[f.next].RuleSet, f.layouts[f.next]
			n, last := s.ReadStored(ruleSet, meter.Uptime(f.iv.From), f.after, l, f.stored[f.ahead:])
			for range n {
				if f.asked[f.ahead] = len(l.Asked()) > 0; f.asked[f.ahead] {
					f.ask(s, l, f.ahead)
				}
				f.ahead++
			}
			if f.after = last; f.ahead < together { // that was all of the task
				f.next, f.after = f.next+1, 0
			}
		}
	})
}

// ask makes the record of flow i, of which some values have to be asked for.
func (f *Flows) ask(s *control.State, l *meter.Layout, i int) {
	rec := &f.records[i]
	rec.Fill(&f.stored[i])
	s.Flow(rec.Index, &f.flow)
	for _, at := range l.Asked() {
		s.Attr(&f.flow, f.tasks[f.next].Format.Attrs[at], &f.value)
		setValue(rec, at, &f.value)
	}
}

// setValue makes value i of rec what v is.
func setValue(rec *reader.Record, i int, v *meter.Value) {
	to := &rec.Values[i]
	*to = reader.Value{Num: v.Num}
	to.Len = uint8(copy(to.Octets[:], v.Octets))
	if len(v.Numbers) > 0 {
		rec.AddNumbers(i, v.Numbers...)
	}
}

// Commit tells the meter that this reader has everything up to To. The next
// collection overlaps this one by one centisecond (RFC 2123 §4.2).
func (f *Flows) Commit(context.Context) error {
	err := f.meter.Change(func(c *control.Change) error {
		for _, ruleSet := range f.reads {
			if err := c.Collected(ruleSet, meter.Uptime(f.iv.To)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		f.from = f.iv.To - 1
	}
	return err
}

// figures are those of a #Stats record; on a trace, functions of the trace and
// the rule sets alone (decision 7).
func figures(s *control.State, tasks []reader.Task) (all reader.Figures) {
	c := s.Counts()
	all.Add(reader.FigurePackets, c.Packets)
	all.Add(reader.FigureOctets, c.Octets)
	all.Add(reader.FigureUnsupported, c.Unsupported)
	all.Add(reader.FigureSampledOut, c.SampledOut)
	all.Add(reader.FigureLate, c.Late)
	all.Add(reader.FigureBadStamps, c.BadStamps)
	all.Add(reader.FigureFlowsInUse, uint64(s.FlowsInUse()))
	for _, t := range tasks {
		r, err := s.RuleSetCounts(t.RuleSet)
		if err != nil {
			continue // it is no more
		}
		all.Add(reader.FigureIgnored, r.Ignored)
		all.Add(reader.FigureNotMatched, r.NotMatched)
		all.Add(reader.FigureRefused, r.RefusedPDUs)
		all.Add(reader.FigureRefusedOctets, r.RefusedOctets)
		all.Add(reader.FigureCreated, r.Created)
		all.Add(reader.FigureRecovered, r.Recovered)
	}
	return all
}
