package amounts

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"netramet/reader"
	"netramet/reader/lines"
)

// recall is what flows had counted in collections that were taken up from files, before
// it is known which of them the next one goes on from. Files come in any order, and of
// several some may be gone: what was written behind the newest of the others is not known
// then, nor what was before a gap.
type recall struct {
	runs  []run // to is of the collection that ended last
	spans []span
	flows map[recalledName]recalled
}

// span is an interval, by uptimes.
type span struct {
	run      int // in recall.runs
	from, to uint64
	until    uint64 // of run, of it
}

type recalledName struct {
	run     int
	ruleSet uint8
	index   uint32
}

// recalled is a flow as it was last.
type recalled struct {
	lines.Flow
	to uint64 // of its collection
}

// TakeUp remembers a collection of before, read from where it was written.
func (m *Memory) TakeUp(c *lines.Collection) {
	if m.taken == nil {
		m.taken = &recall{flows: map[recalledName]recalled{}}
	}
	r := m.taken
	iv := reader.Interval{Meter: c.Meter, MeterStart: c.Start, To: lines.UptimeOf(c.Start, c.End)}
	if begin := lines.UptimeOf(c.Start, c.Begin); begin > 1 {
		iv.From = begin - 1
	}
	s := span{r.runOf(&iv), iv.From, iv.To, math.MaxUint64}
	if !c.Until.IsZero() {
		s.until = lines.UptimeOf(c.Start, c.Until)
	}
	r.spans = append(r.spans, s)
	for i := range c.Flows {
		f := &c.Flows[i]
		name := recalledName{s.run, f.RuleSet, f.Index}
		switch was, known := r.flows[name]; {
		case !known, was.to < s.to, was.to == s.to && was.FirstTime < f.FirstTime:
			r.flows[name] = recalled{*f, s.to}
		case was.to == s.to && was.FirstTime == f.FirstTime: // of one centisecond, in any order
			for i := range f.Counts {
				was.Counts[i] = max(was.Counts[i], f.Counts[i])
			}
			r.flows[name] = was
		}
	}
}

// runOf is the run of the meter that an interval is of, a new one if need be.
func (r *recall) runOf(iv *reader.Interval) int {
	i := r.find(iv)
	if i < 0 {
		i = len(r.runs)
		r.runs = append(r.runs, run{meter: iv.Meter, start: iv.MeterStart})
	}
	if last := &r.runs[i]; last.endedBefore(iv) {
		last.to = iv.To
	}
	return i
}

// find finds the run whose start is nearest to an interval's; -1 if there is none that can
// be its own.
func (r *recall) find(iv *reader.Interval) int {
	found, nearest := -1, time.Duration(0)
	for i := range r.runs {
		other := &r.runs[i]
		if apart := iv.MeterStart.Sub(other.start).Abs(); other.isOf(iv) && !other.outOfOrder(iv) && (found < 0 || apart <= nearest) {
			found, nearest = i, apart
		}
	}
	return found
}

// near is how near two estimates of a start are to be taken for one without more ado.
const near = 2 * time.Second

// outOfOrder reports whether an interval ends before the collection of the run that ended last by
// uptime, and behind it by the time of day, or the other way round: a meter that was started
// again within slack.
func (r *run) outOfOrder(iv *reader.Interval) bool {
	return iv.MeterStart.Sub(r.start).Abs() > near && r.endedBefore(iv) != (r.to <= iv.To)
}

// endedBefore reports whether the collection of the run that ended last did so no later than an
// interval, by the time of day.
func (r *run) endedBefore(iv *reader.Interval) bool {
	return iv.MeterStart.Sub(r.start)/(10*time.Millisecond) >= time.Duration(r.to)-time.Duration(iv.To)
}

// recall makes what was taken up what is known, for a collection that begins now.
func (m *Memory) recall(iv *reader.Interval) {
	r := m.taken
	m.taken = nil
	now := r.find(iv)
	if now < 0 {
		return
	}
	from, last := r.chain(now)
	m.run = r.runs[now]
	m.run.to, m.run.until = last.to, last.until
	if from > 1 {
		m.run.floor = from + 2 // intervals overlap by a centisecond
	}
	maps.DeleteFunc(r.flows, func(name recalledName, f recalled) bool { return name.run != now || f.to <= from })
	names := slices.SortedFunc(maps.Keys(r.flows), func(a, b recalledName) int {
		return cmp.Or(cmp.Compare(a.ruleSet, b.ruleSet), cmp.Compare(a.index, b.index))
	})
	for _, name := range names {
		f := r.flows[name].Flow
		m.known.add(&f)
	}
}

// chain is the last collection of a run, and how far back from it they follow each other.
func (r *recall) chain(now int) (from uint64, last span) {
	of := slices.DeleteFunc(slices.Clone(r.spans), func(s span) bool { return s.run != now })
	slices.SortFunc(of, func(a, b span) int { return cmp.Compare(b.to, a.to) })
	from = of[0].from
	for _, s := range of[1:] {
		if from+1 > max(s.to, s.until) { // they overlap by a centisecond
			break
		}
		from = min(from, s.from)
	}
	return from, of[0]
}
