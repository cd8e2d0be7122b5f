package query

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"netramet/internal/plaintext"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/ruleset"
)

// One goroutine reads the files and hands out runs of records; workers make rows of
// them; the caller takes the rows in the order of the files. Few runs are under way at
// a time, so that memory does not grow with the files.

// runSize is how many octets of records a worker gets at a time.
const runSize = 256 << 10

// piece is what comes next in the files: a run of records, or the end of a block.
type piece struct {
	part  *part // of the records; nil: the block ends
	in    *input
	room  []byte
	lines flowfile.Lines
	dec   decoder
	batch batch
	rec   reader.Record
	done  chan struct{} // has a message when batch is there

	whole bool            // the block that ends is complete
	iv    reader.Interval // of the block that ends
	exact bool            // its meter's start is not known from seconds alone
	blank bool            // amounts of some of its flows are not known
	// number, name and format are those of its last rule set; 0 if that is not asked for.
	number int
	name   string
	format *ruleset.Format // nil: not known
	err    error           // that ends the reading
}

// decoder reads records one by one: flowfile.Decoder and jsonl.Decoder.
type decoder interface {
	Next(text []byte, rec *reader.Record) (rest []byte, ok bool, err error)
}

// part is the records of one rule set in one block.
type part struct {
	*layout
	format *ruleset.Format // in force
	iv     reader.Interval
	number int // of the rule set; 0: records tell
	name   string
	anew   bool
	exact  bool // the meter's start is not known from seconds alone
}

// pieces reads files in the background.
type pieces struct {
	q       *Query
	schema  func(*ruleset.Format) *schema
	inputs  []*input
	layouts map[layoutKey]*layout
	only    func(uint8) bool
	seed    maphash.Seed // of all hashes
	others  []string     // rule sets that are not asked for
	first   ruleSetID    // whose flows came first; its zero is none
	// anew has the meters whose counters have begun anew since the last of their whole
	// blocks that was asked for.
	anew map[string]bool

	ordered chan *piece
	work    chan *piece
	free    chan *piece
	wait    sync.WaitGroup
}

// ruleSetID is what a rule set is called; the number is 0 if records tell it.
type ruleSetID struct {
	number int
	name   string
}

type layoutKey struct {
	line        string
	differences bool
	wrap        bool
}

// start begins to read. ctx ends it early.
func (p *pieces) start(ctx context.Context, workers int) {
	n := 2*workers + 2
	p.ordered, p.work, p.free = make(chan *piece, n), make(chan *piece, n), make(chan *piece, n)
	for range n {
		p.free <- &piece{room: make([]byte, 0, runSize), done: make(chan struct{}, 1)}
	}
	for range workers {
		p.wait.Go(func() {
			for x := range p.work {
				only := p.only
				if x.part.number > 0 {
					only = nil // the file tells whose they are
				}
				x.part.read(x.dec, x.lines, &x.rec, &x.batch, only)
				x.done <- struct{}{}
			}
		})
	}
	p.wait.Go(func() {
		defer close(p.ordered)
		defer close(p.work)
		for _, in := range p.inputs {
			if err := p.file(ctx, in); err != nil {
				p.send(ctx, &piece{in: in, err: err})
				return
			}
		}
	})
}

// send gives the piece to the caller of Run; false if that has gone.
func (p *pieces) send(ctx context.Context, x *piece) bool {
	select {
	case p.ordered <- x:
		return true
	case <-ctx.Done():
		return false
	}
}

// file reads one file.
func (p *pieces) file(ctx context.Context, in *input) error {
	f, err := in.open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := decompressed(f)
	if err != nil {
		return in.fault(err)
	}
	if head, err := text.Peek(1); err == nil && isJSON(head) {
		return p.json(ctx, in, text)
	}
	head, _ := text.Peek(peekOther) // what is wrong shows below
	r, err := flowfile.NewReader(text)
	if is := otherwise(head); err != nil && is != "" {
		return fmt.Errorf("%s is no flow data but %s", in.name, is)
	}
	if err != nil {
		return in.fault(err)
	}
	for {
		c, err := r.NextCollection()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return in.fault(err)
		}
		if err := p.block(ctx, in, r, c); err != nil {
			return err
		}
	}
}

// block reads one block.
func (p *pieces) block(ctx context.Context, in *input, r *flowfile.Reader, c *flowfile.Collection) error {
	var now *part
	var iv *reader.Interval
	for {
		x, err := p.room(ctx)
		if err != nil {
			return err
		}
		x.lines, err = r.NextLines(x.room)
		if err == io.EOF {
			if iv == nil {
				i := r.Interval(c)
				iv = &i
			}
			*x = piece{room: x.room, done: x.done, batch: x.batch, in: in, iv: *iv, whole: c.Complete || !r.EndsBlocks()}
			x.iv.Number, x.exact, x.blank = c.Number, isExact(r, iv), c.Baseline
			if x.number, x.name = r.RuleSet(); !p.q.asks(x.number, x.name) {
				x.number = 0
			} else {
				x.format = r.Format()
			}
			p.ended(iv.Meter, c.Anew, now != nil && x.whole)
			if !p.send(ctx, x) {
				return ctx.Err()
			}
			return nil
		}
		if err != nil {
			return in.fault(err)
		}
		if iv == nil {
			i := r.Interval(c)
			iv = &i
		}
		if next, err := p.part(in, r, c, iv, now); err != nil {
			return err
		} else if next != nil {
			now = next
		} else { // a rule set that is not asked for
			p.free <- x
			continue
		}
		x.part, x.in = now, in
		x.dec = r.Decoder(func(i int) bool { return now.wanted[i] })
		x.batch.clear()
		p.work <- x
		if !p.send(ctx, x) {
			return ctx.Err()
		}
	}
}

// ended notes at the end of a meter's block whether its counters begin anew with the next
// one: the block, or one before it, says so, and there was none since that is whole and has
// something that was asked for.
func (p *pieces) ended(meter string, anew, asked bool) {
	switch {
	case asked:
		delete(p.anew, meter)
	case anew:
		if p.anew == nil || len(p.anew) == maxChains {
			p.anew = make(map[string]bool)
		}
		p.anew[meter] = true
	}
}

// part is what the records to come belong to: now, if nothing has changed; nil if they
// are not asked for.
func (p *pieces) part(in *input, r *flowfile.Reader, c *flowfile.Collection, iv *reader.Interval, now *part) (*part, error) {
	number, name := r.RuleSet()
	if now != nil && now.number == number && now.name == name && now.format == r.Format() {
		return now, nil
	}
	if r.Format() == nil {
		return nil, in.fault(&flowfile.SyntaxError{Line: r.Line(), Msg: "a flow record without a #Format line before it"})
	}
	if number > 0 && !p.q.asks(number, name) {
		p.notAsked(number, name)
		return nil, nil
	}
	l, err := p.layout(in, r)
	if err := p.several(in, ruleSetID{number, name}, err); err != nil {
		return nil, err
	}
	return &part{layout: l, format: r.Format(), iv: *iv, number: number, name: name, anew: c.Anew || p.anew[iv.Meter],
		exact: isExact(r, iv)}, nil
}

// isExact reports whether the meter's start is not known from seconds alone: a trace's is
// in the header.
func isExact(r *flowfile.Reader, iv *reader.Interval) bool {
	return !iv.MeterStart.IsZero() && iv.MeterStart.Equal(r.Header().Start.Add(-10*time.Millisecond))
}

// maxLayouts is how many layouts are kept for formats that come again.
const maxLayouts = 1000

// layout is that of the format in force.
func (p *pieces) layout(in *input, r *flowfile.Reader) (*layout, error) {
	return p.layoutOf(in, layoutKey{r.Format().Line(), r.Differences(), r.Wraps()}, r.Format())
}

func (p *pieces) layoutOf(in *input, key layoutKey, f *ruleset.Format) (*layout, error) {
	if l := p.layouts[key]; l != nil {
		return l, nil
	}
	l, err := newLayout(p.q, p.schema(f), f, in.name)
	if err != nil {
		return nil, err
	}
	l.differences, l.wrap, l.seed = key.differences, key.wrap, p.seed
	if len(p.layouts) == maxLayouts {
		clear(p.layouts)
	}
	p.layouts[key] = l
	return l, nil
}

// several returns err, which says that flows of a rule set cannot be asked the same as
// those before: if these are of another one, that is why.
func (p *pieces) several(in *input, set ruleSetID, err error) error {
	if p.first.number == 0 {
		p.first = set
	}
	if err == nil || len(p.q.RuleSets) > 0 || set == p.first || set.number == 0 || set.name != "" && set.name == p.first.name {
		return err
	}
	return in.fault(&ruleSetError{[]string{ruleSetName(p.first.number, p.first.name), ruleSetName(set.number, set.name)}})
}

// maxNamed is how many rule sets an error names.
const maxNamed = 20

// notAsked remembers a rule set that is not asked for.
func (p *pieces) notAsked(number int, name string) {
	if text := ruleSetName(number, name); len(p.others) < maxNamed && !slices.Contains(p.others, text) {
		p.others = append(p.others, text)
	}
}

// asks reports whether a rule set is asked for.
func (q *Query) asks(number int, name string) bool {
	for _, r := range q.RuleSets {
		if n, err := strconv.Atoi(r); err == nil && n == number || r == name {
			return true
		}
	}
	return len(q.RuleSets) == 0
}

// ruleSetName is a rule set in words.
func ruleSetName(number int, name string) string {
	if name == "" {
		return strconv.Itoa(number)
	}
	return fmt.Sprintf("%d (%s)", number, plaintext.Clean(name))
}
