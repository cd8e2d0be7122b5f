//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// report is all that is written as JSON. Times are in ns, memory in octets.
type report struct {
	Machine  machine    `json:"machine"`
	Pairings []*pairing `json:"pairings,omitempty"`
	Needs    []need     `json:"needs,omitempty"`
	Figures  []figure   `json:"figures,omitempty"`
	Cost     []cost     `json:"cost,omitempty"`
}

// machine is what it was measured on, and what.
type machine struct {
	Processor string `json:"processor"`
	Cores     int    `json:"cores"`
	System    string `json:"system"`
	Go        string `json:"go"`
	Netramet  string `json:"netramet"`
	Commit    string `json:"commit"` // of this folder; "" if it is no checkout
}

func thisMachine(p programs) (machine, error) {
	m := machine{Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				m.Processor = strings.TrimSpace(value)
				break
			}
		}
	}
	d, err := command{program: p.netramet, args: []string{"-V"}}.run()
	if err != nil {
		return m, err
	}
	m.Netramet = strings.TrimSpace(string(d.stdout))
	if d, err := (command{program: "git", args: []string{"describe", "--always", "--dirty"}}).run(); err == nil {
		m.Commit = strings.TrimSpace(string(d.stdout))
	}
	return m, nil
}

func (m *machine) String() string {
	return fmt.Sprintf("%s at %s, %s, on %d cores of %s", m.Netramet, m.Commit, m.Go, m.Cores, m.Processor)
}

// figure is a number that has a row of its own.
type figure struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Target float64 `json:"target,omitempty"` // at most
}

func (f *figure) print(w io.Writer) {
	target := ""
	if f.Target != 0 {
		target = fmt.Sprintf("at most %g", f.Target)
	}
	fmt.Fprintf(w, "%-66s %10.4g %-14s %s\n", f.Name, f.Value, f.Unit, target)
}

func printTrace(w io.Writer, t *trace) {
	fmt.Fprintf(w, "\ntrace %s: %d packets, %d flows (%s)\n", t.name, t.packets, t.flows, t.what)
	fmt.Fprintf(w, "%-18s %9s %9s %9s %8s   %8s %8s   %s\n", "beside", "CPU s", "wall s", "ns/packet", "peak MB", "ours/it", "wall", "agrees in")
}

func (r *pairing) print(w io.Writer, t *trace) {
	row := func(name string, u usage, rest string) {
		fmt.Fprintf(w, "%-18s %9.3f %9.3f %9.1f %8.0f   %s\n", name, u.CPU.Seconds(), u.Wall.Seconds(),
			float64(u.CPU)/float64(t.packets), float64(u.Peak)/1e6, rest)
	}
	row("netramet, 1 lane", r.Ours, "")
	row("  "+r.Other, r.Others, fmt.Sprintf("%8.2f %8.2f   %s", r.CPU, r.Wall, r.Agrees))
}

func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o666)
}
