// Package rulefile opens rule files for the commands; packages ruleset and
// ruleset/srl, which read them, open no files themselves.
package rulefile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"netramet/ruleset"
	"netramet/ruleset/srl"
)

// Read reads a rule file of either language. Included files are looked for
// beside it. An error of the file itself begins with the program's name; those
// of its rules are a ruleset.Diags, which names file and place.
func Read(program, file string) (*ruleset.RuleSet, ruleset.Diags, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: rule file: %w", program, err)
	}
	if bytes.IndexByte(src, 0) >= 0 {
		return nil, nil, fmt.Errorf("%s: rule file: %s: is not text", program, file)
	}
	dir := filepath.Dir(file)
	open := func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return os.ReadFile(name)
	}
	return srl.Read(file, src, srl.Options{Open: open, Optimise: -1})
}
