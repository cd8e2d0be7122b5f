package query

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"time"

	"netramet/reader"
)

// run is a part of the block under way, with its chain.
type run struct {
	*part
	chain      *chain
	begin, end int64  // of the interval, Unix ns
	earliest   uint64 // FirstTime of its flows, where counters begin with it
	key        uint64
}

// maxRuns is how many runs of a meter can be told apart at a time.
const maxRuns = 8

// beginPart begins the records of a rule set in a block.
func (a *answer) beginPart(p *part) error {
	a.part, a.now = p, nil
	a.rows.prepare(len(a.schema.counters))
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
	if c.block != a.block && !c.begin(p, a.block, a.follows(&p.iv)) {
		a.total.twice++
		return nil
	}
	r := &run{part: p, chain: c, key: key, earliest: math.MaxUint64}
	a.timeless = a.timeless || c.begun && !c.begins && p.first < 0 && !p.differences && !a.q.Counters
	r.begin, r.end = span(p, c)
	a.now, a.open = r, append(a.open, r)
	a.meter(&p.iv)
	return nil
}

// blockEnd is where a meter's last whole block ended.
type blockEnd struct {
	to    uint64
	start time.Time // of the meter's run
}

// follows reports whether the meter's block before has been read.
func (a *answer) follows(iv *reader.Interval) bool {
	end, ok := a.ends[iv.Meter]
	return ok && iv.From+1 == end.to && iv.MeterStart.Sub(end.start).Abs() <= runSlack*time.Second
}

// ended notes where a whole block ended.
func (a *answer) ended(iv *reader.Interval) {
	if len(a.ends) == maxChains {
		clear(a.ends)
	}
	a.ends[iv.Meter] = blockEnd{iv.To, iv.MeterStart}
}

// identity is the same for the same records in another file.
func (a *answer) identity(p *part) uint64 {
	var h maphash.Hash
	h.SetSeed(a.seed)
	fmt.Fprintf(&h, "%s\n%d %d %d %d %s", p.iv.Meter, endOf(&p.iv)/1e9, p.iv.From, p.iv.To, p.number, p.name)
	return h.Sum64()
}

// span is where the interval of a part begins and ends.
func span(p *part, c *chain) (begin, end int64) {
	iv := p.iv
	end = nano(iv.End())
	if iv.MeterStart.IsZero() {
		if iv.Time.IsZero() {
			end = 0 // nobody knows
		}
		return end, end
	}
	return min(nano(iv.RealTime(c.from(&iv))), end), end
}

// chain finds what is known of the rule set's flows.
func (a *answer) chain(p *part) (*chain, error) {
	key := chainKey{p.iv.Meter, p.number, p.name}
	runs := a.chains[key]
	var same *chain // whose start is nearest, and the newest of such: short runs may lie within runSlack of each other
	for _, c := range runs {
		if c.block == a.block {
			return c, nil
		}
		if c.sameRun(p) && (same == nil || c.startsOff(p) <= same.startsOff(p)) {
			same = c
		}
	}
	if same != nil {
		return same, nil
	}
	if a.made++; a.made > maxChains {
		return nil, fmt.Errorf("more than %d meters, rule sets and runs of meters", maxChains)
	}
	c := newChain(key, len(a.schema.counters), p)
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
func (a *answer) meter(iv *reader.Interval) {
	if a.start.IsZero() {
		a.start = iv.MeterStart
	}
	if !slices.Contains(a.meters, iv.Meter) && len(a.meters) < 3 {
		if a.meters == nil {
			a.octets = iv.Octets
		}
		a.meters = append(a.meters, iv.Meter)
	}
	a.mixed = a.mixed || iv.Octets != a.octets
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
	return min(max(r.begin, nano(r.iv.RealTime(r.earliest))), r.end), r.end
}
