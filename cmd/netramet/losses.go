package main

import (
	"log/slog"
	"sync"
	"time"

	"netramet/meter/control"
)

// losses are what makes the flow data less than was read, though all went well.
type losses struct {
	full    string // when the flow table first was full; empty if never
	most    int    // flows that it holds
	flooded string // when flood mode first refused a flow; empty if never
	mark    int    // flood mark now, in percent
	stopped []stoppedRules
}

// stoppedRules is a rule set of which a limit of the meter stopped matches.
type stoppedRules struct {
	number  int
	matches uint64
}

func lossesOf(s *control.State) (l losses) {
	if c := s.Counts(); c.FullAt != 0 {
		l.full, l.most = s.TimeOf(c.FullAt).Format(time.RFC3339), s.MaxFlows()
	}
	if c := s.Counts(); c.FloodedAt != 0 {
		l.flooded, l.mark = s.TimeOf(c.FloodedAt).Format(time.RFC3339), s.FloodMark()
	}
	for n := s.NextRuleSet(0); n != 0; n = s.NextRuleSet(n) {
		if in, err := s.RuleSetInput(n); err == nil && in.Stopped > 0 {
			l.stopped = append(l.stopped, stoppedRules{n, in.Stopped})
		}
	}
	return l
}

// toldLosses is what the log of a managed meter has told of.
type toldLosses struct {
	mu      sync.Mutex
	full    bool
	flooded bool
	stopped map[int]bool // by number; one that is used again begins anew
}

// tell logs what is new.
func (t *toldLosses) tell(l losses, log *slog.Logger) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.full != "" && !t.full {
		t.full = true
		log.Warn("flow table full; -f makes it larger", slog.String("at", l.full), slog.Int("flows", l.most))
	}
	if l.flooded != "" && !t.flooded {
		t.flooded = true
		log.Warn("flood mode refuses new flows until a manager ends it; a larger flow table (-f) floods later",
			slog.String("at", l.flooded), slog.Int("floodmark", l.mark))
	}
	stopped := make(map[int]bool)
	for _, r := range l.stopped {
		if stopped[r.number] = true; !t.stopped[r.number] {
			log.Warn("a limit stops matches, and their packets are ignored",
				slog.Int("ruleset", r.number), slog.Uint64("matches", r.matches))
		}
	}
	t.stopped = stopped
}
