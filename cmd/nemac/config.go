package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"netramet/internal/command"
	"netramet/internal/fileaccess"
	"netramet/internal/flagerr"
	"netramet/reader/outputs"
)

// Limits of a config file.
const (
	maxConfig  = 4 << 20 // octets
	maxRecords = 10000
	maxWords   = 1000 // of a record
)

// configError is a mistake in a config file, with its place.
type configError struct {
	file string
	line int
	err  error
}

func (e *configError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("config file %s: %v", e.file, e.err)
	}
	return fmt.Sprintf("%s:%d: %v", e.file, e.line, e.err)
}

func (e *configError) Unwrap() error { return e.err }

// readConfig reads the records of o's config file, which go on top of o.
func readConfig(o *options, stdin io.Reader, env func(string) string) ([]*options, error) {
	name, in := o.config, stdin
	var file *os.File
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, &configError{name, 0, err}
		}
		defer f.Close()
		in, file = f, f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxConfig+1))
	if err == nil && len(b) > maxConfig {
		err = fmt.Errorf("more than %d octets", maxConfig)
	}
	if err != nil {
		return nil, &configError{name, 0, err}
	}
	records, err := parseConfig(name, string(b), o, env)
	if file != nil {
		o.warnOfConfig(file, err != nil || slices.ContainsFunc(records, func(r *options) bool { return r.tells }))
	}
	return records, err
}

// warnOfConfig notes a warning of a config file that is open to all, for the secrets that it
// holds, or for what runs on which meter.
func (o *options) warnOfConfig(f *os.File, secrets bool) {
	if secrets {
		o.warnOf(f)
	} else if fi, err := f.Stat(); err == nil {
		if err := fileaccess.ChangedByAll(f.Name(), fi); err != nil {
			*o.warnings = append(*o.warnings, err.Error())
		}
	}
}

// parseConfig reads records: each begins at the left margin and goes on in
// the lines after it that are indented. Its words are a command line.
func parseConfig(name, text string, base *options, env func(string) string) ([]*options, error) {
	records, err := splitRecords(text)
	var bad *configError
	if errors.As(err, &bad) {
		bad.file = name
		return nil, bad
	}
	if len(records) == 0 {
		return nil, &configError{name, 1, errors.New("no meter: each record begins with one, at the left margin")}
	}
	var all []*options
	places := map[string]int{}
	for _, r := range records {
		o, err := r.options(base, env)
		if err != nil {
			return nil, &configError{name, r.line, err}
		}
		who := o.target() + " " + o.ownerName()
		if at, twice := places["meter "+who]; twice {
			return nil, &configError{name, r.line, fmt.Errorf("the meter and owner %s is that of line %d already", who, at)}
		}
		places["meter "+who] = r.line
		for _, s := range o.to.All(o.meterName, o.flowFile) {
			if s.Path == "" {
				continue // each meter has its own by default
			}
			file := "file " + filepath.Clean(s.Path)
			if at, twice := places[file]; twice {
				return nil, &configError{name, r.line, o.twice(s, at)}
			}
			places[file] = r.line
		}
		all = append(all, o)
	}
	return all, nil
}

// twice is the error of an output to the file of another record.
func (o *options) twice(s outputs.Spec, line int) error {
	if s.Kind == outputs.Flows && s.Path == o.flowFile {
		return fmt.Errorf("-F %s: line %d writes there already; each meter needs its own file", s.Path, line)
	}
	return fmt.Errorf("--to %s: line %d writes there already; each meter needs its own file: put %%{meter} in its name", s, line)
}

// record is one meter's words and the line it begins in.
type record struct {
	line  int
	words []string
}

// options makes the options of a record.
func (r *record) options(base *options, env func(string) string) (*options, error) {
	o := *base
	o.config, o.rules, o.readOnly, o.formats = "", slices.Clone(base.rules), slices.Clone(base.readOnly), slices.Clone(base.formats)
	f := newFlags(&o)
	flagerr.Once(f)
	words := command.TopArgs(r.words)
	if err := f.Parse(words); err != nil {
		return nil, flagerr.Explain(err, f, words)
	}
	if f.Changed("help") {
		return nil, errors.New("-h is for the command line")
	}
	for _, g := range global {
		if f.Changed(g) {
			return nil, fmt.Errorf("--%s is for the command line, not for one meter", g)
		}
	}
	o.take(f)
	written := func(secret string) bool { return !strings.HasPrefix(secret, "@") }
	o.tells = f.Changed("auth-pass") && written(o.authPass) || f.Changed("priv-pass") && written(o.privPass) ||
		len(o.operands) > 1 && written(o.operands[1])
	if err := o.checkTo(f); err != nil {
		return nil, err
	}
	if err := o.checkTop(f); err != nil {
		return nil, err
	}
	// A record that runs rule sets takes none to read from the command line.
	if f.Changed("rules") && !f.Changed("read-only") {
		o.readOnly, o.formats = nil, nil
	}
	if f.Changed("read-only") && !f.Changed("rules") {
		o.rules = nil
	}
	return &o, o.complete(env)
}

// splitRecords cuts the text into records and their words.
func splitRecords(text string) ([]record, error) {
	var records []record
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		words, err := splitWords(line)
		if err != nil {
			return nil, &configError{line: number, err: err}
		}
		if len(words) == 0 {
			continue
		}
		indented := line[0] == ' ' || line[0] == '\t'
		switch {
		case indented && len(records) == 0:
			return nil, &configError{line: number, err: errors.New("an indented line goes on with a record, and there is none yet")}
		case !indented:
			if len(records) >= maxRecords {
				return nil, &configError{line: number, err: fmt.Errorf("more than %d records", maxRecords)}
			}
			records = append(records, record{line: number})
		}
		r := &records[len(records)-1]
		if len(r.words)+len(words) > maxWords {
			return nil, &configError{line: number, err: fmt.Errorf("more than %d words in a record", maxWords)}
		}
		r.words = append(r.words, words...)
	}
	return records, nil
}

// splitWords cuts a line at blanks. "..." and '...' hold blanks; a backslash
// before a quote, a backslash, a blank or # takes its meaning away, but not
// inside '...'. # at the beginning of a word starts a comment.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == 0 && (c == ' ' || c == '\t'):
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
			continue
		case quote == 0 && c == '#' && !inWord:
			return words, nil
		case c == '\\' && quote != '\'' && i+1 < len(line) && strings.IndexByte("\\\"'# \t", line[i+1]) >= 0:
			i++
			word.WriteByte(line[i])
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		default:
			word.WriteByte(c)
		}
		inWord = true
	}
	if quote != 0 {
		return nil, fmt.Errorf("no closing %c in this line", quote)
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}
