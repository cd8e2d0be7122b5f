package flowfile

import (
	"bytes"
	"fmt"
	"io"

	"netramet/reader"
)

// Lines are flow records of one rule set in one block, as they stand in the file:
// whole lines, none of them an information line. A Decoder reads them, in whatever
// goroutine, while the Reader goes on.
type Lines struct {
	Text  []byte
	First int // number of the first line
}

// NextLines gives the records that come next, in place of NextRecord, without looking
// into them: as many as room has capacity for, or a single longer one, whose memory is
// room's. Format, RuleSet and Differences are theirs. It returns io.EOF after the
// collection's last.
func (r *Reader) NextLines(room []byte) (Lines, error) {
	for {
		if r.cur == nil {
			return Lines{}, io.EOF
		}
		if r.inLine == nil {
			if text := r.takeRecords(room); len(text) > 0 {
				first := r.line + 1
				r.line += bytes.Count(text, []byte{'\n'})
				return Lines{text, first}, nil
			}
		}
		line, err := r.peekLine()
		if err == io.EOF {
			r.cur = nil
		}
		if err != nil {
			return Lines{}, err
		}
		if bytes.HasPrefix(line, []byte(timeMark)) { // the block has no end line
			r.cur = nil
			return Lines{}, io.EOF
		}
		r.inLine = nil
		if len(line) == 0 || line[0] != '#' {
			return Lines{append(room[:0], line...), r.line}, nil
		}
		if err := r.info(line); err != nil {
			return Lines{}, err
		}
	}
}

// takeRecords moves whole records that are buffered already to room.
func (r *Reader) takeRecords(room []byte) []byte {
	if r.err != nil {
		return nil
	}
	if r.br.Buffered() == 0 {
		_, _ = r.br.Peek(1) // an error comes again
	}
	b, _ := r.br.Peek(min(r.br.Buffered(), cap(room)))
	if len(b) == 0 || b[0] == '#' {
		return nil
	}
	if i := bytes.Index(b, []byte("\n#")); i >= 0 {
		b = b[:i+1]
	} else {
		b = b[:bytes.LastIndexByte(b, '\n')+1]
	}
	room = append(room[:0], b...)
	_, _ = r.br.Discard(len(b)) // they are there
	return room
}

// Decoder reads records of one format.
type Decoder struct {
	plan *plan
	want []bool // of the columns

	fields [][]byte
}

// Decoder makes a Decoder of the format in force, which reads the columns that wanted
// says and those that name the flow. The others are whatever they were, and may be no
// values at all; distributions are never read. There must be a format.
func (r *Reader) Decoder(wanted func(column int) bool) *Decoder {
	d := &Decoder{plan: r.plan, want: make([]bool, len(r.plan.cols))}
	for i := range d.want {
		d.want[i] = wanted(i) && d.plan.cols[i].form != formDist || i == d.plan.peer || i == d.plan.ruleSet || i == d.plan.index || i == d.plan.firstTime
	}
	return d
}

// Next reads the first record of text into rec, whose memory is used again, and
// returns what is behind it; RuleSet is set where the record tells it. ok is false if
// there was none but an empty line. A record that is not of the format is an error; reading may go on
// behind it.
func (d *Decoder) Next(text []byte, rec *reader.Record) (rest []byte, ok bool, err error) {
	line := text
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		line, rest = text[:i], text[i+1:]
	}
	line = bytes.TrimRight(line, "\r")
	if isBlank(line) {
		return rest, false, nil
	}
	if len(rec.Values) != len(d.want) {
		rec.Clear(len(d.want))
	}
	if !d.plan.certain || !d.fast(line, rec) {
		err = d.slow(line, rec)
	}
	d.plan.name(rec)
	return rest, err == nil, err
}

// slow reads any record, and says what is wrong with it.
func (d *Decoder) slow(line []byte, rec *reader.Record) (err error) {
	if d.fields, err = d.plan.split(line, d.fields); err != nil {
		return err
	}
	return d.plan.parse(rec, d.fields)
}

// parse reads the texts of all values.
func (p *plan) parse(rec *reader.Record, fields [][]byte) error {
	rec.Clear(len(p.cols))
	if p.peer >= 0 {
		n, _ := parseUint(fields[p.peer], 1<<8-1)
		rec.PeerType = p.peerType(n)
	}
	for i := range p.cols {
		if !p.cols[i].parse(rec, i, fields[i]) {
			return fmt.Errorf("%.60q is no value of %s", fields[i], p.cols[i].attr)
		}
		if p.old {
			p.modern(i, rec)
		}
	}
	return nil
}

// name notes what names the flow.
func (p *plan) name(rec *reader.Record) {
	if p.ruleSet >= 0 {
		rec.RuleSet = int(rec.Values[p.ruleSet].Num)
	}
	if p.index >= 0 {
		rec.Index = uint32(rec.Values[p.index].Num)
	}
	if p.firstTime >= 0 {
		rec.FirstTime = rec.Values[p.firstTime].Num
	}
}

// fast reads a record of a plan that leaves one way to read it, one octet after the
// other. It returns false where it is in doubt, too.
func (d *Decoder) fast(line []byte, rec *reader.Record) bool {
	p := d.plan
	if tail := len(line) - len(p.tail); tail < 0 || string(line[tail:]) != p.tail {
		return false
	} else {
		line = line[:tail]
	}
	rec.PeerType = 0
	at := 0
	for i := range p.cols {
		c := &p.cols[i]
		if len(c.sep) == 1 {
			if at >= len(line) || line[at] != c.sep[0] {
				return false
			}
		} else if len(line)-at < len(c.sep) || string(line[at:at+len(c.sep)]) != c.sep {
			return false
		}
		at += len(c.sep)
		v := &rec.Values[i]
		if c.form == formNumber {
			n, end := scanNumber(line, at)
			if end == at || end-at > 19 || n > c.most { // none, or perhaps too large
				return false
			}
			v.Num, at = n, end
			if i == p.peer {
				v.Num = uint64(p.peerType(n))
				rec.PeerType = p.peerType(n)
			} else if p.old {
				p.modern(i, rec)
			}
			continue
		}
		end := c.scan(line, at)
		if end == at || (d.want[i] || c.form == formDist) && !c.parseValue(v, line[at:end], rec.PeerType) {
			return false
		}
		at = end
	}
	return at == len(line)
}

// scanNumber reads the digits from at on. What has more than 19 may be wrong.
func scanNumber(line []byte, at int) (n uint64, end int) {
	for end = at; end < len(line); end++ {
		d := line[end] - '0'
		if d > 9 {
			break
		}
		n = n*10 + uint64(d)
	}
	return n, end
}

// scan finds the end of the characters, from at on, that c's values may hold.
func (c *column) scan(line []byte, at int) int {
	set := &inForm[c.form]
	for at < len(line) && set[line[at]] {
		at++
	}
	return at
}
