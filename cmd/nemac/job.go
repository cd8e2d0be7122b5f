package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"netramet/cmd/nemac/internal/session"
	"netramet/internal/command"
	"netramet/internal/interruptible"
	"netramet/internal/version"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader/flowfile"
	"netramet/reader/top"
)

// standbyMark is the high-water mark with a standby rule set (RFC 2720 §5.2
// leaves the choice to the manager; RFC 2123 found this one good), in percent.
const standbyMark = 65

// runMeters looks after all meters at once, and returns when each is done.
// What is wrong with rules shows before anything is sent.
func runMeters(ctx context.Context, o *options, records []*options, std stdio) error {
	shown, std := openScreen(records, std)
	if shown != nil {
		defer shown.Close() // nothing is held back but what an error has told
	}
	jobs, known, names := make([]*job, len(records)), ruleCache{}, nameCache{}
	for i, r := range records {
		j, err := newJob(r, known, names, std)
		if err == nil {
			err = j.showOn(shown)
		}
		if err != nil {
			return err
		}
		jobs[i] = j
	}
	if err := checkLog(o, records); err != nil {
		return err
	}
	looks := !slices.ContainsFunc(records, func(r *options) bool { return !r.looksOnly() })
	log, err := openLog(ctx, o.logFile, looks, std)
	if err != nil {
		return err
	}
	defer func() { log.close(slices.ContainsFunc(jobs, func(j *job) bool { return j.begun })) }()
	hangUps, stop := notifyHangUp()
	defer stop()
	defer log.reopenAt(hangUps)()
	defer tellManager(ctx, jobs, meterNames(jobs), log.Logger)()
	errs := make([]error, len(jobs))
	var wg sync.WaitGroup
	for i, j := range jobs {
		wg.Go(func() {
			defer j.pulse.ended.Store(true)
			errs[i] = j.run(ctx, log.With("meter", j.o.target()), len(jobs) > 1)
		})
	}
	wg.Wait()
	for _, j := range jobs {
		j.tellSkipped()
	}
	return errors.Join(errs...)
}

// meterNames says which meters are looked after.
func meterNames(jobs []*job) string {
	var names []string
	for _, j := range jobs {
		names = append(names, j.o.target())
	}
	return "collecting from " + strings.Join(names, ", ")
}

// job is one meter's.
type job struct {
	o     *options
	std   stdio
	cfg   session.Config
	pulse *pulse               // its clock
	pipe  interruptible.Opener // opens what is no regular file; valid in run

	top     *top.Output // nil: no tables are shown
	file    *flowFile   // nil if it is standard output, or before it is open
	resumed bool        // it goes on with what an earlier nemac began
	waited  []string    // what the user was told last that it waits for
	begun   bool        // its work on the meter has begun: there may be something in the log that nobody was told
}

// stdoutFile is the flow data on standard output.
type stdoutFile struct{ *flowfile.Writer }

func (stdoutFile) Close() error { return nil }

func newJob(o *options, known ruleCache, names nameCache, std stdio) (*job, error) {
	j := &job{o: o, std: std, pulse: newPulse()}
	if o.trace && o.intervalGiven {
		fmt.Fprintln(std.err, "nemac: warning: -c has no effect with -C: intervals are those of the meter, which its -T says")
	}
	j.cfg = session.Config{
		Owner: o.ownerName(), MeterName: o.meterName, Clock: j.pulse, Open: j.open,
		Dial:       func(ctx context.Context) (*remotemeter.Meter, error) { return remotemeter.Dial(ctx, o.clientOptions()) },
		Inactivity: o.inactive, FloodMark: int(o.floodMark), HighWaterMark: int(max(o.highWater, 0)),
		Trace: o.trace, DownloadOnly: o.downloadOnly, RemoveRows: o.removeRows, UTC: o.utc,
		Interval: seconds(o.interval), Keepalive: seconds(o.keepalive), Wait: seconds(o.wait),
		ReaderTimeout: o.readerTimeout, Retries: int(o.retries), Needs: slices.Concat(o.top.Needs(), o.to.Needs()),
	}
	if o.readerTimeout < 0 {
		j.cfg.ReaderTimeout = 60
		if !o.trace {
			j.cfg.ReaderTimeout = max(4*int(o.interval), 300)
		}
	}
	var err error
	if j.cfg.Names, err = names.read(o.prefixes); err != nil {
		return nil, err
	}
	if len(o.readOnly) > 0 {
		j.cfg.Read, err = readFormats(o)
		return j, err
	}
	if j.cfg.Sets, err = known.readAll(o.rules, std.err); err != nil {
		return nil, err
	}
	if o.standby != "" {
		sets, err := known.readAll([]string{o.standby}, std.err)
		if err != nil {
			return nil, err
		}
		j.cfg.Standby = sets[0]
		if o.highWater < 0 {
			j.cfg.HighWaterMark = standbyMark
		}
	}
	return j, nil
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }

// run looks after the meter, and tells the log how it ended: while others go on,
// the user sees it there only.
func (j *job) run(ctx context.Context, log *slog.Logger, many bool) error {
	log = log.With("owner", j.cfg.Owner) // several may work on one meter
	j.cfg.Log, j.pipe = log, command.Pipes(ctx, "nemac", j.std.err).Open
	j.cfg.Waits = j.waits
	log.Info("begin", "snmp", j.o.security.String(), "options", j.o.text())
	if err := j.follow(ctx, many); err != nil {
		if !log.Enabled(ctx, slog.LevelInfo) {
			return err // the log is what the user sees, and is told this anyway
		}
		log.Error("end", "err", err)
		return err
	}
	log.Info("end")
	j.begun = true
	return nil
}

// follow keeps a session with the meter. One of many is not given up when it
// does not answer at the start: it may be down for a while.
func (j *job) follow(ctx context.Context, many bool) error {
	unlock, err := lockOwner(j.cfg.Owner, j.o.target())
	if err != nil {
		return err
	}
	defer unlock()
	for {
		err := session.Run(ctx, j.cfg)
		if err == nil {
			return nil
		}
		if !many || j.o.trace || j.o.downloadOnly || !client.IsNoAnswer(err) {
			return j.named(err)
		}
		if j.waits(fmt.Sprintf("the meter, which cannot be reached; trying again every %v: %v", j.cfg.Keepalive, err)) {
			j.cfg.Log.Error("the meter cannot be reached; trying again with each keepalive", "err", err)
		}
		if j.cfg.Clock.Sleep(ctx, j.cfg.Keepalive) != nil {
			return nil
		}
	}
}

// maxWaited is how many texts are remembered to have been told.
const maxWaited = 8

// waits tells a user who looks at nemac what it waits for, once; false if that was said before.
func (j *job) waits(what string) bool {
	if slices.Contains(j.waited, what) {
		return false
	}
	if len(j.waited) == maxWaited { // errors may hold a port that is always another
		j.waited = slices.Delete(j.waited, 0, 1)
	}
	j.waited = append(j.waited, what)
	if j.o.logFile != "-" { // else the log says it there
		fmt.Fprintf(j.std.err, "nemac: waiting for %s\n", what)
	}
	return true
}

// named is err with the meter's name, which what the meter itself said has.
func (j *job) named(err error) error {
	if target := j.o.target(); !strings.Contains(err.Error(), target) {
		return fmt.Errorf("meter %s: %w", target, err)
	}
	return err
}

// tellSkipped says what the user would look for in the flow file in vain: who
// meters a trace once more, with other rules perhaps, wants another file.
func (j *job) tellSkipped() {
	if j.file == nil || j.resumed || j.file.Skipped() == 0 {
		return
	}
	fmt.Fprintf(j.std.err, "nemac: flow file %s held %d of these collections already; they are not written again\n", j.file.name, j.file.Skipped())
}

// openFile opens a flow file; "" is the one by the default name.
func (j *job) openFile(m *session.Meter, resumed bool, path string) (session.Output, error) {
	o := j.o
	h := flowfile.Header{
		Version: version.Version, Options: o.text(), Meter: o.meterName, MaxFlows: m.MaxFlows,
		Octets: m.OctetMode(), Zone: flowfile.ZoneLocal, Amounts: o.to.Amounts,
	}
	if len(m.Interfaces) > 0 {
		h.Interface = m.Interfaces[0]
	}
	if o.utc || o.trace {
		h.Zone = flowfile.ZoneUTC
	}
	if path == "-" {
		return stdoutFile{flowfile.NewWriter(j.std.out, h)}, nil
	}
	f, err := openFlowFile(path, command.FileBase(o.meter)+".flows", h, flowfile.Options{Sync: o.sync, Pipe: j.pipe}, resumed)
	if err != nil {
		return nil, err
	}
	f.log = j.cfg.Log
	j.file, j.resumed = f, resumed
	f.log.Info("flow file", "name", f.name)
	if n := f.CutOff(); n > 0 {
		f.log.Warn("an incomplete collection was cut off the flow file", "octets", n)
	}
	return f, nil
}

// openFlowFile opens the file named, or one by the default name: the one that
// an earlier nemac with the same options wrote, if its collections go on, so
// that it is seen what is in it already; else the next number.
func openFlowFile(name, base string, h flowfile.Header, how flowfile.Options, resumed bool) (*flowFile, error) {
	if name == "" && resumed {
		if last := lastOf(".", base, h); last != "" {
			if f, err := appendTo(last, h, how); err == nil {
				return f, nil
			}
		}
	}
	if name == "" {
		var err error
		if name, err = reserve(".", base); err != nil {
			return nil, fmt.Errorf("flow file: %w", err)
		}
	}
	return appendTo(name, h, how)
}

func appendTo(name string, h flowfile.Header, how flowfile.Options) (*flowFile, error) {
	f, err := flowfile.OpenAppend(name, h, how)
	if err != nil {
		return nil, err
	}
	return &flowFile{AppendFile: f, name: name}, nil
}
