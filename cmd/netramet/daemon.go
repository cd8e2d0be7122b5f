package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"time"

	"netramet/internal/logfile"
	"netramet/internal/reading"
	"netramet/internal/sdnotify"
	"netramet/internal/version"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib/agent"
	"netramet/mib/meterview"
	"netramet/mib/usm"
	"netramet/sources"
	"netramet/sources/wire"
)

// daemon is the managed meter at work. Three kinds of goroutines use it: the
// one that reads the trace or link, those that answer SNMP (agent.Serve), and one
// for the clock and signals. They meet at the meter's door only.
type daemon struct {
	links  seenLinks // of the trace
	o      *options
	log    *slog.Logger
	file   *logfile.File // nil: standard error
	src    sources.Source
	link   link // src, where that is live; else nil
	notify *sdnotify.Notifier
	drops  drops
	dumps  dumps
	meter  *control.Meter
	engine *usm.Engine
	agent  *agent.Agent
	addrs  []netip.AddrPort
	load   meterview.Load
	seen   census

	changed chan struct{} // has an element when a Set may have moved the trace on
	heard   lastHeard
	waited  bool // some reader held the trace up; of the goroutine that reads it
	told    toldLosses
}

// wallEvery is how often what falls due by wall time is looked for.
const wallEvery = time.Second

// runManaged is the managed meter, up to its end. What is wrong with the
// command line's files and addresses shows before anything is answered.
func runManaged(ctx context.Context, o *options, std stdio) error {
	acc, err := o.managed.access()
	if err != nil {
		return err
	}
	if o.origins, err = o.readOrigins(); err != nil {
		return err
	}
	if err := o.checkUser(); err != nil {
		return err
	}
	var log *slog.Logger // there is one before anything is read
	src, err := o.openTrace(ctx, std.in, func(text string) {
		if log == nil {
			noteTo(std.err)(text)
			return
		}
		log.Warn(text)
	})
	if errors.Is(err, reading.ErrInterrupted) {
		return nil
	}
	if err != nil {
		return err
	}
	defer src.Close()
	if o.dryRun {
		return o.tryManaged(ctx, std)
	}
	conns, err := o.managed.openSockets(ctx, acc)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	var file *logfile.File
	if log, file, err = openLog(ctx, o, std); err != nil {
		return err
	}
	if file != nil {
		defer file.Close()
	}
	if file != nil && !o.silent && !o.isLive() { // else the log says it there
		fmt.Fprintf(std.err, "netramet: %s on %s\nnetramet: %s\n", isManaged, boundTo(conns[0]), insteadManaged)
	}
	warnOfUsers(o.managed.users, log)
	d := &daemon{o: o, log: log, file: file, src: src, changed: make(chan struct{}, 1)}
	d.link, _ = src.(link)
	if d.notify, err = sdnotify.Open(); err != nil {
		log.Warn("the service manager cannot be told", slog.Any("error", err))
	}
	defer d.notify.Close()
	for _, c := range conns {
		d.addrs = append(d.addrs, boundTo(c))
	}
	defer func() { d.engine.Close() }()
	cfg, dumps, err := o.openDumps(ctx, std, func(text string) { log.Error(text) })
	if err != nil {
		return errors.Join(err, dumps.close())
	}
	d.dumps = dumps
	if err := d.build(acc, cfg); err != nil {
		return errors.Join(err, dumps.close())
	}
	if err := o.becomeUser(file, func(text string) { log.Warn(text) }); err != nil {
		return errors.Join(err, dumps.close())
	}
	if err := errors.Join(d.run(ctx, conns), dumps.close()); err != nil {
		log.Error("ended", slog.Any("error", err))
		if file == nil {
			return loggedError{err}
		}
		return err
	}
	return nil
}

// build makes the meter and its agent.
func (d *daemon) build(acc *agent.Access, cfg meter.Config) error {
	tables := control.Config{}
	if d.o.isLive() {
		tables = control.Config{RunDefault: true, FloodMark: control.DefaultFloodMark}
	}
	d.meter = control.New(cfg, tables)
	view := meterview.New(d.meter, meterview.Config{
		Now:     d.now(),
		Version: version.Version,
		Memory:  memoryTaken,
		// All lanes work while packets are metered.
		Busy:    func(_ int, now time.Time) uint32 { return d.load.PerMille(now) },
		Changed: d.onChange,
		Log:     d.log,
	})
	engine, err := usm.OpenEngine(d.o.managed.state, agent.Enterprise, time.Now())
	if errors.Is(err, usm.ErrRefused) {
		return fmt.Errorf("--state: %w", err)
	}
	d.engine = engine
	if err != nil {
		d.log.Warn("SNMPv3 engine", slog.Any("error", err))
	}
	d.agent, err = agent.New(agent.Config{
		Engine: engine,
		Do: func(op agent.Op, f func()) {
			d.heard.note()
			view.Do(op, f)
		},
		Yield: view.Yield,
		System: agent.System{
			Descr:    fmt.Sprintf("netramet %s, RTFM traffic flow meter, %s, %s/%s", version.Version, d.o.source(), runtime.GOOS, runtime.GOARCH),
			ObjectID: netrametMIB(),
			UpTime:   view.UpTime,
			Name:     d.systemName(),
			Services: 72, // end-to-end and application layers: a host
		},
		Log: d.log,
	})
	if err != nil {
		return err
	}
	if err := view.Register(d.agent); err != nil {
		return err
	}
	return d.agent.SetAccess(acc)
}

// now is the time that SNMP is shown; nil: that of the packets.
func (d *daemon) now() func() int64 {
	if d.o.time == nil {
		return nil
	}
	return d.o.time.Now
}

// netrametMIB is the identifier of NETRAMET-MIB, which stands for this program
// in sysObjectID.
func netrametMIB() []uint32 { return []uint32{1, 3, 6, 1, 4, 1, agent.Enterprise, 2720} }

func (d *daemon) systemName() string {
	if d.o.meterName != "" {
		return d.o.meterName
	}
	name, err := os.Hostname()
	if err != nil {
		return d.o.traceName()
	}
	return name
}

// run answers SNMP while the trace is followed to its end, or to told's: then
// the running interval is closed, and readers that wait may still have it.
func (d *daemon) run(told context.Context, conns []net.PacketConn) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(told))
	defer cancel()
	follow := func() error { return d.meterLink(told, ctx) }
	if d.link == nil {
		defer context.AfterFunc(told, func() { d.endWhenQuiet(ctx, cancel) })()
		follow = func() error { return d.followTrace(told, ctx) }
	}
	reload, status := make(chan os.Signal, 1), make(chan os.Signal, 1)
	notifySignals(reload, status)
	defer signal.Stop(reload)
	defer signal.Stop(status)
	begin := d.openTraceState
	if d.link != nil {
		begin = d.beginLink
	}
	if err := begin(); err != nil {
		return err
	}

	var serveErr error
	var wg sync.WaitGroup
	wg.Go(func() {
		serveErr = d.agent.Serve(ctx, conns...)
		cancel() // a meter that nobody can read is none
	})
	wg.Go(func() { d.watch(ctx, reload, status) })
	d.logStart()
	d.notify.Ready("metering " + d.o.source())
	err := follow()
	d.notify.Stopping()
	cancel()
	wg.Wait()
	d.observe()
	d.tellDrops(true)
	d.logStatus("end")
	return errors.Join(err, serveErr)
}

// What a command without rule files is, for those who meant another.
const (
	isManaged      = "no rule files, so this is the managed meter: it waits for a manager (nemac)"
	insteadManaged = "to meter a trace in one command, name rule files: netramet -C TRACE RULES"
)

func (d *daemon) logStart() {
	if d.link == nil {
		d.log.Info(isManaged, slog.String("addr", d.addrs[0].String()), slog.String("hint", insteadManaged))
	}
	for _, at := range d.addrs {
		d.log.Info("listening", slog.String("addr", at.String()))
	}
	if d.link != nil {
		d.logLink()
		return
	}
	d.log.Info("waiting for managers to start the trace", slog.String("version", version.Version), slog.String("trace", strings.Join(d.o.traces, " ")),
		slog.Uint64("readers", uint64(d.o.managed.readers)), slog.Uint64("interval", uint64(d.o.interval)))
}

// watch does what comes with time and by signal until ctx is done.
func (d *daemon) watch(ctx context.Context, reload, status <-chan os.Signal) {
	tick := time.NewTicker(wallEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			d.advanceWall(now)
			if d.link == nil { // else the loop that reads gives signs of life
				d.notify.Alive(now)
			}
		case <-reload:
			d.reload()
		case <-status:
			d.logStatus("status")
		}
	}
}

// advanceWall removes what falls due by wall time, such as readers that do
// not come any more, and looks what else there is to tell.
func (d *daemon) advanceWall(now time.Time) {
	var removed []control.Removed
	_ = d.meter.Update(func(s *control.Tables) error {
		removed = s.AdvanceWall(now)
		return nil
	})
	for _, r := range removed {
		d.log.Warn("row removed", slog.String("table", r.Table.String()), slog.Uint64("row", uint64(r.Index)),
			slog.String("owner", r.Owner), slog.String("why", r.Why))
	}
	if len(removed) > 0 {
		d.wake()
	}
	d.observe()
	d.tellDrops(false)
	d.seen.update(d.meter, d.log)
}

// onChange follows each Set that changed something.
func (d *daemon) onChange() {
	d.wake()
	d.seen.update(d.meter, d.log)
}

// wake makes the trace look whether it may go on.
func (d *daemon) wake() {
	select {
	case d.changed <- struct{}{}:
	default: // it has not looked yet since the last time
	}
}

// observe tells the meter what the source counts, and the log what is lost.
func (d *daemon) observe() {
	stats := d.src.Stats()
	var lost losses
	_ = d.meter.Update(func(s *control.Tables) error {
		lost = lossesOf(&s.State)
		if d.link != nil {
			return d.o.showLink(s, d.link)
		}
		return d.showSource(s, stats)
	})
	d.told.tell(lost, d.log)
}

// showSource shows the trace in ifTable: its counts at its first interface, and a name
// for each further interface, with the one the trace gives it.
func (d *daemon) showSource(s *control.Tables, stats wire.SourceStats) error {
	if d.o.direction != nil {
		return errors.Join(d.o.showDirections(s), s.SetSourceStats(d.o.row(1), stats))
	}
	var names []string
	if src, ok := d.src.(sources.Namer); ok {
		names = src.InterfaceNames()
	}
	for n := s.NextInterface(1); n != 0; n = s.NextInterface(n) {
		x, _ := s.Interface(n)
		if x.Name != "" {
			continue
		}
		name := fmt.Sprintf("%s#%d", d.o.traceName(), n)
		if n <= len(names) && names[n-1] != "" {
			name += " " + names[n-1]
		}
		if err := s.NameInterface(n, name, x.LinkType); err != nil {
			return err
		}
	}
	return s.SetSourceStats(1, stats)
}

// logStatus writes the line that says how the meter is.
func (d *daemon) logStatus(msg string) {
	var attrs []slog.Attr
	d.meter.View(func(s *control.State) {
		c := s.Counts()
		n, _, _ := s.Interval()
		running := 0
		for i := s.NextRuleSet(0); i != 0; i = s.NextRuleSet(i) {
			if r, _ := s.RuleSetRow(i); r.Running {
				running++
			}
		}
		if d.link == nil {
			attrs = append(attrs, slog.String("state", s.TracePhase().String()), slog.Uint64("interval", n))
		}
		attrs = append(attrs, slog.Int64("uptime", int64(s.Uptime())),
			slog.Uint64("packets", c.Packets), slog.Uint64("octets", c.Octets), slog.Int("flows", s.FlowsInUse()),
			slog.Uint64("streams", s.Streams().Live), slog.Int("rulesets", running), slog.Uint64("damaged", s.Damaged()),
			slog.Uint64("recalled", s.Recalled()))
		if d.link != nil {
			attrs = append(attrs, slog.Uint64("lost", d.link.Stats().Dropped))
		}
		if d.o.window != nil {
			attrs = append(attrs, slog.Uint64("outside", d.o.outside()))
		}
		if d.o.filter != nil {
			attrs = append(attrs, slog.Uint64("filtered", d.o.filtered()))
		}
		if t := s.Totals(); t.RefusedPDUs > 0 {
			attrs = append(attrs, slog.Uint64("full", t.RefusedPDUs-t.FloodedPDUs), slog.Uint64("flooded", t.FloodedPDUs))
		}
		if s.FloodMode() {
			attrs = append(attrs, slog.Int("floodmode", s.FloodMark()))
		}
	})
	d.log.LogAttrs(context.Background(), slog.LevelInfo, msg, attrs...)
}
