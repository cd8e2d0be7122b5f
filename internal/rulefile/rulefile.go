// Package rulefile opens rule files for the commands, and the shipped rule sets
// that are named in place of one; packages ruleset and ruleset/srl, which read
// them, open no files themselves.
package rulefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"netramet/ruleset"
	"netramet/ruleset/library"
	"netramet/ruleset/srl"
)

// File is a rule file that was read.
type File struct {
	Rules *ruleset.RuleSet // nil if there was an error
	Diags ruleset.Diags    // of its rules, which name file and place
	Paths []string         // of the file and of those that it includes; none of a shipped rule set
}

// Read reads a rule file of either language, or a rule set of the library, @hosts.
// Included files are looked for
// beside it. An error of the file itself begins with the program's name; that
// of its rules is f.Diags.
func Read(program, file string) (f File, err error) {
	if library.Names(file) {
		src, err := library.Source(file)
		if err != nil {
			return f, fmt.Errorf("%s: rule set %w", program, err)
		}
		f.Rules, f.Diags, err = srl.Read(file, src, srl.Options{Optimise: -1})
		if err == nil {
			f.Rules.Kinds = library.Kinds(file)
		}
		return f, err
	}
	if file == "" {
		return f, fmt.Errorf("%s: rule file \"\": it has no name; is a variable empty?", program)
	}
	f.Paths = []string{file}
	src, err := readFile(file)
	if _, absent := library.Source("@" + file); errors.Is(err, fs.ErrNotExist) && absent == nil {
		return f, fmt.Errorf("%s: rule file: %w; did you mean the shipped rule set @%s?", program, err, file)
	}
	if err != nil {
		return f, fmt.Errorf("%s: rule file: %w", program, err)
	}
	if is := notRules(src); is != "" {
		if program == "netramet" {
			// A glob of captures, mostly: the first went to -C.
			is = strings.Replace(is, "give it with -C", "give it with -C; several traces: -C before each, or a pattern in quotes", 1)
		} else {
			is = strings.Replace(is, "give it with", "give it to netramet with", 1)
		}
		return f, fmt.Errorf("%s: rule file: %s is %s", program, file, is)
	}
	path := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(filepath.Dir(file), name)
	}
	open := func(name string) ([]byte, error) {
		name = path(name)
		f.Paths = append(f.Paths, name)
		src, err := readFile(name)
		if is := notRules(src); err == nil && is != "" {
			return nil, fmt.Errorf("%s is %s", name, is)
		}
		return src, err
	}
	f.Rules, f.Diags, err = srl.Read(file, src, srl.Options{Open: open, Path: path, Optimise: -1})
	return f, err
}

// readFile reads a file no further than the limit of rule files and one octet,
// which is enough for it to be refused: a device has no end.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, srl.MaxSource+1))
}
