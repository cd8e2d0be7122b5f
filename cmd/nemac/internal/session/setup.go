package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"netramet/internal/plaintext"
	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/snmpflows"
	"netramet/ruleset"
)

// rows are what belongs to us on the meter.
type rows struct {
	sets    []int // numbers; of others if we only read
	readers []snmpflows.ReaderRef
	tasks   []int // row indices
}

// setter is one setting-up: what was found, what was made.
type setter struct {
	s        *Session
	ctx      context.Context
	sets     []remotemeter.RuleSetRow
	readers  []remotemeter.ReaderRow
	tasks    []remotemeter.TaskRow
	used     [2]map[int]bool // row indices in use: readers, tasks
	undo     []func(ctx context.Context) error
	numbers  []int        // of the rule sets we read, in order of Config
	kept     map[int]bool // numbers that were on the meter before
	standby  int
	tasksNew []reader.Task
}

// undoTime bounds the removal of what a failed setting-up has made.
const undoTime = 10 * time.Second

// setUp adopts what we left on the meter before and fits, removes what does
// not, and makes what is missing. If it fails, what it made is removed again.
func (s *Session) setUp(ctx context.Context) error {
	st := &setter{s: s, ctx: ctx, kept: map[int]bool{}}
	if err := st.all(); err != nil {
		s.takeBack(ctx, st.undo)
		return err
	}
	s.made = st.undo
	return nil
}

// takeBack removes what a setting-up has made, the last first.
func (s *Session) takeBack(ctx context.Context, made []func(ctx context.Context) error) {
	// ctx may be what ended it.
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	for _, undo := range slices.Backward(made) {
		if err := undo(clean); err != nil {
			s.cfg.Log.Warn("removing a row again", "err", err)
			if client.IsNoAnswer(err) {
				return
			}
		}
	}
}

func (st *setter) all() error {
	if err := st.look(); err != nil {
		return err
	}
	var err error
	if len(st.s.cfg.Read) > 0 {
		err = st.findOthers()
	} else {
		err = st.placeSets()
	}
	if err != nil {
		return err
	}
	// Readers come before tasks: a reader whose rule set runs says that its
	// manager is ready (decision 23).
	if err := st.placeReaders(); err != nil {
		return err
	}
	if err := st.placeTasks(); err != nil {
		return err
	}
	return st.settings()
}

// look reads the tables.
func (st *setter) look() (err error) {
	c := st.s.c
	if st.sets, err = c.RuleSets(st.ctx); err != nil {
		return err
	}
	if st.readers, err = c.Readers(st.ctx); err != nil {
		return err
	}
	if st.tasks, err = c.Tasks(st.ctx); err != nil {
		return err
	}
	st.used = [2]map[int]bool{{}, {}}
	for _, r := range st.readers {
		st.used[0][r.Index] = true
	}
	for _, t := range st.tasks {
		st.used[1][t.Index] = true
	}
	return nil
}

// findOthers finds the rule sets of others that we only read, waiting for
// those that are not there yet.
func (st *setter) findOthers() error {
	cfg := &st.s.cfg
	until := cfg.Clock.Now().Add(cfg.Wait)
	var every backoff
	for told := false; ; {
		missing := ""
		st.numbers, st.tasksNew = nil, nil
		for _, r := range cfg.Read {
			set, err := st.find(r.Name)
			if err != nil {
				return err
			}
			if set == nil {
				missing = r.Name
				continue
			}
			n := set.Number
			if slices.Contains(st.numbers, n) {
				return fmt.Errorf("rule set %d is to be read twice", n)
			}
			st.numbers, st.kept[n] = append(st.numbers, n), true
			st.tasksNew = append(st.tasksNew, reader.Task{RuleSet: n, Name: set.Name, Format: r.Format, Statistics: r.Statistics, Names: cfg.Names})
		}
		if missing == "" {
			return nil
		}
		if !cfg.Clock.Now().Before(until) {
			return fmt.Errorf("meter %s runs no rule set %q; nemac --list shows what it has", st.s.c.Addr(), missing)
		}
		if !told {
			st.s.waits(fmt.Sprintf("rule set %q", missing), cfg.Wait, errors.New("nobody runs it yet"))
			told = true
		}
		if err := cfg.Clock.Sleep(st.ctx, max(every.next(), 10*time.Millisecond)); err != nil {
			return err
		}
		if err := st.look(); err != nil {
			return err
		}
	}
}

// find finds the active rule set that a user calls name; nil if there is none. Of
// several it takes the one that we read before, or that alone runs; else it does
// not choose.
func (st *setter) find(name string) (*remotemeter.RuleSetRow, error) {
	active := slices.DeleteFunc(slices.Clone(st.sets), func(x remotemeter.RuleSetRow) bool { return x.Status != mib.RowActive })
	found := remotemeter.Named(active, name)
	if len(found) == 0 {
		return nil, nil
	}
	var ours, run []remotemeter.RuleSetRow
	for _, x := range found {
		if slices.ContainsFunc(st.readers, func(r remotemeter.ReaderRow) bool {
			return r.Owner == st.s.cfg.Owner && r.RuleSet == x.Number
		}) {
			ours = append(ours, x)
		}
		if slices.ContainsFunc(st.tasks, func(t remotemeter.TaskRow) bool { return t.Status == mib.RowActive && t.Current == x.Number }) {
			run = append(run, x)
		}
	}
	for _, choice := range [][]remotemeter.RuleSetRow{found, ours, run} {
		if len(choice) == 1 {
			return &choice[0], nil
		}
	}
	return nil, fmt.Errorf("meter %s has several rule sets %q: name one by its number, which nemac --list shows", st.s.c.Addr(), name)
}

// wanted are the rule sets to be on the meter, the standby one last.
func (c *Config) wanted() []*ruleset.RuleSet {
	if c.Standby == nil {
		return c.Sets
	}
	return append(slices.Clone(c.Sets), c.Standby)
}

// placeSets sees to it that our rule sets are on the meter.
func (st *setter) placeSets() error {
	want := st.s.cfg.wanted()
	st.numbers = make([]int, len(want))
	for i, rs := range want {
		n, err := st.adopt(rs)
		if err != nil {
			return err
		}
		st.numbers[i] = n
	}
	if err := st.clear(); err != nil {
		return err
	}
	for i, rs := range want {
		if st.numbers[i] == 0 {
			n, err := st.download(rs, want[i+1:])
			if err != nil {
				return err
			}
			st.numbers[i] = n
		}
		st.tasksNew = append(st.tasksNew, reader.Task{
			RuleSet: st.numbers[i], Name: rs.Name, Format: rs.OutputFormat(), Statistics: rs.Statistics,
			Names: reader.NamesOf(st.s.cfg.Names, rs), Saved: rs.Saved(),
		})
	}
	if st.s.cfg.Standby != nil {
		st.standby = st.numbers[len(want)-1]
	}
	return nil
}

// adopt finds rs on the meter, as we left it; 0 if it is not there.
func (st *setter) adopt(rs *ruleset.RuleSet) (int, error) {
	name := plaintext.Clean(rs.Name) // as meters' names are read
	for _, row := range st.sets {
		if row.Owner != st.s.cfg.Owner || row.Status != mib.RowActive || row.Name != name ||
			row.Size != len(rs.Rules) || st.kept[row.Number] {
			continue
		}
		rules, err := st.s.c.Rules(st.ctx, row.Number, row.Size)
		if err != nil {
			return 0, err
		}
		if remotemeter.FirstDifference(rs.Rules, rules) < 0 {
			st.kept[row.Number] = true
			st.s.cfg.Log.Info("rule set goes on", "number", row.Number, "name", row.Name)
			return row.Number, nil
		}
	}
	return 0, nil
}

// clear removes what is ours and was not adopted: tasks first, which hold
// their rule sets.
func (st *setter) clear() error {
	owner, c := st.s.cfg.Owner, st.s.c
	for _, t := range st.tasks {
		if t.Owner == owner && !(st.kept[t.Current] && (t.Standby == 0 || st.kept[t.Standby])) {
			if err := c.DestroyTask(st.ctx, t.Index); err != nil {
				return fmt.Errorf("removing our old task %d: %w", t.Index, err)
			}
		}
	}
	for _, r := range st.readers {
		if r.Owner == owner && !st.kept[r.RuleSet] {
			if err := c.DestroyReader(st.ctx, r.Index); err != nil {
				return fmt.Errorf("removing our old reader row %d: %w", r.Index, err)
			}
		}
	}
	for _, x := range st.sets {
		if x.Owner == owner && !st.kept[x.Number] {
			if err := c.DestroyRuleSet(st.ctx, x.Number); err != nil {
				return fmt.Errorf("removing our old rule set %d: %w", x.Number, err)
			}
			st.s.cfg.Log.Info("old rule set removed", "number", x.Number, "name", x.Name)
		}
	}
	return st.look()
}

// download puts rs on the meter, under its own number if that is free.
func (st *setter) download(rs *ruleset.RuleSet, later []*ruleset.RuleSet) (int, error) {
	taken := map[int]bool{1: true}
	for _, x := range st.sets {
		taken[x.Number] = true
	}
	for _, n := range st.numbers {
		taken[n] = true
	}
	if rs.Number > 0 && taken[rs.Number] {
		st.s.cfg.Log.Warn("the rule set's number is in use on the meter; taking another", "number", rs.Number, "name", rs.Name)
	} else if rs.Number == 0 {
		for _, l := range later { // what has a number comes first
			taken[l.Number] = true
		}
	}
	var hidden error // a number of somebody whose rule sets we may not see
	for n := max(rs.Number, 2); ; n++ {
		if n > ruleset.MaxNumber {
			if rs.Number > 2 {
				n, rs = 1, &ruleset.RuleSet{Name: rs.Name, Rules: rs.Rules}
				continue // from the beginning
			}
			if hidden != nil {
				return 0, hidden
			}
			return 0, fmt.Errorf("meter %s has no number left for rule set %q", st.s.c.Addr(), rs.Name)
		}
		if taken[n] {
			continue
		}
		begun := st.s.cfg.Clock.Now()
		err := st.s.c.Download(st.ctx, n, st.s.cfg.Owner, rs)
		if client.IsStatus(err, client.InconsistentValue) && st.someoneTook(n) {
			continue
		}
		if client.IsStatus(err, client.NoAccess) {
			hidden = err
			continue
		}
		if err != nil {
			return 0, err
		}
		st.undo = append(st.undo, func(ctx context.Context) error { return st.s.c.DestroyRuleSet(ctx, n) })
		st.s.cfg.Log.Info("rule set downloaded", "number", n, "name", rs.Name, "rules", len(rs.Rules),
			"took", st.s.cfg.Clock.Now().Sub(begun).Round(time.Millisecond))
		return n, nil
	}
}

// someoneTook reports whether rule set n is another's, who was quicker.
func (st *setter) someoneTook(n int) bool {
	sets, err := st.s.c.RuleSets(st.ctx)
	return err == nil && slices.ContainsFunc(sets, func(x remotemeter.RuleSetRow) bool {
		return x.Number == n && x.Owner != st.s.cfg.Owner
	})
}
