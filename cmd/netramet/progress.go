package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/sources/wire"

	"golang.org/x/term"
)

// progress is the line on standard error that says how far a run has come. It
// is shown on a terminal only. The goroutine that reads clears it, too, where that is not the
// one that meters.
type progress struct {
	w     io.Writer // nil: not shown
	begun time.Time
	due   time.Time
	mu    sync.Mutex
	shown bool
}

const progressEvery = 250 * time.Millisecond

func newProgress(o *options, w io.Writer) *progress {
	now := time.Now()
	p := &progress{begun: now, due: now.Add(progressEvery)}
	if !o.silent && isTerminal(w) {
		p.w = w
	}
	return p
}

// isTerminal reports whether a standard stream is a terminal. Of devices alone is the
// descriptor asked for: reads of a file whose descriptor was have no deadline any more.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0 && term.IsTerminal(int(f.Fd()))
}

// update shows how far b has come, a few times a second.
func (p *progress) update(b *batch) {
	if !p.isDue() {
		return
	}
	var packets uint64
	var flows int
	b.meter.View(func(s *control.State) { packets, flows = s.Counts().Packets, s.FlowsInUse() })
	p.show(b.src.Stats(), packets, fmt.Sprintf("  %d flows", flows))
}

// isDue reports whether it is time to show something.
func (p *progress) isDue() bool { return p.w != nil && !time.Now().Before(p.due) }

// show shows how much of a source is read, and more about it.
func (p *progress) show(st wire.SourceStats, packets uint64, more string) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.due, p.shown = now.Add(progressEvery), true
	spent := now.Sub(p.begun)
	share, left := "", ""
	if st.BytesAll > 0 {
		part := min(1, float64(st.BytesRead)/float64(st.BytesAll)) // the file may grow
		share = fmt.Sprintf("%3.0f %%  ", 100*part)
		if part > 0 {
			rest := time.Duration(float64(spent) * (1 - part) / part)
			left = fmt.Sprintf("  %v left", rest.Round(time.Second))
		}
	}
	// What is wider than the terminal is left out, not wrapped, or each line
	// would stay.
	fmt.Fprintf(p.w, "\r\x1b[K\x1b[?7l%s%d packets  %.0f packets/s%s%s\x1b[?7h",
		share, packets, float64(packets)/spent.Seconds(), more, left)
}

// clear removes the line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// extra is a count that a summary tells of where there is something to tell.
type extra struct {
	n    uint64
	what string
}

func writeExtras(w io.Writer, all []extra) {
	for _, e := range all {
		if e.n > 0 {
			fmt.Fprintf(w, "%d %s, ", e.n, e.what)
		}
	}
}

// summary writes the line at the end of a run, and what belongs to it.
func (b *batch) summary(w io.Writer) {
	var c meter.Counts
	var ignored, notMatched, refused, flows uint64
	var l meterLoad
	b.meter.View(func(s *control.State) {
		c, l = s.Counts(), loadOf(s)
		for _, t := range b.tasks {
			if r, err := s.RuleSetCounts(t.RuleSet); err == nil {
				ignored += r.Ignored
				notMatched += r.NotMatched
				refused += r.RefusedPDUs
				flows += r.Created
			}
		}
	})
	st, spent := b.src.Stats(), time.Since(b.begun).Seconds()
	odd, dropped := st.Odd, st.Dropped
	if b.o.hasRecords() {
		odd, dropped = 0, 0 // tellExport says more
	}
	fmt.Fprintf(w, "netramet: %d packets, %d octets, %d ignored, %d not matched, %d flows, ",
		c.Packets, c.Octets, ignored, notMatched, flows)
	writeExtras(w, []extra{
		{b.o.outside(), "outside the window"}, {b.o.filtered(), "filtered out"}, {refused, "refused"}, {c.Unsupported, "of unsupported link type"}, {c.SampledOut, "sampled out"},
		{c.Late, "late"}, {c.BadStamps, "with bad time stamps"}, {c.Backward, "times of distributions below 0, dropped"}, {odd, "in records that contradict themselves"},
	})
	defer tellExport(w, b.src, b.o.netflow.find.Partial(), b.o.netflow.sampling == "apply")
	if b.o.load {
		defer l.tell(w)
	}
	if _, isLink := b.src.(link); isLink {
		fmt.Fprintf(w, "%d lost, %.2f s, %.0f packets/s\n", st.Dropped, spent, float64(c.Packets)/max(spent, 1e-9))
		return
	}
	writeExtras(w, []extra{{dropped, "dropped before the trace was written"}})
	fmt.Fprintf(w, "%d damaged or skipped records, %.2f s, %.0f packets/s\n",
		st.Damaged+st.Skipped, spent, float64(c.Packets)/max(spent, 1e-9))
}
