// Package session looks after one meter: it puts rule sets, tasks and reader
// rows on it or finds those it left there before, collects flows at the times
// of day or at the intervals of a trace, and notices a meter that was started
// again. It ends when its context does, at the end of the trace, or at an
// error that another try will not mend.
//
// It opens no file and parses nothing: what it runs and writes to comes with
// its Config. It starts no goroutine; cmd/nemac runs one Session per meter.
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/snmpflows"
	"netramet/ruleset"
)

// Config says what a session does. All fields without another word must be set.
type Config struct {
	Owner     string
	MeterName string // in the flow data
	Dial      func(ctx context.Context) (*remotemeter.Meter, error)
	// Open opens the output, once, when the meter is known. resumed says that
	// a reader of before goes on.
	Open  func(m *Meter, resumed bool) (Output, error)
	Needs []mib.Attr // read of all flows, beside what formats ask for
	Log   *slog.Logger
	// Waits, if not nil, is told what is waited for at the start. It returns false where that
	// was said before, by an earlier Run perhaps: the log is not told again then.
	Waits func(what string) bool
	Clock Clock

	Sets          []*ruleset.RuleSet // to run
	Standby       *ruleset.RuleSet   // nil is none
	HighWaterMark int                // percent
	Read          []Read             // rule sets of others, in place of Sets
	Inactivity    int                // seconds; negative leaves the meter's
	FloodMark     int                // percent; negative leaves the meter's

	Trace         bool // in step with a trace
	DownloadOnly  bool
	RemoveRows    bool          // when told to end; otherwise they stay for the next start
	Interval      time.Duration // of collections, live
	Keepalive     time.Duration // live
	Names         reader.Namer  // of numbers in all flows; nil: none has a name
	UTC           bool          // intervals are aligned in UTC, not in local time
	Wait          time.Duration // for a meter that does not answer at the start
	ReaderTimeout int           // seconds the meter waits for us, 0 is for ever
	Retries       int           // of an output that cannot be written
}

// Read is a rule set of somebody else that is read.
type Read struct {
	Name       string // or number
	Format     *ruleset.Format
	Statistics bool
}

// Meter is what the output may want to tell of the meter.
type Meter struct {
	*remotemeter.Info
	Interfaces []string
}

// OctetMode is what the meter's octet counters hold.
func (m *Meter) OctetMode() reader.OctetMode {
	switch {
	case m.Netramet && m.Peer:
		return reader.OctetsPeer
	case m.Netramet:
		return reader.OctetsFrame
	}
	return reader.OctetsUnknown
}

// Output takes the collections.
type Output interface {
	reader.Output
	// SetStart tells when the measurement began, before the first collection.
	SetStart(time.Time)
	Close() error
}

// Clock is the time of day; tests have their own.
type Clock interface {
	Now() time.Time
	// Sleep waits for d, or until ctx is done and returns its error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Session is one meter's.
type Session struct {
	cfg   Config
	c     *remotemeter.Meter
	info  *remotemeter.Info
	rows  rows
	tasks []reader.Task
	flows *snmpflows.Flows
	taps  []int // numbers of the metered interfaces
	out   Output
	watch watch
	fresh bool                              // no collection of ours goes on
	kept  bool                              // the rule sets were on the meter before
	found bool                              // so were the reader rows
	anew  bool                              // none of them was, and nothing is collected yet
	made  []func(ctx context.Context) error // removes what the newest setting-up made
}

// Run does all of it. It returns nil if ctx ends it, or the trace.
func Run(ctx context.Context, cfg Config) error {
	s := &Session{cfg: cfg}
	defer s.close()
	err := s.run(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func (s *Session) close() {
	if s.c != nil {
		_ = s.c.Close() // a socket has nothing left to lose
	}
	if s.out != nil {
		if err := s.out.Close(); err != nil {
			s.cfg.Log.Error("closing the flow file", "err", err)
		}
	}
}

func (s *Session) run(ctx context.Context) error {
	if err := s.connect(ctx, s.cfg.Wait); err != nil {
		return err
	}
	if err := s.suits(); err != nil {
		return err
	}
	if err := s.setUp(ctx); err != nil {
		return err
	}
	if s.cfg.DownloadOnly {
		s.cfg.Log.Info("rule sets run", "numbers", s.rows.sets)
		return nil
	}
	taps, err := s.c.Interfaces(ctx)
	if err != nil {
		return err
	}
	m := &Meter{Info: s.info}
	for _, x := range taps {
		m.Interfaces, s.taps = append(m.Interfaces, x.Name), append(s.taps, x.Number)
	}
	s.flows.Ask(s.taps)
	if s.out, err = s.cfg.Open(m, !s.fresh); err != nil {
		s.takeBack(ctx, s.made) // or a trace would wait for a reader that does not come
		return err
	}
	if s.cfg.Trace {
		err = s.followTrace(ctx)
	} else {
		err = s.live(ctx)
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return s.toldToEnd(ctx)
	}
	return err
}

// toldToEnd ends a session that was told to. Rows stay unless asked: the meter
// goes on, and so does the next nemac.
func (s *Session) toldToEnd(ctx context.Context) error {
	if !s.cfg.RemoveRows {
		s.cfg.Log.Info("ending; rule sets and reader rows stay on the meter")
		return ctx.Err()
	}
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	if err := s.remove(clean); err != nil {
		return fmt.Errorf("removing our rows: %w", err)
	}
	return ctx.Err()
}

// connect finds the meter, waiting for it if it is silent. The connection of
// before stays until there is a new one.
func (s *Session) connect(ctx context.Context, wait time.Duration) error {
	until, told, dialed := s.cfg.Clock.Now().Add(wait), false, false
	var every backoff
	for {
		err := error(nil)
		if !dialed {
			err = s.dial(ctx)
			dialed = err == nil
		}
		if dialed {
			s.info, err = s.c.Meet(ctx)
		}
		if err == nil || !client.IsNoAnswer(err) || !s.cfg.Clock.Now().Before(until) {
			return err
		}
		if !told {
			s.waits("the meter", wait, err)
			told = true
		}
		if err := s.cfg.Clock.Sleep(ctx, max(every.next(), 10*time.Millisecond)); err != nil {
			return err
		}
	}
}

// waits says what keeps a session from beginning, for how long and why: a user who
// looks at it should know.
func (s *Session) waits(what string, wait time.Duration, why error) {
	if s.cfg.Waits == nil || s.cfg.Waits(fmt.Sprintf("%s, for up to %v: %v", what, wait, why)) {
		s.cfg.Log.Info("waiting for "+what, "for", wait, "why", why)
	}
}

// dial makes a new connection in place of the one of before.
func (s *Session) dial(ctx context.Context) error {
	c, err := s.cfg.Dial(ctx)
	if err != nil {
		return err
	}
	if s.c != nil {
		_ = s.c.Close() // a socket has nothing left to lose
	}
	s.c = c
	return nil
}

// suits checks that the meter and we are of the same kind.
func (s *Session) suits() error {
	on := s.info.Netramet && s.info.Trace.State != mib.TraceIdle
	switch {
	case s.cfg.DownloadOnly:
	case s.cfg.Trace && !s.info.Netramet:
		return fmt.Errorf("meter %s cannot keep in step with a trace: it has no NETRAMET-MIB; leave -C out", s.c.Addr())
	case s.cfg.Trace && !on:
		return fmt.Errorf("meter %s reads no trace: leave -C out, or start it with netramet -C TRACE", s.c.Addr())
	case s.cfg.Trace && !s.c.HasBulk():
		return errors.New("trace mode needs SNMPv2c or v3: version 1 has no 64-bit counters")
	case !s.cfg.Trace && on:
		return fmt.Errorf("meter %s reads a trace: use -C to keep in step with it", s.c.Addr())
	}
	return nil
}

// collect makes one collection.
func (s *Session) collect(ctx context.Context) error {
	begun := s.cfg.Clock.Now()
	iv, n, err := reader.Collect(ctx, steadfast{s.flows}, s.tasks, &marked{s.out, s.anew})
	if commit := (*reader.CommitError)(nil); err == nil || errors.As(err, &commit) {
		s.anew = false
	}
	if err != nil {
		return err
	}
	s.cfg.Log.Info("collected", "interval", iv.Number, "from", iv.From, "to", iv.To, "flows", n,
		"took", s.cfg.Clock.Now().Sub(begun).Round(time.Millisecond), "resent", s.c.Resent())
	return nil
}

// steadfast acknowledges a collection that is complete even if we were told
// to end meanwhile.
type steadfast struct{ *snmpflows.Flows }

func (f steadfast) Commit(ctx context.Context) error {
	return f.Flows.Commit(context.WithoutCancel(ctx))
}

// marked tells the errors of the output from the meter's, and the output whether
// the counters begin.
type marked struct {
	Output
	fresh bool
}

type outputError struct{ error }

func (e outputError) Unwrap() error { return e.error }

func mark(err error) error {
	if err == nil {
		return nil
	}
	return outputError{err}
}

func (m *marked) Begin(iv reader.Interval, tasks []reader.Task) error {
	iv.Fresh = m.fresh
	return mark(m.Output.Begin(iv, tasks))
}
func (m *marked) Record(rec *reader.Record) error { return mark(m.Output.Record(rec)) }
func (m *marked) End() error                      { return mark(m.Output.End()) }
func (m *marked) Abort() error                    { return mark(m.Output.Abort()) }

func isOutput(err error) bool {
	var e outputError
	return errors.As(err, &e)
}

// collectWhole makes one collection, trying again from the same place if the
// output fails: somebody may make room on the disk.
func (s *Session) collectWhole(ctx context.Context) error {
	wait := time.Second
	for try := 0; ; try++ {
		err := s.collect(ctx)
		if !isOutput(err) || try >= s.cfg.Retries {
			return err
		}
		s.cfg.Log.Error("flow data cannot be written; trying again", "err", err, "in", wait)
		if err := s.cfg.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
		wait *= 2
	}
}
