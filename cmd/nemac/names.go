package main

import (
	"fmt"
	"os"

	"netramet/meter/origin"
	"netramet/reader"
)

// nameCache is the tables of --prefixes read so far, by name: many meters share them.
type nameCache map[string]*origin.Names

// read returns the names of a table of prefixes; file "": nil, as for one without any.
func (known nameCache) read(file string) (reader.Namer, error) {
	if file == "" {
		return nil, nil
	}
	names, ok := known[file]
	if !ok {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("--prefixes: %w", err)
		}
		defer f.Close()
		if names, err = origin.ReadNames(f, file); err != nil {
			return nil, fmt.Errorf("--prefixes: %w", err)
		}
		known[file] = names
	}
	if names.Len() == 0 {
		return nil, nil
	}
	return names, nil
}
