package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"netramet/internal/command"
	"netramet/internal/fileaccess"
	"netramet/internal/flagerr"
	"netramet/internal/plaintext"
	"netramet/internal/timeopt"
	"netramet/mib"
	"netramet/mib/client"
	"netramet/ruleset/library"
)

// options is the command line, or one record of the config file on top of it.
type options struct {
	warnings *[]string // of what was read; shared by the records of a config file

	meter     string
	community string

	interval  uint32 // seconds
	rules     []string
	standby   string
	highWater int32 // -1: by itself
	flowFile  string
	top       command.Top
	to        command.To
	flows     flowsOptions
	logFile   string
	config    string
	keepalive uint32 // seconds
	inactive  int    // seconds, -1: the meter's
	floodMark int32  // percent, -1: the meter's
	trace     bool
	port      uint16

	snmp     string
	user     string
	level    string
	auth     string
	authPass string
	priv     string
	privPass string

	owner         string
	meterName     string
	wait          uint32 // seconds
	retries       int32
	timeout       time.Duration
	datagram      int32
	readerTimeout int // seconds, -1: by itself
	sync          bool
	utc           bool
	removeRows    bool

	downloadOnly bool
	readOnly     []string
	formats      []string
	prefixes     string

	list    bool
	stop    []string
	destroy []string
	force   bool
	check   bool
	compile bool
	version bool

	operands []string
	given    map[string]string // options as given, by name, for the header
	// portGiven and intervalGiven say that -m and -c stand on the command line, or
	// in the record itself.
	portGiven, intervalGiven bool
	security                 client.Security
	tells                    bool // the record in the config file holds a secret itself
}

func defaults() *options {
	return &options{
		warnings: new([]string),
		interval: 300, highWater: -1, keepalive: 60, inactive: -1, floodMark: -1, port: client.DefaultPort,
		snmp: "2c", wait: 60, retries: client.DefaultRetries, timeout: client.DefaultTimeout, readerTimeout: -1,
	}
}

// newFlags declares the options, whose defaults are what o holds.
func newFlags(o *options) *pflag.FlagSet {
	f := pflag.NewFlagSet("nemac", pflag.ContinueOnError)
	f.SortFlags = false
	f.SetOutput(io.Discard)
	f.VarP(timeopt.Seconds(&o.interval, 0, maxSeconds), "interval", "c", "collect every `SECONDS`, at multiples of that in the time of day; with --top alone 10")
	f.StringArrayVarP(&o.rules, "rules", "r", o.rules, "rule `FILE` to run on the meter, or a shipped rule set as @hosts; may be given several times; --rules alone lists those")
	f.StringVarP(&o.standby, "standby", "e", o.standby, "rule `FILE` that the meter changes to when its flow table fills up")
	f.Int32VarP(&o.highWater, "high-water", "o", o.highWater, "`PERCENT` of the flow table from which the meter changes to -e; -1: 65 with -e")
	f.StringVarP(&o.flowFile, "flow-file", "F", o.flowFile, "append the flow data to `FILE`, - is standard output; default: METER.flows.001, or the next free number")
	o.to.Declare(f, "append the flow data to")
	o.top.Declare(f, "with each collection")
	f.StringVarP(&o.logFile, "log-file", "L", o.logFile, "write the log to `FILE`, - is standard error; default: nemac.log.001, or the next free number")
	f.StringVarP(&o.config, "config", "f", o.config, "look after the meters of `FILE`, one record each; - is standard input")
	f.VarP(timeopt.Seconds(&o.keepalive, 0, maxSeconds), "keepalive", "k", "see every `SECONDS` whether the meter was started again")
	f.VarP(timeopt.Seconds(&o.inactive, -1, maxSeconds), "inactivity", "i", "let the meter recover flows idle for `SECONDS`; -1: as the meter has it")
	f.Int32Var(&o.floodMark, "flood-mark", o.floodMark, "`PERCENT` of the flow table at which the meter takes no new flows; -1: as the meter has it")
	f.BoolVarP(&o.trace, "trace", "C", o.trace, "keep in step with a meter that reads a trace")
	f.Uint16VarP(&o.port, "port", "m", o.port, "UDP `PORT` of the meter")
	f.StringVarP(&o.snmp, "snmp", "v", o.snmp, "SNMP `VERSION`: 1, 2c or 3")
	f.StringVarP(&o.user, "user", "u", o.user, "SNMPv3 user `NAME`")
	f.StringVarP(&o.level, "level", "l", o.level, "SNMPv3 `LEVEL`: noAuthNoPriv, authNoPriv or authPriv; default: by the passphrases")
	f.StringVarP(&o.auth, "auth", "a", o.auth, "SNMPv3 authentication `PROTOCOL`: MD5, SHA, SHA-224, SHA-256, SHA-384, SHA-512")
	f.StringVarP(&o.authPass, "auth-pass", "A", o.authPass, "SNMPv3 authentication `PASSPHRASE`, or @FILE")
	f.StringVarP(&o.priv, "priv", "x", o.priv, "SNMPv3 privacy `PROTOCOL`: DES, AES, AES-192, AES-256")
	f.StringVarP(&o.privPass, "priv-pass", "X", o.privPass, "SNMPv3 privacy `PASSPHRASE`, or @FILE")
	f.StringVar(&o.owner, "owner", o.owner, "`NAME` our rows on the meter belong to; default: nemac@HOST:METER:RULES")
	f.StringVar(&o.meterName, "meter-name", o.meterName, "`NAME` of the meter in the flow data; default: METER")
	f.Var(timeopt.Seconds(&o.wait, 0, maxSeconds), "wait", "wait at most `SECONDS` for a meter that does not answer at the start")
	f.Int32Var(&o.retries, "retries", o.retries, "ask `COUNT` more times if no answer comes")
	f.Var(timeopt.Length(&o.timeout), "timeout", "wait `TIME` for each answer, e.g. 500ms")
	f.Int32Var(&o.datagram, "datagram", o.datagram, "ask for messages of at most `OCTETS`; 0: as much as gets through")
	f.Var(timeopt.Seconds(&o.readerTimeout, -1, maxSeconds), "reader-timeout", "let the meter forget us after `SECONDS` without a collection, 0: never; -1: 60 with -C, else four intervals")
	f.BoolVar(&o.sync, "sync", o.sync, "force each collection to disk before the meter is told of it")
	f.BoolVar(&o.utc, "utc", o.utc, "print and align times of day in UTC, not local time")
	f.BoolVar(&o.removeRows, "remove-rows", o.removeRows, "when told to end, remove rule sets and rows from the meter")
	f.BoolVar(&o.downloadOnly, "download-only", o.downloadOnly, "put the rule sets on the meter, start them, and end")
	f.StringArrayVar(&o.readOnly, "read-only", o.readOnly, "read the rule set `NAME` that somebody else runs; may be given several times")
	f.StringVar(&o.prefixes, "prefixes", o.prefixes, "`FILE` of prefixes, the meter's, whose names stand beside the numbers of SourceASN and DestASN")
	f.StringArrayVar(&o.formats, "format", o.formats, "rule `FILE` whose FORMAT is used for --read-only; one for all, or one for each")
	f.BoolVar(&o.list, "list", false, "show the meter's rule sets, tasks, readers and figures, and end")
	f.StringArrayVar(&o.stop, "stop", nil, "end the tasks that run rule set `NAME` (or number)")
	f.StringArrayVar(&o.destroy, "destroy", nil, "end the tasks that run rule set `NAME` (or number), and remove it with its flows")
	f.BoolVar(&o.force, "force", false, "let --stop and --destroy end what belongs to somebody else")
	f.BoolVar(&o.check, "check", false, "check the rule files given as operands, and end")
	f.BoolVar(&o.compile, "compile", false, "print the rule files given as operands as low-level rules, and end")
	o.flows.declare(f)
	f.BoolVarP(&o.version, "version", "V", false, "print the version and end")
	f.BoolP("help", "h", false, "print this help and end")
	return f
}

// global are the options that a record of the config file cannot have.
var global = []string{"config", "log-file", "list", "stop", "destroy", "force", "check", "compile", "version", "flows", "where", "by", "every", "ruleset", "counters"}

// unshown are the options that the header of a flow data file leaves out:
// secrets, and what is no part of the measurement, so that the same
// measurement has the same header.
var unshown = map[string]bool{
	"auth-pass": true, "priv-pass": true, "user": true,
	"flow-file": true, "to": true, "names": true, "prefixes": true, "top": true, "sort": true, "exact": true, "log-file": true, "config": true, "sync": true, "wait": true,
	"retries": true, "timeout": true, "datagram": true, "owner": true, "keepalive": true,
}

// parseOptions reads the command line and checks what can be checked without
// opening anything but files of secrets.
func parseOptions(args []string, env func(string) string) (*options, error) {
	o := defaults()
	f := newFlags(o)
	flagerr.Once(f)
	args = command.TopArgs(args)
	if err := f.Parse(args); err != nil {
		return nil, flagerr.Explain(err, f, args)
	}
	if f.Changed("help") {
		return nil, pflag.ErrHelp
	}
	o.take(f)
	if asked, err := o.checkFlows(f); asked || err != nil {
		return o, err
	}
	if err := o.checkTo(f); err != nil {
		return nil, err
	}
	if err := o.checkTop(f); err != nil {
		return nil, err
	}
	if o.version || o.config != "" {
		switch {
		case o.version:
		case o.list || o.check || o.compile || len(o.stop)+len(o.destroy) > 0:
			return nil, errors.New("-f is for collecting: --list, --stop, --destroy, --check and --compile go without it")
		case len(o.operands) > 0:
			return nil, errors.New("with -f the meters stand in the file, not on the command line")
		}
		return o, o.checkRanges()
	}
	return o, o.complete(env)
}

// take remembers what was given.
func (o *options) take(f *pflag.FlagSet) {
	given := map[string]string{}
	for n, v := range o.given {
		given[n] = v
	}
	f.Visit(func(fl *pflag.Flag) {
		if selects := (fl.Name == "top" || fl.Name == "sort") && f.Changed("flows"); unshown[fl.Name] && !selects {
			return
		}
		name := "--" + fl.Name
		if fl.Shorthand != "" {
			name = "-" + fl.Shorthand
		}
		if fl.Value.Type() != "bool" {
			value := fl.Value.String()
			if list, ok := fl.Value.(pflag.SliceValue); ok {
				value = strings.Join(list.GetSlice(), " "+name+" ")
			}
			name += " " + value
		}
		given[fl.Name] = name
	})
	o.given, o.operands = given, f.Args()
	o.portGiven, o.intervalGiven = f.Changed("port"), f.Changed("interval")
}

// text renders the options that were given, without secrets.
func (o *options) text() string {
	var parts []string
	newFlags(defaults()).VisitAll(func(fl *pflag.Flag) {
		if s, ok := o.given[fl.Name]; ok {
			parts = append(parts, s)
		}
	})
	return strings.Join(parts, " ")
}

// complete resolves the operands and secrets and checks all values.
func (o *options) complete(env func(string) string) error {
	if err := o.checkRanges(); err != nil {
		return err
	}
	works := 0
	for _, asked := range []bool{o.list, len(o.stop)+len(o.destroy) > 0, o.check, o.compile, o.downloadOnly} {
		if asked {
			works++
		}
	}
	if works > 1 {
		return errors.New("--list, --stop and --destroy, --check, --compile, --download-only: one of these at a time")
	}
	if o.check || o.compile {
		o.rules = append(o.rules[:len(o.rules):len(o.rules)], o.operands...)
		if len(o.rules) == 0 {
			return errors.New("no rule file: name one or more SRL or .rules files, or a shipped rule set, as @hosts")
		}
		return nil
	}
	if err := o.setMeter(env); err != nil {
		return err
	}
	if err := o.secure(env); err != nil {
		return err
	}
	if o.list || len(o.stop)+len(o.destroy) > 0 {
		return nil
	}
	return o.checkJob()
}

// setMeter takes METER and COMMUNITY from the operands, or the environment.
func (o *options) setMeter(env func(string) string) error {
	o.meter, o.community = env("NEMAC_METER"), env("NEMAC_COMMUNITY")
	if len(o.operands) > 0 {
		o.meter = o.operands[0]
	}
	if len(o.operands) > 1 {
		o.community = o.operands[1]
	}
	switch {
	case len(o.operands) > 2:
		// What is left over may be a piece of a passphrase: it is not shown.
		hint := "what holds blanks needs quotes"
		if info, err := os.Stat(o.operands[0]); err == nil && info.Mode().IsRegular() {
			hint = "the first is a file: rule files are given with -r, and -C takes no trace, which is netramet's"
		}
		return fmt.Errorf("%d words that belong to no option, where METER and COMMUNITY are all (%s)", len(o.operands), hint)
	case o.meter == "":
		return errors.New("no meter: name its host or address")
	}
	host, port, err := splitMeter(o.meter)
	if err != nil {
		return err
	}
	if port != "" {
		n, _ := strconv.ParseUint(port, 10, 16) // it was seen to be one
		if o.portGiven && uint16(n) != o.port {
			return fmt.Errorf("METER says port %d and -m says %d: give one of them", n, o.port)
		}
		o.port = uint16(n)
	}
	o.meter = host
	if o.meterName == "" {
		o.meterName = o.meter
	}
	return nil
}

// secure makes the security of the SNMP messages.
func (o *options) secure(env func(string) string) error {
	v, err := client.ParseVersion(o.snmp)
	if err != nil {
		return fmt.Errorf("-v: %w", err)
	}
	for _, s := range []struct {
		value *string
		what  string
		env   string
	}{
		{&o.community, "community", ""}, {&o.user, "-u", "NEMAC_USER"},
		{&o.authPass, "-A", "NEMAC_AUTH_PASS"}, {&o.privPass, "-X", "NEMAC_PRIV_PASS"},
	} {
		if *s.value == "" && s.env != "" {
			*s.value = env(s.env)
		}
		if *s.value, err = o.secret(*s.value); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	o.security = client.Security{
		Version: v, Community: o.community, User: o.user, Level: o.level,
		Auth: o.auth, AuthPass: o.authPass, Priv: o.priv, PrivPass: o.privPass,
	}
	if v != client.V3 && o.community == "" {
		return errors.New("no community: give it after the meter, in NEMAC_COMMUNITY, or as @FILE; or use SNMPv3 (-v 3 -u USER)")
	}
	return o.security.Check()
}

// maxSecret bounds a file with a secret, in octets.
const maxSecret = 4096

// warnOf notes a warning of a file with secrets that is open to all.
func (o *options) warnOf(f *os.File) {
	if fi, err := f.Stat(); err == nil {
		if err := fileaccess.OpenToAll(f.Name(), fi); err != nil {
			*o.warnings = append(*o.warnings, err.Error())
		}
	}
}

// secret resolves @FILE to the file's first line.
func (o *options) secret(s string) (string, error) {
	name, ok := strings.CutPrefix(s, "@")
	if !ok {
		return s, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("file with a secret: %w", err)
	}
	defer f.Close()
	o.warnOf(f)
	b, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return "", fmt.Errorf("file with a secret: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("file with a secret: the first line of %s is empty", name)
	}
	return line, nil
}

// maxSeconds bounds times that the meter keeps in 31 bits.
const maxSeconds = 1<<31 - 1

// checkRanges refuses numbers that mean nothing, whatever the job.
func (o *options) checkRanges() error {
	switch {
	case o.port == 0:
		return errors.New("-m 0 is no port")
	case o.interval == 0 || o.interval > 86400:
		return fmt.Errorf("-c %d: collections are 1 to 86400 seconds apart", o.interval)
	case o.keepalive == 0:
		return errors.New("-k 0: a keepalive interval is at least 1 second")
	case o.highWater < -1 || o.highWater > 100:
		return fmt.Errorf("-o %d: it is a percentage, 0 to 100", o.highWater)
	case o.floodMark < -1 || o.floodMark > 100:
		return fmt.Errorf("--flood-mark %d: it is a percentage, 0 to 100", o.floodMark)
	case o.retries < 0 || o.retries > 100:
		return fmt.Errorf("--retries %d: 0 to 100", o.retries)
	case o.timeout < time.Millisecond || o.timeout > 5*time.Minute:
		return fmt.Errorf("--timeout %v: 1ms to 5m", o.timeout)
	case o.datagram != 0 && (o.datagram < client.MinDatagram || o.datagram > client.MaxDatagram):
		return fmt.Errorf("--datagram %d: %d to %d", o.datagram, client.MinDatagram, client.MaxDatagram)
	}
	return nil
}

func (o *options) checkJob() error {
	switch {
	case len(o.rules) > 0 && len(o.readOnly) > 0:
		return errors.New("-r runs rule sets and --read-only reads those of others: use one of them (--format gives a FORMAT)")
	case len(o.rules) == 0 && len(o.readOnly) == 0:
		return errors.New("nothing to do: give a rule file with -r, or a rule set of the meter with --read-only")
	case o.downloadOnly && len(o.readOnly) > 0:
		return errors.New("--download-only and --read-only leave nothing to do")
	case o.standby != "" && len(o.readOnly) > 0:
		return errors.New("-e is for rule sets that -r runs")
	case len(o.formats) > 0 && len(o.readOnly) == 0:
		return errors.New("--format is for --read-only; a rule file of -r has its own FORMAT")
	case len(o.formats) > 1 && len(o.formats) != len(o.readOnly):
		return fmt.Errorf("%d --format for %d --read-only: give one, or as many", len(o.formats), len(o.readOnly))
	case o.highWater > 0 && o.standby == "":
		return errors.New("-o needs a standby rule file (-e)")
	case len(o.owner) > mib.MaxOwner:
		return fmt.Errorf("--owner has more than %d octets", mib.MaxOwner)
	case plaintext.Clean(o.owner) != o.owner:
		return fmt.Errorf("--owner %q has characters that cannot be shown", o.owner)
	}
	return nil
}

// ownerName is who our rows belong to: what runs where on which meter, so that
// it is the same after a restart, and another's nemac has another.
func (o *options) ownerName() string {
	if o.owner != "" {
		return o.owner
	}
	var names []string
	for _, r := range o.rules {
		if !library.Names(r) { // whose parameter may hold a /
			r = filepath.Base(r)
		}
		names = append(names, r)
	}
	for _, r := range o.readOnly {
		names = append(names, "read="+r)
	}
	name := ownerHead() + o.meter + ":" + strings.Join(names, ",")
	if o.looksOnly() {
		name = ownerHead() + o.meter + ":top:" + strings.Join(names, ",") // beside one that collects
	}
	name = plaintext.Clean(name) // as it is read back from the meter
	if len(name) > mib.MaxOwner {
		sum := sha256.Sum256([]byte(name))
		tail := ":" + hex.EncodeToString(sum[:8])
		name = strings.ToValidUTF8(name[:mib.MaxOwner-len(tail)], "") + tail
	}
	return name
}

// ownerHead begins the Owner of all rows made on this host.
func ownerHead() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return "nemac@" + host + ":"
}

// target is the meter's host and port.
func (o *options) target() string {
	return net.JoinHostPort(o.meter, strconv.Itoa(int(o.port)))
}

// clientOptions is the part of the options that talking to the meter needs.
func (o *options) clientOptions() client.Options {
	c := client.Options{
		Host: o.meter, Port: o.port, Security: o.security,
		Timeout: o.timeout, Retries: int(o.retries), Datagram: int(o.datagram),
	}
	if c.Retries == 0 {
		c.Retries = -1
	}
	return c
}
