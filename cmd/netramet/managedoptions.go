package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"strings"

	"netramet/internal/timeopt"
	"netramet/ruleset/library"

	"github.com/spf13/pflag"
)

// managedOptions are the options of the managed meter alone.
type managedOptions struct {
	port       uint16
	listen     []string
	read       string // community; "" is none
	write      string
	given      bool // some community was given
	users      string
	state      string
	logFile    string
	logLevel   string
	readers    uint32
	linger     uint32 // seconds
	noKeyboard bool
	daemon     bool
}

// defaultPort is SNMP's.
const defaultPort = 161

// declare declares them; onlyManaged lists their names.
func (m *managedOptions) declare(f *pflag.FlagSet) {
	f.Uint16VarP(&m.port, "port", "m", defaultPort, "answer SNMP on UDP `PORT`; 0: a free one, which the log names")
	f.StringArrayVar(&m.listen, "listen", nil, "answer on `ADDRESS`, or ADDRESS:PORT; may be repeated; default: 127.0.0.1 and ::1")
	f.StringVarP(&m.read, "read", "r", "public", "`COMMUNITY` that may read; \"\" or -w alone: none")
	f.StringVarP(&m.write, "readwrite", "w", "private", "`COMMUNITY` that may read and write; \"\": none")
	f.StringVar(&m.users, "users", "", "`FILE` of SNMPv3 users, communities and their views")
	f.StringVar(&m.state, "state", "", "keep SNMPv3's engine ID and boots in `FILE`; default: a new engine ID each time")
	f.StringVarP(&m.logFile, "log", "L", "", "append the log to `FILE`; default, and -: standard error")
	f.StringVar(&m.logLevel, "log-level", "info", "log what is of this `LEVEL` or above: debug, info, warn, error")
	f.Uint32Var(&m.readers, "readers", 1, "start the trace when `COUNT` managers are ready")
	f.Var(timeopt.Seconds(&m.linger, 0, math.MaxUint32), "linger", "after the end, leave when the readers that wait for it have all, or `SECONDS` have passed without SNMP")
	f.BoolVarP(&m.noKeyboard, "no-keyboard", "k", false, "accepted: the meter reads no keys")
	f.BoolVarP(&m.daemon, "daemon", "D", false, "accepted: the meter stays in the foreground, as service managers want it")
}

// onlyManaged and onlyBatch name the options that make no sense with rule
// files, and without.
var (
	onlyManaged = []string{"port", "listen", "read", "readwrite", "users", "state",
		"log", "log-level", "readers", "linger", "no-keyboard", "daemon"}
	onlyBatch = []string{"flow-file", "sync", "top", "sort", "exact", "to", "names", "amounts", "load"}
)

// checkMode checks that the options suit the way the command is used.
func (o *options) checkMode(f *pflag.FlagSet) error {
	bad, why := onlyManaged, "is for the managed meter, which takes no rule files"
	if o.write != "" {
		why = "is for the managed meter, which has no --write"
	}
	if o.isManaged() {
		bad, why = onlyBatch, "needs rule files: a managed meter leaves flow data to its readers"
	}
	for _, name := range bad {
		if fl := f.Lookup(name); fl.Changed {
			if name == "top" {
				return errors.New("--top shows the flows of rule sets: name one, as @hosts; those of a managed meter shows nemac --top")
			}
			if name == "to" {
				return errors.New("--to writes the flows of rule sets: name one, as @hosts; those of a managed meter writes nemac --to")
			}
			if fl.Shorthand != "" {
				name = fl.Shorthand
			}
			return fmt.Errorf("%s %s", dashed(name), why)
		}
	}
	m := &o.managed
	m.given = f.Changed("read") || f.Changed("readwrite")
	if f.Changed("readwrite") && !f.Changed("read") {
		m.read = "" // who chooses a secret does not want "public" beside it
	}
	for _, c := range []struct{ option, value string }{{"-r", m.read}, {"-w", m.write}} {
		if strings.HasSuffix(c.value, ".srl") || strings.HasSuffix(c.value, ".rules") {
			return fmt.Errorf("%s gives a community, and %s looks like a rule file: those are operands, netramet -C TRACE RULES", c.option, c.value)
		}
		if _, err := library.Source(c.value); err == nil && library.Names(c.value) {
			return fmt.Errorf("%s gives a community, and %s is a rule set: those are operands, netramet -C TRACE %s", c.option, c.value, c.value)
		}
	}
	if m.readers == 0 {
		return fmt.Errorf("--readers 0: somebody has to start the trace")
	}
	if _, err := m.level(o.silent); err != nil {
		return err
	}
	_, err := m.addresses()
	return err
}

// dashed is an option as it is written.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// level is the lowest level that is logged.
func (m *managedOptions) level(silent bool) (slog.Level, error) {
	var l slog.Level
	switch strings.ToLower(m.logLevel) {
	case "debug", "info", "warn", "error":
		err := l.UnmarshalText([]byte(m.logLevel))
		if silent && l < slog.LevelWarn {
			l = slog.LevelWarn
		}
		return l, err
	}
	return l, fmt.Errorf("--log-level %q: it is debug, info, warn or error", m.logLevel)
}

// addresses are those of --listen; none if it was not given.
func (m *managedOptions) addresses() ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, s := range m.listen {
		at, err := netip.ParseAddrPort(s)
		if err != nil {
			addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
			if err != nil {
				return nil, fmt.Errorf("--listen %q: it is an IP address, or one with a port: 192.0.2.1, [2001:db8::1]:1614, 0.0.0.0", s)
			}
			at = netip.AddrPortFrom(addr, m.port)
		}
		all = append(all, netip.AddrPortFrom(at.Addr().Unmap(), at.Port()))
	}
	return all, nil
}
