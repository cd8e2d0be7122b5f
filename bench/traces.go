//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// trace says what is generated; file is where it is, once it is made.
type trace struct {
	name      string
	what      string
	mix       string // "": link
	packets   int
	flows     int
	singles   int // of a hundred flows, those of one packet
	snap      int // 0: 64 octets
	scattered bool
	seconds   int // 0: 600
	seed      uint64

	file  string
	sums  sums
	given bool // made elsewhere, so that nobody knows its sums before it is metered
}

// traces are those that meters are compared on. The short form has a tenth of
// the packets and of the flows.
func (o *options) traces() []*trace {
	if len(o.given) > 0 {
		return o.givenTraces()
	}
	all := []*trace{
		{name: "a", what: "many packets a flow", packets: 5_000_000, flows: 50_000},
		{name: "b", what: "few packets a flow", packets: 5_000_000, flows: 1_000_000},
		{name: "c", what: "as a, with payload", packets: 2_000_000, flows: 50_000, snap: 65535},
		{name: "d", what: "nine of ten flows of one packet", packets: 5_000_000, flows: 2_000_000, singles: 90},
		{name: "as", what: "as a, scattered", packets: 5_000_000, flows: 50_000, scattered: true},
		{name: "bs", what: "as b, scattered", packets: 5_000_000, flows: 1_000_000, scattered: true},
		{name: "ds", what: "as d, scattered", packets: 5_000_000, flows: 2_000_000, singles: 90, scattered: true},
	}
	for i, t := range all {
		t.seed = o.seed + uint64(i)
		if !o.full {
			t.packets /= 10
			t.flows /= 10
		}
	}
	if !o.full {
		all = all[:4]
	}
	return all
}

// givenTraces are those made elsewhere.
func (o *options) givenTraces() (all []*trace) {
	for _, file := range o.given {
		all = append(all, &trace{name: filepath.Base(file), what: "given", file: file, given: true})
	}
	return all
}

// learn takes what our meter says of a given trace for what is in it: the others are
// compared with that.
func (t *trace) learn(says sums) error {
	if says.Packets == 0 {
		return fmt.Errorf("%s: there are no packets in it", t.file)
	}
	t.sums, t.packets, t.flows = says, int(says.Packets), int(says.Flows)
	return nil
}

// sums are what is in a trace, or what a program says of it; 0 is unknown.
type sums struct {
	Packets     uint64 `json:"packets,omitempty"`
	FrameOctets uint64 `json:"frameOctets,omitempty"`
	IPOctets    uint64 `json:"ipOctets,omitempty"`
	Flows       uint64 `json:"flows,omitempty"` // of both directions
}

// make generates the trace unless it is there, and reads it once, so that its
// pages are in memory.
func (t *trace) make(dir, tracegen string) error {
	if t.given {
		return t.warm()
	}
	mix, snap, seconds := t.mix, t.snap, t.seconds
	if mix == "" {
		mix = "link"
	}
	if snap == 0 {
		snap = 64
	}
	if seconds == 0 {
		seconds = 600
	}
	name := fmt.Sprintf("%s-%dp-%df-%d%%-%ds-snap%d-seed%d", mix, t.packets, t.flows, t.singles, seconds, snap, t.seed)
	args := []string{"-mix", mix, "-packets", strconv.Itoa(t.packets), "-flows", strconv.Itoa(t.flows),
		"-singles", strconv.Itoa(t.singles), "-duration", fmt.Sprintf("%ds", seconds), "-snap", strconv.Itoa(snap),
		"-seed", strconv.FormatUint(t.seed, 10)}
	if t.scattered {
		name, args = name+"-scattered", append(args, "-scattered")
	}
	t.file = filepath.Join(dir, name+".pcap")
	known := filepath.Join(dir, name+".json")
	if _, err := os.Stat(t.file); err != nil {
		part := t.file + ".part"
		c := command{program: tracegen, args: append(args, "-o", part, "-sums", known)}
		if _, err := c.run(); err != nil {
			return err
		}
		if err := os.Rename(part, t.file); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(known)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &t.sums); err != nil {
		return fmt.Errorf("%s: %w; remove it and %s", known, err, t.file)
	}
	t.sums.Flows = uint64(t.flows)
	return t.warm()
}

func (t *trace) warm() error {
	f, err := os.Open(t.file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}
