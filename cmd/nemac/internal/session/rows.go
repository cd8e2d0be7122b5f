package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/snmpflows"
)

// placeReaders sees to it that each rule set has a reader row of ours, and
// finds where the collections go on.
func (st *setter) placeReaders() error {
	s := st.s
	if s.cfg.DownloadOnly {
		s.rows, s.fresh = rows{sets: st.numbers}, true
		return nil
	}
	if len(s.cfg.Read) > 0 {
		if err := st.clearReaders(); err != nil {
			return err
		}
	}
	fc := snmpflows.Config{
		Owner: s.cfg.Owner, SetOwners: st.setOwners(), Trace: s.cfg.Trace, Marks: s.info.Netramet, Now: s.cfg.Clock.Now,
		Meter: s.cfg.MeterName, Octets: (&Meter{Info: s.info}).OctetMode(), Interfaces: s.taps,
	}
	first, made := true, 0
	var marks []remotemeter.ReaderRow // as the rows have them
	for _, n := range st.numbers {
		i := slices.IndexFunc(st.readers, func(r remotemeter.ReaderRow) bool {
			return r.Owner == s.cfg.Owner && r.RuleSet == n && r.Status == mib.RowActive
		})
		if i < 0 {
			index, err := st.addReader(n)
			if err != nil {
				return err
			}
			fc.Readers = append(fc.Readers, snmpflows.ReaderRef{Index: index, RuleSet: n})
			// Flows of a rule set that is new have changed after any mark.
			if st.kept[n] {
				fc.Time, fc.Number, first = 0, 0, false
			}
			marks = append(marks, remotemeter.ReaderRow{})
			made++
			continue
		}
		r := st.readers[i]
		if err := st.keepReader(r); err != nil {
			return err
		}
		fc.Readers = append(fc.Readers, snmpflows.ReaderRef{Index: r.Index, RuleSet: n})
		marks = append(marks, r)
		if first || r.Time < fc.Time {
			fc.Time, fc.Number, first = r.Time, r.Collected, false
		}
	}
	s.fresh, s.kept, s.found = fc.Time == 0, len(st.kept) == len(st.numbers), made == 0
	s.anew = s.fresh && len(st.kept) == 0
	s.rows = rows{sets: st.numbers, readers: fc.Readers}
	s.flows = snmpflows.New(s.c, fc)
	s.tasks = reader.Widen(st.tasksNew, s.cfg.Needs...)
	if slices.ContainsFunc(marks, func(r remotemeter.ReaderRow) bool { return r.Time != fc.Time || r.Collected != fc.Number }) {
		return s.flows.Acknowledge(st.ctx) // all rows say the same from here on
	}
	return nil
}

// setOwners are the Owners of the rule sets we read: we, or those who were
// found to run them.
func (st *setter) setOwners() map[int]string {
	owners := map[int]string{}
	for _, n := range st.numbers {
		owners[n] = st.s.cfg.Owner
	}
	if len(st.s.cfg.Read) > 0 {
		for _, x := range st.sets {
			owners[x.Number] = x.Owner
		}
	}
	return owners
}

// clearReaders removes reader rows of ours for rule sets we do not read now.
func (st *setter) clearReaders() error {
	for _, r := range st.readers {
		if r.Owner == st.s.cfg.Owner && !slices.Contains(st.numbers, r.RuleSet) {
			if err := st.s.c.DestroyReader(st.ctx, r.Index); err != nil {
				return fmt.Errorf("removing our old reader row %d: %w", r.Index, err)
			}
		}
	}
	return nil
}

func (st *setter) addReader(n int) (int, error) {
	index, err := st.s.c.CreateReader(st.ctx, remotemeter.Reader{
		Owner: st.s.cfg.Owner, RuleSet: n, Timeout: st.s.cfg.ReaderTimeout, Waits: st.s.cfg.Trace,
	}, st.used[0])
	if err != nil {
		return 0, err
	}
	st.used[0][index] = true
	st.undo = append(st.undo, func(ctx context.Context) error { return st.s.c.DestroyReader(ctx, index) })
	return index, nil
}

// keepReader brings a row we adopt up to date.
func (st *setter) keepReader(r remotemeter.ReaderRow) error {
	if r.Timeout != st.s.cfg.ReaderTimeout {
		if err := st.s.c.SetReaderTimeout(st.ctx, r.Index, st.s.cfg.ReaderTimeout); err != nil {
			return err
		}
	}
	if r.Marks && r.Waits != st.s.cfg.Trace {
		return st.s.c.SetWaits(st.ctx, r.Index, st.s.cfg.Trace)
	}
	return nil
}

// placeTasks sees to it that each of our rule sets runs.
func (st *setter) placeTasks() error {
	s := st.s
	for i := range s.cfg.Sets {
		want := remotemeter.Task{Owner: s.cfg.Owner, Current: st.numbers[i], Standby: st.standby, HighWaterMark: s.cfg.HighWaterMark}
		k := slices.IndexFunc(st.tasks, func(t remotemeter.TaskRow) bool {
			return t.Owner == s.cfg.Owner && t.Current == want.Current && t.Status == mib.RowActive
		})
		if k < 0 {
			index, err := s.c.CreateTask(st.ctx, want, st.used[1])
			if err != nil {
				return err
			}
			st.used[1][index] = true
			st.undo = append(st.undo, func(ctx context.Context) error { return s.c.DestroyTask(ctx, index) })
			s.rows.tasks = append(s.rows.tasks, index)
			continue
		}
		t := st.tasks[k]
		if t.Standby != want.Standby || t.HighWaterMark != want.HighWaterMark {
			if err := s.c.SetTask(st.ctx, t.Index, want); err != nil {
				return err
			}
		}
		s.rows.tasks = append(s.rows.tasks, t.Index)
	}
	var tasks []remotemeter.TaskRow
	for i, index := range s.rows.tasks {
		tasks = append(tasks, remotemeter.TaskRow{
			Index: index, Current: st.numbers[i], Standby: st.standby, HighWaterMark: s.cfg.HighWaterMark,
			Owner: s.cfg.Owner, Status: mib.RowActive,
		})
	}
	s.watch = newWatch(&s.cfg, tasks)
	return nil
}

// settings sets what the whole meter shares.
func (st *setter) settings() error {
	if n := st.s.cfg.Inactivity; n >= 0 {
		if err := st.s.c.SetInactivity(st.ctx, n); err != nil {
			return fmt.Errorf("inactivity timeout: %w", err)
		}
	}
	if n := st.s.cfg.FloodMark; n >= 0 {
		if err := st.s.c.SetFloodMark(st.ctx, n); err != nil {
			return fmt.Errorf("flood mark: %w", err)
		}
	}
	return nil
}

// remove takes what is ours off the meter. Rule sets that somebody else reads
// too stay, with the tasks that run them.
func (s *Session) remove(ctx context.Context) error {
	var readers []int
	for _, r := range s.rows.readers {
		readers = append(readers, r.Index)
	}
	owner, tasks, sets := s.cfg.Owner, s.rows.tasks, s.rows.sets
	if len(s.cfg.Read) > 0 {
		sets = nil
	}
	all, err := s.c.Readers(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(r remotemeter.ReaderRow) bool {
		return r.Owner != owner && slices.Contains(sets, r.RuleSet)
	}) {
		tasks, sets = nil, nil
	}
	err = s.c.Remove(ctx, owner, tasks, readers, sets)
	var status *client.StatusError
	if errors.As(err, &status) && len(sets) > 0 {
		err = s.c.Remove(ctx, owner, nil, readers, nil) // at least nothing waits for us
	}
	return err
}
