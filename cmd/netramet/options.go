package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"netramet/internal/command"
	"netramet/internal/direction"
	"netramet/internal/flagerr"
	"netramet/internal/privileges"
	"netramet/internal/reading"
	"netramet/internal/rulefile"
	"netramet/internal/timeopt"
	"netramet/meter"
	"netramet/meter/origin"
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/dag"
	"netramet/sources/filter"
	"netramet/sources/join"

	"github.com/spf13/pflag"
)

// options is the command line.
type options struct {
	traces    []string    // of -C, as they were given
	parts     []join.Part // the files that they mean, once they are open
	cards     []dag.Card  // of -C
	merge     bool
	follow    bool
	interval  uint32 // seconds of packet time, 0: one collection at the end
	intervals uint64 // 0: whole trace
	align     bool   // intervals end at multiples of their length in UTC
	flowFile  string // "": standard output
	top       command.Top
	to        command.To
	rules     []string
	ruleFiles []string // rules and what they include, as readRules found them

	meterName    string
	maxFlows     uint32
	streams      streamOptions
	pairs        pairOptions
	lanes        uint32
	sample       uint32
	seed         uint64
	octets       string
	fcs          int32 // -1: as the trace says
	filterText   string
	filter       *filter.Stage // nil: all frames are metered
	start, end   timeopt.Moment
	window       *reading.Window // nil: the whole trace is metered
	directionBy  string
	direction    *direction.Tagger // nil: interfaces are the trace's
	snap         uint32            // 0: frames are as the trace has them
	inactivity   uint32
	maxGap       time.Duration
	tunnel       string // outer or inner
	noPseudowire bool
	meterID      meterID
	prefixes     string        // file of them; "": none
	origins      *origin.Table // once it is read
	noCache      bool
	allowRefused bool
	sync         bool
	silent       bool
	load         bool
	profile      string
	info         bool
	json         bool
	write        string         // trace file to write; "": none
	writing      *reading.Write // nil: none

	live    liveOptions
	dryRun  bool
	user    string           // to go on as; "": as whoever started it
	becomes *privileges.User // the same
	time    *reading.Live    // of a live meter, once its source is open
	managed managedOptions
	netflow netflowOptions

	library libraryFlag
	compile bool
	form    compileForm
	explain uint64
	version bool
	help    bool

	text string // the options as given, for the flow data file's header
}

// compileForm is what --compile prints, the option alone formRules.
type compileForm string

const (
	formRules   compileForm = "rules"   // low-level rules, which can be read back
	formLowered compileForm = "lowered" // the program that the meter runs
)

// Set implements pflag.Value; check refuses what is none of the two.
func (c *compileForm) Set(text string) error {
	if *c = compileForm(text); text == "true" {
		*c = formRules
	}
	return nil
}

func (c *compileForm) String() string { return string(*c) }

// Type implements pflag.Value: help shows the option as one without a value.
func (c *compileForm) Type() string { return "bool" }

// newFlags declares the options.
func newFlags(o *options) *pflag.FlagSet {
	o.inactivity, o.maxGap, o.managed.linger = 600, meter.DefaultMaxGap, 5
	f := pflag.NewFlagSet("netramet", pflag.ContinueOnError)
	f.SortFlags = false
	f.SetOutput(io.Discard)
	f.StringArrayVarP(&o.traces, "trace", "C", nil, "`TRACE` to meter: a path, format:path, a pattern as 'day/*.gz', tcp://host:port, netflow://[ADDRESS]:PORT for what exporters send there, or - for standard input; or dag:device, a DAG card; may be repeated: files are read in the order of their names")
	f.StringArrayVarP(&o.traces, "source", "S", nil, "`TRACE` to meter: the older spelling of -C")
	f.BoolVar(&o.merge, "merge", false, "merge the packets of several files by time")
	f.BoolVar(&o.follow, "follow", false, "wait at the end of a file that still grows, until interrupted; of a pipe: it may be silent for long")
	o.live.declare(f)
	f.VarP(timeopt.Seconds(&o.interval, 0, math.MaxUint32), "interval", "T", "collect after every `SECONDS` of packet time; 0: once, at the end")
	f.BoolVar(&o.align, "align", false, "end the intervals of -T at multiples of it in UTC, as at full minutes; the first one is shorter")
	f.Uint64VarP(&o.intervals, "intervals", "N", 0, "stop after `COUNT` intervals of -T; 0: the whole trace")
	f.StringVarP(&o.flowFile, "flow-file", "F", "", "write the flow data to `FILE`, replacing it, or with -i appending; default: standard output")
	o.to.Declare(f, "write the flow data to")
	o.top.Declare(f, "at the end, or after each interval of -T")
	f.StringVar(&o.meterName, "meter-name", "", "`NAME` of the meter in the flow data; default: the trace's base name")
	f.Uint32VarP(&o.maxFlows, "max-flows", "f", meter.DefaultMaxFlows, "hold at most `COUNT` flows; memory is taken as needed")
	o.streams.declare(f)
	o.pairs.declare(f)
	o.netflow.declare(f)
	f.Uint32Var(&o.lanes, "lanes", 1, "share the work out to `COUNT` lanes: one reads a trace ahead of the others, or, where there are many flows, all meter side by side; the result is the same")
	f.Uint32VarP(&o.sample, "sample", "n", 1, "meter one packet in `N`, chosen by chance")
	f.Uint64Var(&o.seed, "seed", 1, "`NUMBER` that the chance of -n starts from")
	f.StringVar(&o.octets, "octets", "frame", "count octets of the `LAYER`: frame (on the wire) or peer (IP)")
	f.StringVar(&o.tunnel, "tunnel", "outer", "meter a tunnel's `LAYER`: outer, or inner: the innermost IP packet that is carried")
	f.BoolVar(&o.noPseudowire, "no-pseudowires", false, "do not look for Ethernet frames behind MPLS labels")
	f.Int32Var(&o.fcs, "fcs", -1, "`OCTETS` of frame check sequence that the trace's lengths count: 0 or 4; default: as its format has it")
	f.StringVar(&o.filterText, "filter", "", "meter only the packets that `EXPR` selects, in tcpdump's language")
	f.Var(&o.start, "start", "meter from `TIME` on: '2026-01-05 14:00:00' (UTC), 14:00, or +90s after the trace's first packet")
	f.Var(&o.end, "end", "meter what is before `TIME`")
	f.Uint32Var(&o.snap, "snap", 0, "cut packets to `OCTETS` before they are looked at; their length counts whole")
	f.StringVar(&o.directionBy, "direction", "interface", "what interfaces stand for: `interface`, those of the trace, or nets:FILE or macs:FILE, the direction: 1 in, 2 out, 3 other, by lists of what is inside")
	f.Var(timeopt.Seconds(&o.inactivity, 0, math.MaxUint32), "inactivity", "recover flows idle for `SECONDS`, once they are collected")
	f.Var(timeopt.Length(&o.maxGap), "max-gap", "doubt a step of time over `LENGTH`: the 16 packets behind it decide; e.g. 36h, 90m")
	f.StringVar(&o.prefixes, "prefixes", "", "`FILE` of prefixes and the systems that announce them, for SourceASN, DestPrefix and so on")
	f.Var(&o.meterID, "meter-id", "value of the attribute MeterID: a `NUMBER`, or an IPv4 address")
	f.BoolVar(&o.noCache, "no-cache", false, "run the rules for every packet; the result is the same")
	f.BoolVar(&o.allowRefused, "allow-refused", false, "exit 0 even if the flow table was full (-f)")
	f.BoolVar(&o.sync, "sync", false, "force each collection to disk before going on")
	f.BoolVar(&o.load, "load", false, "tell in the summary how much lanes, tables and remembered verdicts had to do")
	f.BoolVarP(&o.silent, "silent", "s", false, "no progress and no summary on standard error; in the log, warnings and errors only")
	f.StringVar(&o.write, "write", "", "write the packets that are metered to `FILE`, or - for standard output: .pcap, .pcapng or .erf, perhaps with .gz, .zst, .xz, .lz4, .sz; without rule files that is all")
	f.BoolVar(&o.info, "info", false, "say what each of the traces is that are operands, and end")
	f.BoolVar(&o.json, "json", false, "with --info: as one line of JSON for each trace")
	f.BoolVar(&o.dryRun, "dry-run", false, "open and check everything, and end: sources, rules, users, sockets, what would be written")
	f.StringVar(&o.user, "user", "", "go on as user `NAME` when all is open, with no right but that of capturing (Linux)")
	f.StringVar(&o.profile, "profile", "", "write to `FILE`, or - for standard output, where the processor's time goes, for go tool pprof")
	o.declareLibrary(f)
	f.Var(&o.form, "compile", "print the rule sets as low-level rules and end; --compile=lowered: as the meter runs them")
	f.Lookup("compile").NoOptDefVal = "true"
	f.Uint64Var(&o.explain, "explain", 0, "show how packet `N` of the trace runs through the rules, and end")
	o.managed.declare(f)
	f.BoolVarP(&o.version, "version", "V", false, "print the version and end")
	f.BoolVarP(&o.help, "help", "h", false, "print this help and end")
	f.Lookup("fcs").DefValue = "0" // no number to print: its text tells the default
	return f
}

// parseOptions reads the command line and checks what can be checked without
// opening anything.
func parseOptions(args []string) (*options, error) {
	o := &options{}
	f := newFlags(o)
	flagerr.Once(f)
	args = command.TopArgs(args)
	if err := f.Parse(args); err != nil {
		return nil, flagerr.Explain(err, f, args)
	}
	if o.help {
		return nil, pflag.ErrHelp
	}
	o.rules = f.Args()
	o.compile = f.Changed("compile")
	o.text = optionText(f)
	if o.version {
		return o, nil
	}
	return o, o.check(f)
}

func (o *options) check(f *pflag.FlagSet) error {
	if o.library.asked {
		return o.checkLibrary(f)
	}
	if o.info || o.json {
		return o.checkInfo(f)
	}
	if o.compile || f.Changed("explain") {
		switch {
		case o.compile && f.Changed("explain"):
			return errors.New("--compile and --explain: give one of the two")
		case o.compile && o.form != formRules && o.form != formLowered:
			return fmt.Errorf("--compile=%s: it is --compile=%s, or --compile=%s", o.form, formRules, formLowered)
		case len(o.rules) == 0:
			return errors.New("no rule file: name one or more SRL or .rules files, or a shipped rule set, as @hosts")
		case f.Changed("write"):
			return errors.New("--write goes with metering: --compile and --explain print to standard output")
		case f.Changed("flow-file"):
			return errors.New("-F is for flow data: --compile and --explain print to standard output")
		case f.Changed("to"):
			return errors.New("--to is for flow data: --compile and --explain print to standard output")
		case f.Changed("top"):
			return errors.New("--top is for flow data: --compile and --explain print to standard output")
		case f.Changed("dump-streams"):
			return errors.New("--dump-streams is for metering: --compile and --explain print to standard output")
		case f.Changed("dump-pairs"):
			return errors.New("--dump-pairs is for metering: --compile and --explain print to standard output")
		}
	}
	if err := o.checkMode(f); err != nil || o.compile {
		return err
	}
	if err := o.checkLive(f); err != nil {
		return err
	}
	switch {
	case o.isLive():
	case len(o.traces) == 0 && len(o.rules) == 0 && o.write != "":
		return errors.New("nothing to write: give a trace with -C, or an interface with -i")
	case len(o.traces) == 0 && len(o.rules) == 0 && f.Changed("read") && rulefile.IsTrace(o.managed.read):
		return fmt.Errorf("no trace: give %s with -C (-r is the community that may read)", o.managed.read)
	case len(o.traces) == 0 && len(o.rules) == 0:
		return errors.New("nothing to meter: give a trace with -C, or an interface with -i")
	case len(o.traces) == 0:
		if i := slices.IndexFunc(o.rules, rulefile.IsTrace); i >= 0 {
			return fmt.Errorf("no trace: give %s with -C", o.rules[i])
		}
		return errors.New("no trace: give one with -C, or an interface with -i")
	}
	switch {
	case f.Changed("trace") && f.Changed("source"):
		return errors.New("-C and -S are the same option: give one of them, as often as you like")
	case slices.Contains(o.traces, ""):
		return errors.New("-C \"\": it is the name of a trace")
	case o.octets != "frame" && o.octets != "peer":
		return fmt.Errorf("--octets %q: it is frame or peer", o.octets)
	case o.tunnel != "outer" && o.tunnel != "inner":
		return fmt.Errorf("--tunnel %q: it is outer or inner", o.tunnel)
	case o.sample == 0:
		return errors.New("-n 0: sampling takes one packet in N, N from 1")
	case o.maxFlows == 0:
		return errors.New("-f 0: a flow table needs room for one flow")
	case o.lanes == 0:
		return errors.New("--lanes 0: packets need one lane")
	case o.lanes > meter.MaxLanes:
		return fmt.Errorf("--lanes %d: there are at most %d", o.lanes, meter.MaxLanes)
	case o.maxFlows > math.MaxInt32 || o.streams.most > math.MaxInt32:
		return fmt.Errorf("-f and -t: tables hold at most %d", math.MaxInt32)
	case o.intervals > 0 && o.interval == 0:
		return errors.New("-N counts intervals: give their length with -T")
	case o.align && o.interval == 0:
		return errors.New("--align is about intervals: give their length with -T")
	case o.maxGap <= 0:
		return fmt.Errorf("--max-gap %v: it is a positive length of time", o.maxGap)
	case o.managed.readers > mib.MaxRows:
		return fmt.Errorf("--readers %d: a meter has at most %d", o.managed.readers, mib.MaxRows)
	case f.Changed("explain") && o.explain == 0:
		return errors.New("--explain 0: packets are numbered from 1")
	case f.Changed("flow-file") && o.flowFile == "":
		return errors.New("-F \"\": it is the name of a file, or - for standard output")
	case f.Changed("user") && o.user == "":
		return errors.New("--user \"\": it is the name of a user")
	case o.dryRun && f.Changed("explain"):
		return errors.New("--dry-run is for metering: --explain ends by itself")
	case f.Changed("prefixes") && o.prefixes == "":
		return errors.New("--prefixes \"\": it is the name of a file")
	case f.Changed("snap") && o.snap == 0:
		return errors.New("--snap 0: it leaves nothing of a packet; say how many octets, as 96")
	}
	if err := o.checkFCS(f); err != nil {
		return err
	}
	if err := o.checkTo(f); err != nil {
		return err
	}
	if err := o.checkTop(f); err != nil {
		return err
	}
	if f.Changed("write") {
		if err := o.checkWrite(f); err != nil {
			return err
		}
	}
	if err := o.streams.check(f); err != nil {
		return err
	}
	if err := o.pairs.check(f); err != nil {
		return err
	}
	if err := o.checkTargets(); err != nil {
		return err
	}
	if err := o.checkNetFlow(f); err != nil {
		return err
	}
	if err := direction.Check(o.directionBy); err != nil {
		return fmt.Errorf("--direction %q: %w", o.directionBy, err)
	}
	if f.Changed("filter") {
		if err := o.readFilter(); err != nil {
			return err
		}
	}
	if o.start.Given() || o.end.Given() {
		return o.readWindow()
	}
	return nil
}

func (o *options) checkFCS(f *pflag.FlagSet) error {
	if f.Changed("fcs") && o.fcs != 0 && o.fcs != 4 {
		return fmt.Errorf("--fcs %d: it is 0 or 4", o.fcs)
	}
	return nil
}

// isManaged reports whether the command is the managed meter: rule sets come
// from managers, not from files.
func (o *options) isManaged() bool { return len(o.rules) == 0 && o.write == "" }

// meterConfig is the part of the options that the meter needs.
func (o *options) meterConfig() meter.Config {
	c := meter.Config{
		MaxFlows:     int(o.maxFlows),
		Streams:      o.streams.config(),
		Lanes:        int(o.lanes),
		Inactivity:   time.Duration(o.inactivity) * time.Second,
		SampleRate:   o.sample,
		Seed:         o.seed,
		Records:      o.hasRecords(),
		MaxGap:       o.maxGap,
		MeterID:      uint32(o.meterID),
		Origins:      o.origins,
		Interval:     time.Duration(o.interval) * time.Second,
		MaxIntervals: o.intervals,
		Align:        o.align,
		Live:         o.isLive(),
	}
	o.pairs.set(&c)
	if o.inactivity == 0 {
		c.Inactivity = meter.NoInactivity
	}
	if o.octets == "peer" {
		c.Octets = meter.PeerOctets
	}
	if o.tunnel == "inner" {
		c.Depth |= packet.InTunnels
	}
	if o.noPseudowire {
		c.Depth |= packet.NoPseudowires
	}
	if o.noCache {
		c.Cache = meter.NoCache
	}
	return c
}

// optionText renders the options that were given, in their short form where
// they have one, and the rule files. Output files are not part of what was
// measured and are left out, so that the same measurement has the same header.
func optionText(f *pflag.FlagSet) string {
	var parts []string
	f.Visit(func(fl *pflag.Flag) {
		switch fl.Name {
		case "flow-file", "to", "names", "top", "sort", "exact", "silent", "load", "sync", "no-cache", "allow-refused", "lanes", "profile", "write", "dump-streams", "dump-pairs", "user", "dry-run":
			return
		}
		name := "--" + fl.Name
		if fl.Shorthand != "" {
			name = "-" + fl.Shorthand
		}
		switch value := fl.Value.String(); {
		case fl.Value.Type() == "bool", fl.NoOptDefVal != "" && value == fl.NoOptDefVal:
			parts = append(parts, name)
			return
		case fl.NoOptDefVal != "":
			parts = append(parts, name+"="+value)
			return
		}
		if list, ok := fl.Value.(pflag.SliceValue); ok {
			for _, value := range list.GetSlice() {
				parts = append(parts, name+" "+value)
			}
			return
		}
		value := fl.Value.String()
		if fl.Name == "filter" || strings.Contains(value, " ") && fl.Value.Type() == "moment" { // which have no quotes in them
			value = "'" + value + "'"
		}
		parts = append(parts, name+" "+value)
	})
	return strings.Join(append(parts, f.Args()...), " ")
}
