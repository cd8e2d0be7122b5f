package flowfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"netramet/reader"
	"netramet/ruleset"
)

// Limits of what Reader accepts.
const (
	MaxLine  = 1 << 20 // octets of a line
	maxNotes = 100     // skipped lines that are kept as notes
	maxStats = 4096    // figures of a #Stats line
)

// Collection is one block of a flow data file.
type Collection struct {
	Meter string
	Time  time.Time // of the collection, to the second
	From  uint64    // centiseconds of uptime
	To    uint64
	Stats []reader.Stat
	// Notes are the lines that tell what is to be known of the collection; valid
	// once the first record has been read.
	Notes []string
	// Anew says that counters and flow indices are not those of the blocks
	// before: a new header stands above, or a note says so. Valid like Notes.
	Anew bool

	// Baseline says that the amounts of some flows are not known and stand as 0, where
	// counters are amounts; valid once NextRecord has returned io.EOF.
	Baseline bool
	// Complete says that the block has its #EndData line; valid once
	// NextRecord has returned io.EOF. Files of 3.x have none.
	Complete bool
	// Number of the interval; valid iff Complete and HasNumber (files of 4.x
	// name the meter alone).
	Number    uint64
	HasNumber bool
}

// Note is an information line that was skipped because its kind is not known.
type Note struct {
	Line int
	Text string // its beginning
}

// Reader parses a flow data file of this program or of NeTraMet 3.x and 4.x:
//
//	for {
//		c, err := r.NextCollection() // io.EOF after the last
//		for {
//			err := r.NextRecord(&rec) // io.EOF after the collection's last
//		}
//	}
//
// A *SyntaxError concerns its line alone: the same call may be made again and
// goes on behind it. Any other error but io.EOF ends the reading.
type Reader struct {
	br     *bufio.Reader
	line   int
	hdr    Header
	inLine []byte // a line that was read too far, or nil
	long   []byte // a line that exceeds the buffer
	err    error  // sticky

	cur     *Collection // nil before the first and between blocks
	anew    bool        // a header has come since the last block
	start   time.Time   // of the meter, as Interval found it
	exact   bool        // the header has it
	to      uint64      // uptime at the end of the last collection that Interval was asked for
	ruleSet int         // of the last #Ruleset line in this block; 0 if none
	name    string
	format  *ruleset.Format
	plan    *plan
	// differences: counters of the format are differences already.
	differences bool
	own         bool // the header is this project's
	ends        bool // there was an #EndData line

	fields [][]byte
	notes  []Note
	noted  int
}

// SyntaxError is a line that is not as it should be.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

// Error names the line.
func (e *SyntaxError) Error() string { return fmt.Sprintf("flowfile: line %d: %s", e.Line, e.Msg) }

// NewReader returns a Reader of r, whose header line it reads. An error means
// that r is no flow data file, or could not be read.
func NewReader(r io.Reader) (*Reader, error) {
	f := &Reader{br: bufio.NewReaderSize(r, 64<<10)}
	line, err := f.readLine()
	if err == io.EOF {
		return nil, &SyntaxError{Line: 1, Msg: "an empty file, not a flow data file"}
	}
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(line, []byte(formatMark)) || bytes.HasPrefix(line, []byte(timeMark)) {
		f.inLine = line // a part of a file, without its header
		return f, nil
	}
	if f.hdr, f.own, err = parseHeader(line); err != nil {
		return nil, &SyntaxError{Line: 1, Msg: err.Error()}
	}
	return f, nil
}

// Header returns what the first line tells, or the last one that came in its place.
func (r *Reader) Header() Header { return r.hdr }

// Line returns the number of the line read last.
func (r *Reader) Line() int { return r.line }

// RuleSet returns number and name of the rule set that the records belong to,
// as #Ruleset tells; number is 0 if the file does not tell.
func (r *Reader) RuleSet() (number int, name string) { return r.ruleSet, r.name }

// Format returns the format of the records; nil if there has been no #Format
// line. It must not be changed.
func (r *Reader) Format() *ruleset.Format { return r.format }

// Differences reports that the counters of the format are what was added since the
// record before, as the original's fd_filter writes them: d_topdus and so on.
func (r *Reader) Differences() bool { return r.differences }

// EndsBlocks reports that a block without an #EndData line is incomplete. In files of
// 3.x, which have no such line, blocks end where the next one begins.
func (r *Reader) EndsBlocks() bool {
	return r.own || r.ends || r.hdr.major() >= 4 && r.hdr.Version != ""
}

// Skipped returns the information lines that were skipped because their kind is
// not known, the first ones of them, and how many there have been.
func (r *Reader) Skipped() (first []Note, total int) { return r.notes, r.noted }

// NextCollection goes to the next block, skipping what is left of this one. It
// returns io.EOF after the last. The Collection is filled further by
// NextRecord, until that returns io.EOF.
func (r *Reader) NextCollection() (*Collection, error) {
	for {
		line, err := r.peekLine()
		if err != nil {
			return nil, err
		}
		r.inLine = nil
		if text, ok := bytes.CutPrefix(line, []byte(timeMark)); ok {
			id, err := parseTimeLine(text, r.hdr.Zone.location())
			r.cur, r.ruleSet, r.name = nil, 0, ""
			if err != nil {
				return nil, r.syntax(err.Error())
			}
			r.cur = &Collection{Meter: id.meter, Time: id.time, From: id.from, To: id.to, Anew: r.anew}
			r.anew = false
			return r.cur, nil
		}
		// The rest of a block is passed over, but formats stay in force.
		if len(line) > 0 && line[0] == '#' {
			if err := r.info(line); err != nil {
				return nil, err
			}
		}
	}
}

// NextRecord reads the next flow record of the collection into rec, whose
// memory is used again. It returns io.EOF after the last.
func (r *Reader) NextRecord(rec *reader.Record) error {
	for {
		if r.cur == nil {
			return io.EOF
		}
		line, err := r.peekLine()
		if err == io.EOF {
			r.cur = nil
		}
		if err != nil {
			return err
		}
		if bytes.HasPrefix(line, []byte(timeMark)) { // the block has no end line
			r.cur = nil
			return io.EOF
		}
		r.inLine = nil
		if len(line) > 0 && line[0] == '#' {
			if err := r.info(line); err != nil {
				return err
			}
			continue
		}
		if isBlank(line) {
			continue
		}
		return r.record(line, rec)
	}
}

// info takes an information line other than #Time.
func (r *Reader) info(line []byte) error {
	if text, ok := bytes.CutPrefix(line, []byte(formatMark)); ok {
		return r.setFormat(string(text))
	}
	if text, ok := bytes.CutPrefix(line, []byte(rulesetMark)); ok {
		number, name := splitFields(text, 1)
		n, ok := parseUint(number, ruleset.MaxNumber)
		if !ok && !r.own { // another program's, whose layout is not published
			r.note(line)
			return nil
		}
		if !ok {
			return r.syntax(fmt.Sprintf("#Ruleset: %.40q is not a rule set number", number))
		}
		r.ruleSet, r.name = int(n), unDash(string(name))
		return nil
	}
	if text, ok := bytes.CutPrefix(line, []byte(statsMark)); ok && r.cur != nil {
		return r.setStats(text)
	}
	if text, ok := bytes.CutPrefix(line, []byte("#EndData")); ok {
		if c := r.cur; c != nil {
			c.Complete = true
			c.Number, c.HasNumber = parseEndData(bytes.TrimPrefix(text, []byte(": ")))
		}
		r.cur, r.ends = nil, true
		return nil
	}
	if bytes.HasPrefix(line, []byte(headerMark)) { // another run begins
		h, own, err := parseHeader(line)
		if err != nil {
			return r.syntax(err.Error())
		}
		r.hdr, r.own, r.cur, r.anew = h, own, nil, true
		return nil
	}
	if text, ok := bytes.CutPrefix(line, []byte("# ")); ok && r.cur != nil {
		if len(r.cur.Notes) < maxNotes {
			r.cur.Notes = append(r.cur.Notes, string(text))
		}
		r.cur.Anew = r.cur.Anew || bytes.Contains(text, []byte(beginAnew))
		r.cur.Baseline = r.cur.Baseline || bytes.HasSuffix(text, []byte(unknownAmounts))
		return nil
	}
	r.note(line)
	return nil
}

func (r *Reader) setFormat(text string) error {
	text, r.differences = differenceNames(text)
	f, err := ruleset.ParseFormatLine(text)
	if err == nil {
		r.plan, err = newPlan(f)
	}
	if err != nil {
		r.format, r.plan = nil, nil
		return r.syntax("#Format: " + err.Error())
	}
	r.format = f
	r.plan.old = r.hdr.major() <= 3
	return nil
}

func (r *Reader) setStats(text []byte) error {
	pairs := bytes.Fields(text)
	if len(pairs) > maxStats {
		return r.syntax(fmt.Sprintf("#Stats: more than %d figures", maxStats))
	}
	for _, p := range pairs {
		name, value, ok := bytes.Cut(p, []byte("="))
		if !ok {
			return r.syntax(fmt.Sprintf("#Stats: %.40q is not name=value", p))
		}
		r.cur.Stats = append(r.cur.Stats, reader.Stat{Name: string(name), Value: string(value)})
	}
	return nil
}

func (r *Reader) note(line []byte) {
	r.noted++
	if len(r.notes) < maxNotes {
		r.notes = append(r.notes, Note{Line: r.line, Text: string(line[:min(len(line), 80)])})
	}
}

// record takes a line apart into rec.
func (r *Reader) record(line []byte, rec *reader.Record) error {
	if r.plan == nil {
		return r.syntax("a flow record without a #Format line before it")
	}
	p := r.plan
	var err error
	if r.fields, err = p.split(line, r.fields); err != nil {
		return r.syntax(err.Error())
	}
	if err := p.parse(rec, r.fields); err != nil {
		return r.syntax(err.Error())
	}
	rec.RuleSet = r.ruleSet
	p.name(rec)
	return nil
}

func (r *Reader) syntax(msg string) error { return &SyntaxError{Line: r.line, Msg: msg} }

// peekLine returns the next line, which stays next until inLine is set to nil.
func (r *Reader) peekLine() ([]byte, error) {
	if r.inLine != nil {
		return r.inLine, nil
	}
	line, err := r.readLine()
	if err == nil {
		r.inLine = line
	}
	return line, err
}

// readLine reads one line, without its end. It is valid until the next call. A
// last line without newline is a line: files come from anywhere. A line longer
// than MaxLine is a *SyntaxError.
func (r *Reader) readLine() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.line++
	line, err := r.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = append(r.long[:0], line...)
		tooLong := false
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = r.br.ReadSlice('\n')
			if len(r.long)+len(line) > MaxLine {
				tooLong = true
				continue
			}
			r.long = append(r.long, line...)
		}
		if line = r.long; tooLong {
			line = nil
			if err == nil || err == io.EOF {
				r.err = err
				return nil, r.syntax(fmt.Sprintf("more than %d octets", MaxLine))
			}
		}
	}
	if err != nil {
		if r.err = err; err != io.EOF {
			r.err = fmt.Errorf("flowfile: line %d: %w", r.line, err)
			return nil, r.err
		}
		if len(line) == 0 {
			return nil, io.EOF
		}
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimRight(line, "\r") // a file that was made fit for another system twice has two
	if line == nil {
		line = []byte{}
	}
	return line, nil
}

// isBlank reports whether a line holds nothing but white space.
func isBlank(line []byte) bool {
	return len(line) == 0 || (line[0] <= ' ' || line[0] >= utf8.RuneSelf) && len(bytes.TrimSpace(line)) == 0
}
