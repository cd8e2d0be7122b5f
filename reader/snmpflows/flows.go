// Package snmpflows reads the flows of a meter over SNMP, as package reader wants
// them: it tells the meter that a collection starts, reads packages of the
// attributes that the FORMAT has, and acknowledges what is complete.
//
// It knows no file and no schedule, and starts no goroutine. cmd/nemac calls it.
package snmpflows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
)

var _ reader.Flows = (*Flows)(nil)

// ErrTaken says that somebody else wrote to our reader rows: another nemac
// with the same Owner is at work on this meter.
var ErrTaken = errors.New("another reader with the same Owner uses our rows on the meter")

// ReaderRef is a reader row of ours.
type ReaderRef struct {
	Index   int
	RuleSet int
}

// Config says what a Flows reads and where it goes on.
type Config struct {
	// Owner is the rows' flowReaderOwner. A row that has another is not ours
	// any more, and nothing is written to it. Empty leaves that unchecked.
	Owner   string
	Readers []ReaderRef // one for each task that will be read
	// SetOwners are the Owners of rule sets by number. One that has another
	// Owner is not the one we mean any more; of others nothing is known.
	SetOwners map[int]string
	// Marks says that the meter has NETRAMET-MIB: its rows have ntmReaderTime and
	// ntmReaderCollected.
	Marks bool
	Trace bool // collections are the meter's intervals
	// Time and Number are the mark and number of the last collection, as the
	// rows have them; 0 before the first.
	Time, Number uint64
	// Now is the clock for Interval.Time of a live meter; nil is time.Now.
	Now func() time.Time

	// What intervals tell of the meter.
	Meter      string // its name
	Octets     reader.OctetMode
	Interfaces []int // whose sample rates it is asked for
}

// Flows reads the flows of a meter over SNMP, as package reader wants it.
//
// It keeps the mark up to which it has collected everything (the next From)
// itself. Once a caller asks for Commit, the collection is complete on his
// side, so the mark moves even if the meter cannot be told; the meter hears of
// it with the next one, and keeps its flows until then.
type Flows struct {
	m    *remotemeter.Meter
	cfg  Config
	rows map[int]int // reader row by rule set

	told, mark uint64 // ntmReaderTime as the meter has it; as it should be
	notes      []string
	start      time.Time // of the meter, once it is known
	restarted  bool      // the meter was, since the collection committed last

	tasks  []reader.Task
	wide   bool     // the meter has ntmReaderLastTime, and so ntmPackageTable
	held   []uint64 // LastTime of their rows since the collection began
	iv     reader.Interval
	next   int // task being read
	plan   *plan
	read   taskRead
	limits limits // of packages
}

// New returns the flows of the rule sets that cfg's rows read.
func New(m *remotemeter.Meter, cfg Config) *Flows {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f := &Flows{m: m, cfg: cfg, rows: map[int]int{}, told: cfg.Time, mark: cfg.Time}
	f.limits.attrs = mib.MaxSelector
	if cfg.Marks {
		f.limits.attrs = mib.MaxWideSelector
	}
	for _, r := range cfg.Readers {
		f.rows[r.RuleSet] = r.Index
	}
	return f
}

// Use makes m the way to the meter.
func (f *Flows) Use(m *remotemeter.Meter) { f.m = m }

// Number is the number of the collection committed last.
func (f *Flows) Number() uint64 { return f.cfg.Number }

// GoOnAfter takes over from before, the flows of a meter that was set up again: the
// next collection tells what before's next one was to tell, and has its number, but on
// a trace, which has numbers of its own.
func (f *Flows) GoOnAfter(before *Flows) {
	f.notes, f.restarted = before.notes, before.restarted
	if !f.cfg.Trace {
		f.cfg.Number = before.cfg.Number
	}
}

// Note puts a line into the flow data with the next collection that is made.
func (f *Flows) Note(text string) { f.notes = append(f.notes, text) }

// GoOnFrom makes start, as Start told it of another Flows of this run of the meter,
// the real time of uptime 0.
func (f *Flows) GoOnFrom(start time.Time) { f.start = start }

// Restarted says that the meter was started again since the collection before.
func (f *Flows) Restarted() { f.restarted = true }

// Start is the real time of the meter's uptime 0, once a collection has begun; the
// zero time before.
func (f *Flows) Start() time.Time { return f.start }

// Ask makes interfaces those whose sample rates the meter is asked for.
func (f *Flows) Ask(interfaces []int) { f.cfg.Interfaces = interfaces }

// Begin tells the meter that a collection starts and asks it for its times.
// All rows are set by one PDU, so that all rule sets have the same times; where
// they have no room in one, the first row's time holds, and what the others
// acknowledge by theirs is read after it.
func (f *Flows) Begin(ctx context.Context, tasks []reader.Task) (reader.Interval, error) {
	f.tasks, f.next, f.plan = tasks, 0, nil
	statistics := false
	for _, t := range tasks {
		if _, ok := f.rows[t.RuleSet]; !ok {
			return reader.Interval{}, fmt.Errorf("rule set %d has no reader row", t.RuleSet)
		}
		statistics = statistics || t.Statistics
	}
	if len(tasks) == 0 {
		return reader.Interval{}, errors.New("no rule set to read")
	}
	// Nothing is written to rows that are not ours.
	before, _, err := f.look(ctx)
	if err != nil {
		return reader.Interval{}, err
	}
	if err := f.touch(ctx, before); err != nil {
		return reader.Interval{}, err
	}
	iv, err := f.times(ctx)
	if err != nil {
		return reader.Interval{}, err
	}
	if statistics {
		if iv.Stats, err = stats(ctx, f.m, tasks); err != nil {
			return reader.Interval{}, err
		}
	}
	iv.Notes, iv.Restarted = f.notes, f.restarted
	f.iv = iv
	return iv, nil
}

// touch sets flowReaderLastTime, with as few messages as have room for it. A second
// Set would be a second collection to the meter, which then forgets flows one
// collection too early; so after a lost answer the rows are read before anything is
// sent again (decision 24). before are the rows' LastTimes.
func (f *Flows) touch(ctx context.Context, before []uint64) error {
	binds := make([]client.Bind, len(f.tasks))
	for i, t := range f.tasks {
		binds[i] = client.Ticks(client.Inst(mib.ObjFlowReaderLastTime, f.row(t)), 0)
	}
	// On an equal time setting it again changes nothing.
	err := f.m.SetUnlessDone(ctx, binds, func(first int) (bool, error) {
		now, _, err := f.look(ctx)
		return err == nil && now[first] != before[first], err
	})
	if client.IsStatus(err, client.NoCreation, client.InconsistentName, client.NotWritable, client.NoSuchName, client.InconsistentValue) {
		if _, _, lookErr := f.look(ctx); errors.Is(lookErr, remotemeter.ErrNoRow) {
			return lookErr
		}
	}
	return err
}

// times asks for the uptime of the collection, in 64 bits where the meter
// tells them, and for the interval in trace mode.
func (f *Flows) times(ctx context.Context) (iv reader.Interval, err error) {
	more := []client.Name{client.Inst(mib.ObjSysUpTime), client.Inst(mib.ObjNtmTraceInterval), client.Inst(mib.ObjNtmTraceStart), client.Inst(mib.ObjNtmUptime64)}
	for _, n := range f.cfg.Interfaces {
		more = append(more, client.Inst(mib.ObjFlowInterfaceSampleRate, uint32(n)))
	}
	asked := f.cfg.Now()
	last, v, err := f.look(ctx, more...)
	if err != nil {
		return iv, err
	}
	f.held = last
	iv = reader.Interval{
		Number: f.cfg.Number + 1, Time: f.cfg.Now(), From: 1, To: last[0],
		Meter: f.cfg.Meter, Octets: f.cfg.Octets, SampleRate: sampleRate(v[4:]),
	}
	up := v[3].Num
	if v[3].Missing { // 32 bits alone: time goes on from where it was
		up = forward(uint32(v[0].Num), f.mark)
	}
	if !f.wide {
		iv.To = up - uint64(uint32(up)-uint32(last[0]))
	}
	if f.mark > 0 {
		iv.From = max(f.mark-1, 1) // overlapping by one centisecond, RFC 2123 §4.2
	}
	if f.cfg.Trace {
		iv.Number = v[1].Num
		iv.Time = traceTime(v[2].Num, iv.To)
	}
	if f.start.IsZero() {
		f.start = f.began(v[2], up, asked, f.cfg.Now())
	}
	iv.SetStart(f.start)
	return iv, nil
}

// began is the real time of the meter's uptime 0, the zero time where it is not
// known yet: a centisecond before its first packet, if it tells that; else what it
// was up before the middle of the time between our asking and its answer.
func (f *Flows) began(firstPacket client.Value, up uint64, asked, answered time.Time) time.Time {
	const centisecond = 10 * time.Millisecond
	switch start := firstPacket.Num; {
	case firstPacket.Missing:
		middle := asked.Add(answered.Sub(asked) / 2)
		since, rest := up/100, time.Duration(up%100)
		return time.Unix(middle.Unix()-int64(since), int64(middle.Nanosecond())).Add(-rest * centisecond).UTC()
	case start == 0 && (up <= 1 || !f.cfg.Trace), start >= 1<<63:
		return time.Time{} // no packet has come, or none that told a time
	default:
		return time.Unix(0, int64(start)).Add(-centisecond).UTC()
	}
}

// sampleRate is that of all interfaces, 0 where it is not the same or not known.
func sampleRate(rates []client.Value) uint32 {
	for _, v := range rates {
		if v.Missing || v.Num != rates[0].Num || v.Num > math.MaxInt32 {
			return 0
		}
	}
	if len(rates) == 0 {
		return 0
	}
	return uint32(rates[0].Num)
}

// forward returns the first time at or after mark with the low 32 bits low.
func forward(low uint32, mark uint64) uint64 { return mark + uint64(low-uint32(mark)) }

// traceTime is the packet time of an uptime, given the first packet's; the zero
// time where no packet told one.
func traceTime(start, uptime uint64) time.Time {
	if start == 0 && uptime <= 1 {
		return time.Time{}
	}
	if start >= 1<<63 || uptime == 0 || uptime > 1<<40 {
		return time.Unix(0, 0).UTC()
	}
	const perSecond = 100
	since, rest := int64(uptime-1)/perSecond, time.Duration((uptime-1)%perSecond)
	// In two steps: a Duration has no more than 292 years.
	return time.Unix(since, int64(start)).UTC().Add(rest * time.Second / perSecond)
}

// Commit acknowledges the collection.
func (f *Flows) Commit(ctx context.Context) error {
	f.mark, f.cfg.Number, f.notes, f.restarted = f.iv.To, f.iv.Number, nil, false
	return f.Acknowledge(ctx)
}

// Acknowledge tells the meter again what was committed last.
func (f *Flows) Acknowledge(ctx context.Context) error {
	if !f.cfg.Marks {
		return nil // the next LastTime says it
	}
	var binds []client.Bind
	for _, r := range f.cfg.Readers {
		if f.cfg.Trace { // live, there are no intervals to have collected
			binds = append(binds, client.Unsigned64(client.Inst(mib.ObjNtmReaderCollected, uint32(r.Index)), f.cfg.Number))
		}
		binds = append(binds, client.Unsigned64(client.Inst(mib.ObjNtmReaderTime, uint32(r.Index)), f.mark))
	}
	err := f.m.SetParts(ctx, binds...)
	if client.IsStatus(err, client.InconsistentName) {
		return fmt.Errorf("%w: %w", remotemeter.ErrNoRow, err)
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
			if err := f.prepare(t); err != nil {
				return fmt.Errorf("rule set %d: %w", t.RuleSet, err)
			}
		}
		ok, err := f.read.next(ctx, f.iv.To, rec)
		if err != nil {
			return fmt.Errorf("rule set %d: %w", t.RuleSet, err)
		}
		if ok {
			return nil
		}
		f.plan.settle()
		f.next, f.plan = f.next+1, nil
	}
	return f.end(ctx)
}

// prepare makes the plan of a task. Where what is asked for is all that keeps
// answers small, its packages are.
func (f *Flows) prepare(t *reader.Task) (err error) {
	if f.plan, err = newPlan(t.Format, &f.limits); err != nil {
		return err
	}
	filter := timeFilter{f.filter(), f.wide}
	for i := 0; f.m.Strict() && i < len(f.plan.parts); i++ {
		if f.plan.row(i, f.plan.parts[i].prefix(t.RuleSet, filter), true) > f.m.Room() && f.plan.cut(i) {
			i = -1 // the parts are other ones
		}
	}
	f.read.start(f.m, f.plan, t.RuleSet, filter)
	return nil
}

// end returns io.EOF if what was read is all there is, and ours: flows of a
// rule set that was destroyed meanwhile end early too, as those of a meter that
// was started again, and so do those a trace has run over without us. Another
// manager may have the numbers of our rows and rule sets by then, and what was
// read last may be his.
func (f *Flows) end(ctx context.Context) error {
	if len(f.tasks) == 0 {
		return io.EOF
	}
	last, _, err := f.look(ctx)
	if err != nil {
		return fmt.Errorf("during a collection: %w", err)
	}
	for i, t := range f.tasks {
		if last[i] != f.held[i] {
			return fmt.Errorf("rule set %d: %w: the row %d there now is of another collection", t.RuleSet, remotemeter.ErrNoRow, f.row(t))
		}
	}
	return io.EOF
}

// filter is the time since which flows are read. RFC 2720's clock has 32 bits,
// and a meter that knows no more sees nothing after a time before its wrap;
// there, one collection takes all flows, as the first one does.
func (f *Flows) filter() uint64 {
	if !f.wide && (f.mark == 0 || uint32(f.iv.From) > uint32(f.iv.To)) {
		return 0
	}
	return f.iv.From
}

// The figures of a #Stats record: those that the meter has once, and those that
// each rule set has.
var (
	meterFigures = []figure{
		{reader.FigurePackets, mib.ObjNtmPacketsRead}, {reader.FigureOctets, mib.ObjNtmOctetsRead},
		{reader.FigureUnsupported, mib.ObjNtmPacketsUnsupported}, {reader.FigureSampledOut, mib.ObjNtmPacketsSampledOut},
		{reader.FigureLate, mib.ObjNtmPacketsBehind}, {reader.FigureBadStamps, mib.ObjNtmPacketsBadTime},
		{reader.FigureFlowsInUse, mib.ObjFlowActiveFlows},
	}
	ruleSetFigures = []figure{
		{reader.FigureIgnored, mib.ObjNtmRuleSetIgnored}, {reader.FigureNotMatched, mib.ObjNtmRuleSetNotMatched},
		{reader.FigureRefused, mib.ObjNtmRuleSetRefused}, {reader.FigureRefusedOctets, mib.ObjNtmRuleSetRefusedOctets},
		{reader.FigureCreated, mib.ObjNtmRuleSetCreated}, {reader.FigureRecovered, mib.ObjNtmRuleSetRecovered},
	}
)

// figure is where a meter has a figure.
type figure struct {
	figure reader.Figure
	obj    mib.Obj
}

// stats asks for the figures of a #Stats record. Those that the meter does not
// have are left out.
func stats(ctx context.Context, m *remotemeter.Meter, tasks []reader.Task) ([]reader.Stat, error) {
	var names []client.Name
	var of []reader.Figure
	for _, f := range meterFigures {
		names, of = append(names, client.Inst(f.obj)), append(of, f.figure)
	}
	for _, t := range tasks {
		for _, f := range ruleSetFigures {
			names, of = append(names, client.Inst(f.obj, uint32(t.RuleSet))), append(of, f.figure)
		}
	}
	v, err := m.Get(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("the meter's figures: %w", err)
	}
	var all reader.Figures
	for i := range v {
		if !v[i].Missing {
			all.Add(of[i], v[i].Num)
		}
	}
	return all.Stats(), nil
}
