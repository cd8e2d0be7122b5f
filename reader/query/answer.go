package query

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"netramet/reader"
	"netramet/ruleset"
)

// answer takes rows in the order of the files, finds amounts, and sums them.
type answer struct {
	q   *Query
	out reader.Output

	schema  *schema
	format  *ruleset.Format // of a rule set without flows; nil: there was none
	chains  map[chainKey][]*chain
	byMeter map[string][]*chain
	made    int                 // chains
	ends    map[string]blockEnd // by meter
	seen    map[uint64]struct{} // parts of blocks, see identity
	seed    maphash.Seed
	rows    rows
	listed  list // with Counters

	block   uint64 // number of the block under way
	open    []*run // its parts that have rows
	now     *run   // nil: the part is left out
	part    *part
	amount  []uint64
	sink    uint64 // of no meaning
	share   []uint64
	given   []uint64
	start   time.Time // of the first run of a meter
	pending tally     // of the block under way
	total   tally
	meters  []string
	sets    []string // rule sets that rows are of, as they are named
	task    reader.Task
	octets  reader.OctetMode
	mixed   bool // octets of several kinds
	// timeless: flows are told apart from block to block without FirstTime.
	timeless bool
	left     []string
	faults   []string
}

type chainKey struct {
	meter  string
	number int
	name   string
}

// tally counts what notes are about.
type tally struct {
	records  uint64
	bad      uint64
	baseline uint64 // flows older than what was read of them
	spread   uint64 // amounts that were divided among several steps
	whole    int    // blocks
	cut      int    // blocks without an end
	twice    int    // parts of blocks that are there twice
	blank    int    // blocks with flows whose amounts are not known
}

func (t *tally) add(o *tally) {
	t.records, t.bad, t.baseline, t.spread = t.records+o.records, t.bad+o.bad, t.baseline+o.baseline, t.spread+o.spread
}

func newAnswer(q *Query, out reader.Output) *answer {
	return &answer{
		q: q, out: out, seed: maphash.MakeSeed(), block: 1,
		chains: make(map[chainKey][]*chain), byMeter: make(map[string][]*chain), seen: make(map[uint64]struct{}),
		ends: make(map[string]blockEnd),
	}
}

// read reads all files.
func (a *answer) read(ctx context.Context) error {
	inputs, err := a.q.inputs()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &pieces{q: a.q, schema: a.findSchema, inputs: inputs, layouts: make(map[layoutKey]*layout), seed: a.seed}
	if len(a.q.RuleSets) > 0 {
		p.only = func(n uint8) bool { return a.q.asks(int(n), "") }
	}
	p.start(ctx, a.q.workers())
	for x := range p.ordered {
		if err == nil {
			err = a.piece(x)
		} else if x.part != nil {
			<-x.done // nobody reads in it when it is used again
		}
		if err != nil {
			cancel()
		}
		if x.done != nil {
			p.free <- x
		}
	}
	p.wait.Wait()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && len(a.sets) == 0 && len(p.others) > 0 {
		err = fmt.Errorf("there are no flows of the rule set %s; there are such of %s", strings.Join(a.q.RuleSets, " or "), strings.Join(p.others, ", "))
	}
	return err
}

// findSchema is asked by the goroutine that reads, before it hands out any record.
func (a *answer) findSchema(f *ruleset.Format) *schema {
	if a.schema == nil {
		a.schema, a.left = newSchema(a.q, f)
	}
	return a.schema
}

// piece takes what comes next.
func (a *answer) piece(x *piece) error {
	switch {
	case x.err != nil:
		return x.err
	case x.part == nil:
		return a.endBlock(x)
	}
	<-x.done
	if x.part != a.part {
		if err := a.beginPart(x.part); err != nil {
			return x.in.fault(err)
		}
	}
	b := &x.batch
	a.pending.records += b.records
	a.pending.bad += b.bad
	if a.now != nil {
		a.pending.baseline += b.baseline
	}
	for _, f := range b.faults {
		if len(a.faults) < maxFaults {
			a.faults = append(a.faults, x.in.fault(f).Error())
		}
	}
	if a.now == nil {
		return nil
	}
	if err := a.take(a.now, b); err != nil {
		return x.in.fault(err)
	}
	return nil
}

// empty takes what a block tells though it may have no records: whose it is, and of
// what time. A live meter had no flows of a rule set before that came.
func (a *answer) empty(x *piece) {
	iv := &x.iv
	if len(a.sets) == 0 && a.task.RuleSet == 0 {
		a.task.RuleSet, a.task.Name = x.number, x.name
	}
	if a.format == nil {
		a.format = x.format
	}
	a.meter(iv)
	if iv.MeterStart.IsZero() {
		return
	}
	end := nano(iv.End())
	switch {
	case iv.From > 1:
		a.rows.span(nano(iv.RealTime(iv.From+1)), end)
	case x.exact:
		a.rows.span(nano(iv.RealTime(1)), end)
	default:
		a.rows.span(end, end)
	}
}

// endBlock takes a block for good, or leaves it out.
func (a *answer) endBlock(x *piece) error {
	defer func() { a.block++; a.part, a.now, a.open, a.pending = nil, nil, a.open[:0], tally{} }()
	if !x.whole {
		a.total.cut++
		for _, r := range a.open {
			r.chain.drop()
		}
		a.rows.drop()
		a.listed.drop()
		return nil
	}
	a.total.whole++
	if x.blank && len(a.open) > 0 {
		a.total.blank++
	}
	a.total.add(&a.pending)
	a.empty(x)
	a.ended(&x.iv)
	for _, r := range a.open {
		a.rows.span(r.covered())
		r.chain.take()
		a.seen[r.key] = struct{}{}
	}
	for _, c := range a.byMeter[x.iv.Meter] {
		if begin, ok := c.idle(&x.iv, a.block); ok {
			a.rows.span(begin, nano(x.iv.End()))
		}
	}
	if a.q.Counters && len(a.open) > 0 {
		return a.list(x)
	}
	if err := a.rows.take(); err != nil {
		return x.in.fault(err)
	}
	return nil
}
