package query

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"netramet/internal/plaintext"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/flowfile"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
	"netramet/ruleset"
)

// A JSON Lines file has a line for each flow, all of whose first members, up to the
// flow's index, are the same for a rule set in a collection; and one for the collection
// behind them. So runs of lines that begin alike are handed to the workers unread.

// jsonFile is one file under way.
type jsonFile struct {
	*pieces
	in     *input
	br     *bufio.Reader
	line   int
	read   []byte // the line read last
	prefix []byte // what the lines of the part begin with
	ahead  bool   // read is not taken yet

	now    *part
	block  jsonBlock // of the flows read last
	inside bool      // its end has not come
	flows  uint64    // lines of it
	shapes map[string]*jsonl.Shape
}

// jsonBlock tells collections apart.
type jsonBlock struct {
	meter      string
	start, end time.Time
	interval   uint64
}

// isJSON reports whether a file is JSON Lines.
func isJSON(head []byte) bool { return len(head) > 0 && head[0] == '{' }

// json reads a file of JSON Lines.
func (p *pieces) json(ctx context.Context, in *input, br *bufio.Reader) error {
	f := &jsonFile{pieces: p, in: in, br: br, shapes: make(map[string]*jsonl.Shape)}
	for {
		err := f.next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = f.take(ctx)
		}
		if err != nil {
			return err
		}
	}
	return f.end(ctx, false, nil)
}

// fault is an error of the line read last.
func (f *jsonFile) fault(format string, args ...any) error {
	return f.in.fault(&flowfile.SyntaxError{Line: f.line, Msg: fmt.Sprintf(format, args...)})
}

// next reads a line.
func (f *jsonFile) next() (err error) {
	if f.ahead {
		f.ahead = false
		return nil
	}
	for {
		f.line++
		f.read, err = lines.ReadLine(f.br, f.read[:0], jsonl.MaxLine)
		if err != nil && err != io.EOF {
			return f.in.fault(fmt.Errorf("line %d: %w", f.line, err))
		}
		if f.read = bytes.TrimRight(f.read, "\r\n"); len(f.read) > 0 || err != nil {
			return err
		}
	}
}

// take takes the line: the first flow of a part and all that begin like it, or the end
// of a collection.
func (f *jsonFile) take(ctx context.Context) error {
	var c jsonl.Head
	members, err := jsonl.ReadHead(f.read, &c)
	if err != nil {
		return f.fault("%s", err)
	}
	if c.Schema > columns.Schema {
		return f.fault("schema %d is newer than this program, which knows %d", c.Schema, columns.Schema)
	}
	block := jsonBlock{c.Meter, c.Start, c.End, c.Interval}
	if f.inside && block != f.block { // the one before was cut off
		if err := f.end(ctx, false, nil); err != nil {
			return err
		}
	}
	switch c.Type {
	case "interval":
		f.block = block
		// Lines that are too many are of the same collection, given up and made again:
		// which they are nobody knows. Some of them may have been taken out.
		return f.end(ctx, c.Flows == nil || f.flows <= *c.Flows, &c)
	case "aborted":
		return f.end(ctx, false, nil)
	case "flow":
		f.block, f.inside = block, true
		return f.part(ctx, &c, members)
	}
	return f.fault("it has no \"type\" that is flow or interval, so it is not of flow data")
}

// end ends a collection.
func (f *jsonFile) end(ctx context.Context, whole bool, c *jsonl.Head) error {
	if !f.inside && !whole {
		return nil
	}
	f.flows = 0
	x, err := f.room(ctx)
	if err != nil {
		return err
	}
	*x = piece{room: x.room, done: x.done, batch: x.batch, in: f.in, whole: whole}
	if c != nil {
		x.iv, x.exact = intervalOf(c), true
		for _, n := range c.RuleSets {
			if f.q.asks(n, "") {
				x.number = n
			}
		}
	} else {
		x.iv = reader.Interval{Meter: f.block.meter}
	}
	f.ended(f.block.meter, c != nil && c.Restarted, f.now != nil && whole)
	f.now, f.inside = nil, false
	if !f.send(ctx, x) {
		return ctx.Err()
	}
	return nil
}

// room waits for a piece that is free.
func (p *pieces) room(ctx context.Context) (*piece, error) {
	select {
	case x := <-p.free:
		return x, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// part hands out the lines that begin as this one does.
func (f *jsonFile) part(ctx context.Context, c *jsonl.Head, members []string) error {
	if c.RuleSet < 1 || c.RuleSet > ruleset.MaxNumber {
		return f.fault("%d is no number of a rule set", c.RuleSet)
	}
	to := bytes.Index(f.read, []byte(`"flow_index":`))
	if to < 0 {
		return f.fault("the flow has no \"flow_index\"")
	}
	f.prefix = append(f.prefix[:0], f.read[:to]...)
	p, shape, err := f.partOf(c, members)
	if err != nil {
		return err
	}
	for more := true; more; {
		x, err := f.room(ctx)
		if err != nil {
			return err
		}
		f.flows++
		x.lines = flowfile.Lines{First: f.line, Text: append(append(x.room[:0], f.read...), '\n')}
		for {
			if err = f.next(); err != nil || !bytes.HasPrefix(f.read, f.prefix) {
				more = false
				break
			}
			if len(x.lines.Text)+len(f.read) >= cap(x.room) {
				break
			}
			x.lines.Text = append(append(x.lines.Text, f.read...), '\n')
			f.flows++
		}
		if p == nil { // a rule set that is not asked for
			f.free <- x
		} else {
			x.part, x.in, x.dec = p, f.in, shape.Decoder(c.Start, func(i int) bool { return p.wanted[i] }, f.prefix)
			x.batch.clear()
			f.work <- x
			if !f.send(ctx, x) {
				return ctx.Err()
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	f.ahead = true
	return nil
}

// partOf is the part that lines belong to; nil if they are not asked for.
func (f *jsonFile) partOf(c *jsonl.Head, members []string) (*part, *jsonl.Shape, error) {
	key := fmt.Sprint(members)
	shape := f.shapes[key]
	if shape == nil {
		shape = jsonl.NewShape(members)
		if len(f.shapes) == maxLayouts {
			clear(f.shapes)
		}
		f.shapes[key] = shape
	}
	if !f.q.asks(c.RuleSet, c.Name) {
		f.notAsked(c.RuleSet, c.Name)
		return nil, shape, nil
	}
	l, err := f.layoutOf(f.in, layoutKey{shape.Format.Line(), shape.Amounts, false}, shape.Format)
	if err := f.several(f.in, ruleSetID{c.RuleSet, c.Name}, err); err != nil {
		return nil, nil, err
	}
	if f.now == nil || f.now.layout != l || f.now.number != c.RuleSet || f.now.name != c.Name {
		f.now = &part{layout: l, format: shape.Format, iv: intervalOf(c), number: c.RuleSet, name: c.Name, anew: c.Restarted || f.anew[c.Meter]}
	}
	return f.now, shape, nil
}

// intervalOf is what the head of a line tells of the collection.
func intervalOf(c *jsonl.Head) reader.Interval {
	iv := reader.Interval{
		Number: c.Interval, Meter: plaintext.Clean(c.Meter), MeterStart: c.Start, Begin: c.Begin, Time: c.End,
		Restarted: c.Restarted, Octets: reader.ParseOctetMode(c.Octets),
	}
	iv.To = max(lines.UptimeOf(c.Start, c.End), 1)
	iv.From = 1
	if begin := lines.UptimeOf(c.Start, c.Begin); begin > 2 {
		iv.From = begin - 1 // by the centisecond by which collections overlap
	}
	return iv
}
