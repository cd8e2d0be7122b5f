package amounts

import (
	"errors"
	"io"
	"maps"
	"math"
	"slices"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/reader/lines"
	"netramet/ruleset"
)

// TakeUp goes on from a collection that was written before. It is called for each that
// the other output still has, in whatever order, before the first Begin.
func (o *Output) TakeUp(c *lines.Collection) { o.memory.TakeUp(c) }

// TakeUpFile goes on from a flow data file of amounts, which the other output has written
// before: what a flow had counted is the sum of what the file has of it. That needs
// FlowIndex and FirstTime in the FORMAT; without them, and after an error, nothing is
// known of the flows that were there before.
func (o *Output) TakeUpFile(in io.Reader) error {
	m, err := sumsOf(in)
	if err != nil {
		o.memory = Memory{lost: true}
		return err
	}
	o.memory = *m
	return nil
}

// room is for records that are read together, in octets.
const room = 64 << 10

// sumsOf adds up the amounts of a file.
func sumsOf(in io.Reader) (*Memory, error) {
	r, err := flowfile.NewReader(in)
	if err != nil {
		return nil, err
	}
	a, s := adder{}, sums{r: r, room: make([]byte, 0, room)}
	for {
		c, err := r.NextCollection()
		if err == io.EOF {
			return a.memory(), nil
		}
		if err == nil {
			err = s.read()
		}
		if err != nil {
			return nil, err
		}
		iv := r.Interval(c)
		if !c.Complete {
			continue
		}
		a.begin(&iv, slices.Contains(c.Notes, flowfile.NoteOverlap))
		for i := range s.flows {
			a.add(&s.flows[i], c.Baseline)
		}
		a.end()
	}
}

// adder is what flows have counted by the amounts of a file so far.
type adder struct {
	Memory
	flows map[uint64]lines.Flow // by nameOf
}

// nameOf tells flows apart at one time, in their order.
func nameOf(f *lines.Flow) uint64 { return uint64(f.RuleSet)<<32 | uint64(f.Index) }

// begin begins a collection; overlaps says that a part of it was written before.
func (a *adder) begin(iv *reader.Interval, overlaps bool) {
	a.Memory.begin(iv)
	first := a.flows == nil || a.forgets
	if first {
		a.flows = map[uint64]lines.Flow{}
	}
	if first && (!a.sure || overlaps) {
		a.since = math.MaxUint64 // another file may have a part of each flow
	}
	if first && iv.From > 1 {
		a.next.floor = iv.From + 2 // and other flows; intervals overlap by a centisecond
	}
}

// add adds the amounts of a flow. What it had counted stays unknown from when an amount of
// it was not known; unsure says that there are such flows in the collection, whose amounts
// stand as 0.
func (a *adder) add(f *lines.Flow, unsure bool) {
	now := *f
	switch was, known := a.flows[nameOf(f)]; {
	case unsure && f.Counts == Counts{}:
		now.Has = 0
	case known && was.FirstTime == f.FirstTime:
		now.Has &= was.Has
		for i := range now.Counts {
			now.Counts[i] += was.Counts[i]
		}
	case f.FirstTime < a.since:
		now.Has = 0
	}
	a.flows[nameOf(f)] = now
}

func (a *adder) end() { a.run = a.next }

// memory is what is known at the end.
func (a *adder) memory() *Memory {
	for _, name := range slices.Sorted(maps.Keys(a.flows)) {
		f := a.flows[name]
		a.known.add(&f)
	}
	return &a.Memory
}

// sums reads collections of a file.
type sums struct {
	r     *flowfile.Reader
	room  []byte
	rec   reader.Record
	flows []lines.Flow // of the collection read last; counts are amounts

	format  *ruleset.Format
	decoder *flowfile.Decoder
	counted counted
}

// read reads the flows of a collection.
func (s *sums) read() error {
	s.flows = s.flows[:0]
	for {
		text, err := s.r.NextLines(s.room)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = s.prepare()
		}
		for rest := text.Text; err == nil && len(rest) > 0; {
			var ok bool
			if rest, ok, err = s.decoder.Next(rest, &s.rec); ok && err == nil {
				s.flows = append(s.flows, s.flow())
			}
		}
		if err != nil {
			return err
		}
	}
}

// prepare makes ready to read records of the format in force.
func (s *sums) prepare() error {
	f := s.r.Format()
	switch {
	case f == nil:
		return errors.New("flow records without a #Format line before them")
	case f == s.format:
		return nil
	case !slices.Contains(f.Attrs, mib.AttrFlowIndex) || !slices.Contains(f.Attrs, mib.AttrFirstTime):
		return errors.New("a FORMAT without FlowIndex and FirstTime does not tell which flow is which")
	}
	s.format, s.counted = f, countedOf(&reader.Task{Format: f})
	s.decoder = s.r.Decoder(func(column int) bool { return f.Attrs[column].Class() == mib.ClassCounter })
	s.rec.Clear(len(f.Attrs))
	return nil
}

// flow is the flow of the record read last.
func (s *sums) flow() lines.Flow {
	ruleSet, _ := s.r.RuleSet()
	f := lines.Flow{RuleSet: uint8(ruleSet), Index: s.rec.Index, FirstTime: s.rec.FirstTime, Has: s.counted.has}
	for _, p := range s.counted.places {
		f.Counts[p.counter] = s.rec.Values[p.value].Num
	}
	return f
}
