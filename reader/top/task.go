package top

import (
	"slices"

	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/table"
)

// task is the first flows of one rule set, and the sum of all.
type task struct {
	reader.Task
	layout *table.Layout
	order  order
	most   int

	first []*entry // a heap: the last of them is at the top
	flows int
	total table.Counts
	known int
}

func newTask(t reader.Task, o *Options) (task, error) {
	l := table.NewLayout(t, o.Options)
	order, err := orderOf(t.Format, o.Key)
	return task{Task: t, layout: l, order: order, most: o.N}, err
}

// same reports whether the task goes on as t.
func (k *task) same(t *reader.Task) bool {
	return k.RuleSet == t.RuleSet && k.Name == t.Name && k.Format == t.Format && k.Names == t.Names
}

// clear makes the task ready for a collection; its entries' memory is used again.
func (k *task) clear() {
	k.first, k.flows, k.total, k.known = k.first[:0], 0, table.Counts{}, 0
}

// see looks at one flow.
func (k *task) see(iv *reader.Interval, rec *reader.Record, m *amounts.Memory) {
	counts, known := k.layout.Counts(iv, rec), !rec.Baseline
	if m != nil {
		known = grown(m, rec, &counts)
	}
	switch {
	case !known:
		k.known++
		return
	case counts == (table.Counts{}):
		return // it was changed in the centisecond that two intervals share
	}
	k.flows++
	k.total.Add(&counts)
	num := k.order.number(iv, rec, &counts, k.layout)
	if len(k.first) == k.most && num < k.first[0].rank.num {
		return
	}
	rank := k.order.rank(rec, &counts, num)
	switch {
	case len(k.first) < k.most:
		k.first = slices.Grow(k.first, 1)[:len(k.first)+1]
		at := &k.first[len(k.first)-1]
		if *at == nil {
			*at = new(entry)
		}
		(*at).take(rec, rank, counts)
		k.up(len(k.first) - 1)
	case rank.before(&k.first[0].rank):
		k.first[0].take(rec, rank, counts)
		k.down(0)
	}
}

// table makes the table of what was seen.
func (k *task) table(iv *reader.Interval) *table.Table {
	slices.SortFunc(k.first, func(a, b *entry) int {
		if a.rank.before(&b.rank) {
			return -1
		}
		return 1
	})
	t := k.layout.New(*iv)
	for _, e := range k.first {
		t.Row(&e.rec, &e.counts)
	}
	t.Total(k.flows, &k.total, k.known)
	return t
}

// entry is a flow that is among the first.
type entry struct {
	rank   rank
	counts table.Counts
	rec    reader.Record
}

// take makes e the flow of rec, in the memory that e has. Distributions, which no
// table shows, are left out.
func (e *entry) take(rec *reader.Record, r rank, counts table.Counts) {
	e.rank, e.counts = r, counts
	values, amounts := append(e.rec.Values[:0], rec.Values...), append(e.rec.Amounts[:0], rec.Amounts...)
	e.rec.Clear(0)
	e.rec.RuleSet, e.rec.Index, e.rec.FirstTime, e.rec.PeerType = rec.RuleSet, rec.Index, rec.FirstTime, rec.PeerType
	e.rec.Values, e.rec.Amounts, e.rec.Baseline = values, amounts, rec.Baseline
}

// up and down put an entry of the heap where it belongs. None comes before the one
// above it.
func (k *task) up(i int) {
	for i > 0 {
		above := (i - 1) / 2
		if !k.first[above].rank.before(&k.first[i].rank) {
			return
		}
		k.first[above], k.first[i] = k.first[i], k.first[above]
		i = above
	}
}

func (k *task) down(i int) {
	for {
		last := i
		for below := 2*i + 1; below <= 2*i+2 && below < len(k.first); below++ {
			if k.first[last].rank.before(&k.first[below].rank) {
				last = below
			}
		}
		if last == i {
			return
		}
		k.first[i], k.first[last] = k.first[last], k.first[i]
		i = last
	}
}
