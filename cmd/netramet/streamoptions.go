package main

import (
	"errors"
	"fmt"
	"time"

	"netramet/internal/timeopt"
	"netramet/meter/packet"
	"netramet/streams"

	"github.com/spf13/pflag"
)

// streamOptions are the options about streams.
type streamOptions struct {
	most       uint32
	timeout    idleTime
	multiplier uint32
	short      time.Duration // 0: off
	grace      time.Duration
	dump       string // file
}

// maxMultiplier keeps products with times in 64 bits.
const maxMultiplier = 1_000_000

func (o *streamOptions) declare(f *pflag.FlagSet) {
	o.timeout = idleTime(streams.DefaultMinTimeout * packet.Centisecond)
	o.grace = streams.DefaultCloseGrace * packet.Centisecond
	f.Uint32VarP(&o.most, "max-streams", "t", streams.DefaultMaxStreams, "hold at most `COUNT` streams")
	f.Var(&o.timeout, "stream-timeout", "a stream may end when it has been idle for `TIME`; none: it ends only by FIN, RST or a new SYN")
	f.Uint32Var(&o.multiplier, "stream-multiplier", streams.DefaultMultiplier, "and for more than `N` times its mean time between packets")
	f.Var(timeopt.Length(&o.short), "stream-short", fmt.Sprintf("a stream of fewer than %d packets ends when it has been idle for `TIME`; 0: as any other", streams.ShortPDUs))
	f.Var(timeopt.Length(&o.grace), "stream-grace", "a closed TCP stream goes on for `TIME`, for segments that are sent again")
	f.StringVar(&o.dump, "dump-streams", "", "write a line about each stream that ends to `FILE`, or - for standard output")
}

func (o *streamOptions) check(f *pflag.FlagSet) error {
	switch {
	case o.most == 0:
		return errors.New("-t 0: a stream table needs room for one stream")
	case o.multiplier == 0 || o.multiplier > maxMultiplier:
		return fmt.Errorf("--stream-multiplier %d: it is from 1 to %d", o.multiplier, maxMultiplier)
	case f.Changed("dump-streams") && o.dump == "":
		return errors.New("--dump-streams \"\": it is the name of a file")
	}
	for name, d := range map[string]time.Duration{"stream-short": o.short, "stream-grace": o.grace} {
		if f.Changed(name) && (d < 0 || d == 0 && name == "stream-grace" || d%packet.Centisecond != 0) {
			return fmt.Errorf("--%s %v: it is in hundredths of a second, and not negative; the grace is one at least", name, d)
		}
	}
	return nil
}

// config is what the meter needs of the options.
func (o *streamOptions) config() streams.Config {
	c := streams.Config{
		MaxStreams:   int(o.most),
		MinTimeout:   packet.Uptime(time.Duration(o.timeout) / packet.Centisecond),
		Multiplier:   int64(o.multiplier),
		ShortTimeout: packet.Uptime(o.short / packet.Centisecond),
		CloseGrace:   packet.Uptime(o.grace / packet.Centisecond),
	}
	if o.timeout == never {
		c.MinTimeout = streams.NoTimeout
	}
	return c
}

// idleTime is an option that holds a time in hundredths of a second, or never.
type idleTime time.Duration

const never idleTime = -1

// Set implements pflag.Value.
func (t *idleTime) Set(text string) error {
	if text == "none" {
		*t = never
		return nil
	}
	d, err := timeopt.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("it is none, or %w", err)
	case d <= 0 || d%packet.Centisecond != 0:
		return errors.New("it is none, or a time in hundredths of a second, of one at least")
	}
	*t = idleTime(d)
	return nil
}

// String implements pflag.Value.
func (t *idleTime) String() string {
	if *t == never {
		return "none"
	}
	return time.Duration(*t).String()
}

// Type implements pflag.Value.
func (t *idleTime) Type() string { return "duration" }
