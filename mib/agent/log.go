package agent

import (
	"log/slog"
	"net/netip"
	"time"
)

const (
	logPeriod  = time.Minute
	logSources = 256 // remembered per period; more are only counted
)

// throttledLog logs at most one line per source and period, and at most
// logSources lines in a period, so that a flood of bad messages costs neither
// disk nor memory.
type throttledLog struct {
	log    *slog.Logger // nil is nowhere
	begin  time.Time    // of the period
	seen   map[netip.Addr]bool
	hushed int // lines dropped in this period
}

func newThrottledLog(l *slog.Logger) throttledLog {
	return throttledLog{log: l, seen: make(map[netip.Addr]bool)}
}

// allow reports whether a line about the source may be written now.
func (t *throttledLog) allow(from netip.Addr, now time.Time) bool {
	if t.log == nil {
		return false
	}
	if age := now.Sub(t.begin); age < 0 || age >= logPeriod {
		if t.hushed > 0 {
			t.log.Warn("snmp: more refused messages, not logged one by one", slog.Int("messages", t.hushed))
		}
		t.begin, t.hushed = now, 0
		clear(t.seen)
	}
	if t.seen[from] || len(t.seen) >= logSources {
		t.hushed++
		return false
	}
	t.seen[from] = true
	return true
}

// complain logs why the message being processed is refused; detail and user,
// where not empty, say more. What it is given must hold no community and no
// passphrase. Nothing is formatted or allocated for a line that is not
// written, because it may be one of a flood.
func (a *worker) complain(why, detail string, user []byte) {
	if !a.log.allow(a.x.from.Addr().Unmap(), a.x.now) {
		return
	}
	attrs := []any{slog.String("from", a.x.from.String())}
	if detail != "" {
		attrs = append(attrs, slog.String("detail", detail))
	}
	if len(user) > 0 {
		attrs = append(attrs, slog.String("user", string(user)))
	}
	a.log.log.Warn("snmp: "+why, attrs...)
}
