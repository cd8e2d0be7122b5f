// Package flowfile is the flow data file of RFC 2123 §4 with the additions of
// NeTraMet 4.x and this project's own: a writer, a file that collections are
// appended to whole or not at all, and a parser.
//
// The file is text. Its first line describes it (Header), its second is the
// first #Format. Then, for each collection, a block:
//
//	#Time: HH:MM:SS Dow D Mon YYYY <meter> Flows from <uptime> to <uptime>
//	#Stats: <name>=<value> ...         if a rule set asked for it
//	# <note>                           if there is something to know of it
//	#Ruleset: <number> <name>          for each rule set, in order of number
//	#Format: ...                       if it differs from the last one printed
//	<flow records>
//	#EndData: <meter> <interval>
//
// Where counters begin anew, header and #Format come again before the block. A
// block without #EndData is incomplete. Writer and AppendFile are outputs of
// package reader; both commands use them. This package knows no meter and no
// SNMP, and starts nothing.
package flowfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"netramet/reader"
)

var (
	_ reader.StoredOutput = (*Writer)(nil)
	_ reader.StoredOutput = (*AppendFile)(nil)
)

// flushAt is how much a Writer holds back before it writes. It writes between
// records only, so that what is on disk or in a pipe is whole records.
const flushAt = 128 << 10

// Writer writes a flow data file to an io.Writer that cannot take back what it
// got: standard output, a pipe. It holds at most flushAt octets and one record
// of a collection. It is one reader.Output, and not safe for concurrent use.
type Writer struct {
	w   io.Writer
	hdr Header
	buf []byte
	err error // the first error of w; what follows would not be whole records

	state  // of the file so far
	before state

	anew    bool // the next block begins with a header of its own
	flushed bool // part of this collection has left the buffer

	tasks  []task // of the collection
	unsure int    // flows of the collection whose amounts are not known
	next   int    // index of the first task that has no #Ruleset line yet
	inside bool   // between Begin and End or Abort
	meter  []byte // as printed
	iv     reader.Interval
}

// state is what later lines of a file depend on.
type state struct {
	started bool   // the header is printed
	format  string // the last #Format line printed
}

// task is one rule set of a collection, ready to print.
type task struct {
	reader.Task
	plan *plan
}

// NewWriter returns a Writer to w. Nothing is written before the first
// collection begins.
func NewWriter(w io.Writer, h Header) *Writer {
	return &Writer{w: w, hdr: h, meter: appendText(nil, h.Meter, '_')}
}

// SetStart sets Header.Start; a caller who learns it from the first packet
// calls this before the first collection.
func (w *Writer) SetStart(t time.Time) { w.hdr.Start = t }

// Begin starts a block. See reader.Output.
func (w *Writer) Begin(iv reader.Interval, tasks []reader.Task) error {
	if w.err != nil {
		return w.err
	}
	if w.inside {
		return errors.New("flowfile: a collection begins inside another")
	}
	w.before, w.flushed, w.next, w.unsure, w.iv = w.state, false, 0, 0, iv
	if w.anew {
		w.state, w.anew = state{}, false
	}
	if err := w.prepare(tasks); err != nil {
		return err
	}
	w.inside = true
	if !w.started {
		h := w.hdr
		if h.Start.IsZero() {
			h.Start = iv.Time
		}
		w.buf = appendHeader(w.buf, &h)
		w.started = true
		if len(w.tasks) > 0 {
			w.putFormat(w.tasks[0].plan)
		}
	}
	w.buf = appendTimeLine(w.buf, w.blockID(iv, tasks), w.hdr.Zone)
	w.putStats(iv.Stats)
	for _, n := range iv.Notes {
		w.buf = append(w.buf, "# "...)
		w.buf = append(appendText(w.buf, n, ' '), '\n')
	}
	return nil
}

// prepare makes the tasks' formats ready, keeping those that have not changed.
func (w *Writer) prepare(tasks []reader.Task) error {
	old := w.tasks
	w.tasks = make([]task, 0, len(tasks))
	for i, t := range tasks {
		f := t.Shown()
		if t.Format == nil || len(f.Attrs) > len(t.Format.Attrs) {
			return fmt.Errorf("rule set %d (%s) has no format", t.RuleSet, t.Name)
		}
		p := (*plan)(nil)
		if i < len(old) && old[i].Shown() == f {
			p = old[i].plan
		} else {
			var err error
			if p, err = newPlan(f); err == nil && w.hdr.Amounts {
				p.line, err = differencesLine(f)
			}
			if err != nil {
				w.tasks = nil
				return fmt.Errorf("rule set %d (%s): %w", t.RuleSet, t.Name, err)
			}
		}
		w.tasks = append(w.tasks, task{t, p})
	}
	return nil
}

func (w *Writer) putFormat(p *plan) {
	if p.line != w.format {
		w.buf = append(append(w.buf, p.line...), '\n')
		w.format = p.line
	}
}

// putStats prints the meter's figures if one of the tasks wants them.
func (w *Writer) putStats(stats []reader.Stat) {
	wanted := false
	for i := range w.tasks {
		wanted = wanted || w.tasks[i].Statistics
	}
	if !wanted || len(stats) == 0 {
		return
	}
	w.buf = append(w.buf, "#Stats:"...)
	for _, s := range stats {
		w.buf = append(w.buf, ' ')
		w.buf = appendText(w.buf, strings.ReplaceAll(s.Name, "=", "_"), '_')
		w.buf = append(w.buf, '=')
		w.buf = appendText(w.buf, s.Value, '_')
	}
	w.buf = append(w.buf, '\n')
}

// introduce prints the lines that begin task i's records, and those of the
// tasks before it that had no record.
func (w *Writer) introduce(i int) {
	for ; w.next <= i; w.next++ {
		t := &w.tasks[w.next]
		w.buf = append(appendRulesetLine(w.buf, &t.Task), '\n')
		w.putFormat(t.plan)
	}
}

// Record prints one flow record. It does not allocate. See reader.Output.
func (w *Writer) Record(rec *reader.Record) error {
	if w.err != nil {
		return w.err
	}
	if !w.inside {
		return errors.New("flowfile: a record outside a collection")
	}
	t, err := w.turnTo(rec.RuleSet, rec.Index, len(rec.Values))
	if err != nil {
		return err
	}
	size := len(w.buf)
	if w.buf, err = t.plan.appendRecord(w.buf, rec); err != nil {
		w.buf = w.buf[:size]
		return fmt.Errorf("flowfile: flow %d of rule set %d: %w", rec.Index, rec.RuleSet, err)
	}
	if rec.Baseline {
		w.unsure++
	}
	if len(w.buf) >= flushAt {
		return w.flush()
	}
	return nil
}

// turnTo returns the task of a flow, which has been introduced.
func (w *Writer) turnTo(ruleSet int, index uint32, values int) (*task, error) {
	i := max(w.next-1, 0)
	for i < len(w.tasks) && w.tasks[i].RuleSet < ruleSet {
		i++
	}
	if i >= len(w.tasks) || w.tasks[i].RuleSet != ruleSet {
		return nil, fmt.Errorf("flowfile: flow %d of rule set %d, which is not collected or is over", index, ruleSet)
	}
	if i >= w.next {
		w.introduce(i)
	}
	if want := len(w.tasks[i].Format.Attrs); values != want {
		return nil, fmt.Errorf("flowfile: flow %d of rule set %d: %d values for %d attributes", index, ruleSet, values, want)
	}
	return &w.tasks[i], nil
}

// End completes the block and writes it. See reader.Output.
func (w *Writer) End() error {
	if w.err != nil {
		return w.err
	}
	if !w.inside {
		return errors.New("flowfile: the end of a collection that did not begin")
	}
	w.introduce(len(w.tasks) - 1)
	if w.unsure > 0 {
		w.buf = fmt.Appendf(w.buf, "# %d %s\n", w.unsure, unknownAmounts)
	}
	w.buf = append(w.buf, "#EndData: "...)
	w.buf = append(w.buf, w.meter...)
	w.buf = append(w.buf, ' ')
	w.buf = strconv.AppendUint(w.buf, w.iv.Number, 10)
	w.buf = append(w.buf, '\n')
	if err := w.flush(); err != nil {
		return err
	}
	w.inside = false
	return nil
}

// Abort gives the block up. Nothing of it appears if all of it is still held
// back; else what there is of it stays, in whole records, without #EndData.
func (w *Writer) Abort() error {
	if !w.inside {
		return nil
	}
	w.inside = false
	if w.flushed && w.err == nil {
		return w.flush()
	}
	w.rollback()
	return nil
}

// rollback forgets the block: the owner of the file has taken it back.
func (w *Writer) rollback() {
	w.buf, w.state, w.inside = w.buf[:0], w.before, false
}

// flush writes what is held back.
func (w *Writer) flush() error {
	w.flushed = true
	n, err := w.w.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.err = fmt.Errorf("flow data: %w", err)
		trimPartial(w.w, w.buf[:max(n, 0)])
		return w.err
	}
	w.buf = w.buf[:0]
	return nil
}

// trimPartial takes the part of a line that a failed write left at the end of
// a file off again, so that standard output on a full disk holds whole records
// too. A pipe cannot be cut; what cannot be done is left.
func trimPartial(w io.Writer, written []byte) {
	f, ok := w.(interface {
		io.Seeker
		Truncate(size int64) error
	})
	part := len(written) - 1 - bytes.LastIndexByte(written, '\n')
	if !ok || part == 0 {
		return
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return
	}
	if end, err := f.Seek(0, io.SeekEnd); err != nil || end != at {
		return // somebody else writes here too
	}
	if f.Truncate(at-int64(part)) == nil {
		// The offset stays past the end only if this fails, and w is not
		// written again.
		_, _ = f.Seek(at-int64(part), io.SeekStart)
	}
}

func (w *Writer) blockID(iv reader.Interval, tasks []reader.Task) blockID {
	id := blockID{meter: string(w.meter), time: iv.Time, from: max(iv.From, 1), to: iv.To, number: iv.Number}
	for i := range tasks {
		id.addSet(appendRulesetLine(nil, &tasks[i]))
	}
	return id
}
