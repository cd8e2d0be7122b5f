package main

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"netramet/meter/control"
	"netramet/mib"
)

// census remembers the control rows that the log has told of, so that it can
// tell what came and went since.
type census struct {
	mu       sync.Mutex
	ruleSets map[int]ruleSetFacts
	readers  map[uint32]readerFacts
	tasks    map[uint32]taskFacts
}

// What the log tells of rows; the zero value is a row that is not there, or a
// task that runs nothing for nobody.
type (
	ruleSetFacts struct {
		name, owner string
		rules       int
		active      bool
		running     bool
	}
	readerFacts struct {
		owner   string
		ruleSet int
		waits   bool
	}
	taskFacts struct {
		owner            string
		current, standby int
		onStandby        bool
	}
)

// update looks at the rows and logs what has changed.
func (c *census) update(m *control.Meter, log *slog.Logger) {
	if !log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
	// One at a time, so that changes are described in the order they are seen.
	c.mu.Lock()
	defer c.mu.Unlock()
	var now census
	m.View(now.take)
	changes(c.ruleSets, now.ruleSets, func(n int, was, is ruleSetFacts) { logRuleSet(log, n, was, is) })
	changes(c.readers, now.readers, func(n uint32, was, is readerFacts) { logReader(log, n, was, is) })
	changes(c.tasks, now.tasks, func(n uint32, was, is taskFacts) { logTask(log, n, was, is) })
	c.ruleSets, c.readers, c.tasks = now.ruleSets, now.readers, now.tasks
}

// take fills an empty census. Rows that are not active are no news yet.
func (c *census) take(s *control.State) {
	c.ruleSets, c.readers, c.tasks = map[int]ruleSetFacts{}, map[uint32]readerFacts{}, map[uint32]taskFacts{}
	for n := s.NextRuleSet(1); n != 0; n = s.NextRuleSet(n) {
		if r, ok := s.RuleSetRow(n); ok && (r.Status == mib.RowActive || r.Running) {
			c.ruleSets[n] = ruleSetFacts{r.Name, s.Owner(n), r.Size, true, r.Running}
		}
	}
	for n := s.NextReader(0); n != 0; n = s.NextReader(n) {
		if r, ok := s.Reader(n); ok && r.Active {
			c.readers[n] = readerFacts{r.Owner, r.RuleSet, r.Waits}
		}
	}
	for n := s.NextTask(0); n != 0; n = s.NextTask(n) {
		if t, ok := s.Task(n); ok && t.Active {
			c.tasks[n] = taskFacts{t.Owner, t.Current, t.Standby, t.RunningStandby}
		}
	}
}

// changes calls f for each key whose value is not the same in both, in order.
func changes[K cmp.Ordered, F comparable](was, is map[K]F, f func(k K, was, is F)) {
	keys := slices.Collect(maps.Keys(is))
	for k := range was {
		if _, ok := is[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		if was[k] != is[k] {
			f(k, was[k], is[k])
		}
	}
}

func logRuleSet(log *slog.Logger, n int, was, is ruleSetFacts) {
	about := []any{slog.Int("ruleset", n), slog.String("name", is.name), slog.String("owner", is.owner), slog.Int("rules", is.rules)}
	if !is.active {
		log.Info("rule set gone", slog.Int("ruleset", n), slog.String("name", was.name), slog.String("owner", was.owner))
		return
	}
	if !was.active {
		log.Info("rule set active", about...)
	}
	switch {
	case is.running && !was.running:
		log.Info("rule set runs", about...)
	case was.running && !is.running:
		log.Info("rule set stopped", about...)
	}
}

func logReader(log *slog.Logger, n uint32, was, is readerFacts) {
	msg, r := "reader came", is
	switch {
	case is == readerFacts{}:
		msg, r = "reader gone", was
	case was != readerFacts{}:
		msg = "reader changed"
	}
	log.Info(msg, slog.Uint64("row", uint64(n)), slog.String("owner", r.owner), slog.Int("ruleset", r.ruleSet), slog.Bool("waits", r.waits))
}

func logTask(log *slog.Logger, n uint32, was, is taskFacts) {
	msg, t := "task came", is
	switch {
	case is == taskFacts{}:
		msg, t = "task gone", was
	case was.onStandby != is.onStandby && is.onStandby:
		msg = "task switched to its standby rule set"
	case was != taskFacts{}:
		msg = "task changed"
	}
	log.Info(msg, slog.Uint64("row", uint64(n)), slog.String("owner", t.owner), slog.Int("current", t.current), slog.Int("standby", t.standby))
}
