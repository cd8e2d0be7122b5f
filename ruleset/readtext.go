package ruleset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"netramet/mib"
)

// ReadOptions says where a rule file's includes come from.
type ReadOptions struct {
	// Open returns the text of the file an INCLUDE statement names, exactly
	// as written there; nil allows no includes.
	Open func(name string) ([]byte, error)

	// Path is how messages name that file; nil: as it is written.
	Path func(name string) string
}

// ReadText reads a rule set in the low-level language and checks it. Case
// does not matter; statements may come in any order; and what the examples of
// RFC 2123 leave out may be missing: the colon after a label or value, the
// comma after an action, the last semicolon of a line, the word RULES.
//
// The messages are all errors and warnings, in order of place. The rule set
// is valid iff err is nil; err is the Diags with its errors, or says that src
// is too large to be read at all.
func ReadText(file string, src []byte, opt ReadOptions) (*RuleSet, Diags, error) {
	if len(src) > MaxSource {
		return nil, nil, fmt.Errorf("%s: %d octets of rules are more than %d", file, len(src), MaxSource)
	}
	main := &Text{Name: file, Body: string(src)}
	r := parse(main, opt)
	if r.errors == 0 {
		r.addFindings(main)
		r.diags = append(r.diags, r.rs.unsavedDiags()...)
	}
	slices.SortStableFunc(r.diags, func(a, b Diag) int {
		return cmp.Or(r.files[a.File]-r.files[b.File], a.Line-b.Line, a.Column-b.Column)
	})
	if err := r.diags.Err(); err != nil {
		return nil, r.diags, err
	}
	return r.rs, r.diags, nil
}

// parse reads main without checking its rules.
func parse(main *Text, opt ReadOptions) *reader {
	r := &reader{
		rs:     &RuleSet{Optimise: -1},
		open:   opt.Open,
		path:   opt.Path,
		octets: len(main.Body),
		labels: make(map[string]*label),
		files:  make(map[string]int),
	}
	r.readFile(main, 1)
	r.resolve()
	return r
}

// reader is the state of one ReadText.
type reader struct {
	*scanner // of the file being read
	rs       *RuleSet
	open     func(string) ([]byte, error)
	path     func(string) string // nil: names as they are written

	octets   int // of text so far, with includes
	includes int
	stack    []string       // names of the files being read
	files    map[string]int // their order, for the messages'

	rules  []rulePlaces
	labels map[string]*label // by lower-case name
	gotos  []target
	set    bool // a SET statement was seen

	diags  Diags
	errors int
	stop   bool // there is an error after which nothing more is read
}

// rulePlaces is where a rule and its parts stand.
type rulePlaces struct {
	file                           *Text
	attr, mask, value, action, par int32
}

type label struct {
	name  string
	at    place
	rule  int  // number of the rule it stands before
	used  bool // by a parameter
	colon bool // it was written with its colon
}

// target is a parameter that names a label.
type target struct {
	rule int // index
	name string
	at   place
}

func (r *reader) errorAt(p place, hint, format string, args ...any) {
	r.diags = append(r.diags, p.diag(Error, fmt.Sprintf(format, args...), hint))
	r.errors++
	if r.errors >= maxErrors {
		r.stop = true
	}
}

func (r *reader) warnAt(p place, hint, format string, args ...any) {
	if len(r.diags) < maxMessages {
		r.diags = append(r.diags, p.diag(Warning, fmt.Sprintf(format, args...), hint))
	}
}

func (r *reader) readFile(f *Text, depth int) {
	outer := r.scanner
	r.scanner = newScanner(f)
	r.stack = append(r.stack, f.Name)
	if _, ok := r.files[f.Name]; !ok {
		r.files[f.Name] = len(r.files)
	}
	for !r.end() && !r.stop {
		r.statement(depth)
	}
	r.stack = r.stack[:len(r.stack)-1]
	r.scanner = outer
}

// statement reads one statement, rule or label.
func (r *reader) statement(depth int) {
	if r.accept(';') {
		return // an empty statement, as after "RULES;"
	}
	at := r.here()
	word, next := r.peekWord()
	_, isAttr := mib.Lookup(word)
	switch {
	case word == "":
		r.errorAt(at, "", "%s where a rule or statement should begin", r.what())
		r.skipStatement()
	case next == ':':
		r.label(at, r.word())
	case next == '&' || next == '=' || next == '/' || isAttr:
		r.rule()
	case r.keyword(at, word, depth):
	default:
		r.label(at, r.word())
	}
}

// keyword reads a statement that begins with a keyword, or returns false.
func (r *reader) keyword(at place, word string, depth int) bool {
	var read func(place)
	switch strings.ToLower(word) {
	case "rules":
		read = func(place) {}
	case "set":
		read = r.setStatement
	case "format":
		read = r.formatStatement
	case "statistics":
		read = func(place) { r.rs.Statistics = true }
	case "optimise", "optimize":
		read = r.optimiseStatement
	case "include":
		read = func(at place) { r.include(at, depth) }
	default:
		return false
	}
	r.word()
	read(at)
	return true
}

func (r *reader) label(at place, name string) {
	colon := r.accept(':')
	if _, isAction := mib.LookupAction(name); isAction && !colon {
		r.errorAt(at, "a rule reads: attribute & mask = value: action, parameter;", "action %s without a test before it", name)
		r.skipStatement()
		return
	}
	if c := name[0] | 0x20; c < 'a' || c > 'z' {
		r.errorAt(at, "", "label %.40q does not begin with a letter", name)
		return
	}
	key := strings.ToLower(name)
	if key == "next" {
		r.errorAt(at, "", "label %q: that word means the following rule", name)
		return
	}
	if old := r.labels[key]; old != nil {
		line := old.at.file.Line(int(old.at.offset))
		r.errorAt(at, "", "label %.40q stands in line %d of %s already", name, line, old.at.file.Name)
		return
	}
	if len(r.labels) == maxLabels {
		r.errorAt(at, "", "more than %d labels", maxLabels)
		r.stop = true
		return
	}
	r.labels[key] = &label{name: name, at: at, rule: len(r.rs.Rules) + 1, colon: colon}
}

func (r *reader) setStatement(at place) {
	if r.set {
		r.warnAt(at, "", "a second SET: this one holds")
	}
	r.set = true
	at.offset = int32(r.skipTo())
	text, ok := r.quoted('"')
	if !ok {
		text = r.word()
	}
	var err error
	switch {
	case ok:
		r.rs.Number = 0
		if text, err = Unquote(text); err == nil {
			r.rs.Name, err = checkName(text)
		}
	case text == "":
		err = fmt.Errorf("SET: %s is neither a number nor a name", r.what())
	default:
		r.rs.Number, r.rs.Name, err = ParseSet(text)
		if name, quoted := r.quoted('"'); err == nil && quoted && r.rs.Number != 0 {
			if name, err = Unquote(name); err == nil {
				r.rs.Name, err = checkName(name)
			}
		}
	}
	if err != nil {
		r.errorAt(at, "", "%v", err)
	}
}

// skipTo goes over white space and returns the offset of what follows.
func (r *reader) skipTo() int {
	r.space()
	return r.pos
}

func (r *reader) optimiseStatement(at place) {
	at.offset = int32(r.skipTo())
	text := r.word()
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n > 2 {
		r.errorAt(at, "", "OPTIMISE %s: the levels are 0, 1 and 2", text)
		return
	}
	r.rs.Optimise = int(n)
}

// formatStatement reads the items of a FORMAT up to its semicolon; where that
// is missing, up to a keyword or something that can only begin a rule.
func (r *reader) formatStatement(start place) {
	if r.rs.Format != nil {
		r.warnAt(start, "", "a second FORMAT: this one holds")
	}
	var b FormatBuilder
	var stand []Origin
	errorsBefore := r.errors
	for !r.stop && !r.end() && !r.accept(';') {
		if r.accept(',') {
			continue
		}
		at := r.here()
		if text, ok := r.quoted('"'); ok {
			text, err := Unquote(text)
			if err == nil {
				err = b.Text(text)
			}
			if err != nil {
				r.errorAt(at, "", "FORMAT: %v", err)
			}
			continue
		}
		word, next := r.peekWord()
		if next == '&' || next == '=' || next == '/' || next == ':' || isKeyword(word) {
			break
		}
		a, ok := mib.Lookup(word)
		if !ok {
			r.errorAt(at, attrHint(word), "FORMAT: %s is neither an attribute nor a string", r.what())
			r.skipStatement()
			return
		}
		r.word()
		stand = append(stand, Origin{at.file, int(at.offset)})
		if err := b.Attr(a); err != nil {
			r.errorAt(at, "", "FORMAT: %v", err)
		}
	}
	f, err := b.Format()
	switch {
	case r.errors > errorsBefore:
		return
	case err != nil:
		r.errorAt(start, "", "FORMAT: %v", err)
		return
	}
	i, warning, err := f.Judge()
	at := place{stand[i].Text, int32(stand[i].Offset)}
	if err != nil {
		r.errorAt(at, "leave it out for one space", "FORMAT: %v", err)
	} else if warning != "" {
		r.warnAt(at, SeparatorHint(f.Attrs[i]), "FORMAT: %s", warning)
	}
	r.rs.Format, r.rs.FormatAt = f, stand
}

func isKeyword(word string) bool {
	switch strings.ToLower(word) {
	case "set", "rules", "format", "statistics", "optimise", "optimize", "include":
		return true
	}
	return false
}

// include reads another file in place of the statement.
func (r *reader) include(at place, depth int) {
	at.offset = int32(r.skipTo())
	name, ok := r.quoted('"')
	if ok {
		name = name[1 : len(name)-1] // a path: a backslash is a backslash
	} else {
		name = r.word()
	}
	r.accept(';')
	text, err := r.openInclude(name, depth)
	if err != nil {
		r.errorAt(at, "", "INCLUDE: %v", err)
		return
	}
	shown := name
	if r.path != nil {
		shown = r.path(name)
	}
	r.readFile(&Text{Name: shown, Body: string(text), From: Origin{at.file, int(at.offset)}}, depth+1)
}

func (r *reader) openInclude(name string, depth int) ([]byte, error) {
	r.includes++
	switch {
	case name == "":
		return nil, errors.New("no file name")
	case r.open == nil:
		return nil, fmt.Errorf("%q: no files can be included here", name)
	case slices.Contains(r.stack, name):
		return nil, fmt.Errorf("%q includes itself", name)
	case depth >= MaxDepth:
		return nil, fmt.Errorf("%q: more than %d files inside each other", name, MaxDepth)
	case r.includes > MaxIncludes:
		r.stop = true
		return nil, fmt.Errorf("%q: more than %d includes", name, MaxIncludes)
	}
	text, err := r.open(name)
	if err != nil {
		return nil, err
	}
	r.octets += len(text)
	if r.octets > MaxSource {
		r.stop = true
		return nil, fmt.Errorf("%q: rules and includes are larger than %d octets", name, MaxSource)
	}
	return text, nil
}
