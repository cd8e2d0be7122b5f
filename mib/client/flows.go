package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"netramet/mib"
	"netramet/reader"
)

var _ reader.Flows = (*Flows)(nil)

// ErrTaken tells that somebody else wrote to our reader rows: another nemac
// with the same Owner is at work on this meter.
var ErrTaken = errors.New("another reader with the same Owner uses our rows on the meter")

// ErrNoRow tells that a reader row of ours is gone: the meter was started
// again, or removed the row after its timeout.
var ErrNoRow = errors.New("our reader row is not on the meter any more")

// ReaderRef is a reader row of ours.
type ReaderRef struct {
	Index   int
	RuleSet int
}

// FlowsConfig says what a Flows reads and where it goes on.
type FlowsConfig struct {
	// Owner is the rows' flowReaderOwner. A row that has another is not ours
	// any more, and nothing is written to it. Empty leaves that unchecked.
	Owner   string
	Readers []ReaderRef // one for each task that will be read
	Marks   bool        // the rows have ntmReaderTime and ntmReaderCollected
	Trace   bool        // collections are the meter's intervals
	// Time and Number are the mark and number of the last collection, as the
	// rows have them; 0 before the first.
	Time, Number uint64
	// Now is the clock for Interval.Time of a live meter; nil is time.Now.
	Now func() time.Time
}

// Flows reads the flows of a meter over SNMP, as package reader wants it.
//
// It keeps the mark up to which it has collected everything (the next From)
// itself. Once a caller asks for Commit, the collection is complete on his
// side, so the mark moves even if the meter cannot be told; the meter hears of
// it with the next one, and keeps its flows until then.
type Flows struct {
	c    *Client
	cfg  FlowsConfig
	rows map[int]int // reader row by rule set

	told, mark uint64            // ntmReaderTime as the meter has it; as it should be
	lastTime   map[uint32]uint32 // flowReaderLastTime before the collection, by row
	notes      []string

	tasks []reader.Task
	iv    reader.Interval
	next  int // task being read
	plan  *plan
	limit int // attributes of a package, smaller if the meter wants it so
	read  taskRead
}

// NewFlows returns the flows of the rule sets that cfg's rows read.
func NewFlows(c *Client, cfg FlowsConfig) *Flows {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f := &Flows{c: c, cfg: cfg, rows: map[int]int{}, told: cfg.Time, mark: cfg.Time, lastTime: map[uint32]uint32{}, limit: maxSelector}
	for _, r := range cfg.Readers {
		f.rows[r.RuleSet] = r.Index
	}
	return f
}

// Number is the number of the collection committed last.
func (f *Flows) Number() uint64 { return f.cfg.Number }

// GoOn counts collections on from number. It is for a live meter that was set
// up again; a trace has its own numbers.
func (f *Flows) GoOn(number uint64) {
	if !f.cfg.Trace {
		f.cfg.Number = number
	}
}

// Note puts a line into the flow data with the next collection that is made.
func (f *Flows) Note(text string) { f.notes = append(f.notes, text) }

// Begin tells the meter that a collection starts and asks it for its times.
// All rows are set by one PDU, so that all rule sets have the same times.
func (f *Flows) Begin(ctx context.Context, tasks []reader.Task) (reader.Interval, error) {
	f.tasks, f.next, f.plan = tasks, 0, nil
	var rows []uint32
	statistics := false
	for _, t := range tasks {
		row, ok := f.rows[t.RuleSet]
		if !ok {
			return reader.Interval{}, fmt.Errorf("rule set %d has no reader row", t.RuleSet)
		}
		rows = append(rows, uint32(row))
		statistics = statistics || t.Statistics
	}
	if len(rows) == 0 {
		return reader.Interval{}, errors.New("no rule set to read")
	}
	if err := f.own(ctx, rows); err != nil {
		return reader.Interval{}, err
	}
	if err := f.touch(ctx, rows); err != nil {
		return reader.Interval{}, err
	}
	iv, err := f.times(ctx, rows)
	if err != nil {
		return reader.Interval{}, err
	}
	if statistics {
		if iv.Stats, err = f.c.stats(ctx, tasks); err != nil {
			return reader.Interval{}, err
		}
	}
	iv.Notes = f.notes
	f.iv = iv
	return iv, nil
}

// own sees that the rows are still ours before anything is written to them:
// on a meter that was started again, they may be those of another reader, who
// came before us. It learns their LastTime on the way.
func (f *Flows) own(ctx context.Context, rows []uint32) error {
	var names []Name
	for _, row := range rows {
		names = append(names, Inst(mib.ObjFlowReaderLastTime, row), Inst(mib.ObjFlowReaderOwner, row))
	}
	v, err := f.c.Get(ctx, names...)
	if err != nil {
		return err
	}
	for i, row := range rows {
		last, owner := v[2*i], v[2*i+1]
		if last.Missing || f.cfg.Owner != "" && owner.Text() != f.cfg.Owner {
			return fmt.Errorf("%w (row %d)", ErrNoRow, row)
		}
		f.lastTime[row] = uint32(last.Num)
	}
	return nil
}

// touch sets flowReaderLastTime. A second Set would be a second collection to
// the meter, which then forgets flows one collection too early; so after a
// lost answer the rows are read before anything is sent again (decision 24).
func (f *Flows) touch(ctx context.Context, rows []uint32) error {
	binds := make([]Bind, len(rows))
	for i, row := range rows {
		binds[i] = Ticks(Inst(mib.ObjFlowReaderLastTime, row), 0)
	}
	var err error
	for range f.c.tries {
		err = f.c.setOnce(ctx, binds...)
		if !IsNoAnswer(err) {
			break
		}
		v, readErr := f.c.Get(ctx, Inst(mib.ObjFlowReaderLastTime, rows[0]))
		if readErr != nil {
			return readErr
		}
		// On an equal time setting it again changes nothing.
		if !v[0].Missing && uint32(v[0].Num) != f.lastTime[rows[0]] {
			return nil
		}
	}
	if IsStatus(err, NoCreation, InconsistentName, NotWritable, NoSuchName, InconsistentValue) {
		if v, readErr := f.c.Get(ctx, Inst(mib.ObjFlowReaderStatus, rows[0])); readErr == nil && v[0].Missing {
			return fmt.Errorf("%w (row %d)", ErrNoRow, rows[0])
		}
	}
	return err
}

// times asks for the uptime of the collection, in 64 bits where the meter
// tells them, and for the interval in trace mode.
func (f *Flows) times(ctx context.Context, rows []uint32) (iv reader.Interval, err error) {
	const fixed = 4
	names := []Name{Inst(mib.ObjNtmUptime64), Inst(mib.ObjSysUpTime), Inst(mib.ObjNtmTraceInterval), Inst(mib.ObjNtmTraceStart)}
	for _, row := range rows {
		names = append(names, Inst(mib.ObjFlowReaderLastTime, row), Inst(mib.ObjNtmReaderTime, row))
	}
	v, err := f.c.Get(ctx, names...)
	if err != nil {
		return iv, err
	}
	for i, row := range rows {
		last, mark := v[fixed+2*i], v[fixed+2*i+1]
		if last.Missing {
			return iv, fmt.Errorf("%w (row %d)", ErrNoRow, row)
		}
		if m := mark.Unsigned64(); f.cfg.Marks && m != f.told && m != f.mark {
			return iv, fmt.Errorf("%w (row %d)", ErrTaken, row)
		}
	}
	up := v[0].Num
	if v[0].Missing {
		// 32 bits alone: time goes on from where it was.
		up = forward(uint32(v[1].Num), f.mark)
	}
	last := uint32(v[fixed].Num)
	iv = reader.Interval{Number: f.cfg.Number + 1, Time: f.cfg.Now(), From: 1, To: up - uint64(uint32(up)-last)}
	if f.mark > 0 {
		iv.From = max(f.mark-1, 1) // overlapping by one centisecond, RFC 2123 §4.2
	}
	if f.cfg.Trace {
		iv.Number = v[2].Num
		iv.Time = traceTime(v[3].Num, iv.To)
	}
	return iv, nil
}

// forward returns the first time at or after mark with the low 32 bits low.
func forward(low uint32, mark uint64) uint64 { return mark + uint64(low-uint32(mark)) }

// traceTime is the packet time of an uptime, given the first packet's.
func traceTime(start, uptime uint64) time.Time {
	if start == 0 || start >= 1<<63 || uptime == 0 || uptime > 1<<40 {
		return time.Unix(0, 0).UTC()
	}
	const centisecond = 10_000_000
	return time.Unix(0, int64(start)).UTC().Add(time.Duration(uptime-1) * centisecond)
}

// Commit acknowledges the collection.
func (f *Flows) Commit(ctx context.Context) error {
	f.mark, f.cfg.Number, f.notes = f.iv.To, f.iv.Number, nil
	return f.Acknowledge(ctx)
}

// Acknowledge tells the meter again what was committed last.
func (f *Flows) Acknowledge(ctx context.Context) error {
	if !f.cfg.Marks {
		return nil // the next LastTime says it
	}
	var binds []Bind
	for _, r := range f.cfg.Readers {
		if f.cfg.Trace { // live, there are no intervals to have collected
			binds = append(binds, Unsigned64(Inst(mib.ObjNtmReaderCollected, uint32(r.Index)), f.cfg.Number))
		}
		binds = append(binds, Unsigned64(Inst(mib.ObjNtmReaderTime, uint32(r.Index)), f.mark))
	}
	err := f.c.Set(ctx, binds...)
	if IsStatus(err, InconsistentName) {
		return fmt.Errorf("%w: %w", ErrNoRow, err)
	}
	if err != nil {
		return err
	}
	f.told = f.mark
	return nil
}

// Next reads the next flow.
func (f *Flows) Next(ctx context.Context, rec *reader.Record) error {
	for f.next < len(f.tasks) {
		t := &f.tasks[f.next]
		if f.plan == nil {
			p, err := newPlan(t.Format, f.limit)
			if err != nil {
				return fmt.Errorf("rule set %d: %w", t.RuleSet, err)
			}
			f.plan = p
			f.read.start(f.c, p, t.RuleSet, f.filter())
		}
		ok, err := f.read.next(ctx, f.iv.To, rec)
		if err != nil {
			return fmt.Errorf("rule set %d: %w", t.RuleSet, err)
		}
		if len(f.plan.parts) > 1 {
			f.limit = f.plan.largest() // what the next task need not find out again
		}
		if ok {
			return nil
		}
		f.next, f.plan = f.next+1, nil
	}
	return f.end(ctx)
}

// end returns io.EOF if what was read is all there is: flows of a rule set
// that was destroyed meanwhile end early too, as those of a meter that was
// started again, and so do those a trace has run over without us.
func (f *Flows) end(ctx context.Context) error {
	names := make([]Name, 0, 2*len(f.tasks))
	for _, t := range f.tasks {
		names = append(names, Inst(mib.ObjFlowReaderLastTime, uint32(f.rows[t.RuleSet])), Inst(mib.ObjFlowRuleInfoStatus, uint32(t.RuleSet)))
	}
	if len(names) == 0 {
		return io.EOF
	}
	v, err := f.c.Get(ctx, names...)
	if err != nil {
		return err
	}
	for i, t := range f.tasks {
		if v[2*i].Missing || v[2*i+1].Missing {
			return fmt.Errorf("rule set %d: %w: it went during a collection", t.RuleSet, ErrNoRow)
		}
	}
	return io.EOF
}

// filter is the TimeFilter of the collection. RFC 2720's clock has 32 bits,
// and a meter that knows no more sees nothing after a time before its wrap;
// there, one collection takes all flows.
func (f *Flows) filter() uint64 {
	if !f.cfg.Marks && uint32(f.iv.From) > uint32(f.iv.To) {
		return 0
	}
	return f.iv.From
}

// stats asks for the figures of a #Stats record.
func (c *Client) stats(ctx context.Context, tasks []reader.Task) ([]reader.Stat, error) {
	fixed := []struct {
		name string
		obj  mib.Obj
	}{
		{"packets", mib.ObjNtmPacketsRead}, {"octets", mib.ObjNtmOctetsRead},
		{"unsupported", mib.ObjNtmPacketsUnsupported}, {"sampledout", mib.ObjNtmPacketsSampledOut},
		{"late", mib.ObjNtmPacketsBehind}, {"badstamps", mib.ObjNtmPacketsBadTime},
		{"fiu", mib.ObjFlowActiveFlows}, {"created", mib.ObjNtmFlowsCreated}, {"frc", mib.ObjNtmFlowsRecovered},
	}
	perSet := []struct {
		name string
		obj  mib.Obj
	}{
		{"ignored", mib.ObjNtmRuleSetIgnored}, {"notmatched", mib.ObjNtmRuleSetNotMatched},
		{"refused", mib.ObjNtmRuleSetRefused}, {"refusedoctets", mib.ObjNtmRuleSetRefusedOctets},
	}
	var names []Name
	for _, s := range fixed {
		names = append(names, Inst(s.obj))
	}
	for _, t := range tasks {
		for _, s := range perSet {
			names = append(names, Inst(s.obj, uint32(t.RuleSet)))
		}
	}
	v, err := c.Get(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("the meter's figures: %w", err)
	}
	sums := make([]uint64, len(perSet))
	known := !v[0].Missing
	for i, x := range v[len(fixed):] {
		sums[i%len(perSet)] += x.Num
	}
	var all []reader.Stat
	add := func(name string, n uint64) {
		all = append(all, reader.Stat{Name: name, Value: strconv.FormatUint(n, 10)})
	}
	for i, s := range fixed {
		if i == 2 && known {
			for k, p := range perSet {
				add(p.name, sums[k])
			}
		}
		if !v[i].Missing {
			add(s.name, v[i].Num)
		}
	}
	return all, nil
}
