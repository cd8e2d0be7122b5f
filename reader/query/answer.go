package query

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/ruleset"
)

// answer takes rows in the order of the files, finds amounts, and sums them.
type answer struct {
	q   *Query
	out reader.Output

	schema  *schema
	chains  map[chainKey][]*chain
	byMeter map[string][]*chain
	few     int // chains
	seen    map[uint64]struct{}
	seed    maphash.Seed
	rows    rows
	listed  list // with Counters

	block   uint64 // number of the block under way
	open    []*run // its parts that have rows
	now     *run   // nil: the part is left out
	part    *part
	amount  []uint64
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

// maxRuns is how many runs of a meter can be told apart at a time.
const maxRuns = 8

// run is a part of the block under way, with its chain.
type run struct {
	*part
	chain      *chain
	begin, end int64  // of the interval, Unix ns
	earliest   uint64 // FirstTime of its flows, where counters begin with it
	key        uint64
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
}

func (t *tally) add(o *tally) {
	t.records, t.bad, t.baseline, t.spread = t.records+o.records, t.bad+o.bad, t.baseline+o.baseline, t.spread+o.spread
}

func newAnswer(q *Query, out reader.Output) (*answer, error) {
	return &answer{q: q, out: out, chains: make(map[chainKey][]*chain), byMeter: make(map[string][]*chain), seen: make(map[uint64]struct{}), seed: maphash.MakeSeed(), block: 1}, nil
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
	return err
}

// findSchema is asked by the goroutine that reads.
func (a *answer) findSchema(f *ruleset.Format, r *flowfile.Reader) (*schema, error) {
	if a.schema == nil {
		a.schema, a.left = newSchema(a.q, f)
	}
	return a.schema, nil
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

// beginPart begins the records of a rule set in a block.
func (a *answer) beginPart(p *part) error {
	a.part, a.now = p, nil
	key := a.identity(p)
	if _, ok := a.seen[key]; ok {
		a.total.twice++
		return nil
	}
	if err := a.ruleSet(p); err != nil {
		return err
	}
	c, err := a.chain(p)
	if err != nil {
		return err
	}
	if c.block != a.block && !c.begin(p, a.block) {
		a.total.twice++
		return nil
	}
	r := &run{part: p, chain: c, key: key, earliest: math.MaxUint64}
	a.timeless = a.timeless || c.begun && !c.begins && p.first < 0 && !p.differences && !a.q.Counters
	r.begin, r.end = span(p, c)
	a.now, a.open = r, append(a.open, r)
	a.meter(p)
	return nil
}

// identity is the same for the same records in another file.
func (a *answer) identity(p *part) uint64 {
	var h maphash.Hash
	h.SetSeed(a.seed)
	fmt.Fprintf(&h, "%s\n%d %d %d %d %s", p.iv.Meter, endOf(p), p.iv.From, p.iv.To, p.number, p.name)
	return h.Sum64()
}

// span is where the interval of a part begins and ends.
func span(p *part, c *chain) (begin, end int64) {
	iv := p.iv
	end = iv.End().UnixNano()
	if iv.MeterStart.IsZero() {
		return end, end
	}
	return min(iv.RealTime(c.from(&iv)).UnixNano(), end), end
}

// chain finds what is known of the rule set's flows.
func (a *answer) chain(p *part) (*chain, error) {
	key := chainKey{p.iv.Meter, p.number, p.name}
	runs := a.chains[key]
	for _, c := range runs {
		if c.block == a.block || c.sameRun(p) {
			return c, nil
		}
	}
	if a.few++; a.few > maxChains {
		return nil, fmt.Errorf("more than %d meters, rule sets and runs of meters", maxChains)
	}
	c := &chain{meter: key.meter, number: key.number, name: key.name, width: len(a.schema.counters), start: p.iv.MeterStart, exact: p.exact}
	if len(runs) == maxRuns {
		old := runs[0]
		runs = slices.Delete(runs, 0, 1)
		a.byMeter[key.meter] = slices.DeleteFunc(a.byMeter[key.meter], func(c *chain) bool { return c == old })
	}
	a.chains[key] = append(runs, c)
	a.byMeter[key.meter] = append(a.byMeter[key.meter], c)
	return c, nil
}

// ruleSet keeps rule sets apart, each of which counts all packets, unless it was said
// which are meant.
func (a *answer) ruleSet(p *part) error {
	if p.number == 0 {
		return nil // the records tell
	}
	return a.oneOf(p.number, p.name)
}

func (a *answer) oneOf(number int, name string) error {
	text := ruleSetName(number, name)
	if slices.Contains(a.sets, text) {
		return nil
	}
	if len(a.sets) == 0 {
		a.task.RuleSet, a.task.Name = number, name
	}
	a.sets = append(a.sets, text)
	if len(a.q.RuleSets) > 0 || len(a.sets) == 1 || a.task.Name != "" && name == a.task.Name {
		return nil
	}
	return &ruleSetError{a.sets}
}

// ruleSetError says that it must be said which rule set is meant.
type ruleSetError struct{ names []string }

func (e *ruleSetError) Error() string {
	return fmt.Sprintf("there are flows of the rule sets %s, each of which counts packets by itself: say which is meant, with --ruleset NAME", strings.Join(e.names, " and "))
}

// meter notes whose flows there are.
func (a *answer) meter(p *part) {
	if a.start.IsZero() {
		a.start = p.iv.MeterStart
	}
	if !slices.Contains(a.meters, p.iv.Meter) && len(a.meters) < 3 {
		if a.meters == nil {
			a.octets = p.iv.Octets
		}
		a.meters = append(a.meters, p.iv.Meter)
	}
	a.mixed = a.mixed || p.iv.Octets != a.octets
}

// take takes the rows of a run of records.
func (a *answer) take(r *run, b *batch) error {
	width := len(a.schema.counters)
	if a.amount == nil {
		a.amount = make([]uint64, width)
	}
	from, hasSet := uint32(0), r.number == 0 && r.hasSet
	for i := range b.names {
		n, key, nums := b.names[i], b.keys[from:b.keyEnds[i]], b.nums[i*width:][:width]
		from = b.keyEnds[i]
		if hasSet && (len(a.sets) == 0 || uint8(a.task.RuleSet) != n.ruleSet) {
			if err := a.oneOf(int(n.ruleSet), ""); err != nil {
				return err
			}
		}
		var at *place
		amounts, known := nums, true
		if !r.differences && !a.q.Counters {
			amounts = a.amount
			if at, known = r.chain.amounts(r.part, a.block, n, nums, amounts); !known {
				a.pending.baseline++
				continue
			}
			if r.chain.alike && !r.chain.begins {
				return fmt.Errorf("flows look alike, so what their counters grew by cannot be told: put FlowIndex and FirstTime into the FORMAT (it has %s), or ask for --counters as they stand", names(r.format))
			}
		}
		if r.differences && !a.q.Counters {
			at = r.chain.named(r.part, n)
		}
		if r.late != nil && !r.late.finally(b.bits[i], amounts) {
			continue
		}
		if n.first > 0 {
			r.earliest = min(r.earliest, n.first)
		}
		last := n.first
		if r.last >= 0 {
			last = b.last[i]
		}
		if a.q.Counters {
			a.listed.add(n, last, key, amounts)
			continue
		}
		if width > 0 && isZero(amounts) {
			continue
		}
		if err := a.sum(r, at, n, last, key, amounts); err != nil {
			return err
		}
	}
	return nil
}

func isZero(n []uint64) bool {
	for _, x := range n {
		if x != 0 {
			return false
		}
	}
	return true
}

// sum adds the amounts of a flow to the rows that they belong to.
func (a *answer) sum(r *run, at *place, n flowName, last uint64, key []byte, amounts []uint64) error {
	if a.q.Every == 0 {
		slot := a.row(at, key)
		a.rows.add(slot, a.block, amounts)
		a.times(slot, r, n, last)
		return nil
	}
	begin, end := r.active(n, last)
	first, final := a.steps(r, begin, end)
	if first == final {
		a.rows.add(a.rows.group(key, first), a.block, amounts)
		return nil
	}
	if final-first >= MaxSteps {
		return fmt.Errorf("--every %v would make more than %d rows of one interval", a.q.Every, MaxSteps)
	}
	a.pending.spread++
	return a.spread(key, amounts, begin, end, first, final)
}

// row finds the row of a flow, or makes one; there are no steps.
func (a *answer) row(at *place, key []byte) uint32 {
	if at != nil && at.added && !a.schema.varies {
		return at.row
	}
	slot := uint32(0)
	if a.schema.flows {
		slot = a.rows.flow(key)
	} else {
		slot = a.rows.only(key)
	}
	if at != nil {
		at.row, at.added = slot, true
	}
	return slot
}

// active is the part of the interval in which the flow was active, Unix ns.
func (r *run) active(n flowName, last uint64) (begin, end int64) {
	begin, end = r.begin, r.end
	if r.iv.MeterStart.IsZero() {
		return begin, end
	}
	if r.first >= 0 {
		if t := r.iv.RealTime(n.first).UnixNano(); t > begin && t < end {
			begin = t
		}
	}
	if r.last >= 0 && last > 0 {
		// In the centisecond of LastActiveTime there were packets, too.
		if t := r.iv.RealTime(last + 1).UnixNano(); t > begin && t < end {
			end = t
		}
	}
	return begin, end
}

// steps are the first and the last step that a length of time has a part in. Ends that
// lie less than a second, and a hundredth of the interval, beyond a step's are its: so
// long does a collection take.
func (a *answer) steps(r *run, begin, end int64) (first, last int64) {
	every := int64(a.q.Every)
	slack := min(int64(time.Second), (r.end-r.begin)/100)
	first, last = floorDiv(begin, every), floorDiv(end-1, every)
	if end <= begin {
		last = first
	}
	if first < last && end-last*every <= slack {
		last--
	}
	if first < last && (first+1)*every-begin <= slack {
		first++
	}
	return first, last
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// spread divides amounts among steps in proportion to the time that they have of it.
// What is rounded off one goes to the next, so that nothing is lost.
func (a *answer) spread(key []byte, amounts []uint64, begin, end, first, last int64) error {
	every := int64(a.q.Every)
	if a.share == nil {
		a.share, a.given = make([]uint64, len(amounts)), make([]uint64, len(amounts))
	}
	share, given := a.share, a.given
	clear(given)
	for step := first; step <= last; step++ {
		until := min((step+1)*every, end)
		if step == last {
			until = end
		}
		some := false
		for i, n := range amounts {
			hi, lo := bits.Mul64(n, uint64(until-begin))
			so, _ := bits.Div64(hi, lo, uint64(end-begin))
			share[i], given[i] = so-given[i], so
			some = some || share[i] > 0
		}
		if some {
			a.rows.add(a.rows.group(key, step), a.block, share)
		}
	}
	return nil
}

// times widens the time of a row to that of a flow.
func (a *answer) times(slot uint32, r *run, n flowName, last uint64) {
	if r.iv.MeterStart.IsZero() {
		return
	}
	if r.first >= 0 && r.last >= 0 {
		a.rows.times(slot, r.iv.RealTime(n.first).UnixNano(), r.iv.RealTime(last).UnixNano())
	} else if r.first >= 0 {
		t := r.iv.RealTime(n.first).UnixNano()
		a.rows.times(slot, t, t)
	}
}

// covered is the time that the part is of. A live meter that had run long when its rule
// set came had no flows of it until then.
func (r *run) covered() (begin, end int64) {
	if !r.chain.begins || r.exact || r.iv.MeterStart.IsZero() {
		return r.begin, r.end
	}
	if r.earliest == math.MaxUint64 || r.first < 0 {
		return r.end, r.end
	}
	return min(max(r.begin, r.iv.RealTime(r.earliest).UnixNano()), r.end), r.end
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
	a.total.add(&a.pending)
	for _, r := range a.open {
		a.rows.span(r.covered())
		r.chain.take()
		a.seen[r.key] = struct{}{}
	}
	for _, c := range a.byMeter[x.iv.Meter] {
		if begin, ok := c.idle(&x.iv, a.block); ok {
			a.rows.span(begin, x.iv.End().UnixNano())
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
